import type { FleetObject } from '../../api/kinds.gen.ts';
import type { Path } from '../../api/validation/path.ts';

/** A reference from one object to another in the same namespace. */
export interface Reference {
  readonly kind: 'AWSAccount' | 'ThingType' | 'ThingGroup' | 'IoTPolicy';
  readonly name: string;
  readonly path: Path;
}

/** Objects in a tree are as their author wrote them, so defaults may be missing although the types have them. */
type Written<T> = { readonly [K in keyof T]?: Written<T[K]> };

/** Every reference that an object makes, Secrets apart. */
export function referencesOf(object: FleetObject): readonly Reference[] {
  const account = (object.spec as Written<{ accountRef: { name: string } }>).accountRef?.name;
  const own = ownReferences(object);
  return account === undefined
    ? own
    : [{ kind: 'AWSAccount', name: account, path: ['spec', 'accountRef', 'name'] }, ...own];
}

function ownReferences(object: FleetObject): readonly Reference[] {
  switch (object.kind) {
    case 'Device':
      return [
        ...one('ThingType', object.spec.thingTypeRef, ['spec', 'thingTypeRef', 'name']),
        ...many('ThingGroup', object.spec.groupRefs, ['spec', 'groupRefs']),
        ...many('IoTPolicy', object.spec.policyRefs, ['spec', 'policyRefs']),
      ];
    case 'ThingGroup':
      return [
        ...one('ThingGroup', object.spec.parentRef, ['spec', 'parentRef', 'name']),
        ...many('IoTPolicy', object.spec.policyRefs, ['spec', 'policyRefs']),
      ];
    case 'AWSAccount':
      return many('IoTPolicy', object.spec.defaultPolicyRefs, ['spec', 'defaultPolicyRefs']);
    case 'SecurityProfile':
      return (object.spec.targets ?? []).flatMap(({ name }, index) =>
        name === undefined ? [] : [{ kind: 'ThingGroup' as const, name, path: ['spec', 'targets', index, 'name'] }],
      );
    case 'FleetSource':
    case 'ThingType':
    case 'IoTPolicy':
    case 'PolicyRollout':
      return [];
    default:
      return object satisfies never;
  }
}

function one(kind: Reference['kind'], ref: { readonly name: string } | undefined, path: Path): readonly Reference[] {
  return ref === undefined ? [] : [{ kind, name: ref.name, path }];
}

function many(
  kind: Reference['kind'],
  refs: readonly { readonly name: string }[] | undefined,
  path: Path,
): readonly Reference[] {
  return (refs ?? []).map(({ name }, index) => ({ kind, name, path: [...path, index, 'name'] }));
}

/** The name in AWS: the field for it, else the name of the object. */
export function awsNameOf(object: FleetObject): string | undefined {
  const { name } = object.metadata;
  switch (object.kind) {
    case 'Device':
      return object.spec.thingName ?? name;
    case 'ThingType':
      return object.spec.thingTypeName ?? name;
    case 'ThingGroup':
      return object.spec.thingGroupName ?? name;
    case 'IoTPolicy':
      return object.spec.policyName ?? name;
    case 'SecurityProfile':
      return object.spec.securityProfileName ?? name;
    case 'FleetSource':
    case 'PolicyRollout':
    case 'AWSAccount':
      return undefined;
    default:
      return object satisfies never;
  }
}

/** The AWSAccount an object lives in; `default` when it names none. */
export function accountOf(object: FleetObject): string {
  return (object.spec as Written<{ accountRef: { name: string } }>).accountRef?.name ?? 'default';
}
