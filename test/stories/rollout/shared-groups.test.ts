import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { csr, device, group, policy } from '../../support/fleet.ts';
import type { FleetOptions } from '../../support/operator.ts';
import { annotate, grants, type RolloutFleet, rolloutFleet, STRATEGY, WIDE } from './support.ts';

const TWO = { ...STRATEGY, maxInFlight: 2 };
const LESS = grants('hall/*');

/**
 * press-1 and twin have one certificate together, and twin another of its own. The thing group hall gives `wide` to both; with
 * `apart` only to press-1.
 */
async function hallOfTwo(options: FleetOptions = {}, { apart = false } = {}): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(0, options);
  await fleet.apply(policy('base', { document: WIDE, strategy: TWO }));
  await fleet.apply(policy('wide', { document: grants('hall/*', 'old/*'), strategy: TWO }));
  await fleet.apply(group('hall', { policyRefs: [{ name: 'wide' }] }));
  await fleet.settleUntilReady();
  const common = { thingTypeRef: { name: 'press' }, groupRefs: [{ name: 'hall' }] };
  await fleet.apply(device('press-1', common));
  await fleet.settleUntilReady();
  const { status } = (await fleet.get('Device', 'press-1')) as Device;
  const { certificateId } = status?.certificates?.[0] ?? {};
  const certificates = [
    { name: 'a', certificateId },
    { name: 'b', csr: csr('twin') },
  ];
  await fleet.apply(
    device('twin', { ...common, certificates, ...(apart ? { groupRefs: [{ name: 'presses' }] } : {}) }),
  );
  fleet.names.push('press-1', 'twin');
  await fleet.settleUntilReady();
  await fleet.live(2);
  return fleet;
}

/** What the group carries, the certificate that both have, and twin's own. */
async function carried(fleet: RolloutFleet): Promise<string> {
  const { thingGroupArn: hall = '' } = await fleet.aws.send('DescribeThingGroup', { thingGroupName: 'hall' });
  const { status } = (await fleet.get('Device', 'twin')) as Device;
  const found: string[] = [];
  for (const target of [hall, ...(status?.certificates ?? []).map(({ arn = '' }) => arn)]) {
    const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target });
    const names = policies.map(({ policyName = '' }) => policyName.replace(/@.*/, '@')).sort();
    found.push(names.join('+') || '-');
  }
  return found.join(' | ');
}

/** The same, each time that it changes. */
async function story(fleet: RolloutFleet, minutes: number, until: () => Promise<boolean>): Promise<readonly string[]> {
  const seen: string[] = [];
  await fleet.live(minutes, {
    until: async () => {
      const now = await carried(fleet);
      if (seen.at(-1) !== now) seen.push(now);
      return until();
    },
  });
  return seen;
}

const homed = (fleet: RolloutFleet) => async () =>
  (await fleet.rollout().catch(() => undefined))?.status?.homedAt !== undefined;
const change = (fleet: RolloutFleet) => fleet.apply(policy('wide', { document: LESS, strategy: TWO }));

const WHOLE_WAY = [
  'wide | base+wide+wide@ | base+wide+wide@',
  'wide+wide@ | base+wide+wide@ | base+wide+wide@',
  'wide@ | base+wide+wide@ | base+wide+wide@',
  'wide@ | base | base',
  'wide+wide@ | base | base',
  'wide | base | base',
];

/** Looked at once in a while: what lasts for a moment only may not be seen. */
function expectOnTheWay(seen: readonly string[], way: readonly string[]): void {
  expect(way.filter((each) => seen.includes(each))).toEqual(seen);
  expect(seen.at(-1)).toBe(way.at(-1));
  expect(seen.length).toBeGreaterThan(way.length / 2);
}

describe('R5 and R8: things that share certificates in a thing group that carries the policy', () => {
  test.each([
    ['', {}],
    [', although what one writes the others see only later', { cacheLagMs: 4_000 }],
  ])(
    'all get both policies, then the group, then all lose the old one%s',
    async (_how, options) => {
      await using fleet = await hallOfTwo(options);
      await change(fleet);
      expectOnTheWay(await story(fleet, 300, homed(fleet)), WHOLE_WAY);
      expect((await fleet.rollout()).status).toMatchObject({
        phase: 'Succeeded',
        counters: { total: 2, succeeded: 2, failed: 0 },
      });
      const drift = fleet.events.filter(({ reason }) => reason.startsWith('Drift'));
      expect(drift, 'nobody takes what was lent for something foreign').toEqual([]);
    },
    120_000,
  );

  test('an abort in the middle takes the loan off all certificates', async () => {
    await using fleet = await hallOfTwo();
    await change(fleet);
    await story(fleet, 100, async () => (await carried(fleet)).startsWith('wide@'));
    const { metadata, spec } = await fleet.rollout();
    const abort = { 'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim` };
    await annotate(fleet, 'PolicyRollout', metadata.name, abort);
    const aborted = async () => (await fleet.rollout()).status?.phase === 'Aborted';
    const seen = await story(fleet, 120, aborted);
    // The group is brought back before anything that it gives goes from a certificate.
    expectOnTheWay(seen, [
      'wide@ | base+wide+wide@ | base+wide+wide@',
      'wide+wide@ | base+wide+wide@ | base+wide+wide@',
      'wide | base+wide+wide@ | base+wide+wide@',
      'wide | base+wide | base+wide',
      'wide | base | base',
    ]);
  }, 120_000);

  test('one that leaves the group in the middle takes nothing from the other, and keeps nothing in the end', async () => {
    await using fleet = await hallOfTwo();
    await change(fleet);
    await story(fleet, 60, async () => (await carried(fleet)) === WHOLE_WAY[0]);
    await fleet.live(2);
    await fleet.iot.removeThingFromThingGroup({ thingName: 'twin', thingGroupName: 'hall' });
    const { spec } = (await fleet.get('Device', 'twin')) as Device;
    await fleet.apply(device('twin', { ...spec, groupRefs: [{ name: 'presses' }] }));
    const seen = await story(fleet, 300, homed(fleet));
    const shared = seen.map((each) => each.split(' | ').slice(0, 2).join(' | '));
    const whole = WHOLE_WAY.map((each) => each.split(' | ').slice(0, 2).join(' | '));
    expectOnTheWay([...new Set(shared)], whole);
    expect(seen.at(-1)).toBe('wide | base | base');
  }, 120_000);

  test('one of them outside of the group would get what the group gives: refused, with what to do', async () => {
    await using fleet = await hallOfTwo({}, { apart: true });
    await change(fleet);
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Pending',
      reason: 'SharedCertificate',
      message: expect.stringMatching(/twin is not in hall, .*put all of them into it, or give each Device/),
    });
    expect(await carried(fleet)).toBe('wide | base | base');
  }, 60_000);

  test('a thing group that gets another policy has it on every certificate first, once', async () => {
    await using fleet = await hallOfTwo();
    await fleet.apply(policy('tight', { document: LESS, strategy: TWO }));
    await fleet.settleUntilReady();
    await fleet.apply(group('hall', { policyRefs: [{ name: 'tight' }] }));
    const seen = await story(fleet, 300, async () => (await carried(fleet)) === 'tight | base | base');
    expectOnTheWay(seen, [
      'wide | base | base',
      'wide | base+tight+wide | base+tight+wide',
      'tight+wide | base+tight+wide | base+tight+wide',
      'tight | base+tight+wide | base+tight+wide',
      'tight | base | base',
    ]);
  }, 120_000);
});
