import { hasReason } from '../../aws/classify.ts';
import type { OperationInput } from '../../aws/operations.ts';
import type { SignalReader } from './reading.ts';

const AGAIN_MS = 60_000;
const IDLE_MS = 5_000;
const ABSENT_AGAIN_MS = 600_000;
const MAX_AGE_MS = 300_000;
/** Events may be listed a little late. */
const OVERLAP_MS = 300_000;
/** At the first look: longer than an asset is under way, so that a restart misses nothing of it. */
const BACK_MS = 4 * 3_600_000;
const PAGE = 250;

/**
 * New violations of Device Defender Detect. Events rather than what is active now: a violation that came and went between
 * two looks was one. AWS offers Detect to accounts that had it before September 2026 only.
 */
export function violationReader(): SignalReader {
  let from: number | undefined;
  return {
    source: 'violations',
    async read({ session, book, clock, options, isWatched }) {
      const { key, port } = session();
      const now = clock.now();
      if (!isWatched()) {
        // The first look goes back further than any pause between two rollouts matters.
        book.report(key, 'violations', { readTo: now, maxAgeMs: MAX_AGE_MS });
        return IDLE_MS;
      }
      const startTime = new Date(Math.max(from ?? now - BACK_MS, now - BACK_MS));
      try {
        let nextToken: string | undefined;
        do {
          const input: OperationInput<'ListViolationEvents'> = {
            startTime,
            endTime: new Date(now),
            maxResults: PAGE,
            ...(nextToken === undefined ? {} : { nextToken }),
          };
          const page = await port.call('ListViolationEvents', input, options);
          for (const { thingName, behavior, violationEventTime, violationEventType } of page.violationEvents ?? []) {
            if (thingName === undefined || violationEventTime === undefined || violationEventType !== 'in-alarm')
              continue;
            const content = { kind: 'violation', behavior: behavior?.name ?? 'a behavior' } as const;
            book.record(key, { at: violationEventTime.getTime(), clientId: thingName, ...content });
          }
          nextToken = page.nextToken;
        } while (nextToken !== undefined);
      } catch (thrown) {
        if (!hasReason(thrown, 'AccessDenied', 'NotFound', 'InvalidRequest', 'Unsupported', 'NotConfigured'))
          throw thrown;
        const unavailable = 'Device Defender Detect is not available, or not permitted';
        book.report(key, 'violations', { readTo: now, maxAgeMs: MAX_AGE_MS, unavailable });
        return ABSENT_AGAIN_MS;
      }
      from = now - OVERLAP_MS;
      book.report(key, 'violations', { readTo: now, maxAgeMs: MAX_AGE_MS });
      return AGAIN_MS;
    },
  };
}
