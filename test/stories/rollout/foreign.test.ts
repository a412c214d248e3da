import { describe, expect, test } from 'vitest';
import { getCondition } from '../../../operator/api/conditions.ts';
import type { Device } from '../../../operator/api/device.gen.ts';
import { csr, device } from '../../support/fleet.ts';
import { NARROW, type RolloutFleet, rolloutFleet, STRATEGY } from './support.ts';

/** Lets the rollout go to its end, and collects what it said on the way. */
async function toTheEnd(fleet: RolloutFleet, silent: readonly string[] = []): Promise<ReadonlySet<string>> {
  const reasons = new Set<string>();
  const baseRollout = async () => {
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    return items.find(({ metadata }) => metadata.name.startsWith('base-')) as
      | { status?: { reason?: string; homedAt?: string } }
      | undefined;
  };
  await fleet.live(150, {
    silent,
    until: async () => {
      const { reason, homedAt } = (await baseRollout())?.status ?? {};
      if (reason !== undefined) reasons.add(reason);
      return homedAt !== undefined;
    },
  });
  return reasons;
}

const documentOf = async (fleet: RolloutFleet, policyName: string) =>
  (await fleet.aws.send('GetPolicy', { policyName })).policyDocument ?? '';

describe('a Device of ours that is on its way stops nobody', () => {
  test('one that is deleted while the others move takes its policies along', async () => {
    await using fleet = await rolloutFleet(3);
    const { spec } = (await fleet.get('Device', 'press-3')) as Device;
    await fleet.apply(device('press-3', { ...spec, deletionPolicy: 'Delete' }));
    await fleet.settleUntilReady();
    await fleet.live(1);
    await fleet.store.delete({ kind: 'Device', namespace: 'factory', name: 'press-3' });
    await fleet.change(NARROW);
    const reasons = await toTheEnd(fleet, ['press-3']);
    expect([...reasons]).not.toContain('ForeignTargets');
    expect([...reasons]).toContain('Completed');
    expect(await documentOf(fleet, 'base')).not.toContain('debug');
    expect(await fleet.store.get({ kind: 'Device', namespace: 'factory', name: 'press-3' })).toBeUndefined();
  }, 120_000);
});

test('what keeps a candidate in AWS when its time is over is named, once, and it goes when that is put right', async () => {
  await using fleet = await rolloutFleet(1);
  await fleet.change(NARROW, { ...STRATEGY, rollbackWindow: '10m' });
  await toTheEnd(fleet);
  const request = { certificateSigningRequest: csr('stranger'), setAsActive: true };
  const { certificateArn: target = '' } = await fleet.aws.send('CreateCertificateFromCsr', request);
  const policyName = (await fleet.rollout()).spec.policies[0]?.candidateName ?? '';
  await fleet.aws.send('AttachPolicy', { policyName, target });
  const said = async () => getCondition((await fleet.rollout()).status?.conditions, 'CandidatesDeleted');
  await fleet.live(15);
  expect(await said()).toMatchObject({ status: 'False', reason: 'CandidateAttached' });
  expect((await said())?.message).toBe(
    `${policyName} stays in AWS: it is attached to ${target}, which no Device manages; make a Device for it, or detach the policy there`,
  );
  const writes = () => fleet.writes.filter((write) => write.includes('PolicyRollout')).length;
  const before = writes();
  await fleet.live(10);
  expect(writes()).toBe(before);
  await fleet.aws.send('DetachPolicy', { policyName, target });
  await fleet.live(3);
  expect((await fleet.rollout()).status?.cleanedAt).toBeDefined();
  expect(await said()).toBeUndefined();
  await expect(fleet.aws.send('GetPolicy', { policyName })).rejects.toThrow();
}, 120_000);
