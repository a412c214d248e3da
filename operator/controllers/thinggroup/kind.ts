import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { standsFor } from '../../rollout/names.ts';
import { terminal } from '../../runtime/errors.ts';
import { AWS_NAME } from '../external/claim.ts';
import { resolvePolicies } from '../external/policies.ts';
import { resolveReference } from '../external/references.ts';
import type { ExternalKind, Scope } from '../external/types.ts';
import { hasEnded, MOVES_POLICY, policyKey } from '../policyrollout/names.ts';
import { applyGroup } from './apply.ts';
import { type DesiredGroup, diffGroup, type GroupAction } from './diff.ts';
import { groupName, type ObservedGroup, observeGroup } from './observe.ts';
import { removeGroup } from './remove.ts';
import { groupProgress, groupStatus } from './status.ts';

/** Members get along without a word to their group. */
const LOOK_AGAIN_MS = 30_000;

export const groupKind: ExternalKind<ThingGroup, DesiredGroup, ObservedGroup | undefined, GroupAction> = {
  kind: 'ThingGroup',
  marks: 'tag',
  noun: 'thing group',
  counters: ['members'],
  nameOf: groupName,
  resolve: resolveGroup,
  observe: (scope, { policies }) => observeGroup(scope, policies),
  existing: (observed) => (observed === undefined ? { exists: false } : { exists: true, mark: observed.mark }),
  diff: diffGroup,
  apply: applyGroup,
  remove: removeGroup,
  unfinished: groupProgress,
  status: groupStatus,
  follow: async (_scope, view) => (groupProgress(view) === undefined ? undefined : LOOK_AGAIN_MS),
};

function resolveGroup({ object, deps }: Scope<ThingGroup>): DesiredGroup {
  const { spec } = object;
  refuseCycle(object, deps.cache);
  const parent =
    spec.parentRef === undefined ? undefined : resolveReference<ThingGroup>(deps.cache, object, spec.parentRef);
  return {
    parent: parent === undefined ? undefined : groupName(parent),
    description: spec.description ?? '',
    attributes: spec.attributes ?? {},
    query: spec.query,
    policies: resolvePolicies(deps.cache, object, spec.policyRefs ?? []),
    moving: movedBy(object, deps.cache),
  };
}

/** A rollout of a document that the group carries, or is to carry. */
function movedBy(
  { metadata, spec, status }: ThingGroup,
  cache: Scope<ThingGroup>['deps']['cache'],
): string | undefined {
  const { namespace } = metadata;
  const carried = (status?.policies ?? []).flatMap((name) => cache.byIndex('IoTPolicy', AWS_NAME, standsFor(name)));
  const names = [...(spec.policyRefs ?? []).map(({ name }) => name), ...carried.map((policy) => policy.metadata.name)];
  const rollouts = [...new Set(names)].flatMap((name) =>
    cache.byIndex('PolicyRollout', MOVES_POLICY, policyKey(namespace, name)),
  ) as readonly PolicyRollout[];
  return rollouts.find((rollout) => !hasEnded(rollout))?.metadata.name;
}

/** Groups that name each other as parents would wait for each other for ever. */
function refuseCycle(object: ThingGroup, cache: Scope<ThingGroup>['deps']['cache']): void {
  const seen = new Set([object.metadata.name]);
  let next = object.spec.parentRef?.name;
  while (next !== undefined) {
    if (seen.has(next)) {
      throw terminal(
        'ParentCycle',
        `Thing group ${object.metadata.name} is above itself: ${[...seen, next].join(' → ')}. Correct one parentRef.`,
      );
    }
    seen.add(next);
    const parent = cache.get({ kind: 'ThingGroup', namespace: object.metadata.namespace ?? '', name: next });
    next = (parent as ThingGroup | undefined)?.spec.parentRef?.name;
  }
}
