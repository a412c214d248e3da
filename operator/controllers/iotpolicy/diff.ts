import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { canonicalText } from '../../drift/document.ts';
import type { Change, DriftClass } from '../../drift/types.ts';
import { causeOf } from '../external/cause.ts';
import type { DiffInput } from '../external/types.ts';
import type { DesiredPolicy } from './desired.ts';
import type { ObservedPolicy } from './observe.ts';
import { driftOf } from './own-silence.ts';
import { type PolicyStep, planAllAtOnce } from './plan.ts';
import { isHeldBack, needsRollout, waitsForAws } from './rollout.ts';

export type PolicyAction =
  | { readonly kind: 'document'; readonly steps: readonly PolicyStep[] }
  | { readonly kind: 'mark' };

export function diffPolicy({
  object,
  desired,
  observed,
  settled,
  mark,
}: DiffInput<IoTPolicy, DesiredPolicy, ObservedPolicy | undefined>): readonly Change<PolicyAction>[] {
  const steps = planAllAtOnce({ document: desired.document, versions: observed?.versions });
  const action = { kind: 'document', steps } as const;
  if (observed === undefined) {
    const known = object.status?.arn !== undefined;
    return [{ field: 'policy', class: 'missing', cause: known && settled ? 'drift' : 'spec', action }];
  }
  const changes: Change<PolicyAction>[] = [];
  const drift = driftOf({ object, desired, observed });
  const question = { object, desired, observed, settled };
  if (drift !== 'same' && !needsRollout(question) && !waitsForAws(question)) {
    const want = summary(desired.document);
    changes.push({
      field: 'document',
      class: drift satisfies DriftClass,
      cause: isHeldBack(desired.stance) ? 'drift' : causeOf(object, settled, 'document', want),
      want,
      got: `version ${observed.defaultVersionId}: ${summary(observed.document)}`,
      action,
    });
  }
  if (observed.mark !== mark) {
    changes.push({ field: 'tags[fleetward.dev/owner]', class: 'changed', cause: 'spec', action: { kind: 'mark' } });
  }
  return changes;
}

/** Short, but telling two documents apart: people see it, and it names the wanted document in status. */
function summary(document: string): string {
  const text = canonicalText(document) ?? document;
  return text.replace(/^\{"Version":"[^"]*","Statement":/, '').slice(0, 240);
}
