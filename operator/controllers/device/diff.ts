import type { Device } from '../../api/device.gen.ts';
import type { Change } from '../../drift/types.ts';
import { causeOf } from '../external/cause.ts';
import type { DiffInput } from '../external/types.ts';
import type { DesiredDevice } from './desired.ts';
import { diffCertificates } from './diff-certificates.ts';
import { isEstablished } from './established.ts';
import type { ObservedDevice } from './observe.ts';
import { groupsUnderWay, isSetUnderWay, type SplitChanges, splitChanges } from './pending.ts';

export type DeviceAction =
  | { readonly kind: 'thing' }
  | { readonly kind: 'certificate'; readonly name: string }
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'attachPolicy'; readonly name: string; readonly policy: string }
  | { readonly kind: 'attachThing'; readonly name: string }
  | { readonly kind: 'join'; readonly group: string }
  | { readonly kind: 'activate'; readonly name: string }
  | { readonly kind: 'leave'; readonly group: string }
  | {
      readonly kind: 'detachPolicy';
      readonly name: string;
      readonly policy: string;
      /** It was there for the sake of a thing group that the thing has left. */
      readonly lent?: boolean;
    }
  | { readonly kind: 'retire'; readonly name: string };

export type DeviceChange = Change<DeviceAction>;
export type DeviceDiff = DiffInput<Device, DesiredDevice, ObservedDevice>;

/** Pure: the asset as it should be against the asset as AWS shows it. */
export function diffDevice(input: DeviceDiff): readonly DeviceChange[] {
  return splitDevice(input).now;
}

/** The same with what a rollout has to carry out, because a device in the field depends on it. */
export function splitDevice(input: DeviceDiff): SplitChanges {
  return splitChanges(input, [...diffThing(input), ...diffCertificates(input), ...diffGroups(input)]);
}

function diffThing({ object, desired, observed, settled }: DeviceDiff): readonly DeviceChange[] {
  const { thing } = observed;
  const act = { action: { kind: 'thing' }, confirm: 'thing' } as const;
  if (thing === undefined) {
    const before = settled && object.status?.arn !== undefined;
    return [{ field: 'thing', class: 'missing', cause: before ? 'drift' : 'spec', ...act }];
  }
  const changes: DeviceChange[] = [];
  const differs = (field: string, want: string | undefined, got: string | undefined) => {
    if (want === got) return;
    const values = { ...(want === undefined ? {} : { want }), ...(got === undefined ? {} : { got }) };
    const cause = isSetUnderWay(object, field) ? 'spec' : causeOf(object, settled, field, want);
    changes.push({ field, class: 'changed', cause, ...values, ...act });
  };
  differs('thingType', desired.typeName, thing.typeName);
  for (const name of new Set([...Object.keys(desired.attributes), ...Object.keys(thing.attributes)])) {
    differs(`attributes.${name}`, desired.attributes[name], thing.attributes[name]);
  }
  return changes;
}

/**
 * A group that carries policies gives its members rights: leaving it is narrowing. A group that quarantines takes them:
 * being in it is somebody's answer to an incident.
 */
function diffGroups(input: DeviceDiff): readonly DeviceChange[] {
  const { desired, observed } = input;
  const changes: DeviceChange[] = [];
  const gone = observed.thing === undefined;
  for (const group of desired.groups) {
    if (gone || !observed.groups.includes(group)) changes.push(missingGroup(input, group));
  }
  for (const group of observed.groups) {
    if (desired.groups.includes(group)) continue;
    const change = extraGroup(input, group);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

function missingGroup(input: DeviceDiff, group: string): DeviceChange {
  const { object, settled, observed } = input;
  const field = `groups[${group}]`;
  const was = object.status?.groups?.includes(group) ?? false;
  const ours = !isEstablished(input) || groupsUnderWay(object).has(group);
  const cause = ours ? 'spec' : was ? 'drift' : causeOf(object, settled, field, 'member');
  const narrowed = cause === 'drift' && observed.powerfulGroups.has(group);
  return {
    field,
    class: narrowed ? 'narrowed' : 'missing',
    cause,
    want: 'member',
    action: { kind: 'join', group },
    ...(cause === 'drift' ? { confirm: 'groups' } : {}),
  };
}

function extraGroup({ object, settled, desired, observed }: DeviceDiff, group: string): DeviceChange | undefined {
  const field = `groups[${group}]`;
  const leave = { got: 'member', action: { kind: 'leave', group }, confirm: 'groups' } as const;
  if (desired.quarantine.includes(group)) return { field, class: 'mitigation', cause: 'drift', ...leave };
  const was = object.status?.groups?.includes(group) ?? false;
  if ((was && !settled) || groupsUnderWay(object).has(group))
    return { field, class: 'changed', cause: 'spec', ...leave };
  // Groups without policies give nothing, and dynamic ones cannot be left: neither is worth a word per device.
  if (!observed.powerfulGroups.has(group)) return undefined;
  return { field, class: 'widened', cause: 'drift', got: 'member' };
}
