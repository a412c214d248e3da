import { createHash } from 'node:crypto';
import { canonicalText } from '../../drift/document.ts';

/** SHA-256 of what a document permits in its canonical form, in hexadecimal. */
export function documentHash(document: unknown): string {
  return createHash('sha256')
    .update(canonicalText(document) ?? String(document))
    .digest('hex');
}
