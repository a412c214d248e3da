import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { device } from '../../support/fleet.ts';
import { hear, MINUTE, type RolloutFleet, rolloutFleet } from './support.ts';

/** Devices whose deletion acts in AWS; in use unless `silent`. */
async function leaving(
  count: number,
  { silent = false }: { readonly silent?: boolean } = {},
): Promise<{ fleet: RolloutFleet; specs: Map<string, Device['spec']> }> {
  const fleet = await rolloutFleet(count);
  const specs = new Map<string, Device['spec']>();
  for (const name of fleet.names) {
    const { spec } = (await fleet.get('Device', name)) as Device;
    const { certificates, thingTypeRef } = spec;
    specs.set(name, spec);
    await fleet.apply(device(name, { certificates, thingTypeRef, deletionPolicy: 'Delete' }));
  }
  await fleet.settleUntilReady();
  if (!silent) for (const name of fleet.names) hear(fleet, name);
  return { fleet, specs };
}

const drop = (fleet: RolloutFleet, name: string) => fleet.store.delete({ kind: 'Device', namespace: 'factory', name });

/** Of the certificate of this thing, or `gone`. */
async function statusOf(fleet: RolloutFleet, id: string): Promise<string> {
  const { certificates = [] } = await fleet.aws.send('ListCertificates', {});
  return certificates.find(({ certificateId }) => certificateId === id)?.status ?? 'gone';
}

const idOf = async (fleet: RolloutFleet, name: string) =>
  ((await fleet.get('Device', name)) as Device).status?.certificates?.[0]?.certificateId ?? '';
const exists = async (fleet: RolloutFleet, name: string) =>
  (await fleet.store.get({ kind: 'Device', namespace: 'factory', name })) !== undefined;

describe('R3: deleting a Device in use', () => {
  test('one at a time: inactive first, a settle time in which all else stays, then gone', async () => {
    const { fleet } = await leaving(2);
    await using _fleet = fleet;
    const [one, two] = [await idOf(fleet, 'press-1'), await idOf(fleet, 'press-2')];
    const attached = await fleet.attached('press-1');
    for (const name of fleet.names) await drop(fleet, name);
    await fleet.advance(2 * MINUTE);
    expect([await statusOf(fleet, one), await statusOf(fleet, two)]).toEqual(['INACTIVE', 'ACTIVE']);
    expect(await fleet.attached('press-1')).toEqual(attached);
    const { status } = (await fleet.get('Device', 'press-2')) as Device;
    expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ reason: 'DeletionWaits' });
    await fleet.advance(10 * MINUTE);
    expect(await statusOf(fleet, one)).toBe('gone');
    expect(await exists(fleet, 'press-1')).toBe(false);
    await fleet.advance(MINUTE);
    expect(await statusOf(fleet, two)).toBe('INACTIVE');
    await fleet.advance(15 * MINUTE);
    expect(await exists(fleet, 'press-2')).toBe(false);
    expect((await fleet.aws.send('ListThings', {})).things).toEqual([]);
  }, 60_000);

  test('a certificate that another thing has too stays as it is for that one', async () => {
    const { fleet } = await leaving(1);
    await using _fleet = fleet;
    const certificateId = await idOf(fleet, 'press-1');
    const certificates = [{ name: 'a', certificateId }];
    await fleet.apply(device('twin', { thingTypeRef: { name: 'press' }, certificates }));
    await fleet.settleUntilReady();
    const attached = await fleet.attached('twin');
    await drop(fleet, 'press-1');
    await fleet.advance(2 * MINUTE);
    expect(await statusOf(fleet, certificateId)).toBe('ACTIVE');
    await fleet.advance(15 * MINUTE);
    expect(await exists(fleet, 'press-1')).toBe(false);
    expect(await statusOf(fleet, certificateId)).toBe('ACTIVE');
    expect(await fleet.attached('twin')).toEqual(attached);
  }, 60_000);

  test('one that nobody has heard of for long may be off until Monday: it goes in turn as well, a new one at once', async () => {
    const { fleet } = await leaving(3, { silent: true });
    await using _fleet = fleet;
    const [one, two, three] = [
      await idOf(fleet, 'press-1'),
      await idOf(fleet, 'press-2'),
      await idOf(fleet, 'press-3'),
    ];
    await drop(fleet, 'press-3');
    await fleet.advance(MINUTE);
    expect(await statusOf(fleet, three), 'made by mistake a moment ago').toBe('gone');
    // An operator that comes back after a day knows nothing of them but what AWS says.
    await fleet.kill();
    await fleet.clock.advance(25 * 60 * MINUTE);
    await fleet.start();
    for (const name of ['press-1', 'press-2']) await drop(fleet, name);
    await fleet.advance(2 * MINUTE);
    expect([await statusOf(fleet, one), await statusOf(fleet, two)]).toEqual(['INACTIVE', 'ACTIVE']);
    expect(await exists(fleet, 'press-1')).toBe(true);
    await fleet.advance(30 * MINUTE);
    expect([await statusOf(fleet, one), await statusOf(fleet, two)]).toEqual(['gone', 'gone']);
  }, 120_000);

  test('taken back by deletionPolicy Retain: it works again, and the same manifest finds it as it was', async () => {
    const { fleet, specs } = await leaving(1);
    await using _fleet = fleet;
    const id = await idOf(fleet, 'press-1');
    await drop(fleet, 'press-1');
    await fleet.advance(MINUTE);
    expect(await statusOf(fleet, id)).toBe('INACTIVE');
    const { certificates, thingTypeRef } = specs.get('press-1') ?? {};
    const back = device('press-1', { certificates, thingTypeRef, deletionPolicy: 'Retain' });
    await fleet.apply(back);
    await fleet.advance(MINUTE);
    expect(await statusOf(fleet, id)).toBe('ACTIVE');
    expect(await exists(fleet, 'press-1')).toBe(false);
    await fleet.apply(back);
    await fleet.settleUntilReady();
    expect(await idOf(fleet, 'press-1')).toBe(id);
    expect((await fleet.aws.send('ListCertificates', {})).certificates).toHaveLength(1);
  }, 60_000);

  test('what somebody else has made inactive before stays so', async () => {
    const { fleet, specs } = await leaving(1);
    await using _fleet = fleet;
    const id = await idOf(fleet, 'press-1');
    await fleet.iot.updateCertificate({ certificateId: id, newStatus: 'INACTIVE' });
    await fleet.advance(20 * MINUTE);
    await drop(fleet, 'press-1');
    await fleet.advance(MINUTE);
    const { certificates, thingTypeRef } = specs.get('press-1') ?? {};
    await fleet.apply(device('press-1', { certificates, thingTypeRef, deletionPolicy: 'Retain' }));
    await fleet.advance(MINUTE);
    expect(await statusOf(fleet, id)).toBe('INACTIVE');
  }, 60_000);

  test('a crash while it is out of use shortens nothing', async () => {
    const { fleet } = await leaving(1);
    await using _fleet = fleet;
    const id = await idOf(fleet, 'press-1');
    await drop(fleet, 'press-1');
    await fleet.advance(5 * MINUTE);
    await fleet.kill();
    await fleet.start();
    await fleet.advance(MINUTE);
    expect(await statusOf(fleet, id)).toBe('INACTIVE');
    await fleet.advance(15 * MINUTE);
    expect(await statusOf(fleet, id)).toBe('gone');
  }, 60_000);
});
