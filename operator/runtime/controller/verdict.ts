import type { Progress } from '../../api/conditions.ts';
import type { BackoffName } from '../backoff.ts';
import { isProgrammingError, type ReconcileError } from '../errors.ts';
import type { LogLevel } from '../log.ts';
import type { ReconcileResult } from '../metrics/controller.ts';

/** What becomes of a failed reconcile: the one place where a kind of error turns into acts. */
export interface Verdict {
  readonly result: ReconcileResult;
  /** Which error counter rises besides `result`. */
  readonly counted: 'transient' | 'terminal' | undefined;
  /** What the object's conditions should say; undefined leaves them as they are. */
  readonly progress: Progress | undefined;
  /** Whether a Warning event with the error's reason and message is sent. */
  readonly event: boolean;
  readonly requeue:
    | { readonly kind: 'never' }
    | { readonly kind: 'after'; readonly ms: number }
    | { readonly kind: 'backoff'; readonly name: BackoffName };
  readonly level: LogLevel;
  readonly summary: string;
}

/** When a dependency appears, its change wakes the waiting object at once; this is only the safety net. */
const DEFAULT_WAIT_MS = 60_000;

export function verdictOf(error: ReconcileError): Verdict {
  const { reason, message, delayMs } = error;
  switch (error.kind) {
    case 'terminal':
      return {
        result: 'error',
        counted: 'terminal',
        progress: { kind: 'stalled', reason, message },
        event: true,
        requeue: { kind: 'never' },
        level: 'warn',
        summary: 'Stopping until the object changes',
      };
    case 'waiting':
      return {
        result: 'requeue_after',
        counted: undefined,
        progress: { kind: 'reconciling', reason, message },
        event: false,
        requeue: { kind: 'after', ms: delayMs ?? DEFAULT_WAIT_MS },
        level: 'debug',
        summary: 'Waiting for a dependency',
      };
    case 'conflict':
      return {
        result: 'requeue',
        counted: undefined,
        progress: undefined,
        event: false,
        requeue: { kind: 'backoff', name: 'kube' },
        level: 'debug',
        summary: 'Looking again after a conflicting write',
      };
    case 'throttled':
      return {
        result: 'requeue_after',
        counted: undefined,
        // A status write for each held-back device would add load to the very moment that lacks capacity.
        progress: undefined,
        event: false,
        requeue: { kind: 'after', ms: delayMs ?? 1_000 },
        level: 'debug',
        summary: 'Slowing down as the other side asks',
      };
    case 'transient':
      return {
        result: 'error',
        counted: 'transient',
        progress: { kind: 'reconciling', reason, message },
        event: true,
        requeue: { kind: 'backoff', name: error.backoff },
        level: isPanic(error) ? 'error' : 'warn',
        summary: isPanic(error) ? 'Retrying after a programming error' : 'Retrying after an error',
      };
    default:
      return error.kind satisfies never;
  }
}

/** An unknown throw that only a mistake in this program explains. */
export function isPanic(error: ReconcileError): boolean {
  return error.kind === 'transient' && error.reason === 'InternalError' && isProgrammingError(error.cause);
}
