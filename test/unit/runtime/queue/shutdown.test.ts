import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { WorkQueue } from '../../../../operator/runtime/queue.ts';

const setup = () => {
  const clock = new VirtualClock();
  return { clock, queue: new WorkQueue({ clock, random: () => 0 }) };
};

/** A generator of the same numbers for the same seed. */
const seeded = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
  return seed / 2 ** 32;
};

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('shutting down', () => {
  it('sends every waiting worker home', async () => {
    const { queue } = setup();
    const workers = [queue.get(), queue.get(0), queue.get(100)];
    queue.shutdown();
    expect(await Promise.all(workers)).toEqual([undefined, undefined, undefined]);
  });

  it('hands out nothing afterwards, not even what was ready', async () => {
    const { queue } = setup();
    queue.add('baz');
    queue.shutdown();
    expect(await queue.get()).toBeUndefined();
    expect(await queue.get()).toBeUndefined();
  });

  it('takes nothing in afterwards, neither plain nor after a failure', () => {
    const { queue } = setup();
    queue.shutdown();
    queue.add('key');
    queue.addRateLimited('key', 'kube');
    expect(queue.size).toBe(0);
    expect(queue.failures('key')).toBe(0);
  });

  it('leaves no timer behind', () => {
    const { clock, queue } = setup();
    queue.add('key', { delayMs: 60_000 });
    expect(clock.next()).toBeDefined();
    queue.shutdown();
    expect(clock.next()).toBeUndefined();
  });

  it('lets work in hand end, and tells when it has', async () => {
    const { queue } = setup();
    queue.add('a');
    queue.add('b');
    await queue.get();
    await queue.get();
    queue.shutdown();
    let idle = false;
    void queue.idle().then(() => {
      idle = true;
    });
    queue.done('a');
    await turn();
    expect(idle).toBe(false);
    queue.add('b');
    queue.done('b');
    await turn();
    expect(idle).toBe(true);
    expect(await queue.get()).toBeUndefined();
  });

  it('is idle at once when nothing is in work', async () => {
    const { queue } = setup();
    queue.add('pending');
    await queue.idle();
    expect(queue.size).toBe(1);
  });

  it('a key handed over in the moment of shutdown is still worked on and released', async () => {
    const { queue } = setup();
    const got = queue.get();
    queue.add('key');
    queue.shutdown();
    const work = await got;
    expect(work?.key).toBe('key');
    queue.done('key');
    await queue.idle();
  });

  // In controller-runtime a hand-over and a shutdown at the same moment blocked each other for ever (2026).
  it('ends all workers that add and get without pause, wherever the shutdown falls', async () => {
    for (let round = 0; round < 200; round++) {
      const { queue } = setup();
      const random = seeded(round);
      let running = 20;
      const worker = async () => {
        for (;;) {
          queue.add(`key-${Math.floor(random() * 50)}`, { priority: Math.floor(random() * 200) - 100 });
          const work = await queue.get(random() < 0.3 ? 0 : undefined);
          if (!work) break;
          if (random() < 0.3) await turn();
          queue.done(work.key);
        }
        running -= 1;
      };
      const workers = Array.from({ length: 20 }, worker);
      for (let i = 0; i < round % 7; i++) await turn();
      queue.shutdown();
      await Promise.race([
        Promise.all(workers),
        (async () => {
          for (let i = 0; i < 200; i++) await turn();
        })(),
      ]);
      expect(running, `workers left in round ${round}`).toBe(0);
      await queue.idle();
    }
  });
});
