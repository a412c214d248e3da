import { causeOf } from '../external/cause.ts';
import { type AttachmentPlan, compareAttachments } from '../external/policies.ts';
import type { DesiredCertificate } from './desired.ts';
import type { DeviceChange, DeviceDiff } from './diff.ts';
import { isEstablished } from './established.ts';
import type { ObservedCertificate } from './observe.ts';
import { inUse, policiesUnderWay } from './pending.ts';

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
    ...policies(input, wanted, certificate, field),
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
  input: DeviceDiff,
  wanted: DesiredCertificate,
  certificate: ObservedCertificate,
  field: string,
): DeviceChange[] {
  const { object, desired, settled } = input;
  const { name, id } = certificate;
  const plan = planOf(input, wanted, certificate);
  const applied = new Set(certificate.record?.activated === true ? object.status?.policies : []);
  const underWay = policiesUnderWay(object);
  const shown = new Set(object.status?.drift?.fields?.map((entry) => entry.field));
  const confirm = id === undefined ? {} : { confirm: `policies:${id}` };
  const attach = plan.missing.map((policy): DeviceChange => {
    const path = `${field}.policies[${policy}]`;
    const cause = applied.has(policy) && !underWay.has(policy) ? 'drift' : causeOf(object, false, path, 'attached');
    const action = { kind: 'attachPolicy', name, policy } as const;
    if (cause === 'spec') return { field: path, class: 'missing', cause, want: 'attached', action };
    return { field: path, class: 'narrowed', cause, want: 'attached', action, ...confirm };
  });
  const own = plan.extra.filter((policy) => !input.observed.lent.kept.has(policy));
  const extra = own.flatMap((policy): DeviceChange | readonly DeviceChange[] => {
    const path = `${field}.policies[${policy}]`;
    // Taking a denial away is undoing what somebody did about an incident, even where the spec never named it.
    if (desired.containment.includes(policy)) {
      const action = { kind: 'detachPolicy', name, policy } as const;
      return { field: path, class: 'mitigation', cause: 'drift', got: 'attached', action, ...confirm };
    }
    if (input.observed.lent.ended.has(policy)) {
      const action = { kind: 'detachPolicy', name, policy, lent: true } as const;
      const facts = { confirm: [...(id === undefined ? [] : [`policies:${id}`]), 'groups'] };
      return { field: path, class: 'changed', cause: 'spec', got: 'attached', action, ...facts };
    }
    // Default policies of the account come and go without a change of this spec.
    const known = applied.has(policy) && !shown.has(path) && (!settled || object.spec.driftPolicy !== 'Ignore');
    const ours = known || underWay.has(policy) || desired.moving.has(policy);
    // A rollout moves it there, or leads it home, until the group has it.
    if ((ours || desired.touched.has(policy)) && desired.toCome.has(policy)) return [];
    const change = { field: path, class: 'widened', cause: ours ? 'spec' : 'drift', got: 'attached' } as const;
    if (!ours && !desired.exclusive) return change;
    return { ...change, action: { kind: 'detachPolicy', name, policy }, ...confirm };
  });
  return [...attach, ...extra];
}

/**
 * A certificate that joins an asset in the field gets what the asset has now, not what it will have: what is still under
 * way reaches all its certificates together.
 */
function planOf(
  { object, desired, observed }: DeviceDiff,
  wanted: DesiredCertificate,
  certificate: ObservedCertificate,
): AttachmentPlan {
  const elder = inUse(certificate) ? undefined : observed.certificates.find((other) => inUse(other));
  if (elder === undefined) {
    const plan = compareAttachments(desired.policies, certificate.policies);
    if (inUse(certificate) || !mayActivate(wanted, certificate)) return plan;
    // Its group gives it what that gives now. What is to come is compared, judged and taken back for it as for all members.
    return { ...plan, missing: plan.missing.filter((policy) => !desired.fannedOut.has(policy)) };
  }
  const ours = new Set([
    ...(object.status?.policies ?? []),
    ...observed.lent.kept,
    ...desired.policies.flatMap(({ satisfiedBy }) => satisfiedBy),
  ]);
  const has = elder.policies.filter((policy) => ours.has(policy));
  return {
    missing: has.filter((policy) => !certificate.policies.includes(policy)),
    extra: certificate.policies.filter((policy) => !has.includes(policy)),
  };
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
  if (record?.activated === true || !mayActivate(wanted, { facts })) {
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

/** A certificate that others brought may be inactive on purpose; only one that waits for activation is activated. */
function mayActivate(wanted: DesiredCertificate, { facts }: Pick<ObservedCertificate, 'facts'>): boolean {
  if (facts?.status === 'REVOKED') return false;
  return wanted.source.kind !== 'id' || facts?.status === 'PENDING_ACTIVATION';
}
