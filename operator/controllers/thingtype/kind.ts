import type { ThingType } from '../../api/thingtype.gen.ts';
import type { ExternalKind } from '../external/types.ts';
import { applyType } from './apply.ts';
import { type DesiredType, desiredType, diffType, type TypeAction } from './diff.ts';
import { type ObservedType, observeType, typeName } from './observe.ts';
import { removeType } from './remove.ts';
import { typeStatus } from './status.ts';

export const typeKind: ExternalKind<ThingType, DesiredType, ObservedType | undefined, TypeAction> = {
  kind: 'ThingType',
  marks: 'tag',
  noun: 'thing type',
  nameOf: typeName,
  resolve: ({ object }) => desiredType(object),
  observe: (scope) => observeType(scope),
  existing: (observed) => (observed === undefined ? { exists: false } : { exists: true, mark: observed.mark }),
  diff: diffType,
  apply: applyType,
  remove: removeType,
  status: ({ observed }) => typeStatus(observed),
};
