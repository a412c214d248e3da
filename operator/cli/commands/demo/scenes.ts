import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  GetPolicyCommand,
  ListAttachedPoliciesCommand,
  ListThingGroupsForThingCommand,
  RemoveThingFromThingGroupCommand,
} from '@aws-sdk/client-iot';
import { stringify } from 'yaml';
import { isReady } from '../../../api/conditions.ts';
import type { Device } from '../../../api/device.gen.ts';
import { API_VERSION } from '../../../api/meta.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import type { DriftNotice } from '../../../controllers/external/types.ts';
import { CommandError, Exit } from '../../exit.ts';
import type { Stage } from './stage.ts';

/** Something done behind the operator's back, how it must be classed, and how AWS shows that it is undone. */
export interface Scene {
  readonly told: string;
  readonly kind: string;
  readonly name: string;
  act(): Promise<void>;
  undone(): Promise<boolean>;
}

const ALARMS = 'arn:aws:iot:us-east-1:123456789012:topic/alarms/${iot:Connection.Thing.ThingName}';
const STRANGE_POLICY = 'contractor-debug';
const EVERYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }] };

export function driftScenes(stage: Stage): readonly Scene[] {
  return [
    strangePolicy(stage, 'drs-press-01'),
    lostMember(stage, 'ham-sensor-02'),
    editedPolicy(stage, policyOf(stage, 'drs-press-01')),
  ];
}

function strangePolicy(stage: Stage, name: string): Scene {
  const { stranger } = stage;
  const target = () => {
    const arn = deviceOf(stage, name).status?.certificates?.[0]?.arn;
    if (arn === undefined) throw new CommandError(`Device ${name} has no certificate in AWS`, Exit.bad);
    return arn;
  };
  return {
    told: `attaches a policy that allows everything to the certificate of ${name}`,
    kind: 'Device',
    name,
    async act() {
      const policyDocument = JSON.stringify(EVERYTHING);
      await stranger.send(new CreatePolicyCommand({ policyName: STRANGE_POLICY, policyDocument }));
      await stranger.send(new AttachPolicyCommand({ policyName: STRANGE_POLICY, target: target() }));
    },
    async undone() {
      const { policies = [] } = await stranger.send(new ListAttachedPoliciesCommand({ target: target() }));
      return !policies.some(({ policyName }) => policyName === STRANGE_POLICY);
    },
  };
}

function lostMember(stage: Stage, name: string): Scene {
  const { stranger } = stage;
  const { spec } = deviceOf(stage, name);
  const thingName = spec.thingName ?? name;
  const thingGroupName = spec.groupRefs?.[0]?.name ?? '';
  return {
    told: `takes ${name} out of the group ${thingGroupName}`,
    kind: 'Device',
    name,
    async act() {
      await stranger.send(new RemoveThingFromThingGroupCommand({ thingName, thingGroupName }));
    },
    async undone() {
      const { thingGroups = [] } = await stranger.send(new ListThingGroupsForThingCommand({ thingName }));
      return thingGroups.some(({ groupName }) => groupName === thingGroupName);
    },
  };
}

function editedPolicy({ stranger }: Stage, policyName: string): Scene {
  let before: unknown;
  const current = async () =>
    JSON.parse((await stranger.send(new GetPolicyCommand({ policyName }))).policyDocument ?? '{}') as {
      Statement: unknown[];
    };
  return {
    told: `edits the policy ${policyName} so that presses may publish anywhere`,
    kind: 'IoTPolicy',
    name: policyName,
    async act() {
      const document = await current();
      before = document;
      const statement = { Effect: 'Allow', Action: ['iot:Publish'], Resource: ['*'] };
      const policyDocument = JSON.stringify({ ...document, Statement: [...document.Statement, statement] });
      await stranger.send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }));
    },
    async undone() {
      return JSON.stringify(await current()) === JSON.stringify(before);
    },
  };
}

/** What a notice says, field by field. */
export function noticeLines({ object, changes }: DriftNotice): readonly { label: string; text: string }[] {
  return changes.map(({ class: label, field, want, got }) => ({
    label,
    text: `${object.kind} ${object.metadata.name}: ${field}${got === undefined ? '' : ` is ${clipped(got)}`}${want === undefined ? '' : `, should be ${clipped(want)}`}`,
  }));
}

/** A policy's text would fill the screen; `describe` has all of it. */
function clipped(text: string): string {
  return text.length > 70 ? `${text.slice(0, 69)}…` : text;
}

/** What the commit brings: sensors like those that are there, and a right for all of them. */
export interface Growth {
  readonly names: readonly string[];
  readonly file: string;
  readonly text: string;
  /** Of many devices: moves one asset at a time. */
  readonly shared: string;
  readonly statement: object;
}

export function growth(stage: Stage): Growth {
  const model = deviceOf(stage, 'drs-sensor-01').spec;
  const shared = policyOf(stage, 'drs-sensor-01');
  const names = ['drs-sensor-91', 'drs-sensor-92', 'drs-sensor-93'];
  const documents = names.map((name) => {
    const { thingTypeRef, attributes, groupRefs, policyRefs } = model;
    // Keys that the operator makes itself: nobody has to hand in a request first.
    const certificates = [{ name: 'a', issued: { secretName: name } }];
    const spec = { thingTypeRef, attributes, groupRefs, policyRefs, certificates };
    return stringify(
      { apiVersion: API_VERSION, kind: 'Device', metadata: { name }, spec },
      { aliasDuplicateObjects: false },
    );
  });
  return {
    names,
    file: 'sites/dresden/more-sensors.yaml',
    text: documents.join('---\n'),
    shared,
    statement: { Sid: 'Alarms', Effect: 'Allow', Action: ['iot:Publish'], Resource: [ALARMS] },
  };
}

/** True once AWS has the new devices, and the rollout of the shared policy says what it waits for. */
export async function hasArrived(stage: Stage, { names, shared }: Growth): Promise<boolean> {
  if (rolloutOf(stage, shared) === undefined) return false;
  const { cache } = stage.standalone.operator;
  const { namespace } = stage.standalone.source;
  return names.every((name) => {
    const device = cache.get({ kind: 'Device', namespace, name });
    return device !== undefined && isReady(device);
  });
}

/** What the rollout of a policy's new document says. */
export function rolloutOf({ standalone }: Stage, policy: string): RolloutSaid | undefined {
  const all = [...standalone.operator.cache.list('PolicyRollout')] as PolicyRollout[];
  for (const { metadata, spec, status } of all) {
    const { message, counters } = status ?? {};
    if (message === undefined || !spec.policies.some(({ name }) => name === policy)) continue;
    return { name: metadata.name, message, assets: counters?.total ?? 0 };
  }
  return undefined;
}

interface RolloutSaid {
  readonly name: string;
  readonly message: string;
  readonly assets: number;
}

function deviceOf({ standalone }: Stage, name: string): Device {
  const { namespace } = standalone.source;
  const device = standalone.operator.cache.get({ kind: 'Device', namespace, name });
  if (!device) throw new CommandError(`The example has no Device ${name}`, Exit.bad);
  return device as Device;
}

/** The policy that is the device's own rather than everybody's. */
function policyOf(stage: Stage, name: string): string {
  return deviceOf(stage, name).spec.policyRefs?.at(-1)?.name ?? '';
}
