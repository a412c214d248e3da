import { type AssetSummary, type RolloutDecision, type RolloutInput, thingsByGroup, wait } from './rollout.ts';
import { windowOpensAt } from './strategy.ts';
import { isAside, type Tally } from './tally.ts';
import { underWay } from './types.ts';

const RESUMED = {
  kind: 'start',
  phase: 'Progressing',
  reason: 'WaveStep',
  why: 'deferred assets that are in contact again',
} as const;

const ARMED = {
  kind: 'start',
  arming: true,
  phase: 'Progressing',
  reason: 'WaveStep',
  why: 'assets whose contacts are short are changed in this one and judged at the next',
} as const;

export function progress(input: RolloutInput, tally: Tally): RolloutDecision {
  const opens = windowOpensAt(input.strategy.windows, input.now);
  const arming = opens > input.now ? [] : armable(input, tally);
  if (arming.length > 0) return { ...ARMED, assets: arming };
  if (tally.wave >= input.strategy.waves.length) return complete(input, tally);
  // What was left expanded goes on as soon as it can be watched: its wave may be waiting for its evidence.
  const again = opens > input.now ? [] : reachableDeferred(input, tally);
  if (again.length > 0) return { ...RESUMED, assets: again };
  const baking = bake(input, tally);
  if (baking) return baking;
  if (opens > input.now) return wait('Progressing', 'WaitingForWindow', 'the next window is not open yet', opens);
  const next = choose(input, tally);
  const step = tally.wave === 0 ? 'CanaryStep' : 'WaveStep';
  if (next.length > 0) {
    return {
      kind: 'start',
      phase: 'Progressing',
      assets: next,
      reason: step,
      why: `wave ${tally.wave + 1} of ${input.strategy.waves.length}`,
    };
  }
  if (tally.inFlightThings > 0) {
    return wait(
      'Progressing',
      step,
      `${tally.inFlightThings} in flight of at most ${input.strategy.maxInFlight}${unable(input)}`,
      input.lastProgressAt + input.strategy.progressDeadlineMs,
    );
  }
  if (input.inFlightElsewhere.size >= input.strategy.maxInFlight) {
    return budgetInUse(input.inFlightElsewhere);
  }
  return wait(
    'Progressing',
    'WaitingForBudget',
    'no asset of this wave may move now: held, over budget or larger than maxInFlight',
  );
}

/** Nothing may begin, because others of the account are under way: who has the places is said, for one may need a person. */
export function budgetInUse(elsewhere: ReadonlyMap<string, string>, until?: number): RolloutDecision {
  const who = named([...elsewhere].map(([name, state]) => `${name} (${state})`).sort());
  const stuck = [...elsewhere.values()].some((state) => state.endsWith('suspended'));
  const remedy = stuck ? '; a suspended one keeps its place until spec.suspend of its Device is false' : '';
  return wait(
    'Progressing',
    'BudgetInUse',
    `other rollouts of the account have ${elsewhere.size} in flight: ${who}${remedy}`,
    until,
  );
}

/** The wave before must have baked, with the evidence it owes. */
function bake(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  const before = lastFilled(input, tally.wave);
  const wave = input.strategy.waves[before];
  if (!wave || tally.inFlightThings > 0) return undefined;
  if (input.verbs.promotedFully || input.verbs.promotedThrough >= before) return undefined;
  const evidence = tally.succeededByWave[before] ?? 0;
  const counts = (asset: RolloutInput['assets'][number]) =>
    asset.wave === before && asset.masked !== true && (!isAside(asset) || !asset.held);
  const size = input.assets.reduce((sum, asset) => sum + (counts(asset) ? 1 : 0), 0);
  if (evidence < Math.min(wave.minEvidence, size) && input.verbs.resumedThrough < before) {
    return wait(
      'Paused',
      'InconclusiveEvidence',
      `wave ${before + 1} has ${evidence} of ${wave.minEvidence} verdicts with evidence; resume to go on without, promote to skip its bake as well${unable(input)}`,
    );
  }
  if (wave.pause) return wait('Paused', 'PauseStep', `wave ${before + 1} is done: promote to go on`);
  const until = (input.waveDoneAt[before] ?? input.now) + wave.bakeMs;
  if (input.now < until) return wait('Baking', 'Baking', `wave ${before + 1} is baking`, until);
  return undefined;
}

/** In a small fleet waves may be empty; they neither bake nor stand for the one before them. */
function lastFilled({ assets }: RolloutInput, wave: number): number {
  return assets.reduce((last, asset) => (asset.wave < wave && asset.wave > last ? asset.wave : last), -1);
}

/** Queued assets of the wave that fit into every budget, in order. */
function choose(input: RolloutInput, tally: Tally): readonly string[] {
  return fitting(input, tally, (asset) => asset.wave === tally.wave && asset.state === 'Queued');
}

/** Those that may be in flight beside what is: none alone may use up what a site or a gateway is allowed. */
function fitting(input: RolloutInput, tally: Tally, wanted: (asset: AssetSummary) => boolean): readonly string[] {
  let room = input.strategy.maxInFlight - tally.inFlightThings - input.inFlightElsewhere.size;
  const inFlight = tally.groups.map((group) => new Map(group));
  const chosen: string[] = [];
  for (const asset of input.assets) {
    if (room <= 0) break;
    if (!wanted(asset) || asset.held || isAside(asset) || asset.things > room) continue;
    const after = inFlight.map((counted, index) =>
      [...thingsByGroup(asset, index)].map(([group, things]) => [group, (counted.get(group) ?? 0) + things] as const),
    );
    const most = (index: number) => input.strategy.budgets[index] ?? Number.POSITIVE_INFINITY;
    if (after.some((counted, index) => counted.some(([, things]) => things > most(index)))) continue;
    for (const [index, counted] of after.entries())
      for (const [group, things] of counted) inFlight[index]?.set(group, things);
    chosen.push(asset.id);
    room -= asset.things;
  }
  return chosen;
}

/** Every wave is through: what is left are assets that could not be watched, and those that people left out. */
function complete(input: RolloutInput, tally: Tally): RolloutDecision {
  if (tally.inFlightThings > 0) return wait('Progressing', 'WaveStep', `${tally.inFlightThings} still in flight`);
  const deferred = tally.byState.get('Deferred') ?? 0;
  const held = tally.byState.get('Held') ?? 0;
  // A group is changed for all its members: it cannot leave one of them out.
  const skipped = input.groups === undefined ? 0 : (tally.byState.get('Excluded') ?? 0);
  const back = (tally.byState.get('RolledBack') ?? 0) + skipped;
  if (back > 0) {
    // The declared policy cannot take the new document while an asset lives on the old one.
    return wait(
      'Paused',
      'AssetsOnBaseline',
      `all waves are through, and ${back} assets are on the policy of before; retry them, skip them, or abort to bring all back`,
    );
  }
  if (tally.armedThings > 0)
    return wait('Progressing', 'WaitingForDevices', `${tally.armedThings} armed, to be judged at their next contact`);
  const handover = handOver(input, tally);
  if (handover !== undefined) return handover;
  if (deferred + held === 0) return finished(input, tally, 0);
  const reachable = reachableDeferred(input, tally);
  if (reachable.length > 0) return { ...RESUMED, assets: reachable };
  const deadline = input.lastProgressAt + input.strategy.stragglersAfterMs;
  if (input.now < deadline)
    return wait(
      'Progressing',
      'WaitingForDevices',
      `${deferred} deferred and ${held} held assets keep their policy until they can be watched: ${waiting(input)}${unable(input)}${armHint(input)}`,
      deadline,
    );
  if (input.strategy.completion === 'CompleteWithStragglers') return finished(input, tally, deferred + held);
  return wait(
    'Paused',
    'ProgressDeadlineExceeded',
    `${deferred} deferred and ${held} held assets did not become watchable (${waiting(input)}${unable(input)}); wait for them, skip them, or abort to bring all back`,
  );
}

const NAMED = 5;

/** Who was left behind is named: those that people skipped, and those that nobody could watch. */
function finished({ assets }: RolloutInput, { byState }: Tally, stragglers: number): RolloutDecision {
  const proven = `${byState.get('Succeeded') ?? 0} assets are on the new policy`;
  const skipped = byState.get('Excluded') ?? 0;
  if (stragglers + skipped === 0) return { kind: 'finish', phase: 'Succeeded', reason: 'Completed', why: proven };
  const left = assets.filter((asset) => asset.state !== 'Succeeded').map(({ id }) => id);
  const why = `${proven}; ${named(left)} keep the policy of before (${skipped} skipped, ${stragglers} not to be watched)`;
  return { kind: 'finish', phase: 'Succeeded', reason: 'CompletedWithStragglers', why };
}

function named(ids: readonly string[]): string {
  return `${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ` and ${ids.length - NAMED} more` : ''}`;
}

function waiting({ assets }: RolloutInput): string {
  const waits = (asset: AssetSummary) => asset.state === 'Deferred' || asset.state === 'Held' || isAside(asset);
  return named(assets.filter(waits).map(({ id }) => id));
}

/** Whatever the rollout waits for: who is stuck in the middle is named with the reason, for only a person can help. */
export function withStuck(input: RolloutInput, decision: RolloutDecision): RolloutDecision {
  if (decision.kind !== 'wait') return decision;
  const assets = input.assets.filter(({ state, unable: why }) => why !== undefined && underWay(state));
  const why = unable({ assets });
  return decision.why.includes(assets[0]?.unable ?? '') ? decision : { ...decision, why: `${decision.why}${why}` };
}

/** Nobody but the Device knows why it gets no further, and nobody would look there. */
function unable({ assets }: Pick<RolloutInput, 'assets'>): string {
  const whys = assets.flatMap((asset) => asset.unable ?? []);
  const [first, ...more] = whys;
  if (first === undefined) return '';
  return `; ${first}${more.length === 0 ? '' : `, and ${more.length} more like it`}`;
}

function armHint({ strategy, verbs }: RolloutInput): string {
  if (strategy.maxArmed === 0 || verbs.armedBy !== undefined) return '';
  return `; those whose contacts are too short may be armed, ${strategy.maxArmed} at a time, when somebody says arm`;
}

/** With somebody's word, and in a budget of its own: nobody watches what such an asset does next. */
function armable({ assets, strategy, verbs }: RolloutInput, { armedThings }: Tally): readonly string[] {
  if (verbs.armedBy === undefined) return [];
  let room = strategy.maxArmed - armedThings;
  return assets.flatMap((asset) => {
    if (asset.armable !== true || asset.held || asset.things > room) return [];
    room -= asset.things;
    return asset.id;
  });
}

/** Everybody who could be is on both policies: the thing groups change, under nobody's feet. */
function handOver(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  if (input.groups === undefined || input.groups.handedOver) return undefined;
  const reachable = reachableDeferred(input, tally);
  if (reachable.length > 0) return { ...RESUMED, assets: reachable };
  const deadline = input.lastProgressAt + input.strategy.stragglersAfterMs;
  const why = 'thing groups are handed over to the new policy; their members have both';
  if (input.now < deadline) return wait('Progressing', 'GroupHandover', why, deadline);
  return wait('Paused', 'ProgressDeadlineExceeded', 'a thing group could not be handed over; see its members');
}

function reachableDeferred(input: RolloutInput, tally: Tally): readonly string[] {
  return fitting(input, tally, (asset) => asset.state === 'Deferred' && asset.reachable);
}
