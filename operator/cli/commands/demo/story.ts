import type { DriftNotice } from '../../../controllers/external/types.ts';
import { sleep, systemClock } from '../../../runtime/clock.ts';
import { CommandError, Exit } from '../../exit.ts';
import type { Stage } from './stage.ts';
import type { View } from './view.ts';

const POLL_MS = 200;
/** Each part of the story takes seconds; a part that takes longer has failed. */
const PATIENCE_MS = 45_000;

/** What every part of the demo works with. */
export interface Story {
  readonly stage: Stage;
  readonly view: View;
  readonly notices: DriftNotice[];
  readonly signal: AbortSignal;
}

/** Polls until `done`, or tells what is not as it should be. */
export async function until(
  stage: Stage,
  signal: AbortSignal,
  what: string,
  done: () => Promise<boolean>,
): Promise<void> {
  const end = systemClock.monotonic() + PATIENCE_MS;
  const failed = stage.running.then(
    () => {
      throw new CommandError('The demo was stopped');
    },
    (error: unknown) => {
      throw new CommandError(`The operator ended: ${String(error)}`);
    },
  );
  failed.catch(() => undefined);
  while (!(await Promise.race([done(), failed]))) {
    if (signal.aborted) throw new CommandError('The demo was stopped');
    if (systemClock.monotonic() > end) throw new CommandError(lateMessage(stage, what), Exit.timeout);
    await Promise.race([sleep(systemClock, POLL_MS), failed]);
  }
}

function lateMessage({ standalone }: Stage, what: string): string {
  const lines = [...standalone.operator.readiness.notReady()]
    .slice(0, 10)
    .map(({ object, progress }) => `  ${object.kind} ${object.metadata.name}: ${progress.message}`);
  return [`Waiting for ${what} took longer than ${PATIENCE_MS / 1000} s.`, ...lines].join('\n');
}
