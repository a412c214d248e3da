import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { device, group, policy } from '../../support/fleet.ts';
import { grants, NARROW, type RolloutFleet, rolloutFleet } from './support.ts';

const DEADLINE_MS = 30_000;

/** Listens to each DetachPolicy that the operator hands over, and may lose it or its answer. */
function overhear(
  fleet: RolloutFleet,
  fate: (n: number) => 'answered' | 'unanswered' | 'lost' = () => 'answered',
): readonly number[] {
  const sentAt: number[] = [];
  fleet.intercept = async (send, _operation, { method, path }) => {
    if (method !== 'POST' || !path.startsWith('/target-policies/')) return send();
    sentAt.push(fleet.clock.now());
    const how = fate(sentAt.length);
    if (how === 'answered') return send();
    if (how === 'unanswered') await send();
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
  return sentAt;
}

const settled = (fleet: RolloutFleet) => async () => (await fleet.records())['press-1'] === 'Observing';

describe('R7: a Detach', () => {
  test('whose answer is lost is not sent again: its outcome is read when it cannot be on its way any more', async () => {
    await using fleet = await rolloutFleet(1);
    const sentAt = overhear(fleet, (n) => (n === 1 ? 'unanswered' : 'answered'));
    await fleet.change(NARROW);
    await fleet.live(40, { until: settled(fleet) });
    expect(sentAt).toHaveLength(1);
    expect((await fleet.records())['press-1']).toBe('Observing');
  }, 60_000);

  test('that never arrived is sent again, after its deadline and not before', async () => {
    await using fleet = await rolloutFleet(1);
    const sentAt = overhear(fleet, (n) => (n === 1 ? 'lost' : 'answered'));
    await fleet.change(NARROW);
    await fleet.live(40, { until: settled(fleet) });
    expect(sentAt).toHaveLength(2);
    expect((sentAt[1] ?? 0) - (sentAt[0] ?? 0)).toBeGreaterThanOrEqual(DEADLINE_MS);
  }, 60_000);

  test('is followed by a read, and a certificate that is found with neither policy gets what it had', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(40, { until: settled(fleet) });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const target = status?.certificates?.[0]?.arn ?? '';
    const [policyName = ''] = await fleet.attached('press-1');
    await fleet.aws.send('DetachPolicy', { policyName, target });
    await fleet.live(5, { until: async () => (await fleet.attached('press-1')).length > 0 });
    expect(await fleet.attached('press-1')).toContain('base');
  }, 60_000);

  test.each([
    { reason: 'on the same certificate', on: { policyRefs: [{ name: 'base' }, { name: 'beside' }] } },
    { reason: 'through a thing group', on: { groupRefs: [{ name: 'hall' }] } },
    { reason: 'through a thing group above', on: { groupRefs: [{ name: 'cell' }] } },
  ])(
    'waits as long as a policy that the asset has $reason is blanked: what goes may be all that is left of it',
    async ({ on }) => {
      await using fleet = await rolloutFleet(0);
      await fleet.apply(policy('beside', { document: grants('debug/*') }));
      await fleet.apply(group('hall', { policyRefs: [{ name: 'beside' }] }));
      await fleet.apply(group('cell', { parentRef: { name: 'hall' } }));
      await fleet.apply(device('press-1', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'base' }], ...on }));
      fleet.names.push('press-1');
      await fleet.settleUntilReady();
      await fleet.live(15);
      await fleet.change(NARROW);
      await fleet.live(2);
      const blank = { Version: '2012-10-17', Statement: [] };
      const document = JSON.stringify(blank);
      await fleet.aws.send('CreatePolicyVersion', {
        policyName: 'beside',
        policyDocument: document,
        setAsDefault: true,
      });
      await fleet.live(40);
      const taken = fleet.sandbox.ledger.count({ operation: 'DetachPolicy', outcome: 'ok' });
      expect(taken, 'nothing was taken').toBe(0);
      const { status } = (await fleet.get('Device', 'press-1')) as Device;
      expect(status?.rollout?.why).toMatch(/beside.*allows nothing.*takes that back or acknowledges it/);
      await fleet.aws.send('SetDefaultPolicyVersion', { policyName: 'beside', policyVersionId: '1' });
      await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
      expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
    },
    60_000,
  );
});
