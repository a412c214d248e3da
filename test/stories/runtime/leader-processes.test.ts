import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import type { LeaseRecord, ObservedLease } from '../../../operator/runtime/lease/lock.ts';

const SCRIPT = fileURLToPath(new URL('./elector-process.ts', import.meta.url));
/** The lease duration and two retries of the processes, and what this machine needs to schedule them. */
const TAKEOVER_MS = 3_000 + 2 * 400 + 1_000;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

interface Message {
  readonly id?: number;
  readonly kind: 'lease' | 'write';
  readonly identity: string;
  readonly record?: LeaseRecord;
  readonly version?: string;
}

/** Keeps the lease, and notes every write in the order in which it arrives. */
async function authority() {
  let lease: ObservedLease | undefined;
  let version = 0;
  const writes: { identity: string; at: number }[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.kind === 'write') {
        writes.push({ identity: message.identity, at: performance.now() });
        return;
      }
      const conflict = message.record !== undefined && message.version !== lease?.version;
      if (message.record && !conflict) {
        version += 1;
        lease = { record: message.record, version: String(version) };
      }
      socket.write(`${JSON.stringify({ id: message.id, ...(conflict ? { conflict } : { lease }) })}\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return {
    writes,
    port: (server.address() as AddressInfo).port,
    leads: (identity: string) => () => writes.at(-1)?.identity === identity,
  };
}

function start(port: number, identity: string): ChildProcess {
  const child = spawn(process.execPath, [SCRIPT, String(port), identity], { stdio: ['ignore', 'ignore', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  return child;
}

const soon = { timeout: 15_000, interval: 10 };

it('a leader killed outright is followed within the lease duration and two retries', async () => {
  const { writes, port, leads } = await authority();
  const first = start(port, 'a');
  await expect.poll(leads('a'), soon).toBe(true);
  start(port, 'b');
  await expect.poll(() => writes.length > 200, soon).toBe(true);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const died = performance.now();
  await expect.poll(leads('b'), soon).toBe(true);
  const took = writes.find((write) => write.identity === 'b')?.at ?? Number.POSITIVE_INFINITY;
  expect(took - died).toBeLessThan(TAKEOVER_MS);
});

it('a leader that was stopped and continued writes nothing after another has begun', async () => {
  const { writes, port, leads } = await authority();
  const running = new Map([
    ['a', start(port, 'a')],
    ['b', start(port, 'b')],
  ]);
  await expect.poll(() => writes.length > 20, soon).toBe(true);
  for (let round = 0; round < 2; round++) {
    const old = writes.at(-1)?.identity ?? '';
    const next = old === 'a' ? 'b' : 'a';
    const leader = running.get(old);
    leader?.kill('SIGSTOP');
    await expect.poll(leads(next), soon).toBe(true);
    const begun = writes.findLastIndex((write) => write.identity === old) + 1;
    const exit = leader ? once(leader, 'exit') : undefined;
    leader?.kill('SIGCONT');
    // It finds the fence closed, and its election loop ends the process.
    expect((await exit)?.[0]).toBe(3);
    expect(writes.slice(begun).filter((write) => write.identity === old)).toEqual([]);
    running.set(old, start(port, old));
    const seen = writes.length;
    await expect.poll(() => writes.length > seen + 20, soon).toBe(true);
  }
});

it('a leader asked to end gives the lease back: the standby need not wait for it to run out', async () => {
  const { writes, port, leads } = await authority();
  const first = start(port, 'a');
  await expect.poll(leads('a'), soon).toBe(true);
  start(port, 'b');
  await expect.poll(() => writes.length > 200, soon).toBe(true);
  first.kill('SIGTERM');
  const [code] = (await once(first, 'exit')) as [number];
  expect(code).toBe(0);
  const ended = performance.now();
  await expect.poll(leads('b'), soon).toBe(true);
  const took = writes.find((write) => write.identity === 'b')?.at ?? Number.POSITIVE_INFINITY;
  expect(took - ended).toBeLessThan(1_500);
});
