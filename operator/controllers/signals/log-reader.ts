import { hasReason, ifFound } from '../../aws/classify.ts';
import type { OperationInput } from '../../aws/operations.ts';
import { signalsOfLog } from '../policyrollout/feeds.ts';
import { placeOf, type Reading, type SignalReader } from './reading.ts';

const AGAIN_MS = 10_000;
const ABSENT_AGAIN_MS = 60_000;
/** Entries arrive late and out of order: so much is read twice. */
const OVERLAP_MS = 120_000;
/** What is read of the time before the start, to know what devices use. */
const BACK_MS = 24 * 3_600_000;
/** Pages read of the time before the start; beyond them it begins with now, and history is not known. */
const MOST_BACK_PAGES = 600;
/** Pages of one look; the next one goes on from there. */
const MOST_PAGES = 200;
const PAGE = 10_000;
const MAX_AGE_MS = 300_000;
/** Identities of entries of the overlap. */
const MOST_SEEN = 50_000;
/** How often the settings of logging are looked at. */
const SETTINGS_MS = 300_000;

/**
 * V2 logs of AWS IoT from CloudWatch Logs. Begins a day back, so that what devices used before is known. Successes are
 * logged from level INFO on only; below it nothing good would ever be heard, which is told as unavailable.
 */
export function logReader(logGroup: string): SignalReader {
  let from: number | undefined;
  let seen = new Set<string>();
  let backPages = 0;
  let caughtUp = false;
  let cursor: { readonly startTime: number; readonly endTime: number; readonly nextToken: string } | undefined;
  let settings: { readonly at: number; readonly problem: string | undefined } | undefined;

  async function problemNow(reading: Reading): Promise<string | undefined> {
    const now = reading.clock.now();
    if (settings !== undefined && now - settings.at < SETTINGS_MS) return settings.problem;
    settings = { at: now, problem: await settingsProblem(reading) };
    return settings.problem;
  }

  return {
    source: 'logs',
    async read(reading) {
      const { session, book, clock, options } = reading;
      const { key, port } = session();
      const now = clock.now();
      from ??= now - BACK_MS;
      const problem = await problemNow(reading);
      if (problem !== undefined) {
        book.report(key, 'logs', { readTo: now, from, maxAgeMs: MAX_AGE_MS, unavailable: problem });
        return ABSENT_AGAIN_MS;
      }
      const window = cursor ?? { startTime: from, endTime: now, nextToken: undefined };
      let { nextToken } = window;
      const place = placeOf(session());
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const input: OperationInput<'FilterLogEvents'> = {
          logGroupName: logGroup,
          startTime: window.startTime,
          endTime: window.endTime,
          limit: PAGE,
          ...(nextToken === undefined ? {} : { nextToken }),
        };
        const answer = await ifFound(port.call('FilterLogEvents', input, options));
        if (answer === undefined) {
          book.report(key, 'logs', {
            readTo: now,
            from,
            maxAgeMs: MAX_AGE_MS,
            unavailable: `there is no log group ${logGroup}`,
          });
          return ABSENT_AGAIN_MS;
        }
        for (const { eventId = '', message = '' } of answer.events ?? []) {
          if (seen.has(eventId)) continue;
          seen.add(eventId);
          for (const signal of signalsOfLog(parsed(message), place)) book.record(key, signal);
        }
        nextToken = answer.nextToken;
        if (!caughtUp) backPages += 1;
        if (nextToken === undefined) break;
      }
      if (!caughtUp && backPages >= MOST_BACK_PAGES && nextToken !== undefined) {
        // Too busy a fleet to read a day of: what matters is now.
        cursor = undefined;
        from = clock.now() - OVERLAP_MS;
        caughtUp = true;
        return 0;
      }
      if (seen.size > MOST_SEEN) seen = new Set([...seen].slice(-MOST_SEEN / 2));
      if (nextToken !== undefined) {
        cursor = { startTime: window.startTime, endTime: window.endTime, nextToken };
        return 0;
      }
      cursor = undefined;
      caughtUp = true;
      const started = book.sourceFrom(key, 'logs') ?? window.startTime;
      from = Math.max(window.startTime, window.endTime - OVERLAP_MS);
      book.report(key, 'logs', {
        readTo: window.endTime,
        from: Math.min(started, window.startTime),
        maxAgeMs: MAX_AGE_MS,
      });
      return AGAIN_MS;
    },
  };
}

async function settingsProblem({ session, options }: Reading): Promise<string | undefined> {
  const { port } = session();
  try {
    const { defaultLogLevel, disableAllLogs } = await port.call('GetV2LoggingOptions', {}, options);
    if (disableAllLogs === true || defaultLogLevel === 'DISABLED') return 'logging of AWS IoT is switched off';
    if (defaultLogLevel === 'INFO' || defaultLogLevel === 'DEBUG') return undefined;
    return `logging of AWS IoT is at level ${defaultLogLevel}, at which no success is logged; set it to INFO`;
  } catch (thrown) {
    if (hasReason(thrown, 'NotConfigured', 'NotFound')) return 'V2 logging of AWS IoT is not set up';
    // Whoever may read the logs and not their settings is believed about the settings.
    if (hasReason(thrown, 'AccessDenied', 'Unsupported')) return undefined;
    throw thrown;
  }
}

function parsed(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}
