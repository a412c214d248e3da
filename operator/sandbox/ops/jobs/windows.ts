import type { MaintenanceWindow } from '@aws-sdk/client-iot';
import { invalid } from '../../errors.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A job ends within two years, so no window further away matters. */
const HORIZON_DAYS = 732;
const MAX_MINUTES = 1430;

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minutes', least: 0, most: 59 },
  { name: 'hours', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  { name: 'day of week', least: 1, most: 7, names: WEEKDAYS },
  { name: 'year', least: 1970, most: 2199 },
];

/** Values that a field allows; undefined for all of them. */
type Allowed = ReadonlySet<number> | undefined;

interface Window {
  readonly minutes: Allowed;
  readonly hours: Allowed;
  readonly days: Allowed;
  readonly months: Allowed;
  readonly weekdays: Allowed;
  readonly years: Allowed;
  readonly duration: number;
}

/** Reads the recurring windows of a schedule: `cron(minutes hours day-of-month month day-of-week year)` in UTC. */
export function parseWindows(windows: readonly MaintenanceWindow[]): readonly Window[] {
  return windows.map(({ startTime = '', durationInMinutes = 0 }) => {
    const [, inner = startTime] = /^cron\((.*)\)$/.exec(startTime.trim()) ?? [];
    const parts = inner.trim().split(/\s+/);
    if (parts.length !== FIELDS.length) {
      throw invalid(`Maintenance window ${startTime.slice(0, 100)} is not of the form cron(0 10 ? * MON *)`);
    }
    const [minutes, hours, days, months, weekdays, years] = FIELDS.map((field, i) => valuesOf(field, parts[i] ?? ''));
    if (durationInMinutes < 1 || durationInMinutes > MAX_MINUTES) {
      throw invalid(`durationInMinutes must be from 1 to ${MAX_MINUTES}`);
    }
    if ((parts[2] === '?') === (parts[4] === '?')) {
      throw invalid('A maintenance window names the day of month or the day of week, and ? for the other');
    }
    return { minutes, hours, days, months, weekdays, years, duration: durationInMinutes * MINUTE };
  });
}

function valuesOf(field: Field, text: string): Allowed {
  if (text === '*' || text === '?') return undefined;
  const allowed = new Set<number>();
  for (const part of text.split(',')) {
    const [span = '', step = '1'] = part.split('/');
    const [from = '', to = part.includes('/') ? String(field.most) : from] = span.split('-');
    const [first, last, by] = [span === '*' ? field.least : numberIn(field, from), numberIn(field, to), Number(step)];
    const isRight = first !== undefined && last !== undefined && first <= last && Number.isInteger(by) && by > 0;
    if (!isRight) throw invalid(`Maintenance window: ${part.slice(0, 40)} is no value of the field ${field.name}`);
    for (let value = first; value <= last; value += by) allowed.add(value);
  }
  return allowed;
}

function numberIn({ least, most, names }: Field, text: string): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + 1 : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

const allows = (allowed: Allowed, value: number): boolean => allowed?.has(value) ?? true;

/** Starts of a window on the day that begins at `day`, in order. */
function* startsOn(window: Window, day: number): Generator<number> {
  const date = new Date(day);
  const isDay =
    allows(window.years, date.getUTCFullYear()) &&
    allows(window.months, date.getUTCMonth() + 1) &&
    allows(window.days, date.getUTCDate()) &&
    allows(window.weekdays, date.getUTCDay() + 1);
  if (!isDay) return;
  for (let hour = 0; hour < 24; hour++) {
    if (!allows(window.hours, hour)) continue;
    for (let minute = 0; minute < 60; minute++) {
      if (allows(window.minutes, minute)) yield day + (hour * 60 + minute) * MINUTE;
    }
  }
}

const dayOf = (time: number): number => Math.floor(time / DAY) * DAY;

/** When the window that is open at this time ends; undefined when none is. */
export function openUntil(windows: readonly Window[], time: number): number | undefined {
  let end: number | undefined;
  for (const window of windows) {
    for (const day of [dayOf(time) - DAY, dayOf(time)]) {
      for (const start of startsOn(window, day)) {
        if (start <= time && time < start + window.duration) end = Math.max(end ?? 0, start + window.duration);
      }
    }
  }
  return end;
}

/** The first moment at or after this time at which a window is open. */
export function nextOpening(windows: readonly Window[], time: number): number | undefined {
  if (openUntil(windows, time) !== undefined) return time;
  for (let day = dayOf(time); day <= time + HORIZON_DAYS * DAY; day += DAY) {
    const starts = windows.flatMap((window) => [...startsOn(window, day)]).filter((start) => start >= time);
    if (starts.length > 0) return Math.min(...starts);
  }
  return undefined;
}
