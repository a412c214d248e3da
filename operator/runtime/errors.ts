import type { BackoffName } from './backoff.ts';
import { redactText } from './log/redact.ts';
import { StoreError } from './store.ts';

/**
 * How a reconcile can fail. The kind alone decides condition, event, metric and requeue, in one place
 * (`controller.ts`); nothing else looks at messages. One table per outside system maps its errors to these.
 *
 * terminal   a person must change something: shown as Stalled, not retried until the object changes
 * waiting    a dependency is not there yet: no error metric, retried after `delayMs` or when it appears
 * conflict   somebody else wrote first: requeued silently
 * throttled  the other side asks for less: requeued after `delayMs`
 * transient  anything else: requeued with backoff
 */
export type ErrorKind = 'terminal' | 'waiting' | 'conflict' | 'throttled' | 'transient';

export interface ReconcileErrorOptions {
  /** PascalCase; becomes the reason of condition and event. */
  readonly reason: string;
  /** For the person on call: what failed, on which object, what happens next, what they can do. Never a secret. */
  readonly message: string;
  readonly delayMs?: number;
  readonly cause?: unknown;
  /** Of `transient` only: whose patience decides the wait. Default `aws` (1 s to 15 min); `kube` is 5 ms to 30 s. */
  readonly backoff?: BackoffName;
}

export class ReconcileError extends Error {
  readonly kind: ErrorKind;
  readonly reason: string;
  readonly delayMs: number | undefined;
  readonly backoff: BackoffName;

  constructor(kind: ErrorKind, options: ReconcileErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ReconcileError';
    this.kind = kind;
    this.reason = options.reason;
    this.delayMs = options.delayMs;
    this.backoff = options.backoff ?? 'aws';
  }
}

export const terminal = (reason: string, message: string, cause?: unknown): ReconcileError =>
  new ReconcileError('terminal', { reason, message, cause });

export const waiting = (reason: string, message: string, delayMs?: number): ReconcileError =>
  new ReconcileError('waiting', delayMs === undefined ? { reason, message } : { reason, message, delayMs });

export const conflict = (reason: string, message: string, cause?: unknown): ReconcileError =>
  new ReconcileError('conflict', { reason, message, cause });

export const throttled = (message: string, delayMs: number, cause?: unknown): ReconcileError =>
  new ReconcileError('throttled', { reason: 'Throttled', message, delayMs, cause });

export const transient = (reason: string, message: string, cause?: unknown): ReconcileError =>
  new ReconcileError('transient', { reason, message, cause });

/**
 * Whatever was thrown, as a ReconcileError. Unknown things are transient and keep their cause; their messages were not
 * written for conditions, so secrets are taken out here.
 */
export function toReconcileError(thrown: unknown): ReconcileError {
  if (thrown instanceof ReconcileError) return thrown;
  if (thrown instanceof StoreError) return fromStoreError(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return transient('InternalError', redactText(message), thrown);
}

/** The one table from the store's codes to what the controller does about them. */
function fromStoreError(error: StoreError): ReconcileError {
  const kube = (reason: string) =>
    new ReconcileError('transient', { reason, message: error.message, cause: error, backoff: 'kube' });
  switch (error.code) {
    // Gone in between is the same news as changed in between: look again.
    case 'conflict':
    case 'notFound':
      return conflict('StoreConflict', error.message, error);
    case 'invalid':
      return terminal('StoreRefused', error.message, error);
    case 'throttled':
      return throttled(error.message, error.retryAfterMs ?? 1_000, error);
    case 'gone':
    case 'unavailable':
      return kube('StoreUnavailable');
    case 'full':
      return transient('StoreFull', error.message, error);
    case 'unauthorized':
    case 'forbidden':
      return transient('StoreForbidden', error.message, error);
    default:
      return error.code satisfies never;
  }
}

/**
 * True for what only a mistake in this program throws. A TypeError with a cause is fetch's way of saying that the network
 * failed, and is none.
 */
export function isProgrammingError(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return true;
  if (thrown instanceof TypeError) return thrown.cause === undefined;
  return thrown instanceof ReferenceError || thrown instanceof RangeError;
}
