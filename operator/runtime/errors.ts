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
}

export class ReconcileError extends Error {
  readonly kind: ErrorKind;
  readonly reason: string;
  readonly delayMs: number | undefined;

  constructor(kind: ErrorKind, options: ReconcileErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ReconcileError';
    this.kind = kind;
    this.reason = options.reason;
    this.delayMs = options.delayMs;
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

/** Whatever was thrown, as a ReconcileError; unknown things are transient and keep their cause. */
export function toReconcileError(thrown: unknown): ReconcileError {
  if (thrown instanceof ReconcileError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return transient('InternalError', message, thrown);
}
