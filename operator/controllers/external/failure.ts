import { hasReason } from '../../aws/classify.ts';
import { verdictOf } from '../../runtime/controller/verdict.ts';
import { toReconcileError, waiting } from '../../runtime/errors.ts';
import { conditionsAfter } from './progress.ts';
import { saveStatus } from './scope.ts';
import type { ExternalDeps, ExternalObject, StatusOf } from './types.ts';

/** A young object's first wait is not worth a status write: what it waits for is usually being made. */
const YOUNG_MS = 10_000;
const FIRST_WAITS = ['ReferenceNotFound', 'ReferenceNotReady', 'AccountNotFound', 'AccountNotReady'];

/** A young object that waits for another is not worth a status write yet; it looks again before people wonder. */
export function isEarly(now: number, object: ExternalObject, thrown: unknown): boolean {
  if (object.status?.conditions !== undefined || !hasReason(thrown, ...FIRST_WAITS)) return false;
  return now - Date.parse(object.metadata.creationTimestamp ?? '') < YOUNG_MS;
}

export function soon(thrown: unknown): unknown {
  const { reason, message } = toReconcileError(thrown);
  return waiting(reason, message, YOUNG_MS);
}

/** What a person is told of it; undefined of what nobody has to know, such as a wait for the budget of calls. */
export function whyFailed(thrown: unknown): string | undefined {
  const { progress } = verdictOf(toReconcileError(thrown));
  return progress === undefined || hasReason(thrown, 'Cancelled') ? undefined : progress.message;
}

/** Puts the failure into the conditions; everything else in the status stays as it was. Answers the object with it. */
export async function showFailure<O extends ExternalObject>(
  deps: ExternalDeps,
  object: O,
  thrown: unknown,
): Promise<O> {
  const error = toReconcileError(thrown);
  const { progress } = verdictOf(error);
  if (progress === undefined || hasReason(error, 'Cancelled')) return object;
  const status = {
    ...object.status,
    ...(object.metadata.generation === undefined ? {} : { observedGeneration: object.metadata.generation }),
    conditions: conditionsAfter({ object, now: deps.clock.now(), progress, applied: false, held: object.status?.held }),
  } as StatusOf<O>;
  return saveStatus(deps, object, status);
}
