import { describe, expect, it } from 'vitest';
import type { ContextClass } from '../../../operator/policy/context-class.ts';
import { anyText } from '../../../operator/policy/valid.ts';
import { maxCombinations, type Step, type Walk, walkContexts } from '../../../operator/policy/walk.ts';

interface State {
  readonly signature: string;
}

/** A class with as many values for each choice as said. */
const classOf = (...sizes: number[]): ContextClass => ({
  choices: sizes.map((size, index) => ({
    key: `k${index}`,
    values: Array.from({ length: size }, (_one, i) => `${i}`),
  })),
  self: new Set(),
  sameName: false,
  attached: false,
  valid: anyText,
});

/** A step that remembers the values which it read. */
const reading = (...reads: number[]): Step<State> => ({
  reads,
  take: ({ signature }, digits) => ({ signature: `${signature} ${reads.map((index) => digits[index]).join()}` }),
});
/** A step that looks at values and learns nothing from them. */
const blind = (...reads: number[]): Step<State> => ({ reads, take: (state) => state });

type Parts = Partial<Walk<State, string>>;

/** Runs a walk; tells its result, the combinations that it came to the end with, and what it spent. */
function walk(one: ContextClass, parts: Parts) {
  const ends: string[] = [];
  let spent = 0;
  const result = walkContexts<State, string>({
    one,
    start: { signature: '' },
    first: [],
    narrowing: [],
    mayFind: () => true,
    ...parts,
    spend: () => {
      spent += 1;
      return parts.spend?.() ?? true;
    },
    end: (state, digits) => {
      ends.push(digits.join(''));
      return parts.end?.(state, digits);
    },
  });
  return { result, ends, spent };
}

describe('a walk through contexts', () => {
  it('comes to every combination, wherever the one that matters lies', () => {
    for (const target of ['000', '001', '010', '011', '020', '021', '100', '101', '110', '111', '120', '121']) {
      const { result } = walk(classOf(2, 3, 2), {
        first: [reading(0)],
        narrowing: [reading(1), reading(2, 1)],
        end: (_state, digits) => (digits.join('') === target ? target : undefined),
      });
      expect(result).toEqual({ kind: 'found', result: target });
    }
  });

  it('multiplies no values that no statement reads, and spends nothing where there is one value', () => {
    const { result, ends, spent } = walk(classOf(2, 100, 3, 1), {
      first: [reading(0), reading(3)],
      narrowing: [reading(2)],
    });
    expect(result).toEqual({ kind: 'nothing' });
    expect(ends).toEqual(['0000', '0010', '0020', '1000', '1010', '1020']);
    expect(spent).toBe(8);
    expect(walk(classOf(1), { first: [reading(0)] }).spent).toBe(0);
  });

  it('counts choices up in their own order, however the statement names them', () => {
    expect(walk(classOf(2, 2), { first: [reading(1, 0)] }).ends).toEqual(['00', '10', '01', '11']);
  });

  it('goes on once from states that know the same, unless a value between them is still to be read', () => {
    expect(walk(classOf(10, 2), { first: [blind(0)], narrowing: [reading(1)] }).ends).toHaveLength(2);
    const again = walk(classOf(10, 2), { first: [blind(0)], narrowing: [reading(1), reading(1, 0)] });
    expect(again.ends).toHaveLength(20);
    // The same in the middle: what was read before the state was equal is past.
    expect(walk(classOf(3, 4, 2), { first: [blind(0), blind(1)], narrowing: [reading(2)] }).spent).toBe(3 + 4 + 2);
  });

  it('asks behind the first statements, before values are multiplied, whether anything may be found', () => {
    let asked = 0;
    const mayFind = (): boolean => {
      asked += 1;
      return false;
    };
    const { result, ends } = walk(classOf(3, 2), { first: [reading(0)], narrowing: [reading(1)], mayFind });
    expect({ result, ends, asked }).toEqual({ result: { kind: 'nothing' }, ends: [], asked: 3 });
    expect(walk(classOf(3, 2), { first: [reading(0), reading(1)], narrowing: [reading()], mayFind }).ends).toHaveLength(
      6,
    );
    expect(asked).toBe(3);
  });

  it('ends a way on which nothing can be found, and no other', () => {
    const only: Step<State> = { reads: [0], take: (state, digits) => (digits[0] === 1 ? state : undefined) };
    const none: Step<State> = { reads: [], take: () => undefined };
    expect(walk(classOf(3, 2), { first: [only], narrowing: [reading(1)] }).ends).toEqual(['10', '11']);
    expect(walk(classOf(3), { first: [reading(0), none] }).ends).toEqual([]);
  });

  it('takes next the statement that multiplies the fewest new values', () => {
    const order: string[] = [];
    const named = (name: string, ...reads: number[]): Step<State> => ({
      reads,
      take: (state) => {
        if (!order.includes(name)) order.push(name);
        return state;
      },
    });
    walk(classOf(2, 5, 3, 4), {
      first: [named('first', 3)],
      narrowing: [named('ten', 0, 1), named('three', 2), named('two', 0), named('settled', 3)],
    });
    expect(order).toEqual(['first', 'settled', 'two', 'three', 'ten']);
  });

  it('says that it stopped where the budget ends or there are too many combinations', () => {
    let left = 3;
    const spend = (): boolean => {
      left -= 1;
      return left >= 0;
    };
    const { result, ends } = walk(classOf(2, 3), { first: [reading(0), reading(1)], spend });
    expect({ result, ends }).toEqual({ result: { kind: 'stopped', by: 'budget' }, ends: ['00', '01'] });
    let looked = 0;
    const many = walkContexts<State, string>({
      one: classOf(maxCombinations + 1),
      start: { signature: '' },
      first: [blind(0)],
      narrowing: [],
      mayFind: () => true,
      end: () => {
        looked += 1;
        return undefined;
      },
      spend: () => true,
    });
    expect({ many, looked }).toEqual({ many: { kind: 'stopped', by: 'combinations' }, looked: maxCombinations });
  });
});
