import { conditionTime } from '../../api/conditions.ts';
import type { Device, DeviceStatus, DeviceStatusCertificate } from '../../api/device.gen.ts';
import type { Change } from '../../drift/types.ts';
import { defined } from '../external/equal.ts';
import type { StatusView } from '../external/types.ts';
import type { DesiredDevice } from './desired.ts';
import type { ObservedCertificate, ObservedDevice } from './observe.ts';

/** Lists in status hold at most this many entries. */
const SHOWN = 20;

export function deviceStatus(view: StatusView<Device, DesiredDevice, ObservedDevice>): Partial<DeviceStatus> {
  const { object, desired, observed } = view;
  const { thing, thingId } = observed;
  const certificates = [...observed.certificates, ...observed.leftovers].flatMap((c) => certificateStatus(object, c));
  const policies = [...new Set(observed.certificates.flatMap((c) => c.policies))].sort();
  // Groups of others may come and go by a query; only those that are ours to judge are recorded.
  const groups = observed.groups.filter((g) => desired.groups.includes(g) || observed.powerfulGroups.has(g));
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
    held: heldStatus(object, view.held, view.now),
  } as Partial<DeviceStatus>;
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

/** The act that holds the device, kept with its time while it stays the same. */
function heldStatus(object: Device, held: Change<unknown> | undefined, now: number): DeviceStatus['held'] {
  if (held === undefined) return undefined;
  const reason = held.field.startsWith('groups[') ? 'Quarantined' : 'CertificateDeactivated';
  const previous = object.status?.held;
  if (previous?.reason === reason && previous.detail === held.field) return previous;
  return { reason, detail: held.field, since: conditionTime(now) };
}
