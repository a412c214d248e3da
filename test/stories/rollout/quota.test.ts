import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { account, csr, device, group, policy, thingType } from '../../support/fleet.ts';
import { createFleet } from '../../support/operator.ts';
import { hear, NARROW, PUBLISHING, rolloutFleet, STRATEGY } from './support.ts';

const AT_ONCE = 12;

describe('under the call quotas of AWS', () => {
  test('examinations of many assets at once all come to their end, each question asked once', async () => {
    await using fleet = await rolloutFleet(AT_ONCE + 2, { limited: true });
    for (const name of fleet.names) hear(fleet, name);
    const waves = [{ count: AT_ONCE, bake: '10m' }];
    await fleet.change(NARROW, { ...STRATEGY, waves, maxInFlight: AT_ONCE });
    await fleet.live(14, PUBLISHING);
    const { items } = await fleet.store.list({ kind: 'Device' });
    const detached = (items as readonly Device[]).filter(({ status }) => status?.rollout?.detachedAt !== undefined);
    expect(detached).toHaveLength(AT_ONCE);
    // What the policies of before say, and what those of after say.
    expect(fleet.sandbox.ledger.count({ operation: 'TestAuthorization' })).toBe(2 * AT_ONCE);
  }, 120_000);

  test('devices with two certificates each become Ready, however many come at once', async () => {
    await using fleet = await createFleet({ limited: true });
    await fleet.apply(account(), thingType('press'), group('presses'), policy('base'));
    const two = (name: string) => ({ certificates: ['a', 'b'].map((part) => ({ name: part, csr: csr(name + part) })) });
    const names = Array.from({ length: 24 }, (_, i) => `press-${i + 1}`);
    await fleet.apply(...names.map((name) => device(name, { thingTypeRef: { name: 'press' }, ...two(name) })));
    await fleet.start();
    await fleet.settleUntilReady();
    // Each is read once on its own; a pass that gave up in between read them again and again.
    expect(fleet.sandbox.ledger.count({ operation: 'DescribeCertificate' })).toBeLessThanOrEqual(3 * 2 * names.length);
  }, 120_000);
});
