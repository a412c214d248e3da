import type { AWSAccount } from '../api/awsaccount.gen.ts';
import { isTrue, READY } from '../api/conditions.ts';
import type { KubeObject, ObjectKey } from '../api/meta.ts';
import type { ThingGroup } from '../api/thinggroup.gen.ts';
import { objectKey } from '../runtime/controller/keys.ts';
import { lifeChanged } from '../runtime/controller/predicates.ts';
import type { Controller } from '../runtime/controller.ts';
import type { Cache, CacheChange } from '../runtime/reconciler.ts';
import { rivalsOf } from './external/claim.ts';
import { sameJson } from './external/equal.ts';
import { REFERS_TO, referenceKey } from './external/references.ts';
import { FINALIZER } from './external/removal.ts';
import type { ExternalObject } from './external/types.ts';
import { type IndexedKind, referencesOf } from './indexes.ts';

/** Kinds that others refer to, with the kinds that do. */
const DEPENDENTS: Readonly<Record<string, readonly string[]>> = {
  AWSAccount: ['Device', 'ThingGroup', 'ThingType', 'IoTPolicy', 'SecurityProfile'],
  IoTPolicy: ['Device', 'ThingGroup', 'AWSAccount'],
  ThingGroup: ['Device', 'ThingGroup', 'SecurityProfile'],
  ThingType: ['Device'],
};

/** Own changes, changes of what an object refers to, and the end of what it waited for. */
export function watchKind(controller: Controller, cache: Cache, { kind, nameOf }: IndexedKind): void {
  controller.watch(cache, kind);
  controller.watch(cache, kind, { when: lifeChanged, keys: (change) => rivals(cache, change, nameOf) });
  for (const [referred, dependents] of Object.entries(DEPENDENTS)) {
    if (!dependents.includes(kind)) continue;
    const keys = (change: CacheChange) => referring(cache, kind, change);
    controller.watch(cache, referred, { when: matters, keys });
  }
  // Devices get the default policies of their account, which refers to them in their stead.
  if (kind === 'Device') controller.watch(cache, 'IoTPolicy', { when: matters, keys: (c) => throughAccount(cache, c) });
  if (kind === 'Device') controller.watch(cache, 'ThingGroup', { when: fansOut, keys: (c) => throughGroups(cache, c) });
  for (const dependent of DEPENDENTS[kind] ?? []) {
    controller.watch(cache, dependent, { when: leaves, keys: (change) => waitingForIt(cache, kind, change) });
  }
}

/** An account follows the finalizers of the objects in it. */
export function watchAccount(controller: Controller, cache: Cache): void {
  controller.watch(cache, 'AWSAccount');
  for (const kind of DEPENDENTS.AWSAccount ?? []) {
    controller.watch(cache, kind, {
      when: ({ old, new: now }) => holdsFinalizer(old) !== holdsFinalizer(now),
      keys: (change) => accountOf(change),
    });
  }
}

/** What others go by: is it in AWS, under which names, and does it quarantine. Counters in its status are not news. */
function matters(change: CacheChange): boolean {
  if (lifeChanged(change)) return true;
  return !sameJson(face(change.old), face(change.new));
}

function face(object: KubeObject | undefined): unknown {
  const { spec, status } = (object ?? {}) as {
    readonly spec?: Record<string, unknown>;
    readonly status?: Record<string, unknown>;
  };
  const { arn, awsNames, accountId } = status ?? {};
  const { quarantine, defaultPolicyRefs, ownerAttribute } = spec ?? {};
  const ready = object?.kind === 'AWSAccount' && isTrue((object as AWSAccount).status?.conditions, READY);
  return { arn, awsNames, accountId, quarantine, defaultPolicyRefs, ownerAttribute, ready };
}

function leaves({ old, new: now }: CacheChange): boolean {
  return (
    old !== undefined &&
    (now === undefined || !sameJson(referencesOf(old), referencesOf(now)) || dying(old) !== dying(now))
  );
}

function dying(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

function holdsFinalizer(object: KubeObject | undefined): boolean {
  return object?.metadata.finalizers?.includes(FINALIZER) ?? false;
}

function* referring(cache: Cache, kind: string, change: CacheChange): Iterable<ObjectKey> {
  const object = change.new ?? change.old;
  if (object === undefined) return;
  const { namespace, name } = object.metadata;
  for (const dependent of cache.byIndex(kind, REFERS_TO, referenceKey(object.kind, namespace, name))) {
    yield objectKey(dependent);
  }
}

/** Members follow what happens to a group and to all groups above theirs. */
function fansOut({ old, new: now }: CacheChange): boolean {
  const face = (object: KubeObject | undefined) => (object as ThingGroup | undefined)?.status?.pendingChange;
  return !sameJson(facesOf(face(old)), facesOf(face(now)));
}

function facesOf(change: NonNullable<ThingGroup['status']>['pendingChange']): unknown {
  return [change?.attach, change?.detach];
}

function* throughGroups(cache: Cache, change: CacheChange, seen = new Set<string>()): Iterable<ObjectKey> {
  const group = change.new ?? change.old;
  if (group === undefined || seen.has(group.metadata.name)) return;
  seen.add(group.metadata.name);
  yield* referring(cache, 'Device', change);
  const key = referenceKey('ThingGroup', group.metadata.namespace, group.metadata.name);
  for (const child of cache.byIndex('ThingGroup', REFERS_TO, key)) {
    yield* throughGroups(cache, { old: undefined, new: child, initial: false }, seen);
  }
}

function* throughAccount(cache: Cache, change: CacheChange): Iterable<ObjectKey> {
  const object = change.new ?? change.old;
  if (object === undefined) return;
  const { namespace, name } = object.metadata;
  for (const account of cache.byIndex('AWSAccount', REFERS_TO, referenceKey(object.kind, namespace, name))) {
    yield* referring(cache, 'Device', { old: undefined, new: account, initial: false });
  }
}

/** Objects that are being deleted wait until nobody refers to them any more. */
function* waitingForIt(cache: Cache, kind: string, { old }: CacheChange): Iterable<ObjectKey> {
  for (const reference of old === undefined ? [] : referencesOf(old)) {
    const [referred = '', namespace = '', name = ''] = reference.split('/');
    const object = referred === kind ? cache.get({ kind, namespace, name }) : undefined;
    if (object !== undefined && dying(object)) yield objectKey(object);
  }
}

function rivals(cache: Cache, { old, new: now }: CacheChange, nameOf: IndexedKind['nameOf']): readonly ObjectKey[] {
  if (old === undefined || now !== undefined) return [];
  return rivalsOf(cache, old as ExternalObject, (nameOf as (object: KubeObject) => string)(old));
}

function* accountOf(change: CacheChange): Iterable<ObjectKey> {
  const object = (change.new ?? change.old) as ExternalObject | undefined;
  const name = object?.spec.accountRef.name;
  if (name !== undefined) yield { kind: 'AWSAccount', namespace: object?.metadata.namespace ?? '', name };
}
