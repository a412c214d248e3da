import { groupKey } from '../../../aws/snapshot/facts.ts';
import { thingName } from '../../device/desired.ts';
import { readGroups } from '../../device/reads.ts';
import { readGroup } from '../groups/targets.ts';
import type { Attempt } from './attempt.ts';
import { groupLine, inheritedNames } from './families.ts';

/** What was read so lately is not read again: members of one group often lose something within the same moment. */
const FRESH_MS = 10_000;

/** Somebody took from it what was to stay, and the rollout has judged the asset as it was before that: why it must wait. */
export function goneBeside({ directive, certificates }: Attempt): readonly string[] {
  return directive.policies.flatMap(({ certificateId, stays }) => {
    const now = certificates.find(({ certificateArn }) => certificateArn.endsWith(certificateId));
    const missing = stays.filter((name) => now?.attached.has(name) === false);
    return missing.map(
      (name) =>
        `policy ${name}, which was to stay, is not on its certificate ${certificateId.slice(0, 12)}… any more: nothing else is taken until it is back, or the rollout has looked at the asset without it`,
    );
  });
}

/**
 * The same for what it has through thing groups, where it has joined all that it is to join (`joined`) also for what these give
 * instead of what goes. Its memberships, and the groups that are known to give what must be there, are read from AWS: once for
 * each act that takes something, and not at all where nothing must be there.
 */
export async function goneThroughGroups({ scope, directive }: Attempt, joined: boolean): Promise<string | undefined> {
  const inherits = new Set(directive.policies.flatMap((each) => (joined ? each.relies : each.inherits)));
  if (inherits.size === 0) return undefined;
  const { cache, clock } = scope.deps;
  const { session, options } = scope;
  const { targets, members } = session.snapshot;
  const where = { cache, session };
  const isFresh = (seenAt: number | undefined) => seenAt !== undefined && clock.monotonic() - seenAt < FRESH_MS;
  if (!isFresh(members.seenAt(thingName(scope.object)))) await readGroups(scope);
  for (const name of groupLine(where, scope.object)) {
    const gives = targets.at(groupKey(name)).some((policy) => inherits.has(policy));
    if (gives && !isFresh(targets.seenAt(groupKey(name)))) await readGroup({ session, context: options }, name);
  }
  const given = new Set(inheritedNames(where, scope.object));
  const missing = [...inherits].find((name) => !given.has(name));
  if (missing === undefined) return undefined;
  return `policy ${missing}, which was to be left, does not come through a thing group to ${scope.object.metadata.name} any more: nothing else is taken until it does, or the rollout has looked at the asset without it`;
}

/** Somebody took rights from it. Whatever the change does, it passes on what it is heard to do, never in silence. */
export function isRobbed(attempt: Attempt): boolean {
  const shown = attempt.scope.object.status?.drift?.fields ?? [];
  return shown.some((each) => each.class === 'narrowed') || goneBeside(attempt).length > 0;
}
