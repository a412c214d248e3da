import type { Device, DeviceStatusRollout, DeviceStatusRolloutChange } from '../../../api/device.gen.ts';
import type { AssetDecision, AssetState, CertificateEdges, EdgeChange, Through } from '../../../rollout/types.ts';
import { underWay } from '../../../rollout/types.ts';
import type { DesiredDevice } from '../../device/desired.ts';
import type { ObservedDevice } from '../../device/observe.ts';
import { sameJson } from '../../external/equal.ts';
import type { Scope } from '../../external/types.ts';
import { assetConditions } from '../conditions.ts';
import { requestKey, USED_FOR_MS } from '../gates/signals.ts';
import type { Directive, Rollouts } from '../service.ts';
import { assetIdentity, exactTime } from './record.ts';

export interface AssetView {
  readonly desired: DesiredDevice;
  readonly observed: ObservedDevice;
  /** A security act holds the asset: nothing is taken from it or given to it, except what it had. */
  readonly held: boolean;
}

/**
 * Asked of AWS now, or taken from what it said last: by a direct read that no list has contradicted since, or by the lists
 * themselves. What is recalled is good for going on waiting and for nothing else.
 */
export type How = 'read' | 'recall';

export interface Attempt {
  readonly scope: Scope<Device>;
  readonly rollouts: Rollouts;
  readonly directive: Directive;
  readonly held: boolean;
  readonly certificates: readonly CertificateEdges[];
  readonly desired: DesiredDevice;
  /** What changes at the asset beside documents, and where that stands. */
  readonly beside?: { readonly change: DeviceStatusRolloutChange; readonly edges: EdgeChange } | undefined;
  /** Sessions of before, as far as they are known; undefined until everything is in force. */
  readonly sessions?: DeviceStatusRollout['sessions'];
  /** What the asset has through thing groups. */
  readonly through?: Through | undefined;
  /** What the look before the next act came to; written down with it. */
  said?: string;
}

const FINAL: ReadonlySet<AssetState> = new Set(['Succeeded', 'RolledBack']);

/** Writes the record when it differs. What an unread Detach left open is closed by every decision but a further read. */
export async function save(
  attempt: Attempt,
  decision: AssetDecision,
  more: Partial<DeviceStatusRollout>,
): Promise<void> {
  const { scope, directive, beside, rollouts, said, sessions } = attempt;
  const before = scope.object.status?.rollout;
  // Tried again: what was seen of the first try says nothing about the second.
  const again = before?.state === 'RolledBack' && directive.direction === 'forward';
  const same = before?.name === directive.rollout && !again;
  const now = exactTime(scope.deps.clock.now());
  const { openDetach, ...times } = pick(before);
  const { waitsForGroup: _waited, lent: _lent, unit: _unit, ...known } = before ?? {};
  const lent = lentTo(attempt, before?.name === directive.rollout ? (before.lent ?? []) : [], decision);
  const waitsForGroup = decision.kind === 'wait' ? decision.parked : undefined;
  const state: AssetState = decision.state;
  const rollout: DeviceStatusRollout = {
    ...(same ? known : times),
    name: directive.rollout,
    state,
    why: wordsFor(directive, decision, same ? before : undefined).slice(0, 500),
    since: same && before.state === state ? (before.since ?? now) : now,
    startedAt: (same ? before.startedAt : (more.attachedAt ?? more.detachedAt ?? more.switchedAt)) ?? now,
    ...(directive.ownWave === undefined ? {} : { wave: directive.ownWave }),
    ...(directive.unit === undefined ? {} : { unit: [...directive.unit] }),
    ...(directive.armed === true && underWay(state) ? { armed: true } : {}),
    ...(beside === undefined ? {} : { change: beside.change }),
    ...(same || directive.direction !== 'forward' ? {} : usedBy(scope, rollouts)),
    ...(said === undefined ? {} : { preflight: said }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(waitsForGroup === undefined ? {} : { waitsForGroup }),
    ...(lent.length === 0 ? {} : { lent: [...lent] }),
    ...more,
  };
  if (FINAL.has(state) || state === 'Deferred') delete (rollout as { armed?: boolean }).armed;
  const open = more.openDetach ?? (decision.kind === 'read' ? openDetach : undefined);
  const { openDetach: _closed, ...closed } = rollout;
  const pending = scope.object.status?.pendingChange;
  // What is done waits for nobody any more: another rollout of the same must not be made.
  const done = state === 'Succeeded' && pending !== undefined && pending.digest === rollout.change?.digest;
  const moved =
    before === undefined ||
    !same ||
    before.state !== state ||
    !sameJson(before.sessions?.older, rollout.sessions?.older);
  const contact = rollouts.signals.contact(assetIdentity(scope.object, scope.session.key));
  const at = { contact, now: scope.deps.clock.now() };
  await scope.save({
    rollout: open === undefined ? closed : { ...closed, openDetach: open },
    ...(moved ? { conditions: [...assetConditions(scope.object, rollout, at)] } : {}),
    ...(done ? ({ pendingChange: undefined } as object) : {}),
  });
  rollouts.teller.asset(scope.object, before, rollout);
}

/**
 * Why it is in that state. What is done on the way home to whoever has succeeded is no reason for that, and nobody would be there
 * to take those words back: the verdict's stay.
 */
function wordsFor(
  { direction }: Directive,
  { state, why }: AssetDecision,
  before: DeviceStatusRollout | undefined,
): string {
  if (direction !== 'home' || state !== 'Succeeded') return why;
  const known = before?.state === state ? before.why : undefined;
  return known ?? 'the asset is on what was proven; the declared policy has taken the same document';
}

/** Written down before the first of them is attached, and until the last is gone. */
function lentTo(
  { through, certificates }: Attempt,
  before: readonly string[],
  decision: AssetDecision,
): readonly string[] {
  const { kind } = decision;
  // On its way back, too, what its group is only about to give it again is on loan.
  const comes = kind === 'call' && decision.call.kind === 'attach' ? decision.call.policy : undefined;
  const lent = through?.lent.filter((name) => through.spread !== undefined || name === comes) ?? [];
  const all = [...new Set([...before, ...lent])];
  const carried = certificates.some(({ attached }) => all.some((name) => attached.has(name)));
  return kind === 'done' && !carried ? [] : all;
}

/** What the asset did before it was first changed, kept where a restart does not lose it. */
export function usedBy(scope: Scope<Device>, rollouts: Rollouts): Pick<DeviceStatusRollout, 'used'> {
  const now = scope.deps.clock.now();
  // A list made without having listened would say that nothing was used.
  if (!rollouts.signals.isHistoryKnown(scope.session.key, now)) return {};
  const since = now - USED_FOR_MS;
  const used = rollouts.signals.used(assetIdentity(scope.object, scope.session.key), since);
  const keys = new Set(used.map(({ action, resource }) => requestKey(action, resource).slice(0, 512)));
  return { used: [...keys].slice(0, MOST_USED) };
}

const MOST_USED = 48;

/** What outlives a change of rollouts: what has not settled has not. */
export function pick(
  record: DeviceStatusRollout | undefined,
): Pick<DeviceStatusRollout, 'attachedAt' | 'detachedAt' | 'switchedAt' | 'openDetach'> {
  if (record === undefined) return {};
  const { attachedAt, detachedAt, switchedAt, openDetach } = record;
  return {
    ...(attachedAt === undefined ? {} : { attachedAt }),
    ...(detachedAt === undefined ? {} : { detachedAt }),
    ...(switchedAt === undefined ? {} : { switchedAt }),
    ...(openDetach === undefined ? {} : { openDetach }),
  };
}
