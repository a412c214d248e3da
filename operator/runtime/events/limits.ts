export interface RateLimit {
  /** Events that may come at once. */
  readonly burst: number;
  /** Ms after which one more is allowed. */
  readonly refillMs: number;
}

/** client-go's figures against spam: 25 at once, then one every five minutes, for each object. */
export const perObjectLimit: RateLimit = { burst: 25, refillMs: 5 * 60_000 };

const MOST_OBJECTS = 4_096;

/** One token bucket an object, for the objects that spoke most recently; those forgotten start with a full one. */
export class ObjectLimiter {
  readonly #limit: RateLimit;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  /** Takes a token of `object`; false when there is none. `now` is monotonic ms. */
  allow(object: string, now: number): boolean {
    const { burst, refillMs } = this.#limit;
    const old = this.#buckets.get(object) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, old.tokens + (now - old.at) / refillMs);
    const allowed = tokens >= 1;
    // Deleted and set again, so that the map's order is that of use.
    this.#buckets.delete(object);
    this.#buckets.set(object, { tokens: allowed ? tokens - 1 : tokens, at: now });
    if (this.#buckets.size > MOST_OBJECTS) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return allowed;
  }
}
