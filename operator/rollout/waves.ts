import type { Strategy } from './strategy.ts';

/** What ordering an asset needs; kept per asset by the controller, a few bytes each. */
export interface Orderable {
  readonly id: string;
  /** Devices that fail alike: firmware, type, region. A canary of one cohort does not vouch for another. */
  readonly cohort: string;
  /** Higher is more critical. Default 0. */
  readonly criticality: number;
  /** Things that move with it, itself among them, because they share certificates. Default 1. */
  readonly things?: number;
  /** On a candidate of a revision that was overtaken and never proven. */
  readonly unproven?: boolean;
  /** Another policy hides the change: whatever becomes of it says nothing about others. */
  readonly masked?: boolean;
}

export interface Plan {
  /** Asset ids in the order they move. */
  readonly order: readonly string[];
  /** `ends[i]` is how many assets the waves up to and including i hold. Things that share certificates are one. */
  readonly ends: readonly number[];
}

/**
 * Splits the assets into waves; those on an unproven candidate make up the first, for they are the ones at risk. Those that prove
 * nothing are no canaries of the others and come after them; where all are such, they go through the waves like any.
 * Deterministic: the same assets and strategy give the same plan on every replica.
 */
export function planWaves(assets: readonly Orderable[], strategy: Strategy): Plan {
  const showing = assets.filter(({ masked }) => masked !== true);
  if (showing.length === 0 || showing.length === assets.length) return split(assets, strategy);
  const { order, ends } = split(showing, strategy);
  const hidden = sortAssets(
    assets.filter(({ masked }) => masked === true),
    strategy.order,
  );
  return { order: [...order, ...hidden.map(({ id }) => id)], ends: [...ends.slice(0, -1), assets.length] };
}

function split(assets: readonly Orderable[], strategy: Strategy): Plan {
  const left = sortAssets(assets, strategy.order);
  const order: string[] = [];
  const ends: number[] = [];
  // By position: a set of 100,000 names takes longer than all the rest.
  const taken = new Uint8Array(left.length);
  const all = assets.reduce((sum, asset) => sum + thingsIn(asset), 0);
  let things = 0;
  let before = 0;
  const take = (asset: Orderable, at: number): void => {
    taken[at] = 1;
    order.push(asset.id);
    things += thingsIn(asset);
  };
  for (const [at, asset] of left.entries()) if (asset.unproven === true) take(asset, at);
  for (const wave of strategy.waves) {
    const size = wave.size;
    if ('perCohort' in size) {
      const seen = new Map<string, number>();
      for (const [at, asset] of left.entries()) {
        const count = seen.get(asset.cohort) ?? 0;
        // Assets of earlier waves count: what has vouched for its cohort need not do so again.
        seen.set(asset.cohort, count + thingsIn(asset));
        if (count < size.perCohort && taken[at] === 0) take(asset, at);
      }
    } else {
      let wanted = 'count' in size ? size.count : 'percent' in size ? Math.ceil((all * size.percent) / 100) : all;
      wanted -= things - before;
      for (const [at, asset] of left.entries()) {
        if (wanted <= 0) break;
        if (taken[at] === 1 || thingsIn(asset) > wanted) continue;
        take(asset, at);
        wanted -= thingsIn(asset);
      }
      // Too large for every wave but the last, units would go unwatched: a wave with room takes at least one.
      const at = things > before || wanted <= 0 ? -1 : taken.indexOf(0);
      const next = left[at];
      if (next !== undefined) take(next, at);
    }
    ends.push(order.length);
    before = things;
  }
  return { order, ends };
}

function thingsIn({ things = 1 }: Orderable): number {
  return things;
}

/** The wave of the asset at this position of the order. */
export function waveOf(plan: Plan, position: number): number {
  const wave = plan.ends.findIndex((end) => position < end);
  return wave === -1 ? plan.ends.length - 1 : wave;
}

function sortAssets(assets: readonly Orderable[], order: Strategy['order']): readonly Orderable[] {
  const sign = order === 'CriticalFirst' ? -1 : order === 'CriticalLast' ? 1 : 0;
  return [...assets].sort((a, b) => sign * (a.criticality - b.criticality) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}
