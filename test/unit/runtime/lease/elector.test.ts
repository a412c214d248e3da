import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { LeaderElector, LeaderLostError } from '../../../../operator/runtime/lease.ts';
import { silentLogger } from '../../../../operator/runtime/log.ts';
import { leaderMetrics } from '../../../../operator/runtime/metrics/leader.ts';
import { Metrics } from '../../../../operator/runtime/metrics.ts';
import { type Process, world } from './world.ts';

const leaders = (...processes: readonly Process[]) =>
  processes.filter((p) => p.elector.isLeader()).map((p) => p.identity);

describe('election', () => {
  it('makes the first process the leader at once, with a lease that says so', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    await clock.advance(0);
    expect(leaders(a)).toEqual(['a']);
    expect(lease.current?.record).toEqual({
      holder: 'a',
      leaseDurationMs: 15_000,
      acquiredAt: clock.now(),
      renewedAt: clock.now(),
      transitions: 0,
    });
    await a.elector.whenLeading();
  });

  it('lets one of two lead and keeps it there while it renews', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    const b = process('b').start();
    for (let i = 0; i < 60; i++) {
      await clock.advance(1_000);
      expect(leaders(a, b)).toEqual(['a']);
    }
    expect(lease.writes.length).toBeGreaterThan(25);
    expect(lease.current?.record).toMatchObject({ transitions: 0, acquiredAt: clock.now() - 60_000 });
    expect(b.elector.leader).toBe('a');
  });

  it('renews without reading the lease first', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    await clock.advance(20_000);
    // One read and one create, then a single update every two seconds.
    expect(a.requests).toBe(12);
  });

  it('passes to a standby within the lease duration and two retries when the leader dies', async () => {
    for (let offset = 0; offset < 2_000; offset += 130) {
      const { clock, process } = world();
      const a = process('a').start();
      await clock.advance(10_000 + offset);
      const b = process('b').start();
      await clock.advance(5_000);
      a.pause();
      const died = clock.now();
      while (leaders(b).length === 0) await clock.advance(50);
      expect(clock.now() - died).toBeLessThanOrEqual(15_000 + 2 * 2_000);
    }
  });

  it('takes over sooner when the leader gave the lease back', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    const b = process('b').start();
    await clock.advance(5_000);
    a.stop.abort();
    await clock.advance(0);
    expect(a.ended).toBe('stopped');
    expect(lease.current?.record.holder).toBe('');
    expect(leaders(a)).toEqual([]);
    await clock.advance(2_000);
    expect(leaders(b)).toEqual(['b']);
    expect(lease.current?.record.transitions).toBe(1);
  });

  it('counts from when it saw the record change, whatever times stand in it', async () => {
    const { clock, lease, process } = world();
    // A holder whose clock is ten years behind, and which renews every five seconds.
    const decade = 10 * 365 * 86_400_000;
    const foreign = (version?: string) =>
      lease.put(
        {
          holder: 'old-clock',
          leaseDurationMs: 15_000,
          acquiredAt: clock.now() - decade,
          renewedAt: clock.now() - decade,
          transitions: 0,
        },
        version,
      );
    let version = foreign().version;
    const b = process('b').start();
    for (let i = 0; i < 10; i++) {
      await clock.advance(5_000);
      version = foreign(version).version;
    }
    expect(leaders(b)).toEqual([]);
    await clock.advance(14_000);
    expect(leaders(b)).toEqual([]);
    await clock.advance(4_000);
    expect(leaders(b)).toEqual(['b']);
  });

  it('honours the duration that the holder asked for, not its own', async () => {
    const { clock, lease, process } = world();
    lease.put({ holder: 'slow', leaseDurationMs: 60_000, acquiredAt: 0, renewedAt: 0, transitions: 4 }, undefined);
    const b = process('b').start();
    await clock.advance(59_000);
    expect(leaders(b)).toEqual([]);
    await clock.advance(3_000);
    expect(leaders(b)).toEqual(['b']);
    expect(lease.current?.record.transitions).toBe(5);
  });
});

describe('losing the lease', () => {
  it('closes the fence at the renew deadline, five seconds before anybody else may lead', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    const b = process('b').start();
    await clock.advance(4_000);
    a.reachable = false;
    const cut = clock.now();
    while (leaders(a).length > 0) await clock.advance(50);
    const closed = clock.now();
    expect(closed - cut).toBeLessThanOrEqual(10_000);
    while (leaders(b).length === 0) await clock.advance(50);
    expect(clock.now() - closed).toBeGreaterThanOrEqual(5_000 - 50);
    expect(a.ended).toBeInstanceOf(LeaderLostError);
  });

  it('a paused leader finds the fence closed at the very moment it continues', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    const b = process('b').start();
    await clock.advance(5_000);
    a.pause();
    await clock.advance(30_000);
    expect(leaders(b)).toEqual(['b']);
    const writes = lease.writes.length;
    // Before any timer of the continued process runs, its own code may ask.
    expect(a.elector.isLeader()).toBe(false);
    a.resume();
    expect(a.elector.isLeader()).toBe(false);
    await clock.advance(0);
    expect(a.ended).toBeInstanceOf(LeaderLostError);
    expect(lease.writes.slice(writes).filter((record) => record.holder === 'a')).toEqual([]);
  });

  it('steps down when its own timer fires late, even if nobody took over', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    await clock.advance(5_000);
    a.pause();
    await clock.advance(11_000);
    a.resume();
    await clock.advance(0);
    expect(a.ended).toBeInstanceOf(LeaderLostError);
    expect(String(a.ended)).toContain('within 10000 ms');
  });

  it('steps down at once when somebody else holds the lease', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    await clock.advance(5_000);
    lease.put({ ...lease.current!.record, holder: 'usurper' }, lease.current!.version);
    await clock.advance(2_000);
    expect(leaders(a)).toEqual([]);
    expect(String(a.ended)).toContain('usurper');
  });

  it('steps down when somebody else held the lease in between and gave it back', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    await clock.advance(5_000);
    lease.put({ ...lease.current!.record, holder: '' }, lease.current!.version);
    await clock.advance(2_000);
    expect(leaders(a)).toEqual([]);
    expect(String(a.ended)).toContain('held by nobody');
    expect(lease.current?.record.holder).toBe('');
  });

  it('stays leader through a conflict that changed nothing of substance', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    await clock.advance(5_000);
    // Somebody labels the Lease: same record, another version.
    lease.put(lease.current!.record, lease.current!.version);
    await clock.advance(20_000);
    expect(leaders(a)).toEqual(['a']);
    expect(lease.current?.record.transitions).toBe(0);
  });

  it('creates the lease again when somebody deletes it', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    await clock.advance(5_000);
    lease.current = undefined;
    await clock.advance(4_000);
    expect(leaders(a)).toEqual(['a']);
    expect(lease.current).toMatchObject({ record: { holder: 'a' } });
  });

  it('leads on through single lost requests', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    await clock.advance(4_000);
    a.reachable = false;
    await clock.advance(3_000);
    a.reachable = true;
    await clock.advance(60_000);
    expect(leaders(a)).toEqual(['a']);
  });
});

describe('the fence', () => {
  it('closes when the wall clock has gone on while the machine slept', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    await clock.advance(1_000);
    clock.adjust(10_000);
    expect(a.elector.isLeader()).toBe(false);
    // Nobody took the lease meanwhile, which the next renewal proves: it opens again.
    await clock.advance(2_000);
    expect(a.elector.isLeader()).toBe(true);
  });

  it('is not held open by a wall clock that was set back', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    await clock.advance(1_000);
    a.pause();
    await clock.advance(8_000);
    clock.adjust(-3_600_000);
    expect(a.elector.isLeader()).toBe(true);
    await clock.advance(1_000);
    expect(a.elector.isLeader()).toBe(false);
  });

  it('counts from before the renewal was sent, not from its answer', async () => {
    const { clock, process } = world();
    const a = process('a');
    a.latencyMs = 1_000;
    a.start();
    // Read: 0 to 2 s. Create: sent at 2 s, there at 3 s, answered at 4 s.
    await clock.advance(4_000);
    expect(a.elector.isLeader()).toBe(true);
    a.pause();
    await clock.advance(7_999);
    expect(a.elector.isLeader()).toBe(true);
    await clock.advance(1);
    expect(a.elector.isLeader()).toBe(false);
  });

  it('stays closed when an answer comes after leadership was given up', async () => {
    const { clock, lease, process } = world();
    const a = process('a').start();
    await clock.advance(0);
    a.latencyMs = 4_950;
    await clock.advance(10_000);
    expect(a.ended).toBeInstanceOf(LeaderLostError);
    // The renewal sent at 2 s is answered at 11.9 s.
    await clock.advance(1_950);
    expect(lease.writes.at(-1)?.holder).toBe('a');
    expect(a.elector.isLeader()).toBe(false);
  });

  it('closes before the lease is given back', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    await clock.advance(1_000);
    a.latencyMs = 500;
    a.stop.abort();
    await clock.advance(0);
    expect(a.elector.isLeader()).toBe(false);
    expect(a.ended).toBe('running');
    await clock.advance(1_000);
    expect(a.ended).toBe('stopped');
  });
});

describe('stopping', () => {
  it('a standby leaves without touching the lease', async () => {
    const { clock, lease, process } = world();
    process('a').start();
    const b = process('b').start();
    await clock.advance(5_000);
    const before = lease.current;
    b.stop.abort();
    await clock.advance(0);
    expect(b.ended).toBe('stopped');
    expect(lease.current).toBe(before);
  });

  it('ends although the lease cannot be given back', async () => {
    const { clock, process } = world();
    const a = process('a').start();
    await clock.advance(1_000);
    a.reachable = false;
    a.stop.abort();
    await clock.advance(2_000);
    expect(a.ended).toBe('stopped');
    expect(a.lines.some((line) => line.msg.includes('run out'))).toBe(true);
  });

  it('never asks without pause while the lease cannot be reached', async () => {
    const { clock, process } = world();
    const a = process('a', () => 0);
    a.start();
    await clock.advance(1_000);
    const b = process('b', () => 0);
    b.start();
    await clock.advance(5_000);
    b.reachable = false;
    const before = b.requests;
    await clock.advance(60_000);
    expect(b.requests - before).toBeLessThan(60);
  });
});

describe('liveness and metrics', () => {
  it('tells when its loop has stopped turning', async () => {
    const { clock, process } = world();
    const a = process('a');
    expect(a.elector.problem()).toBeUndefined();
    a.start();
    await clock.advance(60_000);
    expect(a.elector.problem()).toBeUndefined();
    a.pause();
    await clock.advance(31_000);
    expect(a.elector.problem()).toContain('lease loop');
  });

  it('shows who leads under the names that dashboards know', async () => {
    const clock = new VirtualClock();
    const { process, lease } = world();
    void process;
    const metrics = new Metrics();
    const observer = leaderMetrics(metrics, 'operator');
    const stop = new AbortController();
    const lock = {
      name: 'ns/operator',
      get: async () => lease.current,
      create: async (record: Parameters<typeof lease.put>[0]) => lease.put(record, undefined),
      update: async (record: Parameters<typeof lease.put>[0], version: string) => lease.put(record, version),
    };
    const elector = new LeaderElector({ lock, identity: 'a', clock, random: () => 0, log: silentLogger, observer });
    expect(await metrics.expose()).toContain('leader_election_master_status{name="operator"} 0');
    const ended = elector.run(stop.signal);
    await clock.advance(10_000);
    expect(await metrics.expose()).toContain('leader_election_master_status{name="operator"} 1');
    expect(await metrics.expose()).toContain('leader_election_slowpath_total{name="operator"} 1');
    stop.abort();
    await ended;
    expect(await metrics.expose()).toContain('leader_election_master_status{name="operator"} 0');
  });

  const bad = [
    {
      reason: 'the deadline is not below the lease',
      leaseDurationMs: 10_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
    },
    {
      reason: 'a retry and its jitter reach the deadline',
      leaseDurationMs: 15_000,
      renewDeadlineMs: 2_400,
      retryPeriodMs: 2_000,
    },
    { reason: 'no pause between tries', leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 0 },
  ];
  it.each(bad)('refuses times that could make two leaders: $reason', ({ reason: _, ...times }) => {
    const { clock } = world();
    const lock = {
      name: 'x',
      get: async () => undefined,
      create: () => Promise.reject(),
      update: () => Promise.reject(),
    };
    const make = () => new LeaderElector({ lock, identity: 'a', clock, random: () => 0, log: silentLogger, ...times });
    expect(make).toThrow(RangeError);
  });
});
