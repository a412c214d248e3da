import type { ThingType } from '../../api/thingtype.gen.ts';
import type { Change } from '../../drift/types.ts';
import type { DiffInput } from '../external/types.ts';
import type { ObservedType } from './observe.ts';

export interface DesiredType {
  readonly description: string;
  readonly searchable: readonly string[];
  readonly deprecated: boolean;
}

export type TypeAction =
  | { readonly kind: 'create' }
  | { readonly kind: 'update' }
  | { readonly kind: 'deprecate'; readonly undo: boolean }
  | { readonly kind: 'mark' };

export function desiredType({ spec }: ThingType): DesiredType {
  return {
    description: spec.description ?? '',
    searchable: [...(spec.searchableAttributes ?? [])].sort(),
    deprecated: spec.deprecated,
  };
}

export function diffType(
  input: DiffInput<ThingType, DesiredType, ObservedType | undefined>,
): readonly Change<TypeAction>[] {
  const { object, desired, observed, settled } = input;
  const cause = settled ? 'drift' : 'spec';
  if (observed === undefined) {
    const before = settled && object.status?.arn !== undefined;
    return [{ field: 'thingType', class: 'missing', cause: before ? 'drift' : 'spec', action: { kind: 'create' } }];
  }
  const changes: Change<TypeAction>[] = [];
  const differs = (field: string, want: string, got: string, action: TypeAction) => {
    if (want !== got) changes.push({ field, class: 'changed', cause, want, got, action });
  };
  differs('description', desired.description, observed.description, { kind: 'update' });
  differs('searchableAttributes', desired.searchable.join(', '), observed.searchable.join(', '), { kind: 'update' });
  differs('deprecated', String(desired.deprecated), String(observed.deprecated), {
    kind: 'deprecate',
    undo: !desired.deprecated,
  });
  if (observed.mark !== input.mark) {
    changes.push({ field: 'tags[fleetward.dev/owner]', class: 'changed', cause: 'spec', action: { kind: 'mark' } });
  }
  return changes;
}
