import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { byTime, Heap, type Item } from '../../../../operator/runtime/queue/heap.ts';
import { type Work, WorkQueue } from '../../../../operator/runtime/queue.ts';

function setup(random = () => 0) {
  const clock = new VirtualClock();
  const seen = { added: 0, taken: [] as number[], finished: [] as number[], retried: 0 };
  const observer = {
    added: () => void seen.added++,
    taken: (ms: number) => void seen.taken.push(ms),
    finished: (ms: number) => void seen.finished.push(ms),
    retried: () => void seen.retried++,
  };
  return { clock, seen, queue: new WorkQueue({ clock, random, observer }) };
}

/** What a worker that is free now would get at once; undefined when it would have to wait. */
async function tryGet(queue: WorkQueue, minPriority?: number): Promise<Work | undefined> {
  const nothing = Symbol('nothing');
  const got = await Promise.race([queue.get(minPriority), new Promise((r) => setImmediate(() => r(nothing)))]);
  return got === nothing ? undefined : (got as Work);
}

async function drain(queue: WorkQueue, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let i = 0; i < count; i++) {
    const work = await queue.get();
    if (!work) break;
    keys.push(work.key);
    queue.done(work.key);
  }
  return keys;
}

describe('order', () => {
  it('hands out the highest priority first and keeps the order of arrival within a level', async () => {
    const { queue } = setup();
    queue.add('drift-1', { priority: -50 });
    queue.add('change-1');
    queue.add('quarantine', { priority: 100 });
    queue.add('change-2');
    queue.add('first-list', { priority: -100 });
    expect(await drain(queue, 5)).toEqual(['quarantine', 'change-1', 'change-2', 'drift-1', 'first-list']);
  });

  it('lets a change of one device overtake fifty thousand first-list checks', async () => {
    const { queue } = setup();
    for (let i = 0; i < 50_000; i++) queue.add(`device-${i}`, { priority: -100 });
    queue.add('device-49999', { priority: 0 });
    expect(await drain(queue, 2)).toEqual(['device-49999', 'device-0']);
    expect(queue.size).toBe(49_998);
  });

  it('puts a key whose priority rises behind those already on that level', async () => {
    const { queue } = setup();
    queue.add('early-but-low', { priority: -100 });
    queue.add('a');
    queue.add('b');
    queue.add('early-but-low');
    expect(await drain(queue, 3)).toEqual(['a', 'b', 'early-but-low']);
  });

  it('renews the order of arrival when a waiting key becomes ready', async () => {
    const { clock, queue } = setup();
    queue.add('waiter', { delayMs: 100 });
    queue.add('a');
    await clock.advance(100);
    queue.add('b');
    expect(await drain(queue, 3)).toEqual(['a', 'waiter', 'b']);
  });
});

describe('merging', () => {
  const rows = [
    { reason: 'a lower priority does not lower', adds: [{ priority: 5 }, { priority: 1 }], priority: 5, at: 0 },
    { reason: 'a higher priority raises', adds: [{ priority: 1 }, { priority: 5 }], priority: 5, at: 0 },
    { reason: 'a shorter delay hastens', adds: [{ delayMs: 900 }, { delayMs: 300 }], priority: 0, at: 300 },
    { reason: 'a longer delay does not slow', adds: [{ delayMs: 300 }, { delayMs: 900 }], priority: 0, at: 300 },
    { reason: 'no delay beats any', adds: [{ delayMs: 300 }, {}], priority: 0, at: 0 },
    { reason: 'a ready key stays ready', adds: [{}, { delayMs: 300 }], priority: 0, at: 0 },
    {
      reason: 'priority rises although the later time loses',
      adds: [
        { delayMs: 300, priority: 0 },
        { delayMs: 900, priority: 7 },
      ],
      priority: 7,
      at: 300,
    },
    {
      reason: 'time comes forward although the lower priority loses',
      adds: [
        { delayMs: 300, priority: 7 },
        { delayMs: 100, priority: 0 },
      ],
      priority: 7,
      at: 100,
    },
  ];
  it.each(rows)('takes the higher priority and the earlier time: $reason', async ({ adds, priority, at }) => {
    const { clock, queue } = setup();
    const got = queue.get();
    let work: Work | undefined;
    void got.then((value) => {
      work = value;
    });
    // A worker is busy with another key first, so that all adds meet a pending key.
    queue.add('busy');
    expect((await got)?.key).toBe('busy');
    for (const add of adds) queue.add('key', add);
    void queue.get().then((value) => {
      work = value;
    });
    if (at > 0) {
      await clock.advance(at - 1);
      expect(work?.key).toBe('busy');
      await clock.advance(1);
    } else await clock.advance(0);
    expect(work).toEqual({ key: 'key', priority });
    expect(queue.size).toBe(0);
  });

  it('counts a key once however often it is added', async () => {
    const { queue, seen } = setup();
    for (let i = 0; i < 10; i++) queue.add('key', { priority: i });
    expect(queue.size).toBe(1);
    expect(seen.added).toBe(1);
    expect(await drain(queue, 1)).toEqual(['key']);
    expect(await tryGet(queue)).toBeUndefined();
  });
});

describe('one worker per key', () => {
  it('does not hand out a key that is in work, and runs it again after done', async () => {
    const { queue } = setup();
    queue.add('key');
    await queue.get();
    queue.add('key', { priority: 3 });
    expect(await tryGet(queue)).toBeUndefined();
    queue.add('key', { priority: 9 });
    queue.done('key');
    // tryGet's own worker above still waits and gets it.
    await Promise.resolve();
    expect(queue.size).toBe(0);
    expect(queue.snapshot().running).toHaveLength(1);
  });

  it('keeps the delay of a key that was added with one while in work', async () => {
    const { clock, queue } = setup();
    queue.add('key');
    await queue.get();
    queue.add('key', { delayMs: 500 });
    queue.done('key');
    let work: Work | undefined;
    void queue.get().then((value) => {
      work = value;
    });
    await clock.advance(499);
    expect(work).toBeUndefined();
    await clock.advance(1);
    expect(work?.key).toBe('key');
  });

  it('keeps a key back whose delay ends while it is in work', async () => {
    const { clock, queue } = setup();
    queue.add('key');
    await queue.get();
    queue.add('key', { delayMs: 500 });
    await clock.advance(1_000);
    expect(await tryGet(queue)).toBeUndefined();
    expect(queue.size).toBe(1);
  });

  it('forgives done for a key that nobody holds', () => {
    const { queue } = setup();
    queue.add('key');
    queue.done('key');
    expect(queue.size).toBe(1);
  });
});

describe('workers that take only urgent keys', () => {
  it('stay free while drift checks wait', async () => {
    const { queue } = setup();
    queue.add('drift', { priority: -50 });
    expect(await tryGet(queue, 0)).toBeUndefined();
    expect(queue.size).toBe(1);
  });

  it('are chosen before the others for what both would take', async () => {
    const { queue } = setup();
    const got: string[] = [];
    void queue.get().then((work) => got.push(`any:${work?.key}`));
    void queue.get(0).then((work) => got.push(`urgent:${work?.key}`));
    queue.add('change');
    queue.add('drift', { priority: -50 });
    await Promise.resolve();
    await Promise.resolve();
    expect(got.sort()).toEqual(['any:drift', 'urgent:change']);
  });

  it('do not keep an urgent key from an ordinary worker', async () => {
    const { queue } = setup();
    queue.add('drift', { priority: -50 });
    queue.add('change', { priority: 0 });
    expect((await tryGet(queue))?.key).toBe('change');
  });
});

describe('waiting keys', () => {
  it('share one timer, armed for the earliest', async () => {
    const { clock, queue } = setup();
    for (let i = 0; i < 1_000; i++) queue.add(`key-${i}`, { delayMs: 10_000 - i });
    const first = clock.next();
    expect(first).toBe(clock.now() + 9_001);
    let timers = 0;
    const after = clock.after.bind(clock);
    clock.after = (ms, callback) => {
      timers += 1;
      return after(ms, callback);
    };
    queue.add('later', { delayMs: 20_000 });
    expect(timers).toBe(0);
    queue.add('sooner', { delayMs: 5 });
    expect(timers).toBe(1);
    await clock.advance(30_000);
    expect(queue.snapshot()).toMatchObject({ waiting: 0, ready: new Map([[0, 1_002]]) });
  });

  it('come in time although the timer fired a moment early', async () => {
    const { clock, queue } = setup();
    const after = clock.after.bind(clock);
    clock.after = (ms, callback) => after(ms > 1 ? ms - 0.4 : 1, callback);
    queue.add('key', { delayMs: 10 });
    await clock.advance(11);
    expect(queue.snapshot().ready.get(0)).toBe(1);
  });

  it('do not pile up when one key is re-scheduled for ever', () => {
    const heap = new Heap(byTime);
    let item: Item | undefined;
    for (let sequence = 0; sequence < 100_000; sequence++) {
      if (item) heap.bury(item);
      item = { key: 'key', priority: 0, readyAt: 100_000 - sequence, sequence, waiting: true, dead: false };
      heap.push(item);
    }
    expect(heap.size).toBe(1);
    expect(heap.held).toBeLessThan(3_000);
    expect(heap.pop()).toBe(item);
    expect(heap.pop()).toBeUndefined();
  });
});

describe('failures', () => {
  it('wait longer each time, by the patience of the other side, until forgotten', () => {
    const { queue } = setup();
    expect([1, 2, 3].map(() => queue.addRateLimited('key', 'kube'))).toEqual([5, 10, 20]);
    expect([1, 2, 3].map(() => queue.addRateLimited('key', 'aws'))).toEqual([1_000, 2_000, 4_000]);
    expect(queue.failures('key')).toBe(6);
    queue.forget('key');
    expect(queue.addRateLimited('key', 'aws')).toBe(1_000);
    expect(queue.addRateLimited('other', 'aws')).toBe(1_000);
  });

  it('are counted as retries', () => {
    const { queue, seen } = setup();
    queue.addRateLimited('key', 'kube');
    expect(seen.retried).toBe(1);
  });
});

describe('what it tells metrics', () => {
  it('measures waiting from the moment a key is ready, not from when it was added', async () => {
    const { clock, queue, seen } = setup();
    queue.add('key', { delayMs: 1_000 });
    await clock.advance(1_000);
    await clock.advance(250);
    await queue.get();
    await clock.advance(70);
    queue.done('key');
    expect(seen.taken).toEqual([250]);
    expect(seen.finished).toEqual([70]);
    expect(seen.added).toBe(1);
  });

  it('shows ready keys by priority, waiting keys apart, and how long workers are at it', async () => {
    const { clock, queue } = setup();
    queue.add('in-work', { priority: 100 });
    await queue.get();
    queue.add('a');
    queue.add('b', { priority: -50 });
    queue.add('c', { delayMs: 99_999 });
    await clock.advance(3_000);
    const { ready, waiting, running } = queue.snapshot();
    expect(ready).toEqual(
      new Map([
        [0, 1],
        [-50, 1],
      ]),
    );
    expect(waiting).toBe(1);
    expect(running).toEqual([3]);
  });
});
