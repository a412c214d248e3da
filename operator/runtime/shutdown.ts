import type { Logger } from './log.ts';

/** The part of `process` that is needed; passed in so that tests send signals to nobody. */
export interface ProcessLike {
  on(event: string, handler: (value: unknown) => void): unknown;
  off(event: string, handler: (value: unknown) => void): unknown;
  exit(code: number): void;
}

export interface Shutdown {
  /** Aborts on the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  /** Takes the handlers off again. */
  dispose(): void;
}

/** Exit status of a process that a signal ended, as shells give it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Exit status after an error that nobody handled. */
export const EXIT_CRASH = 70;

/**
 * The first signal asks for an orderly stop, the second ends the process at once. An unhandled rejection or exception
 * leaves the program in a state that nobody thought of: it is logged and the process ends, for its supervisor to restart.
 */
export function handleSignals(process: ProcessLike, log: Logger): Shutdown {
  const controller = new AbortController();
  const onSignal = (name: keyof typeof SIGNALS) => () => {
    if (controller.signal.aborted) {
      log.warn('Ending at once: a second signal came', { signal: name });
      process.exit(SIGNALS[name]);
      return;
    }
    log.info('Stopping: send the signal again to end at once', { signal: name });
    controller.abort(new Error(`stopped by ${name}`));
  };
  const onCrash = (what: string) => (error: unknown) => {
    log.error(`Ending after an ${what}`, { err: error instanceof Error ? error : new Error(String(error)) });
    process.exit(EXIT_CRASH);
  };
  const handlers: readonly [string, (value: unknown) => void][] = [
    ['SIGINT', onSignal('SIGINT')],
    ['SIGTERM', onSignal('SIGTERM')],
    ['unhandledRejection', onCrash('unhandled rejection')],
    ['uncaughtException', onCrash('uncaught exception')],
  ];
  for (const [event, handler] of handlers) process.on(event, handler);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const [event, handler] of handlers) process.off(event, handler);
    },
  };
}
