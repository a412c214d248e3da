import { createHash } from 'node:crypto';
import { conditionTime } from '../../api/conditions.ts';
import type { IoTPolicy, IoTPolicyStatus } from '../../api/iotpolicy.gen.ts';
import { canonicalText } from '../../drift/document.ts';
import type { StatusView } from '../external/types.ts';
import type { DesiredPolicy } from './diff.ts';
import { declaredName } from './names.ts';
import type { ObservedPolicy } from './observe.ts';

type View = StatusView<IoTPolicy, DesiredPolicy, ObservedPolicy | undefined>;

export function policyStatus(view: View): Partial<IoTPolicyStatus> {
  const { object, observed } = view;
  if (observed === undefined) return { awsNames: object.status?.awsNames ?? [declaredName(object)] };
  return {
    arn: observed.arn,
    defaultVersionId: observed.defaultVersionId,
    documentHash: documentHash(observed.document),
    versions: observed.versions.length,
    targets: observed.targets,
    characters: observed.document.replace(/\s/g, '').length,
    awsNames: object.status?.awsNames ?? [declaredName(object)],
    ...heldStatus(view, observed),
  };
}

function heldStatus({ object, held, now }: View, observed: ObservedPolicy): Partial<IoTPolicyStatus> {
  const previous = object.status?.held;
  // An explicit undefined takes the field out of the status again.
  if (held === undefined) return { held: undefined } as unknown as Partial<IoTPolicyStatus>;
  if (previous?.versionId === observed.defaultVersionId) return { held: previous };
  return { held: { reason: 'BlankPolicy', versionId: observed.defaultVersionId, since: conditionTime(now) } };
}

function documentHash(document: unknown): string {
  return createHash('sha256')
    .update(canonicalText(document) ?? String(document))
    .digest('hex');
}
