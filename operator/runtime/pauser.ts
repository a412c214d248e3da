import { setImmediate } from 'node:timers/promises';

/** Lets other work run between the steps of a long one, and notices an abort. */
export interface Pauser {
  isDue(): boolean;
  isAborted(): boolean;
  /** One turn of the event loop; throws the reason of an abort. */
  pause(): Promise<void>;
}

/** Long enough that pausing costs nothing, short enough that probes and timers are not held up. */
const SLICE_MS = 10;

export function createPauser(signal: AbortSignal | undefined): Pauser {
  let since = performance.now();
  return {
    isDue: () => performance.now() - since > SLICE_MS,
    isAborted: () => signal?.aborted === true,
    pause: async () => {
      signal?.throwIfAborted();
      await setImmediate();
      since = performance.now();
    },
  };
}
