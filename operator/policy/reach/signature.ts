import type { PolicyDocument } from '../document.ts';
import { ANY, type Glob, matches, normalise, plainText, STAR } from '../glob.ts';
import { templateItems, type Variable } from '../template.ts';

const slash = 47;
const anyRun = STAR;

/**
 * Which literal pieces of the policies a value can fall into. Two values with the same signature are treated alike by every
 * pattern, so one of them can stand for all: what patterns say about a level is whether it equals, begins with, ends with or
 * holds one of their literal pieces, and how long it is where `?` is used.
 */
export interface Signatures {
  /** `''`: the value meets no piece at all; any fresh word would behave the same. */
  of(value: string): string;
  /** The value together with the literals around each variable of the policies: two values may be one text there without being equal. */
  framed(value: string): readonly string[];
  /** Whether a topic or filter has a variable right beside a wildcard or another variable, so that its value may be a part of another one. */
  readonly joined: boolean;
}

type Items = readonly (number | Variable)[];

function levelsOf(items: Items): (readonly (number | 'variable')[])[] {
  const levels: (number | 'variable')[][] = [[]];
  for (const item of items) {
    if (item === slash) levels.push([]);
    else levels.at(-1)!.push(typeof item === 'number' ? item : 'variable');
  }
  return levels;
}

/** The tests that one level of a pattern puts to a value that stands there, alone or beside the literals around a variable. */
function testsOf(level: readonly (number | 'variable')[]): Glob[] {
  const numbers = level.filter((item) => typeof item === 'number');
  if (!numbers.some((item) => item >= 0)) return [];
  const variable = level.includes('variable');
  // Around a variable only the literal neighbours can be met by a value that happens to hold them.
  const whole = normalise(level.map((item) => (item === 'variable' ? STAR : item)));
  const pieces: number[][] = [[]];
  for (const item of whole) {
    if (item === STAR) pieces.push([]);
    else pieces.at(-1)!.push(item);
  }
  const stars = pieces.length > 1;
  const out: Glob[] = variable ? [] : [whole];
  if (!stars) return out;
  pieces.forEach((piece, at) => {
    if (!piece.some((item) => item >= 0)) return;
    const before = at === 0 ? [] : [anyRun];
    const after = at === pieces.length - 1 ? [] : [anyRun];
    out.push(normalise([...before, ...piece, ...after]));
  });
  return out;
}

const unique = (globs: readonly Glob[]): Glob[] => [...new Map(globs.map((glob) => [glob.join(), glob])).values()];

function longestQuestionRun(templates: readonly Items[]): number {
  let longest = 0;
  for (const items of templates) {
    let run = 0;
    for (const item of items) {
      run = item === ANY ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}

const isLiteral = (item: number | Variable | undefined): item is number => typeof item === 'number' && item >= 0;

/** The literals that stand right before and behind a variable: a value is judged together with them. */
function neighbours(items: Items): (readonly [string, string])[] {
  const text = (items: Items): string => plainText(items.filter(isLiteral));
  return items.flatMap((item, at) => {
    if (typeof item === 'number') return [];
    const isStop = (one: number | Variable): boolean => !isLiteral(one) || one === slash;
    const before = items.slice(0, at).findLastIndex(isStop);
    const after = items.slice(at + 1).findIndex(isStop);
    return [
      [text(items.slice(before + 1, at)), text(items.slice(at + 1, after < 0 ? undefined : at + 1 + after))] as const,
    ];
  });
}

/** Whether a variable shares its level with another one or with a wildcard. */
function isJoined(items: Items): boolean {
  return levelsOf(items).some(
    (level) => level.includes('variable') && level.filter((item) => item === 'variable' || item < 0).length > 1,
  );
}

/** Reads the pieces of all patterns and condition values once; `of` is remembered per value. */
export function signatures(documents: readonly PolicyDocument[]): Signatures {
  const texts = documents.flatMap((document) =>
    document.statements.flatMap((one) => [...one.resources, ...one.conditions.flatMap((entry) => entry.values)]),
  );
  const distinct = [...new Set(texts.map((located) => located.text))];
  const templates = distinct.map((text) =>
    templateItems(text.split(':').slice(5).join(':') || text, { variables: true, wildcards: true }),
  );
  const tests = unique(templates.flatMap((template) => levelsOf(template).flatMap(testsOf)));
  // Most tests are plain text, so that one look-up answers them all.
  const texted = new Map(tests.flatMap((test, at) => (test.some((token) => token < 0) ? [] : [[plainText(test), at]])));
  const open = tests.flatMap((test, at) => (test.some((token) => token < 0) ? [{ test, at }] : []));
  const around = [...new Map(templates.flatMap(neighbours).map((pair) => [pair.join('\u0000'), pair])).values()];
  // A test that the surroundings alone decide says nothing about the value.
  const sides = around.concat([['', '']]).map(([before, after]) => ({
    before,
    after,
    decided: new Set(open.flatMap(({ test, at }) => (matches(test, `${before}\u{f0000}${after}`) ? [at] : []))),
  }));
  const questions = longestQuestionRun(templates);
  const joined = distinct.some((text, at) => text.includes(':topic') && isJoined(templates[at]!));
  const known = new Map<string, string>();
  const compute = (value: string): string => {
    const met: string[] = [];
    sides.forEach(({ before, after, decided }, side) => {
      const word = before + value + after;
      const text = texted.get(word);
      if (text !== undefined) met.push(`${side}.${text}`);
      for (const { test, at } of open)
        if (matches(test, word) && !(value !== '' && decided.has(at))) met.push(`${side}.${at}`);
    });
    const length = questions === 0 ? '' : String(Math.min([...value].length, questions + 1));
    return met.length === 0
      ? questions === 0 || length === String(questions + 1)
        ? ''
        : `#${length}`
      : `${met.join()}#${length}`;
  };
  return {
    joined,
    framed: (value) => sides.map(({ before, after }) => before + value + after),
    of(value) {
      let signature = known.get(value);
      if (signature === undefined) {
        signature = compute(value);
        known.set(value, signature);
      }
      return signature;
    },
  };
}
