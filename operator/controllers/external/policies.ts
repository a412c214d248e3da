import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { type PolicyNames, policyNamesFor } from '../iotpolicy/names.ts';
import { type Reference, resolveReference } from './references.ts';

/** Policy references as AWS names, each name once, in the order of the references. */
export function resolvePolicies(
  cache: Cache,
  from: KubeObject,
  references: readonly Reference[],
): readonly PolicyNames[] {
  const seen = new Set<string>();
  const names: PolicyNames[] = [];
  for (const reference of references) {
    const found = policyNamesFor(resolveReference<IoTPolicy>(cache, from, reference));
    if (seen.has(found.attach)) continue;
    seen.add(found.attach);
    names.push(found);
  }
  return names;
}

export interface AttachmentPlan {
  /** To be attached: no name that satisfies the reference is there. */
  readonly missing: readonly string[];
  /** There, and asked for by no reference. */
  readonly extra: readonly string[];
}

/** Pure: the policies at one target against those that are wanted there. */
export function compareAttachments(wanted: readonly PolicyNames[], there: readonly string[]): AttachmentPlan {
  const known = new Set(wanted.flatMap(({ satisfiedBy }) => satisfiedBy));
  return {
    missing: wanted
      .filter(({ satisfiedBy }) => !satisfiedBy.some((name) => there.includes(name)))
      .map(({ attach }) => attach),
    extra: there.filter((name) => !known.has(name)),
  };
}
