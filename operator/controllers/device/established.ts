import type { DeviceDiff } from './diff.ts';

/**
 * True when this very thing was set up before. A thing that is missing, or was just made (again), has lost its groups and
 * certificates by that alone: putting them back undoes nobody's act.
 */
export function isEstablished({ object, observed }: DeviceDiff): boolean {
  const known = object.status?.thingId;
  return observed.thing !== undefined && known !== undefined && observed.thingId === known;
}
