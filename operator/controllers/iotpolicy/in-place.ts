import type { IoTPolicy, IoTPolicyStatus } from '../../api/iotpolicy.gen.ts';
import { sameDocument } from '../../drift/document.ts';
import type { StatusView } from '../external/types.ts';
import type { DesiredPolicy } from './desired.ts';
import type { ObservedPolicy } from './observe.ts';

/**
 * What the declared name got at once, because nothing carried the policy, after the last rollout of it: whoever carries it since
 * has that, and is to have nothing older when a document is asked for that went back before. Bound to that rollout, for the next
 * one knows what it began with.
 */
export function inPlaceStatus(
  { object, desired: { stance, last } }: StatusView<IoTPolicy, DesiredPolicy, ObservedPolicy | undefined>,
  { document, moved }: ObservedPolicy,
): IoTPolicyStatus['inPlace'] {
  const known = object.status?.inPlace;
  if (last === undefined || object.spec.managementPolicy !== 'Manage') return undefined;
  const asked = stance.kind === 'free' && sameDocument(document, object.spec.document);
  // While something is on a candidate, the declared name is not all that was proven.
  if (!asked || moved) return known?.after === last.name ? known : undefined;
  return sameDocument(document, last.document)
    ? undefined
    : { after: last.name, document: JSON.stringify(JSON.parse(document)) };
}
