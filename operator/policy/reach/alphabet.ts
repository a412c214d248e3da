import { caseVariants, FOLD, type Glob } from '../glob.ts';
import { utf8Length } from '../valid.ts';

/** Steps that are left; shared by all that is built and searched for one question, so that hostile input ends soon. */
export interface SearchBudget {
  left: number;
}

/** The shared steps are used up: whatever was being worked out stays open. Whoever set the budget catches it. */
export class BudgetExhausted extends Error {}

export function spend(budget: SearchBudget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new BudgetExhausted('the search used up its budget');
}

/**
 * The letters that a set of patterns can tell apart: each code point that occurs, the characters that MQTT gives a meaning,
 * and one letter that stands for all others. Machines work on letter numbers, so they stay small whatever Unicode holds.
 */
export interface Alphabet {
  readonly codes: Int32Array;
  /** What each letter takes in UTF-8. */
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Letter number of a code point; letters that occur nowhere share the number of the fresh letter. */
  index(code: number): number;
  /** Paid from by every machine over this alphabet when it makes a state or a step, and by every search. */
  readonly budget: SearchBudget;
  /** The word as text. */
  text(word: readonly number[]): string;
}

/** Always in the alphabet: MQTT's own characters, and the beginning of Basic Ingest topics, behind which slashes count anew. NUL, which MQTT refuses, is left out on purpose. */
const mqttCharacters = [...'/+#$:', ...'$aws/rules/'].map((char) => char.charCodeAt(0));

/** Letters that read well in an example. The first that no pattern mentions becomes the fresh letter. */
const freshCandidates = 'xyzwvutsrqponmkjihgfedcbaXYZWVUTSRQ0123456789';

function freshLetter(used: ReadonlySet<number>): number {
  for (const char of freshCandidates) {
    const code = char.codePointAt(0) ?? 120;
    if (!used.has(code)) return code;
  }
  // Beyond every letter in use, and outside the surrogates.
  let code = 0x3b1;
  while (used.has(code)) code += 1;
  return code;
}

/** The letters of the given patterns and texts. The fresh letter has number 0, so searches try it first. */
export function alphabetOf(
  globs: Iterable<Glob>,
  texts: Iterable<string> = [],
  budget: SearchBudget = { left: Number.POSITIVE_INFINITY },
): Alphabet {
  const used = new Set<number>(mqttCharacters);
  for (const glob of globs) {
    for (const token of glob) {
      if (token >= 0) used.add(token);
      else if (token <= FOLD) for (const code of caseVariants(FOLD - token)) used.add(code);
    }
  }
  for (const text of texts) for (const char of text) used.add(char.codePointAt(0) ?? 0);
  return alphabetFromCodes([freshLetter(used), ...[...used].sort((a, b) => a - b)], budget);
}

function alphabetFromCodes(list: readonly number[], budget: SearchBudget): Alphabet {
  const codes = Int32Array.from(list);
  const byCode = new Map<number, number>();
  codes.forEach((code, index) => {
    byCode.set(code, index);
  });
  return {
    codes,
    bytes: Uint8Array.from(codes, utf8Length),
    budget,
    size: codes.length,
    index: (code) => byCode.get(code) ?? 0,
    text: (word) => word.map((letter) => String.fromCodePoint(codes[letter] ?? 0)).join(''),
  };
}
