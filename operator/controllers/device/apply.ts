import type { Device } from '../../api/device.gen.ts';
import { arnOf, certificateArn } from '../external/arn.ts';
import { OWNER_KEY } from '../external/ownership.ts';
import type { Scope } from '../external/types.ts';
import { createCertificates, fillSecret } from './certificates.ts';
import { type DesiredDevice, thingName as thingNameOf } from './desired.ts';
import type { DeviceAction } from './diff.ts';
import { setPolicy, setStatus } from './edges.ts';
import { keepLifeline } from './keep-lifeline.ts';
import type { ObservedDevice } from './observe.ts';
import { isMoving } from './pending.ts';
import { retireCertificate } from './retire.ts';

export interface DevicePlan {
  readonly desired: DesiredDevice;
  readonly observed: ObservedDevice;
  readonly actions: readonly DeviceAction[];
}

/**
 * The order that is safe from any partial state: what is referred to comes first, what gives rights comes before what
 * takes them, and a new certificate is made active only when everything it needs is in place.
 *
 *   thing → certificate (inactive) → its policies → its thing → groups → active → leave groups → detach → retire
 */
const ORDER: readonly DeviceAction['kind'][] = [
  'thing',
  'certificate',
  'secret',
  'attachPolicy',
  'attachThing',
  'join',
  'activate',
  'leave',
  'detachPolicy',
  'retire',
];

export async function applyDevice(scope: Scope<Device>, plan: DevicePlan): Promise<void> {
  const sorted = [...plan.actions].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const names = sorted.flatMap((action) => (action.kind === 'certificate' ? action.name : []));
  const ids = new Map<string, string>();
  for (const { name, id } of [...plan.observed.leftovers, ...plan.observed.certificates]) {
    if (id !== undefined) ids.set(name, id);
  }
  for (const action of sorted) {
    if (action.kind === 'certificate') continue;
    if (action.kind !== 'thing' && names.length > 0) {
      for (const [name, id] of await createCertificates(scope, plan.desired, names.splice(0))) ids.set(name, id);
    }
    await applyAction(scope, plan, { action, ids });
  }
  if (names.length > 0) await createCertificates(scope, plan.desired, names);
}

interface Step {
  readonly action: Exclude<DeviceAction, { readonly kind: 'certificate' }>;
  /** Certificate ids by their name in the Device, those just made included. */
  readonly ids: ReadonlyMap<string, string>;
}

async function applyAction(scope: Scope<Device>, plan: DevicePlan, { action, ids }: Step): Promise<void> {
  const { thingName } = plan.desired;
  const id = 'name' in action ? (ids.get(action.name) ?? '') : '';
  switch (action.kind) {
    case 'thing':
      return putThing(scope, plan);
    case 'secret':
      return fillSecret(scope, plan.desired, action.name, id);
    case 'attachPolicy':
      await settlesAnew(scope);
      return setPolicy(scope, { id, policy: action.policy, present: true });
    case 'detachPolicy':
      await keepLifeline(scope, id, action.policy);
      return setPolicy(scope, { id, policy: action.policy, present: false });
    case 'attachThing':
      await recordFirst(scope, plan, { name: action.name, id });
      return attachThing(scope, thingName, id);
    case 'join':
    case 'leave':
      return setMember(scope, { thingName, group: action.group, present: action.kind === 'join' });
    case 'activate':
      return setStatus(scope, id, 'ACTIVE');
    case 'retire':
      return retireCertificate(scope, thingName, action.name);
    default:
      return action satisfies never;
  }
}

/** A certificate that joins the asset while a rollout moves it has to settle like the others. */
async function settlesAnew({ object, deps, save }: Scope<Device>): Promise<void> {
  const rollout = object.status?.rollout;
  if (rollout === undefined || !isMoving(object)) return;
  await save({ rollout: { ...rollout, attachedAt: new Date(deps.clock.now()).toISOString() } });
}

async function putThing(scope: Scope<Device>, { desired, observed }: DevicePlan): Promise<void> {
  const { things, members, principals } = scope.session.snapshot;
  const { thingName, typeName, attributes } = desired;
  const { thing } = observed;
  const type = typeName === undefined ? {} : { thingTypeName: typeName };
  if (thing === undefined) {
    await beforeCreate(scope);
    const made = await scope.call('CreateThing', {
      thingName,
      ...type,
      attributePayload: { attributes: { ...attributes } },
    });
    scope.notes.set('created', 'true');
    members.saw(thingName, []);
    principals.fresh(thingName);
    if (made.thingId !== undefined) scope.notes.set('thingId', made.thingId);
    things.wrote(thingName, {
      arn: made.thingArn ?? arnOf(scope.session, `thing/${thingName}`),
      typeName,
      attributes,
      version: 1,
    });
    return;
  }
  await beforeTakeover(scope, thing.attributes[OWNER_KEY]);
  await scope.call('UpdateThing', {
    thingName,
    ...type,
    ...(typeName === undefined && thing.typeName !== undefined ? { removeThingType: true } : {}),
    attributePayload: { attributes: { ...attributes }, merge: false },
    expectedVersion: thing.version,
  });
  things.wrote(thingName, { arn: thing.arn, typeName, attributes, version: thing.version + 1 });
}

/**
 * A thing that is made again starts without certificates and groups: what the status says about them must go first, or a
 * crash in between would leave them taken for granted. And a thing that takes no mark is known by its claim alone.
 */
async function beforeCreate(scope: Scope<Device>): Promise<void> {
  const { object, session } = scope;
  if (object.status?.thingId !== undefined) {
    const { thingId: _gone, ...rest } = object.status;
    await scope.replace({ ...rest, groups: [] });
  }
  if (session.spec.ownerAttribute || scope.object.status?.claim !== undefined) return;
  const { accountId, region } = session;
  await scope.save({ claim: { accountId, region, name: thingNameOf(object) } });
}

/** Once it carries our mark, a thing without a record of ours looks like one whose record was lost. */
async function beforeTakeover(scope: Scope<Device>, mark: string | undefined): Promise<void> {
  const thingId = scope.notes.get('thingId');
  if (mark === scope.mark || thingId === undefined || scope.object.status?.thingId !== undefined) return;
  await scope.save({ thingId });
}

/**
 * A certificate on its thing of which nothing is recorded looks like one that was in use before our state was lost. One
 * that was registered by a process that died before it could write that down is found by its id, and is recorded here.
 */
async function recordFirst(
  scope: Scope<Device>,
  { desired, observed }: DevicePlan,
  { name, id }: { readonly name: string; readonly id: string },
): Promise<void> {
  const known = scope.object.status?.certificates ?? [];
  if (known.some((record) => record.name === name)) return;
  const source = desired.certificates.find((certificate) => certificate.name === name)?.source;
  const facts = observed.certificates.find((certificate) => certificate.name === name)?.facts;
  if (source?.kind !== 'pem' || facts === undefined) return;
  const thingId = scope.notes.get('thingId');
  const record = { name, certificateId: id, arn: facts.arn, status: facts.status };
  await scope.save({ ...(thingId === undefined ? {} : { thingId }), certificates: [...known, record] });
}

async function attachThing(scope: Scope<Device>, thingName: string, id: string): Promise<void> {
  const { principals } = scope.session.snapshot;
  const principal = certificateArn(scope.session, id);
  await scope.call('AttachThingPrincipal', { thingName, principal });
  principals.wrote(thingName, id, true);
}

interface Membership {
  readonly thingName: string;
  readonly group: string;
  readonly present: boolean;
}

/** Never overrides dynamic groups: that would throw the thing out of somebody else's. */
async function setMember(scope: Scope<Device>, { thingName, group, present }: Membership): Promise<void> {
  const input = { thingName, thingGroupName: group };
  if (present) await scope.call('AddThingToThingGroup', { ...input, overrideDynamicGroups: false });
  else await scope.call('RemoveThingFromThingGroup', input);
  scope.session.snapshot.members.wrote(group, thingName, present);
}
