import fc from 'fast-check';
import { DFA, JS, NFA } from 'refa';
import { globOf, matches } from '../../operator/policy/glob.ts';
import { findUncovered } from '../../operator/policy/inclusion.ts';
import { anyText } from '../../operator/policy/valid.ts';

/** Small patterns over few letters: where mistakes show. */
export const patternText: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', '/', '*', '?'), { maxLength: 7 })
  .map((parts) => parts.join(''));

/** Words over the letters a, b, / and one that no pattern names: enough, since the patterns name no other. */
function automaton(globs: readonly string[]): NFA {
  const source = globs.map((glob) => glob.replace(/\*/g, '[ab/z]*').replace(/\?/g, '[ab/z]')).join('|');
  const literal = { source: `(?:${globs.length === 0 ? '[]' : source})`, flags: 'u' };
  const { expression, maxCharacter } = JS.Parser.fromLiteral(literal).parse();
  return NFA.fromRegex(expression, { maxCharacter });
}

/** Whether the overlap of the first patterns lies in the union of the second, decided by a library that shares no code with ours. */
export function refaIncludes(inner: readonly string[], outer: readonly string[]): boolean {
  const left = inner.map((glob) => DFA.fromFA(automaton([glob])));
  let overlap = left[0];
  for (const next of left.slice(1)) if (overlap !== undefined) overlap = DFA.fromIntersection(overlap, next);
  const complement = DFA.fromFA(automaton(outer));
  complement.complement();
  return overlap === undefined || DFA.fromIntersection(overlap, complement).isEmpty;
}

/** Throws when the engine and refa disagree, or when the word found is not outside. */
export const agreesWithRefa = fc.property(
  fc.array(patternText, { minLength: 1, maxLength: 2 }),
  fc.array(patternText, { maxLength: 4 }),
  (left, right) => {
    const globs = { left: left.map(globOf), right: right.map(globOf) };
    const found = findUncovered({ ...globs, valid: anyText, budget: { left: 1e6 } });
    if ((found.kind === 'covered') !== refaIncludes(left, right)) throw new Error(`refa disagrees with ${found.kind}`);
    if (found.kind !== 'word') return;
    const outside =
      globs.left.every((glob) => matches(glob, found.word)) && !globs.right.some((glob) => matches(glob, found.word));
    if (!outside) throw new Error(`${found.word} is no counterexample`);
  },
);
