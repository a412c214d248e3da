import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { hasReason } from '../../aws/classify.ts';
import { groupKey } from '../../aws/snapshot/facts.ts';
import { ReconcileError } from '../../runtime/errors.ts';
import { ownerTags, writeMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import type { DesiredGroup, GroupAction } from './diff.ts';
import { groupName, type ObservedGroup } from './observe.ts';

const INDEX_AGAIN_MS = 60_000;

export interface GroupPlan {
  readonly desired: DesiredGroup;
  readonly observed: ObservedGroup | undefined;
  readonly actions: readonly GroupAction[];
}

/** Properties first, then what gives rights, then what takes them. */
export async function applyGroup(scope: Scope<ThingGroup>, plan: GroupPlan): Promise<void> {
  const { desired, observed, actions } = plan;
  const has = (kind: GroupAction['kind']) => actions.some((action) => action.kind === kind);
  let arn = observed?.arn;
  if (has('create')) arn = await create(scope, desired);
  if (has('update') && observed !== undefined) await update(scope, desired, observed);
  if (has('mark') && arn !== undefined) await writeMark(scope, arn);
  const { targets } = scope.session.snapshot;
  const key = groupKey(groupName(scope.object));
  for (const action of actions) {
    if (action.kind !== 'attach' || arn === undefined) continue;
    const { pendingChange } = scope.object.status ?? {};
    const attachedAt = new Date(scope.deps.clock.now()).toISOString();
    if (pendingChange !== undefined) await scope.save({ pendingChange: { ...pendingChange, attachedAt } });
    await scope.call('AttachPolicy', { policyName: action.policy, target: arn });
    targets.wrote(action.policy, key, true);
  }
  for (const action of actions) {
    if (action.kind !== 'detach' || arn === undefined) continue;
    await scope.call('DetachPolicy', { policyName: action.policy, target: arn });
    targets.wrote(action.policy, key, false);
  }
}

async function create(scope: Scope<ThingGroup>, desired: DesiredGroup): Promise<string | undefined> {
  const thingGroupName = groupName(scope.object);
  const tags = ownerTags(scope.mark);
  const thingGroupProperties = propertiesOf(desired);
  if (desired.query !== undefined) {
    const input = { thingGroupName, queryString: desired.query, thingGroupProperties, tags };
    const made = await indexed(scope.call('CreateDynamicThingGroup', input), thingGroupName);
    return made.thingGroupArn;
  }
  const parent = desired.parent === undefined ? {} : { parentGroupName: desired.parent };
  const made = await scope.call('CreateThingGroup', { thingGroupName, ...parent, thingGroupProperties, tags });
  return made.thingGroupArn;
}

/** The group is new and names nothing else that could be missing: AWS has not found the index. */
async function indexed<T>(call: Promise<T>, name: string): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    if (!hasReason(thrown, 'NotFound')) throw thrown;
    const message = `Thing group ${name} is dynamic, and fleet indexing of things is off in the account. Switch it on (aws iot update-indexing-configuration --thing-indexing-configuration thingIndexingMode=REGISTRY); the group is tried again by itself.`;
    throw new ReconcileError('waiting', { reason: 'IndexNotReady', message, delayMs: INDEX_AGAIN_MS, cause: thrown });
  }
}

async function update(scope: Scope<ThingGroup>, desired: DesiredGroup, observed: ObservedGroup): Promise<void> {
  const thingGroupName = groupName(scope.object);
  // Without `merge` the whole set is replaced, which is also how the last attribute goes.
  const properties = {
    thingGroupDescription: desired.description,
    attributePayload: { attributes: { ...desired.attributes }, merge: false },
  };
  const common = { thingGroupName, thingGroupProperties: properties, expectedVersion: observed.version };
  if (desired.query === undefined) await scope.call('UpdateThingGroup', common);
  else await scope.call('UpdateDynamicThingGroup', { ...common, queryString: desired.query });
}

function propertiesOf(desired: DesiredGroup) {
  const attributes = { ...desired.attributes };
  return {
    ...(desired.description === '' ? {} : { thingGroupDescription: desired.description }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributePayload: { attributes } }),
  };
}
