import type { GroundStatement } from './ground.ts';
import type { Budget, InclusionResult } from './inclusion.ts';
import { freshLetter } from './letters.ts';
import { type PackedGlobs, packGlobs } from './packed.ts';
import type { Validity } from './valid.ts';

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

/** Decides names for one action of one side, all of its globs moving together. */
class Acceptor {
  readonly packed: PackedGlobs;
  readonly #statements: readonly AcceptedStatement[];

  constructor(ground: readonly GroundStatement[]) {
    const globs = ground.flatMap(({ conjuncts }) => conjuncts[0]?.globs ?? []);
    this.packed = packGlobs(globs);
    let next = 0;
    this.#statements = ground.map(({ statement, conjuncts }) => {
      const size = conjuncts[0]?.globs.length ?? 0;
      const bits = this.packed.finals.slice(next, next + size);
      const first = next === 0 ? 0 : (this.packed.finals[next - 1] ?? 0) + 1;
      next += size;
      const live = new Uint32Array(this.packed.words);
      for (let bit = first; size > 0 && bit <= (bits.at(-1) ?? 0); bit += 1)
        live[bit >>> 5] = (live[bit >>> 5] ?? 0) | (1 << (bit & 31));
      return { allow: statement.effect === 'Allow', negated: conjuncts[0]?.negated ?? false, bits, live };
    });
  }

  start(): Uint32Array {
    const out = new Uint32Array(this.packed.words);
    this.packed.start(out);
    return out;
  }

  step(from: Uint32Array, letter: number): Uint32Array {
    const out = new Uint32Array(this.packed.words);
    this.packed.step(from, letter, out);
    return out;
  }

  allows(vector: Uint32Array): boolean {
    let allowed = false;
    for (const { allow, negated, bits } of this.#statements) {
      const inside = bits.some((bit) => ((vector[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0);
      if (inside === negated) continue;
      if (!allow) return false;
      allowed = true;
    }
    return allowed;
  }

  /** Whether no continuation can be allowed any more: every Allow is out of reach, or a Deny takes whatever follows. */
  isDead(vector: Uint32Array): boolean {
    let alive = false;
    for (const { allow, negated, live } of this.#statements) {
      let some = 0;
      let all = 0;
      for (let i = 0; i < vector.length; i += 1) {
        const own = (vector[i] ?? 0) & (live[i] ?? 0);
        some |= own;
        all |= own & (this.packed.universal[i] ?? 0);
      }
      if (allow) alive ||= negated ? all === 0 : some !== 0;
      else if (negated ? some === 0 : all !== 0) return true;
    }
    return !alive;
  }

  askedFor(vector: Uint32Array, letters: Set<number>): void {
    for (const [letter, mask] of this.packed.literals)
      if (letter !== plus && letter !== hash && mask.some((word, i) => (word & (vector[i] ?? 0)) !== 0))
        letters.add(letter);
  }
}

/** One way of writing the filter so far: the globs' positions, and whether the present level is a `+`. */
interface Branch {
  readonly vector: Uint32Array;
  readonly inPlus: boolean;
}

/** Everything one side knows after reading part of a topic. */
interface SideState {
  readonly receive: Uint32Array;
  readonly branches: readonly Branch[];
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
    return this.#atLevel(this.receive.start(), [this.subscribe.start()], false);
  }

  /** At the start of a level each filter may go on literally, with `+`, or end with `#`. */
  #atLevel(receive: Uint32Array, vectors: readonly Uint32Array[], hashed: boolean): SideState {
    const branches: Branch[] = [];
    let all = hashed;
    for (const vector of vectors) {
      branches.push({ vector, inPlus: false }, { vector: this.subscribe.step(vector, plus), inPlus: true });
      all ||= this.subscribe.allows(this.subscribe.step(vector, hash));
    }
    return { receive, branches: all ? [] : this.#tidy(branches), hashed: all };
  }

  step(state: SideState, letter: number, first: boolean): SideState {
    const receive = this.receive.step(state.receive, letter);
    if (first && letter === dollar && this.#skipDollar)
      return {
        receive,
        branches: this.#tidy([{ vector: this.subscribe.step(this.subscribe.start(), dollar), inPlus: false }]),
        hashed: false,
      };
    if (state.hashed) return { receive, branches: [], hashed: true };
    if (letter === slash)
      return this.#atLevel(
        receive,
        distinctVectors(state.branches.map((branch) => this.subscribe.step(branch.vector, slash))),
        false,
      );
    const branches = state.branches.map((branch) =>
      branch.inPlus ? branch : { vector: this.subscribe.step(branch.vector, letter), inPlus: false },
    );
    return { receive, branches: this.#tidy(branches), hashed: false };
  }

  delivers(state: SideState): boolean {
    if (!this.receive.allows(state.receive)) return false;
    return state.hashed || state.branches.some((branch) => this.subscribe.allows(branch.vector));
  }

  isDead(state: SideState): boolean {
    return this.receive.isDead(state.receive) || (!state.hashed && state.branches.length === 0);
  }

  askedFor(state: SideState, letters: Set<number>): void {
    this.receive.askedFor(state.receive, letters);
    for (const branch of state.branches) if (!branch.inPlus) this.subscribe.askedFor(branch.vector, letters);
    // Behind `+` only the slash matters, and the search always tries that.
  }

  #tidy(branches: readonly Branch[]): Branch[] {
    const out = new Map<string, Branch>();
    for (const branch of branches) if (!this.subscribe.isDead(branch.vector)) out.set(branchKey(branch), branch);
    return [...out.values()];
  }
}

function branchKey(branch: Branch): string {
  return `${branch.inPlus ? '+' : ''}${branch.vector.join('.')}`;
}

function distinctVectors(vectors: readonly Uint32Array[]): Uint32Array[] {
  return [...new Map(vectors.map((vector) => [vector.join('.'), vector])).values()];
}

function stateKey(state: SideState): string {
  return `${state.receive.join('.')}|${state.hashed ? '#' : state.branches.map(branchKey).sort().join(',')}`;
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
  let layer: Node[] = [{ here: one.start(), there: other.start(), valid: valid.start, letter: 0, parent: undefined }];
  const seen = new Set<string>();
  for (let length = 0; length <= valid.maxBytes && layer.length > 0; length += 1) {
    const next: Node[] = [];
    for (const node of layer) {
      if (valid.accepts(node.valid) && one.delivers(node.here) && !other.delivers(node.there))
        return { kind: 'word', word: wordOf(node) };
      // The ordinary letter first: of the shortest witnesses the plainest is found.
      const letters = new Set<number>(fresh === undefined ? [] : [fresh]);
      one.askedFor(node.here, letters);
      other.askedFor(node.there, letters);
      for (const letter of letters.add(slash).union(new Set(valid.openings(node.valid)))) {
        const state = valid.next(node.valid, letter);
        if (state < 0) continue;
        const after = one.step(node.here, letter, length === 0);
        budget.left -= 1 + (after.branches.length + node.there.branches.length) / 4;
        if (budget.left < 0) return { kind: 'exceeded' };
        if (one.isDead(after)) continue;
        const beyond = other.step(node.there, letter, length === 0);
        const key = `${state}/${stateKey(after)}/${stateKey(beyond)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ here: after, there: beyond, valid: state, letter, parent: node });
      }
    }
    layer = next;
  }
  return { kind: 'covered' };
}

function wordOf(end: Node): string {
  const letters: string[] = [];
  for (let node: Node | undefined = end; node?.parent !== undefined; node = node.parent)
    letters.push(String.fromCodePoint(node.letter));
  return letters.reverse().join('');
}
