import type { AWSAccount } from '../api/awsaccount.gen.ts';
import type { Device } from '../api/device.gen.ts';
import type { IoTPolicy } from '../api/iotpolicy.gen.ts';
import type { KubeObject } from '../api/meta.ts';
import type { SecurityProfile } from '../api/securityprofile.gen.ts';
import type { ThingGroup } from '../api/thinggroup.gen.ts';
import type { Cache } from '../runtime/reconciler.ts';
import { CONTAINMENT } from './device/contain.ts';
import { QUARANTINE } from './device/desired.ts';
import { CERTIFICATE_ID } from './device/recover.ts';
import { AWS_NAME } from './external/claim.ts';
import { REFERS_TO, type Reference, referenceKey } from './external/references.ts';
import type { ExternalObject } from './external/types.ts';

/** What every object of a kind refers to in its own namespace, its account included. */
const references: Readonly<Record<string, (object: never) => readonly (Reference | undefined)[]>> = {
  Device: ({ spec }: Device) => [spec.thingTypeRef, ...(spec.groupRefs ?? []), ...(spec.policyRefs ?? [])],
  ThingGroup: ({ spec }: ThingGroup) => [spec.parentRef, ...(spec.policyRefs ?? [])],
  ThingType: () => [],
  IoTPolicy: () => [],
  SecurityProfile: ({ spec }: SecurityProfile) =>
    (spec.targets ?? []).flatMap(({ name }) => (name === undefined ? [] : { kind: 'ThingGroup', name })),
  AWSAccount: ({ spec }: AWSAccount) => spec.defaultPolicyRefs ?? [],
};

export function referencesOf(object: KubeObject): readonly string[] {
  const of = references[object.kind] as ((object: KubeObject) => readonly (Reference | undefined)[]) | undefined;
  const named = (of?.(object) ?? []).flatMap((reference) => reference ?? []);
  const account = (object as Partial<ExternalObject>).spec?.accountRef?.name;
  const all = account === undefined ? named : [...named, { kind: 'AWSAccount', name: account }];
  return [...new Set(all.map(({ kind, name }) => referenceKey(kind, object.metadata.namespace, name)))];
}

export interface IndexedKind {
  readonly kind: string;
  nameOf(object: never): string;
}

/** Before the cache starts. */
export function addIndexes(cache: Cache, kinds: readonly IndexedKind[]): void {
  for (const { kind, nameOf } of kinds) {
    const name = nameOf as (object: KubeObject) => string;
    cache.addIndex(kind, AWS_NAME, (object) => [name(object)]);
    cache.addIndex(kind, REFERS_TO, referencesOf);
  }
  cache.addIndex('AWSAccount', REFERS_TO, referencesOf);
  cache.addIndex('Device', CERTIFICATE_ID, (object) =>
    ((object as Device).status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []),
  );
  cache.addIndex('IoTPolicy', CONTAINMENT, (object) =>
    (object as IoTPolicy).spec.containment === true ? [object.metadata.namespace ?? ''] : [],
  );
  cache.addIndex('ThingGroup', QUARANTINE, (object) =>
    (object as ThingGroup).spec.quarantine ? [object.metadata.namespace ?? ''] : [],
  );
}
