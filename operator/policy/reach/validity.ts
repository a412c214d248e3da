import type { Alphabet } from './alphabet.ts';
import { lazyMachine, type Machine } from './machine.ts';

/** The beginning behind which AWS does not count slashes: Basic Ingest, `$aws/rules/<rule>/`. */
const rulesPrefix = '$aws/rules/';

interface LevelState {
  /** Slashes seen that count. */
  readonly slashes: number;
  /** How much of the rules prefix has matched; -1: it is another topic; the prefix length: inside the rule's name. */
  readonly rules: number;
  /** `start` of a level; `text` inside one; `plus` behind a lone `+`; `hash` behind the final `#`. */
  readonly level: 'start' | 'text' | 'plus' | 'hash';
  readonly empty: boolean;
}

const begin: LevelState = { slashes: 0, rules: 0, level: 'start', empty: true };
const slash = 47;

function nextRules(state: LevelState, code: number): number {
  if (state.rules < 0) return -1;
  if (state.rules >= rulesPrefix.length) return code === slash ? -1 : state.rules;
  return rulesPrefix.charCodeAt(state.rules) === code ? state.rules + 1 : -1;
}

function advance(state: LevelState, code: number, maxSlashes: number): LevelState | undefined {
  const rules = nextRules(state, code);
  // While the prefix still matches, its slashes may turn out to be free: they are counted only when it breaks.
  const free = rules >= 0 || state.rules >= rulesPrefix.length;
  const owed = rules < 0 && state.rules > 0 && state.rules < rulesPrefix.length ? slashesIn(state.rules) : 0;
  const slashes = state.slashes + owed + (code === slash && !free ? 1 : 0);
  if (slashes > maxSlashes) return undefined;
  return { slashes, rules, level: code === slash ? 'start' : 'text', empty: false };
}

function slashesIn(length: number): number {
  return rulesPrefix.slice(0, length).split('/').length - 1;
}

const keyOf = (state: LevelState): string => `${state.slashes}.${state.rules}.${state.level}.${state.empty ? 1 : 0}`;

/** Topic names that the broker takes: not empty, without `+`, `#` and NUL, at most `maxSlashes` slashes. */
export function topicNames(alphabet: Alphabet, maxSlashes: number): Machine {
  return lazyMachine<LevelState>({
    alphabet,
    start: begin,
    key: keyOf,
    step(state, letter) {
      const code = alphabet.codes[letter]!;
      return code === 43 || code === 35 || code === 0 ? undefined : advance(state, code, maxSlashes);
    },
    accepts: (state) => !state.empty,
  });
}

/** Well-formed topic filters: `+` only as a whole level, `#` only as the whole last one. */
export function topicFilters(alphabet: Alphabet, maxSlashes: number): Machine {
  return lazyMachine<LevelState>({
    alphabet,
    start: { ...begin, rules: -1 },
    key: keyOf,
    step(state, letter) {
      const code = alphabet.codes[letter]!;
      if (state.level === 'hash' || code === 0) return undefined;
      if (code === 43 || code === 35) {
        if (state.level !== 'start') return undefined;
        const next = advance(state, code, maxSlashes);
        return next && { ...next, level: code === 43 ? 'plus' : 'hash' };
      }
      if (state.level === 'plus' && code !== slash) return undefined;
      return advance(state, code, maxSlashes);
    },
    accepts: (state) => !state.empty,
  });
}

interface LengthState {
  readonly length: number;
}

function bounded(alphabet: Alphabet, max: number, takes: (code: number, at: number) => boolean): Machine {
  return lazyMachine<LengthState>({
    alphabet,
    start: { length: 0 },
    key: (state) => String(state.length),
    step: (state, letter) =>
      state.length < max && takes(alphabet.codes[letter]!, state.length) ? { length: state.length + 1 } : undefined,
    accepts: (state) => state.length > 0,
  });
}

/** Client IDs: 1 to 128 characters, not beginning with `$`. */
export function clientIds(alphabet: Alphabet): Machine {
  return bounded(alphabet, 128, (code, at) => code !== 0 && !(at === 0 && code === 36));
}

const isNameCode = (code: number): boolean =>
  (code >= 48 && code <= 58) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code === 45;

/** What follows `thing/`: a thing name, or one with `/<shadow name>` behind it when `shadows`. */
export function thingResources(alphabet: Alphabet, shadows: boolean): Machine {
  return lazyMachine<{ readonly shadow: boolean; readonly empty: boolean }>({
    alphabet,
    start: { shadow: false, empty: true },
    key: (state) => `${state.shadow}.${state.empty}`,
    step(state, letter) {
      const code = alphabet.codes[letter]!;
      if (code === slash) return shadows && !state.shadow && !state.empty ? { shadow: true, empty: true } : undefined;
      return isNameCode(code) || (state.shadow && code === 36) ? { ...state, empty: false } : undefined;
    },
    accepts: (state) => !state.empty,
  });
}

/** Role aliases: `[\w=,@-]{1,128}`. */
export function roleAliases(alphabet: Alphabet): Machine {
  return bounded(
    alphabet,
    128,
    (code) => (isNameCode(code) && code !== 58) || code === 61 || code === 44 || code === 64,
  );
}
