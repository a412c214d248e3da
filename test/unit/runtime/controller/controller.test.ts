import { afterEach, describe, expect, it } from 'vitest';
import { RecentStarts } from '../../../../operator/runtime/controller/gap.ts';
import { contextLogger, silentLogger } from '../../../../operator/runtime/log.ts';
import { Priority } from '../../../../operator/runtime/reconciler.ts';
import { controllerAround, device } from './harness.ts';

type Harness = ReturnType<typeof controllerAround>;
let current: Harness | undefined;
const start: typeof controllerAround = (act, options) => {
  current = controllerAround(act, options);
  return current;
};
afterEach(async () => {
  current?.kill.abort(new Error('end of test'));
  current = undefined;
});

const names = (h: Harness) => h.started.map((s) => s.name);

describe('results', () => {
  it('is done with a key until something changes when nothing is returned', async () => {
    const h = start(async () => undefined);
    h.controller.enqueue(device('press-1'));
    await h.clock.advance(24 * 3_600_000);
    expect(names(h)).toEqual(['press-1']);
    expect(h.controller.quiet).toBe(true);
    expect(await h.metric('controller_runtime_reconcile_total{controller="device",result="success"}')).toBe(1);
  });

  it('comes back after the time asked for, at the priority asked for', async () => {
    const h = start(async () => ({ requeueAfterMs: 5_000, priority: Priority.drift }));
    h.controller.enqueue(device('press-1'));
    await h.clock.advance(4_999);
    expect(h.started).toHaveLength(1);
    await h.clock.advance(1);
    await h.settle();
    expect(h.started).toEqual([
      { name: 'press-1', at: 0, priority: 0 },
      { name: 'press-1', at: 5_000, priority: Priority.drift },
    ]);
    expect(await h.metric('controller_runtime_reconcile_total{controller="device",result="requeue_after"}')).toBe(2);
  });

  it('spreads long waits so that keys that started together drift apart, and never comes early', async () => {
    const h = start(async () => ({ requeueAfterMs: 600_000 }), { random: () => 0.99 });
    h.controller.enqueue(device('press-1'));
    await h.clock.advance(600_000);
    expect(h.started).toHaveLength(1);
    await h.clock.advance(30_000);
    await h.settle();
    expect(h.started).toHaveLength(2);
  });

  it('does not bring a security act back at the priority of security', async () => {
    const h = start(async () => ({ requeueAfterMs: 1_000 }));
    h.controller.enqueue(device('press-1'), { priority: Priority.security });
    await h.clock.advance(1_000);
    await h.settle();
    expect(h.started.map((s) => s.priority)).toEqual([Priority.security, Priority.change]);
  });
});

describe('concurrency', () => {
  it('never reconciles one object twice at the same time, and does not lose a change made meanwhile', async () => {
    let running = 0;
    let most = 0;
    let release: () => void = () => undefined;
    const h = start(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      running -= 1;
      return undefined;
    });
    h.controller.enqueue(device('press-1'));
    await h.settle();
    h.controller.enqueue(device('press-1'));
    h.controller.enqueue(device('press-1'));
    await h.settle();
    expect(h.started).toHaveLength(1);
    release();
    await h.settle();
    expect(h.started).toHaveLength(2);
    expect(most).toBe(1);
    release();
  });

  it('runs as many objects at once as it has workers, and no more', async () => {
    const h = start(() => new Promise(() => undefined), { workers: 3, reservedWorkers: 0 });
    for (let i = 0; i < 10; i++) h.controller.enqueue(device(`press-${i}`));
    await h.settle();
    expect(h.started).toHaveLength(3);
    expect(await h.metric('controller_runtime_active_workers{controller="device"}')).toBe(3);
    expect(await h.metric('controller_runtime_max_concurrent_reconciles{controller="device"}')).toBe(3);
  });

  it('keeps a worker free for a change while drift checks hold all the others', async () => {
    const h = start(() => new Promise(() => undefined), { workers: 4 });
    for (let i = 0; i < 10; i++) h.controller.enqueue(device(`drift-${i}`), { priority: Priority.drift });
    await h.settle();
    expect(h.started).toHaveLength(3);
    h.controller.enqueue(device('changed'));
    await h.settle();
    expect(names(h).at(-1)).toBe('changed');
  });

  it('lets timers and I/O through between reconciles that never wait', async () => {
    const h = start(async () => undefined, { workers: 2 });
    for (let i = 0; i < 1_000; i++) h.controller.enqueue(device(`press-${i}`));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    // Five turns of the loop cannot have seen all of a thousand.
    expect(h.started.length).toBeLessThan(50);
    await h.settle();
  });

  it('leaves a second between two starts for one object, except for security acts', async () => {
    const h = start(async () => undefined, { minGapMs: 1_000 });
    const again = async (priority: number) => {
      h.controller.enqueue(device('press-1'), { priority });
      await h.settle();
    };
    await again(0);
    await again(0);
    expect(h.started).toHaveLength(1);
    await again(Priority.security);
    expect(h.started).toHaveLength(2);
    h.controller.enqueue(device('press-1'));
    await h.clock.advance(999);
    expect(h.started).toHaveLength(2);
    await h.clock.advance(1);
    await h.settle();
    expect(h.started.map((s) => s.at)).toEqual([0, 0, 1_000]);
  });
});

it('remembers starts for one gap only, and never less', () => {
  const recent = new RecentStarts(1_000);
  recent.mark('a', 0);
  recent.mark('b', 1_500);
  expect(recent.remaining('a', 1_500)).toBe(0);
  recent.mark('c', 2_400);
  // The generation that holds b has been retired to the older one by now.
  recent.mark('d', 2_499);
  expect(recent.remaining('b', 2_499)).toBe(1);
  expect(recent.remaining('d', 2_499)).toBe(1_000);
  expect(recent.remaining('never', 2_499)).toBe(0);
});

describe('ownership', () => {
  it('asks at the moment a key is taken, and leaves alone what is not ours', async () => {
    let leading = true;
    const h = start(async () => undefined, { owns: () => leading, minGapMs: 100 });
    h.controller.enqueue(device('press-1'));
    await h.settle();
    h.controller.enqueue(device('press-1'));
    leading = false;
    await h.clock.advance(60_000);
    await h.settle();
    expect(h.started).toHaveLength(1);
  });

  it('does not lose a key whose fence was closed for a moment', async () => {
    let leading = false;
    const h = start(async () => undefined, { owns: () => leading });
    h.controller.enqueue(device('press-1'), { priority: Priority.security });
    await h.clock.advance(1_000);
    leading = true;
    await h.clock.advance(1_000);
    await h.settle();
    expect(h.started).toEqual([{ name: 'press-1', at: 2_000, priority: Priority.security }]);
  });
});

it('a reconcile that fails because the fence closed under it shows nothing on the object, and is tried later', async () => {
  let leading = true;
  let attempts = 0;
  const h = start(
    async () => {
      attempts += 1;
      if (attempts > 1) return undefined;
      leading = false;
      throw new Error('this replica does not lead any more');
    },
    { owns: () => leading },
  );
  h.controller.enqueue(device('press-1'));
  await h.clock.advance(1_000);
  leading = true;
  await h.clock.advance(1_000);
  await h.settle();
  expect([h.reports, h.events]).toEqual([[], []]);
  expect(await h.metric('controller_runtime_reconcile_errors_total{controller="device"}')).toBe(0);
  expect(h.started.map((s) => s.at)).toEqual([0, 2_000]);
});

describe('time limit', () => {
  it('aborts the signal of a reconcile that takes too long, and counts it', async () => {
    let aborted: unknown;
    const h = start(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = signal.reason;
            reject(signal.reason);
          });
        }),
      { timeoutMs: 1_000 },
    );
    h.controller.enqueue(device('press-1'));
    await h.clock.advance(1_000);
    await h.settle();
    expect(String(aborted)).toContain('1000 ms');
    expect(await h.metric('controller_runtime_reconcile_timeouts_total{controller="device"}')).toBe(1);
    expect(await h.metric('controller_runtime_reconcile_errors_total{controller="device"}')).toBe(1);
    await h.clock.advance(1_000);
    await h.settle();
    expect(h.started).toHaveLength(2);
  });

  it('goes on with other objects when a reconcile ignores its end, and keeps that one locked', async () => {
    let end: () => void = () => undefined;
    const h = start(
      (key) =>
        key.name === 'stuck'
          ? new Promise((resolve) => {
              end = () => resolve(undefined);
            })
          : Promise.resolve(undefined),
      { timeoutMs: 1_000, workers: 1 },
    );
    h.controller.enqueue(device('stuck'));
    await h.settle();
    h.controller.enqueue(device('press-1'));
    h.controller.enqueue(device('stuck'));
    await h.clock.advance(30_999);
    expect(names(h)).toEqual(['stuck']);
    await h.clock.advance(1);
    await h.settle();
    expect(names(h)).toEqual(['stuck', 'press-1']);
    end();
    await h.settle();
    expect(names(h)).toEqual(['stuck', 'press-1', 'stuck']);
  });
});

describe('stopping', () => {
  it('takes nothing new, lets work in hand end, then ends', async () => {
    let release: () => void = () => undefined;
    let ended = false;
    const h = start(
      () =>
        new Promise((resolve) => {
          release = () => resolve(undefined);
        }),
      { workers: 1 },
    );
    void h.ended.then(() => {
      ended = true;
    });
    h.controller.enqueue(device('press-1'));
    await h.settle();
    h.controller.enqueue(device('press-2'));
    h.stop.abort();
    await h.settle();
    expect(ended).toBe(false);
    release();
    await h.settle();
    expect(ended).toBe(true);
    expect(names(h)).toEqual(['press-1']);
  });

  it('aborts work in hand when killed, and shows no error on the object for it', async () => {
    const h = start(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    h.controller.enqueue(device('press-1'));
    await h.settle();
    h.stop.abort();
    h.kill.abort(new Error('drain time is over'));
    await h.ended;
    expect(h.reports).toEqual([]);
    expect(h.events).toEqual([]);
    expect(await h.metric('controller_runtime_reconcile_errors_total{controller="device"}')).toBe(0);
  });

  it('ends at once when it was told to before it began', async () => {
    const stop = AbortSignal.abort();
    const h = start(async () => undefined);
    await h.controller.run(stop, new AbortController().signal);
    expect(h.started).toEqual([]);
  });
});

describe('log lines', () => {
  it('carry controller, object and reconcile id, also from code that was handed no logger', async () => {
    const h = start(async () => {
      await Promise.resolve();
      contextLogger(silentLogger).info('Creating thing', { thing: 'press-1' });
      return undefined;
    });
    h.controller.enqueue(device('press-1'));
    h.controller.enqueue(device('press-2'));
    await h.settle();
    const [first, second] = h.lines.filter((line) => line.msg === 'Creating thing');
    expect(first).toMatchObject({
      level: 'info',
      controller: 'device',
      object: { kind: 'Device', namespace: 'factory', name: 'press-1' },
      thing: 'press-1',
    });
    expect(first?.reconcileID).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.object).toMatchObject({ name: 'press-2' });
    expect(second?.reconcileID).not.toBe(first?.reconcileID);
  });
});
