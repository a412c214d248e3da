import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { type DocumentDrift, documentDrift, isBlank } from '../../drift/document.ts';
import { isSettled } from '../external/progress.ts';
import type { DesiredPolicy } from './desired.ts';
import { documentHash } from './hash.ts';
import type { ObservedPolicy } from './observe.ts';

export interface DriftQuestion {
  readonly object: IoTPolicy;
  readonly desired: DesiredPolicy;
  readonly observed: ObservedPolicy;
}

/**
 * How the document in force differs from the wanted one. One that allows nothing is a security act, unless it was asked for: a
 * policy of Denies alone, whose spec now allows something.
 */
export function driftOf({ object, desired, observed }: DriftQuestion): DocumentDrift {
  const drift = documentDrift(desired.document, observed.document, desired.place);
  return drift === 'mitigation' && wasAskedFor(object, observed) ? 'changed' : drift;
}

/**
 * The last pass found this very version with this very text, and no difference from what was wanted then; or it asked the same
 * as now, with this answer. Whatever somebody has put there since is another version, and where no status tells, it may be an act.
 */
function wasAskedFor(object: IoTPolicy, { defaultVersionId, document }: ObservedPolicy): boolean {
  const { status, spec } = object;
  if (status === undefined || status.held !== undefined || isSettled(object)) return false;
  if (isBlank(document)) return false;
  if (spec.managementPolicy !== 'Manage' || spec.driftPolicy === 'Ignore') return false;
  const untouched = status.defaultVersionId === defaultVersionId && status.documentHash === documentHash(document);
  const differed = status.drift?.fields?.some(({ field }) => field === 'document') === true;
  const { pendingChange } = status;
  return (
    untouched && !differed && (pendingChange === undefined || pendingChange.digest === documentHash(spec.document))
  );
}
