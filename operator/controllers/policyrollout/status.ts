import { type Progress, setProgress } from '../../api/conditions.ts';
import type { PolicyRollout, PolicyRolloutStatus } from '../../api/policyrollout.gen.ts';
import type { Witness } from '../../policy/index.ts';
import { type AssetSummary, membersOf, type RolloutDecision } from '../../rollout/rollout.ts';
import { isAside } from '../../rollout/tally.ts';
import { type AssetState, inFlight, underWay } from '../../rollout/types.ts';
import type { Pauser } from '../../runtime/pauser.ts';
import { defined, sameJson } from '../external/equal.ts';
import { fromStore, STATUS_OWNER } from '../external/scope.ts';
import type { ExternalDeps } from '../external/types.ts';
import { exactTime } from './asset/record.ts';
import { rolloutConditions, sessionCounts } from './conditions.ts';
import type { Pass } from './pass.ts';
import { verbStatus } from './people/verb-state.ts';
import { REVERTED } from './policies/stance.ts';
import { sourceRevision } from './source.ts';

const SHOWN = 20;
/** In what order people look. */
const NOTEWORTHY: readonly AssetState[] = [
  'Unrecovered',
  'RollingBack',
  'RolledBack',
  'Held',
  'Contracting',
  'Observing',
  'Expanding',
  'Verifying',
  'Preflight',
  'Armed',
  'Deferred',
  'Excluded',
];

/** The whole status after this pass. Counters only: where each asset stands is told by its Device. */
export async function statusAfter(
  pass: Pass,
  decision: RolloutDecision,
  {
    flippedAt,
    groups,
    pauser,
  }: {
    readonly flippedAt: string | undefined;
    readonly groups: PolicyRolloutStatus['groups'];
    readonly pauser: Pauser;
  },
): Promise<PolicyRolloutStatus> {
  const { rollout, analysis, tally, strategy, input, now } = pass;
  const before = rollout.status ?? {};
  const { classification } = analysis;
  const counters = countersOf(pass);
  await pauser.pause();
  const samples = samplesOf(pass);
  await pauser.pause();
  const progressedAt = lastProgress(pass) ?? before.lastProgressAt;
  await pauser.pause();
  const starts = decision.kind === 'start' && before.startedAt === undefined;
  const reason = pass.reverted && decision.phase.startsWith('Abort') ? REVERTED : decision.reason;
  const status = {
    ...before,
    observedGeneration: rollout.metadata.generation ?? 1,
    phase: decision.phase,
    reason,
    message: decision.why.slice(0, 1_000),
    class: classification.class,
    addsDeny: classification.addsDeny,
    uncertain: classification.uncertain,
    gained: [...new Set(classification.gained.map(witness))].slice(0, 5),
    lost: [...new Set(classification.lost.map(witness))].slice(0, 5),
    wave: Math.min(tally.wave + 1, strategy.waves.length),
    step: `${Math.min(tally.wave + 1, strategy.waves.length)}/${strategy.waves.length}`,
    switched: `${counters.succeeded}/${counters.total}`,
    waves: strategy.waves.length,
    counters,
    samples,
    candidates: [...pass.defaults].map(([name, inForce]) => ({ name, inForce })),
    waveDoneAt: wavesDone(pass),
  };
  const times = {
    startedAt: starts ? exactTime(now) : before.startedAt,
    lastProgressAt: progressedAt,
    flippedAt,
    groups,
    brakedAt:
      input.brake === 'applied' || decision.kind === 'brake' ? (before.brakedAt ?? exactTime(now)) : before.brakedAt,
    finishedAt: decision.kind === 'finish' ? exactTime(now) : before.finishedAt,
    brakeProblem: input.brakeRefused,
    verbs: verbStatus(pass.verbs),
    answers: pass.verbs.answers,
    acts: pass.acts.length === 0 ? undefined : [...pass.acts],
    sourceRevision: before.sourceRevision ?? sourceRevision(pass.deps.cache, rollout),
    evidence: pass.deps.rollouts.teller.head(rollout),
    waitsUntil: waitsUntil(decision),
    ...manualPause(pass, decision),
    refused: pass.verbs.refused.length === 0 ? undefined : pass.verbs.refused,
  };
  const progress = setProgress(before.conditions ?? [], progressOf(pass, decision, counters), {
    generation: rollout.metadata.generation,
    now,
  });
  const conditions = rolloutConditions(progress, pass, { decision, counters });
  return defined({ ...status, ...times, conditions }) as PolicyRolloutStatus;
}

/** Deadlines are no waits: what ends by itself before them is not said. */
function waitsUntil(decision: RolloutDecision): string | undefined {
  if (decision.kind !== 'wait' || decision.until === undefined || !Number.isFinite(decision.until)) return undefined;
  const waits = decision.phase === 'Baking' || decision.reason.startsWith('WaitingFor');
  return waits ? exactTime(decision.until) : undefined;
}

/** Time that people had it paused: what is over is summed up, what goes on has its beginning. */
function manualPause(
  { rollout, now }: Pass,
  { phase, reason }: RolloutDecision,
): {
  readonly pausedAt?: string | undefined;
  readonly resumedAt?: string | undefined;
  readonly manualPauseSeconds?: number | undefined;
} {
  const { pausedAt, manualPauseSeconds } = rollout.status ?? {};
  if (phase === 'Paused' && reason === 'UserRequested')
    return { pausedAt: pausedAt ?? exactTime(now), manualPauseSeconds };
  if (pausedAt === undefined) return { manualPauseSeconds };
  const seconds = (manualPauseSeconds ?? 0) + (now - Date.parse(pausedAt)) / 1_000;
  return { pausedAt: undefined, resumedAt: exactTime(now), manualPauseSeconds: seconds };
}

/** Counted in Devices: those that share certificates are one asset, and several for whoever looks at them. */
function countersOf({ assets, devices, rollout }: Pass) {
  const counted = {
    total: 0,
    queued: 0,
    inFlight: 0,
    succeeded: 0,
    armed: 0,
    deferred: 0,
    held: 0,
    rolledBack: 0,
    failed: 0,
    unrecovered: 0,
  };
  for (const { things, state, armed, held, failure } of assets) {
    counted.total += things;
    if (state === 'Queued') counted.queued += things;
    if (armed !== true && inFlight(state)) counted.inFlight += things;
    if (state === 'Succeeded') counted.succeeded += things;
    if (armed === true && underWay(state)) counted.armed += things;
    if (state === 'Deferred') counted.deferred += things;
    if (state === 'Held' || (held && state === 'Queued')) counted.held += things;
    if (state === 'RolledBack') counted.rolledBack += things;
    if (failure !== 'none') counted.failed += things;
    if (state === 'Unrecovered') counted.unrecovered += things;
  }
  return { ...counted, ...sessionCounts(assets, devices, rollout.metadata.name) };
}

type Counters = ReturnType<typeof countersOf>;

function samplesOf({ assets, devices, aside }: Pass): PolicyRolloutStatus['samples'] {
  const shown = (asset: AssetSummary) => (isAside(asset) && asset.held ? 'Held' : asset.state);
  const rank = (asset: AssetSummary) => NOTEWORTHY.indexOf(isAside(asset) ? 'Held' : asset.state);
  const samples = assets
    .filter((asset) => rank(asset) >= 0)
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((asset) => membersOf(asset).map((device) => ({ device, state: shown(asset), unable: asset.unable })))
    .slice(0, SHOWN);
  const names = new Set(samples.map(({ device }) => device));
  const records = devices.filter(({ metadata }) => names.has(metadata.name));
  const whys = new Map(records.map(({ metadata, status }) => [metadata.name, status?.rollout?.why]));
  return samples.map(({ device, state, unable }) => {
    const why = aside.get(device)?.slice(0, 500) ?? unable ?? whys.get(device);
    return defined({ device, state, why }) as { device: string; state: string };
  });
}

/** Waves end in order; when the last asset of one has its verdict is written down once. */
function wavesDone({ rollout, tally, strategy, now }: Pass): readonly string[] {
  const before = rollout.status?.waveDoneAt ?? [];
  return strategy.waves.map((_, index) => (index < tally.wave ? before[index] || exactTime(now) : ''));
}

function lastProgress({ devices, rollout }: Pass): string | undefined {
  let last: string | undefined;
  for (const { status } of devices) {
    const record = status?.rollout;
    if (record?.name !== rollout.metadata.name || record.since === undefined) continue;
    if (last === undefined || record.since > last) last = record.since;
  }
  return last;
}

const STALLING: ReadonlySet<string> = new Set(['Paused', 'AwaitingApproval', 'Pending', 'Aborted', 'Superseded']);

function progressOf(
  { tally, strategy, input, now }: Pass,
  decision: RolloutDecision,
  { succeeded, total }: Counters,
): Progress {
  const wave = `wave ${Math.min(tally.wave + 1, strategy.waves.length)} of ${strategy.waves.length}`;
  const message = `${decision.phase}, ${succeeded} of ${total} moved, ${wave}: ${decision.why}`;
  if (decision.phase === 'Succeeded') return { kind: 'ready', reason: decision.reason, message };
  if (STALLING.has(decision.phase)) return { kind: 'stalled', reason: decision.reason, message };
  const stuck = tally.inFlightThings > 0 || decision.reason === 'WaitingForBudget';
  const late = stuck && now > input.lastProgressAt + strategy.progressDeadlineMs;
  if (late)
    return { kind: 'stalled', reason: 'ProgressDeadlineExceeded', message: `No asset moved in time. ${message}` };
  return { kind: 'reconciling', reason: decision.reason, message };
}

function witness({ action, resource }: Witness): string {
  return `${action} on ${resource}`.slice(0, 500);
}

export async function saveRollout(
  deps: Pick<ExternalDeps, 'store'>,
  rollout: PolicyRollout,
  status: PolicyRolloutStatus,
): Promise<void> {
  if (sameJson(rollout.status ?? {}, status)) return;
  const { namespace = '', name, uid = '' } = rollout.metadata;
  try {
    await deps.store.applyStatus({ kind: 'PolicyRollout', namespace, name, uid }, status, { owner: STATUS_OWNER });
  } catch (thrown) {
    throw fromStore(thrown);
  }
}
