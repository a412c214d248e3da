import { setCondition } from '../../../api/conditions.ts';
import type { Device, DeviceStatusRollout } from '../../../api/device.gen.ts';
import { ifFound } from '../../../aws/classify.ts';
import { olderSessions, sessionOutlook, sessionProblem, storedSessions } from '../../../rollout/sessions.ts';
import type { Strategy } from '../../../rollout/strategy.ts';
import type { AssetDecision } from '../../../rollout/types.ts';
import type { Requirement } from '../../../rollout/verdict.ts';
import { thingName } from '../../device/desired.ts';
import { sameJson } from '../../external/equal.ts';
import type { Scope } from '../../external/types.ts';
import { sessionCondition } from '../conditions.ts';
import type { AssetIdentity, SignalBook } from '../gates/signals.ts';
import type { Rollouts } from '../service.ts';
import { type Attempt, save } from './attempt.ts';
import { assetIdentity, exactTime, timeOf } from './record.ts';
import { takes } from './requirement.ts';
import { heldSubscriptions } from './subscriptions.ts';
import { recordedUnit, unitIdentity } from './units.ts';

/** Those that share certificates have their sessions told together. */
function identityOf({ object, deps, session }: Scope<Device>): AssetIdentity {
  return unitIdentity(recordedUnit(deps.cache, object), session.key);
}

export type SessionRecord = NonNullable<DeviceStatusRollout['sessions']>;

/** Client ids told in a record. */
const MOST_IDS = 4;

/**
 * What is known of sessions that were made before the change had settled. Undefined as long as it has not, and where the
 * change takes nothing that a session could outlive.
 */
export function sessionsNow(attempt: Attempt): SessionRecord | undefined {
  const { scope, rollouts, directive } = attempt;
  if (directive.direction !== 'forward' || directive.equal || !takes(directive.requirement)) return undefined;
  const record = scope.object.status?.rollout;
  const same = record?.name === directive.rollout && record.state !== 'RolledBack';
  const known = same ? record.sessions : undefined;
  const since = timeOf(known?.since) ?? contractedSince(attempt);
  if (since === undefined || scope.deps.clock.now() < since) return undefined;
  const clients = rollouts.signals.clients(identityOf(scope));
  const older = olderSessions(clients, since, known?.older).slice(0, MOST_IDS);
  return { ...known, since: exactTime(since), older: [...older] };
}

/** When all that was done to the asset is in force; undefined as long as something is left to be taken. */
function contractedSince({ scope, directive, certificates, beside }: Attempt): number | undefined {
  const record = scope.object.status?.rollout;
  if (record?.name !== directive.rollout || record.state === 'RolledBack') return undefined;
  const leftBehind = certificates.some(({ attached }) =>
    directive.families.some(({ names, candidate }) => names.some((name) => name !== candidate && attached.has(name))),
  );
  const { detach, switches } = beside?.edges ?? { detach: [], switches: [] };
  const edged =
    switches.every(({ made }) => made) &&
    certificates.every(({ attached }) => !detach.some((name) => attached.has(name)));
  if (leftBehind || !edged) return undefined;
  const acts = [record.attachedAt, record.detachedAt, record.switchedAt].map(
    (at) => timeOf(at) ?? Number.NEGATIVE_INFINITY,
  );
  const last = Math.max(...acts, directive.flippedAt ?? Number.NEGATIVE_INFINITY);
  return Number.isFinite(last) ? last + directive.strategy.settleMs : undefined;
}

/** Sessions that the strategy wants ended, for the planner. */
export function sessionsToEnd({
  scope,
  rollouts,
  directive,
  sessions,
}: Attempt): { readonly mode: 'Reconnect' | 'Purge'; readonly older: readonly string[] } | undefined {
  const mode = directive.strategy.sessions;
  if (mode === 'Wait' || sessions === undefined) return undefined;
  if (mode === 'Reconnect') return { mode, older: sessions.older ?? [] };
  const clients = rollouts.signals.clients(identityOf(scope));
  const stored = storedSessions(clients, timeOf(sessions.since) ?? 0);
  return { mode, older: [...new Set([...(sessions.older ?? []), ...stored])].slice(0, MOST_IDS) };
}

/**
 * Ends sessions, each with one call. When is written down before, and once more when AWS has answered: a crash in between
 * sends the calls again, which costs the device one more connect.
 */
export async function endSessions(
  attempt: Attempt,
  decision: Extract<AssetDecision, { kind: 'endSessions' }>,
): Promise<void> {
  const { scope, rollouts, directive, sessions = { since: exactTime(scope.deps.clock.now()) } } = attempt;
  const { namespace = '', name } = scope.object.metadata;
  const slot = `${scope.key.namespace}/${scope.key.name} rollout`;
  await scope.session.port.admit('DeleteConnection', { ...scope.options, slot });
  const lost = decision.purge ? await whatPurgeDrops(attempt, decision.clientIds) : undefined;
  const sent = { ...sessions, sentAt: exactTime(scope.deps.clock.now()), ...(lost === undefined ? {} : { lost }) };
  await save(attempt, decision, { sessions: sent });
  for (const [index, clientId] of decision.clientIds.entries()) {
    const how = { cleanSession: decision.purge, preventWillMessage: true };
    rollouts.teller.call({ namespace, name: directive.rollout }, 'DeleteConnection', { device: name, clientId });
    // Waits for its turn here: what is begun is not begun anew for the sake of a place in the line.
    const options = { ...scope.options, ...(index === 0 ? { admitted: true } : {}) };
    await ifFound(scope.session.port.call('DeleteConnection', { clientId, ...how }, options));
    scope.log.info('Ended a session', { clientId, purged: decision.purge, why: decision.why });
  }
  await save(attempt, decision, { sessions: { ...sent, endedAt: exactTime(scope.deps.clock.now()) } });
  const ids = decision.clientIds.join(', ');
  const message =
    lost === undefined
      ? `Closed the connection of ${ids}, made before the change; it has to come back by itself`
      : `Dropped the session of ${ids}, made before the change: ${lost}`;
  scope.deps.events.record(scope.object, {
    type: 'Normal',
    reason: decision.purge ? 'SessionPurged' : 'SessionEnded',
    message: `Device ${thingName(scope.object)}: ${message}`,
    action: 'Rollout',
  });
}

async function whatPurgeDrops(attempt: Attempt, clientIds: readonly string[]): Promise<string> {
  const found = await heldSubscriptions(attempt, clientIds);
  const filters =
    found === undefined
      ? 'its subscriptions (which ones AWS did not tell)'
      : `${found.length} subscriptions${found.length === 0 ? '' : ` (${found.slice(0, 5).join(', ')}${found.length > 5 ? ', …' : ''})`}`;
  return `${filters}, and every message that is queued for it`.slice(0, 500);
}

export interface SessionPlan {
  readonly signals: SignalBook;
  readonly account: string;
  readonly strategy: Pick<Strategy, 'sessions' | 'silenceMs' | 'settleMs'>;
  readonly requirement: Requirement;
  readonly now: number;
}

/** Why the sessions of an asset outlast this plan, from what is known of how it connects; undefined when they do not. */
export function outlasting(plan: SessionPlan, device: Device): string | undefined {
  return sessionProblem(outlookOf(plan, device), { mode: plan.strategy.sessions, silenceMs: plan.strategy.silenceMs });
}

/** When the change, contracted now, is in force for sessions too, in words; undefined where no session outlives it. */
export function sayInForce(plan: SessionPlan, device: Device): string | undefined {
  const outlook = outlookOf(plan, device);
  if (plan.strategy.sessions !== 'Wait' || outlook.kind === 'now') return undefined;
  if (outlook.kind !== 'within') return 'when its sessions renew is not known';
  const by = plan.now + plan.strategy.settleMs + outlook.ms;
  return `in force for its sessions by ${exactTime(by).slice(0, 16)}Z, as it has connected up to now`;
}

function outlookOf({ signals, account, requirement, now }: SessionPlan, device: Device) {
  if (!takes(requirement)) return { kind: 'now' } as const;
  const needs = { connect: requirement.newConnect, subscribe: requirement.freshSubscribe };
  return sessionOutlook(signals.clients(assetIdentity(device, account)), needs, now);
}

/** A proven asset has nothing left to do but to be seen with a new session: then its record says so, once. */
export async function seeRenewal(scope: Scope<Device>, rollouts: Rollouts): Promise<void> {
  const record = scope.object.status?.rollout;
  const known = record?.sessions;
  if (record?.state !== 'Succeeded' || known?.since === undefined || (known.older ?? []).length === 0) return;
  const clients = rollouts.signals.clients(identityOf(scope));
  const older = [...olderSessions(clients, Date.parse(known.since), known.older)].slice(0, MOST_IDS);
  if (sameJson(older, known.older)) return;
  const rollout = { ...record, sessions: { ...known, older } };
  const at = { generation: scope.object.metadata.generation, now: scope.deps.clock.now() };
  const conditions = setCondition(scope.object.status?.conditions ?? [], sessionCondition(rollout), at);
  await scope.save({ rollout, conditions: [...conditions] });
}

/** Why no asset could get through under this plan: all of them have sessions that are known to outlast it. */
export function outlastingAll(
  plan: Omit<SessionPlan, 'requirement'> & { readonly requirementOf: (device: Device) => Requirement },
  devices: readonly Device[],
): string | undefined {
  let first: string | undefined;
  for (const device of devices) {
    const problem = outlasting({ ...plan, requirement: plan.requirementOf(device) }, device);
    if (problem === undefined) return undefined;
    first ??= `${device.metadata.name}: ${problem}`;
  }
  return first;
}
