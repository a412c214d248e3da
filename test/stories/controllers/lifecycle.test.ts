import { describe, expect, test } from 'vitest';
import { getCondition } from '../../../operator/api/conditions.ts';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { account, csr, device, group, object, policy, profile, smallFleet, thingType } from '../../support/fleet.ts';
import { createFleet, type TestFleet } from '../../support/operator.ts';

const KEY = 'AKIDTEST';
const writesByUs = (fleet: TestFleet) =>
  fleet.sandbox.ledger.entries({ accessKeyId: KEY, mutating: true }).map(({ operation }) => operation);

async function reasonOf(fleet: TestFleet, kind: string, name: string): Promise<string | undefined> {
  const found = (await fleet.get(kind, name)) as Device;
  return getCondition(found.status?.conditions, 'Ready')?.reason;
}

async function empty(fleet: TestFleet): Promise<void> {
  const { aws } = fleet;
  expect((await aws.send('ListThings', {})).things).toEqual([]);
  expect((await aws.send('ListCertificates', {})).certificates).toEqual([]);
  expect((await aws.send('ListPolicies', {})).policies).toEqual([]);
  expect((await aws.send('ListThingGroups', {})).thingGroups).toEqual([]);
}

function all(spec: object): readonly KubeObject[] {
  return [
    account(),
    policy('base', spec),
    policy('extra', spec),
    thingType('press', spec),
    group('site', spec),
    group('presses', { parentRef: { name: 'site' }, policyRefs: [{ name: 'extra' }], ...spec }),
    profile('watch', { targets: [{ name: 'presses' }, { scope: 'AllThings' }], ...spec }),
    device('press-1', { thingTypeRef: { name: 'press' }, ...spec }),
    device('press-2', {
      certificates: [
        { name: 'a', csr: csr('a') },
        { name: 'b', csr: csr('b') },
      ],
      ...spec,
    }),
  ];
}

describe('a pass that changes nothing', () => {
  test('after a restart: bulk reads, no write to AWS, none to the store', async () => {
    await using fleet = await createFleet();
    await fleet.apply(...all({}));
    await fleet.start();
    await fleet.settleUntilReady();
    await fleet.kill();
    fleet.sandbox.ledger.clear();
    fleet.writes.length = 0;
    await fleet.start();
    await fleet.advance(5_000);
    expect(writesByUs(fleet)).toEqual([]);
    expect(fleet.writes).toEqual([]);
    const perDevice = ['DescribeThing', 'DescribeCertificate', 'ListThingPrincipalsV2', 'ListThingGroupsForThing'];
    expect(Object.keys(fleet.sandbox.ledger.counts()).filter((name) => perDevice.includes(name))).toEqual([]);
  });

  test('an hour of scans of a quiet fleet writes nothing to AWS, and costs the same for two devices as for forty', async () => {
    const calls: Record<string, number>[] = [];
    for (const devices of [2, 40]) {
      await using fleet = await createFleet();
      await fleet.apply(...smallFleet(devices));
      await fleet.start();
      await fleet.settleUntilReady();
      fleet.sandbox.ledger.clear();
      await fleet.advance(60 * 60_000);
      expect(writesByUs(fleet)).toEqual([]);
      calls.push(fleet.sandbox.ledger.counts());
    }
    expect(calls[0]).toMatchObject({ ListThings: expect.any(Number) });
    expect(calls[1]).toEqual(calls[0]);
  });
});

describe('deletion', () => {
  test('everything at once, in no particular order, leaves nothing behind', async () => {
    await using fleet = await createFleet({ sandbox: { delays: 'realistic' } });
    const objects = all({ deletionPolicy: 'Delete' });
    await fleet.apply(...objects);
    await fleet.start();
    await fleet.settleUntilReady();
    for (const { kind, metadata } of objects)
      await fleet.store.delete({ kind, namespace: 'factory', name: metadata.name });
    await fleet.advance(20 * 60_000);
    await empty(fleet);
    for (const { kind, metadata } of objects) {
      expect(await fleet.store.get({ kind, namespace: 'factory', name: metadata.name })).toBeUndefined();
    }
  });

  test('an account goes after the last object whose deletion needs it, and says who that is', async () => {
    await using fleet = await createFleet();
    await fleet.apply(...smallFleet(0), device('press-1', { deletionPolicy: 'Delete' }));
    await fleet.start();
    await fleet.settleUntilReady();
    await fleet.store.delete({ kind: 'AWSAccount', namespace: 'factory', name: 'default' });
    await fleet.advance(60_000);
    const { status } = (await fleet.get('AWSAccount', 'default')) as Device;
    expect(getCondition(status?.conditions, 'Ready')?.message).toContain('Device press-1');
    await fleet.store.delete({ kind: 'Device', namespace: 'factory', name: 'press-1' });
    await fleet.advance(60_000);
    expect(await fleet.store.get({ kind: 'AWSAccount', namespace: 'factory', name: 'default' })).toBeUndefined();
    expect((await fleet.aws.send('ListThings', {})).things).toEqual([]);
  });

  test('under Retain AWS is not touched, and the object goes at once without AWS', async () => {
    await using fleet = await createFleet();
    await fleet.apply(...all({}));
    await fleet.start();
    await fleet.settleUntilReady();
    fleet.sandbox.ledger.clear();
    await fleet.store.delete({ kind: 'Device', namespace: 'factory', name: 'press-1' });
    await fleet.advance(5_000);
    expect(writesByUs(fleet)).toEqual([]);
    expect(await fleet.store.get({ kind: 'Device', namespace: 'factory', name: 'press-1' })).toBeUndefined();
  });

  test('killed after any call of a removal, it goes on to the end', { timeout: 60_000 }, async () => {
    for (let n = 1; ; n += 1) {
      await using fleet = await createFleet();
      await fleet.apply(...smallFleet(0), device('press-1', { deletionPolicy: 'Delete' }));
      await fleet.start();
      await fleet.settleUntilReady();
      let calls = 0;
      fleet.intercept = async (send) => {
        const answer = await send();
        calls += 1;
        if (calls === n) void fleet.kill();
        return answer;
      };
      await fleet.store.delete({ kind: 'Device', namespace: 'factory', name: 'press-1' });
      await fleet.advance(15_000);
      fleet.intercept = undefined;
      if (calls >= n) await fleet.kill().then(() => fleet.start());
      await fleet.advance(30_000);
      expect((await fleet.aws.send('ListThings', {})).things).toEqual([]);
      expect((await fleet.aws.send('ListCertificates', {})).certificates).toEqual([]);
      if (calls < n) break;
    }
  });
});

describe('whose object it is', () => {
  async function withThing(attributes: Record<string, string>, spec: object = {}): Promise<TestFleet> {
    const fleet = await createFleet();
    await fleet.aws.send('CreateThing', { thingName: 'press-1', attributePayload: { attributes } });
    await fleet.apply(account(), policy('base'), group('presses'), device('press-1', spec));
    await fleet.start();
    await fleet.advance(15_000);
    return fleet;
  }

  test('an existing thing is not taken over by default', async () => {
    await using fleet = await withThing({ site: 'a' });
    expect(await reasonOf(fleet, 'Device', 'press-1')).toBe('AlreadyExists');
    expect((await fleet.aws.send('DescribeThing', { thingName: 'press-1' })).version).toBe(1);
  });

  test('it is taken over when told', async () => {
    await using fleet = await withThing({ site: 'a' }, { adoption: 'AdoptOrCreate', attributes: { site: 'a' } });
    await fleet.settleUntilReady();
    const { attributes } = await fleet.aws.send('DescribeThing', { thingName: 'press-1' });
    expect(attributes).toEqual({ site: 'a', 'fleetward.dev/owner': 'test/factory/Device/press-1' });
  });

  test('the mark of another installation is refused, whatever adoption says', async () => {
    await using fleet = await withThing(
      { 'fleetward.dev/owner': 'other/plant/Device/somebody' },
      { adoption: 'AdoptOrCreate' },
    );
    expect(await reasonOf(fleet, 'Device', 'press-1')).toBe('OwnedByOther');
    expect(writesByUs(fleet).filter((name) => /Thing$|Certificate/.test(name))).toEqual([]);
  });

  test('of two objects with one AWS name the older keeps it, and the other takes over when it goes', async () => {
    await using fleet = await createFleet();
    await fleet.start();
    await fleet.apply(account(), policy('base'), group('presses'), device('first', { thingName: 'press' }));
    await fleet.settleUntilReady();
    await fleet.apply(device('second', { thingName: 'press', adoption: 'AdoptOrCreate' }));
    await fleet.advance(15_000);
    expect(await reasonOf(fleet, 'Device', 'second')).toBe('NameConflict');
    await fleet.store.delete({ kind: 'Device', namespace: 'factory', name: 'first' });
    await fleet.settleUntilReady();
    expect((await fleet.aws.send('ListThings', {})).things).toHaveLength(1);
  });

  test('another account than declared is never written', async () => {
    await using fleet = await createFleet({ sandbox: { accountId: '999999999999' } });
    await fleet.apply(...smallFleet(1));
    await fleet.start();
    await fleet.advance(60_000);
    expect(await reasonOf(fleet, 'AWSAccount', 'default')).toBe('AccountMismatch');
    expect(writesByUs(fleet)).toEqual([]);
  });
});

describe('hands off', () => {
  test('an observed object is compared and never written', async () => {
    await using fleet = await createFleet();
    await fleet.apply(account(), policy('base'), group('presses'), device('press-1', { managementPolicy: 'Observe' }));
    await fleet.start();
    await fleet.advance(20_000);
    expect(await reasonOf(fleet, 'Device', 'press-1')).toBe('Drifted');
    expect(writesByUs(fleet).sort()).toEqual(['CreatePolicy', 'CreateThingGroup']);
  });

  test('a suspended object is not touched, also when it is deleted, and its neighbours go on', async () => {
    await using fleet = await createFleet();
    await fleet.apply(...smallFleet(1), device('paused', { suspend: true, deletionPolicy: 'Delete' }));
    await fleet.start();
    await fleet.advance(10_000);
    expect((await fleet.aws.send('ListThings', {})).things?.map(({ thingName }) => thingName)).toEqual(['press-1']);
    expect(await reasonOf(fleet, 'Device', 'press-1')).toBe('Succeeded');
  });

  test('a denied call names the IAM action, and goes on when it is granted', async () => {
    await using fleet = await createFleet();
    const id = fleet.sandbox.faults.add({
      operation: 'AttachThingPrincipal',
      effect: { kind: 'error', name: 'AccessDeniedException', status: 403 },
    });
    await fleet.apply(...smallFleet(1));
    await fleet.start();
    await fleet.advance(20_000);
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    expect(getCondition(status?.conditions, 'Ready')).toMatchObject({
      reason: 'AccessDenied',
      message: expect.stringContaining('iot:AttachThingPrincipal'),
    });
    fleet.sandbox.faults.remove(id);
    await fleet.settleUntilReady(200_000);
    expect(fleet.sandbox.ledger.count({ operation: 'CreateCertificateFromCsr' })).toBe(1);
  });

  test('a limit of the account is shown, and not tried again and again', async () => {
    await using fleet = await createFleet();
    fleet.sandbox.faults.add({
      operation: 'AttachPolicy',
      effect: { kind: 'error', name: 'LimitExceededException', status: 410 },
    });
    await fleet.apply(...smallFleet(1));
    await fleet.start();
    await fleet.advance(30 * 60_000);
    expect(await reasonOf(fleet, 'Device', 'press-1')).toBe('LimitExceeded');
    expect(fleet.sandbox.ledger.count({ operation: 'AttachPolicy' })).toBe(1);
  });
});

describe('change of the spec', () => {
  test('a certificate is rotated: the new one is in use before the old one is retired', async () => {
    await using fleet = await createFleet();
    const first = { name: 'a', csr: csr('a') };
    const next = { name: 'b', csr: csr('b') };
    await fleet.apply(account(), policy('base'), group('presses'), device('press-1', { certificates: [first] }));
    await fleet.start();
    await fleet.settleUntilReady();
    await fleet.apply(device('press-1', { certificates: [first, next] }));
    await fleet.settleUntilReady();
    await fleet.apply(device('press-1', { certificates: [next] }));
    await fleet.advance(5_000);
    const { certificates: before = [] } = await fleet.aws.send('ListCertificates', {});
    expect(before.map((c) => c.status)).toEqual(['ACTIVE', 'ACTIVE']);
    await connected(fleet, 'press-1', 45);
    await fleet.settleUntilReady();
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    expect(status?.certificates?.map(({ name }) => name)).toEqual(['b']);
    const { certificates = [] } = await fleet.aws.send('ListCertificates', {});
    expect(certificates.map((c) => c.status).sort()).toEqual(['ACTIVE', 'INACTIVE']);
  });

  test('policies are attached before others are detached', async () => {
    await using fleet = await createFleet();
    const certificates = [{ name: 'a', csr: csr('a') }];
    await fleet.apply(account(), policy('base'), policy('new'), group('presses'), device('press-1', { certificates }));
    await fleet.start();
    await fleet.settleUntilReady();
    fleet.sandbox.ledger.clear();
    await fleet.apply(device('press-1', { certificates, policyRefs: [{ name: 'new' }] }));
    await fleet.advance(60_000);
    expect(writesByUs(fleet)).toEqual(['AttachPolicy']);
    await fleet.advance(25 * 60_000);
    await fleet.settleUntilReady();
    expect(writesByUs(fleet)).toEqual(['AttachPolicy', 'DetachPolicy']);
  });

  test('attributes and groups follow, and a default policy of the account reaches every device', async () => {
    await using fleet = await createFleet();
    const certificates = [{ name: 'a', csr: csr('a') }];
    await fleet.apply(
      account(),
      policy('base'),
      policy('all'),
      group('presses'),
      group('mills'),
      device('press-1', { certificates }),
    );
    await fleet.start();
    await fleet.settleUntilReady();
    await fleet.apply(device('press-1', { certificates, groupRefs: [{ name: 'mills' }], attributes: { hall: '1' } }));
    await fleet.apply(account({ defaultPolicyRefs: [{ name: 'all' }] }));
    await fleet.advance(25 * 60_000);
    await fleet.settleUntilReady();
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    expect(status).toMatchObject({ policies: ['all', 'base'], groups: ['mills'] });
  });

  test('a device without a type and with too many attributes is refused with the reason', async () => {
    await using fleet = await createFleet();
    const attributes = { a: '1', b: '2', c: '3' };
    await fleet.apply(account(), policy('base'), group('presses'), device('press-1', { attributes }));
    await fleet.start();
    await fleet.advance(15_000);
    expect(await reasonOf(fleet, 'Device', 'press-1')).toBe('TooManyAttributes');
  });

  test('groups that are above each other are told apart from groups that wait', async () => {
    await using fleet = await createFleet();
    await fleet.apply(account(), group('a', { parentRef: { name: 'b' } }), group('b', { parentRef: { name: 'a' } }));
    await fleet.start();
    await fleet.advance(15_000);
    expect(await reasonOf(fleet, 'ThingGroup', 'a')).toBe('ParentCycle');
  });

  test('a lost key is never made again', async () => {
    await using fleet = await createFleet();
    await fleet.apply(
      account(),
      policy('base'),
      group('presses'),
      device('press-1', { certificates: [{ name: 'a', issued: { secretName: 'k' } }] }),
    );
    await fleet.start();
    await fleet.settleUntilReady();
    expect(Object.keys(fleet.secrets.get('factory/k')?.data ?? {}).sort()).toEqual(['tls.crt', 'tls.key']);
    fleet.secrets.clear();
    fleet.enqueue({ kind: 'Device', namespace: 'factory', name: 'press-1' });
    await fleet.advance(5_000);
    expect(await reasonOf(fleet, 'Device', 'press-1')).toBe('KeyLost');
    expect(fleet.sandbox.ledger.count({ operation: 'CreateCertificateFromCsr' })).toBe(1);
    for (const text of [...fleet.logs, JSON.stringify(fleet.events)]) expect(text).not.toContain('PRIVATE KEY');
  });

  test('a dynamic group is made by its query, as soon as the account has fleet indexing', async () => {
    await using fleet = await createFleet();
    await fleet.apply(account(), object('ThingGroup', 'old', { query: 'attributes.firmware:1.4' }));
    await fleet.start();
    await fleet.advance(15_000);
    expect(await reasonOf(fleet, 'ThingGroup', 'old')).toBe('IndexNotReady');
    await fleet.iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
    await fleet.advance(120_000);
    expect(await reasonOf(fleet, 'ThingGroup', 'old')).toBe('Succeeded');
    expect(await fleet.iot.describeThingGroup({ thingGroupName: 'old' })).toMatchObject({
      queryString: 'attributes.firmware:1.4',
    });
  });
});

/** The device is heard of once a minute: what a rollout waits for before it takes something away. */
async function connected(fleet: TestFleet, clientId: string, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    fleet.signals.record('123456789012/us-east-1', { kind: 'connected', at: fleet.clock.now(), clientId });
    await fleet.advance(60_000);
  }
}
