import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { terminal } from '../../runtime/errors.ts';
import { resolvePolicies } from '../external/policies.ts';
import { resolveReference } from '../external/references.ts';
import type { ExternalKind, Scope } from '../external/types.ts';
import { applyGroup } from './apply.ts';
import { type DesiredGroup, diffGroup, type GroupAction } from './diff.ts';
import { groupName, type ObservedGroup, observeGroup } from './observe.ts';
import { removeGroup } from './remove.ts';
import { groupStatus } from './status.ts';

export const groupKind: ExternalKind<ThingGroup, DesiredGroup, ObservedGroup | undefined, GroupAction> = {
  kind: 'ThingGroup',
  marks: 'tag',
  noun: 'thing group',
  counters: ['members'],
  nameOf: groupName,
  resolve: resolveGroup,
  observe: observeGroup,
  existing: (observed) => (observed === undefined ? { exists: false } : { exists: true, mark: observed.mark }),
  diff: diffGroup,
  apply: applyGroup,
  remove: removeGroup,
  status: ({ observed }) => groupStatus(observed),
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
  };
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
