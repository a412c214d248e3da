import { readFlow, readScalar } from './fast-scalars.ts';
import { resolvePlain } from './scalars.ts';

/** Thrown inside this module only: the document uses something that the fast reader leaves to the full one. */
class NotSimple extends Error {}
const notSimple = new NotSimple('not simple');

const KEY = /^([A-Za-z_][A-Za-z0-9_./-]*):(?: +|$)/;
/** Tabs, control characters and the blanks of Unicode, which JavaScript trims and YAML keeps. */
const UNUSUAL =
  /[^\n -~\u00a1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff\ue000-\ufefe]/;
const MAX_DEPTH = 50;

interface Line {
  readonly indent: number;
  /** Without indentation and without blanks at the end. */
  readonly text: string;
}

interface Reader {
  readonly lines: readonly string[];
  at: number;
  depth: number;
}

/**
 * Reads the plain block style in which manifests are written: mappings, lists, scalars on one line, `|` blocks, short
 * flow lists. Returns undefined for everything else, wrong documents included: the full parser decides then. What it
 * does return equals what the full parser returns (a property test holds the two together), in a twentieth of the time.
 */
export function parseFast(text: string): { readonly value: unknown } | undefined {
  if (UNUSUAL.test(text)) return undefined;
  const reader: Reader = { lines: text.split('\n'), at: 0, depth: 0 };
  try {
    const first = peek(reader);
    if (first?.indent !== 0) return undefined;
    const value = readBlock(reader, 0);
    return peek(reader) ? undefined : { value };
  } catch (error) {
    if (error instanceof NotSimple) return undefined;
    throw error;
  }
}

/** The next line with content, without consuming it. */
function peek(reader: Reader): Line | undefined {
  while (reader.at < reader.lines.length) {
    const raw = reader.lines[reader.at]!;
    const text = raw.trimEnd();
    let indent = 0;
    while (text.charCodeAt(indent) === 32) indent += 1;
    if (text.length > indent && text.charCodeAt(indent) !== 35) return { indent, text: text.slice(indent) };
    reader.at += 1;
  }
  return undefined;
}

function readBlock(reader: Reader, indent: number): unknown {
  const line = peek(reader)!;
  reader.depth += 1;
  if (reader.depth > MAX_DEPTH) throw notSimple;
  const value = isEntry(line.text) ? readList(reader, indent) : readMap(reader, indent);
  reader.depth -= 1;
  return value;
}

const isEntry = (text: string) => text === '-' || text.startsWith('- ');

function readMap(reader: Reader, indent: number, firstText?: string): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  const seen = new Set<string>();
  let text = firstText;
  for (;;) {
    if (text === undefined) {
      const line = peek(reader);
      if (!line || line.indent < indent) break;
      if (line.indent > indent) throw notSimple;
      if (isEntry(line.text)) break;
      text = line.text;
    }
    const match = KEY.exec(text);
    const key = match?.[1];
    if (match === null || key === undefined || typeof resolvePlain(key) !== 'string' || seen.has(key)) throw notSimple;
    seen.add(key);
    reader.at += 1;
    entries.push([key, readValue(reader, text.slice(match[0].length), indent)]);
    text = undefined;
  }
  return seen.has('__proto__') ? Object.fromEntries(entries) : fromEntries(entries);
}

function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** What follows `key:` on its line and, where it is more, below. */
function readValue(reader: Reader, rest: string, indent: number): unknown {
  const first = rest.charCodeAt(0);
  if (rest === '' || first === 35) {
    const next = peek(reader);
    if (!next || next.indent < indent) return null;
    if (next.indent > indent) return readBlock(reader, next.indent);
    return isEntry(next.text) ? readBlock(reader, indent) : null;
  }
  if (first === 124) return readLiteral(reader, rest, indent);
  return readInline(rest);
}

/** A scalar or flow collection on one line. A deeper line after it would continue it; the map or list around it sees that. */
function readInline(rest: string): unknown {
  const first = rest.charCodeAt(0);
  const result = first === 91 || first === 123 ? readFlow(rest) : readScalar(rest);
  if (!result) throw notSimple;
  return result.value;
}

function readList(reader: Reader, indent: number): unknown[] {
  const list: unknown[] = [];
  for (;;) {
    const line = peek(reader);
    if (!line || line.indent < indent) break;
    if (line.indent > indent) throw notSimple;
    if (!isEntry(line.text)) break;
    list.push(readEntry(reader, line, indent));
  }
  return list;
}

function readEntry(reader: Reader, line: Line, indent: number): unknown {
  const rest = line.text.slice(1).trimStart();
  if (rest === '' || rest.startsWith('#') || isEntry(rest)) throw notSimple;
  if (KEY.test(rest)) {
    reader.depth += 1;
    if (reader.depth > MAX_DEPTH) throw notSimple;
    const map = readMap(reader, indent + line.text.length - rest.length, rest);
    reader.depth -= 1;
    return map;
  }
  reader.at += 1;
  if (rest.startsWith('|')) return readLiteral(reader, rest, indent);
  return readInline(rest);
}

/** A literal block: `|` keeps one line break at the end, `|-` none. */
function readLiteral(reader: Reader, header: string, indent: number): string {
  if (header !== '|' && header !== '|-') throw notSimple;
  const kept: string[] = [];
  let blockIndent = 0;
  for (; reader.at < reader.lines.length; reader.at += 1) {
    const raw = reader.lines[reader.at]!;
    if (raw === '') {
      kept.push('');
      continue;
    }
    let leading = 0;
    while (raw.charCodeAt(leading) === 32) leading += 1;
    if (leading === raw.length) throw notSimple;
    if (leading <= indent) break;
    if (blockIndent === 0) blockIndent = leading;
    if (leading < blockIndent) throw notSimple;
    kept.push(raw.slice(blockIndent));
  }
  if (blockIndent === 0) throw notSimple;
  while (kept.at(-1) === '') kept.pop();
  return header === '|' ? `${kept.join('\n')}\n` : kept.join('\n');
}
