import { AttachPolicyCommand, CreatePolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../../operator/api/device.gen.ts';
import { missing, must, until, why } from './support/cluster.ts';
import { account, documents, issued, manifest, policy, REGION } from './support/objects.ts';
import { type OperatorProcess, untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';

const WAITING = 40;
/** Calls of CreateThing in a second, at our half of the quota. */
const RATE = 1;
const things = (from: number, to: number) =>
  documents(...Array.from({ length: to - from }, (_, i) => manifest('Device', `thing-${from + i}`, {})));

describe.skipIf(missing)(`what an account may be asked${why}`, () => {
  let story: Story;
  let operator: OperatorProcess;

  beforeEach(async () => {
    story = await openStory('budget');
    operator = await story.operator({ config: { concurrency: 2 } });
    await untilReady(operator);
  });
  afterEach(() => story?.[Symbol.asyncDispose]());

  const ready = (...objects: readonly string[]) =>
    must(story.kubectl('wait', '--for=condition=Ready', ...objects, '--timeout=150s'));
  const calls = (operation: string, since = 0) => story.sandbox.ledger.entries({ operation, since });
  const restarted = async () => {
    await operator.stop();
    const since = Date.now();
    operator = await story.operator({ config: { concurrency: 2 }, name: 'restarted' });
    await untilReady(operator);
    return since;
  };

  test('a budget is kept to while forty devices wait for it; none of them holds a worker, and a person’s change comes first', async () => {
    await story.apply(documents(account('default', { quotaOverrides: { CreateThing: 2 * RATE } }), things(0, 1)));
    await ready('device/thing-0');
    await operator.stop();
    await story.apply(things(1, 1 + WAITING));
    const since = await restarted();
    await until(() => calls('CreateThing', since).length > 2 || undefined, 'the first of those that wait');

    // Of another call: with two workers and forty devices in the line it would wait for all of them.
    await story.apply(manifest('Device', 'thing-0', { attributes: { hall: '7' } }));
    // Counted in calls that are given one by one, whatever time kubectl takes to tell us.
    const applied = Date.now();
    const changed = await until(
      () => calls('UpdateThing', since).find(({ resource }) => resource === 'thing-0'),
      'a change',
    );
    const meanwhile = calls('CreateThing', applied).filter(({ at }) => at <= changed.at);
    expect(meanwhile.length).toBeLessThanOrEqual(6);
    // Of the same call: behind what is under way, and before all that came with the first list.
    await story.apply(manifest('Device', 'urgent', {}));
    const before = calls('CreateThing', since).length;
    await ready('device/urgent');
    const order = calls('CreateThing', since).map(({ resource }) => resource);
    expect(order.indexOf('urgent') - before).toBeLessThanOrEqual(6);
    expect(order.indexOf('urgent'), 'while the others still wait').toBeLessThan(WAITING);

    await ready('devices', '--all');
    const times = calls('CreateThing', since).map(({ at }) => at);
    expect(times).toHaveLength(WAITING + 1);
    for (const [index, at] of times.entries()) {
      // A bucket is a second deep, answers take a moment to be counted, and what two workers ask may arrive at once.
      const within = times.slice(index).filter((later) => later - at < 10_000).length;
      expect(within, 'calls in ten seconds').toBeLessThanOrEqual(10 * RATE + 3);
    }
  });

  test('after a restart a fleet is read in bulk, however many devices and AWSAccounts it has, and a correction after a direct look', async () => {
    const fleet = Array.from({ length: 30 }, (_, i) => issued(`press-${i}`, { policyRefs: [{ name: 'base' }] }));
    const often = { driftInterval: '30s' };
    await story.apply(documents(account('default', often), account('second', often), policy('base'), ...fleet));
    await ready('fleet', '--all');

    const since = await restarted();
    await until(
      async () =>
        ((await operator.metric('controller_runtime_reconcile_total', 'controller="device"')) >= 30 &&
          calls('ListThings', since).length > 0) ||
        undefined,
      'a look at each',
    );
    const asked: Record<string, number> = {};
    for (const { operation, mutating } of story.sandbox.ledger.entries({ since })) {
      expect(mutating, `${operation} writes`).toBe(false);
      asked[operation] = (asked[operation] ?? 0) + 1;
    }
    // Thing and certificate are looked at slowly, one by one: AWS has no other way.
    const { ListThingPrincipals: _, GetCallerIdentity: __, ...bulk } = asked;
    expect(Object.keys(bulk)).toContain('ListThings');
    for (const [operation, count] of Object.entries(bulk)) expect(count, operation).toBeLessThanOrEqual(3);

    await using iot = closing(
      new IoTClient({
        endpoint: story.endpoint,
        region: REGION.region,
        credentials: { accessKeyId: 'somebody', secretAccessKey: 'else' },
      }),
    );
    const { status } = await story.json<Device>('get', 'device', 'press-7');
    const target = status?.certificates?.[0]?.arn;
    const wide = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}';
    await iot.client.send(new CreatePolicyCommand({ policyName: 'strange', policyDocument: wide }));
    await iot.client.send(new AttachPolicyCommand({ policyName: 'strange', target }));
    const attached = Date.now();
    await until(() => calls('DetachPolicy', attached).length > 0 || undefined, 'the correction');
    const own = story.sandbox.ledger
      .entries({ since: attached, accessKeyId: 'restarted' })
      .map(({ operation, resource }) => `${operation} ${resource}`);
    const detach = own.findIndex((call) => call.startsWith('DetachPolicy'));
    const looks = own.slice(0, detach).filter((call) => call.startsWith('ListAttachedPolicies'));
    expect(looks.length, own.join('\n')).toBeGreaterThan(0);
    // One device was looked at directly, not all of them.
    expect(looks.length, own.join('\n')).toBeLessThanOrEqual(2);
    expect(calls('DetachPolicy', attached)).toHaveLength(1);
  });
});

function closing(client: IoTClient) {
  return { client, [Symbol.asyncDispose]: async () => client.destroy() };
}
