import type { Clock } from '../runtime/clock.ts';
import { Priority } from '../runtime/reconciler.ts';

/** A granted place that nobody claims (its object went away) is given back after this long. */
const CLAIM_MS = 120_000;
/** Part of a full bucket that only security acts may take. */
const RESERVED = 0.2;

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
export interface Bucket {
  reserve(rate: number, priority: number, slot: string): number;
  drain(): void;
}

export function createBucket(clock: Clock): Bucket {
  const lines = new Map<number, Line>();
  const places = new Map<string, Place>();
  const granted: Place[] = [];
  let tokens = Number.POSITIVE_INFINITY;
  let at = clock.monotonic();

  const needed = (priority: number, depth: number) =>
    1 + (priority >= Priority.security || depth < 2 ? 0 : Math.floor(depth * RESERVED));

  function highest(): number | undefined {
    let best: number | undefined;
    for (const [priority, line] of lines) {
      if (line.head < line.places.length && (best === undefined || priority > best)) best = priority;
    }
    return best;
  }

  function shift(line: Line): void {
    line.head += 1;
    if (line.head < line.places.length) return;
    line.offset += line.places.length;
    line.places = [];
    line.head = 0;
  }

  /** Hands tokens to those who wait before the bucket's depth caps them: time passed unobserved is not lost. */
  function pump(rate: number, depth: number): void {
    const now = clock.monotonic();
    tokens += (now - at) * (rate / 1000);
    at = now;
    for (let level = highest(); level !== undefined; level = highest()) {
      const line = lines.get(level);
      const place = line?.places[line.head];
      if (line === undefined || place === undefined || tokens < needed(place.priority, depth)) break;
      shift(line);
      tokens -= 1;
      place.grantedAt = now;
      granted.push(place);
    }
    tokens = Math.min(tokens, depth);
    expire(now);
  }

  function expire(now: number): void {
    while (granted[0] !== undefined && now - (granted[0].grantedAt ?? now) > CLAIM_MS) {
      const place = granted.shift();
      if (place !== undefined && places.get(place.slot) === place) places.delete(place.slot);
    }
  }

  function ahead(place: Place): number {
    let count = 0;
    for (const [priority, line] of lines) {
      if (priority > place.priority) count += line.places.length - line.head;
      if (priority === place.priority) count += Math.max(0, place.sequence - line.offset - line.head);
    }
    return count;
  }

  function wait(place: Place, rate: number, depth: number): number {
    return Math.max(1, Math.ceil(((ahead(place) + needed(place.priority, depth) - tokens) / rate) * 1000));
  }

  return {
    reserve(rate, priority, slot) {
      const depth = Math.max(1, rate);
      pump(rate, depth);
      const known = places.get(slot);
      if (known !== undefined && known.grantedAt === undefined && known.priority >= priority) {
        return wait(known, rate, depth);
      }
      if (known?.grantedAt !== undefined) {
        places.delete(slot);
        return 0;
      }
      if ((highest() ?? Number.NEGATIVE_INFINITY) < priority && tokens >= needed(priority, depth)) {
        tokens -= 1;
        return 0;
      }
      // A raised priority leaves its old place empty; it is granted and expires unclaimed.
      const line = lines.get(priority) ?? { places: [], head: 0, offset: 0 };
      const place: Place = { slot, priority, sequence: line.offset + line.places.length, grantedAt: undefined };
      lines.set(priority, line);
      line.places.push(place);
      places.set(slot, place);
      return wait(place, rate, depth);
    },
    drain() {
      tokens = Math.min(tokens, 0);
    },
  };
}
