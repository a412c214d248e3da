/** What a queue tells about itself; `metrics/workqueue.ts` turns it into the series that dashboards know. */
export interface QueueObserver {
  /** A key became pending that was not. */
  added(): void;
  /** A key was handed to a worker after waiting `ms` since it became ready. */
  taken(ms: number): void;
  /** A worker was done with a key after `ms`. */
  finished(ms: number): void;
  /** A key was added again after a failure. */
  retried(): void;
}

export const noQueueObserver: QueueObserver = {
  added: () => undefined,
  taken: () => undefined,
  finished: () => undefined,
  retried: () => undefined,
};

/** A look at the queue at one moment, taken when metrics are scraped. */
export interface QueueSnapshot {
  /** Ready keys by priority. Keys that wait for their time are no backlog and do not count. */
  readonly ready: ReadonlyMap<number, number>;
  readonly waiting: number;
  /** Seconds each running key has been worked on. */
  readonly running: readonly number[];
}
