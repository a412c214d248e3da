import type { AcceleratedClock } from '../../../runtime/accelerated-clock.ts';

/** How fast time passes while nobody works. At 60 the five minutes between two looks at Git are five seconds. */
export const UNHURRIED = 60;
/** AWS takes minutes to apply a policy, and a rollout waits for that several times for each asset: ten minutes in one second. */
export const HURRIED = 600;

const LOOK_MS = 10;

export interface FastForward {
  /** From now on. */
  pace(rate: number): void;
  stop(): void;
}

/**
 * Lets time run while nothing is being done, and takes it back to normal while something is: work takes as long as it
 * takes, so that no deadline passes only because the machine is slow.
 */
export function fastForward(clock: AcceleratedClock, idle: () => boolean): FastForward {
  let wanted = UNHURRIED;
  const look = setInterval(() => {
    clock.rate = idle() ? wanted : 1;
  }, LOOK_MS);
  return {
    pace(rate) {
      wanted = rate;
    },
    stop: () => clearInterval(look),
  };
}
