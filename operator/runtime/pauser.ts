import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Lets other work run between the steps of a long one, and notices an abort. */
export interface Pauser {
  isDue(): boolean;
  isAborted(): boolean;
  /** One turn of the event loop; throws the reason of an abort. */
  pause(): Promise<void>;
}

/** Long enough that pausing costs nothing, short enough that probes and timers are not held up. */
const SLICE_MS = 10;

export function createPauser(clock: Clock, signal: AbortSignal | undefined): Pauser {
  let since = clock.monotonic();
  return {
    isDue: () => clock.monotonic() - since > SLICE_MS,
    isAborted: () => signal?.aborted === true,
    pause: async () => {
      signal?.throwIfAborted();
      await setImmediate();
      since = clock.monotonic();
    },
  };
}
