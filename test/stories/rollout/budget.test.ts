import { expect, test } from 'vitest';
import { device, policy } from '../../support/fleet.ts';
import { grants, type RolloutFleet, rolloutFleet, STRATEGY } from './support.ts';

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
