import type { ResourceType } from '../actions.ts';
import { validityOf } from '../valid.ts';
import type { Alphabet } from './alphabet.ts';
import { lazyMachine, type Machine, nothing } from './machine.ts';

const known = new WeakMap<Alphabet, Map<string, Machine>>();

/** The names of a type that AWS takes at all, as the rest of the engine knows them; made once for an alphabet. */
export function validNames(type: ResourceType, alphabet: Alphabet, maxSlashes: number): Machine {
  const made = known.get(alphabet) ?? new Map<string, Machine>();
  known.set(alphabet, made);
  const key = `${type} ${maxSlashes}`;
  const machine = made.get(key) ?? (type === 'none' ? nothing : namesOf(type, alphabet, maxSlashes));
  made.set(key, machine);
  return machine;
}

function namesOf(type: ResourceType, alphabet: Alphabet, maxSlashes: number): Machine {
  const validity = validityOf(type, maxSlashes);
  return lazyMachine<number>({
    alphabet,
    start: 0,
    key: (state) => state,
    step(state, letter) {
      const next = validity.next(state, alphabet.codes[letter]!);
      return next < 0 ? undefined : next;
    },
    accepts: (state) => validity.accepts(state),
    maxBytes: validity.maxBytes,
  });
}
