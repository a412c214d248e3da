import type { Device } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { groupKey } from '../../aws/snapshot/facts.ts';
import { standsFor } from '../../rollout/names.ts';
import { AWS_NAME } from '../external/claim.ts';
import type { Scope } from '../external/types.ts';
import { declaredName } from '../iotpolicy/names.ts';
import { lineOf } from '../policyrollout/policies/documents.ts';
import { isMoving } from './pending.ts';

export interface Lent {
  /** On the certificates for the sake of a group that the thing is in: neither asked for there nor drift. */
  readonly kept: ReadonlySet<string>;
  /** The thing has left the group, and loses with it at once what was lent for its sake. */
  readonly ended: ReadonlySet<string>;
}

/** Policies that a rollout put on the certificates because the thing gets them through a group. */
export function lentPolicies(scope: Scope<Device>, groups: readonly string[]): Lent {
  const lent = scope.object.status?.rollout?.lent ?? [];
  const together = movedTogether(scope);
  if (lent.length + together.length === 0) return { kept: new Set(), ended: new Set() };
  const given = declaredThrough(scope, groups);
  const stays = (name: string) => given.has(standsFor(name));
  // What is taken off a certificate is taken from all of its things: the rollout does it when it is done with them.
  const ended = together.length > 0 ? [] : lent.filter((name) => !stays(name));
  const kept = [...lent, ...together.filter(stays)].filter(
    (name) => !ended.includes(name) && !isForgotten(scope, name),
  );
  return { kept: new Set(kept), ended: new Set(ended) };
}

/** A candidate of which no rollout knows any more, on an asset at rest: nobody but its spec will ever take it off. */
function isForgotten({ object, deps }: Scope<Device>, name: string): boolean {
  if (standsFor(name) === name || isMoving(object)) return false;
  const all = [...(deps.cache.list('PolicyRollout', object.metadata.namespace ?? '') as Iterable<PolicyRollout>)];
  return !all.some(({ spec }) => spec.policies.some(({ candidateName }) => candidateName === name));
}

/** What a rollout may have put on certificates that the Device shares, whether or not its record repeats that already. */
function movedTogether({ object, deps }: Scope<Device>): readonly string[] {
  const { unit, name = '' } = object.status?.rollout ?? {};
  if (unit === undefined || !isMoving(object)) return [];
  const key = { kind: 'PolicyRollout', namespace: object.metadata.namespace ?? '', name };
  const rollout = deps.cache.get(key) as PolicyRollout | undefined;
  return (rollout?.spec.policies ?? []).flatMap(({ policyName, candidateName }) => [policyName, candidateName]);
}

/** Declared names of the policies that these groups, and those above them, carry or are to carry. */
function declaredThrough({ object, deps, session }: Scope<Device>, groups: readonly string[]): ReadonlySet<string> {
  const { namespace = '' } = object.metadata;
  const declared = new Set<string>();
  for (const group of new Set(groups.flatMap((name) => lineOf(deps.cache, name)))) {
    for (const name of session.snapshot.targets.at(groupKey(group))) declared.add(standsFor(name));
    for (const { metadata, spec } of deps.cache.byIndex('ThingGroup', AWS_NAME, group) as readonly ThingGroup[]) {
      if (metadata.namespace !== namespace) continue;
      for (const { name } of spec.policyRefs ?? []) {
        const policy = deps.cache.get({ kind: 'IoTPolicy', namespace, name }) as IoTPolicy | undefined;
        if (policy !== undefined) declared.add(declaredName(policy));
      }
    }
  }
  return declared;
}
