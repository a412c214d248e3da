import { conditionTime } from '../../api/conditions.ts';
import type { ThingTypeStatus } from '../../api/thingtype.gen.ts';
import type { ObservedType } from './observe.ts';

export function typeStatus(observed: ObservedType | undefined): Partial<ThingTypeStatus> {
  if (observed === undefined) return {};
  return {
    arn: observed.arn,
    ...(observed.id === undefined ? {} : { thingTypeId: observed.id }),
    // An explicit undefined takes the field out of the status when the deprecation is lifted.
    deprecatedSince: (observed.deprecatedAt === undefined || !observed.deprecated
      ? undefined
      : conditionTime(observed.deprecatedAt)) as string,
  };
}
