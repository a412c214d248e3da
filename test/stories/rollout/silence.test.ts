import { describe, expect, test } from 'vitest';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import { device, policy } from '../../support/fleet.ts';
import { annotate, grants, type RolloutFleet, rolloutFleet, STRATEGY, say } from './support.ts';

const denying = (topic: string) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Deny', Action: ['iot:Publish'], Resource: [`arn:aws:iot:us-east-1:123456789012:topic/${topic}`] },
  ],
});
const QUIET = denying('debug/loud/*');
const LOUD = grants('site/*');

const quiet = (document: object, more: object = {}) => policy('quiet', { document, strategy: STRATEGY, ...more });

/** One device under `base` and a policy of Denies alone. */
async function quietFleet(): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(0);
  await fleet.apply(quiet(QUIET));
  await fleet.apply(
    device('press-1', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'base' }, { name: 'quiet' }] }),
  );
  fleet.names.push('press-1');
  await fleet.settleUntilReady();
  return fleet;
}

async function readyOf(fleet: RolloutFleet): Promise<string | undefined> {
  const { status } = (await fleet.get('IoTPolicy', 'quiet')) as IoTPolicy;
  return status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

const inForce = async (fleet: RolloutFleet) =>
  JSON.parse((await fleet.aws.send('GetPolicy', { policyName: 'quiet' })).policyDocument ?? '') as object;

describe('a policy of Denies alone that is to allow something', () => {
  test('goes the way of every widening: nobody has contained anything by it', async () => {
    await using fleet = await quietFleet();
    await fleet.apply(quiet(LOUD));
    await fleet.live(5);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'AwaitingApproval', class: 'widens' });
    await say(fleet, 'approve');
    await fleet.live(120, { until: async () => (await fleet.rollout()).status?.homedAt !== undefined });
    expect((await fleet.rollout()).status?.phase).toBe('Succeeded');
    expect(await inForce(fleet)).toEqual(LOUD);
    expect(await fleet.attached('press-1')).toEqual(['base', 'quiet']);
  }, 60_000);

  test('aborted halfway it goes back to the Denies', async () => {
    await using fleet = await quietFleet();
    await fleet.apply(quiet(LOUD));
    await fleet.live(5);
    await say(fleet, 'approve');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    await say(fleet, 'abort');
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect((await fleet.rollout()).status?.phase).toBe('Aborted');
    expect(await fleet.attached('press-1')).toEqual(['base', 'quiet']);
    expect(await inForce(fleet)).toEqual(QUIET);
  }, 60_000);

  test.each([
    ['the same text in another version', QUIET],
    ['more Denies', denying('*')],
  ])(
    'but %s, put there by a person, is an act that holds it',
    async (_what, document) => {
      await using fleet = await quietFleet();
      await fleet.apply(quiet(QUIET, { driftPolicy: 'Report' }));
      await fleet.live(2);
      await fleet.kill();
      await fleet.aws.send('CreatePolicyVersion', {
        policyName: 'quiet',
        policyDocument: JSON.stringify(document),
        setAsDefault: true,
      });
      await fleet.apply(quiet(LOUD, { driftPolicy: 'Report' }));
      await fleet.start();
      await fleet.live(5);
      expect(await readyOf(fleet)).toBe('Held');
      expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toEqual([]);
      expect(await inForce(fleet)).toEqual(document);
    },
    60_000,
  );

  test('and so are Denies that were shown as drift before the spec came to allow something', async () => {
    await using fleet = await quietFleet();
    await fleet.apply(quiet(QUIET, { driftPolicy: 'Report' }));
    await fleet.live(2);
    await fleet.aws.send('CreatePolicyVersion', {
      policyName: 'quiet',
      policyDocument: JSON.stringify(denying('*')),
      setAsDefault: true,
    });
    await annotate(fleet, 'IoTPolicy', 'quiet', { 'reconcile.fleetward.dev/requestedAt': 'now' });
    await fleet.live(5);
    expect(await readyOf(fleet)).toBe('Drifted');
    await fleet.apply(quiet(LOUD, { driftPolicy: 'Report' }));
    await fleet.live(5);
    expect(await readyOf(fleet)).toBe('Held');
    expect(await inForce(fleet)).toEqual(denying('*'));
  }, 60_000);
});
