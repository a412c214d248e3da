import { ANY, type Glob, matches, plainText, STAR, takes } from './glob.ts';
import { addLetters, coversLinearly, freshLetter } from './letters.ts';
import { type PackedGlobs, packGlobs } from './packed.ts';
import { isValid, utf8Length, type Validity } from './valid.ts';

/** Search nodes that are left; shared by all searches of one comparison, so that the whole stays bounded. */
export interface Budget {
  left: number;
}

export interface InclusionProblem {
  /** The words that all of these match; at least one glob. */
  readonly left: readonly Glob[];
  /** The words that one of these matches. */
  readonly right: readonly Glob[];
  readonly valid: Validity;
  readonly budget: Budget;
}

export type InclusionResult =
  | { readonly kind: 'covered' }
  /** A shortest valid word (in bytes) that every left glob takes and no right one. */
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'exceeded' };

const covered: InclusionResult = { kind: 'covered' };
const exceeded: InclusionResult = { kind: 'exceeded' };
/** Words of memory that one search may hold (64 MB). */
const maxMemory = 1 << 24;

/**
 * Decides whether every valid word of the overlap of the left globs is matched by a right glob; if not, gives a shortest one that
 * is not. Exact. Worst case exponential in the number of stars on the right (the problem is coNP-hard), bounded by the budget.
 */
export function findUncovered(problem: InclusionProblem): InclusionResult {
  const { left, right, valid } = problem;
  for (const glob of right) for (const one of left) if (coversLinearly(glob, one)) return covered;
  const fixed = left.find(isLiteral);
  if (fixed !== undefined) return literalCase(problem, plainText(fixed));
  const fresh = freshLetter([...left, ...right], valid);
  return new Search(problem, packGlobs(right), fresh).run();
}

function isLiteral(glob: Glob): boolean {
  for (const token of glob) if (token < 0) return false;
  return true;
}

/** That no right glob takes the word is known from the quick test, which is exact for plain text. */
function literalCase({ left, valid }: InclusionProblem, word: string): InclusionResult {
  return isValid(valid, word) && left.every((glob) => matches(glob, word)) ? { kind: 'word', word } : covered;
}

/**
 * Breadth first by length in bytes over pairs of a left state (one position in each left glob, one of the validity automaton) and
 * the set of right positions. A pair is dropped when the same left state is known with a subset of its right positions.
 */
class Search {
  readonly #problem: InclusionProblem;
  readonly #right: PackedGlobs;
  readonly #fresh: number | undefined;
  readonly #words: number;
  readonly #seen = new Map<number | string, number[]>();
  readonly #buckets: number[][] = [];
  #pool: Uint32Array;
  #parents: number[] = [];
  #letters: number[] = [];
  #lefts: Int32Array[] = [];
  #states: number[] = [];

  constructor(problem: InclusionProblem, right: PackedGlobs, fresh: number | undefined) {
    this.#problem = problem;
    this.#right = right;
    this.#fresh = fresh;
    this.#words = Math.max(1, right.words);
    this.#pool = new Uint32Array(this.#words * 64);
  }

  run(): InclusionResult {
    const { left, valid, budget } = this.#problem;
    const start = new Uint32Array(this.#words);
    if (this.#right.start(start)) return covered;
    this.#add({ parent: -1, letter: 0, left: new Int32Array(left.length), state: 0, vector: start, cost: 0 });
    const scratch = new Uint32Array(this.#words);
    for (let cost = 0; cost <= valid.maxBytes && cost < this.#buckets.length; cost += 1) {
      for (const node of this.#buckets[cost] ?? []) {
        if (this.#isEnd(node)) return { kind: 'word', word: this.#word(node) };
        budget.left -= 1 + this.#words / 16;
        if (budget.left < 0 || this.#pool.length > maxMemory) return exceeded;
        this.#expand(node, cost, scratch);
      }
      this.#buckets[cost] = [];
    }
    return covered;
  }

  #expand(node: number, cost: number, scratch: Uint32Array): void {
    const { left, valid } = this.#problem;
    const positions = this.#lefts[node] ?? new Int32Array();
    const state = this.#states[node] ?? 0;
    const freeWorks = this.#fresh !== undefined && valid.next(state, this.#fresh) >= 0;
    const openings = valid.openings(state);
    for (const letter of this.#lettersAt(positions, state)) {
      const next = valid.next(state, letter);
      if (next < 0) continue;
      const options = left.map((glob, i) => moves(glob, positions[i] ?? 0, letter));
      if (options.some((list) => list.length === 0)) continue;
      // A letter that a left glob does not ask for is no harder to cover than the fresh one, unless validity singles it out.
      const needless = freeWorks && letter !== this.#fresh && !openings.includes(letter);
      if (this.#right.step(this.#pool.subarray(node * this.#words, (node + 1) * this.#words), letter, scratch))
        continue;
      const bytes = cost + utf8Length(letter);
      for (const move of products(options)) {
        if (needless && move.every((step) => step.free)) continue;
        const after = Int32Array.from(move, (step) => step.to);
        this.#add({ parent: node, letter, left: after, state: next, vector: scratch, cost: bytes });
      }
    }
  }

  #lettersAt(positions: Int32Array, state: number): ReadonlySet<number> {
    const { left, valid } = this.#problem;
    const letters = new Set<number>();
    if (this.#fresh !== undefined) letters.add(this.#fresh);
    else for (const code of valid.alphabet ?? []) letters.add(code);
    for (const code of valid.openings(state)) letters.add(code);
    left.forEach((glob, i) => {
      const at = positions[i] ?? 0;
      addLetters(letters, glob[at]);
      if (glob[at] === STAR) addLetters(letters, glob[at + 1]);
    });
    return letters;
  }

  #add(node: {
    parent: number;
    letter: number;
    left: Int32Array;
    state: number;
    vector: Uint32Array;
    cost: number;
  }): void {
    const key = this.#leftKey(node.left, node.state);
    const known = this.#seen.get(key) ?? [];
    this.#problem.budget.left -= known.length / 64;
    if (known.some((other) => this.#isSubset(other, node.vector))) return;
    const id = this.#parents.length;
    if ((id + 1) * this.#words > this.#pool.length) this.#grow();
    this.#pool.set(node.vector, id * this.#words);
    this.#parents.push(node.parent);
    this.#letters.push(node.letter);
    this.#lefts.push(node.left);
    this.#states.push(node.state);
    known.push(id);
    this.#seen.set(key, known);
    while (this.#buckets.length <= node.cost) this.#buckets.push([]);
    this.#buckets[node.cost]?.push(id);
  }

  #leftKey(left: Int32Array, state: number): number | string {
    // Beyond a few globs the mixed-radix number would lose digits, and two states would be taken for one.
    if (left.length > 4) return `${state} ${left.join()}`;
    let key = state;
    for (let i = 0; i < left.length; i += 1) key = key * ((this.#problem.left[i]?.length ?? 0) + 1) + (left[i] ?? 0);
    return key;
  }

  #isSubset(known: number, vector: Uint32Array): boolean {
    const offset = known * this.#words;
    for (let i = 0; i < this.#words; i += 1)
      if (((this.#pool[offset + i] ?? 0) & ~(vector[i] ?? 0)) !== 0) return false;
    return true;
  }

  #grow(): void {
    const bigger = new Uint32Array(this.#pool.length * 2);
    bigger.set(this.#pool);
    this.#pool = bigger;
  }

  #isEnd(node: number): boolean {
    const { left, valid } = this.#problem;
    if (!valid.accepts(this.#states[node] ?? 0)) return false;
    const positions = this.#lefts[node] ?? new Int32Array();
    const ended = left.every((glob, i) => {
      const at = positions[i] ?? 0;
      return at === glob.length || (glob[at] === STAR && at + 1 === glob.length);
    });
    return ended && !this.#right.accepts(this.#pool.subarray(node * this.#words, (node + 1) * this.#words));
  }

  #word(end: number): string {
    const letters: string[] = [];
    for (let node = end; (this.#parents[node] ?? -1) >= 0; node = this.#parents[node] ?? -1)
      letters.push(String.fromCodePoint(this.#letters[node] ?? 0));
    return letters.reverse().join('');
  }
}

interface Move {
  readonly to: number;
  /** The glob did not ask for this very letter. */
  readonly free: boolean;
}

/** Where one letter leads from a position. A star may keep the letter or end before it. */
function moves(glob: Glob, at: number, letter: number): Move[] {
  const token = glob[at];
  if (token === undefined) return [];
  if (token !== STAR) return takes(token, letter) ? [{ to: at + 1, free: token === ANY }] : [];
  const out: Move[] = [{ to: at, free: true }];
  const next = glob[at + 1];
  if (next !== undefined && takes(next, letter)) out.push({ to: at + 2, free: false });
  return out;
}

function products(options: readonly (readonly Move[])[]): Move[][] {
  let out: Move[][] = [[]];
  for (const list of options) out = out.flatMap((head) => list.map((step) => [...head, step]));
  return out;
}
