import type { Device, DeviceStatusPendingChange } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { standsFor } from '../../rollout/names.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { AWS_NAME } from '../external/claim.ts';
import { sameJson } from '../external/equal.ts';
import { PENDING_CHANGE } from './asset/assets.ts';
import { changeKey, rejectedBy } from './policies/stance.ts';
import { policiesIn } from './revision.ts';

interface Subject {
  readonly namespace: string;
  readonly account: string;
  readonly policies: readonly IoTPolicy[];
  readonly changes: readonly Omit<DeviceStatusPendingChange, 'since'>[];
}

/** How a rollout of these policies and changes proceeds: of all strategies the one that moves the fewest at a time decides. */
export function strategyOf(cache: Cache, subject: Subject): IoTPolicy['spec']['strategy'] {
  const all = [...subject.policies, ...policiesBehind(cache, subject)];
  const given = all.flatMap(({ spec }) => (spec.strategy?.type === 'Waves' ? [spec.strategy] : []));
  return given.sort((a, b) => (a.maxInFlight ?? 1) - (b.maxInFlight ?? 1))[0];
}

/** What is asked for now is not the strategy that this rollout was made with: one that cannot be followed was put right. */
export function hasOtherStrategy(cache: Cache, rollout: PolicyRollout): boolean {
  const { namespace = '' } = rollout.metadata;
  const { accountRef, changes = [], strategy } = rollout.spec;
  // As it would be made now: one that the same strategy would be made for again stays as it is.
  const subject = { namespace, account: accountRef.name, policies: policiesIn(cache, rollout), changes };
  return !sameJson(strategyOf(cache, subject), strategy);
}

/** Policies that come or go, of groups too, and those that the assets have decide how assets are taken. */
function policiesBehind(cache: Cache, subject: Subject): readonly IoTPolicy[] {
  const { namespace, changes } = subject;
  if (changes.length === 0) return [];
  const names = new Set(changes.flatMap(({ attach = [], detach = [] }) => [...attach, ...detach]));
  const found = [...names].flatMap((name) => cache.byIndex('IoTPolicy', AWS_NAME, standsFor(name)));
  const groups = changes.flatMap(({ join = [], leave = [] }) => [...join, ...leave]);
  const users = groups.flatMap((name) => cache.byIndex('ThingGroup', AWS_NAME, name)) as readonly ThingGroup[];
  const first = firstWaiting(cache, subject);
  const references = [...users, ...(first === undefined ? [] : [first])].flatMap(({ spec }) => spec.policyRefs ?? []);
  const referred = references.flatMap(({ name }) => cache.get({ kind: 'IoTPolicy', namespace, name }) ?? []);
  const all = [...found, ...referred] as readonly IoTPolicy[];
  return [...new Set(all)].filter(({ metadata }) => metadata.namespace === namespace);
}

/** By name, so that whoever asks again is told of the same. */
function firstWaiting(cache: Cache, { namespace, account, changes }: Subject): Device | undefined {
  let first: Device | undefined;
  for (const { digest } of changes) {
    const devices = cache.byIndex('Device', PENDING_CHANGE, changeKey(namespace, account, digest)) as readonly Device[];
    for (const device of devices) {
      if (first !== undefined && first.metadata.name <= device.metadata.name) continue;
      if (waitsForRollout(cache, device, account)) first = device;
    }
  }
  return first;
}

/** Its spec changes its rights, and that was not tried and taken back. */
export function hasOpenChange(cache: Cache, device: Device, account: string): boolean {
  return (
    device.status?.pendingChange !== undefined &&
    device.spec.accountRef.name === account &&
    device.metadata.deletionTimestamp === undefined &&
    rejectedBy(cache, device) === undefined &&
    !isDoneByFirst(cache, device)
  );
}

/** The same, and something may be done about it now. */
function waitsForRollout(cache: Cache, device: Device, account: string): boolean {
  return !device.spec.suspend && hasOpenChange(cache, device, account);
}

/** The first of those that share certificates has done it for all; the others write that down a moment later. */
function isDoneByFirst(cache: Cache, { metadata, status }: Device): boolean {
  const { name, unit = [] } = status?.rollout ?? {};
  const [first = metadata.name] = unit;
  if (first === metadata.name) return false;
  const lead = cache.get({ kind: 'Device', namespace: metadata.namespace ?? '', name: first }) as Device | undefined;
  const record = lead?.status?.rollout;
  const same = record?.name === name && record?.change?.digest === status?.pendingChange?.digest;
  return same && record?.state === 'Succeeded';
}
