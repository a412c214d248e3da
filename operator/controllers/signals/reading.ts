import type { CallOptions } from '../../aws/port.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import { partitionOf } from '../external/arn.ts';
import type { FeedPlace } from '../policyrollout/gates/feeds.ts';
import type { SignalBook, SourceName } from '../policyrollout/gates/signals.ts';

/** What every reader of one account works with. */
export interface Reading {
  /** The latest verified way there. */
  readonly session: () => AccountSession;
  readonly book: SignalBook;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options: CallOptions;
  /** Whether a rollout of this account has assets to watch: what costs calls for each look waits for that. */
  readonly isWatched: () => boolean;
}

/** One source of signals. `read` reads what there is now and answers after how many milliseconds it wants to again. */
export interface SignalReader {
  readonly source: SourceName;
  read(reading: Reading): Promise<number>;
}

export function placeOf({ accountId, region }: AccountSession): FeedPlace {
  return { accountId, region, partition: partitionOf(region) };
}
