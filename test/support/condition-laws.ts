import { READY, RECONCILING, STALLED, statusOf } from '../../operator/api/conditions.ts';
import type { Condition, KubeObject } from '../../operator/api/meta.ts';

/**
 * What must hold for the conditions of every object of ours at every moment, whoever wrote them. Tests call
 * `assertConditionLaws` on each object they see; the laws are kstatus' and the limits of our own status.
 */
export function conditionLawViolations(object: KubeObject): readonly string[] {
  const { conditions, observedGeneration } = statusOf(object);
  // An object that no controller has looked at yet owes nothing.
  if (conditions === undefined || conditions.length === 0) return [];
  const found: string[] = [];
  const law = (holds: boolean, violated: string) => {
    if (!holds) found.push(violated);
  };
  const types = conditions.map((condition) => condition.type);
  law(new Set(types).size === types.length, `condition types repeat: ${types.join(', ')}`);
  for (const condition of conditions) found.push(...shapeViolations(condition));
  progressLaws(conditions, law);
  generationLaws(object, conditions, observedGeneration, law);
  return found;
}

/** Throws with every violated law of every object, and with the object at fault. */
export function assertConditionLaws(...objects: readonly KubeObject[]): void {
  const problems = objects.flatMap((object) =>
    conditionLawViolations(object).map(
      (violation) => `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}: ${violation}`,
    ),
  );
  if (problems.length > 0) throw new Error(`Conditions break their laws:\n- ${problems.join('\n- ')}`);
}

type Law = (holds: boolean, violated: string) => void;

function shapeViolations(condition: Condition): readonly string[] {
  const found: string[] = [];
  const { type, status, reason, message, lastTransitionTime } = condition;
  const law: Law = (holds, violated) => {
    if (!holds) found.push(`${type}: ${violated}`);
  };
  law(/^[A-Z][A-Za-z0-9]{0,62}$/.test(type), 'the type is not in PascalCase');
  law(status === 'True' || status === 'False' || status === 'Unknown', `status ${JSON.stringify(status)} is none`);
  law(/^[A-Z][A-Za-z0-9]{0,127}$/.test(reason), `reason ${JSON.stringify(reason)} is not in PascalCase`);
  law(typeof message === 'string', 'there is no message');
  law(Buffer.byteLength(message ?? '') <= 1024, 'the message is longer than 1 KiB');
  law(status === 'True' || (message ?? '') !== '', 'bad news without a message helps nobody');
  law(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(lastTransitionTime) && !Number.isNaN(Date.parse(lastTransitionTime)),
    `lastTransitionTime ${JSON.stringify(lastTransitionTime)} is no RFC 3339 time in UTC and whole seconds`,
  );
  law(!/PRIVATE KEY-----|AWS4-HMAC|SecretAccessKey/i.test(message ?? ''), 'the message holds a secret');
  return found;
}

function progressLaws(conditions: readonly Condition[], law: Law): void {
  const get = (type: string) => conditions.find((condition) => condition.type === type);
  const ready = get(READY);
  const reconciling = get(RECONCILING);
  const stalled = get(STALLED);
  law(ready !== undefined, 'there are conditions, but no Ready');
  for (const abnormal of [reconciling, stalled]) {
    law(abnormal === undefined || abnormal.status === 'True', `${abnormal?.type} stands although it is not true`);
  }
  law(!(reconciling && stalled), 'Reconciling and Stalled stand together: either it goes on by itself or it does not');
  if (!ready) return;
  if (ready.status === 'True') law(!reconciling && !stalled, 'Ready is true beside Reconciling or Stalled');
  else {
    law(
      Boolean(reconciling) || Boolean(stalled),
      'Ready is not true, and neither Reconciling nor Stalled tells which way',
    );
    const why = stalled ?? reconciling;
    law(!why || why.reason === ready.reason, `Ready says ${ready.reason} but ${why?.type} says ${why?.reason}`);
  }
}

function generationLaws(
  object: KubeObject,
  conditions: readonly Condition[],
  observed: number | undefined,
  law: Law,
): void {
  const { generation } = object.metadata;
  if (generation === undefined) return;
  law(observed !== undefined, 'status has conditions but no observedGeneration');
  law((observed ?? 0) <= generation, `observedGeneration ${observed} is ahead of generation ${generation}`);
  for (const { type, observedGeneration } of conditions) {
    law(observedGeneration !== undefined, `${type}: there is no observedGeneration`);
    law((observedGeneration ?? 0) <= generation, `${type}: observedGeneration is ahead of the object's generation`);
  }
  const ready = conditions.find((condition) => condition.type === READY);
  law(
    ready?.status !== 'True' || ready.observedGeneration === observed,
    `Ready is true for generation ${ready?.observedGeneration}, but status is of generation ${observed}`,
  );
}
