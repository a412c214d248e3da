import { causeOf } from '../external/cause.ts';
import { compareAttachments } from '../external/policies.ts';
import type { DesiredCertificate } from './desired.ts';
import type { DeviceChange, DeviceDiff } from './diff.ts';
import { isEstablished } from './established.ts';
import type { ObservedCertificate } from './observe.ts';

export function diffCertificates(input: DeviceDiff): readonly DeviceChange[] {
  const { desired, observed } = input;
  const changes: DeviceChange[] = [];
  for (const wanted of desired.certificates) {
    const certificate = observed.certificates.find(({ name }) => name === wanted.name);
    if (certificate !== undefined) changes.push(...diffOne(input, wanted, certificate));
  }
  for (const { name, id } of observed.leftovers) {
    const got = id === undefined ? {} : { got: id };
    changes.push({
      field: `certificates[${name}]`,
      class: 'changed',
      cause: 'spec',
      ...got,
      action: { kind: 'retire', name },
    });
  }
  for (const id of observed.strangers) {
    changes.push({ field: `certificates[${id.slice(0, 12)}…]`, class: 'foreign', cause: 'drift', got: id });
  }
  return changes;
}

function diffOne(input: DeviceDiff, wanted: DesiredCertificate, certificate: ObservedCertificate): DeviceChange[] {
  const field = `certificates[${certificate.name}]`;
  const gone = missing(wanted, certificate, field);
  const lost = gone?.class === 'narrowed' || gone?.action === undefined;
  if (gone !== undefined && lost) return [gone];
  const changes = gone === undefined ? [] : [gone];
  if (certificate.secret === 'key' && certificate.id !== undefined) {
    changes.push({
      field: `${field}.secret`,
      class: 'missing',
      cause: 'spec',
      action: { kind: 'secret', name: wanted.name },
    });
  }
  return [
    ...changes,
    ...policies(input, certificate, field),
    ...attachment(input, certificate, field),
    ...status(wanted, certificate, field),
  ];
}

/** A certificate that was in use and is gone was revoked by deletion; making another would undo that. */
function missing(
  wanted: DesiredCertificate,
  { id, facts, record }: ObservedCertificate,
  field: string,
): DeviceChange | undefined {
  if (id !== undefined && facts !== undefined) return undefined;
  const confirm = id === undefined ? {} : { confirm: `status:${id}` };
  if (record?.activated === true) {
    const action = wanted.source.kind === 'id' ? {} : { action: { kind: 'certificate', name: wanted.name } as const };
    return { field, class: 'narrowed', cause: 'drift', want: id ?? wanted.name, got: 'deleted', ...action, ...confirm };
  }
  const action = { kind: 'certificate', name: wanted.name } as const;
  return { field, class: 'missing', cause: 'spec', ...(id === undefined ? {} : { want: id }), action, ...confirm };
}

function policies(
  { object, desired, settled }: DeviceDiff,
  certificate: ObservedCertificate,
  field: string,
): DeviceChange[] {
  const { name, id } = certificate;
  const plan = compareAttachments(desired.policies, certificate.policies);
  const applied = new Set(certificate.record?.activated === true ? object.status?.policies : []);
  const confirm = id === undefined ? {} : { confirm: `policies:${id}` };
  const attach = plan.missing.map((policy): DeviceChange => {
    const path = `${field}.policies[${policy}]`;
    const cause = applied.has(policy) ? 'drift' : causeOf(object, false, path, 'attached');
    const action = { kind: 'attachPolicy', name, policy } as const;
    if (cause === 'spec') return { field: path, class: 'missing', cause, want: 'attached', action };
    return { field: path, class: 'narrowed', cause, want: 'attached', action, ...confirm };
  });
  const extra = plan.extra.flatMap((policy): DeviceChange => {
    const path = `${field}.policies[${policy}]`;
    const ours = !settled && applied.has(policy);
    const shown = { field: path, class: 'widened', cause: ours ? 'spec' : 'drift', got: 'attached' } as const;
    if (!ours && !desired.exclusive) return shown;
    return { ...shown, action: { kind: 'detachPolicy', name, policy }, ...confirm };
  });
  return [...attach, ...extra];
}

function attachment(input: DeviceDiff, { name, attached, record }: ObservedCertificate, field: string): DeviceChange[] {
  const known = isEstablished(input);
  if (attached === true && input.observed.thing !== undefined) return [];
  const action = { kind: 'attachThing', name } as const;
  const path = `${field}.thing`;
  if (record?.activated !== true || !known)
    return [{ field: path, class: 'missing', cause: 'spec', want: 'attached', action }];
  // Policies with thing variables grant nothing to a certificate that is off its thing.
  return [{ field: path, class: 'narrowed', cause: 'drift', want: 'attached', action, confirm: 'principals' }];
}

function status(
  wanted: DesiredCertificate,
  { name, id, facts, record }: ObservedCertificate,
  field: string,
): DeviceChange[] {
  if (facts?.status === 'ACTIVE') return [];
  const path = `${field}.status`;
  const action = { kind: 'activate', name } as const;
  const got = facts?.status === undefined ? {} : { got: facts.status };
  const confirm = id === undefined || facts === undefined ? {} : { confirm: `status:${id}` };
  // A certificate that others brought may be inactive on purpose; only one that waits for activation is activated.
  const foreign = wanted.source.kind === 'id' && facts?.status !== 'PENDING_ACTIVATION';
  if (record?.activated === true || foreign || facts?.status === 'REVOKED') {
    return [{ field: path, class: 'mitigation', cause: 'drift', want: 'ACTIVE', ...got, action, ...confirm }];
  }
  return [
    {
      field: path,
      class: 'missing',
      cause: 'spec',
      want: 'ACTIVE',
      ...got,
      action,
      ...(record?.pendingSince ? {} : confirm),
    },
  ];
}
