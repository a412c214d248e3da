import { describe, expect, test } from 'vitest';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { policy } from '../../support/fleet.ts';
import {
  annotate,
  documentOf,
  grants,
  hear,
  NARROW,
  type RolloutFleet,
  refer,
  rolloutFleet,
  rollouts,
  STRATEGY,
  say,
  WIDE,
} from './support.ts';

/** It permits what everybody used, and less than before. */
const OTHER = grants('telemetry/*', 'debug/press-1');

async function ended(fleet: RolloutFleet, phase: string): Promise<PolicyRollout> {
  const newest = async () => await fleet.rollout();
  await fleet.live(120, { until: async () => (await newest()).status?.phase === phase });
  expect((await newest()).status?.phase).toBe(phase);
  return await newest();
}

async function readiness(fleet: RolloutFleet): Promise<string> {
  const { status } = (await fleet.get('IoTPolicy', 'base')) as IoTPolicy;
  const { reason = '', message = '' } = status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  return `${reason}: ${message}`;
}

/** A fleet in which the narrow document was tried and went back. */
async function afterAnAbort(size = 1): Promise<{ readonly fleet: RolloutFleet; readonly first: PolicyRollout }> {
  const fleet = await rolloutFleet(size);
  for (const name of fleet.names) hear(fleet, name);
  await fleet.change(NARROW);
  await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
  await say(fleet, 'abort');
  return { fleet, first: await ended(fleet, 'Aborted') };
}

describe('what went back is not tried again by itself, whatever came between', () => {
  test.each([
    { between: 'aborted', reason: 'the other went back as well: the rights of before both stay' },
    { between: 'overtaken', reason: 'the other was under way, and goes back because nobody takes it along' },
  ])(
    '$between: $reason',
    async ({ between }) => {
      const { fleet: opened, first } = await afterAnAbort();
      await using fleet = opened;
      await fleet.change(OTHER);
      await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
      if (between === 'aborted') {
        await say(fleet, 'abort');
        await ended(fleet, 'Aborted');
      }
      await fleet.change(NARROW);
      await fleet.live(90);
      expect((await rollouts(fleet)).map(({ spec }) => spec.attempt)).toEqual([1, 1]);
      expect(await readiness(fleet)).toContain(
        `RevisionRejected: This document was tried by PolicyRollout ${first.metadata.name}`,
      );
      expect(await fleet.attached('press-1')).toEqual(['base']);
      expect(await documentOf(fleet, 'base')).toEqual(WIDE);
    },
    90_000,
  );

  test('another was proven: that one stays, its assets come home to it, and only `retry` tries the first anew', async () => {
    const { fleet: opened, first } = await afterAnAbort();
    await using fleet = opened;
    await fleet.change(OTHER);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    await fleet.live(120, {
      until: async () => {
        if ((await fleet.rollout()).status?.phase === 'Succeeded') return true;
        expect(await documentOf(fleet, 'base')).toEqual(WIDE);
        return false;
      },
    });
    // Before the declared name has taken what was proven.
    await fleet.change(NARROW, { ...STRATEGY, rollbackWindow: '1m' });
    await fleet.live(60);
    expect(await rollouts(fleet)).toHaveLength(2);
    expect(await readiness(fleet)).toContain('RevisionRejected');
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await documentOf(fleet, 'base')).toEqual(OTHER);
    await say(fleet, 'retry', { token: 't2', rollout: first });
    await fleet.live(10);
    const again = await fleet.rollout();
    expect(again.spec).toMatchObject({ attempt: 2, revision: first.spec.revision });
    expect(JSON.parse(again.spec.policies[0]?.baseline ?? '')).toEqual(OTHER);
  }, 90_000);

  test('another was proven without one device: its policy is not written in place for the sake of that', async () => {
    const { fleet: opened } = await afterAnAbort(2);
    await using fleet = opened;
    await fleet.change(OTHER);
    await fleet.live(1);
    await annotate(fleet, 'Device', 'press-2', {
      'rollout.fleetward.dev/skip': `t1@${(await fleet.rollout()).spec.revision} by kim@example.com`,
    });
    await ended(fleet, 'Succeeded');
    await fleet.change(NARROW);
    await fleet.live(30);
    expect(await readiness(fleet)).toContain('RevisionRejected');
    expect(await fleet.attached('press-2')).toEqual(['base']);
    expect(await documentOf(fleet, 'base')).toEqual(WIDE);
  }, 90_000);
});

/** Everybody leaves the policy, it gets another document while nothing carries it, and everybody comes back to it. */
async function changedInPlace(fleet: RolloutFleet, document: object): Promise<void> {
  await fleet.apply(policy('meanwhile', { document: await documentOf(fleet, 'base'), strategy: STRATEGY }));
  await fleet.live(1);
  await moveTo(fleet, 'meanwhile');
  const before = await documentOf(fleet, 'base');
  await fleet.change(document);
  await fleet.live(1);
  // AWS may still apply the policy where it was.
  expect(await documentOf(fleet, 'base')).toEqual(before);
  expect(await readiness(fleet)).toContain('RolloutPending');
  await fleet.live(11);
  expect(await documentOf(fleet, 'base')).toEqual(document);
  await moveTo(fleet, 'base');
}

async function moveTo(fleet: RolloutFleet, name: string): Promise<void> {
  await refer(fleet, 'press-1', name);
  await fleet.live(200, {
    until: async () => {
      const { phase } = (await fleet.rollout()).status ?? {};
      if (phase === 'AwaitingApproval') await say(fleet, 'approve');
      return phase === 'Succeeded' && (await fleet.attached('press-1')).join() === name;
    },
  });
  expect(await fleet.attached('press-1')).toEqual([name]);
}

describe('what the declared name got in place, while nothing carried the policy, is what it keeps from then on', () => {
  test('a document that went back before is asked for again: nobody gets what was there before the change in place', async () => {
    const { fleet: opened, first } = await afterAnAbort();
    await using fleet = opened;
    await changedInPlace(fleet, OTHER);
    await fleet.change(NARROW);
    await fleet.live(30);
    expect(await documentOf(fleet, 'base')).toEqual(OTHER);
    expect(await readiness(fleet)).toContain('RevisionRejected');
    // Neither a restart nor somebody who writes to AWS changes what is kept.
    await fleet.kill();
    await fleet.start();
    const policyDocument = JSON.stringify(WIDE);
    await fleet.aws.send('CreatePolicyVersion', { policyName: 'base', policyDocument, setAsDefault: true });
    await fleet.live(30);
    expect(await documentOf(fleet, 'base')).toEqual(OTHER);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await say(fleet, 'retry', { token: 't2', rollout: first });
    await fleet.live(10);
    expect(JSON.parse((await fleet.rollout()).spec.policies[0]?.baseline ?? '')).toEqual(OTHER);
  }, 120_000);

  test('a document that was proven before is asked for again: it is rolled out anew', async () => {
    await using fleet = await rolloutFleet(1);
    hear(fleet, 'press-1');
    await fleet.change(NARROW);
    await ended(fleet, 'Succeeded');
    await fleet.live(60, { until: async () => (await fleet.attached('press-1')).join() === 'base' });
    await changedInPlace(fleet, OTHER);
    await fleet.change(NARROW);
    await fleet.live(120);
    expect(await readiness(fleet)).toContain('Succeeded');
    expect(await documentOf(fleet, 'base')).toEqual(NARROW);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect((await rollouts(fleet)).filter(({ spec }) => spec.fastTrack)).toEqual([]);
  }, 120_000);
});
