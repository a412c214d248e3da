/**
 * A process that stands for election and writes without pause while it may: run by `leader-processes.test.ts`, which
 * keeps the lease and counts the writes at the other end of a socket. Arguments: port, identity.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { sleep, systemClock } from '../../../operator/runtime/clock.ts';
import type { LeaseLock, LeaseRecord, ObservedLease } from '../../../operator/runtime/lease/lock.ts';
import { LeaderElector } from '../../../operator/runtime/lease.ts';
import { silentLogger } from '../../../operator/runtime/log.ts';
import { StoreError } from '../../../operator/runtime/store.ts';

const [port, identity = ''] = process.argv.slice(2);
const socket = connect(Number(port), '127.0.0.1');
const waiting = new Map<number, (answer: { lease?: ObservedLease; conflict?: boolean }) => void>();
let asked = 0;

createInterface({ input: socket }).on('line', (line) => {
  const answer = JSON.parse(line) as { id: number; lease?: ObservedLease; conflict?: boolean };
  waiting.get(answer.id)?.(answer);
  waiting.delete(answer.id);
});
socket.on('close', () => process.exit(0));

async function put(record: LeaseRecord | undefined, version?: string): Promise<ObservedLease | undefined> {
  const id = asked++;
  socket.write(`${JSON.stringify({ id, kind: 'lease', identity, record, version })}\n`);
  const answer = await new Promise<{ lease?: ObservedLease; conflict?: boolean }>((resolve) =>
    waiting.set(id, resolve),
  );
  if (answer.conflict) throw new StoreError('conflict', 'changed');
  return answer.lease;
}

async function written(record: LeaseRecord, version?: string): Promise<ObservedLease> {
  const lease = await put(record, version);
  if (!lease) throw new StoreError('unavailable', 'no lease in the answer');
  return lease;
}

const lock: LeaseLock = {
  name: 'story',
  get: () => put(undefined),
  create: (record) => written(record),
  update: (record, version) => written(record, version),
};

const elector = new LeaderElector({
  lock,
  identity,
  clock: systemClock,
  random: Math.random,
  log: silentLogger,
  leaseDurationMs: 3_000,
  renewDeadlineMs: 2_000,
  retryPeriodMs: 400,
});
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
elector.run(stop.signal).then(
  () => process.exit(0),
  () => process.exit(3),
);

// The fence stands directly before the bytes leave, as in the handler of AWS requests.
for (;;) {
  if (elector.isLeader()) socket.write(`${JSON.stringify({ kind: 'write', identity })}\n`);
  await sleep(systemClock, 5);
}
