import type { Clock } from '../runtime/clock.ts';
import { Priority } from '../runtime/reconciler.ts';

/** A granted place that nobody claims (its object went away) is given back after this long. */
const CLAIM_MS = 120_000;
/** Part of a full bucket that only security acts may take. */
const RESERVED = 0.3;

interface Place {
  readonly slot: string;
  readonly priority: number;
  readonly sequence: number;
  grantedAt: number | undefined;
}

/** A line of one priority; `head` instead of shift(), which would be quadratic with 100,000 waiting. */
interface Line {
  places: Place[];
  head: number;
  /** Sequence number of places[0]. */
  offset: number;
}

/** Token bucket whose waiting line is ordered by priority, then by arrival. Full at start, one second deep. */
export class Bucket {
  readonly #clock: Clock;
  readonly #lines = new Map<number, Line>();
  readonly #places = new Map<string, Place>();
  readonly #granted: Place[] = [];
  #tokens = Number.POSITIVE_INFINITY;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Milliseconds to wait; 0 takes a token. `rate` is in tokens per second. */
  reserve(rate: number, priority: number, slot: string): number {
    const depth = Math.max(1, rate);
    this.#pump(rate, depth);
    const known = this.#places.get(slot);
    if (known?.grantedAt !== undefined) {
      this.#places.delete(slot);
      return 0;
    }
    if (known !== undefined && known.priority >= priority) return this.#wait(known, rate, depth);
    if ((this.#highest() ?? Number.NEGATIVE_INFINITY) < priority && this.#tokens >= needed(priority, depth)) {
      this.#tokens -= 1;
      return 0;
    }
    return this.#wait(this.#enqueue(priority, slot), rate, depth);
  }

  /** AWS has just refused a call: whatever we counted on is not there. */
  drain(): void {
    this.#tokens = Math.min(this.#tokens, 0);
  }

  /** A raised priority leaves its old place empty; it is granted and expires unclaimed. */
  #enqueue(priority: number, slot: string): Place {
    const line = this.#lines.get(priority) ?? { places: [], head: 0, offset: 0 };
    const place: Place = { slot, priority, sequence: line.offset + line.places.length, grantedAt: undefined };
    this.#lines.set(priority, line);
    line.places.push(place);
    this.#places.set(slot, place);
    return place;
  }

  /** Hands tokens to those who wait before the bucket's depth caps them: time passed unobserved is not lost. */
  #pump(rate: number, depth: number): void {
    const now = this.#clock.monotonic();
    this.#tokens += (now - this.#at) * (rate / 1000);
    this.#at = now;
    for (let level = this.#highest(); level !== undefined; level = this.#highest()) {
      const line = this.#lines.get(level);
      const place = line?.places[line.head];
      if (line === undefined || place === undefined || this.#tokens < needed(place.priority, depth)) break;
      shift(line);
      this.#tokens -= 1;
      place.grantedAt = now;
      this.#granted.push(place);
    }
    this.#tokens = Math.min(this.#tokens, depth);
    this.#expire(now);
  }

  #expire(now: number): void {
    while (this.#granted[0] !== undefined && now - (this.#granted[0].grantedAt ?? now) > CLAIM_MS) {
      const place = this.#granted.shift();
      if (place !== undefined && this.#places.get(place.slot) === place) this.#places.delete(place.slot);
    }
  }

  #highest(): number | undefined {
    let best: number | undefined;
    for (const [priority, line] of this.#lines) {
      if (line.head < line.places.length && (best === undefined || priority > best)) best = priority;
    }
    return best;
  }

  #wait(place: Place, rate: number, depth: number): number {
    let ahead = 0;
    for (const [priority, line] of this.#lines) {
      if (priority > place.priority) ahead += line.places.length - line.head;
      if (priority === place.priority) ahead += Math.max(0, place.sequence - line.offset - line.head);
    }
    return Math.max(1, Math.ceil(((ahead + needed(place.priority, depth) - this.#tokens) / rate) * 1000));
  }
}

/** Tokens that must be there before one is handed out: the last of them only to security acts. */
function needed(priority: number, depth: number): number {
  return 1 + (priority >= Priority.security || depth < 2 ? 0 : Math.floor(depth * RESERVED));
}

function shift(line: Line): void {
  line.head += 1;
  if (line.head < line.places.length) return;
  line.offset += line.places.length;
  line.places = [];
  line.head = 0;
}
