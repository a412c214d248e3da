import type { Alphabet } from './alphabet.ts';
import { accepts, combine, type Found, lazyMachine, type Machine, shortestWord } from './machine.ts';

const known = new WeakMap<Alphabet, Machine>();

/** Words without an empty level and without doubled separators: what a person would write as an example. */
function tidyWords(alphabet: Alphabet): Machine {
  const made = known.get(alphabet);
  if (made !== undefined) return made;
  const slash = alphabet.index(47);
  const machine = lazyMachine<'start' | 'level' | 'slash'>({
    alphabet,
    start: 'start',
    key: (state) => state,
    step: (state, letter) => (letter !== slash ? 'level' : state === 'level' ? 'slash' : undefined),
    accepts: (state) => state === 'level',
  });
  known.set(alphabet, machine);
  return machine;
}

/** A shortest word that reads well, or else a shortest word at all. */
export function readableWord(machine: Machine, alphabet: Alphabet, budget: number): Found {
  const found = shortestWord(machine, alphabet, budget);
  if (found.kind === 'none') return found;
  const tidy = tidyWords(alphabet);
  // Both searches find the first word by length and letters, so one that is tidy already is what the second would find.
  if (found.kind === 'word' && accepts(tidy, alphabet, found.word)) return found;
  const better = shortestWord(combine(alphabet, 'and', [machine, tidy]), alphabet, budget);
  return better.kind === 'word' ? better : found;
}
