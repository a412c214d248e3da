import type { Device, DeviceStatusRolloutChange } from '../../../api/device.gen.ts';
import { groupKey } from '../../../aws/snapshot/facts.ts';
import type { Family } from '../../../rollout/family.ts';
import type { EdgeChange, Switch } from '../../../rollout/types.ts';
import { type DesiredDevice, thingName } from '../../device/desired.ts';
import { setStatus } from '../../device/edges.ts';
import { readCertificate, readGroups, readThing } from '../../device/reads.ts';
import { arnOf } from '../../external/arn.ts';
import type { Scope } from '../../external/types.ts';
import { lineOf } from '../policies/documents.ts';
import type { How } from './attempt.ts';
import { carriedNames, type Whereabouts } from './families.ts';

type Change = DeviceStatusRolloutChange;

const GROUPS = 'the move between thing groups';
const THING = 'the change of the thing';
const CERTIFICATE = 'taking out of use certificate ';

/** What a move between groups would take from the asset for a while: what it has through them and not on its certificates. */
export function pinsOf(where: Whereabouts, device: Device, change: Change | undefined): readonly string[] {
  if (change?.leave === undefined || change.leave.length === 0) return [];
  if (change.pins !== undefined) return change.pins;
  const { targets } = where.session.snapshot;
  const carried = carriedNames(where.session, device);
  const inherited = change.leave.flatMap((group) => lineOf(where.cache, group)).flatMap((g) => targets.at(groupKey(g)));
  return [...new Set(inherited)].filter((name) => !carried.has(name) && change.attach?.includes(name) !== true).sort();
}

/** The change with all that the way back needs; written down before the first call. */
export function recordable(scope: Scope<Device>, desired: DesiredDevice, change: Change): Change {
  const where = { cache: scope.deps.cache, session: scope.session };
  const pins = pinsOf(where, scope.object, change);
  const before = valuesBefore(scope, desired, change);
  return {
    ...change,
    ...(pins.length === 0 ? {} : { pins }),
    ...(before === undefined ? {} : { before }),
  };
}

function valuesBefore({ object, session }: Scope<Device>, desired: DesiredDevice, { set }: Change): Change['before'] {
  const thing = session.snapshot.things.get(thingName(object));
  if (set === undefined || set.length === 0 || thing === undefined) return undefined;
  const attributes: Record<string, string> = {};
  for (const name of new Set([...Object.keys(thing.attributes), ...Object.keys(desired.attributes)])) {
    if (thing.attributes[name] !== desired.attributes[name]) attributes[name] = thing.attributes[name] ?? '';
  }
  return { thingType: thing.typeName ?? '', attributes };
}

/** The change as the planner takes it, with what AWS shows of each switch: now, or when it was last asked. */
export async function readEdges(
  scope: Scope<Device>,
  {
    desired,
    change,
    families,
    how,
  }: {
    readonly desired: DesiredDevice;
    readonly change: Change;
    readonly families: readonly Family[];
    readonly how: How;
  },
): Promise<EdgeChange> {
  const nameFor = (policy: string) => families.find(({ declared }) => declared === policy)?.candidate ?? policy;
  // What the rollout moves goes its way by every name: on the way back to the declared one no other is given back.
  const moving = new Set(families.flatMap(({ names }) => names));
  return {
    attach: (change.attach ?? []).map(nameFor),
    detach: (change.detach ?? []).filter((policy) => !moving.has(policy)),
    pins: change.pins ?? [],
    switches: await switchesOf(scope, { desired, change, how }),
  };
}

async function switchesOf(
  scope: Scope<Device>,
  { desired, change, how }: { readonly desired: DesiredDevice; readonly change: Change; readonly how: How },
): Promise<readonly Switch[]> {
  const { snapshot } = scope.session;
  const { join = [], leave = [], set = [], retire = [] } = change;
  const name = thingName(scope.object);
  const switches: Switch[] = [];
  if (join.length + leave.length > 0) {
    if (how === 'read') await readGroups(scope);
    const groups = snapshot.members.at(name);
    const made = join.every((group) => groups.includes(group)) && !leave.some((group) => groups.includes(group));
    switches.push({ id: GROUPS, made });
  }
  if (set.length > 0) {
    if (how === 'read') await readThing(scope);
    const thing = snapshot.things.get(name);
    const { before } = change;
    const back =
      (thing?.typeName ?? '') === (before?.thingType ?? '') &&
      Object.entries(before?.attributes ?? {}).every(([key, value]) => (thing?.attributes[key] ?? '') === value);
    // Equal to both when nothing differs any more: then there is nothing to make.
    const there =
      thing?.typeName === desired.typeName &&
      Object.keys(before?.attributes ?? {}).every((key) => thing?.attributes[key] === desired.attributes[key]);
    switches.push({ id: THING, made: there || !back });
  }
  for (const certificate of retire) {
    const id = certificateId(scope, certificate);
    if (id === undefined) continue;
    if (how === 'read') await readCertificate(scope, id);
    switches.push({ id: `${CERTIFICATE}${certificate}`, made: snapshot.certificates.get(id)?.status !== 'ACTIVE' });
  }
  return switches;
}

function certificateId({ object }: Scope<Device>, name: string): string | undefined {
  return object.status?.certificates?.find((entry) => entry.name === name)?.certificateId;
}

/** Makes a switch, or takes it back: one call. */
export async function throwSwitch(
  scope: Scope<Device>,
  { desired, change }: { readonly desired: DesiredDevice; readonly change: Change },
  { id, make }: { readonly id: string; readonly make: boolean },
): Promise<void> {
  if (id === GROUPS) return moveGroups(scope, change, make);
  if (id === THING) return putThing(scope, { desired, change }, make);
  const certificate = id.slice(CERTIFICATE.length);
  const certificateOfIt = certificateId(scope, certificate);
  if (certificateOfIt === undefined) return;
  // What somebody else has made inactive is never made active again.
  if (make || change.retired?.includes(certificate) === true) {
    await setStatus(scope, certificateOfIt, make ? 'INACTIVE' : 'ACTIVE');
  }
}

/** Certificates that the switch makes inactive, for the record that is written before the call. */
export function retiredBy(
  change: Change | undefined,
  { id, make }: { readonly id: string; readonly make: boolean },
): readonly string[] {
  const before = change?.retired ?? [];
  if (!make || !id.startsWith(CERTIFICATE)) return before;
  return [...new Set([...before, id.slice(CERTIFICATE.length)])];
}

async function moveGroups(scope: Scope<Device>, { join = [], leave = [] }: Change, make: boolean): Promise<void> {
  const name = thingName(scope.object);
  const [thingGroupsToAdd, thingGroupsToRemove] = make ? [join, leave] : [leave, join];
  await scope.call('UpdateThingGroupsForThing', {
    thingName: name,
    thingGroupsToAdd: [...thingGroupsToAdd],
    thingGroupsToRemove: [...thingGroupsToRemove],
    overrideDynamicGroups: false,
  });
  const { members } = scope.session.snapshot;
  for (const group of thingGroupsToAdd) members.wrote(group, name, true);
  for (const group of thingGroupsToRemove) members.wrote(group, name, false);
}

async function putThing(
  scope: Scope<Device>,
  { desired, change }: { readonly desired: DesiredDevice; readonly change: Change },
  make: boolean,
): Promise<void> {
  const { things } = scope.session.snapshot;
  const name = thingName(scope.object);
  const thing = things.get(name);
  if (thing === undefined) return;
  const { before } = change;
  const typeName = make ? desired.typeName : before?.thingType || undefined;
  const attributes = make ? { ...desired.attributes } : withBefore(thing.attributes, before?.attributes ?? {});
  await scope.call('UpdateThing', {
    thingName: name,
    ...(typeName === undefined ? {} : { thingTypeName: typeName }),
    ...(typeName === undefined && thing.typeName !== undefined ? { removeThingType: true } : {}),
    attributePayload: { attributes, merge: false },
    expectedVersion: thing.version,
  });
  const arn = thing.arn || arnOf(scope.session, `thing/${name}`);
  things.wrote(name, { arn, typeName, attributes, version: thing.version + 1 });
}

function withBefore(
  now: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const entries = Object.entries({ ...now, ...before });
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}
