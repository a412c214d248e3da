import type { ThingType } from '../../api/thingtype.gen.ts';
import { hasReason, ifFound } from '../../aws/classify.ts';
import { terminal, waiting } from '../../runtime/errors.ts';
import { REFERS_TO, referenceKey } from '../external/references.ts';
import type { Scope } from '../external/types.ts';
import { observeType, typeName } from './observe.ts';

/** AWS deletes a type five minutes after its deprecation: https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html */
const DEPRECATION_MS = 5 * 60_000;
const AGAIN_MS = 60_000;

export async function removeType(scope: Scope<ThingType>): Promise<void> {
  const thingTypeName = typeName(scope.object);
  const found = await observeType(scope);
  if (found === undefined) return;
  if (found.mark !== undefined && found.mark !== scope.mark) {
    throw terminal(
      'OwnedByOther',
      `Thing type ${thingTypeName} is marked as owned by ${found.mark}; it is not deleted. Set deletionPolicy to Retain to let this object go.`,
    );
  }
  refuseWhileReferenced(scope, thingTypeName);
  if (!found.deprecated) {
    await scope.call('DeprecateThingType', { thingTypeName });
    throw wait(thingTypeName, DEPRECATION_MS);
  }
  const left = (found.deprecatedAt ?? 0) + DEPRECATION_MS - scope.deps.clock.now();
  if (left > 0) throw wait(thingTypeName, left);
  try {
    await ifFound(scope.call('DeleteThingType', { thingTypeName }));
  } catch (thrown) {
    if (!hasReason(thrown, 'InvalidRequest')) throw thrown;
    // The clock of AWS may be behind ours, or things may still have the type.
    throw waiting(
      'StillInUse',
      `Thing type ${thingTypeName} cannot be deleted yet: ${(thrown as Error).message} It is tried again; things that still have the type must lose it first.`,
      AGAIN_MS,
    );
  }
}

function wait(name: string, ms: number) {
  return waiting(
    'Deprecating',
    `Thing type ${name} is deprecated; AWS deletes it no sooner than five minutes later. It goes by itself.`,
    ms + 1_000,
  );
}

function refuseWhileReferenced({ object, deps }: Scope<ThingType>, name: string): void {
  const reference = referenceKey('ThingType', object.metadata.namespace, object.metadata.name);
  const user = deps.cache
    .byIndex('Device', REFERS_TO, reference)
    .find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (user === undefined) return;
  throw waiting(
    'StillReferenced',
    `Thing type ${name} is not deleted while Device ${user.metadata.name} refers to it. Remove the reference first.`,
  );
}
