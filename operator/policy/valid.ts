import type { ResourceType } from './actions.ts';

/**
 * A small automaton over code points: which names the broker accepts at all. Only such requests count in a comparison.
 * States are small integers: 0 is the first, -1 the dead one.
 */
export interface Validity {
  next(state: number, code: number): number;
  accepts(state: number): boolean;
  /**
   * Whether everything that may follow `other` may follow `state` too: fewer slashes used leave room for more. Left out where no state
   * is known to leave more room than another.
   */
  outlasts?(state: number, other: number): boolean;
  /** Letters that lead somewhere an ordinary letter does not (the search must try them where a pattern leaves the letter open). */
  openings(state: number): readonly number[];
  /** All letters of the alphabet when it is finite; undefined when any code point but U+0000 may occur. */
  readonly alphabet: readonly number[] | undefined;
  /** Longest name in bytes of UTF-8. */
  readonly maxBytes: number;
}

const dead = -1;
const none: readonly number[] = [];
const slash = 47;
const plus = 43;
const hash = 35;
const dollar = 36;
const codes = (text: string): readonly number[] => Array.from(text, (char) => char.codePointAt(0) ?? 0);

const thingLetters = codes('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-');
const aliasLetters = codes('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=,@-');
const ingest = codes('$aws/rules/');
/** More slashes do not fit in 256 bytes, so no counting is needed beyond. */
const slashesThatFit = 256;

/** Names of the given resource type. Quotas: AWS IoT Core message broker, "maximum number of slashes", topic and client ID length. */
export function validityOf(type: ResourceType, maxSlashes: number): Validity {
  switch (type) {
    case 'topic':
      return topics(Math.min(maxSlashes, slashesThatFit));
    case 'topicfilter':
      return filters(Math.min(maxSlashes, slashesThatFit));
    case 'client':
      return clients;
    case 'thing':
      return words(thingLetters, 128);
    case 'thingOrShadow':
      return thingOrShadow;
    case 'rolealias':
      return words(aliasLetters, 128);
    case 'none':
      return theStar;
    default:
      return type satisfies never;
  }
}

/**
 * The same for a search among patterns of so many letters. Counting the letters of thing and shadow apart makes every length a state of its own,
 * which only patterns that are long themselves have a use for.
 */
export function searchedNames(type: ResourceType, maxSlashes: number, longestPattern: number): Validity {
  return type === 'thingOrShadow' && longestPattern <= maxShadow ? shortThingOrShadow : validityOf(type, maxSlashes);
}

/** Thing names, thing types: `[a-zA-Z0-9:_-]{1,128}`. */
export const thingNames: Validity = words(thingLetters, 128);

/**
 * Topic names. States 0…10: that many letters of `$aws/rules/` read; 11: inside the rule's name; 12 + n: n slashes that count.
 */
function topics(maxSlashes: number): Validity {
  const counted = ingest.length + 1;
  const slashesIn = (progress: number): number => ingest.slice(0, progress).filter((code) => code === slash).length;
  const count = (slashes: number): number => (slashes > maxSlashes ? dead : counted + slashes);
  return {
    next(state, code) {
      if (code === plus || code === hash || code === 0) return dead;
      if (state < ingest.length) {
        if (code === ingest[state]) return state + 1;
        return count(slashesIn(state) + (code === slash ? 1 : 0));
      }
      // The slash that ends the rule's name leads to `counted`: it does not count.
      return code === slash ? count(state - counted + 1) : state;
    },
    accepts: (state) => state > 0,
    outlasts: (state, other) => state >= counted && state <= other,
    openings(state) {
      const next = ingest[state];
      return next === undefined ? none : [next];
    },
    alphabet: undefined,
    maxBytes: 256,
  };
}

/** Filters. Within each slash count four states: at the start of a level, inside one, after `+`, after `#`. */
function filters(maxSlashes: number): Validity {
  return {
    next(state, code) {
      const phase = state & 3;
      if (code === 0 || phase === 3) return dead;
      if (code === slash) return (state >> 2) + 1 > maxSlashes ? dead : ((state >> 2) + 1) << 2;
      if (phase === 2) return dead;
      if (code === plus) return phase === 0 ? state + 2 : dead;
      if (code === hash) return phase === 0 ? state + 3 : dead;
      return (state & ~3) + 1;
    },
    accepts: (state) => state > 0,
    outlasts: (state, other) => state > 0 && (state & 3) === (other & 3) && state <= other,
    // Inside a level and behind `+`, a slash is what makes room for the next wildcard.
    openings: (state) => ((state & 3) === 1 || (state & 3) === 2 ? [slash] : none),
    alphabet: undefined,
    maxBytes: 256,
  };
}

const clients: Validity = {
  next: (state, code) => (code === 0 || (state === 0 && code === dollar) ? dead : 1),
  accepts: (state) => state === 1,
  openings: () => none,
  alphabet: undefined,
  maxBytes: 128,
};

const maxThing = 128;
const maxShadow = 64;

/**
 * `<thing>` or `<thing>/<shadow>`; shadow names (API GetThingShadow: `[$a-zA-Z0-9:_-]{1,64}`) may hold a dollar sign as well. States up to 128:
 * that many letters of the thing; above: the slash, and letters of the shadow.
 */
const thingOrShadow: Validity = {
  next(state, code) {
    if (code === slash) return state > 0 && state <= maxThing ? maxThing + 1 : dead;
    if (state <= maxThing) return state < maxThing && thingLetters.includes(code) ? state + 1 : dead;
    const inShadow = code === dollar || thingLetters.includes(code);
    return inShadow && state <= maxThing + maxShadow ? state + 1 : dead;
  },
  accepts: (state) => state !== 0 && state !== maxThing + 1,
  openings: (state) => (state > 0 && state <= maxThing ? [slash] : none),
  alphabet: [...thingLetters, slash, dollar],
  maxBytes: maxThing + 1 + maxShadow,
};

/** The same without a limit to either part. */
const shortThingOrShadow: Validity = {
  next(state, code) {
    if (code === slash) return state === 1 ? 2 : dead;
    if (state < 2) return thingLetters.includes(code) ? 1 : dead;
    return code === dollar || thingLetters.includes(code) ? 3 : dead;
  },
  accepts: (state) => state === 1 || state === 3,
  openings: (state) => (state === 1 ? [slash] : none),
  alphabet: [...thingLetters, slash, dollar],
  maxBytes: thingOrShadow.maxBytes,
};

function words(letters: readonly number[], maxBytes: number): Validity {
  const known = new Set(letters);
  return {
    next: (_state, code) => (known.has(code) ? 1 : dead),
    accepts: (state) => state === 1,
    openings: () => none,
    alphabet: letters,
    maxBytes,
  };
}

const anything: Validity = {
  next: () => 0,
  accepts: () => true,
  openings: () => none,
  alphabet: undefined,
  maxBytes: 2048,
};

/** Actions without a resource are checked against this one string. */
const theStar: Validity = words([42], 1);

/** Any text at all, for values of condition keys. */
export const anyText: Validity = anything;

/** Bytes that a code point takes in UTF-8. */
export function utf8Length(code: number): number {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/** Whether the whole text is in the language, its length included. */
export function isValid(validity: Validity, text: string): boolean {
  let state = 0;
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    state = validity.next(state, code);
    if (state < 0) return false;
    bytes += utf8Length(code);
  }
  return validity.accepts(state) && bytes <= validity.maxBytes;
}
