import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { device } from '../../support/fleet.ts';
import {
  documentOf,
  grants,
  NARROW,
  type RolloutFleet,
  recordOf,
  rolloutFleet,
  STRATEGY,
  say,
  WIDE,
} from './support.ts';

const MORE = grants('telemetry/*', 'debug/*', 'more/*');

const exists = (fleet: RolloutFleet, policyName: string) =>
  fleet.aws.send('GetPolicy', { policyName }).then(
    () => true,
    () => false,
  );

async function targetOf(fleet: RolloutFleet, name: string): Promise<string> {
  return ((await fleet.get('Device', name)) as Device).status?.certificates?.[0]?.arn ?? '';
}

const candidateOf = ({ spec }: PolicyRollout) => spec.policies[0]?.candidateName ?? '';

describe('R6: a default version is moved forward only while nothing carries the policy', () => {
  test('a candidate that something carries already is an abort, not a flip', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(MORE);
    await fleet.live(2);
    const policyName = candidateOf(await fleet.rollout());
    await fleet.aws.send('CreatePolicy', { policyName, policyDocument: JSON.stringify(WIDE) });
    await fleet.aws.send('AttachPolicy', { policyName, target: await targetOf(fleet, 'press-1') });
    await say(fleet, 'approve');
    await fleet.live(30);
    expect(await documentOf(fleet, policyName)).toEqual(WIDE);
    expect((await fleet.rollout()).status?.phase).toBe('Aborted');
  }, 60_000);

  test('even where one certificate alone carries it, the declared policy keeps its document until nothing does', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(120, {
      until: async () => {
        const { targets = [] } = await fleet.aws.send('ListTargetsForPolicy', { policyName: 'base' });
        const document = await documentOf(fleet, 'base');
        if (targets.length > 0 && (await fleet.rollout().catch(() => undefined))?.status?.phase !== 'Succeeded')
          expect(document).toEqual(WIDE);
        return (await fleet.rollout().catch(() => undefined))?.status?.homedAt !== undefined;
      },
    });
    expect(await documentOf(fleet, 'base')).toEqual(NARROW);
  }, 60_000);

  test("the reason of a state is that state's: on the way home and after it, the record says why the asset succeeded", async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    const record = () => recordOf(fleet, 'press-1');
    const said = new Set<string>();
    await fleet.live(120, {
      until: async () => {
        const { state, why = '' } = (await record()) ?? {};
        if (state === 'Succeeded') said.add(why);
        return (await fleet.rollout().catch(() => undefined))?.status?.homedAt !== undefined;
      },
    });
    await fleet.live(30);
    said.add((await record())?.why ?? '');
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect([...said]).toEqual([expect.stringMatching(/positive observations/)]);
  }, 60_000);

  test('retry after a brake goes under a new name', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    const first = candidateOf(await fleet.rollout());
    await say(fleet, 'abort');
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    await say(fleet, 'retry', { token: 't2' });
    await fleet.live(10);
    const second = candidateOf(await fleet.rollout());
    expect(second).toMatch(/^base@[0-9a-f]{8}$/);
    expect(second).not.toBe(first);
    expect(await documentOf(fleet, first)).toEqual(WIDE);
    expect(await documentOf(fleet, second)).toEqual(NARROW);
  }, 60_000);
});

describe('R8: a success needs a fresh list', () => {
  test('while a proven device carries the policy of before again the rollout does not end', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    const target = await targetOf(fleet, 'press-1');
    let times = 0;
    const phase = async () => (await fleet.rollout()).status?.phase;
    await fleet.live(200, {
      until: async () => {
        // Nobody carried the declared policy when it ended, so it has the new document: nobody is on the one of before.
        if ((await phase()) === 'Succeeded') {
          expect(await documentOf(fleet, 'base')).toEqual(NARROW);
          return true;
        }
        // Not seen by any list of before: the asset was proven, and its own reads are over.
        if ((await fleet.records())['press-2'] === 'Observing' && times < 20) {
          times += 1;
          await fleet.aws.send('AttachPolicy', { policyName: 'base', target });
        }
        return false;
      },
    });
    expect(await phase()).toBe('Succeeded');
  }, 90_000);

  test('a certificate that somebody makes inactive holds its asset, and the rollout with it', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(30, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const certificateId = status?.certificates?.[0]?.certificateId ?? '';
    await fleet.aws.send('UpdateCertificate', { certificateId, newStatus: 'INACTIVE' });
    await fleet.live(60);
    expect((await fleet.records())['press-1']).toBe('Held');
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Paused', reason: 'DefenderMitigation' });
    expect(await fleet.attached('press-2')).toEqual(['base']);
    const found = await fleet.aws.send('DescribeCertificate', { certificateId });
    expect(found.certificateDescription?.status).toBe('INACTIVE');
  }, 60_000);
});

describe('R9: names and the way home', () => {
  test('who joins meanwhile gets the declared policy, and moves when all others have', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(8);
    await fleet.apply(device('press-0', { thingTypeRef: { name: 'press' } }));
    fleet.names.push('press-0');
    await fleet.live(3);
    expect(await fleet.attached('press-0')).toEqual(['base']);
    const order: string[] = [];
    await fleet.live(160, {
      until: async () => {
        for (const [name, state] of Object.entries(await fleet.records()))
          if (state === 'Succeeded' && !order.includes(name)) order.push(name);
        return order.length === 3;
      },
    });
    expect(order.at(-1)).toBe('press-0');
  }, 90_000);

  test('homing: Stay leaves the assets on the candidate, which is never deleted under them', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW, { ...STRATEGY, homing: 'Stay', rollbackWindow: '10m' });
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    await fleet.live(90);
    const candidate = candidateOf(await fleet.rollout());
    expect(await fleet.attached('press-1')).toEqual([candidate]);
    // The declared name holds what was proven all the same: templates attach by it.
    expect(await documentOf(fleet, 'base')).toEqual(NARROW);
  }, 60_000);

  test('a superseded document is deleted after rollbackWindow, not before', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW, { ...STRATEGY, rollbackWindow: '30m' });
    await fleet.live(90, { until: async () => (await fleet.rollout()).status?.homedAt !== undefined });
    const candidate = candidateOf(await fleet.rollout());
    await fleet.live(25);
    expect(await exists(fleet, candidate)).toBe(true);
    await fleet.live(10);
    expect(await exists(fleet, candidate)).toBe(false);
  }, 60_000);
});
