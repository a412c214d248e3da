import { createServer } from 'node:net';
import { GetPolicyCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import { grants } from '../stories/rollout/support.ts';
import { missing, must, until, why } from './support/cluster.ts';
import { base, NAMES, NARROW, openRolloutBed, RATE, type RolloutBed, WIDE } from './support/rollout-bed.ts';
import type { Story } from './support/story.ts';

/** A change of a policy on its way through two devices, steered with kubectl. */
describe.skipIf(missing)(`a rollout in a cluster${why}`, () => {
  let bed: RolloutBed;
  let story: Story;

  beforeAll(async () => {
    bed = await openRolloutBed('rollout');
    story = bed.story;
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());

  const verb = (rollout: PolicyRollout, name: string, value: string) =>
    must(
      story.kubectl(
        ...['annotate', '--overwrite', 'policyrollout', rollout.metadata.name],
        `rollout.fleetward.dev/${name}=${value} by admin`,
      ),
    );
  test('a tightening goes through one device at a time, waits while it is paused, and comes home', async () => {
    await story.apply(base(NARROW));
    const made = await bed.becomes('a rollout', ({ status }) => status?.phase !== undefined);
    await verb(made, 'pause', 'p1');
    const paused = await bed.becomes('a pause', ({ status }) => status?.verbs?.pausedBy === 'admin');
    expect(paused.status?.class).toBe('tightens');
    expect(await must(story.kubectl('get', 'fleet'))).toContain(`policyrollout.fleetward.dev/${made.metadata.name}`);
    bed.clock.rate = RATE;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await bed.becomes('a rollout', () => true)).status?.counters?.succeeded ?? 0).toBeLessThan(NAMES.length);
    await verb(made, 'resume', 'r1');
    const done = await bed.becomes('its end, at home', ({ status }) => status?.homedAt !== undefined);
    expect(done.status).toMatchObject({ phase: 'Succeeded', counters: { total: 2, succeeded: 2 } });
    for (const name of NAMES) expect(await bed.attached(name)).toEqual(['base']);
    const { policyDocument = '' } = await bed.iot.send(new GetPolicyCommand({ policyName: 'base' }));
    expect(JSON.parse(policyDocument)).toEqual(NARROW);
    await must(story.kubectl('wait', '--for=condition=Ready', `policyrollout/${made.metadata.name}`, '--timeout=120s'));
  });

  test('a widening waits for the approval of its revision, and abort brings back what has moved', async () => {
    bed.clock.rate = 1;
    await story.apply(base(WIDE));
    const waiting = await bed.becomes('a wait for approval', ({ status }) => status?.phase === 'AwaitingApproval');
    const { revision } = waiting.spec;
    for (const name of NAMES) expect(await bed.attached(name)).toEqual(['base']);
    await verb(waiting, 'approve', `a1@${revision}`);
    await bed.becomes('a first device on its way', ({ status }) => (status?.counters?.inFlight ?? 0) > 0);
    const carried = () => Promise.all(NAMES.map((name) => bed.attached(name)));
    await until(
      async () => (await carried()).some((policies) => policies.join() !== 'base') || undefined,
      'a first step of it',
    );
    await verb(waiting, 'abort', `x1@${revision}`);
    bed.clock.rate = RATE;
    const back = await bed.becomes('the way back', ({ status }) => status?.phase === 'Aborted');
    expect(back.status?.verbs).toMatchObject({ approvedBy: 'admin', abortedBy: 'admin' });
    await until(
      async () => (await carried()).every((policies) => policies.join() === 'base') || undefined,
      'the old policy alone',
    );
    await until(async () => {
      const events = await must(story.kubectl('get', 'events', '--field-selector=reason=EmergencyBrakeApplied'));
      return events.includes(back.metadata.name) || undefined;
    }, 'the event of the brake');
  });

  test('a check of an editor asks no host that the operator’s configuration does not name', async () => {
    let visits = 0;
    const inside = createServer((socket) => {
      visits += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    try {
      const address = inside.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const checks = [{ name: 'metadata', http: { url: `http://127.0.0.1:${port}/latest/meta-data` } }];
      // Faster, it could be over before anybody has looked.
      bed.clock.rate = 1;
      await story.apply(base(grants('telemetry/press-*'), { checks }));
      await bed.becomes('another rollout', ({ status }) => status?.phase === 'Progressing');
      bed.clock.rate = RATE;
      // Nobody answers for the asset, so it goes back.
      await bed.becomes('the way back', ({ status }) => status?.reason === 'AssetFailed');
      await until(async () => {
        const told = await must(story.kubectl('describe', 'policyrollouts,devices'));
        return /Verdict: +CheckInconclusive/.test(told) || undefined;
      }, 'the verdict');
      expect(visits).toBe(0);
    } finally {
      inside.close();
    }
  });
});
