import type { Device } from '../../../api/device.gen.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { ABORT_REQUESTED } from '../../../rollout/abort.ts';
import { type AssetState, inFlight } from '../../../rollout/types.ts';
import type { Pauser } from '../../../runtime/pauser.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import type { AccountSession } from '../../awsaccount/accounts.ts';
import { isMoving } from '../../device/pending.ts';
import { CERTIFICATE_ID } from '../../device/recover.ts';
import { hasEnded } from '../names.ts';
import { placeOf, takenBack } from '../revision.ts';
import type { Rollouts } from '../service.ts';
import { begunWith } from './assets.ts';
import { certificateIds, isLed, type Units } from './units.ts';

interface Here {
  readonly cache: Cache;
  readonly session: Pick<AccountSession, 'accountId' | 'region'>;
}

/**
 * Why another rollout must leave the Device alone: the one of its record has begun with it and is not done. An asset is in one
 * rollout at a time, and its record is all that tells the way back.
 */
export function inHandsOfAnother({ cache, session }: Here, device: Device, rollout: string): string | undefined {
  const record = device.status?.rollout;
  if (record === undefined || record.name === rollout) return undefined;
  const key = { kind: 'PolicyRollout', namespace: device.metadata.namespace ?? '', name: record.name };
  const other = cache.get(key) as PolicyRollout | undefined;
  if (other === undefined || !isUnderWay({ cache, session }, other, device)) return undefined;
  return `${device.metadata.name} is ${record.state} in PolicyRollout ${record.name}, and moves here when that one is done with it`;
}

/** After its end a rollout only ever finishes what had turned round, and what a hold kept from it. */
function isUnderWay(here: Here, rollout: PolicyRollout, device: Device): boolean {
  if (!hasEnded(rollout)) return isMoving(device);
  if (rollout.status?.cleanedAt !== undefined) return false;
  if (device.status?.rollout?.state === 'RollingBack') return true;
  return isGivenUp(rollout, device) && !keptBy(here, rollout)(device);
}

/**
 * A person aborted what was in flight and left the proven ones: they stay until another rollout takes them along, or Git takes
 * back what they have. What the operator aborts by itself leaves nobody, nor does the brake.
 */
export function leavesProven({ spec, status }: PolicyRollout): boolean {
  const byPerson = status?.phase === 'Aborted' && status.reason === ABORT_REQUESTED && status.brakedAt === undefined;
  return byPerson && spec.strategy?.abortScope === 'InFlight';
}

/** Whom it has left like that. */
export function keptBy({ cache, session }: Here, rollout: PolicyRollout): (device: Device) => boolean {
  if (!leavesProven(rollout)) return () => false;
  const isTakenBack = takenBack(cache, rollout, placeOf(session));
  return (device) => {
    const record = device.status?.rollout;
    if (record?.name === rollout.metadata.name && record.state !== 'Succeeded') return false;
    return (record !== undefined || sharesWithRecorded(cache, device)) && !isTakenBack(device);
  };
}

/** Whoever is on a candidate and has no record had no verdict; of those that share certificates one tells for all. */
function sharesWithRecorded(cache: Cache, device: Device): boolean {
  return certificateIds(device).some((id) =>
    cache.byIndex('Device', CERTIFICATE_ID, id).some((other) => (other as Device).status?.rollout !== undefined),
  );
}

/** Its change was begun and the rollout was aborted: it goes back as soon as nothing holds it. */
export function isGivenUp({ metadata, status: rollout }: PolicyRollout, { status }: Device): boolean {
  const record = status?.rollout;
  if (rollout?.phase !== 'Aborted' || record?.name !== metadata.name || record.change === undefined) return false;
  return record.state !== 'RolledBack' && record.state !== 'Queued';
}

/** Of these, whom another rollout has not done with, by name; who shares a certificate waits for all of them. */
export async function inHandsOfOthers(
  here: Here,
  devices: readonly Device[],
  { rollout, units, pauser }: { readonly rollout: string; readonly units: Units; readonly pauser: Pauser },
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const device of devices) {
    if (pauser.isDue()) await pauser.pause();
    const why = inHandsOfAnother(here, device, rollout);
    if (why === undefined) continue;
    const members = units.get(device.metadata.name)?.members ?? [device];
    for (const { metadata } of members) found.set(metadata.name, why);
  }
  return found;
}

/**
 * In flight in other rollouts of the same account, which share one budget: by name of the Device, with what people have to know
 * of it. Whom another one has told to start a moment ago is, before its record says so. One that is suspended in the middle keeps
 * its place: it is between two policies, and goes on when it is not suspended any more.
 */
export function inFlightElsewhere(
  { cache, rollouts }: { readonly cache: Cache; readonly rollouts: Rollouts },
  rollout: PolicyRollout,
): ReadonlyMap<string, string> {
  const { namespace = '', name: own } = rollout.metadata;
  const account = rollout.spec.accountRef.name;
  const moving = new Map<string, string>();
  for (const other of cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>) {
    const { name } = other.metadata;
    if (name === own) continue;
    const ended = hasEnded(other);
    for (const device of begunWith(cache, other)) {
      const { metadata, spec, status } = device;
      const record = status?.rollout;
      if (record === undefined || record.armed === true || spec.accountRef.name !== account) continue;
      // Nothing was done when one of a unit takes note; the first of them tells when something is, and counts for all.
      if (record.state === 'Preflight' && isLed(device, record.unit)) continue;
      // After its end a rollout only ever finishes what had turned round.
      if (ended ? record.state !== 'RollingBack' : !inFlight(record.state as AssetState)) continue;
      // All of a unit are in flight as soon as one says so.
      for (const each of record.unit ?? []) if (!moving.has(each)) moving.set(each, record.state);
      moving.set(metadata.name, spec.suspend === true ? `${record.state}, suspended` : record.state);
    }
    if (ended || other.spec.accountRef.name !== account) continue;
    const key = { kind: 'PolicyRollout', namespace, name };
    const arming = rollouts.arming(key);
    for (const id of rollouts.started(key)) {
      if (arming.has(id)) continue;
      const told = rollouts.directiveFor({ kind: 'Device', namespace, name: id });
      const unit = (told?.rollout === name ? told.unit : undefined) ?? [];
      for (const each of [id, ...unit]) if (!moving.has(each)) moving.set(each, 'Preflight');
    }
  }
  return moving;
}
