/** What stands in a Lease. Times are the holder's wall clock: shown to people, never compared with ours. */
export interface LeaseRecord {
  /** Empty when released. */
  readonly holder: string;
  /** How long others leave the holder alone after they last saw the record change. */
  readonly leaseDurationMs: number;
  /** Milliseconds since the epoch. */
  readonly acquiredAt: number;
  readonly renewedAt: number;
  /** Changes of holder so far. */
  readonly transitions: number;
}

export interface ObservedLease {
  readonly record: LeaseRecord;
  /** Changes with every write; what an update must name. */
  readonly version: string;
}

/**
 * One lease, wherever it is kept. `create` and `update` throw a StoreError `conflict` when somebody else was there first;
 * anything else thrown means that the outcome is unknown. An aborted signal ends a request soon.
 */
export interface LeaseLock {
  /** For people: `namespace/name`. */
  readonly name: string;
  get(signal: AbortSignal): Promise<ObservedLease | undefined>;
  create(record: LeaseRecord, signal: AbortSignal): Promise<ObservedLease>;
  update(record: LeaseRecord, version: string, signal: AbortSignal): Promise<ObservedLease>;
}

/** The record that makes `identity` the holder after `old`; a renewal keeps when it was acquired. */
export function claim(
  old: LeaseRecord | undefined,
  by: { readonly identity: string; readonly leaseDurationMs: number; readonly now: number },
): LeaseRecord {
  const kept = old?.holder === by.identity;
  return {
    holder: by.identity,
    leaseDurationMs: by.leaseDurationMs,
    acquiredAt: kept ? old.acquiredAt : by.now,
    renewedAt: by.now,
    transitions: old ? old.transitions + (kept ? 0 : 1) : 0,
  };
}
