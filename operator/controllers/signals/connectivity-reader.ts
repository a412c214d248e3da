import { hasReason } from '../../aws/classify.ts';
import type { OperationInput } from '../../aws/operations.ts';
import type { SignalReader } from './reading.ts';

/** The whole fleet is looked at this often while a rollout runs: a lost event then costs that long. */
const AGAIN_MS = 600_000;
/** Whether a rollout has begun. */
const IDLE_MS = 5_000;
const ABSENT_AGAIN_MS = 600_000;
/** Contact that is known late is contact all the same: it never makes the rest worthless. */
const MAX_AGE_MS = Number.POSITIVE_INFINITY;
const PAGE = 100;

/**
 * Which devices are connected, from fleet indexing: after a restart nothing is known until a device says something, and
 * one that stays connected says nothing. Contact, and no proof of anything.
 */
export function connectivityReader(): SignalReader {
  return {
    source: 'connectivity',
    async read(reading) {
      const { session, book, clock, options, isWatched } = reading;
      const { key, port } = session();
      const readTo = clock.now();
      if (!isWatched()) {
        book.report(key, 'connectivity', { readTo, maxAgeMs: MAX_AGE_MS });
        return IDLE_MS;
      }
      try {
        let nextToken: string | undefined;
        do {
          const input: OperationInput<'SearchIndex'> = {
            queryString: 'connectivity.connected:true',
            maxResults: PAGE,
            ...(nextToken === undefined ? {} : { nextToken }),
          };
          const page = await port.call('SearchIndex', input, options);
          for (const { thingName, connectivity } of page.things ?? []) {
            if (thingName === undefined || connectivity?.connected !== true) continue;
            book.record(key, { at: readTo, clientId: thingName, kind: 'status', connected: true });
          }
          nextToken = page.nextToken;
        } while (nextToken !== undefined);
      } catch (thrown) {
        if (
          !hasReason(
            thrown,
            'NotFound',
            'IndexNotReady',
            'InvalidRequest',
            'InvalidQuery',
            'AccessDenied',
            'Unsupported',
          )
        )
          throw thrown;
        const unavailable = 'fleet indexing with connectivity is not set up, or not permitted';
        book.report(key, 'connectivity', { readTo, maxAgeMs: MAX_AGE_MS, unavailable });
        return ABSENT_AGAIN_MS;
      }
      book.report(key, 'connectivity', { readTo, maxAgeMs: MAX_AGE_MS });
      return AGAIN_MS;
    },
  };
}
