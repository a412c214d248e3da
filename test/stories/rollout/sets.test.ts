import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { device, policy } from '../../support/fleet.ts';
import { grants, NARROW, rolloutFleet, STRATEGY } from './support.ts';

describe('R2: policies that share an asset move together', () => {
  test('an asset that carries only one of them is given none of the others', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.apply(policy('extra', { document: grants('extra/*', 'more/*'), strategy: STRATEGY }));
    await fleet.apply(device('press-2', { policyRefs: [{ name: 'base' }, { name: 'extra' }] }));
    await fleet.settleUntilReady();
    expect(await fleet.attached('press-2')).toEqual(['base', 'extra']);
    fleet.names.push('press-2');
    await fleet.change(NARROW);
    await fleet.apply(policy('extra', { document: grants('extra/*'), strategy: STRATEGY }));
    await fleet.advance(5_000);
    await fleet.live(160, {
      until: async () => {
        expect((await fleet.attached('press-1')).filter((name) => name.startsWith('extra'))).toEqual([]);
        return (await fleet.rollout()).status?.homedAt !== undefined;
      },
    });
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', counters: { total: 2, succeeded: 2 } });
    expect(await fleet.attached('press-2')).toEqual(['base', 'extra']);
  }, 90_000);
});

describe('R1: a device on which another policy hides the change', () => {
  const strategy = { ...STRATEGY, waves: [{ count: 1, bake: '1m' }], maxInFlight: 9 };

  /** base gives up `debug`, which `cover` still gives to some. */
  async function covered(...names: readonly string[]) {
    const fleet = await rolloutFleet(0);
    await fleet.apply(policy('cover', { document: grants('debug/*'), strategy: STRATEGY }));
    fleet.names.push('press-1', 'press-2', 'press-3');
    const refs = (name: string) => (names.includes(name) ? [{ name: 'base' }, { name: 'cover' }] : [{ name: 'base' }]);
    await fleet.apply(
      ...fleet.names.map((name) => device(name, { thingTypeRef: { name: 'press' }, policyRefs: refs(name) })),
    );
    await fleet.settleUntilReady();
    await fleet.live(15);
    await fleet.change(NARROW, strategy);
    return fleet;
  }

  test('is no canary for those on which it shows: one of them goes alone, and it comes after', async () => {
    await using fleet = await covered('press-1');
    await fleet.live(100, { until: async () => (await fleet.records())['press-2'] === 'Succeeded' });
    expect(await fleet.attached('press-1')).toEqual(['base', 'cover']);
    expect(await fleet.attached('press-3'), 'it waits for the verdict on press-2').toEqual(['base']);
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect((await fleet.rollout()).status).toMatchObject({ reason: 'Completed', counters: { succeeded: 3 } });
    expect(((await fleet.get('Device', 'press-1')) as Device).status?.rollout?.verdict).toBe('Masked');
  }, 90_000);

  test('goes through the waves where it is hidden from all: nobody is waited for who could prove anything', async () => {
    await using fleet = await covered('press-1', 'press-2', 'press-3');
    await fleet.live(100, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    expect(await fleet.attached('press-2'), 'it waits for press-1').toEqual(['base', 'cover']);
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect((await fleet.rollout()).status).toMatchObject({ reason: 'Completed', counters: { succeeded: 3 } });
  }, 90_000);
});
