import type { Device } from '../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import type { ThingGroup } from '../../operator/api/thinggroup.gen.ts';
import { rollbackWindowMs } from '../../operator/controllers/policyrollout/names.ts';
import { sameDocument } from '../../operator/drift/document.ts';
import { ABORT_REQUESTED } from '../../operator/rollout/abort.ts';
import { IDENTITY } from '../../operator/sandbox/state/identity.ts';
import { annotate, byPerson, verb } from './acts.ts';
import { LONGEST_DELAY_MS } from './aws-view.ts';
import { documentOf } from './rights.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Longest virtual time that a run may take to come to rest at its end. */
const END_MS = 40 * HOUR;
/** Whether the world is at rest is asked in less time than this: whatever ends earlier is waited for. */
const REST_MS = HOUR;
/** So long before its end everybody is there again. */
const WAKE_MS = 5 * MINUTE;

/** Everybody is back, nobody interferes, people answer what they are asked, and time passes until nothing moves. */
export async function bringToAnEnd(world: World): Promise<void> {
  const { fleet } = world;
  world.tell('act: everybody is back, and people bring it to an end');
  fleet.sandbox.faults.clear();
  fleet.intercept = undefined;
  world.deafUntil = 0;
  for (const { run } of world.agenda.splice(0)) await run();
  for (const simulated of world.devices.values()) {
    simulated.settle();
    await annotate(world, 'Device', simulated.name, {});
  }
  let deadline = fleet.clock.now() + END_MS;
  for (let round = 0; fleet.clock.now() < deadline; round += 1) {
    // One that joined at the last moment has its certificates only by and by.
    await world.born();
    await world.passTo(fleet.clock.now() + 10 * MINUTE);
    if (world.oracle.violations.length > 0) return;
    if ((await atRest(world)) && (await checkRest(world))) {
      const slept = await sleepThroughWindows(world);
      if (slept === 0) return;
      deadline += slept;
    }
    if (round % 3 === 2) for (const answer of ['resume', 'approve', 'promote-full']) await verb(world, answer, 'right');
    if (round % 12 === 11) await goAndLook(world);
    // One that waits for ever may stand behind another.
    if (round % 12 === 11) await verb(world, 'abort', 'right');
  }
  const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
  const left = (items as readonly PolicyRollout[]).filter(({ status }) => status?.cleanedAt === undefined);
  const open = left.map(
    ({ metadata, status }) => `${metadata.name} ${status?.phase} ${status?.reason}: ${status?.message}`,
  );
  for (const kind of ['IoTPolicy', 'Device', 'ThingGroup']) {
    const { items: objects } = await fleet.store.list({ kind });
    for (const object of objects.filter(isPending)) open.push(`${kind} ${object.metadata.name}: ${readiness(object)}`);
  }
  world.oracle.fail(3, `after ${END_MS / HOUR} h with everybody there it is not over: ${open.join('; ')}`);
}

function readiness(object: object): string {
  const ready = (object as Waiting).status?.conditions?.find(({ type }) => type === 'Ready');
  return `${ready?.reason}, ${ready?.message}`;
}

/** Whoever is said not to have recovered although it got back what it had: somebody else took more, and gives that back. */
async function goAndLook(world: World): Promise<void> {
  for (const { name, targets } of world.oracle.assets.values()) {
    const { status } = (await world.fleet.get('Device', name)) as Device;
    if (!world.robbed.has(name) || status?.rollout?.state !== 'Unrecovered') continue;
    for (const target of targets) {
      for (const policyName of world.referred(name))
        await byPerson(world, () => world.fleet.aws.send('AttachPolicy', { policyName, target }));
    }
  }
  await giveBackOnLoan(world);
  await detachStrangers(world);
}

/** Who has got lost together with the state, and is on no spec any more: whoever waits for that names the certificate. */
async function detachStrangers(world: World): Promise<void> {
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  for (const { status } of items as readonly PolicyRollout[]) {
    const said = [status?.message ?? '', ...(status?.conditions ?? []).map(({ message }) => message)];
    for (const text of said) {
      const id = /attached to (?:arn\S+\/)?(?<id>[0-9a-f]{64}), which no Device/.exec(text)?.groups?.id;
      if (id === undefined) continue;
      const target = world.fleet.sandbox.scope().arn(`cert/${id}`);
      for (const policyName of world.view.policiesOf(target))
        await byPerson(world, () => world.fleet.aws.send('DetachPolicy', { policyName, target }));
    }
  }
}

/** A group waits until a member has all that is on loan: what somebody took of it is given back in the words that the member's Device asks for. */
async function giveBackOnLoan(world: World): Promise<void> {
  for (const { name } of world.groups) {
    const { status } = (await world.fleet.get('ThingGroup', name)) as ThingGroup;
    const waitsFor = status?.pendingChange?.waitsFor;
    if (waitsFor === undefined || !world.robbed.has(waitsFor)) continue;
    const said = readiness(await world.fleet.get('Device', waitsFor));
    const token = /^Narrowed, .*fleetward\.dev\/restore=(?<token>\w+)/.exec(said)?.groups?.token;
    if (token !== undefined) await annotate(world, 'Device', waitsFor, { 'fleetward.dev/restore': token });
  }
}

async function atRest(world: World): Promise<boolean> {
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  const kept = await keptByRejection(world);
  const { items: policies } = await world.fleet.store.list({ kind: 'IoTPolicy' });
  const behind = new Set(policies.filter(isBehindGroup).map(({ metadata }) => metadata.name));
  // Whoever stays on a proven candidate is at rest there, and on one that was overtaken as long as what overtook it waits behind a
  // group for people. From any other everybody is led away, whoever knows of him.
  const over = (items as readonly PolicyRollout[]).every(
    (rollout) =>
      rollout.status?.cleanedAt !== undefined ||
      keptUntil(rollout) - REST_MS > world.fleet.clock.now() ||
      isStayedOn(world, rollout) ||
      isLeftInFlight(world, rollout) ||
      rollout.spec.policies.some(
        ({ name, candidateName }) => kept.has(candidateName) && mayKeep(rollout, behind.has(name)),
      ),
  );
  if (!over) return false;
  const { items: devices } = await world.fleet.store.list({ kind: 'Device' });
  if (devices.some((device) => isPending(device) && !isRejected(device))) return false;
  const tookBack = devices.some(isPending);
  const waits = (policy: object) => isPending(policy) && !isRejected(policy) && !(tookBack && isBehindGroup(policy));
  if (policies.some(waits)) return false;
  // A group goes on waiting for members whose change people took back.
  if (tookBack) return true;
  const { items: groups } = await world.fleet.store.list({ kind: 'ThingGroup' });
  if (groups.some(isPending)) return false;
  return true;
}

/** Whom it leaves there keeps its candidates from ever going; where nobody is, they go like all others. */
function isStayedOn(world: World, { spec, status }: PolicyRollout): boolean {
  if (status?.phase !== 'Succeeded' || spec.strategy?.homing !== 'Stay') return false;
  return status.homedAt === undefined || spec.policies.some(({ candidateName }) => isCarried(world, candidateName));
}

/** A person's abort left proven ones there, until another rollout takes them along or Git takes back what they have. */
function isLeftInFlight(world: World, rollout: PolicyRollout): boolean {
  const { spec, status } = rollout;
  const byPerson = status?.phase === 'Aborted' && status.reason === ABORT_REQUESTED && status.brakedAt === undefined;
  if (!byPerson || spec.strategy?.abortScope !== 'InFlight') return false;
  const asked = new Map(world.asked().map(({ name, grant }) => [name, documentOf(grant)]));
  // After a loss of state it may have been made again from the very document that Git asks for: that takes nothing back.
  const isTakenBack = spec.policies.some(
    ({ name, baseline, document }) =>
      sameDocument(asked.get(name), baseline) && !sameDocument(asked.get(name), document),
  );
  if (isTakenBack) return false;
  const assets = [...world.oracle.assets.values()];
  return assets.some(({ name, targets }) =>
    targets.flatMap((target) => world.view.policiesOf(target)).some((one) => isProvenOn(world, name, one, rollout)),
  );
}

/** Nobody is on its candidates any more; until then they are kept for a quick way back. */
function keptUntil(rollout: PolicyRollout): number {
  const { homedAt, cleanedAt } = rollout.status ?? {};
  return homedAt === undefined || cleanedAt !== undefined ? 0 : Date.parse(homedAt) + rollbackWindowMs(rollout);
}

/** What is kept for a quick way back goes when its time is over. Nothing happens until then, so nobody is there: answers for how long. */
async function sleepThroughWindows(world: World): Promise<number> {
  const { clock, store } = world.fleet;
  const { items } = await store.list({ kind: 'PolicyRollout' });
  const last = Math.max(0, ...(items as readonly PolicyRollout[]).map(keptUntil));
  const forMs = last - WAKE_MS - clock.now();
  if (forMs <= 0) return 0;
  world.tell(`nothing happens for ${Math.round(forMs / MINUTE)} min: what is kept for a quick way back is about to go`);
  for (const simulated of world.devices.values()) simulated.sleep(forMs);
  // Not from one timer to the next: the operator looks at its own clock every few seconds, and finds nothing.
  for (const until = clock.now() + forMs; clock.now() < until; ) {
    await world.advance(Math.min(MINUTE, until - clock.now()));
    if (world.oracle.violations.length > 0) break;
  }
  for (const simulated of world.devices.values()) simulated.settle();
  return forMs;
}

function mayKeep({ status }: PolicyRollout, waitsBehindGroup: boolean): boolean {
  return status?.phase === 'Succeeded' || (status?.phase === 'Superseded' && waitsBehindGroup);
}

interface Waiting {
  readonly status?: {
    readonly pendingChange?: unknown;
    readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message?: string }[];
  };
}

const isPending = (object: object): boolean => (object as Waiting).status?.pendingChange !== undefined;

/** What one of those that share certificates keeps, because people took its change back, is on the certificates of all. */
async function isUnitPending({ fleet, oracle }: World, name: string): Promise<boolean> {
  const unit = await Promise.all([...oracle.assets.unitOf(name)].map((each) => fleet.get('Device', each)));
  return unit.some(isPending);
}

/** People took it back: it stays pending, and what it would change stays as it is. */
const isRejected = (object: object): boolean =>
  (object as Waiting).status?.conditions?.some(
    ({ type, reason }) => type === 'Ready' && reason === 'RevisionRejected',
  ) === true;

/** What a group has on loan to its members waits for the group. */
const isBehindGroup = (object: object): boolean => /^RolloutPending, ThingGroup /.test(readiness(object));

/** Candidates that a change would have taken which people took back: what it would change stays as it is. */
async function keptByRejection(world: World): Promise<ReadonlySet<string>> {
  const { items } = await world.fleet.store.list({ kind: 'Device' });
  const rejected = (items as readonly Device[]).filter(isRejected);
  return new Set(rejected.flatMap(({ status }) => status?.pendingChange?.detach ?? []));
}

/** False when the world only seemed to be at rest. */
async function checkRest(world: World): Promise<boolean> {
  const { fleet } = world;
  await world.passTo(fleet.clock.now() + 2 * LONGEST_DELAY_MS);
  if (!(await atRest(world))) return false;
  await checkTakenBack(world);
  const left = await leftInFlight(world);
  if (left.length > 0) world.count('left in flight');
  const lent = await lentByGroups(world);
  for (const { name, targets } of world.oracle.assets.values()) {
    if (world.robbed.has(name)) continue;
    if (await isUnitPending(world, name)) {
      for (const target of targets) checkOneEach(world, name, { carried: world.view.policiesOf(target), lent });
      continue;
    }
    const declared = [...world.referred(name)].sort();
    const withLent = [...new Set([...declared, ...lent])].sort();
    for (const target of targets) {
      const carried = [...world.view.policiesOf(target)].sort();
      const stays = staying(world, carried, (one) =>
        left.some((rollout) => isProvenOn(world, name, one, rollout)),
      ).join();
      if (stays !== declared.join() && stays !== withLent.join())
        world.oracle.fail(3, `${name} ends on ${carried.join(', ') || 'nothing'} instead of ${declared.join(', ')}`);
    }
  }
  for (const { name, policies } of world.groups) {
    if (isPending(await fleet.get('ThingGroup', name))) continue;
    const carried = [...world.view.policiesOf(fleet.sandbox.scope().arn(`thinggroup/${name}`))].sort();
    const wanted = policies.map((each) => each.name).sort();
    if (staying(world, carried).join() !== wanted.join())
      world.oracle.fail(
        3,
        `group ${name} ends with ${carried.join(', ') || 'nothing'} instead of ${wanted.join(', ')}`,
      );
  }
  const { certificates } = fleet.sandbox.scope().slice(IDENTITY);
  const wanted = new Set([...world.certificates.values()].flat());
  const found = [...certificates.keys()].filter((id) => !world.retired.has(id));
  if (found.length !== wanted.size)
    world.oracle.fail(9, `${found.length} certificates for ${wanted.size} declared ones`);
  await checkLeftOver(world);
  await checkNoOp(world);
  const secret = [...fleet.logs, ...fleet.events.map(({ message }) => message)].find((line) =>
    /PRIVATE KEY|"secret/.test(line),
  );
  if (secret !== undefined) world.oracle.fail(8, 'a private key in a log line or an event');
  return true;
}

/** What people took back leaves an asset with what it had: nobody had a policy under two of its names. */
function checkOneEach(
  { oracle }: World,
  name: string,
  { carried, lent }: { readonly carried: readonly string[]; readonly lent: readonly string[] },
): void {
  const own = carried.filter((policy) => !lent.includes(policy));
  for (const [declared, names] of Map.groupBy(own, (policy) => policy.split('@')[0] ?? '')) {
    if (names.length > 1) oracle.fail(3, `${name} ends on ${names.join(' and ')}, which both stand for ${declared}`);
  }
}

/**
 * What a group that changes has on loan to its members, all of it: it waits for one whose part people took back, and the others
 * have theirs until somebody tries again or takes the change out of the group.
 */
async function lentByGroups({ fleet, groups }: World): Promise<readonly string[]> {
  const changing = await Promise.all(groups.map(({ name }) => fleet.get('ThingGroup', name) as Promise<ThingGroup>));
  return changing.flatMap(({ status }) => [
    ...(status?.pendingChange?.attach ?? []),
    ...(status?.pendingChange?.detach ?? []),
  ]);
}

/** Who is left on a candidate that was taken back has what it had before. */
async function checkTakenBack(world: World): Promise<void> {
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  for (const rollout of items as readonly PolicyRollout[]) {
    const { spec, status } = rollout;
    if (status?.phase !== 'Aborted' || status.cleanedAt !== undefined) continue;
    if (isLeftInFlight(world, rollout)) continue;
    for (const { candidateName, baseline } of spec.policies) {
      const text = world.view.document(candidateName);
      // Where nobody was on it there was no brake to pull; it is kept as it is until the window is over.
      if (!isCarried(world, candidateName)) continue;
      if (text !== undefined && !sameDocument(JSON.parse(text), baseline))
        world.oracle.fail(3, `${candidateName} was taken back, and still is ${text}`);
    }
  }
}

/** Once the time to go back quickly is over, nothing of a rollout is left in AWS, but where somebody stays on it. */
async function checkLeftOver(world: World): Promise<void> {
  // Without the state nobody knows any more whose they were.
  if ('loseState' in world.happened) return;
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  const open = (items as readonly PolicyRollout[]).filter(({ status }) => status?.cleanedAt === undefined);
  const kept = new Set(open.flatMap(({ spec }) => spec.policies.map(({ candidateName }) => candidateName)));
  const { policies } = world.fleet.sandbox.scope().slice(IDENTITY);
  const left = [...policies.keys()].filter((name) => name.includes('@') && !kept.has(name) && !isCarried(world, name));
  if (left.length > 0) world.oracle.fail(3, `nobody will delete ${left.join(', ')}`);
}

function isCarried({ fleet }: World, policyName: string): boolean {
  return (fleet.sandbox.scope().slice(IDENTITY).policies.get(policyName)?.targets.size ?? 0) > 0;
}

/** Whoever may stay on a proven candidate has with it what the declared name stands for. */
function staying(
  { config }: World,
  carried: readonly string[],
  isLeftOn: (candidate: string) => boolean = () => false,
): readonly string[] {
  const stays = (one: string) => config.strategy.homing === 'Stay' || isLeftOn(one);
  return carried.map((one) => (stays(one) ? (one.split('@')[0] ?? '') : one));
}

async function leftInFlight(world: World): Promise<readonly PolicyRollout[]> {
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  return (items as readonly PolicyRollout[]).filter((rollout) => isLeftInFlight(world, rollout));
}

/** What an abort leaves where it is has a verdict. */
function isProvenOn({ oracle }: World, asset: string, candidate: string, { metadata, spec }: PolicyRollout): boolean {
  const own = spec.policies.some(({ candidateName }) => candidateName === candidate);
  return own && oracle.hasPassed(asset, metadata.name);
}

async function checkNoOp(world: World): Promise<void> {
  const { fleet } = world;
  const writes = fleet.writes.length;
  const calls = () => fleet.sandbox.ledger.entries({ mutating: true }).length;
  const before = calls();
  const renewals = await sessionsToRenew(world);
  await world.passTo(fleet.clock.now() + 30 * MINUTE);
  // When the account was last compared is told after each comparison.
  const more = fleet.writes
    .slice(writes)
    .filter((write) => write !== 'status AWSAccount/default' && !take(renewals, write));
  if (calls() > before) world.oracle.fail(7, 'with nothing to do AWS was written to');
  if (more.length > 0)
    world.oracle.fail(7, `with nothing to do the store was written to: ${more.slice(0, 3).join(', ')}`);
}

/** A device that has lived on a session of before and connects anew is news: written down once, and counted by its rollout. */
async function sessionsToRenew({ fleet }: World): Promise<string[]> {
  const { items } = await fleet.store.list({ kind: 'Device' });
  const ofDevices = (items as readonly Device[]).flatMap(({ metadata, status }) => {
    const { name, sessions } = status?.rollout ?? {};
    // Each thing that shares a certificate has a session of its own, which is told of all of them.
    return (sessions?.older ?? []).flatMap(() => [`status Device/${metadata.name}`, `status PolicyRollout/${name}`]);
  });
  const rollouts = (await fleet.store.list({ kind: 'PolicyRollout' })).items as readonly PolicyRollout[];
  // It counts every ten minutes, and may not have heard of the last one yet.
  const behind = rollouts.filter(({ status }) => (status?.counters?.olderSessions ?? 0) > 0);
  return [...ofDevices, ...behind.map(({ metadata }) => `status PolicyRollout/${metadata.name}`)];
}

function take(list: string[], one: string): boolean {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}
