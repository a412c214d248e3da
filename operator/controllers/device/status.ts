import { conditionTime, type Progress } from '../../api/conditions.ts';
import type { Device, DeviceStatus, DeviceStatusCertificate, DeviceStatusPendingChange } from '../../api/device.gen.ts';
import type { Change } from '../../drift/types.ts';
import { defined } from '../external/equal.ts';
import { isSettled } from '../external/progress.ts';
import type { StatusView } from '../external/types.ts';
import type { DesiredDevice } from './desired.ts';
import { splitDevice } from './diff.ts';
import type { ObservedCertificate, ObservedDevice } from './observe.ts';
import { changeUnderWay, pendingStatus, type RightsChange } from './pending.ts';

/** Lists in status hold at most this many entries. */
const SHOWN = 20;

type View = StatusView<Device, DesiredDevice, ObservedDevice>;

export function deviceStatus(view: View): Partial<DeviceStatus> {
  const { object, desired, observed } = view;
  const { thing, thingId } = observed;
  const certificates = [...observed.certificates, ...observed.leftovers].flatMap((c) => certificateStatus(object, c));
  const policies = [...new Set(observed.certificates.flatMap((c) => c.policies))].sort();
  // Groups of others may come and go by a query; only those that are ours to judge are recorded.
  const known = object.status?.groups ?? [];
  const groups = observed.groups.filter(
    (g) => desired.groups.includes(g) || observed.powerfulGroups.has(g) || known.includes(g),
  );
  return {
    ...defined({
      arn: thing?.arn,
      thingId,
      thingVersion: thing?.version,
      certificates: certificates.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, SHOWN),
      policies: policies.slice(0, SHOWN),
      groups: groups.slice(0, SHOWN),
    }),
    // An explicit undefined takes the field out of the status again.
    lifeline: observed.lifeline,
    held: heldStatus(object, view.held, view.now),
    pendingChange: pendingOf(view),
  } as Partial<DeviceStatus>;
}

function pendingOf(view: View): DeviceStatusPendingChange | undefined {
  const { object, desired, observed, now } = view;
  return pendingStatus({ object, desired, observed, later: laterOf(view) }, now);
}

/** What the spec changes in the rights of the asset, as far as a rollout has to do it. */
function laterOf({ object, desired, observed }: View): RightsChange | undefined {
  return splitDevice({ object, desired, observed, settled: isSettled(object), mark: '' }).later;
}

/** A change of rights is on its way or waits for its turn: not there yet, and nothing that a person must look at. */
export function deviceProgress(view: View): Progress | undefined {
  const { object, desired } = view;
  const pending = pendingOf(view);
  if (pending === undefined) return undefined;
  const what = describeChange(pending);
  const rejected = desired.rejectedBy(pending.digest);
  if (rejected !== undefined) {
    const message = `This change was tried by PolicyRollout ${rejected} and went back: ${what}. The device keeps what it had. Change the spec, or annotate that rollout with retry.`;
    return { kind: 'stalled', reason: 'RevisionRejected', message };
  }
  const record = object.status?.rollout;
  if (changeUnderWay(object) !== undefined) {
    const message = `The rights of the device change by PolicyRollout ${record?.name ?? ''} (${what}): ${record?.why ?? ''}`;
    return { kind: 'reconciling', reason: 'RolloutInProgress', message };
  }
  const message = `The spec changes the rights of a device in use (${what}); a PolicyRollout takes it there.`;
  return { kind: 'reconciling', reason: 'RolloutPending', message };
}

function describeChange({ attach, detach, join, leave, set, retire }: DeviceStatusPendingChange): string {
  const say = (verb: string, names: readonly string[] | undefined) =>
    names?.length ? [`${verb} ${names.join(', ')}`] : [];
  return [
    ...say('attach', attach),
    ...say('detach', detach),
    ...say('join group', join),
    ...say('leave group', leave),
    ...say('set', set),
    ...say('retire certificate', retire),
  ]
    .join('; ')
    .slice(0, 300);
}

function certificateStatus(object: Device, certificate: ObservedCertificate): DeviceStatusCertificate[] {
  const { name, id, facts, record } = certificate;
  if (id === undefined) return record === undefined ? [] : [record];
  const known = record ?? object.status?.certificates?.find((entry) => entry.name === name);
  const status = facts?.status ?? known?.status;
  const activated = known?.activated === true || facts?.status === 'ACTIVE';
  return [
    {
      ...known,
      name,
      certificateId: id,
      ...(facts === undefined ? {} : { arn: facts.arn }),
      ...(status === undefined ? {} : { status }),
      ...(activated ? { activated: true } : {}),
    },
  ];
}

function heldReason(field: string): string {
  if (field.startsWith('groups[')) return 'Quarantined';
  return field.includes('.policies[') ? 'Contained' : 'CertificateDeactivated';
}

/** The act that holds the device, kept with its time while it stays the same. */
function heldStatus(object: Device, held: Change<unknown> | undefined, now: number): DeviceStatus['held'] {
  if (held === undefined) return undefined;
  const reason = heldReason(held.field);
  const previous = object.status?.held;
  if (previous?.reason === reason && previous.detail === held.field) return previous;
  return { reason, detail: held.field, since: conditionTime(now) };
}
