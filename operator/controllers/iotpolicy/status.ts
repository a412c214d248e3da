import { createHash } from 'node:crypto';
import type { IoTPolicy, IoTPolicyStatus } from '../../api/iotpolicy.gen.ts';
import { allowsNothing, canonicalText } from '../../drift/document.ts';
import { declaredName } from './names.ts';
import type { ObservedPolicy } from './observe.ts';

export function policyStatus(object: IoTPolicy, observed: ObservedPolicy | undefined): Partial<IoTPolicyStatus> {
  if (observed === undefined) return { awsNames: object.status?.awsNames ?? [declaredName(object)] };
  const blank = allowsNothing(observed.document) && !allowsNothing(object.spec.document);
  return {
    arn: observed.arn,
    defaultVersionId: observed.defaultVersionId,
    documentHash: documentHash(observed.document),
    versions: observed.versions.length,
    targets: observed.targets,
    characters: observed.document.replace(/\s/g, '').length,
    awsNames: object.status?.awsNames ?? [declaredName(object)],
    ...held(object, observed, blank),
  };
}

function held(object: IoTPolicy, observed: ObservedPolicy, blank: boolean): Partial<IoTPolicyStatus> {
  const previous = object.status?.held;
  // An explicit undefined takes the field out of the status again.
  if (!blank) return { held: undefined } as unknown as Partial<IoTPolicyStatus>;
  if (previous?.versionId === observed.defaultVersionId) return { held: previous };
  return { held: { reason: 'BlankPolicy', versionId: observed.defaultVersionId } };
}

export function documentHash(document: unknown): string {
  return createHash('sha256')
    .update(canonicalText(document) ?? String(document))
    .digest('hex');
}
