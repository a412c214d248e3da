import { describe, expect, test } from 'vitest';
import { createLimiter } from '../../../operator/aws/limiter.ts';
import { createPort } from '../../../operator/aws/port.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { ReconcileError } from '../../../operator/runtime/errors.ts';

const client = { send: async () => ({}) } as never;

/** Passes that read so many certificates one after the other and begin anew whenever they have to give their worker back. */
async function readAll(passes: number, reads: number, tps: number) {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock, share: 1, overrides: { DescribeCertificate: tps } });
  const port = createPort({ accountId: '1', region: 'us-east-1', client, limiter, clock });
  let [calls, done] = [0, 0];
  const pass = async (slot: string): Promise<void> => {
    const { signal } = new AbortController();
    try {
      for (let read = 0; read < reads; read += 1) {
        await port.call('DescribeCertificate', { certificateId: `${slot}-${read}` }, { slot, signal });
        calls += 1;
      }
      done += 1;
    } catch (thrown) {
      if (!(thrown instanceof ReconcileError) || thrown.kind !== 'throttled') throw thrown;
      clock.after(thrown.delayMs ?? 1_000, () => void pass(slot));
    }
  };
  for (let i = 0; i < passes; i += 1) void pass(`device-${i}`);
  for (let second = 0; second < 60 && done < passes; second += 1) await clock.advance(1_000);
  return { calls, done };
}

describe('turns under a quota', () => {
  test.each([
    { reason: 'one read each', passes: 40, reads: 1 },
    { reason: 'two certificates each', passes: 40, reads: 2 },
    { reason: 'more reads than there are turns in a second', passes: 6, reads: 12 },
  ])('every pass ends, and nothing is read twice: $reason', async ({ passes, reads }) => {
    expect(await readAll(passes, reads, 5)).toEqual({ calls: passes * reads, done: passes });
  });
});
