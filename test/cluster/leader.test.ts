import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../operator/sandbox/index.ts';
import { kubectl, missing, must, until, why } from './support/cluster.ts';
import { type OperatorProcess, untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';
import { openWay, type Way } from './support/way.ts';

const LEASE_MS = 8_000;
const RETRY_MS = 700;
/** A busy machine may do nothing for seconds, which is not to cost the leader its lease. */
const LEASE = { leaderElection: { leaseDuration: '8s', renewDeadline: '6500ms', retryPeriod: '700ms' } };
/** What the promise allows, and what a busy machine needs to try. */
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
    await must(story.kubectl('wait', '--for=condition=Ready', 'awsaccount/default', '--timeout=120s'));
  });
  afterEach(async () => {
    await story?.[Symbol.asyncDispose]();
    await way?.[Symbol.asyncDispose]();
  });

  /** Starts work and returns in the middle of it: certificates are made, and more are to be made. */
  async function inTheMiddle(): Promise<void> {
    const applying = story.apply(Array.from({ length: DEVICES }, (_, i) => device(i)).join(''));
    void applying.catch(() => {});
    await until(() => made().length > 3 || undefined, 'work');
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
    // In the words of the second itself: filling its caches and its first call are not the election.
    const { spec } = JSON.parse(
      await must(kubectl(['-n', 'default', 'get', 'lease', story.namespace, '-o', 'json'])),
    ) as {
      spec: { holderIdentity: string; acquireTime: string };
    };
    expect(spec.holderIdentity).toMatch(/^second_/);
    expect(Date.parse(spec.acquireTime) - since, 'time to take over').toBeLessThan(TAKEOVER_MS);
    await until(async () => {
      const { items } = await story.json<{ items: unknown[] }>('get', 'devices');
      return items.length === DEVICES || undefined;
    }, 'all devices');
    await must(story.kubectl('wait', '--for=condition=Ready', 'devices', '--all', '--timeout=120s'));
    expect(made()).toHaveLength(DEVICES);
    const left = writes('first', start?.at);
    expect(left, 'writes of the old leader after the takeover').toEqual([]);
  }

  test('one writes while both run; asked to end, it hands over at once', async () => {
    await inTheMiddle();
    const since = Date.now();
    // Asked once, and not killed for being slow.
    process.kill(await first.child.pid, 'SIGTERM');
    expect(await first.child.ended).toBe(0);
    await taken(since);
  });

  test('killed, it is followed within the lease and two retries; no certificate is made twice', async () => {
    await inTheMiddle();
    process.kill(await first.child.pid, 'SIGKILL');
    await taken(Date.now());
  });

  /** Neither ended nor restarted: alive, ready, and not leading. */
  async function standsBy(operator: OperatorProcess, pid: number): Promise<void> {
    await untilReady(operator);
    expect(await operator.get('/healthz')).toMatchObject({ status: 200 });
    expect(await operator.metric('leader_election_master_status')).toBe(0);
    expect(await operator.child.pid).toBe(pid);
    expect(operator.child.exited()).toBe(false);
  }
  const losses = (operator: OperatorProcess) => operator.metric('fleetward_leadership_losses_total');
  const leads = (operator: OperatorProcess) =>
    until(async () => (await operator.metric('leader_election_master_status')) === 1 || undefined, 'leadership');

  test('stopped and continued after its lease went, it begins no write, what was under way does no harm, and it stands by', async () => {
    await inTheMiddle();
    const pid = await first.child.pid;
    process.kill(pid, 'SIGSTOP');
    await taken(Date.now());
    const continued = Date.now();
    process.kill(pid, 'SIGCONT');
    await until(async () => (await losses(first)) === 1 || undefined, 'the loss');
    await standsBy(first, pid);
    expect(await text(first)).toContain('Lost the lease');
    // What had passed the fence before the stop may still go out: no more than its workers had in hand, and without effect.
    const late = writes('first', continued);
    expect(late.length).toBeLessThanOrEqual(WORKERS);
    expect(late.filter(({ changed }) => changed)).toEqual([]);
    expect(made()).toHaveLength(DEVICES);
  });

  test('cut off from the API server, it stops before another leads, says so, and leads again in the same process', async () => {
    await inTheMiddle();
    const pid = await first.child.pid;
    way.cut();
    await taken(Date.now());
    await until(async () => (await losses(first)) === 1 || undefined, 'the loss');
    const cut = await until(async () => {
      const answer = await first.get('/readyz');
      return /first list of AWSAccount.*no answer from the API server/.test(answer.body) ? answer : undefined;
    }, 'the reason');
    expect(cut.status).toBe(503);
    expect((await first.get('/healthz')).status).toBe(200);
    way.mend();
    await standsBy(first, pid);
    const before = writes('first').length;
    await second.stop();
    await story.apply(device(DEVICES));
    await must(story.kubectl('wait', '--for=condition=Ready', `device/d-${DEVICES}`, '--timeout=120s'));
    expect(writes('first').length).toBeGreaterThan(before);
    expect(made()).toHaveLength(DEVICES + 1);
  });

  test('cut off three times in turns, neither of two ends, and nothing of a lost term stays open', async () => {
    const other = await openWay(join(story.folder, 'other.kubeconfig'));
    const third = await story.operator({ name: 'third', config: LEASE, kubeconfig: other.kubeconfig });
    await second.stop();
    await untilReady(third);
    const pids = [await first.child.pid, await third.child.pid] as const;
    const open: (readonly number[])[] = [];
    let number = 0;
    for (let round = 1; round <= 3; round += 1) {
      for (const [leader, path, heir] of [
        [first, way, third],
        [third, other, first],
      ] as const) {
        path.cut();
        await leads(heir);
        number += 1;
        await story.apply(device(number));
        await must(story.kubectl('wait', '--for=condition=Ready', `device/d-${number}`, '--timeout=120s'));
        path.mend();
        await until(async () => (await losses(leader)) >= round || undefined, 'the loss');
        await standsBy(leader, leader === first ? pids[0] : pids[1]);
        expect(await losses(leader)).toBe(round);
      }
      // What is on its way to its end when a term ends has had the time of the other's term.
      if (round < 3) open.push(await openIn(third, pids[1]));
    }
    expect(made()).toHaveLength(number);
    const [one = [], two = []] = open;
    let last: readonly number[] = [];
    await until(async () => {
      last = await openIn(third, pids[1]);
      // Idle connections come and go; what a term left open would stay, and add to what the one before left.
      return last.every((now, index) => now <= Math.max(one[index] ?? 0, two[index] ?? 0) + 2) || undefined;
    }, 'the end of all that the last term had open').catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify([...open, last])}`);
    });
    await other[Symbol.asyncDispose]();
  });

  const text = (operator: OperatorProcess) => readFile(operator.logFile, 'utf8');

  /** File descriptors, timers and sockets. */
  async function openIn(operator: OperatorProcess, pid: number): Promise<readonly number[]> {
    const files = (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
    const timers = await operator.metric('nodejs_active_resources', 'type="Timeout"');
    const sockets = await operator.metric('nodejs_active_resources', 'Socket');
    return [files, timers, sockets];
  }
});
