/** AWS and the store as they are on a bad day: throttled, slow to show, unsure of their answers, without credentials. */
import { describe, expect, test } from 'vitest';
import { getCondition } from '../../../operator/api/conditions.ts';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { operations } from '../../../operator/aws/operations.ts';
import { account, csr, device, group, object, policy, profile, smallFleet, thingType } from '../../support/fleet.ts';
import { createFleet, type TestFleet } from '../../support/operator.ts';

const KEY = 'AKIDTEST';
const writesByUs = (fleet: TestFleet) =>
  fleet.sandbox.ledger.entries({ accessKeyId: KEY, mutating: true }).map(({ operation }) => operation);

async function conditionOf(fleet: TestFleet, kind: string, name: string) {
  const { status } = (await fleet.get(kind, name)) as Device;
  return getCondition(status?.conditions, 'Ready');
}

async function readyFleet(
  objects: readonly KubeObject[],
  options?: Parameters<typeof createFleet>[0],
): Promise<TestFleet> {
  const fleet = await createFleet(options);
  await fleet.apply(...objects);
  await fleet.start();
  await fleet.settleUntilReady(600_000);
  return fleet;
}

describe('throttled', () => {
  test('every call for five minutes: each is asked at a small steady rate, and all is Ready soon after', async () => {
    await using fleet = await createFleet({ limited: true });
    for (const operation of Object.keys(operations)) {
      fleet.sandbox.faults.add({ operation, effect: { kind: 'throttle' } });
    }
    await fleet.apply(...smallFleet(20));
    await fleet.start();
    await fleet.advance(60_000);
    fleet.sandbox.ledger.clear();
    await fleet.advance(240_000);
    for (const [operation, count] of Object.entries(fleet.sandbox.ledger.counts())) {
      expect(count / 240, `${operation} a second, while every one is throttled`).toBeLessThan(0.6);
    }
    fleet.sandbox.faults.clear();
    await fleet.settleUntilReady(120_000);
    expect(fleet.sandbox.ledger.count({ operation: 'CreateCertificateFromCsr', changed: true })).toBe(20);
  });
});

describe('STS throttled', () => {
  const asked = (fleet: TestFleet) =>
    fleet.sandbox.ledger.entries({ operation: 'GetCallerIdentity' }).map(({ at }) => at);

  test('is asked with growing pauses, whoever looks at the account meanwhile, and all is Ready a minute after', async () => {
    await using fleet = await createFleet();
    fleet.sandbox.faults.add({ operation: 'GetCallerIdentity', effect: { kind: 'throttle' } });
    await fleet.apply(...smallFleet(20));
    await fleet.start();
    for (let second = 0; second < 300; second += 5) {
      fleet.enqueue({ kind: 'AWSAccount', namespace: 'factory', name: 'default' });
      fleet.enqueue({ kind: 'Device', namespace: 'factory', name: 'press-1' });
      await fleet.advance(5_000);
    }
    const times = asked(fleet);
    const pauses = times.slice(1).map((at, index) => (at - (times[index] ?? 0)) / 1_000);
    for (const [index, least] of [2, 4, 8, 16, 32, 48, 48].entries()) {
      expect(pauses[index], `pause ${index + 1} of ${pauses}`).toBeGreaterThanOrEqual(least);
    }
    for (const pause of pauses) expect(pause, `of ${pauses}`).toBeLessThanOrEqual(66);
    fleet.sandbox.faults.clear();
    await fleet.settleUntilReady(90_000);
    // What was waited out is forgotten: the next throttle begins with the shortest pause again.
    fleet.sandbox.faults.add({ operation: 'GetCallerIdentity', effect: { kind: 'throttle' }, count: 1 });
    fleet.sandbox.ledger.clear();
    fleet.enqueue({ kind: 'AWSAccount', namespace: 'factory', name: 'default' });
    await fleet.advance(5_000);
    expect(asked(fleet)).toHaveLength(2);
  });
});

describe('answers in pages', () => {
  test('small ones, and empty ones with a token: all is found, after a restart too, and nothing is written twice', async () => {
    await using fleet = await readyFleet(smallFleet(30), { sandbox: { paging: 'adversarial' } });
    await fleet.kill();
    fleet.sandbox.ledger.clear();
    await fleet.start();
    await fleet.advance(5_000);
    await fleet.settleUntilReady();
    expect(writesByUs(fleet)).toEqual([]);
    await using fresh = await createFleet({ sandboxOf: fleet });
    await fleet.kill();
    await fresh.apply(...(await documentsOf(fleet)));
    await fresh.start();
    await fresh.settleUntilReady();
    expect(writesByUs(fleet)).toEqual([]);
  });
});

async function documentsOf(fleet: TestFleet): Promise<readonly KubeObject[]> {
  const kinds = ['AWSAccount', 'IoTPolicy', 'ThingType', 'ThingGroup', 'Device'];
  const pages = await Promise.all(kinds.map((kind) => fleet.store.list({ kind })));
  return pages
    .flatMap(({ items }) => items)
    .map(({ apiVersion, kind, metadata: { name, namespace = '' }, spec }) => ({
      ...{ apiVersion, kind, spec },
      metadata: { name, namespace },
    }));
}

describe('an answer that is no answer', () => {
  test.each([
    ['an error page instead of JSON', { kind: 'content-type', type: 'text/html', body: '<html>', status: 502 }],
    ['half an answer', { kind: 'truncate' }],
    ['a reset after the effect', { kind: 'reset', when: 'after' }],
    ['an error after the effect', { kind: 'error', name: 'InternalFailureException', status: 500, when: 'after' }],
  ] as const)(
    '%s, now and then, to any call: converges with one certificate a device, and takes everything down again',
    async (_name, effect) => {
      await using fleet = await createFleet();
      fleet.sandbox.faults.add({ operation: '*', effect, probability: 0.2 });
      const objects = smallFleet(3).map(({ spec, ...rest }) =>
        rest.kind === 'AWSAccount'
          ? { ...rest, spec }
          : { ...rest, spec: { ...(spec as object), deletionPolicy: 'Delete' } },
      );
      await fleet.apply(...objects);
      await fleet.start();
      await fleet.settleUntilReady(1_800_000);
      const { certificates = [] } = await askUntilAnswered(() => fleet.aws.send('ListCertificates', {}));
      expect(certificates.map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
      for (const { kind, metadata } of objects) {
        await fleet.store.delete({ kind, namespace: 'factory', name: metadata.name });
      }
      await fleet.advance(30 * 60_000);
      fleet.sandbox.faults.clear();
      await fleet.advance(20 * 60_000);
      for (const { kind, metadata } of objects) {
        const left = await fleet.store.get({ kind, namespace: 'factory', name: metadata.name });
        expect(left, JSON.stringify(left?.status)).toBeUndefined();
      }
      expect((await fleet.aws.send('ListThings', {})).things).toEqual([]);
      expect((await fleet.aws.send('ListCertificates', {})).certificates).toEqual([]);
      expect((await fleet.aws.send('ListPolicies', {})).policies).toEqual([]);
    },
  );
});

async function askUntilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
  }
}

describe('without credentials', () => {
  const denied = { kind: 'error', name: 'UnrecognizedClientException', status: 403 } as const;

  test('what is kept in AWS goes at once, what must be deleted there waits and says so, and is let go when it is to be kept', async () => {
    const kept = device('kept');
    const doomed = device('doomed', { deletionPolicy: 'Delete' });
    await using fleet = await readyFleet([account(), policy('base'), group('presses'), kept, doomed]);
    await fleet.kill();
    fleet.sandbox.faults.add({ operation: '*', effect: denied });
    await fleet.start();
    for (const name of ['kept', 'doomed']) await fleet.store.delete({ kind: 'Device', namespace: 'factory', name });
    await fleet.advance(60_000);
    expect(await fleet.store.get({ kind: 'Device', namespace: 'factory', name: 'kept' })).toBeUndefined();
    expect((await conditionOf(fleet, 'Device', 'doomed'))?.message).toContain('AWSAccount default is not ready');
    await fleet.apply({ ...doomed, spec: { ...(doomed.spec as object), deletionPolicy: 'Retain' } });
    await fleet.advance(5_000);
    expect(await fleet.store.get({ kind: 'Device', namespace: 'factory', name: 'doomed' })).toBeUndefined();
  });
});

describe('hands off', () => {
  test('a suspended object that is deleted keeps its finalizer and AWS as it is, until it is told to go on', async () => {
    const paused = (suspend: boolean) => device('paused', { certificates, deletionPolicy: 'Delete', suspend });
    const certificates = [{ name: 'a', csr: csr('paused') }];
    await using fleet = await readyFleet([account(), policy('base'), group('presses'), paused(false)]);
    await fleet.apply(paused(true));
    fleet.sandbox.ledger.clear();
    await fleet.store.delete({ kind: 'Device', namespace: 'factory', name: 'paused' });
    await fleet.advance(60 * 60_000);
    expect(await fleet.get('Device', 'paused')).toMatchObject({ metadata: { finalizers: ['fleetward.dev/aws'] } });
    expect(writesByUs(fleet)).toEqual([]);
    await fleet.apply(paused(false));
    await fleet.advance(60_000);
    expect(await fleet.store.get({ kind: 'Device', namespace: 'factory', name: 'paused' })).toBeUndefined();
  });

  test('what people wrote is never written by the operator: spec and generation stay', async () => {
    const objects = [...smallFleet(1), profile('watch', { targets: [{ name: 'presses' }] })];
    await using fleet = await createFleet();
    await fleet.apply(...objects);
    const before = await specsOf(fleet, objects);
    await fleet.start();
    await fleet.settleUntilReady();
    await fleet.advance(60 * 60_000);
    expect(await specsOf(fleet, objects)).toEqual(before);
  });

  test('a thing in as many groups as AWS takes is thrown out of no dynamic one to make room for a static one', async () => {
    const dynamic = Array.from({ length: 9 }, (_, i) => object('ThingGroup', `d-${i}`, { query: 'thingName:press*' }));
    await using fleet = await createFleet();
    await fleet.iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
    await fleet.apply(account(), policy('base'), group('presses'), group('halls'), ...dynamic, device('press-1'));
    await fleet.start();
    await fleet.advance(60_000);
    const groups = async () => {
      const { thingGroups = [] } = await fleet.iot.listThingGroupsForThing({ thingName: 'press-1' });
      return thingGroups.map(({ groupName }) => groupName);
    };
    const before = await groups();
    expect(before).toHaveLength(10);
    const { spec } = await fleet.get('Device', 'press-1');
    await fleet.apply(device('press-1', { ...(spec as object), groupRefs: [{ name: 'presses' }, { name: 'halls' }] }));
    await fleet.advance(30 * 60_000);
    expect(await groups()).toEqual(before);
    expect(await conditionOf(fleet, 'Device', 'press-1')).toMatchObject({ status: 'False' });
    expect(fleet.sandbox.ledger.count({ operation: 'AddThingToThingGroup' }), 'not a loop').toBeLessThan(5);
  });
});

async function specsOf(fleet: TestFleet, objects: readonly KubeObject[]) {
  const found = await Promise.all(objects.map(({ kind, metadata }) => fleet.get(kind, metadata.name)));
  return found.map(({ spec, metadata: { generation, labels, annotations } }) => ({
    spec,
    generation,
    labels,
    annotations,
  }));
}

describe('what somebody else made of it', () => {
  test('a thing deleted and made again under its name is told, whatever else is right', async () => {
    await using fleet = await readyFleet([
      account({ driftInterval: '30s' }),
      policy('base'),
      group('presses'),
      thingType('press'),
      device('press-1'),
    ]);
    const { thingId: before } = ((await fleet.get('Device', 'press-1')) as Device).status ?? {};
    const { principals = [] } = await fleet.aws.send('ListThingPrincipals', { thingName: 'press-1' });
    const { attributes = {} } = await fleet.aws.send('DescribeThing', { thingName: 'press-1' });
    const [principal = ''] = principals;
    await fleet.aws.send('DetachThingPrincipal', { thingName: 'press-1', principal });
    await fleet.aws.send('DeleteThing', { thingName: 'press-1' });
    await fleet.aws.send('CreateThing', { thingName: 'press-1', attributePayload: { attributes } });
    await fleet.advance(120_000);
    await fleet.settleUntilReady();
    const told = fleet.events.filter(({ reason }) => reason === 'ThingReplaced');
    expect(told).toHaveLength(1);
    expect(told[0]?.message).toContain(before);
    const { thingId: after } = ((await fleet.get('Device', 'press-1')) as Device).status ?? {};
    expect(after).not.toBe(before);
  });

  test('a policy put on a group of ours is told as widened and left: only certificates are ours alone', async () => {
    await using fleet = await readyFleet(
      [account({ driftInterval: '30s' }), policy('base'), policy('star'), group('presses')],
      { settle: { registry: 0, authorization: 0 } },
    );
    const { thingGroupArn: target = '' } = await fleet.aws.send('DescribeThingGroup', { thingGroupName: 'presses' });
    await fleet.aws.send('AttachPolicy', { policyName: 'star', target });
    await fleet.advance(45_000);
    expect(fleet.drift).toMatchObject([{ corrected: false, changes: [{ class: 'widened', field: 'policies[star]' }] }]);
    expect((await fleet.aws.send('ListAttachedPolicies', { target })).policies).toHaveLength(1);
  });

  test('attributes: added, changed, removed, and at last all of them', async () => {
    const certificates = [{ name: 'a', csr: csr('press-1') }];
    const with_ = (attributes: object) => device('press-1', { certificates, attributes });
    await using fleet = await readyFleet([
      account({ ownerAttribute: false }),
      policy('base'),
      group('presses'),
      with_({ a: '1', b: '2' }),
    ]);
    const seen = async () => (await fleet.aws.send('DescribeThing', { thingName: 'press-1' })).attributes;
    await fleet.apply(with_({ b: '3', c: '4' }));
    await fleet.settleUntilReady();
    expect(await seen()).toEqual({ b: '3', c: '4' });
    await fleet.apply(with_({}));
    await fleet.settleUntilReady();
    expect(await seen()).toEqual({});
  });
});

describe('a store whose cache lags behind', () => {
  test('an object seen as it was before our own write is not acted on: no certificate is asked for twice', async () => {
    await using fleet = await createFleet({ cacheLagMs: 3_000 });
    await fleet.apply(...smallFleet(2));
    await fleet.start();
    for (let i = 0; i < 20; i += 1) {
      for (const name of ['press-1', 'press-2']) fleet.enqueue({ kind: 'Device', namespace: 'factory', name });
      await fleet.advance(1_000);
    }
    await fleet.settleUntilReady();
    expect(fleet.sandbox.ledger.count({ operation: 'CreateCertificateFromCsr' })).toBe(2);
  });
});

describe('secrets', () => {
  test('no key is in any object, event or log line, whatever goes wrong with it', async () => {
    await using fleet = await createFleet();
    fleet.sandbox.faults.add({
      operation: 'CreateCertificateFromCsr',
      effect: { kind: 'reset', when: 'after' },
      count: 1,
    });
    const issued = device('press-1', { certificates: [{ name: 'a', issued: { secretName: 'k' } }] });
    await fleet.apply(account(), policy('base'), group('presses'), issued);
    await fleet.start();
    await fleet.settleUntilReady();
    const key = fleet.secrets.get('factory/k')?.data['tls.key'] ?? '';
    expect(key).toContain('PRIVATE KEY');
    fleet.secrets.set('factory/k', { mark: 'somebody else', data: { 'tls.key': key } });
    fleet.enqueue({ kind: 'Device', namespace: 'factory', name: 'press-1' });
    await fleet.advance(5_000);
    const body = key.split('\n')[1] ?? '';
    const shown = [...fleet.logs, JSON.stringify(fleet.events), JSON.stringify(await fleet.get('Device', 'press-1'))];
    for (const text of shown) {
      expect(text).not.toContain('PRIVATE KEY');
      expect(text).not.toContain(body);
    }
  });
});
