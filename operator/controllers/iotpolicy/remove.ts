import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { terminal, waiting } from '../../runtime/errors.ts';
import { REFERS_TO, referenceKey } from '../external/references.ts';
import { readMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import { isKeptForTheWayBack } from '../policyrollout/policies/way-back.ts';
import { declaredName } from './names.ts';

/** Waits for whoever still uses the policy: taking it from them would lock devices out that nobody asked to touch. */
export async function removePolicy(scope: Scope<IoTPolicy>): Promise<void> {
  const policyName = declaredName(scope.object);
  const found = await ifFound(scope.call('GetPolicy', { policyName }));
  if (found === undefined) return;
  const mark = await readMark(scope, found.policyArn);
  if (mark !== undefined && mark !== scope.mark) {
    throw terminal(
      'OwnedByOther',
      `Policy ${policyName} is marked as owned by ${mark}; it is not deleted. Set deletionPolicy to Retain to let this object go.`,
    );
  }
  refuseWhileReferenced(scope, policyName);
  const { targets = [] } = await scope.call('ListTargetsForPolicy', { policyName, pageSize: 10 });
  if (targets.length > 0) {
    throw waiting(
      'StillAttached',
      `Policy ${policyName} is still attached to ${targets.slice(0, 3).join(', ')}${targets.length > 3 ? ' and more' : ''}. It is deleted once it is detached everywhere; detach it, or set deletionPolicy to Retain.`,
      30_000,
    );
  }
  refuseWhileNeededBack(scope, policyName);
  const { policyVersions = [] } = await scope.call('ListPolicyVersions', { policyName });
  for (const { versionId, isDefaultVersion } of policyVersions) {
    if (!isDefaultVersion) await ifFound(scope.call('DeletePolicyVersion', { policyName, policyVersionId: versionId }));
  }
  await ifFound(scope.call('DeletePolicy', { policyName }));
}

/** Gone, it could not be given back to whoever fails without it. */
function refuseWhileNeededBack({ object, deps }: Scope<IoTPolicy>, policy: string): void {
  const { namespace = '' } = object.metadata;
  if (deps.rollouts === undefined || !isKeptForTheWayBack(deps.cache, { namespace, policy })) return;
  throw waiting(
    'NeededBack',
    `Policy ${policy} was taken from a device by a PolicyRollout that is not over, and may have to be given back. It is deleted when that rollout has ended.`,
    30_000,
  );
}

function refuseWhileReferenced({ object, deps }: Scope<IoTPolicy>, policyName: string): void {
  const reference = referenceKey('IoTPolicy', object.metadata.namespace, object.metadata.name);
  for (const kind of ['Device', 'ThingGroup', 'AWSAccount']) {
    const user = deps.cache
      .byIndex(kind, REFERS_TO, reference)
      .find(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (user === undefined) continue;
    throw waiting(
      'StillReferenced',
      `Policy ${policyName} is not deleted while ${kind} ${user.metadata.name} refers to it. Remove the reference first.`,
    );
  }
}
