import { describe, expect, test } from 'vitest';
import { nextOpening, openUntil, parseWindows } from '../../../operator/sandbox/ops/jobs/windows.ts';

const at = (text: string) => Date.parse(`${text}:00Z`);
const told = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString().slice(0, 16));

describe('maintenance windows', () => {
  // 1 January 2026 is a Thursday.
  test.each([
    { cron: 'cron(0 2 ? * * *)', from: '2026-01-01T00:00', opens: '2026-01-01T02:00', reason: 'every night' },
    { cron: 'cron(0 2 ? * * *)', from: '2026-01-01T02:30', opens: '2026-01-01T02:30', reason: 'it is open' },
    { cron: 'cron(0 2 ? * * *)', from: '2026-01-01T03:00', opens: '2026-01-02T02:00', reason: 'it has just ended' },
    {
      cron: 'cron(30 22 ? * MON *)',
      from: '2026-01-01T00:00',
      opens: '2026-01-05T22:30',
      reason: 'by name of the day',
    },
    { cron: 'cron(30 22 ? * 2-4 *)', from: '2026-01-01T00:00', opens: '2026-01-05T22:30', reason: 'Sunday is 1' },
    { cron: 'cron(0 0/6 ? * * *)', from: '2026-01-01T01:00', opens: '2026-01-01T06:00', reason: 'every six hours' },
    { cron: 'cron(0 12 15 FEB,MAR ? *)', from: '2026-02-16T00:00', opens: '2026-03-15T12:00', reason: 'by month' },
    { cron: 'cron(0 12 29 2 ? *)', from: '2026-01-01T00:00', opens: undefined, reason: 'no such day in two years' },
    { cron: 'cron(0 12 1 1 ? 2025)', from: '2026-01-01T00:00', opens: undefined, reason: 'the year is over' },
    { cron: '30 23 ? * THU *', from: '2026-01-02T00:10', opens: '2026-01-02T00:10', reason: 'open over midnight' },
  ])('$cron from $from opens at $opens ($reason)', ({ cron, from, opens }) => {
    const windows = parseWindows([{ startTime: cron, durationInMinutes: 60 }]);
    expect(told(nextOpening(windows, at(from)))).toBe(opens);
  });

  test('windows that overlap are open until the last of them ends', () => {
    const windows = parseWindows([
      { startTime: 'cron(0 2 ? * * *)', durationInMinutes: 60 },
      { startTime: 'cron(30 2 ? * * *)', durationInMinutes: 60 },
    ]);
    expect(told(openUntil(windows, at('2026-01-01T02:45')))).toBe('2026-01-01T03:30');
  });

  test.each([
    { startTime: 'tonight', durationInMinutes: 60, reason: 'no expression' },
    { startTime: 'cron(0 2 * * *)', durationInMinutes: 60, reason: 'a field is missing' },
    { startTime: 'cron(61 2 ? * * *)', durationInMinutes: 60, reason: 'no such minute' },
    { startTime: 'cron(0 2 ? * FOO *)', durationInMinutes: 60, reason: 'no such day' },
    { startTime: 'cron(0 2 1 * MON *)', durationInMinutes: 60, reason: 'both kinds of days' },
    { startTime: 'cron(0 2/0 ? * * *)', durationInMinutes: 60, reason: 'a step of nothing' },
    { startTime: 'cron(0 2 ? * * *)', durationInMinutes: 1431, reason: 'longer than a window may be' },
  ])('$startTime for $durationInMinutes minutes is refused ($reason)', (window) => {
    expect(() => parseWindows([window])).toThrow();
  });
});
