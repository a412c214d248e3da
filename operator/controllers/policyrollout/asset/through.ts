import type { Device } from '../../../api/device.gen.ts';
import { groupKey } from '../../../aws/snapshot/facts.ts';
import type { Family } from '../../../rollout/family.ts';
import type { Spread, Through } from '../../../rollout/types.ts';
import type { DesiredDevice } from '../../device/desired.ts';
import { readGroups } from '../../device/reads.ts';
import type { Scope } from '../../external/types.ts';
import { isOpen, readGroup } from '../groups/targets.ts';
import type { Directive } from '../service.ts';
import type { How } from './attempt.ts';
import { borrowedFamilies, groupLine } from './families.ts';
import { timeOf } from './record.ts';

/** What a rollout tells an asset of the thing groups that carry its policies. */
export interface GroupOrders {
  readonly targets: ReadonlyMap<string, { readonly name: string } & GroupTimes>;
  /** They carry the candidates alone, and that has settled. */
  readonly handedOver: boolean;
  readonly parkAfter: Spread['parkAfter'];
}

interface GroupTimes {
  readonly attachedAt?: string;
  readonly openDetach?: { readonly policy: string; readonly sentAt: string };
}

/**
 * What the asset has through its thing groups. Something may be taken off its certificates on the word of this alone, but
 * only when it comes from direct reads of its memberships and of each group.
 */
export async function throughGroups(
  scope: Scope<Device>,
  directive: Directive,
  { desired, how }: { readonly desired: DesiredDevice; readonly how: How },
): Promise<Through | undefined> {
  const { groups, families, direction, strategy } = directive;
  if (groups === undefined) return undefined;
  if (how === 'read') await readGroups(scope);
  const where = { cache: scope.deps.cache, session: scope.session };
  const names = groupLine(where, scope.object).filter((name) => groups.targets.has(name));
  const now = scope.deps.clock.now();
  const carried = new Map<string, ReadonlySet<string>>();
  for (const name of names) carried.set(name, await policiesOfGroup(scope, name, how));
  const given = new Set<string>();
  const gathered = new Set<string>();
  const borrowed = borrowedFamilies(where, scope.object, families);
  // A thing group that is about to give up a policy lends it to its members anew.
  const wanted = new Set(desired.policies.flatMap(({ satisfiedBy }) => satisfiedBy));
  for (const family of families) {
    const goal = direction === 'forward' ? family.candidate : family.declared;
    const at = [...carried].filter(([, attached]) => family.names.some((name) => attached.has(name)));
    for (const [name, attached] of at) {
      const times = groups.targets.get(name);
      const certain = times === undefined || isCertain(times, strategy.settleMs, now);
      for (const each of family.names) if (attached.has(each) && (each !== goal || certain)) given.add(each);
    }
    // Only where nothing else of the family is left on any of its groups: then that is how it stays.
    const home = at.every(([, attached]) => family.names.every((name) => attached.has(name) === (name === goal)));
    if (home && given.has(goal) && borrowed.includes(family) && !wanted.has(goal)) gathered.add(goal);
  }
  const waits = direction === 'forward' && !groups.handedOver ? waitsFor(carried, families) : undefined;
  return {
    given,
    gathered,
    lent: borrowed.flatMap(({ declared, candidate, names }) => [
      ...new Set([declared, candidate, ...names.filter((name) => given.has(name))]),
    ]),
    spread: waits === undefined ? undefined : { group: waits, parkAfter: groups.parkAfter },
  };
}

async function policiesOfGroup({ session, options }: Scope<Device>, name: string, how: How) {
  if (how === 'recall') return new Set(session.snapshot.targets.at(groupKey(name)));
  return readGroup({ session, context: options }, name);
}

function waitsFor(carried: ReadonlyMap<string, ReadonlySet<string>>, families: readonly Family[]): string | undefined {
  const found = [...carried].find(([, attached]) =>
    families.some(({ names }) => names.some((name) => attached.has(name))),
  );
  return found?.[0];
}

/** What was attached to the group is in force, and nothing may still be on its way that takes it off again. */
function isCertain({ attachedAt, openDetach }: GroupTimes, settleMs: number, now: number): boolean {
  if (openDetach !== undefined && isOpen({ name: '', openDetach }, now)) return false;
  return now >= (timeOf(attachedAt) ?? -Infinity) + settleMs;
}
