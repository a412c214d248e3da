import { createHash } from 'node:crypto';
import { conditionTime } from '../../api/conditions.ts';
import type { Device, DeviceStatusPendingChange, DeviceStatusRollout } from '../../api/device.gen.ts';
import { standsFor } from '../../rollout/names.ts';
import type { AssetState } from '../../rollout/types.ts';
import type { DesiredDevice } from './desired.ts';
import type { DeviceChange, DeviceDiff } from './diff.ts';
import type { ObservedCertificate, ObservedDevice } from './observe.ts';

/** What a spec changes in the rights of an asset in use: each list sorted, so that equal changes are equal. */
export interface RightsChange {
  readonly attach: readonly string[];
  readonly detach: readonly string[];
  readonly join: readonly string[];
  readonly leave: readonly string[];
  readonly set: readonly string[];
  readonly retire: readonly string[];
}

type Part = keyof RightsChange;
const PARTS: readonly Part[] = ['attach', 'detach', 'join', 'leave', 'set', 'retire'];

export interface SplitChanges {
  /** May be set right at once: nobody's rights depend on it, or it gives back what was proven. */
  readonly now: readonly DeviceChange[];
  /** Alters what a device in the field may do: a rollout takes it there. */
  readonly later: RightsChange | undefined;
}

/** Pure: which differences a rollout has to carry out, because the asset is in use. */
export function splitChanges(input: DeviceDiff, changes: readonly DeviceChange[]): SplitChanges {
  if (input.object.spec.managementPolicy !== 'Manage') return { now: changes, later: undefined };
  const parts = new Map<Part, Set<string>>(PARTS.map((part) => [part, new Set()]));
  const now: DeviceChange[] = [];
  const memberships = changes.some((change) => isPowerfulMove(input, change));
  const thing = changes.some((change) => isRead(input, change));
  for (const change of changes) {
    const held = heldBack(input, change, { memberships, thing });
    if (held === undefined) now.push(change);
    else parts.get(held.part)?.add(held.value);
  }
  const later = Object.fromEntries(PARTS.map((part) => [part, [...(parts.get(part) ?? [])].sort()]));
  const found = later as unknown as RightsChange;
  return { now, later: isEmpty(found) ? undefined : found };
}

interface Held {
  readonly part: Part;
  readonly value: string;
}

function heldBack(
  input: DeviceDiff,
  { action, cause, field }: DeviceChange,
  together: { readonly memberships: boolean; readonly thing: boolean },
): Held | undefined {
  switch (action?.kind) {
    case 'attachPolicy':
      return cause === 'spec' && isUsed(input.observed, action.name)
        ? { part: 'attach', value: action.policy }
        : undefined;
    case 'detachPolicy': {
      // Lent by a rollout for a group that the thing has left: nobody else's act is undone, and nothing it had is taken.
      if (action.lent === true) return undefined;
      // What a certificate in the field carries when it is first seen is its baseline, whoever put it there. After a loss of
      // state it is recognised before it is looked at for the first time.
      const first = !wasActive(input.observed, action.name) || input.object.status?.policies === undefined;
      const later = (cause === 'spec' || first) && isUsed(input.observed, action.name);
      return later ? { part: 'detach', value: action.policy } : undefined;
    }
    case 'join':
      return cause === 'spec' && together.memberships ? { part: 'join', value: action.group } : undefined;
    case 'leave':
      return cause === 'spec' && together.memberships ? { part: 'leave', value: action.group } : undefined;
    case 'thing':
      return cause === 'spec' && together.thing ? { part: 'set', value: field } : undefined;
    case 'retire': {
      const certificate = input.observed.leftovers.find(({ name }) => name === action.name);
      const underWay = changeUnderWay(input.object)?.retire?.includes(action.name) === true;
      return certificate?.facts?.status === 'ACTIVE' || underWay ? { part: 'retire', value: action.name } : undefined;
    }
    default:
      return undefined;
  }
}

/** One call moves an asset between groups, so those without policies go along. */
function isPowerfulMove({ observed }: DeviceDiff, { action, cause }: DeviceChange): boolean {
  if (action?.kind !== 'join' && action?.kind !== 'leave') return false;
  return cause === 'spec' && observed.powerfulGroups.has(action.group) && livesInField(observed);
}

function isRead({ observed }: DeviceDiff, { action, cause, field }: DeviceChange): boolean {
  return action?.kind === 'thing' && cause === 'spec' && observed.fieldsRead.has(field) && livesInField(observed);
}

/** A thing that is missing gets all at once: it has nothing to lose. */
function livesInField({ thing, certificates, leftovers }: ObservedDevice): boolean {
  return thing !== undefined && [...certificates, ...leftovers].some(inUse);
}

function isUsed({ certificates }: ObservedDevice, name: string): boolean {
  return certificates.some((certificate) => certificate.name === name && inUse(certificate));
}

function wasActive({ certificates }: ObservedDevice, name: string): boolean {
  return certificates.some((certificate) => certificate.name === name && certificate.record?.activated === true);
}

/** A device may work with it: made active by us, or found active and with rights. */
export function inUse({ facts, record, policies }: ObservedCertificate): boolean {
  return record?.activated === true || (facts?.status === 'ACTIVE' && policies.length > 0);
}

const MOVING: ReadonlySet<string> = new Set([
  'Preflight',
  'Expanding',
  'Verifying',
  'Contracting',
  'Observing',
  'Armed',
  'Deferred',
  'Held',
  'RollingBack',
  'Unrecovered',
] satisfies readonly AssetState[]);

/** Whether a rollout has begun with the asset and not ended with it. */
export function isMoving({ status }: Device): boolean {
  return status?.rollout !== undefined && MOVING.has(status.rollout.state);
}

/** The change that a rollout is carrying out at this asset now. */
export function changeUnderWay(object: Device): DeviceStatusRollout['change'] {
  return isMoving(object) ? object.status?.rollout?.change : undefined;
}

/** On its way back an asset may get what was taken from it by the declared name. */
const GETS_BACK: ReadonlySet<string> = new Set(['RollingBack', 'Unrecovered', 'RolledBack'] satisfies AssetState[]);

/**
 * Policies that a rollout put on the asset's certificates, or is about to take off them, or has taken back: no drift, and
 * ours to move.
 */
export function policiesUnderWay(object: Device): ReadonlySet<string> {
  const change = changeOfOurs(object);
  const taken = change?.detach ?? [];
  const returned = GETS_BACK.has(object.status?.rollout?.state ?? '') ? taken.map(standsFor) : [];
  return new Set([...(change?.attach ?? []), ...taken, ...returned, ...(change?.pins ?? [])]);
}

/** The same of groups. */
export function groupsUnderWay(object: Device): ReadonlySet<string> {
  const change = changeOfOurs(object);
  return new Set([...(change?.join ?? []), ...(change?.leave ?? [])]);
}

/** Whether a rollout is changing this field of the thing, or has taken it back. */
export function isSetUnderWay(object: Device, field: string): boolean {
  return changeOfOurs(object)?.set?.includes(field) === true;
}

function changeOfOurs(object: Device): DeviceStatusRollout['change'] {
  const record = object.status?.rollout;
  return record?.state === 'RolledBack' ? record.change : changeUnderWay(object);
}

/**
 * What waits, for the status: the same as before while a rollout is doing it, half done as it may look. What the spec has come
 * to ask the opposite of is not done any more, although nothing may differ from the spec yet.
 */
export function pendingStatus(
  { object, desired, observed, later }: PendingQuestion,
  now: number,
): DeviceStatusPendingChange | undefined {
  const previous = object.status?.pendingChange;
  const underWay = changeUnderWay(object) ?? begunUnrecorded({ object, desired, observed });
  if (underWay?.digest !== undefined && isPartOf(later, underWay) && !isTakenBack(desired, underWay)) {
    if (previous?.digest === underWay.digest) return previous;
    const { digest, attach, detach, join, leave, set, retire } = underWay;
    return compact({ digest, attach, detach, join, leave, set, retire, since: conditionTime(now) });
  }
  if (later === undefined) return undefined;
  const digest = digestOf(later);
  return compact({ digest, ...later, since: previous?.digest === digest ? previous.since : conditionTime(now) });
}

/**
 * The record is lost, and what came with the change is there: a rollout has begun with it, and may have to take it back. Of
 * references this says all; what groups, fields and certificates were before was in the record alone.
 */
function begunUnrecorded({
  object: { status },
  desired,
  observed,
}: Omit<PendingQuestion, 'later'>): DeviceStatusPendingChange | undefined {
  const { rollout, pendingChange: waiting } = status ?? {};
  if (rollout !== undefined || waiting === undefined) return undefined;
  if ([waiting.join, waiting.leave, waiting.set, waiting.retire].some((part) => part !== undefined)) return undefined;
  const candidates = new Set(desired.candidatesBeside(waiting.digest));
  return observed.certificates.some(({ policies }) => policies.some((name) => candidates.has(name)))
    ? waiting
    : undefined;
}

type Wanted = Pick<DesiredDevice, 'policies' | 'groups' | 'certificates' | 'candidatesBeside'>;

interface PendingQuestion {
  readonly object: Device;
  readonly desired: Wanted;
  readonly observed: Pick<ObservedDevice, 'certificates'>;
  readonly later: RightsChange | undefined;
}

function isTakenBack(
  { policies, groups, certificates }: Wanted,
  { attach = [], detach = [], join = [], leave = [], retire = [] }: NonNullable<DeviceStatusRollout['change']>,
): boolean {
  const wanted = new Set(policies.flatMap(({ satisfiedBy }) => satisfiedBy));
  return (
    attach.some((policy) => !wanted.has(policy)) ||
    detach.some((policy) => wanted.has(policy)) ||
    join.some((group) => !groups.includes(group)) ||
    leave.some((group) => groups.includes(group)) ||
    retire.some((name) => certificates.some((certificate) => certificate.name === name))
  );
}

function isPartOf(later: RightsChange | undefined, whole: NonNullable<DeviceStatusRollout['change']>): boolean {
  if (later === undefined) return true;
  const pins = new Set(whole.pins);
  return PARTS.every((part) => later[part].every((value) => whole[part]?.includes(value) === true || pins.has(value)));
}

/** A policy that goes is the same change by whichever of its names it is carried: of what was taken back nothing is tried anew. */
function digestOf(change: RightsChange): string {
  const detach = [...new Set(change.detach.map(standsFor))].sort();
  const asked: RightsChange = { ...change, detach };
  return createHash('sha256')
    .update(JSON.stringify(PARTS.map((part) => asked[part])))
    .digest('hex')
    .slice(0, 16);
}

interface Stamp {
  readonly digest: string;
  readonly since: string;
}

function isEmpty(change: RightsChange): boolean {
  return PARTS.every((part) => change[part].length === 0);
}

function compact(value: Partial<Record<Part, readonly string[] | undefined>> & Stamp): DeviceStatusPendingChange {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined && !(Array.isArray(v) && v.length === 0));
  return Object.fromEntries(entries) as unknown as DeviceStatusPendingChange;
}
