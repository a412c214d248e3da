import type { Change } from './types.ts';

/** Somebody who sets back what we set back. */
export interface Fight {
  readonly field: string;
  /** Our corrections of it within the window. */
  readonly corrections: number;
  /** Milliseconds since the epoch; no correction before that. */
  readonly pausedUntil: number;
}

/** Corrections of one field within this time that make a fight. */
const LIMIT = 4;
/** Sooner than this it is AWS that does not show our own write yet. */
const ROUND_MS = 30_000;
const WINDOW_MS = 60 * 60_000;
const PAUSE_MS = 10 * 60_000;
const LONGEST_PAUSE_MS = 6 * 60 * 60_000;

interface Correction {
  readonly times: readonly number[];
  /** Pauses that were kept so far: each is twice as long as the one before. */
  readonly pauses: number;
}

/**
 * Two writers who each put back what the other did would go on for ever, at the cost of both. After a few rounds ours
 * slows down and says so. What widens access is outside of this: taking that away is never paused.
 */
export class Fights {
  readonly #objects = new Map<string, Map<string, Correction>>();

  /** To be told of every correction that was made. */
  corrected(object: string, changes: readonly Change<unknown>[], now: number): void {
    const fields = this.#objects.get(object) ?? new Map<string, Correction>();
    for (const change of changes) {
      if (!counts(change)) continue;
      const known = fields.get(change.field);
      if (now - (known?.times.at(-1) ?? Number.NEGATIVE_INFINITY) < ROUND_MS) continue;
      const paused = known !== undefined && known.times.length >= LIMIT;
      // A fight outlives its window: the pauses themselves would empty it.
      const kept = paused ? known.times.slice(1) : (known?.times ?? []).filter((at) => at > now - WINDOW_MS);
      fields.set(change.field, { times: [...kept, now], pauses: (known?.pauses ?? 0) + (paused ? 1 : 0) });
    }
    if (fields.size > 0) this.#objects.set(object, fields);
  }

  /** The fight that pauses the correction of these changes; undefined when they may be made. */
  pausing(object: string, changes: readonly Change<unknown>[], now: number): Fight | undefined {
    const fields = this.#objects.get(object);
    if (fields === undefined) return undefined;
    for (const change of changes) {
      const known = counts(change) ? fields.get(change.field) : undefined;
      if (known === undefined || known.times.length < LIMIT) continue;
      const pause = Math.min(PAUSE_MS * 2 ** known.pauses, LONGEST_PAUSE_MS);
      const pausedUntil = (known.times.at(-1) ?? 0) + pause;
      if (pausedUntil > now) return { field: change.field, corrections: known.times.length, pausedUntil };
    }
    return undefined;
  }

  /** Nothing differs any more for longer than any pause, or the object is gone. */
  settle(object: string, now: number): void {
    const fields = this.#objects.get(object);
    if (fields === undefined) return;
    for (const [field, { times, pauses }] of fields) {
      const quiet = Math.max(WINDOW_MS, Math.min(PAUSE_MS * 2 ** pauses, LONGEST_PAUSE_MS) * 2);
      if ((times.at(-1) ?? 0) < now - quiet) fields.delete(field);
    }
    if (fields.size === 0) this.#objects.delete(object);
  }

  forget(object: string): void {
    this.#objects.delete(object);
  }
}

function counts({ cause, class: kind }: Change<unknown>): boolean {
  return cause === 'drift' && kind !== 'widened';
}
