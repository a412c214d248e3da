import type { ThingGroupStatus } from '../../api/thinggroup.gen.ts';
import { defined } from '../external/equal.ts';
import type { ObservedGroup } from './observe.ts';

export function groupStatus(observed: ObservedGroup | undefined): Partial<ThingGroupStatus> {
  if (observed === undefined) return {};
  const { arn, id, version, members, queryStatus, policies } = observed;
  const status = { arn, thingGroupId: id, version, members, queryStatus, policies: policies.slice(0, 20) };
  return defined(status) as Partial<ThingGroupStatus>;
}
