/** Writes manifests/bases/operator and manifests/bases/monitoring from the chart; needs helm, as the cluster stories do. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bases, filesOf } from './support/bases.ts';
import { findParts } from './support/parts.ts';

const found = await findParts((line) => process.stderr.write(`${line}\n`));
if (found.kind === 'missing') throw new Error(found.why);
for (const base of await bases(found.parts.helm)) {
  if (base.folder === 'crds') continue;
  for (const [path, text] of filesOf(base)) {
    const target = join(import.meta.dirname, '../..', path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    process.stdout.write(`${path}\n`);
  }
}
