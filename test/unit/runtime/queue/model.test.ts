import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { WorkQueue } from '../../../../operator/runtime/queue.ts';

interface Pending {
  priority: number;
  readyAt: number;
  sequence: number;
}

/** The queue's promises, written as plainly as possible: linear scans, no heaps, no timers. */
class Model {
  pending = new Map<string, Pending>();
  processing = new Set<string>();
  #sequence = 0;

  add(key: string, priority: number, delayMs: number, now: number): void {
    this.promote(now);
    const readyAt = delayMs === 0 ? 0 : now + delayMs;
    const old = this.pending.get(key);
    if (!old) this.pending.set(key, { priority, readyAt, sequence: this.#sequence++ });
    else if (priority > old.priority || readyAt < old.readyAt) {
      this.pending.set(key, {
        priority: Math.max(priority, old.priority),
        readyAt: Math.min(readyAt, old.readyAt),
        sequence: this.#sequence++,
      });
    }
  }

  /** 0 stands for ready. Those that fall due together come in the order in which they were set. */
  promote(now: number): void {
    const due = [...this.pending.values()].filter((p) => p.readyAt > 0 && p.readyAt <= now);
    for (const p of due.sort((a, b) => a.readyAt - b.readyAt || a.sequence - b.sequence)) {
      p.readyAt = 0;
      p.sequence = this.#sequence++;
    }
  }

  take(now: number, min: number): string | undefined {
    this.promote(now);
    const ready = [...this.pending].filter(([key, p]) => p.readyAt === 0 && !this.processing.has(key));
    const best = ready.sort(([, a], [, b]) => b.priority - a.priority || a.sequence - b.sequence)[0];
    if (!best || best[1].priority < min) return undefined;
    this.pending.delete(best[0]);
    this.processing.add(best[0]);
    return best[0];
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('add' as const),
      key,
      priority: fc.integer({ min: -2, max: 2 }),
      delay: fc.constantFrom(0, 0, 1, 5, 9),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('get' as const), min: fc.constantFrom(-9, 0) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('done' as const), key }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 10 }) }) },
);

it('agrees with a plain model of itself on any sequence of adds, gets, dones and passing time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new VirtualClock(1_000);
      const queue = new WorkQueue({ clock, random: () => 0 });
      const model = new Model();
      for (const one of steps) {
        const now = clock.monotonic();
        if (one.act === 'add') {
          queue.add(one.key, { priority: one.priority, delayMs: one.delay });
          model.add(one.key, one.priority, one.delay, now);
        } else if (one.act === 'done') {
          model.promote(now);
          queue.done(one.key);
          model.processing.delete(one.key);
        } else if (one.act === 'advance') {
          await clock.advance(one.ms);
          model.promote(clock.monotonic());
        } else {
          const expected = model.take(now, one.min);
          // A get that has to wait would take a later key; only those that can be served are made.
          if (expected !== undefined) expect((await queue.get(one.min))?.key).toBe(expected);
        }
        expect(queue.size).toBe(model.pending.size);
      }
    }),
    { numRuns: 400 },
  );
});
