import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import type { ObservedLease } from '../../../../operator/runtime/lease/lock.ts';
import { LeaderElector, LeaderLostError } from '../../../../operator/runtime/lease.ts';
import { createLogger } from '../../../../operator/runtime/log.ts';
import { LeftBehindError, Manager, type Runnable, type Runnables } from '../../../../operator/runtime/manager.ts';
import { StoreError } from '../../../../operator/runtime/store.ts';

type Phase = keyof Runnables;

interface Part extends Runnable {
  ready(): void;
  fail(error: unknown): void;
}

function setup(options: { readonly withElector?: boolean; readonly drainMs?: number } = {}) {
  const clock = new VirtualClock();
  const story: string[] = [];
  const lines: { msg: string; level: string; [key: string]: unknown }[] = [];
  const log = createLogger({ level: 'debug', now: () => clock.now(), write: (line) => lines.push(JSON.parse(line)) });
  const lease = { current: undefined as ObservedLease | undefined };
  const put = (record: ObservedLease['record'], version?: string) => {
    if (lease.current?.version !== version) throw new StoreError('conflict', 'changed');
    story.push(record.holder === '' ? 'lease released' : 'lease written');
    lease.current = { record, version: `${Number(version ?? 0) + 1}` };
    return lease.current;
  };
  const elector = new LeaderElector({
    lock: {
      name: 'ns/op',
      get: async () => lease.current,
      create: async (record) => put(record),
      update: async (record, version) => put(record, version),
    },
    identity: 'me',
    clock,
    random: () => 0,
    log,
  });
  /** A part that notes when it starts and ends; `takesMs` is its work in hand when asked to stop. */
  const part = (name: string, behaviour: { takesMs?: number; slowReady?: boolean; deaf?: boolean } = {}): Part => {
    const gate = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    if (!behaviour.slowReady) gate.resolve();
    return {
      name,
      ready: () => gate.resolve(),
      fail: (error) => failed.reject(error),
      whenReady: () => gate.promise,
      run: async (stop, kill) => {
        story.push(`${name} up`);
        const killed = new Promise<void>((resolve) => kill.addEventListener('abort', () => resolve()));
        const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
        await Promise.race([stopped, failed.promise]);
        story.push(`${name} stopping`);
        const done = new Promise<void>((resolve) => clock.after(behaviour.takesMs ?? 0, resolve));
        await (behaviour.deaf ? done : Promise.race([done, killed]));
        story.push(`${name} down`);
      },
    };
  };
  const stop = new AbortController();
  const run = (parts: Partial<Record<Phase, readonly Runnable[]>>) => {
    const manager = new Manager(
      {
        clock,
        log,
        ...(options.withElector ? { elector } : {}),
        ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
        onLost: () => story.push('connections cut'),
      },
      parts,
    );
    const outcome = { ended: 'running' as unknown };
    void manager.run(stop.signal).then(
      () => {
        outcome.ended = 'stopped';
      },
      (error: unknown) => {
        outcome.ended = error;
      },
    );
    return outcome;
  };
  return { clock, story, lines, lease, elector, part, stop, run };
}

const four = (part: ReturnType<typeof setup>['part'], controller = part('controller')) => ({
  servers: [part('server')],
  caches: [part('cache')],
  services: [part('events')],
  controllers: [controller],
});

describe('starting', () => {
  it('goes from servers over caches and services to election and controllers', async () => {
    const { clock, story, part, run } = setup({ withElector: true });
    run(four(part));
    await clock.advance(0);
    expect(story).toEqual(['server up', 'cache up', 'events up', 'lease written', 'controller up']);
  });

  it('stands for election only with synced caches, so that a new leader can act at once', async () => {
    const { clock, story, part, run } = setup({ withElector: true });
    const cache = part('cache', { slowReady: true });
    run({ ...four(part), caches: [cache] });
    await clock.advance(120_000);
    expect(story).toEqual(['server up', 'cache up']);
    cache.ready();
    await clock.advance(0);
    expect(story.slice(2)).toEqual(['events up', 'lease written', 'controller up']);
  });

  it('keeps a standby warm without starting its controllers', async () => {
    const { clock, story, part, run, lease } = setup({ withElector: true });
    lease.current = {
      record: { holder: 'other', leaseDurationMs: 3_600_000, acquiredAt: 0, renewedAt: 0, transitions: 0 },
      version: '1',
    };
    run(four(part));
    await clock.advance(60_000);
    expect(story).toEqual(['server up', 'cache up', 'events up']);
  });

  it('leads at once without an elector', async () => {
    const { clock, story, part, run } = setup();
    run(four(part));
    await clock.advance(0);
    expect(story.at(-1)).toBe('controller up');
  });
});

describe('stopping', () => {
  it('goes the way back: controllers drained, events flushed, lease given back, caches, probes last', async () => {
    const { clock, story, part, run, stop } = setup({ withElector: true });
    const outcome = run(four(part, part('controller', { takesMs: 5_000 })));
    await clock.advance(1_000);
    story.length = 0;
    stop.abort();
    await clock.advance(5_000);
    await clock.advance(100);
    expect(outcome.ended).toBe('stopped');
    expect(story.filter((entry) => entry !== 'lease written')).toEqual([
      'controller stopping',
      'controller down',
      'events stopping',
      'events down',
      'lease released',
      'cache stopping',
      'cache down',
      'server stopping',
      'server down',
    ]);
  });

  it('keeps the lease while controllers drain', async () => {
    const { clock, story, part, run, stop, elector } = setup({ withElector: true });
    run(four(part, part('controller', { takesMs: 24_000 })));
    await clock.advance(1_000);
    stop.abort();
    for (let i = 0; i < 23; i++) {
      await clock.advance(1_000);
      expect(elector.isLeader()).toBe(true);
    }
    expect(story).not.toContain('lease released');
  });

  it('insists after 25 seconds, and ends in time for the pod', async () => {
    const { clock, story, part, run, stop, lines } = setup();
    const outcome = run(four(part, part('controller', { takesMs: 3_600_000 })));
    await clock.advance(1_000);
    stop.abort();
    await clock.advance(24_900);
    expect(story).not.toContain('controller down');
    await clock.advance(200);
    expect(story).toContain('controller down');
    await clock.advance(1_000);
    expect(outcome.ended).toBe('stopped');
    expect(lines.find((line) => line.msg.includes('Aborting what did not end'))?.names).toEqual(['controller']);
  });

  it('leaves behind what ignores even that, and says so', async () => {
    const { clock, part, run, stop, lines } = setup({ drainMs: 1_000 });
    const outcome = run(four(part, part('controller', { takesMs: 3_600_000, deaf: true })));
    await clock.advance(0);
    stop.abort();
    await clock.advance(4_000);
    expect(outcome.ended).toBe('stopped');
    expect(lines.some((line) => line.level === 'error' && line.msg.includes('Leaving behind'))).toBe(true);
  });

  it('works at every phase of the start', async () => {
    for (const slow of ['server', 'cache', 'events', 'nothing']) {
      const { clock, part, run, stop } = setup({ withElector: true });
      const make = (name: string) => part(name, { slowReady: name === slow });
      const outcome = run({
        servers: [make('server')],
        caches: [make('cache')],
        services: [make('events')],
        controllers: [make('controller')],
      });
      await clock.advance(500);
      stop.abort();
      await clock.advance(100);
      expect(outcome.ended, `stopped while ${slow} was starting`).toBe('stopped');
    }
  });

  it('starts nothing when it was asked to stop before it began', async () => {
    const { clock, story, part, run, stop } = setup();
    stop.abort();
    const outcome = run(four(part));
    await clock.advance(0);
    expect(outcome.ended).toBe('stopped');
    expect(story).toEqual([]);
  });
});

describe('failing', () => {
  it('takes everything down when a part fails, in order, and tells why', async () => {
    const { clock, story, part, run } = setup();
    const cache = part('cache');
    const outcome = run({ ...four(part), caches: [cache] });
    await clock.advance(0);
    cache.fail(new Error('watch is broken'));
    await clock.advance(100);
    expect(String(outcome.ended)).toContain('watch is broken');
    expect(story.slice(-3)).toEqual(['events down', 'server stopping', 'server down']);
  });

  it('counts a part that ends by itself as failed', async () => {
    const { clock, part, run } = setup();
    const outcome = run({ ...four(part), services: [{ name: 'short', run: async () => undefined }] });
    await clock.advance(100);
    expect(String(outcome.ended)).toContain('ended without being asked');
  });

  it('fails when a part cannot get ready', async () => {
    const { clock, story, part, run } = setup();
    const server: Runnable = {
      name: 'server',
      run: (stop) => new Promise((resolve) => stop.addEventListener('abort', () => resolve())),
      whenReady: () => Promise.reject(new Error('port in use')),
    };
    const outcome = run({ ...four(part), servers: [server] });
    await clock.advance(100);
    expect(String(outcome.ended)).toContain('port in use');
    expect(story).toEqual([]);
  });
});

describe('losing the lease', () => {
  const usurp = ({ lease }: ReturnType<typeof setup>) => {
    lease.current = { record: { ...lease.current!.record, holder: 'usurper' }, version: '99' };
  };

  it('cuts the connections, aborts the controllers at once instead of draining them, and leaves nothing', async () => {
    const world = setup({ withElector: true });
    const { clock, story, part, run, lines } = world;
    const outcome = run(four(part, part('controller', { takesMs: 3_600_000 })));
    await clock.advance(1_000);
    story.length = 0;
    usurp(world);
    await clock.advance(1_100);
    await clock.advance(100);
    expect(outcome.ended).toBeInstanceOf(LeaderLostError);
    expect(story.slice(0, 3)).toEqual(['connections cut', 'controller stopping', 'controller down']);
    expect(story.slice(-2)).toEqual(['server stopping', 'server down']);
    expect(story).not.toContain('lease released');
    // The one timer left is the work that the controller's part was torn from.
    await clock.advance(3_600_000);
    expect(clock.next()).toBeUndefined();
    // It is a state that ends by itself, not a defect.
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('waits for what takes its time to end, since nobody else waits for the process', async () => {
    const world = setup({ withElector: true });
    const { clock, story, part, run } = world;
    const outcome = run(four(part, part('controller', { takesMs: 20_000, deaf: true })));
    await clock.advance(1_000);
    usurp(world);
    await clock.advance(15_000);
    expect(outcome.ended).toBe('running');
    await clock.advance(7_000);
    expect(outcome.ended).toBeInstanceOf(LeaderLostError);
    expect(story.at(-1)).toBe('server down');
  });

  it('has the process end when something goes on all the same, and names it', async () => {
    const world = setup({ withElector: true, drainMs: 2_000 });
    const { clock, part, run } = world;
    const outcome = run(four(part, part('controller', { takesMs: 3_600_000, deaf: true })));
    await clock.advance(1_000);
    usurp(world);
    await clock.advance(6_000);
    expect(outcome.ended).toBeInstanceOf(LeftBehindError);
    expect(String(outcome.ended)).toContain('does not end: controller');
  });
});
