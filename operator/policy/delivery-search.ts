import type { Effect } from './document.ts';
import type { GroundStatement } from './ground.ts';
import type { Budget, InclusionResult } from './inclusion.ts';
import { freshLetter } from './letters.ts';
import { findNewName } from './obligations.ts';
import { type PackedGlobs, packGlobs } from './packed.ts';
import { anyText, utf8Length, type Validity } from './valid.ts';

export interface DeliverySide {
  readonly subscribe: readonly GroundStatement[];
  readonly receive: readonly GroundStatement[];
}

export interface DeliverySearchOptions {
  readonly valid: Validity;
  readonly budget: Budget;
  /** A wildcard at the first level does not match topics that begin with `$`. */
  readonly skipDollar: boolean;
}

const slash = 47;
const plus = 43;
const hash = 35;
const dollar = 36;

interface AcceptedStatement {
  readonly allow: boolean;
  readonly negated: boolean;
  /** Bits that say that one of its globs is finished. */
  readonly bits: readonly number[];
  /** All bits of its globs. */
  readonly live: Uint32Array;
}

/** What is known of one vector of positions; worked out once. */
interface Place {
  readonly vector: Uint32Array;
  readonly allows: boolean;
  /** No continuation can be allowed any more: every Allow is out of reach, or a Deny takes whatever follows. */
  readonly dead: boolean;
  /** Every continuation is allowed: some Allow takes whatever follows, and no Deny is within reach. */
  readonly open: boolean;
  readonly steps: Map<number, number>;
}

/** Decides names for one action of one side, all of its globs moving together. Vectors of positions go by number. */
class Acceptor {
  readonly #packed: PackedGlobs;
  readonly #statements: readonly AcceptedStatement[];
  readonly #numbers = new Map<string, number>();
  readonly #places: Place[] = [];
  readonly start: number;

  constructor(ground: readonly GroundStatement[]) {
    const globs = ground.flatMap(({ conjuncts }) => conjuncts[0]?.globs ?? []);
    this.#packed = packGlobs(globs);
    let next = 0;
    this.#statements = ground.map(({ statement, conjuncts }) => {
      const size = conjuncts[0]?.globs.length ?? 0;
      const bits = this.#packed.finals.slice(next, next + size);
      const first = next === 0 ? 0 : (this.#packed.finals[next - 1] ?? 0) + 1;
      next += size;
      const live = new Uint32Array(this.#packed.words);
      for (let bit = first; size > 0 && bit <= (bits.at(-1) ?? 0); bit += 1)
        live[bit >>> 5] = (live[bit >>> 5] ?? 0) | (1 << (bit & 31));
      return { allow: statement.effect === 'Allow', negated: conjuncts[0]?.negated ?? false, bits, live };
    });
    const vector = new Uint32Array(this.#packed.words);
    this.#packed.start(vector);
    this.start = this.#numberOf(vector);
  }

  step(from: number, letter: number): number {
    const place = this.place(from);
    const known = place.steps.get(letter);
    if (known !== undefined) return known;
    const vector = new Uint32Array(this.#packed.words);
    this.#packed.step(place.vector, letter, vector);
    const to = this.#numberOf(vector);
    place.steps.set(letter, to);
    return to;
  }

  place(number: number): Place {
    const place = this.#places[number];
    if (place === undefined) throw new RangeError(`no such place: ${number}`);
    return place;
  }

  askedFor(number: number, letters: Set<number>): void {
    const { vector } = this.place(number);
    for (const [letter, mask] of this.#packed.literals)
      if (letter !== plus && letter !== hash && mask.some((word, i) => (word & (vector[i] ?? 0)) !== 0))
        letters.add(letter);
  }

  #numberOf(vector: Uint32Array): number {
    const key = vector.join('.');
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#places.length;
    this.#numbers.set(key, number);
    this.#places.push({ vector, allows: this.#allows(vector), ...this.#prospects(vector), steps: new Map() });
    return number;
  }

  #allows(vector: Uint32Array): boolean {
    let allowed = false;
    for (const { allow, negated, bits } of this.#statements) {
      const inside = bits.some((bit) => ((vector[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0);
      if (inside === negated) continue;
      if (!allow) return false;
      allowed = true;
    }
    return allowed;
  }

  #prospects(vector: Uint32Array): { readonly dead: boolean; readonly open: boolean } {
    let granting = false;
    let granted = false;
    let denying = false;
    for (const { allow, negated, live } of this.#statements) {
      let some = 0;
      let all = 0;
      for (let i = 0; i < vector.length; i += 1) {
        const own = (vector[i] ?? 0) & (live[i] ?? 0);
        some |= own;
        all |= own & (this.#packed.universal[i] ?? 0);
      }
      const never = negated ? all !== 0 : some === 0;
      const always = negated ? some === 0 : all !== 0;
      if (allow) {
        granting ||= !never;
        granted ||= always;
      } else {
        denying ||= !never;
        if (always) return { dead: true, open: false };
      }
    }
    return { dead: !granting, open: granted && !denying };
  }
}

/** Everything one side knows after reading part of a topic. */
interface SideState {
  readonly receive: number;
  /**
   * The ways of writing the filter so far, ascending: twice the place in the Subscribe patterns, and one more where the present level is
   * a `+`.
   */
  readonly branches: readonly number[];
  /** Some allowed filter ended in `#`, so every continuation matches. */
  readonly hashed: boolean;
}

class Side {
  readonly subscribe: Acceptor;
  readonly receive: Acceptor;
  readonly #skipDollar: boolean;

  constructor(side: DeliverySide, skipDollar: boolean) {
    this.subscribe = new Acceptor(side.subscribe);
    this.receive = new Acceptor(side.receive);
    this.#skipDollar = skipDollar;
  }

  start(): SideState {
    return this.#atLevel(this.receive.start, [this.subscribe.start]);
  }

  /** At the start of a level each filter may go on literally, with `+`, or end with `#`. */
  #atLevel(receive: number, places: readonly number[]): SideState {
    if (places.some((place) => this.subscribe.place(this.subscribe.step(place, hash)).allows))
      return { receive, branches: [], hashed: true };
    const branches = places.flatMap((place) => [place * 2, this.subscribe.step(place, plus) * 2 + 1]);
    return { receive, branches: this.#tidy(branches), hashed: false };
  }

  step(state: SideState, letter: number, first: boolean): SideState {
    const receive = this.receive.step(state.receive, letter);
    if (first && letter === dollar && this.#skipDollar) {
      const literal = this.subscribe.step(this.subscribe.start, dollar) * 2;
      return { receive, branches: this.#tidy([literal]), hashed: false };
    }
    if (state.hashed) return { receive, branches: [], hashed: true };
    if (letter === slash)
      return this.#atLevel(receive, [
        ...new Set(state.branches.map((branch) => this.subscribe.step(branch >> 1, slash))),
      ]);
    const branches = state.branches.map((branch) =>
      (branch & 1) === 1 ? branch : this.subscribe.step(branch >> 1, letter) * 2,
    );
    return { receive, branches: this.#tidy(branches), hashed: false };
  }

  delivers(state: SideState): boolean {
    if (!this.receive.place(state.receive).allows) return false;
    return state.hashed || state.branches.some((branch) => this.subscribe.place(branch >> 1).allows);
  }

  isDead(state: SideState): boolean {
    return this.receive.place(state.receive).dead || (!state.hashed && state.branches.length === 0);
  }

  askedFor(state: SideState, letters: Set<number>): void {
    this.receive.askedFor(state.receive, letters);
    for (const branch of state.branches) if ((branch & 1) === 0) this.subscribe.askedFor(branch >> 1, letters);
    // Behind `+` only the slash matters, and the search always tries that.
  }

  #tidy(branches: readonly number[]): number[] {
    const alive = new Set(branches.filter((branch) => !this.subscribe.place(branch >> 1).dead));
    return [...alive].sort((a, b) => a - b);
  }
}

function stateKey(state: SideState): string {
  return `${state.receive}|${state.hashed ? '#' : state.branches.join()}`;
}

/** Whether all that the one half allows the other allows too; false also where that takes long to find out. */
function isIncluded(
  here: readonly GroundStatement[],
  there: readonly GroundStatement[],
  valid: Validity,
  budget: Budget,
): boolean {
  const split = (side: readonly GroundStatement[], effect: Effect): GroundStatement[] =>
    side.filter(({ statement }) => statement.effect === effect);
  const [allows, denies] = [split(there, 'Allow'), split(here, 'Deny')];
  const trial: Budget = { left: Math.min(budget.left, 1_000) };
  const before = trial.left;
  const covered = (allow: GroundStatement, deny: GroundStatement | undefined): boolean =>
    findNewName({ allow, deny, allows, denies }, valid, trial).kind === 'covered';
  const included = split(here, 'Allow').every((allow) =>
    [undefined, ...split(there, 'Deny')].every((deny) => covered(allow, deny)),
  );
  budget.left -= before - trial.left;
  return included;
}

interface Node {
  readonly here: SideState;
  readonly there: SideState;
  readonly valid: number;
  readonly letter: number;
  readonly parent: Node | undefined;
}

/**
 * A shortest topic that reaches the device on side `here` and not on side `there`. Both sides are followed deterministically, each
 * with the set of ways in which an allowed filter can be written for the topic read so far; exact, and bounded by the budget.
 */
export function findUndelivered(
  here: DeliverySide,
  there: DeliverySide,
  options: DeliverySearchOptions,
): InclusionResult {
  const { valid, budget, skipDollar } = options;
  const one = new Side(here, skipDollar);
  const other = new Side(there, skipDollar);
  const globs = [here, there].flatMap((side) =>
    [...side.subscribe, ...side.receive].flatMap(({ conjuncts }) => conjuncts[0]?.globs ?? []),
  );
  const fresh = freshLetter(globs, valid);
  const subscribesAll = isIncluded(here.subscribe, there.subscribe, anyText, budget);
  const receivesAll = isIncluded(here.receive, there.receive, valid, budget);
  // The other side delivers whatever follows and this side delivers.
  const outdone = (state: SideState): boolean =>
    (subscribesAll || state.hashed) && (receivesAll || other.receive.place(state.receive).open);
  // Not `outdone` at the start: a filter `#` does not bring topics that begin with $.
  if (subscribesAll && (receivesAll || other.receive.place(other.start().receive).open)) return { kind: 'covered' };
  // By length in bytes, as AWS limits topics: the first witness is a shortest one.
  const layers: Node[][] = [[{ here: one.start(), there: other.start(), valid: 0, letter: 0, parent: undefined }]];
  const seen = new Map<string, number[]>();
  for (let bytes = 0; bytes <= valid.maxBytes && bytes < layers.length; bytes += 1)
    for (const node of layers[bytes] ?? []) {
      if (valid.accepts(node.valid) && one.delivers(node.here) && !other.delivers(node.there))
        return { kind: 'word', word: wordOf(node) };
      // The ordinary letter first: of the shortest witnesses the plainest is found.
      const letters = new Set<number>(fresh === undefined ? [] : [fresh]);
      one.askedFor(node.here, letters);
      other.askedFor(node.there, letters);
      for (const letter of letters.add(slash).union(new Set(valid.openings(node.valid)))) {
        const state = valid.next(node.valid, letter);
        if (state < 0) continue;
        const first = node.parent === undefined;
        const after = one.step(node.here, letter, first);
        budget.left -= 1 + (after.branches.length + node.there.branches.length) / 4;
        if (budget.left < 0) return { kind: 'exceeded' };
        if (one.isDead(after)) continue;
        const beyond = other.step(node.there, letter, first);
        if (outdone(beyond)) continue;
        const key = `${stateKey(after)}/${stateKey(beyond)}`;
        const known = seen.get(key) ?? [];
        if (known.some((earlier) => earlier === state || valid.outlasts?.(earlier, state))) continue;
        seen.set(key, [...known, state]);
        const length = bytes + utf8Length(letter);
        while (layers.length <= length) layers.push([]);
        layers[length]?.push({ here: after, there: beyond, valid: state, letter, parent: node });
      }
    }
  return { kind: 'covered' };
}

function wordOf(end: Node): string {
  const letters: string[] = [];
  for (let node: Node | undefined = end; node?.parent !== undefined; node = node.parent)
    letters.push(String.fromCodePoint(node.letter));
  return letters.reverse().join('');
}
