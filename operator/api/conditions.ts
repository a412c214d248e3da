import type { Condition, ConditionStatus } from './meta.ts';

/**
 * Conditions as kstatus reads them, so that `kubectl wait`, Flux and Argo CD understand our objects without being told:
 * `Ready` always stands; `Reconciling` and `Stalled` stand only while true, and never both.
 */

export const READY = 'Ready';
export const RECONCILING = 'Reconciling';
export const STALLED = 'Stalled';

/** Conditions of ours that are bad news when true, and absent otherwise. */
const ABNORMAL = new Set([RECONCILING, STALLED]);

/** Bytes of UTF-8 in a message: etcd holds one per condition and device. */
const MAX_MESSAGE_BYTES = 1024;

export interface ConditionInput {
  readonly type: string;
  readonly status: ConditionStatus;
  /** PascalCase; the event that announces it carries the same reason. */
  readonly reason: string;
  readonly message: string;
}

export interface ConditionScope {
  /** `metadata.generation` of the object that was looked at. */
  readonly generation: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function getCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** True only when the condition stands with status True; absent and Unknown are false. */
export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return getCondition(conditions, type)?.status === 'True';
}

/**
 * Ready for exactly this generation. A Ready of an older generation says nothing about the present spec.
 */
export function isReady(object: {
  readonly metadata: { readonly generation?: number };
  readonly status?: unknown;
}): boolean {
  const { conditions, observedGeneration } = statusOf(object);
  const generation = object.metadata.generation;
  return isTrue(conditions, READY) && (generation === undefined || observedGeneration === generation);
}

/** The two fields every status of ours has, read from an object of any kind. */
export function statusOf(object: { readonly status?: unknown }): {
  readonly conditions: readonly Condition[] | undefined;
  readonly observedGeneration: number | undefined;
} {
  const status = object.status;
  if (typeof status !== 'object' || status === null) return { conditions: undefined, observedGeneration: undefined };
  const { conditions, observedGeneration } = status as Record<string, unknown>;
  return {
    conditions: Array.isArray(conditions) ? (conditions as readonly Condition[]) : undefined,
    observedGeneration: typeof observedGeneration === 'number' ? observedGeneration : undefined,
  };
}

/**
 * The list with this condition in it. `lastTransitionTime` moves only when the status changes. Answers the same array
 * when nothing changed, so that an unchanged status costs no write.
 */
export function setCondition(
  conditions: readonly Condition[],
  input: ConditionInput,
  scope: ConditionScope,
): readonly Condition[] {
  const old = getCondition(conditions, input.type);
  const message = boundedMessage(input.message);
  if (
    old &&
    old.status === input.status &&
    old.reason === input.reason &&
    old.message === message &&
    old.observedGeneration === scope.generation
  ) {
    return conditions;
  }
  const fresh: Condition = {
    type: input.type,
    status: input.status,
    reason: input.reason,
    message,
    lastTransitionTime: old && old.status === input.status ? old.lastTransitionTime : conditionTime(scope.now),
    ...(scope.generation === undefined ? {} : { observedGeneration: scope.generation }),
  };
  return old ? conditions.map((c) => (c === old ? fresh : c)) : inOrder([...conditions, fresh]);
}

/** The list without that condition; the same array when it was not there. */
export function removeCondition(conditions: readonly Condition[], type: string): readonly Condition[] {
  return conditions.some((condition) => condition.type === type)
    ? conditions.filter((condition) => condition.type !== type)
    : conditions;
}

/** Where an object stands, in kstatus' three words. */
export type Progress =
  /** The desired state is there. */
  | { readonly kind: 'ready'; readonly reason?: string; readonly message: string }
  /** Being worked on, or waiting for something that comes by itself. */
  | { readonly kind: 'reconciling'; readonly reason: string; readonly message: string }
  /** Nothing happens until a person changes something. */
  | { readonly kind: 'stalled'; readonly reason: string; readonly message: string };

/** Sets Ready, Reconciling and Stalled together so that they can never contradict each other. */
export function setProgress(
  conditions: readonly Condition[],
  progress: Progress,
  scope: ConditionScope,
): readonly Condition[] {
  const reason = progress.reason ?? 'Succeeded';
  const { message } = progress;
  switch (progress.kind) {
    case 'ready': {
      const cleared = removeCondition(removeCondition(conditions, RECONCILING), STALLED);
      return setCondition(cleared, { type: READY, status: 'True', reason, message }, scope);
    }
    case 'reconciling':
    case 'stalled': {
      const [shown, hidden] = progress.kind === 'stalled' ? [STALLED, RECONCILING] : [RECONCILING, STALLED];
      const unready = setCondition(conditions, { type: READY, status: 'False', reason, message }, scope);
      const abnormal = setCondition(unready, { type: shown, status: 'True', reason, message }, scope);
      return removeCondition(abnormal, hidden);
    }
    default:
      return progress satisfies never;
  }
}

/** Reads the three back: what a table, a wait loop or an exit code goes by. */
export function progressOf(object: {
  readonly metadata: { readonly generation?: number };
  readonly status?: unknown;
}): Progress {
  const { conditions, observedGeneration } = statusOf(object);
  const stalled = getCondition(conditions, STALLED);
  const generation = object.metadata.generation;
  if (generation !== undefined && observedGeneration !== undefined && observedGeneration < generation) {
    return {
      kind: 'reconciling',
      reason: 'NewGeneration',
      message: 'The latest change of spec has not been looked at yet',
    };
  }
  if (stalled?.status === 'True') return { kind: 'stalled', reason: stalled.reason, message: stalled.message };
  const ready = getCondition(conditions, READY);
  if (ready?.status === 'True') return { kind: 'ready', reason: ready.reason, message: ready.message };
  const why = getCondition(conditions, RECONCILING) ?? ready;
  return why
    ? { kind: 'reconciling', reason: why.reason, message: why.message }
    : { kind: 'reconciling', reason: 'NotYetSeen', message: 'No controller has looked at this object yet' };
}

/** RFC 3339 in whole seconds, as metav1.Time travels. */
export function conditionTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Cut to 1 KiB of UTF-8 without splitting a character. */
export function boundedMessage(message: string, limit = MAX_MESSAGE_BYTES): string {
  // Three bytes a UTF-16 unit is the most UTF-8 needs: shorter texts need no counting.
  if (message.length * 3 <= limit) return message;
  const bytes = new TextEncoder().encode(message);
  if (bytes.length <= limit) return message;
  let end = limit - 3;
  // Continuation bytes start with the bits 10: step back to the start of the character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${new TextDecoder().decode(bytes.subarray(0, end))}…`;
}

/** kstatus' own first, then ours by name: a stable order keeps status writes and diffs quiet. */
function inOrder(conditions: readonly Condition[]): readonly Condition[] {
  const rank = (type: string) => (type === READY ? 0 : ABNORMAL.has(type) ? 1 : 2);
  return [...conditions].sort(
    (a, b) => rank(a.type) - rank(b.type) || (a.type < b.type ? -1 : a.type > b.type ? 1 : 0),
  );
}
