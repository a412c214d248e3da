import type { Device, DeviceStatusRollout } from '../../../api/device.gen.ts';
import type { KubeObject } from '../../../api/meta.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import type { EvidenceHead } from '../../../report/evidence/chain.ts';
import type { RolloutDecision } from '../../../rollout/rollout.ts';
import type { EventInput, EventRecorder } from '../../../runtime/events.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import type { Pass } from '../pass.ts';
import type { EvidenceBook } from './evidence.ts';
import { noMetrics, type RolloutMetrics } from './metrics.ts';
import { passEvidence } from './pass-evidence.ts';
import { rolloutEvents } from './rollout-events.ts';

/** Tells people what rollouts do: as events, in the evidence log and as metrics. Nothing depends on what it does. */
export interface Teller {
  /** The asset's record as it was and as it is stored now. */
  asset(device: Device, before: DeviceStatusRollout | undefined, after: DeviceStatusRollout): void;
  /** A call that is about to be handed to AWS. */
  call(rollout: KubeObject['metadata'], operation: string, details: Readonly<Record<string, string>>): void;
  /** What a pass found and decided, before it is stored. */
  pass(pass: Pass, decision: RolloutDecision): void;
  /** What happens to the rollout after its end. */
  note(rollout: PolicyRollout, kind: string, data: Readonly<Record<string, unknown>>): void;
  head(rollout: PolicyRollout): EvidenceHead | undefined;
}

export interface TellerOptions {
  readonly cache: Cache;
  readonly events: EventRecorder;
  readonly evidence?: EvidenceBook | undefined;
  readonly metrics?: RolloutMetrics | undefined;
}

export function createTeller({ cache, events, evidence, metrics = noMetrics }: TellerOptions): Teller {
  /** The last thing told of a rollout: a pass whose status could not be stored is not told twice. */
  const told = new Map<string, string>();

  function note(rollout: PolicyRollout | undefined, kind: string, data: Readonly<Record<string, unknown>>): void {
    if (rollout === undefined || evidence === undefined) return;
    evidence.note(rollout, kind, data);
    metrics.evidence(kind);
  }

  function find(namespace: string | undefined, name: string): PolicyRollout | undefined {
    return cache.get({ kind: 'PolicyRollout', namespace: namespace ?? '', name }) as PolicyRollout | undefined;
  }

  return {
    asset(device, before, after) {
      const same = before?.name === after.name;
      if ((after.blocked ?? []).length > 0 && !(same && (before.blocked ?? []).length > 0)) metrics.blocked();
      if (same && before.state === after.state) return;
      const rollout = find(device.metadata.namespace, after.name);
      const from = same ? before.state : 'Queued';
      note(rollout, 'asset', {
        device: device.metadata.name,
        from,
        to: after.state,
        why: after.why,
        ...verdictOf(after),
      });
      measure(metrics, same ? before : undefined, after);
      const event = assetEvent(after);
      if (event !== undefined) events.record(device, { ...event, ...tags(rollout) });
    },
    call({ namespace, name }, operation, details) {
      note(find(namespace, name), 'call', { operation, ...details });
    },
    pass(pass, decision) {
      const { rollout, verbs, acts } = pass;
      const id = rollout.metadata.uid ?? '';
      const asked = verbs.accepted.map(({ verb, token }) => `${verb} ${token}`).join();
      const text = [decision.kind, decision.phase, decision.reason, decision.why, asked, acts.length].join('\n');
      const again = told.get(id) === text;
      told.set(id, text);
      for (const { kind, data } of passEvidence(pass, decision, again)) note(rollout, kind, data);
      if (again) return;
      for (const event of rolloutEvents(pass, decision)) events.record(rollout, { ...event, ...tags(rollout) });
      measurePass(metrics, pass, decision);
      if (decision.kind === 'finish') told.delete(id);
    },
    note,
    head: (rollout) => evidence?.head(rollout),
  };
}

/** By these a notifier finds the commit: events say whose they are. */
function tags(rollout: PolicyRollout | undefined): Pick<EventInput, 'annotations'> {
  if (rollout === undefined) return {};
  const commit = rollout.status?.sourceRevision;
  return {
    annotations: {
      'fleetward.dev/rollout': rollout.metadata.name,
      'fleetward.dev/revision': rollout.spec.revision,
      ...(commit === undefined ? {} : { 'fleetward.dev/commit': commit }),
    },
  };
}

function verdictOf({ verdict, failure }: DeviceStatusRollout): Readonly<Record<string, string>> {
  return { ...(verdict === undefined ? {} : { verdict }), ...(failure === undefined ? {} : { failure }) };
}

/** Failing on silence is no refusal. */
const SILENCE = /^(No|Signal|Controls|Check)/;

function assetEvent({ state, why = '', failure, verdict = '' }: DeviceStatusRollout): EventInput | undefined {
  const say = (type: EventInput['type'], reason: string, text = why): EventInput => ({
    type,
    reason,
    message: text,
    action: 'Rollout',
  });
  switch (state) {
    case 'Expanding':
      return say('Normal', 'PolicyExpanded');
    case 'Observing':
      return say('Normal', 'PolicyContracted', `carries the new policies alone; ${why}`);
    case 'Succeeded':
      return verdict === '' ? undefined : say('Normal', 'PolicyVerified', `${verdict}: ${why}`);
    case 'RollingBack':
      if (failure === undefined) return undefined;
      return say(
        'Warning',
        SILENCE.test(verdict) ? 'ContactLost' : 'AuthorizationFailureObserved',
        `goes back: ${why}`,
      );
    case 'RolledBack':
      return say('Normal', 'PolicyRestored');
    case 'Unrecovered':
      return say('Warning', 'DeviceUnrecovered');
    case 'Armed':
      return say('Normal', 'DeviceArmed', `carries the new policies alone; ${why}`);
    case 'Deferred':
      return say('Normal', 'DeviceDeferred');
    case 'Held':
      return say('Normal', 'DeviceHeld');
    default:
      return undefined;
  }
}

function measure(metrics: RolloutMetrics, before: DeviceStatusRollout | undefined, after: DeviceStatusRollout): void {
  const since = Date.parse(after.since ?? '');
  const seconds = (from: string | undefined) => Math.max(0, (since - Date.parse(from ?? '')) / 1_000);
  if (before?.since !== undefined && Number.isFinite(since)) metrics.stage(before.state, seconds(before.since));
  if (after.state === 'Succeeded' && after.verdict !== undefined) metrics.verdict('succeeded', after.verdict);
  if (after.state === 'RollingBack' && after.failure !== undefined) {
    const signal = after.verdict ?? 'unknown';
    metrics.verdict(SILENCE.test(signal) ? 'inconclusive' : 'failed', signal);
    metrics.rollback('asset');
    if (after.failure === 'lifeline') metrics.lifelineViolation();
  }
  if (after.state === 'RolledBack' && before?.restoredAt !== undefined) metrics.restored(seconds(before.restoredAt));
}

function measurePass(metrics: RolloutMetrics, { rollout, input, now }: Pass, decision: RolloutDecision): void {
  const before = rollout.status ?? {};
  const aborts = decision.phase === 'Aborting' || decision.phase === 'Aborted';
  if (aborts && before.phase !== 'Aborting' && before.phase !== 'Aborted') metrics.rollback(decision.reason);
  const violated = input.analysis.kind === 'failed' && input.analysis.reason === 'LifelineViolation';
  if (violated && before.reason !== 'LifelineViolation') metrics.lifelineViolation();
  if (decision.kind !== 'finish') return;
  const started = before.startedAt === undefined ? now : Date.parse(before.startedAt);
  metrics.ended(decision.phase, { total: (now - started) / 1_000, paused: before.manualPauseSeconds ?? 0 });
}

export const silentTeller: Teller = {
  asset: () => undefined,
  call: () => undefined,
  pass: () => undefined,
  note: () => undefined,
  head: () => undefined,
};
