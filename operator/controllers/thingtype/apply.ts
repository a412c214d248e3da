import type { ThingType } from '../../api/thingtype.gen.ts';
import { ownerTags, writeMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import type { DesiredType, TypeAction } from './diff.ts';
import { type ObservedType, typeName } from './observe.ts';

export interface TypePlan {
  readonly desired: DesiredType;
  readonly observed: ObservedType | undefined;
  readonly actions: readonly TypeAction[];
}

export async function applyType(scope: Scope<ThingType>, { desired, observed, actions }: TypePlan): Promise<void> {
  const thingTypeName = typeName(scope.object);
  const thingTypeProperties = {
    ...(desired.description === '' && observed === undefined ? {} : { thingTypeDescription: desired.description }),
    ...(desired.searchable.length === 0 && observed === undefined
      ? {}
      : { searchableAttributes: [...desired.searchable] }),
  };
  const kinds = new Set(actions.map(({ kind }) => kind));
  if (kinds.has('create')) {
    await scope.call('CreateThingType', { thingTypeName, thingTypeProperties, tags: ownerTags(scope.mark) });
    if (desired.deprecated) await scope.call('DeprecateThingType', { thingTypeName });
  }
  if (kinds.has('update')) await scope.call('UpdateThingType', { thingTypeName, thingTypeProperties });
  if (kinds.has('deprecate')) {
    await scope.call('DeprecateThingType', { thingTypeName, undoDeprecate: !desired.deprecated });
  }
  if (kinds.has('mark') && observed !== undefined) await writeMark(scope, observed.arn);
}
