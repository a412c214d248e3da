import { conditionTime, type Progress, removeCondition, setCondition, setProgress } from '../../api/conditions.ts';
import type { Condition } from '../../api/meta.ts';
import type { Decision } from '../../drift/decide.ts';
import { restoreId } from '../../drift/decide.ts';
import type { Fight } from '../../drift/fights.ts';
import { driftText } from '../../drift/status.ts';
import { parseVerbValue, VERB_PREFIX } from '../../rollout/verbs.ts';
import type { ExternalObject } from './types.ts';

/** True once this generation was applied in full; tells changes of the spec from changes in AWS. */
const APPLIED = 'Applied';
export const SUSPENDED = 'Suspended';
export const FIGHTING = 'Fighting';
/** Names acts of others that a person wants set back: `fleetward.dev/restore: 1a2b3c4d`. */
const RESTORE_ANNOTATION = 'fleetward.dev/restore';
/** The same by a verb, which says who: `<token>@1a2b3c4d by <user>`. */
const ACKNOWLEDGE_ANNOTATION = `${VERB_PREFIX}acknowledge`;
export const REQUESTED_AT = 'reconcile.fleetward.dev/requestedAt';

export interface ProgressQuestion {
  readonly object: ExternalObject;
  readonly name: string;
  readonly noun: string;
  readonly decision: Decision<unknown>;
  /** Somebody sets back what we set back. */
  readonly fight?: Fight | undefined;
  /** `since` as it will stand in the status that is written now. */
  readonly since: string;
}

export function progressOfDecision(question: ProgressQuestion): Progress {
  const { object, name, noun, decision } = question;
  const what = `${noun} ${name}`;
  const { show, held } = decision;
  const text = driftText(show);
  if (held !== undefined) {
    return {
      kind: 'stalled',
      reason: 'Held',
      message: `A security act holds ${what}: ${driftText([held])}. Nothing is changed until a person acknowledges it: ${command(question, held)}`,
    };
  }
  const ours = show.filter((change) => change.class !== 'foreign');
  if (ours.length === 0) {
    const foreign = show.length === 0 ? '' : ` Not ours, left alone: ${text}.`;
    return { kind: 'ready', reason: 'Succeeded', message: `${capital(what)} matches the spec.${foreign}` };
  }
  if (object.spec.managementPolicy !== 'Manage') {
    return {
      kind: 'stalled',
      reason: 'Drifted',
      message: `${capital(what)} is only observed and differs: ${text}. Nothing is written under managementPolicy ${object.spec.managementPolicy}.`,
    };
  }
  if (question.fight !== undefined) {
    const { field, corrections, pausedUntil } = question.fight;
    return {
      kind: 'reconciling',
      reason: FIGHTING,
      message: `Somebody sets back ${field} of ${what} each time it is put right (${corrections} times so far): ${text}. It is put right again at ${conditionTime(pausedUntil)}; until then only what widens access is. Find the other writer (CloudTrail names it) and stop it, or set driftPolicy to Report.`,
    };
  }
  const narrowed = ours.find((change) => change.class === 'narrowed');
  if (narrowed !== undefined && object.spec.driftPolicy === 'Correct') {
    return {
      kind: 'stalled',
      reason: 'Narrowed',
      message: `Somebody took rights from ${what}: ${text}. It is not given back by itself, because it may contain an incident. To give it back: ${command(question, narrowed)}`,
    };
  }
  return {
    kind: 'stalled',
    reason: 'Drifted',
    message: `${capital(what)} differs from the spec: ${text}. It is left so under driftPolicy ${object.spec.driftPolicy}.`,
  };
}

function command({ object, since }: ProgressQuestion, change: Decision<unknown>['show'][number]): string {
  const { name, namespace } = object.metadata;
  const scope = namespace === undefined ? '' : ` -n ${namespace}`;
  return `kubectl annotate --overwrite${scope} ${object.kind.toLowerCase()} ${name} ${RESTORE_ANNOTATION}=${restoreId(change, since)}`;
}

export function restoreRequests(object: ExternalObject): ReadonlySet<string> {
  const { annotations = {} } = object.metadata;
  const acknowledged = parseVerbValue(annotations[ACKNOWLEDGE_ANNOTATION] ?? '')?.subject ?? '';
  return new Set(
    `${annotations[RESTORE_ANNOTATION] ?? ''},${acknowledged}`
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
  );
}

export interface ConditionChange {
  readonly object: ExternalObject;
  readonly now: number;
  readonly progress: Progress | undefined;
  /** True when the spec stands in AWS in full, or did and only others changed it. */
  readonly applied: boolean;
  /** The security act that holds the object, as its status tells it. */
  readonly held?: unknown;
}

const QUARANTINED = 'Quarantined';

/** Only on devices that a security act holds, or held before. */
function quarantine(conditions: readonly Condition[], { object, held, now }: ConditionChange): readonly Condition[] {
  const act = held as { readonly reason: string; readonly detail?: string } | undefined;
  const known = conditions.some(({ type }) => type === QUARANTINED);
  if (object.kind !== 'Device' || (act === undefined && !known)) return conditions;
  const scope = { generation: object.metadata.generation, now };
  const condition =
    act === undefined
      ? ({
          type: QUARANTINED,
          status: 'False',
          reason: 'Released',
          message: 'No security act holds the device',
        } as const)
      : ({ type: QUARANTINED, status: 'True', reason: act.reason, message: act.detail ?? act.reason } as const);
  return setCondition(conditions, condition, scope);
}

export function conditionsAfter(change: ConditionChange): readonly Condition[] {
  const { object, now, progress, applied } = change;
  const scope = { generation: object.metadata.generation, now };
  let conditions = quarantine(removeCondition(object.status?.conditions ?? [], SUSPENDED), change);
  if (progress !== undefined) conditions = setProgress(conditions, progress, scope);
  if (!applied) return conditions;
  return setCondition(
    conditions,
    { type: APPLIED, status: 'True', reason: 'Applied', message: 'This spec was applied to AWS in full' },
    scope,
  );
}

/** Whether this very spec was applied in full before. */
export function isSettled({ metadata, status }: ExternalObject): boolean {
  const applied = status?.conditions?.find((condition) => condition.type === APPLIED);
  return applied?.status === 'True' && applied.observedGeneration === metadata.generation;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
