import type { Change } from '../../operator/sandbox/state/changes.ts';

const MINUTE = 60_000;
/** Whatever is attached or detached stays so for a settle time. */
const SOON_MS = 3 * MINUTE;
const HOUR = 60 * MINUTE;
const MANY = 3;

/** Tells when two parts of the operator undo each other's work: what one has detached the other attaches, over and over. */
export class Quarrel {
  readonly #detachedAt = new Map<string, number>();
  readonly #undoneAt = new Map<string, number[]>();

  /** Whether the same attachment came back at once for the third time within an hour. */
  isOne(change: Extract<Change, { kind: 'policy-attachment' }>, now: number): boolean {
    const edge = `${change.policyName} ${change.target}`;
    if (!change.attached) {
      this.#detachedAt.set(edge, now);
      return false;
    }
    if (now - (this.#detachedAt.get(edge) ?? Number.NEGATIVE_INFINITY) > SOON_MS) return false;
    const undone = [...(this.#undoneAt.get(edge) ?? []).filter((at) => now - at < HOUR), now];
    this.#undoneAt.set(edge, undone);
    return undone.length >= MANY;
  }
}
