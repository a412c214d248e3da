import { describe, expect, test } from 'vitest';
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
