import type { Direction, PolicyChange } from './types.ts';

/** One policy of a rollout with every name in AWS that stands for it. */
export interface Family {
  readonly declared: string;
  readonly candidate: string;
  /** Declared, candidate, and candidates of earlier rollouts that assets may still carry. */
  readonly names: readonly string[];
}

/**
 * The changes of one asset, out of what it carries. Forward it leaves every other name of the family for the candidate;
 * back and home it leaves every other name for the declared one, which always holds what was last proven.
 */
export function changesOf(
  direction: Direction,
  families: readonly Family[],
  attached: ReadonlySet<string>,
): readonly PolicyChange[] {
  return families.flatMap(({ declared, candidate, names }) => {
    const carried = names.filter((name) => attached.has(name));
    if (direction === 'forward') {
      const left = carried.filter((name) => name !== candidate);
      return (left.length > 0 ? left : [declared]).map((baseline) => ({ baseline, candidate }));
    }
    const left = carried.filter((name) => name !== declared);
    return (left.length > 0 ? left : [candidate]).map((name) => ({ baseline: declared, candidate: name }));
  });
}
