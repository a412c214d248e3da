import type { Path } from '../../api/validation/path.ts';
import { parseFast } from './fast-yaml.ts';
import { type FullDocument, parseFull, type Spot } from './full-yaml.ts';
import type { LoadLimits } from './types.ts';

export type ReadDocument =
  | { readonly kind: 'empty' }
  | { readonly kind: 'value'; readonly value: unknown; readonly locate: Locate }
  | {
      readonly kind: 'broken';
      readonly code: 'BadSyntax' | 'TooLarge';
      readonly problems: readonly (Spot & { readonly message: string })[];
    };

/** Line and column of a field within the document, from 1. Parses the document once more when first asked. */
export type Locate = (path: Path, what: 'key' | 'value') => Spot;

/** Reads one document: by the fast reader where it can, by the full one where it must. */
export function readDocument(text: string, isJson: boolean, limits: LoadLimits): ReadDocument {
  const clean = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (!/^[^\s#]/m.test(clean) && !/^[ \t]+[^\s#]/m.test(clean)) return { kind: 'empty' };
  if (isJson) return readJson(clean, limits);
  const fast = parseFast(clean);
  if (fast) return { kind: 'value', value: fast.value, locate: lazyLocate(clean) };
  if (clean.length > limits.complexBytes) return tooComplex(clean, limits);
  return fromFull(parseFull(clean));
}

function tooComplex(text: string, limits: LoadLimits): ReadDocument {
  const message =
    `is a document of ${kibibytes(text.length)} that is not in plain block style (or has a mistake in it), and at most ` +
    `${kibibytes(limits.complexBytes)} of that kind are read: split it with "---" lines`;
  return { kind: 'broken', code: 'TooLarge', problems: [{ line: 1, column: 1, message }] };
}

const kibibytes = (bytes: number) => `${Math.ceil(bytes / 1024)} KiB`;

function fromFull(document: FullDocument): ReadDocument {
  if (document.kind === 'broken') return { kind: 'broken', code: 'BadSyntax', problems: document.problems };
  return { kind: 'value', value: document.value, locate: document.locate };
}

function lazyLocate(text: string): Locate {
  let parsed: FullDocument | undefined;
  return (path, what) => {
    parsed ??= parseFull(text);
    return parsed.kind === 'value' ? parsed.locate(path, what) : firstContent(text);
  };
}

/** Where the content begins: the position of the object as a whole. */
export function firstContent(text: string): Spot {
  let line = 0;
  for (const raw of text.split('\n', 1_000)) {
    line += 1;
    const content = raw.search(/[^\s\ufeff]/);
    if (content >= 0 && raw[content] !== '#') return { line, column: content + 1 };
  }
  return { line: 1, column: 1 };
}

function readJson(text: string, limits: LoadLimits): ReadDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      kind: 'broken',
      code: 'BadSyntax',
      problems: [{ ...jsonSpot(text, message), message: `is not JSON: ${withoutContent(message)}` }],
    };
  }
  if (text.length <= limits.complexBytes) {
    // JSON.parse keeps the last of two equal keys in silence; the YAML reader, for which JSON is YAML, does not.
    const full = parseFull(text.replaceAll('\t', ' '));
    if (full.kind === 'broken' && full.problems.some((problem) => problem.message.includes('there twice'))) {
      return fromFull(full);
    }
  }
  return { kind: 'value', value, locate: lazyLocate(text.replaceAll('\t', ' ')) };
}

/** Node names the place as `at position N`, or as `(line L column C)`. */
function jsonSpot(text: string, message: string): Spot {
  const lineColumn = /line (\d+) column (\d+)/.exec(message);
  if (lineColumn) return { line: Number(lineColumn[1]), column: Number(lineColumn[2]) };
  const position = /position (\d+)/.exec(message);
  const before = text.slice(0, position ? Number(position[1]) : text.length).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** The message quotes a piece of the text, which might be a piece of a key. */
function withoutContent(message: string): string {
  return message.replace(/, (?:\.\.\.)?"[\s\S]*" is not valid JSON$/, '').replace(/ \(line \d+ column \d+\)/, '');
}
