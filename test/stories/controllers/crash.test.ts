import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { csr, device, group, policy, policyDocument, profile, smallFleet, thingType } from '../../support/fleet.ts';
import { Crash, createFleet, type TestFleet } from '../../support/operator.ts';

const objects = () => [
  ...smallFleet(1),
  device('gateway', { certificates: [{ name: 'a', issued: { secretName: 'gateway-key' } }] }),
  profile('watch', { targets: [{ name: 'presses' }] }),
];

type Moment = 'before' | 'after';

/** Kills the operator at its n-th call, before or after the effect; true when that call was reached. */
function armCrash(fleet: TestFleet, n: number, when: Moment): { reached: boolean } {
  let calls = 0;
  const state = { reached: false };
  fleet.intercept = async (send) => {
    calls += 1;
    if (calls !== n) return send();
    state.reached = true;
    if (when === 'after') await send();
    void fleet.kill();
    throw new Crash(`killed ${when} call ${n}`);
  };
  return state;
}

async function expectWhole(fleet: TestFleet): Promise<void> {
  const { things = [] } = await fleet.aws.send('ListThings', {});
  expect(things.map(({ thingName }) => thingName).sort()).toEqual(['gateway', 'press-1']);
  const { certificates = [] } = await fleet.aws.send('ListCertificates', {});
  expect(certificates.map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE']);
  for (const name of ['gateway', 'press-1']) {
    const { status } = (await fleet.get('Device', name)) as Device;
    expect(status).toMatchObject({ policies: ['base'], groups: ['presses'] });
    expect(status?.certificates).toMatchObject([{ name: 'a', status: 'ACTIVE', activated: true }]);
    expect(status?.certificates?.[0]).not.toHaveProperty('pendingSince');
  }
}

async function convergeAfterCrash(n: number, when: Moment): Promise<boolean> {
  await using fleet = await createFleet();
  await fleet.apply(...objects());
  const crash = armCrash(fleet, n, when);
  await fleet.start();
  await fleet.settleUntilReady(5_000).catch(() => undefined);
  if (!crash.reached) return false;
  await fleet.kill();
  fleet.intercept = undefined;
  await fleet.start();
  await fleet.settleUntilReady(300_000);
  await expectWhole(fleet);
  return true;
}

describe.each<Moment>(['before', 'after'])('killed %s the effect of a call, and started again', (when) => {
  test('converges from every call, with one certificate per device and nothing lost', {
    timeout: 120_000,
  }, async () => {
    let n = 1;
    while (await convergeAfterCrash(n, when)) n += 1;
    expect(n).toBeGreaterThan(25);
  });
});

const certificates = [{ name: 'a', csr: csr('press-1') }];

/** What is there, and what it is changed into: no rights of a device in use, which a rollout would move. */
function changeable(now: 'before' | 'after'): readonly KubeObject[] {
  const changed = now === 'after';
  return [
    ...smallFleet(0),
    group('halls'),
    policy('unused', changed ? { document: policyDocument('other/*') } : {}),
    thingType('mill', changed ? { searchableAttributes: ['line'], deprecated: true } : {}),
    group('site', changed ? { description: 'north', attributes: { city: 'x' } } : {}),
    profile(
      'watch',
      changed ? { description: 'new', targets: [{ name: 'halls' }] } : { targets: [{ name: 'presses' }] },
    ),
    device('press-1', {
      certificates,
      ...(changed ? { attributes: { line: '2' }, groupRefs: [{ name: 'halls' }] } : {}),
    }),
  ];
}

describe('killed after the effect of a call while it changes what is there, and started again', () => {
  test('every change arrives, from every call', { timeout: 120_000 }, async () => {
    let n = 1;
    while (await changesAfterCrash(n)) n += 1;
    expect(n).toBeGreaterThan(15);
  });
});

async function changesAfterCrash(n: number): Promise<boolean> {
  await using fleet = await createFleet();
  await fleet.apply(...changeable('before'));
  await fleet.start();
  await fleet.settleUntilReady();
  const crash = armCrash(fleet, n, 'after');
  await fleet.apply(...changeable('after'));
  await fleet.advance(5_000);
  if (!crash.reached) return false;
  await fleet.kill();
  fleet.intercept = undefined;
  await fleet.start();
  await fleet.settleUntilReady(300_000);
  const { iot } = fleet;
  expect(await iot.describeThing({ thingName: 'press-1' })).toMatchObject({ attributes: { line: '2' } });
  const { thingGroups = [] } = await iot.listThingGroupsForThing({ thingName: 'press-1' });
  expect(thingGroups.map(({ groupName }) => groupName)).toEqual(['halls']);
  expect((await iot.getPolicy({ policyName: 'unused' })).policyDocument).toContain('other/*');
  expect((await iot.listPolicyVersions({ policyName: 'unused' })).policyVersions).toHaveLength(2);
  const { thingTypeMetadata, thingTypeProperties } = await iot.describeThingType({ thingTypeName: 'mill' });
  expect(thingTypeMetadata?.deprecated).toBe(true);
  expect(thingTypeProperties?.searchableAttributes).toEqual(['line']);
  const { thingGroupProperties } = await iot.describeThingGroup({ thingGroupName: 'site' });
  expect(thingGroupProperties).toMatchObject({ thingGroupDescription: 'north' });
  const { securityProfileTargets = [] } = await iot.listTargetsForSecurityProfile({ securityProfileName: 'watch' });
  expect(securityProfileTargets.map(({ arn }) => arn?.split('/').at(-1))).toEqual(['halls']);
  expect(fleet.sandbox.ledger.count({ operation: 'CreateCertificateFromCsr' })).toBe(1);
  return true;
}
