import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type CheckQuery, createCheckRunner } from '../../../operator/controllers/policyrollout/gates/check-runner.ts';
import type { Check, CheckQuestion, Measurement } from '../../../operator/rollout/checks.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';

const MINUTE = 60_000;
const CHECK: Check = {
  name: 'latency',
  question: { kind: 'prometheus', url: 'http://p:9090', query: 'latency', atMost: 1, whenEmpty: 'Inconclusive' },
  intervalMs: MINUTE,
  initialDelayMs: 0,
  fromWave: 0,
  failureLimit: 0,
  consecutiveErrorLimit: 4,
  consecutiveSuccessLimit: 1,
  dryRun: false,
};

function bed(check: Partial<Check> = {}) {
  const clock = new VirtualClock();
  const asked: CheckQuestion[] = [];
  const woken: string[] = [];
  const counted: string[] = [];
  const stop = new AbortController();
  let answer: Measurement = { outcome: 'good' };
  const runner = createCheckRunner({
    clock,
    measure: async (question) => {
      asked.push(question);
      return answer;
    },
    wake: ({ name }) => woken.push(name),
    onMeasured: (_check, { outcome }) => counted.push(outcome),
    stop: stop.signal,
  });
  const ask = (more: Partial<CheckQuery> = {}, device = 'press-1') =>
    runner.results({
      namespace: 'factory',
      rollout: 'r',
      wave: 0,
      checks: [{ ...CHECK, ...check }],
      device: { kind: 'Device', namespace: 'factory', name: device },
      thing: device,
      since: clock.now(),
      ...more,
    });
  return {
    clock,
    asked,
    woken,
    counted,
    ask,
    stop,
    says: (measured: Measurement) => {
      answer = measured;
    },
    async pass(ms: number) {
      await clock.advance(ms);
      await setImmediate();
    },
  };
}

describe('users’ checks', () => {
  test('asked for once an interval as long as somebody waits, whoever is woken', async () => {
    const b = bed();
    const since = b.clock.now();
    expect(b.ask({ since })).toEqual([{ name: 'latency', result: 'inconclusive', why: 'has no answer yet' }]);
    await b.pass(0);
    expect(b.ask({ since })).toMatchObject([{ result: 'succeeded' }]);
    expect(b.woken).toEqual(['press-1']);
    for (let i = 0; i < 10; i += 1) b.ask({ since });
    expect(b.asked).toHaveLength(1);
    await b.pass(MINUTE);
    expect(b.asked).toHaveLength(2);
  });

  test('nobody waits any more: nothing is asked', async () => {
    const b = bed();
    b.ask();
    await b.pass(60 * MINUTE);
    const before = b.asked.length;
    expect(before).toBeLessThan(13);
    await b.pass(60 * MINUTE);
    expect(b.asked).toHaveLength(before);
  });

  test('RO-11: what was measured before the asset had settled, or in its first delay, does not count', async () => {
    const b = bed({ initialDelayMs: 5 * MINUTE });
    b.says({ outcome: 'bad', why: 'too slow' });
    const since = b.clock.now();
    expect(b.ask({ since })).toMatchObject([{ result: 'inconclusive', why: 'is not due yet' }]);
    await b.pass(4 * MINUTE);
    expect(b.asked).toHaveLength(0);
    await b.pass(MINUTE);
    b.ask({ since });
    await b.pass(0);
    expect(b.ask({ since })).toMatchObject([{ result: 'failed', why: 'too slow' }]);
    // A later asset shares the series, and none of its past.
    const later = b.clock.now();
    b.says({ outcome: 'good' });
    for (let minute = 0; minute < 6; minute += 1) {
      b.ask({ since: later }, 'press-2');
      await b.pass(MINUTE);
    }
    expect(b.ask({ since: later }, 'press-2')).toMatchObject([{ result: 'succeeded' }]);
    expect(b.ask({ since })).toMatchObject([{ result: 'failed' }]);
  });

  test('RO-10: a dry run is measured and counted, and never part of a verdict', async () => {
    const b = bed({ dryRun: true });
    b.says({ outcome: 'bad', why: 'too slow' });
    expect(b.ask()).toEqual([]);
    await b.pass(0);
    expect(b.ask()).toEqual([]);
    expect(b.counted).toEqual(['bad']);
  });

  test('RO-11: from a later wave on', async () => {
    const b = bed({ fromWave: 2 });
    expect(b.ask({ wave: 1 })).toEqual([]);
    expect(b.ask({ wave: 2 })).toHaveLength(1);
    await b.pass(0);
    expect(b.asked).toHaveLength(1);
  });

  test('one question for all assets, or one for each when it names them', async () => {
    const shared = bed();
    shared.ask();
    shared.ask({}, 'press-2');
    await shared.pass(0);
    expect(shared.asked).toHaveLength(1);
    expect(shared.woken.sort()).toEqual(['press-1', 'press-2']);
    const each = bed({ question: { ...CHECK.question, query: 'latency{thing="{{thing}}"}' } as CheckQuestion });
    each.ask();
    each.ask({}, 'press-2');
    await each.pass(0);
    expect(each.asked.map((q) => (q.kind === 'prometheus' ? q.query : ''))).toEqual([
      'latency{thing="press-1"}',
      'latency{thing="press-2"}',
    ]);
  });

  test('after the end nothing is asked', async () => {
    const b = bed();
    b.stop.abort(new Error('over'));
    b.ask();
    await b.pass(5 * MINUTE);
    expect(b.asked).toHaveLength(0);
  });
});
