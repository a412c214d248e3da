import { describe, expect, test } from 'vitest';
import { getCondition } from '../../../operator/api/conditions.ts';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { selfSigned } from '../../support/certificates.ts';
import { account, csr, device, group, policy, profile, thingType } from '../../support/fleet.ts';
import { createFleet, type TestFleet } from '../../support/operator.ts';

const KEY = 'AKIDTEST';
const around = () => [account(), policy('base'), group('presses')];
const issued = (name: string, ...more: object[]) =>
  device(name, { certificates: [{ name: 'a', issued: { secretName: `${name}-key` } }, ...more] });

function fleetOfAllKinds(): readonly KubeObject[] {
  const two = [
    { name: 'a', csr: csr('a') },
    { name: 'b', csr: csr('b') },
  ];
  return [
    account(),
    policy('base'),
    policy('extra'),
    thingType('press'),
    group('site'),
    group('presses', { parentRef: { name: 'site' }, policyRefs: [{ name: 'extra' }] }),
    profile('watch', { targets: [{ name: 'presses' }, { scope: 'AllThings' }] }),
    device('press-1', { thingTypeRef: { name: 'press' } }),
    device('press-2', { certificates: two }),
  ];
}

async function ready(objects: readonly KubeObject[]): Promise<TestFleet> {
  const fleet = await createFleet();
  await fleet.apply(...objects);
  await fleet.start();
  await fleet.settleUntilReady();
  await fleet.kill();
  fleet.sandbox.ledger.clear();
  return fleet;
}

/** The same installation over the same AWS, with nothing left of what it knew. */
async function again(old: TestFleet, objects: readonly KubeObject[], ms = 10_000): Promise<TestFleet> {
  const fresh = await createFleet({ sandboxOf: old });
  await fresh.apply(...objects);
  await fresh.start();
  await fresh.advance(ms);
  return fresh;
}

const writes = ({ sandbox }: TestFleet) => sandbox.ledger.entries({ accessKeyId: KEY, mutating: true });

async function deviceOf(fleet: TestFleet, name: string): Promise<Device> {
  return (await fleet.get('Device', name)) as Device;
}

async function conditionOf(fleet: TestFleet, name: string) {
  return getCondition((await deviceOf(fleet, name)).status?.conditions, 'Ready');
}

const certificatesOf = async (fleet: TestFleet, name: string) => (await deviceOf(fleet, name)).status?.certificates;

describe('all of our own state is lost', () => {
  test('the same things and certificates are ours again, and AWS is not written', async () => {
    const objects = fleetOfAllKinds();
    await using old = await ready(objects);
    await using fresh = await again(old, objects);
    await fresh.settleUntilReady();
    expect(writes(old)).toEqual([]);
    const [before, after] = [await certificatesOf(old, 'press-2'), await certificatesOf(fresh, 'press-2')];
    expect(after?.map(({ certificateId }) => certificateId)).toEqual(before?.map(({ certificateId }) => certificateId));
  });

  test('the key of an issued certificate is kept: it is found again by that key', async () => {
    const objects = [...around(), issued('press-1')];
    await using old = await ready(objects);
    await using fresh = await createFleet({ sandboxOf: old });
    for (const [name, secret] of old.secrets) fresh.secrets.set(name, secret);
    await fresh.apply(...objects);
    await fresh.start();
    await fresh.settleUntilReady();
    expect(writes(old)).toEqual([]);
  });

  test('the key of an issued certificate went with the state: no second certificate, no write, and the way on is told', async () => {
    const objects = [...around(), issued('press-1')];
    await using old = await ready(objects);
    const lost = (await certificatesOf(old, 'press-1'))?.[0]?.certificateId ?? '';
    await using fresh = await again(old, objects);
    expect(await conditionOf(fresh, 'press-1')).toMatchObject({
      status: 'False',
      reason: 'KeyLost',
      message: expect.stringContaining(`certificateId: ${lost}`),
    });
    expect(writes(old)).toEqual([]);
    expect(fresh.secrets.size).toBe(0);

    await fresh.apply(issued('press-1', { name: 'old', certificateId: lost }));
    await fresh.settleUntilReady();
    const shown = (await certificatesOf(fresh, 'press-1')) ?? [];
    expect(shown.find(({ name }) => name === 'old')).toMatchObject({ certificateId: lost, status: 'ACTIVE' });
    expect(old.sandbox.ledger.count({ operation: 'CreateCertificateFromCsr' })).toBe(1);
  });

  test.each([
    ['csr', { csr: csr('press-1') }],
    ['pem', { pem: selfSigned() }],
  ])(
    'a certificate (%s) that somebody deactivated stays so, although we no longer know that it was active',
    async (_kind, source) => {
      const objects = [...around(), device('press-1', { certificates: [{ name: 'a', ...source }] })];
      await using old = await ready(objects);
      const certificateId = (await certificatesOf(old, 'press-1'))?.[0]?.certificateId ?? '';
      await old.aws.send('UpdateCertificate', { certificateId, newStatus: 'INACTIVE' });
      await using fresh = await again(old, objects);
      expect(await conditionOf(fresh, 'press-1')).toMatchObject({ reason: 'Held' });
      expect(writes(old)).toEqual([]);
    },
  );

  test.each(['', 'killed right after the thing was marked as ours'])(
    'a thing taken over from others may keep its certificate and get an issued one beside it %s',
    async (killed) => {
      await using fleet = await createFleet();
      await fleet.aws.send('CreateThing', { thingName: 'press-1' });
      const { certificateArn = '' } = await fleet.aws.send('CreateCertificateFromCsr', {
        certificateSigningRequest: csr('theirs'),
        setAsActive: true,
      });
      await fleet.aws.send('AttachThingPrincipal', { thingName: 'press-1', principal: certificateArn });
      const own = { name: 'a', issued: { secretName: 'k' } };
      await fleet.apply(...around(), device('press-1', { adoption: 'AdoptOrCreate', certificates: [own] }));
      if (killed !== '') await killAfterMark(fleet);
      await fleet.start();
      await fleet.settleUntilReady();
      expect((await certificatesOf(fleet, 'press-1'))?.map(({ status }) => status)).toEqual(['ACTIVE']);
    },
  );
});

async function killAfterMark(fleet: TestFleet): Promise<void> {
  fleet.intercept = async (send) => {
    const answer = await send();
    if (fleet.sandbox.ledger.count({ operation: 'UpdateThing' }) > 0) void fleet.kill();
    return answer;
  };
  await fleet.start();
  await fleet.advance(10_000);
  fleet.intercept = undefined;
  expect(fleet.sandbox.ledger.count({ operation: 'UpdateThing' })).toBe(1);
  await fleet.kill();
}
