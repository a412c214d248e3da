import { conditionTime } from '../../api/conditions.ts';
import type { IoTPolicy, IoTPolicyStatus } from '../../api/iotpolicy.gen.ts';
import type { StatusView } from '../external/types.ts';
import type { DesiredPolicy } from './desired.ts';
import { documentHash } from './hash.ts';
import { inPlaceStatus } from './in-place.ts';
import type { ObservedPolicy } from './observe.ts';
import { rolloutFields } from './rollout.ts';

type View = StatusView<IoTPolicy, DesiredPolicy, ObservedPolicy | undefined>;

export function policyStatus(view: View): Partial<IoTPolicyStatus> {
  const { desired, observed } = view;
  if (observed === undefined) return { awsNames: [...desired.names] };
  return {
    arn: observed.arn,
    defaultVersionId: observed.defaultVersionId,
    documentHash: documentHash(observed.document),
    versions: observed.versions.length,
    targets: observed.targets,
    characters: observed.document.replace(/\s/g, '').length,
    awsNames: [...new Set([...desired.names, ...observed.orphans])].slice(0, 20),
    // An explicit undefined takes the field out of the status again.
    inPlace: inPlaceStatus(view, observed),
    ...rolloutFields(view, observed),
    ...heldStatus(view, observed),
  } as Partial<IoTPolicyStatus>;
}

function heldStatus({ object, held, now }: View, observed: ObservedPolicy): Partial<IoTPolicyStatus> {
  const previous = object.status?.held;
  // An explicit undefined takes the field out of the status again.
  if (held === undefined) return { held: undefined } as unknown as Partial<IoTPolicyStatus>;
  if (previous?.versionId === observed.defaultVersionId) return { held: previous };
  return { held: { reason: 'BlankPolicy', versionId: observed.defaultVersionId, since: conditionTime(now) } };
}
