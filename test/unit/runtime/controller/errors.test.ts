import { afterEach, describe, expect, it } from 'vitest';
import {
  conflict,
  ReconcileError,
  terminal,
  throttled,
  toReconcileError,
  transient,
  waiting,
} from '../../../../operator/runtime/errors.ts';
import { StoreError, type StoreErrorCode } from '../../../../operator/runtime/store.ts';
import { controllerAround, device } from './harness.ts';

type Harness = ReturnType<typeof controllerAround>;
let current: Harness | undefined;
afterEach(() => current?.kill.abort(new Error('end of test')));

/** Reconciles one device whose first attempt throws, and lets `forMs` pass. */
async function failing(thrown: unknown, forMs: number, times = 1): Promise<Harness> {
  let failures = 0;
  current = controllerAround(async () => {
    failures += 1;
    if (failures <= times) throw thrown;
    return undefined;
  });
  current.controller.enqueue(device('press-1'));
  await current.settle();
  await current.clock.advance(forMs);
  await current.settle();
  return current;
}

interface Row {
  readonly reason: string;
  readonly thrown: unknown;
  readonly startsAt: readonly number[];
  readonly progress: 'stalled' | 'reconciling' | undefined;
  readonly event: boolean;
  readonly result: string;
  readonly errors: number;
  readonly terminal: number;
  readonly panics: number;
}

const quiet = { progress: undefined, event: false, errors: 0, terminal: 0, panics: 0 } as const;
const retried = { progress: 'reconciling', event: true, result: 'error', errors: 1, terminal: 0, panics: 0 } as const;

const rows: Row[] = [
  {
    reason: 'a terminal error waits for a person, is shown, and is not retried',
    thrown: terminal('NameConflict', 'Thing press-1 belongs to another installation'),
    startsAt: [0],
    progress: 'stalled',
    event: true,
    result: 'error',
    errors: 1,
    terminal: 1,
    panics: 0,
  },
  {
    reason: 'a missing dependency is no error and is looked for again after its delay',
    thrown: waiting('PolicyMissing', 'Policy telemetry does not exist yet', 5_000),
    startsAt: [0, 5_000],
    ...quiet,
    progress: 'reconciling',
    result: 'requeue_after',
  },
  {
    reason: 'a missing dependency without a delay is looked for after a minute',
    thrown: waiting('PolicyMissing', 'Policy telemetry does not exist yet'),
    startsAt: [0, 60_000],
    ...quiet,
    progress: 'reconciling',
    result: 'requeue_after',
  },
  {
    reason: 'a conflicting write is nobody’s business: again within milliseconds',
    thrown: conflict('StoreConflict', 'somebody else wrote first'),
    startsAt: [0, 5],
    ...quiet,
    result: 'requeue',
  },
  {
    reason: 'throttling slows down without writing to each throttled object',
    thrown: throttled('AttachPolicy is at its limit', 700),
    startsAt: [0, 700],
    ...quiet,
    result: 'requeue_after',
  },
  {
    reason: 'a transient error of AWS is retried with the patience AWS needs',
    thrown: transient('AwsUnavailable', 'InternalFailureException'),
    startsAt: [0, 1_000],
    ...retried,
  },
  {
    reason: 'a transient error of the store is retried with the patience the API server needs',
    thrown: new StoreError('unavailable', 'connection refused'),
    startsAt: [0, 5],
    ...retried,
  },
  {
    reason: 'a failed fetch is a TypeError with a cause, and no programming error',
    thrown: new TypeError('fetch failed', { cause: new Error('ECONNRESET') }),
    startsAt: [0, 1_000],
    ...retried,
  },
  {
    reason: 'a programming error is counted apart and retried slowly',
    thrown: new TypeError("Cannot read properties of undefined (reading 'arn')"),
    startsAt: [0, 1_000],
    ...retried,
    panics: 1,
  },
  { reason: 'so is a thrown thing that is no error', thrown: 'oops', startsAt: [0, 1_000], ...retried, panics: 1 },
];

describe('every way a reconcile can fail is answered by one table', () => {
  it.each(rows)('$reason', async (row) => {
    const h = await failing(row.thrown, 120_000);
    const value = async (name: string) => h.metric(`controller_runtime_${name}{controller="device"}`);
    expect({
      startsAt: h.started.map((s) => s.at),
      progress: h.reports[0]?.progress.kind,
      event: h.events.length > 0,
      errors: await value('reconcile_errors_total'),
      terminal: await value('terminal_reconcile_errors_total'),
      panics: await value('reconcile_panics_total'),
    }).toEqual({
      startsAt: row.startsAt,
      progress: row.progress,
      event: row.event,
      errors: row.errors,
      terminal: row.terminal,
      panics: row.panics,
    });
    expect(await h.metric(`controller_runtime_reconcile_total{controller="device",result="${row.result}"}`)).toBe(1);
  });

  it('gives the event the reason of the condition', async () => {
    const h = await failing(terminal('NameConflict', 'taken'), 0);
    expect(h.reports).toEqual([
      { name: 'press-1', progress: { kind: 'stalled', reason: 'NameConflict', message: 'taken' } },
    ]);
    expect(h.events).toEqual([{ type: 'Warning', reason: 'NameConflict', message: 'taken' }]);
  });

  it('waits twice as long after each failure, up to a quarter of an hour', async () => {
    const h = await failing(transient('AwsUnavailable', 'down'), 3_600_000, 14);
    const starts = h.started.map((s) => s.at / 1_000);
    expect(starts.slice(0, 6)).toEqual([0, 1, 3, 7, 15, 31]);
    const gaps = starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
    expect(Math.max(...gaps)).toBe(720);
  });

  it('starts over with short waits after a success', async () => {
    const fails = [true, true, false, true, false];
    current = controllerAround(async () => {
      if (fails.shift()) throw transient('AwsUnavailable', 'down');
      return undefined;
    });
    current.controller.enqueue(device('press-1'));
    await current.clock.advance(10_000);
    current.controller.enqueue(device('press-1'));
    await current.clock.advance(10_000);
    await current.settle();
    expect(current.started.map((s) => s.at)).toEqual([0, 1_000, 3_000, 10_000, 11_000]);
  });

  it('tries again when the failure could not be shown, even a terminal one', async () => {
    let reports = 0;
    current = controllerAround(
      async () => {
        throw terminal('Invalid', 'no such account');
      },
      {
        report: async () => {
          reports += 1;
          if (reports === 1) throw new StoreError('unavailable', 'connection refused');
        },
      },
    );
    current.controller.enqueue(device('press-1'));
    await current.settle();
    await current.clock.advance(60_000);
    await current.settle();
    expect(current.started.map((s) => s.at)).toEqual([0, 5]);
  });

  it('a reconcile that throws does not take its worker along', async () => {
    current = controllerAround(
      async (key) => {
        if (key.name === 'bad') throw new Error('boom');
        return undefined;
      },
      { workers: 1 },
    );
    current.controller.enqueue(device('bad'));
    current.controller.enqueue(device('good'));
    await current.settle();
    expect(current.started.map((s) => s.name)).toEqual(['bad', 'good']);
  });

  it('shows a reconciler that throws before its first await like any other', async () => {
    current = controllerAround(() => {
      throw new ReconcileError('terminal', { reason: 'Broken', message: 'at once' });
    });
    current.controller.enqueue(device('press-1'));
    await current.settle();
    expect(current.reports).toHaveLength(1);
  });
});

describe('what the store answers', () => {
  const codes: readonly { code: StoreErrorCode; kind: string; reason: string }[] = [
    { code: 'conflict', kind: 'conflict', reason: 'changed in between' },
    { code: 'notFound', kind: 'conflict', reason: 'gone in between' },
    { code: 'invalid', kind: 'terminal', reason: 'trying the same again cannot help' },
    { code: 'throttled', kind: 'throttled', reason: 'priority and fairness' },
    { code: 'gone', kind: 'transient', reason: 'an expired list' },
    { code: 'unavailable', kind: 'transient', reason: 'the API server is down' },
    { code: 'full', kind: 'transient', reason: 'room may be made' },
    { code: 'forbidden', kind: 'transient', reason: 'RBAC may be repaired without touching the object' },
    { code: 'unauthorized', kind: 'transient', reason: 'tokens are renewed' },
  ];
  it.each(codes)('$code becomes $kind: $reason', ({ code, kind }) => {
    expect(toReconcileError(new StoreError(code, 'why')).kind).toBe(kind);
  });

  it('a throttled store is obeyed', () => {
    expect(toReconcileError(new StoreError('throttled', 'later', { retryAfterMs: 4_000 })).delayMs).toBe(4_000);
  });
});

it('takes secrets out of messages that nobody wrote for conditions', () => {
  const error = toReconcileError(new Error('GET https://git:hunter2hunter2@example.com/fleet.git failed'));
  expect(error.message).not.toContain('hunter2');
  expect(error.message).toContain('https://git:');
});
