import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../operator/api/meta.ts';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import type { EventDocument } from '../../../../operator/runtime/events/document.ts';
import { EventWriter, type EventWriterOptions } from '../../../../operator/runtime/events/writer.ts';
import type { EventInput } from '../../../../operator/runtime/events.ts';
import { silentLogger } from '../../../../operator/runtime/log.ts';
import { eventCounter } from '../../../../operator/runtime/metrics/events.ts';
import { Metrics } from '../../../../operator/runtime/metrics.ts';
import { StoreError } from '../../../../operator/runtime/store.ts';
import { object } from '../controller/harness.ts';

const input = (message = 'Policy telemetry is gone', extra: Partial<EventInput> = {}): EventInput => ({
  type: 'Warning',
  reason: 'PolicyMissing',
  message,
  ...extra,
});

function setup(options: Partial<EventWriterOptions> = {}) {
  const clock = new VirtualClock();
  const written: EventDocument[] = [];
  const metrics = new Metrics();
  const failures: Error[] = [];
  const sink = {
    write: async (event: EventDocument) => {
      const failure = failures.shift();
      if (failure) throw failure;
      written.push(event);
    },
  };
  const writer = new EventWriter({
    sink,
    clock,
    log: silentLogger,
    instance: 'pod-1',
    counter: eventCounter(metrics),
    ...options,
  });
  const stop = new AbortController();
  const kill = new AbortController();
  const ended = writer.run(stop.signal, kill.signal);
  const outcome = async (name: string) =>
    Number((await metrics.expose()).match(new RegExp(`fleetward_events_total\\{outcome="${name}"\\} (\\d+)`))?.[1]);
  return { clock, writer, written, failures, stop, kill, ended, outcome };
}

const press = object('press-1');

describe('an event', () => {
  it('has the shape that events.k8s.io/v1 asks for', async () => {
    const { clock, writer, written } = setup();
    writer.record(press, input());
    await clock.advance(0);
    expect(written).toEqual([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^press-1\.[0-9a-f]+$/), namespace: 'factory' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        type: 'Warning',
        reason: 'PolicyMissing',
        action: 'Reconcile',
        note: 'Policy telemetry is gone',
        regarding: {
          apiVersion: 'fleetward.dev/v1alpha1',
          kind: 'Device',
          namespace: 'factory',
          name: 'press-1',
          uid: 'uid-press-1',
        },
        reportingController: 'fleetward.dev/operator',
        reportingInstance: 'pod-1',
      },
    ]);
  });

  it('holds no secret and at most 1 KiB of text', async () => {
    const { clock, writer, written } = setup();
    writer.record(press, input(`https://bot:hunter2hunter2@git.example ${'é'.repeat(2_000)}`));
    await clock.advance(0);
    expect(written[0]?.note).not.toContain('hunter2');
    expect(Buffer.byteLength(written[0]?.note ?? '')).toBeLessThanOrEqual(1024);
  });

  it('of a cluster-wide object goes to the default namespace, and long names still fit', async () => {
    const { clock, writer, written } = setup();
    const name = 'n'.repeat(253);
    const wide: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
    writer.record(wide, input());
    await clock.advance(0);
    expect(written[0]?.metadata.namespace).toBe('default');
    expect(written[0]?.metadata.name.length).toBeLessThanOrEqual(253);
  });

  it('of one millisecond and one object get names of their own', async () => {
    const { clock, writer, written } = setup();
    for (let i = 0; i < 20; i++) writer.record(press, input(`message ${i}`));
    await clock.advance(1_000);
    expect(new Set(written.map((event) => event.metadata.name)).size).toBe(20);
  });
});

describe('repetition', () => {
  it('of the same event costs one write, then one a minute with the count', async () => {
    const { clock, writer, written, outcome } = setup();
    for (let second = 0; second < 180; second++) {
      writer.record(press, input());
      await clock.advance(1_000);
    }
    expect(written.map((event) => event.series?.count)).toEqual([undefined, 61, 121]);
    expect(new Set(written.map((event) => event.metadata.name)).size).toBe(1);
    expect(written[1]?.eventTime).toBe(written[0]?.eventTime);
    expect(written[1]?.series?.lastObservedTime).toMatch(/^2026-01-01T00:01:0\d\.000000Z$/);
    expect(await outcome('repeated')).toBe(179);
  });

  it('after six quiet minutes is a new event', async () => {
    const { clock, writer, written } = setup();
    writer.record(press, input());
    await clock.advance(6 * 60_000);
    writer.record(press, input());
    await clock.advance(0);
    expect(written.map((event) => event.series)).toEqual([undefined, undefined]);
    expect(written[0]?.metadata.name).not.toBe(written[1]?.metadata.name);
  });

  const different = [
    { reason: 'another object', of: object('press-2'), event: input() },
    { reason: 'a successor of the same name', of: object('press-1', { uid: 'new' }), event: input() },
    { reason: 'another reason', of: press, event: input(undefined, { reason: 'Other' }) },
    { reason: 'another message', of: press, event: input('else') },
    { reason: 'another type', of: press, event: input(undefined, { type: 'Normal' }) },
    { reason: 'another action', of: press, event: input(undefined, { action: 'Delete' }) },
  ];
  it.each(different)('does not swallow an event of $reason', async ({ of, event }) => {
    const { clock, writer, written } = setup();
    writer.record(press, input());
    writer.record(of, event);
    await clock.advance(1_000);
    expect(written).toHaveLength(2);
  });
});

describe('limits', () => {
  it('one object cannot flood: 25 at once, then one in five minutes; others are not affected', async () => {
    const { clock, writer, written, outcome } = setup();
    for (let i = 0; i < 100; i++) writer.record(press, input(`message ${i}`));
    writer.record(object('press-2'), input());
    await clock.advance(10_000);
    expect(written).toHaveLength(26);
    expect(await outcome('limited')).toBe(75);
    await clock.advance(5 * 60_000);
    writer.record(press, input('later'));
    writer.record(press, input('even later'));
    await clock.advance(1_000);
    expect(written).toHaveLength(27);
  });

  it('quiet hours are not saved up', async () => {
    const { clock, writer, written } = setup();
    writer.record(press, input('first'));
    await clock.advance(24 * 3_600_000);
    for (let i = 0; i < 100; i++) writer.record(press, input(`message ${i}`));
    await clock.advance(10_000);
    expect(written).toHaveLength(1 + 25);
  });

  it('writes no more than fifty a second', async () => {
    const { clock, writer, written } = setup();
    for (let i = 0; i < 500; i++) writer.record(object(`press-${i}`), input());
    await clock.advance(2_000);
    expect(written.length).toBeGreaterThan(95);
    expect(written.length).toBeLessThanOrEqual(101);
  });

  it('keeps a bounded backlog in which bad news displaces good', async () => {
    const { clock, writer, written, outcome } = setup({ backlog: 6 });
    for (let i = 0; i < 3; i++) writer.record(object(`bad-${i}`), input());
    for (let i = 0; i < 3; i++) writer.record(object(`good-${i}`), input('', { type: 'Normal' }));
    for (let i = 3; i < 5; i++) writer.record(object(`bad-${i}`), input());
    writer.record(object('good-late'), input('', { type: 'Normal' }));
    await clock.advance(10_000);
    const names = written.map((event) => event.regarding.name);
    expect(names).toEqual(['bad-0', 'bad-1', 'bad-2', 'good-2', 'bad-3', 'bad-4']);
    expect(await outcome('dropped')).toBe(3);
  });
});

describe('a store that fails', () => {
  it('is asked again when it was only busy or away', async () => {
    const { clock, writer, written, failures } = setup();
    failures.push(new StoreError('unavailable', 'down'), new StoreError('throttled', 'later', { retryAfterMs: 5_000 }));
    writer.record(press, input());
    await clock.advance(1_000);
    expect(written).toHaveLength(0);
    await clock.advance(5_000);
    expect(written).toHaveLength(1);
  });

  it('loses one event, not the writer, when it refuses', async () => {
    const { clock, writer, written, failures, outcome } = setup();
    failures.push(new StoreError('forbidden', 'no'), new Error('anything'));
    for (const name of ['a', 'b', 'c']) writer.record(object(name), input());
    await clock.advance(1_000);
    expect(written.map((event) => event.regarding.name)).toEqual(['c']);
    expect(await outcome('failed')).toBe(2);
  });
});

describe('stopping', () => {
  it('writes what waits, counts included, then takes nothing more', async () => {
    const { clock, writer, written, stop, ended } = setup();
    writer.record(press, input());
    await clock.advance(1_000);
    writer.record(press, input());
    for (let i = 0; i < 200; i++) writer.record(object(`press-${i + 10}`), input());
    stop.abort();
    await ended;
    expect(written).toHaveLength(202);
    expect(written.at(-1)?.series?.count).toBe(2);
    writer.record(object('late'), input());
    writer.record(press, input());
    expect(clock.next()).toBeUndefined();
    await clock.advance(120_000);
    expect(written).toHaveLength(202);
    expect(clock.next()).toBeUndefined();
  });

  it('ends at once when killed', async () => {
    const { writer, written, stop, kill, ended } = setup();
    for (let i = 0; i < 200; i++) writer.record(object(`press-${i}`), input());
    stop.abort();
    kill.abort();
    await ended;
    expect(written.length).toBeLessThan(5);
  });

  it('does not retry while stopping', async () => {
    const { writer, written, failures, stop, ended } = setup();
    failures.push(new StoreError('unavailable', 'down'), new StoreError('unavailable', 'down'));
    writer.record(object('a'), input());
    writer.record(object('b'), input());
    stop.abort();
    await ended;
    expect(written).toHaveLength(0);
  });
});
