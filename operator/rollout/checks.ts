import type { Verdict } from './types.ts';

/** What a check asks, and which answer is good. `{{thing}}` and `{{device}}` stand for the asset's names. */
export type CheckQuestion =
  | {
      readonly kind: 'prometheus';
      readonly url: string;
      readonly query: string;
      readonly atLeast?: number | undefined;
      readonly atMost?: number | undefined;
      readonly whenEmpty: 'Inconclusive' | 'Passed' | 'Failed';
    }
  | { readonly kind: 'http'; readonly url: string; readonly status: number; readonly contains?: string | undefined };

/** A check that a user gave. Times in milliseconds. */
export interface Check {
  readonly name: string;
  readonly question: CheckQuestion;
  readonly intervalMs: number;
  /** After everything has settled. */
  readonly initialDelayMs: number;
  /** Counts from 0. */
  readonly fromWave: number;
  /** Bad measurements that are borne. */
  readonly failureLimit: number;
  readonly consecutiveErrorLimit: number;
  readonly consecutiveSuccessLimit: number;
  /** Never part of a verdict. */
  readonly dryRun: boolean;
}

/**
 * One measurement. An error is no failure: a server that cannot be reached says nothing about the devices. `why` names no
 * address beyond its host, because addresses can hold tokens.
 */
export type Measurement =
  | { readonly outcome: 'good' }
  | { readonly outcome: 'bad' | 'error' | 'empty'; readonly why: string };

/** What the measurements of one check have come to. */
export interface CheckTally {
  readonly failures: number;
  readonly successesInRow: number;
  readonly errorsInRow: number;
  /** What the latest measurement that was not good said. */
  readonly why: string | undefined;
}

export const NO_MEASUREMENTS: CheckTally = { failures: 0, successesInRow: 0, errorsInRow: 0, why: undefined };

export function tallied(tally: CheckTally, measured: Measurement): CheckTally {
  switch (measured.outcome) {
    case 'good':
      return { ...tally, successesInRow: tally.successesInRow + 1, errorsInRow: 0 };
    case 'bad':
      return { failures: tally.failures + 1, successesInRow: 0, errorsInRow: 0, why: measured.why };
    case 'empty':
      return { ...tally, successesInRow: 0, errorsInRow: 0, why: measured.why };
    case 'error':
      return { ...tally, successesInRow: 0, errorsInRow: tally.errorsInRow + 1, why: measured.why };
    default:
      return measured satisfies never;
  }
}

/** More failures than are borne fail; good answers in a row pass, unless answers have stopped coming; all else is open. */
export function checkVerdict(check: Check, tally: CheckTally): Verdict {
  if (tally.failures > check.failureLimit) return 'failed';
  return tally.successesInRow >= check.consecutiveSuccessLimit ? 'succeeded' : 'inconclusive';
}

/** Why an inconclusive check is, in words. */
export function checkWaits(check: Check, tally: CheckTally): string {
  const last = tally.why === undefined ? '' : ` (${tally.why})`;
  if (tally.errorsInRow > check.consecutiveErrorLimit)
    return `${tally.errorsInRow} measurements in a row failed${last}`;
  return `has no answer yet${last}`;
}

/** The value of a Prometheus answer against its bounds; each series has to lie between them. */
export function judgeSeries(
  question: Extract<CheckQuestion, { kind: 'prometheus' }>,
  values: readonly number[],
): Measurement {
  const numbers = values.filter((value) => !Number.isNaN(value));
  if (numbers.length === 0 || numbers.length < values.length) return nothing(question.whenEmpty, values.length);
  for (const value of numbers) {
    if (question.atLeast !== undefined && value < question.atLeast) {
      return { outcome: 'bad', why: `${value} is less than ${question.atLeast}` };
    }
    if (question.atMost !== undefined && value > question.atMost) {
      return { outcome: 'bad', why: `${value} is more than ${question.atMost}` };
    }
  }
  return { outcome: 'good' };
}

function nothing(meaning: 'Inconclusive' | 'Passed' | 'Failed', series: number): Measurement {
  const why = series === 0 ? 'the query gives no series' : 'the query gives NaN';
  if (meaning === 'Passed') return { outcome: 'good' };
  return { outcome: meaning === 'Failed' ? 'bad' : 'empty', why };
}

/** The asset's names in the places kept for them. In an address they are encoded; in a query names need no quoting. */
export function fillCheck(
  question: CheckQuestion,
  asset: { readonly thing: string; readonly device: string },
): CheckQuestion {
  const fill = (text: string, encode: (value: string) => string): string =>
    text.replaceAll('{{thing}}', encode(asset.thing)).replaceAll('{{device}}', encode(asset.device));
  return question.kind === 'http'
    ? { ...question, url: fill(question.url, encodeURIComponent) }
    : { ...question, query: fill(question.query, (value) => value) };
}
