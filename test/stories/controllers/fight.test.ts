import { describe, expect, test } from 'vitest';
import { getCondition } from '../../../operator/api/conditions.ts';
import type { Device } from '../../../operator/api/device.gen.ts';
import { account, csr, device, group, policy } from '../../support/fleet.ts';
import { createFleet, type TestFleet } from '../../support/operator.ts';

const HOUR_MS = 60 * 60_000;
const certificates = [{ name: 'a', csr: csr('press-1') }];
const press = (line: string) => device('press-1', { certificates, attributes: { line } });

async function fleetOf(): Promise<TestFleet> {
  const fleet = await createFleet({ settle: { registry: 0, authorization: 0 } });
  await fleet.apply(account({ driftInterval: '30s' }), policy('base'), policy('star'), group('presses'), press('1'));
  await fleet.start();
  await fleet.settleUntilReady();
  fleet.sandbox.ledger.clear();
  return fleet;
}

const attributesOf = async ({ iot }: TestFleet) => (await iot.describeThing({ thingName: 'press-1' })).attributes;
const byUs = (fleet: TestFleet, operation: string) =>
  fleet.sandbox.ledger.count({ accessKeyId: 'AKIDTEST', operation });

/** Another tool with another opinion: it looks every minute. */
async function fightFor(ms: number, fleet: TestFleet): Promise<void> {
  for (let passed = 0; passed < ms; passed += 60_000) {
    if ((await attributesOf(fleet))?.line !== 'theirs') {
      const attributePayload = { attributes: { line: 'theirs' }, merge: true };
      await fleet.iot.updateThing({ thingName: 'press-1', attributePayload });
    }
    await fleet.advance(60_000);
  }
}

async function readyOf(fleet: TestFleet) {
  const { status } = (await fleet.get('Device', 'press-1')) as Device;
  return getCondition(status?.conditions, 'Ready');
}

describe('two writers', () => {
  test('somebody who sets it back every time is told as a fight, and corrections slow down', async () => {
    await using fleet = await fleetOf();
    await fightFor(HOUR_MS / 2, fleet);
    expect(await readyOf(fleet)).toMatchObject({ status: 'False', reason: 'Fighting' });
    expect((await readyOf(fleet))?.message).toMatch(/attributes\.line .* driftPolicy to Report/);
    // Without a pause it would be one a minute.
    expect(byUs(fleet, 'UpdateThing')).toBeLessThan(8);
    const told = fleet.events.filter(({ reason }) => reason === 'Fighting');
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(8);

    await fleet.advance(HOUR_MS / 2);
    expect(await attributesOf(fleet), 'the other one has stopped').toMatchObject({ line: '1' });
    await fleet.settleUntilReady();
  });

  test('a new commit is applied at once in the middle of a fight', async () => {
    await using fleet = await fleetOf();
    await fightFor(HOUR_MS / 4, fleet);
    expect(await readyOf(fleet)).toMatchObject({ reason: 'Fighting' });
    await fleet.apply(press('2'));
    await fleet.advance(5_000);
    expect(await attributesOf(fleet)).toMatchObject({ line: '2' });
  });

  test('a correction that AWS refuses again and again is no fight', async () => {
    await using fleet = await fleetOf();
    const effect = { kind: 'error', name: 'AccessDeniedException', status: 403 } as const;
    await fleet.iot.updateThing({ thingName: 'press-1', attributePayload: { attributes: { line: 'x' }, merge: true } });
    fleet.sandbox.faults.add({ operation: 'UpdateThing', effect });
    await fleet.advance(10 * 60_000);
    expect(byUs(fleet, 'UpdateThing')).toBeGreaterThan(4);
    expect(await readyOf(fleet)).toMatchObject({ reason: 'AccessDenied' });
    fleet.sandbox.faults.clear();
    await fleet.advance(90_000);
    await fleet.settleUntilReady();
  });

  test('what widens access is taken away however often it comes back', async () => {
    await using fleet = await fleetOf();
    const { principals = [] } = await fleet.iot.listThingPrincipals({ thingName: 'press-1' });
    const [target = ''] = principals;
    for (let round = 1; round <= 10; round += 1) {
      await fleet.iot.attachPolicy({ policyName: 'star', target });
      await fleet.advance(45_000);
      expect(byUs(fleet, 'DetachPolicy')).toBe(round);
    }
  });
});
