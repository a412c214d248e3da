import { expect, test } from 'vitest';
import { device, policy } from '../../support/fleet.ts';
import { person } from './person.ts';
import { grants, hear, type RolloutFleet, refuse, rolloutFleet, rollouts, STRATEGY } from './support.ts';

const UNDER_WAY = /^(Preflight|Expanding|Verifying|Contracting|Observing|RollingBack)$/;

async function underWay(fleet: RolloutFleet): Promise<readonly string[]> {
  return Object.entries(await fleet.records()).flatMap(([name, state]) => (UNDER_WAY.test(state) ? [name] : []));
}

test('R2: rollouts that begin at the same moment share the budget of their account', async () => {
  await using fleet = await rolloutFleet(0);
  const names = ['a', 'b', 'c'];
  await fleet.apply(...names.map((name) => policy(name, { document: grants('x/*', 'y/*'), strategy: STRATEGY })));
  await fleet.apply(
    ...names.map((name) => device(`press-${name}`, { thingTypeRef: { name: 'press' }, policyRefs: [{ name }] })),
  );
  fleet.names.push(...names.map((name) => `press-${name}`));
  await fleet.settleUntilReady();
  await fleet.apply(...names.map((name) => policy(name, { document: grants('x/*'), strategy: STRATEGY })));
  let most = 0;
  await fleet.live(150, {
    looks: 60,
    until: async () => {
      most = Math.max(most, (await underWay(fleet)).length);
      return Object.values(await fleet.records()).every((state) => state === 'Succeeded');
    },
  });
  expect(most).toBe(1);
  expect(await fleet.records()).toEqual({ 'press-a': 'Succeeded', 'press-b': 'Succeeded', 'press-c': 'Succeeded' });
  expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(3);
}, 60_000);

test('a suspended Device takes no place in a budget: the others move, in its rollout and in the next, and it follows', async () => {
  await using fleet = await rolloutFleet(0);
  const on = (name: string, policyName: string) =>
    device(name, { thingTypeRef: { name: 'press' }, policyRefs: [{ name: policyName }] });
  const first = on('press-1', 'a');
  const change = (topics: readonly string[]) =>
    fleet.apply(...['a', 'b'].map((name) => policy(name, { document: grants(...topics), strategy: STRATEGY })));
  await change(['x/*', 'y/*']);
  await fleet.apply(first, on('press-2', 'a'), on('press-3', 'b'));
  fleet.names.push('press-1', 'press-2', 'press-3');
  await fleet.settleUntilReady();
  await fleet.apply({ ...first, spec: { ...(first.spec as object), suspend: true } });
  await fleet.drain();
  await change(['x/*']);
  const succeeded = async (...names: readonly string[]) => {
    const records = await fleet.records();
    return names.every((name) => records[name] === 'Succeeded');
  };
  await fleet.live(150, { looks: 60, until: () => succeeded('press-2', 'press-3') });
  expect(await fleet.records()).toEqual({ 'press-1': '-', 'press-2': 'Succeeded', 'press-3': 'Succeeded' });
  await fleet.apply(first);
  await fleet.live(60, { looks: 60, until: () => succeeded('press-1') });
  expect(await succeeded('press-1')).toBe(true);
}, 60_000);

test('one that is suspended on its way back keeps its place, for it is between two policies, and whoever waits for the place is told its name', async () => {
  await using fleet = await rolloutFleet(0);
  const on = (name: string, policyName: string) =>
    device(name, { thingTypeRef: { name: 'press' }, policyRefs: [{ name: policyName }] });
  const change = (name: string, ...topics: readonly string[]) =>
    fleet.apply(policy(name, { document: grants(...topics), strategy: STRATEGY }));
  for (const name of ['a', 'b']) await change(name, 'telemetry/*', 'debug/*');
  const first = on('press-1', 'a');
  await fleet.apply(first, on('press-2', 'b'));
  fleet.names.push('press-1', 'press-2');
  await fleet.settleUntilReady();
  hear(fleet, 'press-1', 'debug/press-1');
  await change('a', 'telemetry/*');
  await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
  refuse(fleet, 'press-1', 'debug/press-1');
  await fleet.live(10, { until: async () => (await fleet.records())['press-1'] === 'RollingBack' });
  await fleet.apply({ ...first, spec: { ...(first.spec as object), suspend: true } });
  await change('b', 'telemetry/*');
  await fleet.live(30);
  expect(await fleet.records()).toEqual({ 'press-1': 'RollingBack', 'press-2': '-' });
  expect((await fleet.rollout()).status).toMatchObject({
    reason: 'BudgetInUse',
    message:
      'other rollouts of the account have 1 in flight: press-1 (RollingBack, suspended); a suspended one keeps its place until spec.suspend of its Device is false',
  });
  const remedy = /press-1 gets no further: its Device is suspended .* until spec.suspend is false/;
  const own = (await rollouts(fleet)).find(({ spec }) => spec.policies[0]?.name === 'a');
  expect(own?.status?.message, 'its own rollout says so as well').toMatch(remedy);
  const condition = own?.status?.conditions?.find(({ type }) => type === 'Paused');
  expect(condition).toMatchObject({ status: 'True', reason: 'AssetFailed', message: expect.stringMatching(remedy) });
  expect(own?.status?.samples).toMatchObject([
    { device: 'press-1', state: 'RollingBack', why: expect.stringMatching(remedy) },
  ]);
  await using kim = person(fleet);
  expect((await kim.fleetward('rollout', 'describe', own?.metadata.name ?? '')).stdout).toMatch(remedy);
  await fleet.apply(first);
  await fleet.live(120, { until: async () => (await fleet.records())['press-2'] === 'Succeeded' });
  expect(await fleet.records()).toEqual({ 'press-1': 'RolledBack', 'press-2': 'Succeeded' });
}, 60_000);
