import type { Device } from '../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import { hasEnded } from '../../operator/controllers/policyrollout/names.ts';
import { IDENTITY } from '../../operator/sandbox/state/identity.ts';
import { REGISTRY } from '../../operator/sandbox/state/registry.ts';
import { policy } from '../support/fleet.ts';
import { Crash } from '../support/operator.ts';
import { QUARANTINE } from './aws-view.ts';
import type { Oracle } from './oracle.ts';
import { grantText } from './rights.ts';
import type { Act } from './types.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
/** So often people look at what they wait for. */
const LOOKS_EVERY_MS = 3 * MINUTE;
/** AWS refuses to delete a policy that allows nothing; Defender replaces by this. */
const BLANK = JSON.stringify({ Version: '2012-10-17', Statement: [] });
export async function perform(world: World, act: Act): Promise<void> {
  const { fleet } = world;
  const now = fleet.clock.now();
  const name = 'device' in act ? `press-${(act.device % world.devices.size) + 1}` : '';
  world.tell(`act: ${describeAct(act, name)}`);
  world.count(kindOf(act));
  switch (act.kind) {
    case 'document':
      return document(world, act);
    case 'verb':
      return verb(world, act.verb, act.value);
    case 'abortMidway':
      return abortMidway(world, { ...act, until: now + act.forMs });
    case 'deviceVerb': {
      const keep = act.verb === 'release' ? {} : { [`rollout.fleetward.dev/${act.verb}`]: 'sim' };
      return annotate(world, 'Device', name, keep);
    }
    case 'offline':
      return world.devices.get(name)?.leave(act.forMs);
    case 'crash':
      return armCrash(world, act);
    case 'depose':
      return world.loseLease(act.gapMs, act.forMs);
    case 'loseRecord':
      return loseRecord(world, name);
    case 'loseState':
      return loseState(world);
    case 'fault':
      fleet.sandbox.faults.clear();
      fleet.sandbox.faults.add(act.rule);
      return;
    case 'deaf':
      world.deafUntil = now + act.forMs;
      return;
    case 'quarantine':
      return quarantine(world, name, act.forMs);
    case 'blank':
      return blank(world, act);
    case 'inactive':
      return inactive(world, name, act.forMs);
    case 'foreignDetach': {
      const [target] = world.oracle.assets.get(name)?.targets ?? [];
      const [first] = target === undefined ? [] : world.view.policiesOf(target);
      if (target !== undefined && first !== undefined)
        await byPerson(world, () => fleet.aws.send('DetachPolicy', { policyName: first, target }));
      for (const each of world.oracle.assets.values())
        if (each.name === name || (target !== undefined && each.targets.includes(target))) world.robbed.add(each.name);
      return;
    }
    case 'join':
      await world.addDevice(act.life, 1);
      world.agenda.push({ at: now + 3 * MINUTE, run: () => world.born() });
      return;
    case 'groupPolicies': {
      const [first, ...rest] = world.groups;
      if (first !== undefined) await world.declareGroups([{ ...first, policies: act.policies }, ...rest]);
      return;
    }
    case 'groupDocument': {
      const [first, ...rest] = world.groups;
      const [policy, ...others] = first?.policies ?? [];
      if (first === undefined || policy === undefined) return;
      const policies = [{ name: policy.name, grant: act.grant }, ...others];
      return world.declareGroups([{ ...first, policies }, ...rest]);
    }
    case 'references':
      // Who writes the spec of one of those that share certificates writes that of the others with it.
      for (const each of world.oracle.assets.unitOf(name)) await world.refer(each, act.names);
      return;
    case 'retire':
      return world.retire(name);
    default:
      act satisfies never;
  }
}

async function document(world: World, { how, grants }: Extract<Act, { kind: 'document' }>): Promise<void> {
  if (how === 'garbage') {
    const text = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: 7 }] };
    const [first] = world.config.policies;
    await world.fleet
      .apply(policy(first?.name ?? '', { document: text, strategy: world.config.strategy }))
      .catch(() => undefined);
    return;
  }
  world.git = grants;
  world.oracle.gitChanged();
  await world.fleet.apply(...world.policies(grants));
}

export async function verb(world: World, verb: string, value: 'right' | 'stale' | 'bare', user = 'sim'): Promise<void> {
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  const all = items as readonly PolicyRollout[];
  const open =
    all.find((rollout) => !hasEnded(rollout)) ?? all.findLast(({ status }) => status?.cleanedAt === undefined);
  if (open === undefined) return;
  world.token += 1;
  const revision = value === 'stale' ? '00000000' : open.spec.revision;
  if (verb === 'retry' && value === 'right' && hasEnded(open)) world.oracle.retried(revision);
  if (verb === 'arm' && value === 'right') world.oracle.mayArm(open.metadata.name);
  const text = value === 'bare' ? 'yes' : `t${world.token}@${revision} by ${user}`;
  await annotate(world, 'PolicyRollout', open.metadata.name, { [`rollout.fleetward.dev/${verb}`]: text });
}

async function abortMidway(
  world: World,
  { until, afterMs }: { readonly until: number; readonly afterMs: number },
): Promise<void> {
  const now = world.fleet.clock.now();
  const abort = async () => {
    if (!(await isMidway(world))) return;
    world.note('somebody aborts what is in flight');
    world.count('aborted midway');
    await verb(world, 'abort', 'right');
  };
  const look = () => abortMidway(world, { until, afterMs });
  if (await isMidway(world)) world.agenda.push({ at: now + afterMs, run: abort });
  else if (now < until) world.agenda.push({ at: now + LOOKS_EVERY_MS, run: look });
}

/** Somebody is proven in a rollout that goes on. */
async function isMidway({ fleet }: World): Promise<boolean> {
  const rollouts = (await fleet.store.list({ kind: 'PolicyRollout' })).items as readonly PolicyRollout[];
  const open = new Set(rollouts.filter((rollout) => !hasEnded(rollout)).map(({ metadata }) => metadata.name));
  const devices = (await fleet.store.list({ kind: 'Device' })).items as readonly Device[];
  return devices.some(({ status }) => status?.rollout?.state === 'Succeeded' && open.has(status.rollout.name));
}

export async function annotate(
  world: World,
  kind: string,
  name: string,
  annotations: Record<string, string>,
): Promise<void> {
  const found = await world.fleet.store.get({ kind, namespace: 'factory', name });
  if (found === undefined) return;
  const { apiVersion } = found;
  // A person of their own for each verb: applying the next one takes none of the others back.
  const owner = kind === 'Device' ? 'person-device' : `person-${Object.keys(annotations)[0]?.split('/')[1]}`;
  await world.fleet.store
    .apply({ apiVersion, kind, metadata: { name, namespace: 'factory', annotations } }, { owner })
    .catch((thrown: unknown) => world.tell(`refused: ${String(thrown)}`));
  await world.fleet.drain();
}

function armCrash(world: World, { afterCalls, effect, on = '' }: Extract<Act, { kind: 'crash' }>): void {
  const { fleet } = world;
  let left = afterCalls;
  fleet.intercept = async (send, _operation, { method, path }) => {
    // Only writes arrive late; reads harm nobody.
    const writes = method !== 'GET' && !path.startsWith('/attached-policies') && !path.startsWith('/policy-targets');
    if ((effect === 'late' && !writes) || !path.startsWith(on)) return send();
    left -= 1;
    if (left !== 0) return send();
    world.note(
      `the process dies ${effect === 'late' ? 'with' : effect} ${method} ${path}${effect === 'late' ? ' on its way' : ''}`,
    );
    if (effect === 'after') await send();
    if (effect === 'late') world.late.push({ at: fleet.clock.now() + world.random() * 29_000, send });
    world.count(`died ${effect} a ${writes ? 'write' : 'read'}`);
    world.dead = true;
    void fleet.kill();
    throw new Crash('killed');
  };
}

async function loseRecord(world: World, name: string): Promise<void> {
  const found = (await world.fleet.get('Device', name)) as Device;
  if (found.status?.rollout === undefined) return;
  await world.fleet.kill();
  const { rollout: _lost, ...rest } = found.status;
  const { uid = '' } = found.metadata;
  await world.fleet.store.applyStatus({ kind: 'Device', namespace: 'factory', name, uid }, rest, {
    owner: 'fleetward',
  });
  world.oracle.forgetStates(name);
  await world.lead();
}

/** The state is gone; Git and AWS are what is left. */
async function loseState(world: World): Promise<void> {
  await world.fleet.kill();
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  for (const { metadata } of items)
    await world.fleet.store.delete({ kind: 'PolicyRollout', namespace: 'factory', name: metadata.name });
  for (const kind of ['Device', 'IoTPolicy']) {
    for (const { metadata } of (await world.fleet.store.list({ kind })).items) {
      const { name, uid = '' } = metadata;
      await world.fleet.store.applyStatus({ kind, namespace: 'factory', name, uid }, {}, { owner: 'fleetward' });
    }
  }
  world.oracle.forgetStates();
  await world.lead();
}

/** Whether AWS took it. */
export async function byPerson(world: World, act: () => Promise<unknown>): Promise<boolean> {
  world.oracle.actor = 'person';
  const taken = await act().then(
    () => true,
    (thrown: unknown) => {
      world.tell(`AWS refused: ${String(thrown)}`);
      return false;
    },
  );
  world.oracle.actor = 'operator';
  return taken;
}

/** After this a person tries again what AWS has refused. */
const AGAIN_MS = 10 * 60_000;

async function stand(
  world: World,
  act: Oracle['acts'][number],
  forMs: number,
  undo: () => Promise<unknown>,
): Promise<void> {
  world.oracle.acts.push(act);
  const lift = async () => {
    const index = world.oracle.acts.indexOf(act);
    if (index < 0) return;
    world.note(`lifted: ${act.kind} on ${act.on}`);
    if (await byPerson(world, undo)) world.oracle.acts.splice(index, 1);
    else world.agenda.push({ at: world.fleet.clock.now() + AGAIN_MS, run: lift });
  };
  world.agenda.push({ at: world.fleet.clock.now() + forMs, run: lift });
}

async function quarantine(world: World, name: string, forMs: number): Promise<void> {
  if (world.oracle.acts.some(({ on }) => on === name)) return;
  const { aws, clock } = world.fleet;
  const membership = { thingName: name, thingGroupName: QUARANTINE };
  await byPerson(world, () => aws.send('AddThingToThingGroup', membership));
  // Whoever got no answer looks: AWS may have done it all the same, or not.
  const groups = world.fleet.sandbox.scope().slice(REGISTRY).things.get(name)?.groups ?? [];
  if (!groups.includes(QUARANTINE)) return;
  await stand(world, { kind: 'quarantine', on: name, at: clock.now() }, forMs, () =>
    aws.send('RemoveThingFromThingGroup', membership),
  );
}

async function inactive(world: World, name: string, forMs: number): Promise<void> {
  const [certificateId] = world.certificates.get(name) ?? [];
  if (certificateId === undefined || world.oracle.acts.some(({ on }) => on === certificateId)) return;
  const { aws, clock } = world.fleet;
  const set = (newStatus: 'ACTIVE' | 'INACTIVE') => aws.send('UpdateCertificate', { certificateId, newStatus });
  await byPerson(world, () => set('INACTIVE'));
  const found = world.fleet.sandbox.scope().slice(IDENTITY).certificates.get(certificateId);
  if (found?.status !== 'INACTIVE') return;
  await stand(world, { kind: 'inactive', on: certificateId, at: clock.now() }, forMs, () => set('ACTIVE'));
}

async function blank(world: World, act: Extract<Act, { kind: 'blank' }>): Promise<void> {
  const { of, forMs } = act;
  const { aws, clock, sandbox } = world.fleet;
  const { policies } = sandbox.scope().slice(IDENTITY);
  const names = [...policies.keys()].filter(
    (name) => name.includes('@') === (of === 'candidate') && !name.startsWith('foreign'),
  );
  const policyName = act.policy ?? names[Math.floor(world.random() * names.length)];
  const found = policyName === undefined ? undefined : policies.get(policyName);
  if (policyName === undefined || found === undefined || found.versions.length >= 5) return;
  if (world.oracle.acts.some(({ on }) => on === policyName)) return;
  const before = found.defaultVersionId;
  await byPerson(world, () =>
    aws.send('CreatePolicyVersion', { policyName, policyDocument: BLANK, setAsDefault: true }),
  );
  const { defaultVersionId: blank } = found;
  if (blank === before) return;
  await stand(world, { kind: 'blank', on: policyName, at: clock.now() }, forMs, async () => {
    await aws.send('SetDefaultPolicyVersion', { policyName, policyVersionId: before });
    // Tried again when an answer was lost: what is gone already cannot be deleted once more.
    if (found.versions.some(({ id }) => id === blank))
      await aws.send('DeletePolicyVersion', { policyName, policyVersionId: blank });
  });
}

/** What coverage is counted by: the kind, and what of it matters. */
export function kindOf(act: Act): string {
  switch (act.kind) {
    case 'document':
      return `document ${act.how}`;
    case 'verb':
      return act.value === 'right' ? `verb ${act.verb}` : `verb that is ${act.value}`;
    case 'deviceVerb':
      return `device ${act.verb}`;
    case 'crash':
      return `crash ${act.effect}`;
    case 'fault':
      return `fault ${act.rule.effect.kind}`;
    case 'blank':
      return `blank ${act.of}`;
    default:
      return act.kind;
  }
}

function describeAct(act: Act, device: string): string {
  switch (act.kind) {
    case 'document':
      return `Git: ${act.how} ${act.grants.map(({ name, grant }) => `${name} ${grantText(grant)}`).join('; ')}`;
    case 'verb':
      return `${act.verb} (${act.value})`;
    case 'deviceVerb':
      return `${act.verb} ${device}`;
    case 'offline':
      return `${device} is away for ${Math.round(act.forMs / MINUTE)} min`;
    case 'crash':
      return `a crash ${act.effect} a call is near`;
    case 'fault':
      return `fault ${JSON.stringify(act.rule)}`;
    case 'groupPolicies':
      return `Git: the group refers to ${act.policies.map(({ name }) => name).join(', ')}`;
    case 'groupDocument':
      return `Git: the policy of the group ${grantText(act.grant)}`;
    case 'references':
      return `Git: ${device} refers to ${act.names.join(', ')}`;
    default:
      return `${act.kind} ${device}`;
  }
}
