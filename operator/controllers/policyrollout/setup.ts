import type { Device, DeviceStatusRollout } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { KubeObject, ObjectKey } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { objectKey } from '../../runtime/controller/keys.ts';
import { lifeChanged } from '../../runtime/controller/predicates.ts';
import type { Controller } from '../../runtime/controller.ts';
import type { AddOptions } from '../../runtime/queue.ts';
import type { Cache, CacheChange } from '../../runtime/reconciler.ts';
import type { Accounts } from '../awsaccount/accounts.ts';
import { isMoving } from '../device/pending.ts';
import { CERTIFICATE_ID } from '../device/recover.ts';
import { AWS_NAME } from '../external/claim.ts';
import { sameJson } from '../external/equal.ts';
import { HOLD_ANNOTATION, IN_ROLLOUT, PENDING_CHANGE, SKIP_ANNOTATION } from './asset/assets.ts';
import { hasEnded, MOVES_POLICY, policyKey } from './names.ts';
import { CARRIES_CHANGE, changeKey } from './policies/stance.ts';
import type { Directive, Rollouts } from './service.ts';

/** Index of Devices by the client ids they declare, patterns left out. */
const CLIENT_ID = 'clientId';

/** Before the cache starts. */
export function indexRollouts(cache: Cache): void {
  cache.addIndex('PolicyRollout', MOVES_POLICY, (object) =>
    (object as PolicyRollout).spec.policies.map(({ name }) => policyKey(object.metadata.namespace, name)),
  );
  cache.addIndex('PolicyRollout', CARRIES_CHANGE, (object) => {
    const { metadata, spec } = object as PolicyRollout;
    return (spec.changes ?? []).map(({ digest }) => changeKey(metadata.namespace, spec.accountRef.name, digest));
  });
  cache.addIndex('Device', PENDING_CHANGE, (object) => {
    const { metadata, spec, status } = object as Device;
    const digest = status?.pendingChange?.digest;
    return digest === undefined ? [] : [changeKey(metadata.namespace, spec.accountRef.name, digest)];
  });
  cache.addIndex('Device', IN_ROLLOUT, (object) => {
    const { metadata, status } = object as Device;
    const { change, name = '' } = status?.rollout ?? {};
    return change === undefined && !isMoving(object as Device) ? [] : [`${metadata.namespace ?? ''}/${name}`];
  });
  cache.addIndex('Device', CLIENT_ID, (object) => (object as Device).spec.clientIds ?? []);
}

export interface RolloutControllers {
  readonly rollouts: Controller;
  readonly devices: Controller;
  readonly maker: Controller;
  readonly policies: Controller;
}

/** Who hears of what: rollouts of their assets and policies, policies of their rollouts, accounts of waiting changes. */
export function watchRollouts(cache: Cache, { rollouts, maker, policies, devices }: RolloutControllers): void {
  rollouts.watch(cache, 'PolicyRollout');
  rollouts.watch(cache, 'Device', { when: assetMoved, keys: (change) => rolloutsNear(cache, change) });
  rollouts.watch(cache, 'IoTPolicy', { when: policyMoved, keys: (change) => rolloutsOf(cache, change) });
  policies.watch(cache, 'PolicyRollout', { when: rolloutMoved, keys: policiesOf });
  devices.watch(cache, 'Device', { when: unitMoved, keys: restOfUnit });
  devices.watch(cache, 'PolicyRollout', { when: rolloutEnded, keys: (change) => waitingDevices(cache, change) });
  maker.watch(cache, 'IoTPolicy', { when: pendingMoved, keys: accountOf });
  maker.watch(cache, 'Device', { when: pendingMoved, keys: accountOf });
  maker.watch(cache, 'PolicyRollout', { when: rolloutMoved, keys: accountOf });
}

/** What is heard of a device wakes it when it is under way, and its rollout when it waited for contact. */
export function watchSignals(
  { cache, accounts, rollouts }: { readonly cache: Cache; readonly accounts: Accounts; readonly rollouts: Rollouts },
  enqueue: (key: ObjectKey, options?: AddOptions) => void,
): void {
  rollouts.signals.onSignal((account, { clientId, principal = '' }) => {
    const concerned = new Set([
      ...cache.byIndex('Device', AWS_NAME, clientId),
      ...cache.byIndex('Device', CLIENT_ID, clientId),
      ...cache.byIndex('Device', CERTIFICATE_ID, principal),
    ]);
    for (const object of concerned) {
      const device = object as Device;
      const { namespace = '' } = device.metadata;
      if (accounts.verifiedKey(namespace, device.spec.accountRef.name) !== account) continue;
      const key = objectKey(device);
      const record = device.status?.rollout;
      // What is heard of one that shares a certificate is judged by the first of them.
      const [lead = device.metadata.name] = rollouts.directiveFor(key)?.unit ?? [];
      if (lead !== device.metadata.name) enqueue({ ...key, name: lead });
      const renews = (record?.sessions?.older ?? []).length > 0;
      if (renews || hasNews(rollouts.directiveFor(key), record)) enqueue(key);
      if (record?.state === 'Deferred') enqueue({ kind: 'PolicyRollout', namespace, name: record.name });
    }
  });
}

/** Who has its verdict is not judged again, however much it says: most of a fleet has, before its rollout is over. */
function hasNews(directive: Directive | undefined, record: DeviceStatusRollout | undefined): boolean {
  if (directive === undefined) return false;
  return record?.name !== directive.rollout || !['Succeeded', 'RolledBack'].includes(record.state);
}

function assetMoved(change: CacheChange): boolean {
  if (lifeChanged(change)) return true;
  const [old, now] = [change.old as Device, change.new as Device];
  if (old.status?.rollout?.state !== now.status?.rollout?.state) return true;
  if (old.status?.rollout?.name !== now.status?.rollout?.name) return true;
  if (!sameJson(old.status?.rollout?.sessions?.older, now.status?.rollout?.sessions?.older)) return true;
  const marks = ({ metadata, status }: Device) => [
    metadata.annotations?.[HOLD_ANNOTATION],
    metadata.annotations?.[SKIP_ANNOTATION],
    metadata.deletionTimestamp,
    status?.held?.reason,
    status?.certificates?.length,
    status?.pendingChange?.digest,
  ];
  return !sameJson(marks(old), marks(now));
}

/** What one that shares a certificate writes down, or what holds it, concerns the others. */
function unitMoved(change: CacheChange): boolean {
  const face = (object: KubeObject | undefined) => {
    const { metadata, spec, status } = (object ?? {}) as Partial<Device>;
    return [status?.rollout, status?.held, metadata?.annotations?.[HOLD_ANNOTATION], spec?.suspend];
  };
  return restOfUnit(change).length > 0 && !sameJson(face(change.old), face(change.new));
}

function restOfUnit(change: CacheChange): readonly ObjectKey[] {
  const device = (change.new ?? change.old) as Device;
  const { namespace = '', name } = device.metadata;
  const unit = device.status?.rollout?.unit ?? [];
  return unit.filter((other) => other !== name).map((other) => ({ kind: 'Device', namespace, name: other }));
}

function policyMoved(change: CacheChange): boolean {
  if (lifeChanged(change)) return true;
  const face = ({ metadata, spec, status }: IoTPolicy) => [
    metadata.generation,
    spec.suspend,
    status?.awsNames,
    status?.documentHash,
    status?.held,
  ];
  return !sameJson(face(change.old as IoTPolicy), face(change.new as IoTPolicy));
}

function rolloutMoved(change: CacheChange): boolean {
  if (lifeChanged(change)) return true;
  const face = ({ status }: PolicyRollout) => [
    status?.phase,
    status?.message,
    status?.cleanedAt,
    status?.verbs?.retriedAt,
  ];
  return !sameJson(face(change.old as PolicyRollout), face(change.new as PolicyRollout));
}

function rolloutEnded(change: CacheChange): boolean {
  const face = ({ status }: PolicyRollout) => [status?.phase, status?.verbs?.retriedAt];
  return lifeChanged(change) || !sameJson(face(change.old as PolicyRollout), face(change.new as PolicyRollout));
}

/** What waits, and whether it may be taken up: a suspended object looks no different when it goes on. */
function pendingMoved(change: CacheChange): boolean {
  const face = (object: KubeObject | undefined) => {
    const { spec, status } = (object ?? {}) as Partial<IoTPolicy | Device>;
    return [status?.pendingChange, spec?.suspend === true];
  };
  return !sameJson(face(change.old), face(change.new));
}

function* rolloutsNear(cache: Cache, change: CacheChange): Iterable<ObjectKey> {
  const object = change.new ?? change.old;
  for (const rollout of cache.list('PolicyRollout', object?.metadata.namespace) as Iterable<PolicyRollout>) {
    if (!hasEnded(rollout) || rollout.status?.cleanedAt === undefined) yield objectKey(rollout);
  }
}

function* rolloutsOf(cache: Cache, change: CacheChange): Iterable<ObjectKey> {
  const object = change.new ?? change.old;
  if (object === undefined) return;
  const key = policyKey(object.metadata.namespace, object.metadata.name);
  for (const rollout of cache.byIndex('PolicyRollout', MOVES_POLICY, key)) yield objectKey(rollout);
}

/** Devices tell in their status what became of the change that they wait for. */
function* waitingDevices(cache: Cache, change: CacheChange): Iterable<ObjectKey> {
  const { metadata, spec } = (change.new ?? change.old) as PolicyRollout;
  for (const { digest } of spec.changes ?? []) {
    const key = changeKey(metadata.namespace, spec.accountRef.name, digest);
    for (const device of cache.byIndex('Device', PENDING_CHANGE, key)) yield objectKey(device);
  }
}

function* policiesOf(change: CacheChange): Iterable<ObjectKey> {
  const rollout = (change.new ?? change.old) as PolicyRollout | undefined;
  const { namespace = '' } = rollout?.metadata ?? {};
  for (const { name } of rollout?.spec.policies ?? []) yield { kind: 'IoTPolicy', namespace, name };
}

function* accountOf(change: CacheChange): Iterable<ObjectKey> {
  const object = (change.new ?? change.old) as IoTPolicy | Device | PolicyRollout | undefined;
  if (object === undefined) return;
  yield { kind: 'AWSAccount', namespace: object.metadata.namespace ?? '', name: object.spec.accountRef.name };
}
