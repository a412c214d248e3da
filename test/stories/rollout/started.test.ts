/** An asset that was told to start takes its place at once. What if its record never says that it has begun? */
import { expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { csr, device, policy } from '../../support/fleet.ts';
import { annotate, grants, hear, NARROW, type RolloutFleet, refuse, rolloutFleet, STRATEGY, say } from './support.ts';

const HOLD = 'rollout.fleetward.dev/hold';
const SKIP = 'rollout.fleetward.dev/skip';

/** AWS does not answer what this device's certificate carries: nothing can be begun with it. */
async function unread(fleet: RolloutFleet, name: string): Promise<() => void> {
  const { status } = await fleet.get('Device', name);
  const { certificates = [] } = status as { readonly certificates?: readonly { readonly certificateId: string }[] };
  const id = certificates[0]?.certificateId ?? '';
  fleet.intercept = async (send, _operation, { path }) => {
    if (path.startsWith('/attached-policies/') && path.includes(id)) throw new Error('connection reset');
    return send();
  };
  return () => {
    fleet.intercept = undefined;
  };
}

async function phases(fleet: RolloutFleet): Promise<readonly string[]> {
  const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
  return (items as readonly PolicyRollout[]).map(({ status }) => `${status?.phase} ${status?.reason}`);
}

test.each([
  { reason: 'a Device that is only observed from then on gives its place free', spec: { managementPolicy: 'Observe' } },
  { reason: 'a Device that is suspended from then on gives its place free', spec: { suspend: true } },
  { reason: 'a Device that people leave out gives its place free, whatever keeps it from beginning', skip: true },
])(
  '$reason',
  async ({ spec, skip = false }) => {
    await using fleet = await rolloutFleet(0);
    const on = (name: string, policyName: string) =>
      device(name, { thingTypeRef: { name: 'press' }, policyRefs: [{ name: policyName }] });
    const first = on('press-1', 'a');
    const change = (name: string, ...topics: readonly string[]) =>
      fleet.apply(policy(name, { document: grants(...topics), strategy: STRATEGY }));
    await change('a', 'x/*', 'y/*');
    await change('b', 'x/*', 'y/*');
    await fleet.apply(first, on('press-2', 'a'), on('press-3', 'b'));
    fleet.names.push('press-1', 'press-2', 'press-3');
    await fleet.settleUntilReady();
    await annotate(fleet, 'Device', 'press-2', { [HOLD]: 'look' });
    const readable = await unread(fleet, 'press-1');
    await change('a', 'x/*');
    await fleet.live(5);
    await change('b', 'x/*');
    await fleet.live(5);
    expect(await fleet.records(), 'press-1 has the only place').toEqual({
      'press-1': '-',
      'press-2': '-',
      'press-3': '-',
    });
    await fleet.apply({ ...first, spec: { ...(first.spec as object), ...spec } });
    if (!skip) readable();
    else await annotate(fleet, 'Device', 'press-1', { [SKIP]: `t1@${(await fleet.rollout()).spec.revision} by eve` });
    await fleet.live(60, { until: async () => (await fleet.records())['press-3'] === 'Succeeded' });
    expect(await fleet.records()).toEqual({ 'press-1': '-', 'press-2': '-', 'press-3': 'Succeeded' });
    expect((await phases(fleet))[0], 'its rollout goes on waiting').toMatch(/^(Progressing|Pending) /);
  },
  60_000,
);

test('an abort before it has begun: nothing is taken from it while others are still on their way back', async () => {
  await using fleet = await rolloutFleet(0);
  const strategy = { ...STRATEGY, waves: [{ count: 2 }], maxInFlight: 2 };
  const refer = (made: ReturnType<typeof device>, ...names: readonly string[]) => {
    const policyRefs = names.map((name) => ({ name }));
    return { ...made, spec: { ...(made.spec as object), policyRefs } };
  };
  const devices = ['press-1', 'press-2'].map((name) => device(name, { thingTypeRef: { name: 'press' } }));
  await fleet.apply(...['a', 'b'].map((name) => policy(name, { document: grants(`${name}/*`), strategy })));
  await fleet.apply(...devices.map((made) => refer(made, 'a', 'b')));
  fleet.names.push('press-1', 'press-2');
  await fleet.settleUntilReady();
  await fleet.live(25);
  const readable = await unread(fleet, 'press-1');
  await fleet.apply(...devices.map((made) => refer(made, 'a')));
  await fleet.live(3);
  expect(await fleet.records()).toEqual({ 'press-1': '-', 'press-2': 'Contracting' });
  await say(fleet, 'abort', { token: 't1' });
  await fleet.live(1);
  readable();
  const taken = () => fleet.sandbox.ledger.count({ operation: 'DetachPolicy', outcome: 'ok' });
  const before = taken();
  await fleet.live(60, { until: async () => (await phases(fleet)).every((phase) => phase.startsWith('Aborted')) });
  expect(taken()).toBe(before);
  expect(await phases(fleet)).toEqual(['Aborted AbortRequested']);
  expect(await fleet.records()).toEqual({ 'press-1': 'RolledBack', 'press-2': 'RolledBack' });
}, 60_000);

test('an abort before one that is tried again has begun: it is back already, and the abort ends', async () => {
  await using fleet = await rolloutFleet(2);
  hear(fleet, 'press-1', 'debug/press-1');
  await fleet.change(NARROW);
  await fleet.live(24);
  refuse(fleet, 'press-1', 'debug/press-1');
  await fleet.live(30, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
  expect(await fleet.records()).toMatchObject({ 'press-1': 'RolledBack' });
  const readable = await unread(fleet, 'press-1');
  await say(fleet, 'retry', { token: 't1' });
  await fleet.live(3);
  await say(fleet, 'abort', { token: 't2' });
  readable();
  await fleet.live(60, { until: async () => (await phases(fleet)).every((phase) => phase.startsWith('Aborted')) });
  expect(await phases(fleet)).toEqual(['Aborted AbortRequested']);
}, 60_000);

/** press-1 and press-2 on policy a, press-3 on b; press-1 is told to start with a, and AWS refuses what else its spec asks for. */
async function refused(): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(0);
  const on = (name: string, policyName: string) =>
    device(name, { thingTypeRef: { name: 'press' }, policyRefs: [{ name: policyName }] });
  const strategy = { ...STRATEGY, waves: [{ count: 2, bake: '1m' }] };
  const first = on('press-1', 'a');
  const change = (name: string, ...topics: readonly string[]) =>
    policy(name, { document: grants(...topics), strategy });
  await fleet.apply(change('a', 'x/*', 'y/*'), change('b', 'x/*', 'y/*'));
  await fleet.apply(first, on('press-2', 'a'), on('press-3', 'b'));
  fleet.names.push('press-1', 'press-2', 'press-3');
  await fleet.settleUntilReady();
  await fleet.live(5);
  const effect = { kind: 'error', name: 'InvalidRequestException', status: 400 } as const;
  fleet.sandbox.faults.add({ operation: 'UpdateThing', effect });
  await fleet.apply({ ...first, spec: { ...(first.spec as object), attributes: { line: 'four' } } });
  await fleet.apply(change('a', 'x/*'));
  await fleet.live(3);
  await fleet.apply(change('b', 'x/*'));
  await fleet.live(3);
  return fleet;
}

async function told(fleet: RolloutFleet): Promise<string> {
  const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
  return (items as readonly PolicyRollout[])[0]?.status?.message ?? '';
}

test('a Device whose own reconcile fails is named with the reason, and its place goes to the others until it can begin', async () => {
  await using fleet = await refused();
  expect(await fleet.records(), 'told to start, and it cannot').toEqual({
    'press-1': '-',
    'press-2': '-',
    'press-3': '-',
  });
  expect(await told(fleet)).toMatch(/press-1.*UpdateThing/);
  const succeeded = async (...names: readonly string[]) => {
    const records = await fleet.records();
    return names.every((name) => records[name] === 'Succeeded');
  };
  await fleet.live(120, { until: () => succeeded('press-2', 'press-3') });
  expect(await fleet.records()).toEqual({ 'press-1': '-', 'press-2': 'Succeeded', 'press-3': 'Succeeded' });
  expect(await told(fleet)).toMatch(/press-1.*UpdateThing/);
  const { status } = (await fleet.store.list({ kind: 'PolicyRollout' })).items[0] as PolicyRollout;
  expect(status?.samples).toMatchObject([
    { device: 'press-1', state: 'Queued', why: expect.stringContaining('UpdateThing') },
  ]);
  fleet.sandbox.faults.clear();
  await annotate(fleet, 'Device', 'press-1', { 'reconcile.fleetward.dev/requestedAt': 't1' });
  await fleet.live(60, { until: () => succeeded('press-1') });
  expect(await succeeded('press-1')).toBe(true);
  expect((await phases(fleet))[0]).toBe('Succeeded Completed');
}, 120_000);

test('a Device that somebody holds before its first step gives its place to the others, and follows when it is released', async () => {
  await using fleet = await rolloutFleet(0);
  const on = (name: string) => device(name, { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'a' }] });
  const strategy = { ...STRATEGY, waves: [{ count: 2, bake: '1m' }] };
  await fleet.apply(policy('a', { document: grants('x/*', 'y/*'), strategy }));
  await fleet.apply(on('press-1'), on('press-2'));
  fleet.names.push('press-1', 'press-2');
  await fleet.settleUntilReady();
  const readable = await unread(fleet, 'press-1');
  await fleet.apply(policy('a', { document: grants('x/*'), strategy }));
  await fleet.live(3);
  expect(await fleet.records(), 'told to start').toEqual({ 'press-1': '-', 'press-2': '-' });
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: 'look' });
  readable();
  const reached = async (wanted: object) => JSON.stringify(await fleet.records()) === JSON.stringify(wanted);
  await fleet.live(60, { until: () => reached({ 'press-1': 'Deferred', 'press-2': 'Succeeded' }) });
  expect(await fleet.records()).toEqual({ 'press-1': 'Deferred', 'press-2': 'Succeeded' });
  expect(await fleet.attached('press-1'), 'nothing was done to it').toEqual(['a']);
  expect(await told(fleet)).toContain('press-1');
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: undefined });
  await fleet.live(60, { until: () => reached({ 'press-1': 'Succeeded', 'press-2': 'Succeeded' }) });
  expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded', 'press-2': 'Succeeded' });
}, 120_000);

const NO = { kind: 'error', name: 'LimitExceededException', status: 410 } as const;

/** AWS refuses to attach anything to this certificate of the device, until it is told otherwise. */
async function refusing(fleet: RolloutFleet, name: string, at = 0): Promise<{ count: number; on: boolean }> {
  const { status } = (await fleet.get('Device', name)) as Device;
  const arn = status?.certificates?.[at]?.arn ?? '';
  const state = { count: 0, on: true };
  fleet.intercept = async (send, _operation, { method, path, body }) => {
    if (state.on && method === 'PUT' && path.startsWith('/target-policies/') && body.includes(arn)) {
      state.count += 1;
      fleet.sandbox.faults.add({ operation: 'AttachPolicy', effect: NO, count: 1 });
    }
    return send();
  };
  return state;
}

/** press-1 and press-2 on policy a, press-3 on b, one at a time in the account; AWS refuses the first call to press-1. */
async function refusedAtOnce(): Promise<{ fleet: RolloutFleet; refusal: { count: number; on: boolean } }> {
  const fleet = await rolloutFleet(0);
  const on = (name: string, policyName: string) =>
    device(name, { thingTypeRef: { name: 'press' }, policyRefs: [{ name: policyName }] });
  const strategy = { ...STRATEGY, waves: [{ count: 2, bake: '1m' }] };
  const change = (name: string, ...topics: readonly string[]) =>
    policy(name, { document: grants(...topics), strategy });
  await fleet.apply(change('a', 'x/*', 'y/*'), change('b', 'x/*', 'y/*'));
  await fleet.apply(on('press-1', 'a'), on('press-2', 'a'), on('press-3', 'b'));
  fleet.names.push('press-1', 'press-2', 'press-3');
  await fleet.settleUntilReady();
  await fleet.live(5);
  const refusal = await refusing(fleet, 'press-1');
  await fleet.apply(change('a', 'x/*'));
  await fleet.live(3);
  await fleet.apply(change('b', 'x/*'));
  return { fleet, refusal };
}

const reached = async (fleet: RolloutFleet, wanted: object) =>
  JSON.stringify(await fleet.records()) === JSON.stringify(wanted);

test('a Device whose first call AWS refuses for good gives its place to the others, says why, and follows when AWS does it', async () => {
  const { fleet, refusal } = await refusedAtOnce();
  await using _ = fleet;
  const others = { 'press-1': 'Deferred', 'press-2': 'Succeeded', 'press-3': 'Succeeded' };
  await fleet.live(150, { until: () => reached(fleet, others) });
  expect(await fleet.records()).toEqual(others);
  expect(await fleet.attached('press-1'), 'nothing was done to it').toEqual(['a']);
  expect(await told(fleet)).toMatch(/press-1 gets no further: .*AttachPolicy/);
  const { status } = (await fleet.store.list({ kind: 'PolicyRollout' })).items[0] as PolicyRollout;
  expect(status?.samples).toMatchObject([
    { device: 'press-1', state: 'Deferred', why: expect.stringMatching(/nothing was done.*AttachPolicy/) },
  ]);
  expect(refusal.count, 'it is asked ever more seldom').toBeLessThan(12);
  refusal.on = false;
  const all = { ...others, 'press-1': 'Succeeded' };
  await fleet.live(90, { until: () => reached(fleet, all) });
  expect(await fleet.records()).toEqual(all);
}, 120_000);

test('a Device whose first call AWS refuses for good can be skipped', async () => {
  const { fleet } = await refusedAtOnce();
  await using _ = fleet;
  await fleet.live(5);
  const [first] = (await fleet.store.list({ kind: 'PolicyRollout' })).items as readonly PolicyRollout[];
  await annotate(fleet, 'Device', 'press-1', { [SKIP]: `t1@${first?.spec.revision} by eve` });
  await fleet.live(150, { until: async () => (await phases(fleet)).every((phase) => phase.startsWith('Succeeded')) });
  expect(await phases(fleet)).toEqual(['Succeeded CompletedWithStragglers', 'Succeeded Completed']);
  expect(await fleet.attached('press-1')).toEqual(['a']);
}, 120_000);

test('a Device with two certificates that AWS refuses after the first keeps its place, and a person is told what to do', async () => {
  await using fleet = await rolloutFleet(0);
  const certificates = ['a', 'b'].map((name) => ({ name, csr: csr(`press-1-${name}`) }));
  await fleet.apply(
    device('press-1', { thingTypeRef: { name: 'press' }, certificates }),
    device('press-2', { thingTypeRef: { name: 'press' } }),
  );
  fleet.names.push('press-1', 'press-2');
  await fleet.settleUntilReady();
  await fleet.live(5);
  await refusing(fleet, 'press-1', 1);
  await fleet.change(NARROW, { ...STRATEGY, waves: [{ count: 2, bake: '1m' }] });
  await fleet.live(30);
  expect(await fleet.records()).toEqual({ 'press-1': 'Expanding', 'press-2': '-' });
  expect(await told(fleet)).toMatch(/press-1 gets no further: .*AttachPolicy.*keeps its place.*abort/);
  await say(fleet, 'abort');
  await fleet.live(60, { until: async () => (await phases(fleet)).every((phase) => phase.startsWith('Aborted')) });
  expect(await phases(fleet)).toEqual(['Aborted AbortRequested']);
  expect(await fleet.attached('press-1')).toEqual(['base']);
}, 120_000);

test('a Device that AWS refuses while a call before may still arrive keeps its place, for it may be changed in a moment', async () => {
  await using fleet = await rolloutFleet(2);
  await fleet.live(5);
  await refusing(fleet, 'press-1');
  const refuses = fleet.intercept;
  let late: (() => Promise<unknown>) | undefined;
  fleet.intercept = async (send, _operation, { method, path }) => {
    if (method !== 'PUT' || !path.startsWith('/target-policies/')) return send();
    fleet.intercept = refuses;
    late = send;
    throw new Error('connection reset');
  };
  const states = new Set<string>();
  const look = async () => states.add((await fleet.records())['press-1'] ?? '');
  await fleet.change(NARROW, { ...STRATEGY, waves: [{ count: 2, bake: '1m' }] });
  for (let second = 0; second < 20; second += 1) {
    await fleet.advance(1_000);
    await look();
  }
  await late?.();
  for (let minute = 0; minute < 5; minute += 1) {
    await fleet.live(1);
    await look();
  }
  expect([...states]).toEqual(['-', 'Expanding']);
  expect(await fleet.attached('press-1')).toEqual(['base', expect.stringMatching(/^base@/)]);
  expect((await fleet.records())['press-2']).toBe('-');
}, 120_000);
