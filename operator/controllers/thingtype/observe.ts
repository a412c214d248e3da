import type { ThingType } from '../../api/thingtype.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { readMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';

export interface ObservedType {
  readonly arn: string;
  readonly id: string | undefined;
  readonly mark: string | undefined;
  readonly description: string;
  readonly searchable: readonly string[];
  readonly deprecated: boolean;
  /** Milliseconds since the epoch. */
  readonly deprecatedAt: number | undefined;
}

export function typeName({ spec, metadata }: ThingType): string {
  return spec.thingTypeName ?? metadata.name;
}

export async function observeType(scope: Scope<ThingType>): Promise<ObservedType | undefined> {
  const found = await ifFound(scope.call('DescribeThingType', { thingTypeName: typeName(scope.object) }));
  if (found?.thingTypeArn === undefined) return undefined;
  return {
    arn: found.thingTypeArn,
    id: found.thingTypeId,
    mark: await readMark(scope, found.thingTypeArn),
    description: found.thingTypeProperties?.thingTypeDescription ?? '',
    searchable: [...(found.thingTypeProperties?.searchableAttributes ?? [])].sort(),
    deprecated: found.thingTypeMetadata?.deprecated ?? false,
    deprecatedAt: found.thingTypeMetadata?.deprecationDate?.getTime(),
  };
}
