import { describe, expect, test } from 'vitest';
import { runTerms, type Term } from '../../../operator/cli/operator/terms.ts';
import { systemClock, VirtualClock } from '../../../operator/runtime/clock.ts';
import { LeaderLostError } from '../../../operator/runtime/lease.ts';
import { createLogger } from '../../../operator/runtime/log.ts';
import { LeftBehindError } from '../../../operator/runtime/manager.ts';
import { Metrics } from '../../../operator/runtime/metrics.ts';

interface FakeTerm {
  readonly number: number;
  caches: string | undefined;
  closed: boolean;
  end(error?: Error): void;
}

function world(options: { readonly listen?: boolean } = {}) {
  const clock = options.listen === true ? systemClock : new VirtualClock();
  const metrics = new Metrics();
  const terms: FakeTerm[] = [];
  let port = 0;
  const log = createLogger({
    level: 'info',
    now: () => clock.now(),
    write: (line) => {
      port = (JSON.parse(line) as { port?: number }).port ?? port;
    },
  });
  const open = (): Term => {
    const over = Promise.withResolvers<void>();
    const own = new Metrics();
    own.gauge({ name: 'fleetward_story_number', help: 'Which term.' }).set({}, terms.length + 1);
    const term: FakeTerm = {
      number: terms.length + 1,
      caches: 'the first list of Device is not complete yet',
      closed: false,
      end: (error) => (error === undefined ? over.resolve() : over.reject(error)),
    };
    terms.push(term);
    return {
      operator: {
        metrics: own,
        health: { lease: () => undefined, caches: () => term.caches },
        run: (stop) => {
          stop.addEventListener('abort', () => over.resolve(), { once: true });
          return over.promise;
        },
      },
      close: async () => {
        term.closed = true;
      },
    };
  };
  const stop = new AbortController();
  const listen = options.listen === true ? { host: '127.0.0.1', port: 0 } : undefined;
  const ended = runTerms({ open, clock, random: () => 0, log, metrics, listen }, stop.signal).then(
    () => 'stopped' as const,
    (error: unknown) => error,
  );
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, body: await answer.text() };
  };
  return { clock: clock as VirtualClock, terms, stop, ended, metrics, get, listening: () => port > 0 };
}

const lost = () => new LeaderLostError('Lost the lease ns/op: it could not be renewed');

describe('a lost lease', () => {
  test('ends its term and begins another one with nothing of it, as often as it comes', async () => {
    const { clock, terms, stop, ended, metrics } = world();
    await clock.advance(0);
    for (let number = 1; number <= 3; number += 1) {
      expect(terms.map((term) => term.closed)).toEqual([...Array<boolean>(number - 1).fill(true), false]);
      terms.at(-1)!.end(lost());
      await clock.advance(4_000);
    }
    expect(terms).toHaveLength(4);
    expect(await metrics.expose()).toContain('fleetward_leadership_losses_total 3');
    stop.abort();
    await clock.advance(0);
    expect(await ended).toBe('stopped');
    expect(terms.every((term) => term.closed)).toBe(true);
    expect(clock.next()).toBeUndefined();
  });

  test('that comes again soon is answered more slowly, and one after a sound term at once: every term lists everything', async () => {
    const { clock, terms } = world();
    await clock.advance(0);
    const pauseAfter = async (lastedMs: number) => {
      await clock.advance(lastedMs);
      const before = terms.length;
      const lostAt = clock.now();
      terms.at(-1)!.end(lost());
      while (terms.length === before) await clock.advance(500);
      return (clock.now() - lostAt) / 1_000;
    };
    const pauses: number[] = [];
    for (let time = 0; time < 8; time += 1) pauses.push(await pauseAfter(20_000));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 48, 48]);
    expect(await pauseAfter(10 * 60_000)).toBe(1);
  });

  test('asked to stop between two terms, no other begins', async () => {
    const { clock, terms, stop, ended } = world();
    await clock.advance(0);
    terms[0]!.end(lost());
    await clock.advance(500);
    stop.abort();
    await clock.advance(0);
    expect(await ended).toBe('stopped');
    expect(terms).toHaveLength(1);
  });

  test.each([
    ['something of the term goes on', new LeftBehindError('Lost the lease ns/op', ['device'])],
    ['anything else failed', new Error('a part has ended')],
  ])('the process ends when %s', async (_, error) => {
    const { clock, terms, ended } = world();
    await clock.advance(0);
    terms[0]!.end(error);
    await clock.advance(0);
    expect(await ended).toBe(error);
    expect(terms[0]!.closed).toBe(true);
    await clock.advance(60_000);
    expect(terms).toHaveLength(1);
  });
});

test('probes and metrics are answered through the change, and say how it stands', async () => {
  const { terms, stop, ended, get, listening } = world({ listen: true });
  await expect.poll(() => listening() && terms.length === 1).toBe(true);
  expect(await get('/readyz')).toMatchObject({ status: 503, body: expect.stringContaining('first list of Device') });
  terms[0]!.caches = undefined;
  expect(await get('/readyz')).toMatchObject({ status: 200 });
  expect((await get('/metrics')).body).toContain('fleetward_story_number 1');
  terms[0]!.end(lost());
  await expect.poll(async () => (await get('/readyz')).body).toContain('Lost the lease ns/op');
  expect(await get('/healthz')).toMatchObject({ status: 200 });
  await expect.poll(() => terms.length, { timeout: 5_000 }).toBe(2);
  expect(await get('/readyz')).toMatchObject({ status: 503, body: expect.stringContaining('first list of Device') });
  terms[1]!.caches = undefined;
  expect(await get('/readyz')).toMatchObject({ status: 200 });
  const { body } = await get('/metrics');
  expect(body).toContain('fleetward_story_number 2');
  expect(body).toContain('fleetward_leadership_losses_total 1');
  expect(body.split('\n').filter((line) => !/^(#.*|[a-z_]+(\{.*\})? \S+|)$/.test(line))).toEqual([]);
  stop.abort();
  expect(await ended).toBe('stopped');
  await expect(get('/healthz')).rejects.toThrow();
});
