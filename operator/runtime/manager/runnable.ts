/**
 * Something with a life of its own. `run` lasts as long as it lives: it must end soon after `stop` aborts, finishing what
 * it has in hand, and at once when `kill` aborts. Ending earlier, or rejecting, takes the whole process down.
 */
export interface Runnable {
  readonly name: string;
  run(stop: AbortSignal, kill: AbortSignal): Promise<void>;
  /** Resolves once others may rely on it: listening, synced. Absent means at once. */
  whenReady?(): Promise<void>;
}
