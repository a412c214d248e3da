import type { DeviceDiff } from './diff.ts';

/**
 * True when this very thing was set up before. A thing that is missing, or was just made (again), has lost its groups and
 * certificates by that alone: putting them back undoes nobody's act.
 */
export function isEstablished({ object, observed }: DeviceDiff): boolean {
  return observed.thing !== undefined && object.status?.thingId !== undefined;
}
