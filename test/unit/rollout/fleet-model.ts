/**
 * An explicit-state model of up to three assets that share a candidate, under the real `planRollout` and `planAsset`: every
 * order of their steps, of time, of verdicts and of an abort. What one asset alone can go through is in model.ts; this is
 * what they do to each other: the budget, the brake that flips all at once, and the way back of several.
 */
import { type AssetInput, planAsset } from '../../../operator/rollout/asset.ts';
import { planRollout } from '../../../operator/rollout/planner.ts';
import type { RolloutDecision, RolloutInput } from '../../../operator/rollout/rollout.ts';
import { DEFAULT_STRATEGY } from '../../../operator/rollout/strategy.ts';
import type { AssetDecision, AssetState, CandidateDefault, Direction } from '../../../operator/rollout/types.ts';
import { NO_VERBS } from '../../../operator/rollout/verbs.ts';
import { type Found, search } from './search.ts';

const SETTLE = 2;
const FOREVER = 1_000_000;
const CHANGE = { baseline: 'B', candidate: 'K' };

export interface FleetModelOptions {
  readonly assets: number;
  readonly maxInFlight: number;
  /** Rights of the baseline, of the candidate, and what the candidate denies. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly denies: readonly string[];
  /** Replace the planners: to show that the model finds them broken. */
  readonly rollout?: (input: RolloutInput) => RolloutDecision;
  readonly asset?: (input: AssetInput) => AssetDecision;
}

/** Stored, and until when the broker may still apply the opposite. */
type Cell = readonly [on: boolean, staleUntil: number];

interface Asset {
  readonly baseline: Cell;
  readonly candidate: Cell;
  readonly attachedAt: number | undefined;
  readonly detachedAt: number | undefined;
  readonly direction: Direction;
  readonly state: AssetState;
  readonly failed: boolean;
}

interface State {
  readonly now: number;
  readonly assets: readonly Asset[];
  /** true: the candidate serves its new document. */
  readonly candidateIsNew: Cell;
  readonly flippedAt: number | undefined;
  readonly aborted: boolean;
  readonly over: string | undefined;
}

export function exploreFleet(options: FleetModelOptions): Found {
  const first: State = {
    now: 10,
    assets: Array.from({ length: options.assets }, () => ({
      baseline: [true, 0],
      candidate: [false, 0],
      attachedAt: undefined,
      detachedAt: undefined,
      direction: 'forward',
      state: 'Queued',
      failed: false,
    })),
    candidateIsNew: [true, 0],
    flippedAt: undefined,
    aborted: false,
    over: undefined,
  };
  return search({
    first,
    keyOf,
    successors: (state) => successors(state, options),
    violated: (state) => violated(state, options),
    ending: ({ over }) => over,
  });
}

/** Assets are alike, and only the time since the last acts matters: states that differ in nothing else are one. */
function keyOf({ now, assets, candidateIsNew, flippedAt, aborted, over }: State): string {
  const ago = (time: number | undefined) => (time === undefined ? '-' : Math.min(SETTLE + 1, now - time));
  const cell = ([on, until]: Cell) => `${on ? 1 : 0}${Math.max(0, until - now)}`;
  const each = assets.map((a) =>
    [cell(a.baseline), cell(a.candidate), ago(a.attachedAt), ago(a.detachedAt), a.direction, a.state, a.failed].join(),
  );
  return [each.join(';'), cell(candidateIsNew), ago(flippedAt), aborted, over].join('|');
}

function* successors(state: State, options: FleetModelOptions): Iterable<readonly [string, State]> {
  if (state.over !== undefined) return;
  yield ['tick', { ...state, now: state.now + 1 }];
  if (!state.aborted) yield ['abort', { ...state, aborted: true }];
  yield* rolloutStep(state, options);
  for (const index of state.assets.keys()) yield* assetStep(state, index, options);
}

function* rolloutStep(state: State, options: FleetModelOptions): Iterable<readonly [string, State]> {
  const decision = (options.rollout ?? planRollout)(rolloutInput(state, options));
  const turn = (ids: readonly string[], change: (asset: Asset) => Asset): State => ({
    ...state,
    assets: state.assets.map((asset, index) => (ids.includes(`a${index}`) ? change(asset) : asset)),
  });
  switch (decision.kind) {
    case 'start':
      yield [
        `start ${decision.assets.join(' ')}`,
        turn(decision.assets, (asset) => ({ ...asset, state: 'Preflight' })),
      ];
      return;
    case 'sendBack':
      yield ['send back', turn(decision.assets, (asset) => ({ ...asset, direction: 'back', state: 'RollingBack' }))];
      return;
    case 'brake': {
      const moved = (asset: Asset) =>
        asset.state !== 'Queued' && asset.state !== 'Preflight' && asset.state !== 'RolledBack';
      const assets = state.assets.map(
        (asset): Asset => (moved(asset) ? { ...asset, direction: 'back', state: 'RollingBack' } : asset),
      );
      yield ['brake', { ...state, assets, candidateIsNew: [false, state.now + SETTLE], flippedAt: state.now }];
      return;
    }
    case 'finish':
      yield [decision.phase, { ...state, over: decision.phase }];
      return;
    case 'wait':
      return;
    default:
      decision satisfies never;
  }
}

function* assetStep(state: State, index: number, options: FleetModelOptions): Iterable<readonly [string, State]> {
  const asset = state.assets[index]!;
  if (asset.state === 'Queued' || asset.state === 'RolledBack') return;
  if (asset.state === 'Succeeded' && asset.direction === 'forward') return;
  const put = (change: Partial<Asset>): State => ({
    ...state,
    assets: state.assets.map((one, at) => (at === index ? { ...one, ...change } : one)),
  });
  for (const verdict of ['succeeded', 'failed'] as const) {
    const decision = (options.asset ?? planAsset)(assetInput(state, asset, verdict, options));
    const label = `a${index} ${decision.kind}`;
    if (decision.kind === 'call') {
      const on = decision.call.kind === 'attach';
      const edge = decision.call.policy === CHANGE.baseline ? 'baseline' : 'candidate';
      const times = on ? { attachedAt: state.now } : { detachedAt: state.now };
      const change = { [edge]: [on, state.now + SETTLE] as Cell, ...times, state: decision.state };
      yield [`a${index} ${decision.call.kind} ${decision.call.policy}`, put(change)];
      return;
    }
    if (decision.kind === 'done') {
      const back = decision.state === 'RollingBack';
      yield [
        `${label} ${decision.state}`,
        put({ state: decision.state, ...(back ? { direction: 'back', failed: true } : {}) }),
      ];
    } else if (decision.state !== asset.state) yield [`${label} ${decision.state}`, put({ state: decision.state })];
  }
}

function rolloutInput({ assets, candidateIsNew, aborted, now }: State, options: FleetModelOptions): RolloutInput {
  return {
    revision: 'r',
    strategy: {
      ...DEFAULT_STRATEGY,
      waves: [{ size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false }],
      maxInFlight: options.maxInFlight,
    },
    classified: { class: 'tightens', addsDeny: options.denies.length > 0, uncertain: false, masked: false },
    assets: assets.map(({ state, failed }, index) => ({
      id: `a${index}`,
      wave: 0,
      state,
      groups: [],
      things: 1,
      held: false,
      reachable: true,
      failure: failed ? 'failed' : 'none',
    })),
    inFlightElsewhere: new Map(),
    analysis: { kind: 'passed' },
    // Promoted: failed assets hold nobody up, so that every number of them is seen.
    verbs: { ...NO_VERBS, promotedFully: true, acceptedFailures: FOREVER, abortedBy: aborted ? 'ann' : undefined },
    mitigations: [],
    brakeRefused: undefined,
    brake: candidateIsNew[0] ? 'released' : 'applied',
    connectStorm: false,
    suspended: false,
    waveDoneAt: [],
    startedAt: 0,
    lastProgressAt: now,
    superseded: false,
    now,
  };
}

function assetInput(
  state: State,
  asset: Asset,
  verdict: 'succeeded' | 'failed',
  options: FleetModelOptions,
): AssetInput {
  const carries = new Set([...(asset.baseline[0] ? ['B'] : []), ...(asset.candidate[0] ? ['K'] : [])]);
  const inForce: CandidateDefault = state.candidateIsNew[0] ? 'new' : 'brake';
  return {
    direction: asset.direction,
    certificates: [{ certificateArn: 'c', attached: carries, readAt: state.now }],
    changes: [CHANGE],
    candidateDefaults: new Map([['K', inForce]]),
    flippedAt: state.flippedAt,
    record: {
      ...(asset.attachedAt === undefined ? {} : { attachedAt: asset.attachedAt }),
      ...(asset.detachedAt === undefined ? {} : { detachedAt: asset.detachedAt }),
    },
    mayContract: { yes: true },
    noDetachBefore: 0,
    expandedHealth: 'healthy',
    verdict,
    addsDeny: options.denies.length > 0,
    settleMs: SETTLE,
    silenceMs: SETTLE,
    now: state.now,
  };
}

const BETWEEN: ReadonlySet<AssetState> = new Set(['Expanding', 'Verifying', 'Contracting', 'Observing']);

function violated(state: State, options: FleetModelOptions): string | undefined {
  const lost = state.assets.findIndex((asset) => mayLose(state, asset, options));
  if (lost >= 0) return `a${lost} may be without what it keeps`;
  const between = state.assets.filter((asset) => BETWEEN.has(asset.state)).length;
  if (between > options.maxInFlight) return `${between} assets between expand and verdict`;
  // One call: with the brake pulled, what is stored gives every asset at least what it had.
  const braked = !state.candidateIsNew[0];
  const bare = state.assets.findIndex(({ baseline, candidate }) => braked && !baseline[0] && !candidate[0]);
  return bare >= 0 ? `a${bare} has nothing after the brake` : undefined;
}

function mayLose(state: State, asset: Asset, { before, after, denies }: FleetModelOptions): boolean {
  const kept = before.filter((right) => after.includes(right) && !denies.includes(right));
  const both = ([on, until]: Cell) => (until > state.now ? [on, !on] : [on]);
  for (const b of both(asset.baseline)) {
    for (const k of both(asset.candidate)) {
      for (const isNew of both(state.candidateIsNew)) {
        const allowed = new Set([...(b ? before : []), ...(k ? (isNew ? after : before) : [])]);
        if (kept.some((right) => !allowed.has(right))) return true;
      }
    }
  }
  return false;
}
