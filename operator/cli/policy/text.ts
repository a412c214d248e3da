import { isUtf8 } from 'node:buffer';
import { maxPolicySize, type ParseFinding, type Position } from '../../policy/index.ts';

/** Why a file is not read at all; undefined where it may be. */
export function problemOfText(text: string, bytes: Buffer): ParseFinding | undefined {
  if (isUtf8(bytes)) return tooLong(text);
  return problem('the file is not valid UTF-8 from here on; save it as UTF-8', firstBroken(text, bytes));
}

function problem(message: string, at: Position): ParseFinding {
  return { severity: 'error', code: 'syntax', message, at };
}

/** A policy of more characters is refused before it is read: reading YAML takes seconds and much memory for each million. */
const longest = 1_000_000;

/** The first YAML document of the text that holds a policy far beyond what AWS takes; lists of devices may be as long as they like. */
function tooLong(text: string): ParseFinding | undefined {
  if (text.length <= longest) return undefined;
  let line = 1;
  for (const document of text.split(/^(?=---(?:\s|$))/m)) {
    if (document.length > longest && /\bStatement["']?\s*:/.test(document)) {
      const length = `the document has ${document.length} characters`;
      return problem(`${length}; AWS accepts ${maxPolicySize}, and it was not read`, { line, column: 1 });
    }
    line += document.split('\n').length - 1;
  }
  return undefined;
}

/** Where bytes begin that are no UTF-8: read on, they would give another letter, and another policy than the one that AWS sees. */
function firstBroken(text: string, bytes: Buffer): Position {
  let [at, offset] = [0, 0];
  for (;;) {
    const next = text.indexOf('\ufffd', at);
    if (next < 0) break;
    offset += Buffer.byteLength(text.slice(at, next));
    at = next;
    // A replacement character may stand in the file itself.
    if (bytes.toString('hex', offset, offset + 3) !== 'efbfbd') break;
    offset += 3;
    at += 1;
  }
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
