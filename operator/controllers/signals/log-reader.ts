import { hasReason, ifFound } from '../../aws/classify.ts';
import type { OperationInput } from '../../aws/operations.ts';
import { signalsOfLog } from '../policyrollout/gates/feeds.ts';
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
/** Nobody listened to what devices did. */
const UNKNOWN = Number.POSITIVE_INFINITY;
/** How often the settings of logging are looked at. */
const SETTINGS_MS = 300_000;

/**
 * V2 logs of AWS IoT from CloudWatch Logs. Begins a day back, so that what devices used before is known. Successes are
 * logged from level INFO on only; below it nobody knows what a device did, so that a denial says less.
 */
export function logReader(logGroup: string): SignalReader {
  let from: number | undefined;
  let seen = new Set<string>();
  let backPages = 0;
  let caughtUp = false;
  let cursor: { readonly startTime: number; readonly endTime: number; readonly nextToken: string } | undefined;
  let settings: Settings | undefined;
  let historyFrom = UNKNOWN;

  async function settingsNow(reading: Reading): Promise<Settings> {
    const now = reading.clock.now();
    if (settings === undefined || now - settings.at >= SETTINGS_MS)
      settings = { at: now, ...(await readSettings(reading)) };
    return settings;
  }

  return {
    source: 'logs',
    async read(reading) {
      const { session, book, clock, options } = reading;
      const { key, port } = session();
      const now = clock.now();
      from ??= now - BACK_MS;
      const { unavailable, tellsSuccess } = await settingsNow(reading);
      if (!tellsSuccess) historyFrom = UNKNOWN;
      if (unavailable !== undefined) {
        book.report(key, 'logs', { readTo: now, from: UNKNOWN, maxAgeMs: MAX_AGE_MS, unavailable });
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
          historyFrom = UNKNOWN;
          const none = `there is no log group ${logGroup}`;
          book.report(key, 'logs', { readTo: now, from: UNKNOWN, maxAgeMs: MAX_AGE_MS, unavailable: none });
          return ABSENT_AGAIN_MS;
        }
        for (const { eventId = '', message = '', timestamp = now } of answer.events ?? []) {
          // History begins with the first entry, not with the day before: nobody may have logged then.
          if (tellsSuccess) historyFrom = Math.min(historyFrom, timestamp);
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
        historyFrom = clock.now();
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
      from = Math.max(window.startTime, window.endTime - OVERLAP_MS);
      book.report(key, 'logs', { readTo: window.endTime, from: historyFrom, maxAgeMs: MAX_AGE_MS });
      return AGAIN_MS;
    },
  };
}

interface Settings {
  readonly at: number;
  readonly unavailable: string | undefined;
  /** Level INFO and below: what is allowed is logged as well, so what a device did is known. */
  readonly tellsSuccess: boolean;
}

async function readSettings({ session, options }: Reading): Promise<Omit<Settings, 'at'>> {
  const { port } = session();
  try {
    const { defaultLogLevel, disableAllLogs } = await port.call('GetV2LoggingOptions', {}, options);
    // Levels of single groups and clients beat the default one, DISABLED included: then there is something to read.
    const unavailable = disableAllLogs === true ? 'logging of AWS IoT is switched off' : undefined;
    return { unavailable, tellsSuccess: defaultLogLevel === 'INFO' || defaultLogLevel === 'DEBUG' };
  } catch (thrown) {
    if (hasReason(thrown, 'NotConfigured', 'NotFound')) {
      return { unavailable: 'V2 logging of AWS IoT is not set up', tellsSuccess: false };
    }
    // Whoever may read the logs and not their settings is believed about the settings.
    if (hasReason(thrown, 'AccessDenied', 'Unsupported')) return { unavailable: undefined, tellsSuccess: true };
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
