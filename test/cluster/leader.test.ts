import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../operator/sandbox/index.ts';
import { missing, must, until, why } from './support/cluster.ts';
import { type OperatorProcess, untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';
import { openWay, type Way } from './support/way.ts';

const LEASE_MS = 5_000;
const RETRY_MS = 700;
const LEASE = { leaderElection: { leaseDuration: '5s', renewDeadline: '3500ms', retryPeriod: '700ms' } };
/** What the promise allows, and what a busy machine needs to start its first call. */
const TAKEOVER_MS = LEASE_MS + 2 * RETRY_MS + 3_000;
const DEVICES = 40;
const WORKERS = 4;

const ACCOUNT =
  'apiVersion: fleetward.dev/v1alpha1\nkind: AWSAccount\nmetadata: {name: default}\nspec: {accountId: "123456789012", region: us-east-1}\n';
const device = (i: number) =>
  `---\napiVersion: fleetward.dev/v1alpha1\nkind: Device\nmetadata: {name: d-${i}}\nspec:\n  certificates: [{name: a, issued: {secretName: d-${i}}}]\n`;

describe.skipIf(missing)(`two replicas, one lease${why}`, () => {
  let story: Story;
  let first: OperatorProcess;
  let second: OperatorProcess;
  let way: Way;
  const writes = (accessKeyId: string, since = 0): readonly LedgerEntry[] =>
    story.sandbox.ledger.entries({ accessKeyId, mutating: true, since });

  beforeEach(async () => {
    story = await openStory('leader');
    way = await openWay(join(story.folder, 'way.kubeconfig'));
    // Slow enough for something to be under way whenever a leader ends.
    const config = { ...LEASE, concurrency: WORKERS };
    first = await story.operator({ name: 'first', config, kubeconfig: way.kubeconfig });
    await untilReady(first);
    await until(async () => (await first.metric('leader_election_master_status')) === 1 || undefined, 'a leader');
    second = await story.operator({ name: 'second', config });
    await untilReady(second);
    await story.apply(ACCOUNT);
    await must(story.kubectl('wait', '--for=condition=Ready', 'awsaccount/default', '--timeout=30s'));
  });
  afterEach(async () => {
    await story?.[Symbol.asyncDispose]();
    await way?.[Symbol.asyncDispose]();
  });

  /** Starts work and returns in the middle of it: certificates are made, and more are to be made. */
  async function inTheMiddle(): Promise<void> {
    const applying = story.apply(Array.from({ length: DEVICES }, (_, i) => device(i)).join(''));
    await until(() => made().length > 3 || undefined, 'work');
    void applying.catch(() => {});
    expect(writes('second')).toEqual([]);
  }
  const made = () =>
    story.sandbox.ledger.entries({ operation: 'CreateCertificateFromCsr' }).filter(({ changed }) => changed);

  /** Everything converges under the second, and each device has one certificate. */
  async function taken(since: number): Promise<void> {
    const [start] = await until(() => {
      const entries = writes('second');
      return entries.length > 0 ? entries : undefined;
    }, 'the takeover');
    expect((start?.at ?? 0) - since, 'time to take over').toBeLessThan(TAKEOVER_MS);
    await until(async () => {
      const { items } = await story.json<{ items: unknown[] }>('get', 'devices');
      return items.length === DEVICES || undefined;
    }, 'all devices');
    await must(story.kubectl('wait', '--for=condition=Ready', 'devices', '--all', '--timeout=60s'));
    expect(made()).toHaveLength(DEVICES);
    const left = writes('first', start?.at);
    expect(left, 'writes of the old leader after the takeover').toEqual([]);
  }

  test('one writes while both run; asked to end, it hands over at once', { timeout: 120_000 }, async () => {
    await inTheMiddle();
    const since = Date.now();
    await first.stop();
    expect(await first.child.ended).toBe(0);
    await taken(since);
  });

  test('killed, it is followed within the lease and two retries; no certificate is made twice', {
    timeout: 120_000,
  }, async () => {
    await inTheMiddle();
    process.kill(await first.child.pid, 'SIGKILL');
    await taken(Date.now());
  });

  test('stopped and continued after its lease went, it begins no write, what was under way does no harm, and it ends', {
    timeout: 120_000,
  }, async () => {
    await inTheMiddle();
    const pid = await first.child.pid;
    process.kill(pid, 'SIGSTOP');
    await taken(Date.now());
    const continued = Date.now();
    process.kill(pid, 'SIGCONT');
    expect(await first.child.ended, first.child.tail()).toBe(3);
    expect(first.child.tail()).toContain('Lost the lease');
    // What had passed the fence before the stop may still go out: no more than its workers had in hand, and without effect.
    const late = writes('first', continued);
    expect(late.length).toBeLessThanOrEqual(WORKERS);
    expect(late.filter(({ changed }) => changed)).toEqual([]);
    expect(made()).toHaveLength(DEVICES);
  });

  test('cut off from the API server, it ends by itself before another leads', { timeout: 120_000 }, async () => {
    await inTheMiddle();
    way.cut();
    const since = Date.now();
    expect(await first.child.ended, first.child.tail()).toBe(3);
    await taken(since);
  });
});
