import { GetPolicyCommand, IoTClient, ListAttachedPoliciesCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import { AcceleratedClock } from '../../operator/runtime/accelerated-clock.ts';
import { grants } from '../stories/rollout/support.ts';
import { missing, must, until, why } from './support/cluster.ts';
import { type FastOperator, startFastOperator } from './support/fast-operator.ts';
import { account, documents, issued, manifest, REGION } from './support/objects.ts';
import { openStory, type Story } from './support/story.ts';

/** Ten minutes of AWS in two and a half seconds. */
const RATE = 240;
const NAMES = ['press-1', 'press-2'];
const WIDE = grants('telemetry/*', 'debug/*');
const NARROW = grants('telemetry/*');
const PLACE = `${REGION.accountId}/${REGION.region}`;
const STRATEGY = { type: 'Waves', waves: [{ count: 1, bake: '1m' }], usedActions: 'Judge' };
const base = (document: object) => manifest('IoTPolicy', 'base', { document, strategy: STRATEGY });

/** A change of a policy on its way through two devices, steered with kubectl. */
describe.skipIf(missing)(`a rollout in a cluster${why}`, () => {
  let story: Story;
  let operator: FastOperator;
  let iot: IoTClient;
  let telling: NodeJS.Timeout;
  const clock = new AcceleratedClock(1);

  beforeAll(async () => {
    story = await openStory('rollout', { sandbox: { clock } });
    operator = startFastOperator({ namespace: story.namespace, endpoint: story.endpoint, clock });
    iot = new IoTClient({
      endpoint: story.endpoint,
      region: REGION.region,
      credentials: { accessKeyId: 'somebody', secretAccessKey: 'else' },
    });
    const devices = NAMES.map((name) => issued(name, { policyRefs: [{ name: 'base' }] }));
    await story.apply(documents(account(), base(WIDE), ...devices));
    await must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=60s'));
    telling = setInterval(() => NAMES.forEach(hear), 100);
  });
  afterAll(async () => {
    clearInterval(telling);
    iot?.destroy();
    await operator?.[Symbol.asyncDispose]();
    await story?.[Symbol.asyncDispose]();
  });

  /** The device is connected, and publishes. */
  function hear(clientId: string): void {
    const at = clock.now();
    const resource = `arn:aws:iot:${REGION.region}:${REGION.accountId}:topic/telemetry/${clientId}`;
    operator.signals.record(PLACE, { kind: 'connected', at, clientId });
    operator.signals.record(PLACE, { kind: 'request', at, clientId, action: 'iot:Publish', resource, allowed: true });
  }

  const rollouts = async () => (await story.json<{ items: PolicyRollout[] }>('get', 'policyrollouts')).items;
  const becomes = (what: string, holds: (rollout: PolicyRollout) => boolean) =>
    until(
      async () => {
        const [newest] = (await rollouts()).sort((a, b) =>
          (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1,
        );
        return newest !== undefined && holds(newest) ? newest : undefined;
      },
      what,
      60_000,
    ).catch(async (error: unknown) => {
      throw new Error(`${String(error)}:\n${(await story.kubectl('describe', 'policyrollouts,devices')).stdout}`);
    });
  const verb = (rollout: PolicyRollout, name: string, value: string) =>
    must(
      story.kubectl(
        ...['annotate', '--overwrite', 'policyrollout', rollout.metadata.name],
        `rollout.fleetward.dev/${name}=${value} by admin`,
      ),
    );
  async function attached(name: string): Promise<readonly string[]> {
    const { status } = await story.json<Device>('get', 'device', name);
    const target = status?.certificates?.[0]?.arn;
    const { policies = [] } = await iot.send(new ListAttachedPoliciesCommand({ target }));
    return policies.map(({ policyName = '' }) => policyName).sort();
  }

  test('a tightening goes through one device at a time, waits while it is paused, and comes home', {
    timeout: 120_000,
  }, async () => {
    await story.apply(base(NARROW));
    const made = await becomes('a rollout', ({ status }) => status?.phase !== undefined);
    await verb(made, 'pause', 'p1');
    const paused = await becomes('a pause', ({ status }) => status?.verbs?.pausedBy === 'admin');
    expect(paused.status?.class).toBe('tightens');
    expect(await must(story.kubectl('get', 'fleet'))).toContain(`policyrollout.fleetward.dev/${made.metadata.name}`);
    clock.rate = RATE;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await becomes('a rollout', () => true)).status?.counters?.succeeded ?? 0).toBeLessThan(NAMES.length);
    await verb(made, 'resume', 'r1');
    const done = await becomes('its end, at home', ({ status }) => status?.homedAt !== undefined);
    expect(done.status).toMatchObject({ phase: 'Succeeded', counters: { total: 2, succeeded: 2 } });
    for (const name of NAMES) expect(await attached(name)).toEqual(['base']);
    const { policyDocument = '' } = await iot.send(new GetPolicyCommand({ policyName: 'base' }));
    expect(JSON.parse(policyDocument)).toEqual(NARROW);
    await must(story.kubectl('wait', '--for=condition=Ready', `policyrollout/${made.metadata.name}`, '--timeout=20s'));
  });

  test('a widening waits for the approval of its revision, and abort brings back what has moved', {
    timeout: 120_000,
  }, async () => {
    clock.rate = 1;
    await story.apply(base(WIDE));
    const waiting = await becomes('a wait for approval', ({ status }) => status?.phase === 'AwaitingApproval');
    const { revision } = waiting.spec;
    for (const name of NAMES) expect(await attached(name)).toEqual(['base']);
    await verb(waiting, 'approve', `a1@${revision}`);
    await becomes('a first device on its way', ({ status }) => (status?.counters?.inFlight ?? 0) > 0);
    await verb(waiting, 'abort', `x1@${revision}`);
    clock.rate = RATE;
    const back = await becomes('the way back', ({ status }) => status?.phase === 'Aborted');
    expect(back.status?.verbs).toMatchObject({ approvedBy: 'admin', abortedBy: 'admin' });
    await until(async () => (await attached('press-1')).join() === 'base' || undefined, 'the old policy alone', 60_000);
    expect(await must(story.kubectl('get', 'events', '--field-selector=reason=EmergencyBrakeApplied'))).toContain(
      back.metadata.name,
    );
  });
});
