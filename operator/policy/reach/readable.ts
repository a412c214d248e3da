import type { Alphabet } from './alphabet.ts';
import { combine, type Found, lazyMachine, type Machine, shortestWord } from './machine.ts';

const known = new WeakMap<Alphabet, Machine>();

/** Words without an empty level and without doubled separators: what a person would write as an example. */
function tidyWords(alphabet: Alphabet): Machine {
  const made = known.get(alphabet);
  if (made !== undefined) return made;
  const slash = alphabet.index(47);
  const machine = lazyMachine<'start' | 'level' | 'slash'>({
    alphabetSize: alphabet.size,
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
  const tidy = shortestWord(combine(alphabet, 'and', [machine, tidyWords(alphabet)]), alphabet, budget);
  return tidy.kind === 'word' ? tidy : shortestWord(machine, alphabet, budget);
}
