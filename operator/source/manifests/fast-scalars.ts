import { resolvePlain } from './scalars.ts';

/** A value that was read, in a wrapper because null is a value too. */
export interface Read {
  readonly value: unknown;
}

const DOUBLE = /^"((?:[^"\\]|\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}))*)"/;
const SINGLE = /^'((?:[^']|'')*)'/;
/** Begins with a character that means nothing in YAML, or with one that does so only before a blank. */
const PLAIN = /^(?:[A-Za-z0-9_/.$^(+;~<=\\]|[-:](?=[^\s]))/;
const COMMENT = /^(?: +#.*)?$/;

/** One scalar that ends with its line. Undefined when it is of a kind that the full parser shall read. */
export function readScalar(text: string): Read | undefined {
  const first = text.charCodeAt(0);
  if (first === 34) return quoted(DOUBLE.exec(text), text, (raw) => JSON.parse(`"${raw}"`) as string);
  if (first === 39) return quoted(SINGLE.exec(text), text, (raw) => raw.replaceAll("''", "'"));
  if (!PLAIN.test(text)) return undefined;
  const hash = text.indexOf(' #');
  const plain = hash < 0 ? text : text.slice(0, hash).trimEnd();
  if (/:(?: |$)/.test(plain)) return undefined;
  const value = resolvePlain(plain);
  // Infinity and NaN have no place in JSON; the full parser's caller says so with a position.
  return typeof value === 'number' && !Number.isFinite(value) ? undefined : { value };
}

function quoted(match: RegExpExecArray | null, text: string, decode: (raw: string) => string): Read | undefined {
  if (!match || !COMMENT.test(text.slice(match[0].length))) return undefined;
  return { value: decode(match[1] ?? '') };
}

const FLOW_PLAIN = /^[A-Za-z_$/][A-Za-z0-9_./$*-]*(?::[A-Za-z0-9_./$*-]+)*/;
const FLOW_KEY = /^([A-Za-z_][A-Za-z0-9_./-]*): +/;

interface Cursor {
  text: string;
  depth: number;
}

/** A flow list or mapping that begins and ends on the line: `[a, "b"]`, `{ kind: ThingGroup, name: line-1 }`. */
export function readFlow(text: string): Read | undefined {
  const cursor: Cursor = { text, depth: 0 };
  const result = flowValue(cursor);
  return result && COMMENT.test(cursor.text) ? result : undefined;
}

function flowValue(cursor: Cursor): Read | undefined {
  const first = cursor.text.charCodeAt(0);
  if (first === 91) return flowCollection(cursor, ']', [], flowItem);
  if (first === 123) return flowCollection(cursor, '}', {}, flowPair);
  const match =
    first === 34 ? DOUBLE.exec(cursor.text) : first === 39 ? SINGLE.exec(cursor.text) : FLOW_PLAIN.exec(cursor.text);
  if (!match) return undefined;
  cursor.text = cursor.text.slice(match[0].length);
  if (!/^ *[,\]}]/.test(cursor.text)) return undefined;
  if (first === 34) return { value: JSON.parse(match[0]) as string };
  if (first === 39) return { value: (match[1] ?? '').replaceAll("''", "'") };
  return { value: resolvePlain(match[0]) };
}

function flowCollection<T>(
  cursor: Cursor,
  close: string,
  into: T,
  readOne: (cursor: Cursor, into: T) => boolean,
): { readonly value: T } | undefined {
  cursor.depth += 1;
  if (cursor.depth > 10) return undefined;
  cursor.text = cursor.text.slice(1).trimStart();
  while (!cursor.text.startsWith(close)) {
    if (!readOne(cursor, into)) return undefined;
    cursor.text = cursor.text.trimStart();
    if (cursor.text.startsWith(close)) break;
    if (!/^, *[^ ,\]}]/.test(cursor.text)) return undefined;
    cursor.text = cursor.text.slice(1).trimStart();
  }
  cursor.text = cursor.text.slice(1);
  cursor.depth -= 1;
  return { value: into };
}

function flowItem(cursor: Cursor, list: unknown[]): boolean {
  const item = flowValue(cursor);
  if (item) list.push(item.value);
  return item !== undefined;
}

function flowPair(cursor: Cursor, map: Record<string, unknown>): boolean {
  const match = FLOW_KEY.exec(cursor.text);
  const key = match?.[1];
  if (!match || key === undefined || key === '__proto__' || Object.hasOwn(map, key)) return false;
  if (typeof resolvePlain(key) !== 'string') return false;
  cursor.text = cursor.text.slice(match[0].length);
  const item = flowValue(cursor);
  if (item) map[key] = item.value;
  return item !== undefined;
}
