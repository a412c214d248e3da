import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  type ScalarTag,
} from 'yaml';
import type { Path } from '../../api/validation/path.ts';
import { resolvePlain } from './scalars.ts';

export interface SyntaxProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type FullDocument =
  | { readonly kind: 'value'; readonly value: unknown; locate(path: Path, what: 'key' | 'value'): Spot }
  | { readonly kind: 'broken'; readonly problems: readonly SyntaxProblem[] };

/** Line and column within the document, from 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
  /** The scalar there as its author wrote it, where it is one without quotes. */
  readonly source?: string;
}

const MAX_ALIASES = 100;
const MAX_PROBLEMS = 20;
const MAX_DEPTH = 100;

/** Stands before every other tag, so that plain scalars mean here what they mean to kubectl. */
const kubectlScalar: ScalarTag = {
  tag: 'tag:fleetward.dev,2026:plain',
  default: true,
  test: /^/,
  resolve: (text) => resolvePlain(text),
};

/**
 * Reads one document with every position kept. Complete, and some twenty times slower than the fast reader: for
 * documents that have mistakes or use what the fast reader leaves out.
 */
export function parseFull(text: string): FullDocument {
  const tooDeep = nestedTooDeeply(text);
  if (tooDeep) return { kind: 'broken', problems: [tooDeep] };
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'failsafe',
      customTags: (tags) => ['merge', kubectlScalar, ...tags],
      merge: true,
      version: '1.1',
      prettyErrors: false,
      stringKeys: false,
    });
    const problems = [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS);
    if (problems.length > 0) {
      return {
        kind: 'broken',
        problems: problems.map((problem) => spotted(problem.message, withinContent(text, problem.pos[0]), lines)),
      };
    }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { kind: 'value', value, locate: (path, what) => locate(document, lines, path, what) };
  } catch (error) {
    return { kind: 'broken', problems: [{ line: 1, column: 1, message: explainThrown(error) }] };
  }
}

/** Points at characters: behind the last one for what is missing at the end, and at none of the blanks before one. */
function withinContent(text: string, offset: number): number {
  if (offset >= text.length || text.slice(offset).trim() === '') return Math.max(0, text.trimEnd().length - 1);
  let at = offset;
  while (text[at] === ' ') at += 1;
  return at;
}

function spotted(message: string, offset: number, lines: LineCounter): SyntaxProblem {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1), message: inWords(message) };
}

function inWords(message: string): string {
  if (/Map keys must be unique/.test(message)) return 'this key is there twice';
  if (/tab/i.test(message)) return `${message}: indent with spaces`;
  if (/Unresolved tag/.test(message)) return `${message}: leave the tag out and use quotes where a string is meant`;
  return message;
}

function explainThrown(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/alias count/i.test(message)) {
    return `uses aliases more than ${MAX_ALIASES} times in a way that multiplies its content; write the values out`;
  }
  if (error instanceof RangeError) return 'is nested too deeply';
  return `cannot be read: ${message}`;
}

/** The parser recurses, so depth is bounded before it starts: by brackets, and by indentation of block style. */
function nestedTooDeeply(text: string): SyntaxProblem | undefined {
  let depth = 0;
  let line = 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 10) line += 1;
    else if (code === 91 || code === 123) depth += 1;
    else if (code === 93 || code === 125) depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return { line, column: 1, message: `is nested more than ${MAX_DEPTH} levels deep` };
  }
  return indentedTooDeeply(text);
}

function indentedTooDeeply(text: string): SyntaxProblem | undefined {
  // `- - - -` nests without indentation, so each dash counts as a level.
  const match = /^(?: *- ){100,}|^ {400,}[^ #\n]/m.exec(text);
  if (!match) return undefined;
  const line = text.slice(0, match.index).split('\n').length;
  return { line, column: 1, message: `is nested more than ${MAX_DEPTH} levels deep` };
}

/** The position of a field, or of the nearest enclosing one that exists. */
function locate(document: Document, lines: LineCounter, path: Path, what: 'key' | 'value'): Spot {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const isLast = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isNode(item.key) && String(item.key.toJSON()) === String(step));
      if (!pair) break;
      const keyOffset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      const valueOffset = isNode(pair.value) ? (pair.value.range?.[0] ?? keyOffset) : keyOffset;
      offset = isLast && what === 'value' ? valueOffset : keyOffset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else break;
  }
  const { line, col } = lines.linePos(offset);
  const source = isScalar(node) && node.type === Scalar.PLAIN ? node.source : undefined;
  return { line: Math.max(line, 1), column: Math.max(col, 1), ...(source === undefined ? {} : { source }) };
}
