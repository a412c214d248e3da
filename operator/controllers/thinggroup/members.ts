import type { Device } from '../../api/device.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { DEFAULT_STRATEGY } from '../../rollout/strategy.ts';
import { isMoving } from '../device/pending.ts';
import { AWS_NAME } from '../external/claim.ts';
import type { AttachmentPlan } from '../external/policies.ts';
import type { Scope } from '../external/types.ts';
import { timeOf } from '../policyrollout/asset/record.ts';
import { carriedFor, memberKey } from '../policyrollout/groups/coverage-memory.ts';

export const SETTLE_MS = DEFAULT_STRATEGY.settleMs;

/** Whether those who have what the group has would notice a change of it. */
export type Members =
  /** Nobody is in the group or below it, or nothing of it changes. */
  | { readonly kind: 'none' }
  /** Every member has what comes and what goes on its own certificates, and that has settled. */
  | { readonly kind: 'covered' }
  /** This one has not, yet. */
  | { readonly kind: 'uncovered'; readonly thing: string }
  /** No Device of this account is this member, so nobody can give it anything. */
  | { readonly kind: 'foreign'; readonly thing: string };

/** Read now, with all groups below: they are the ones whose rights depend on the group. */
export async function readMembers(
  scope: Scope<ThingGroup>,
  thingGroupName: string,
  { missing, extra }: AttachmentPlan,
): Promise<Members> {
  const { status } = scope.object;
  const ours = extra.filter((name) => status?.policies?.includes(name) === true);
  const policies = [...missing, ...ours];
  if (policies.length === 0) return { kind: 'none' };
  let nextToken: string | undefined;
  let any = false;
  let uncovered: Members | undefined;
  let untimed: string | undefined;
  do {
    const page = await ifFound(
      scope.call('ListThingsInThingGroup', {
        thingGroupName,
        recursive: true,
        maxResults: 250,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    );
    for (const thing of page?.things ?? []) {
      any = true;
      const found = memberOf(scope, thing, { group: thingGroupName, policies });
      if (found?.kind === 'foreign') return found;
      if (found?.kind === 'untimed') untimed ??= thing;
      else uncovered ??= found;
    }
    nextToken = page?.nextToken || undefined;
  } while (nextToken !== undefined);
  const fresh = freshlyCovered(scope, [thingGroupName, ...policies].join(), { uncovered, untimed });
  return uncovered ?? fresh ?? { kind: any ? 'covered' : 'none' };
}

/** What no record tells the time of has just been attached, as far as this process knows, and has to settle like all else. */
function freshlyCovered(
  { deps, session }: Scope<ThingGroup>,
  change: string,
  { uncovered, untimed }: { readonly uncovered: Members | undefined; readonly untimed: string | undefined },
): Members | undefined {
  const group = `${session.key} ${change}`;
  if (uncovered !== undefined) deps.rollouts?.coverage.broken(group);
  if (uncovered !== undefined || untimed === undefined || deps.rollouts === undefined) return undefined;
  const settled = deps.rollouts.coverage.coveredFor(group, deps.clock.monotonic()) >= SETTLE_MS;
  return settled ? undefined : { kind: 'uncovered', thing: untimed };
}

function memberOf(
  scope: Scope<ThingGroup>,
  thing: string,
  { group, policies }: { readonly group: string; readonly policies: readonly string[] },
): Members | { readonly kind: 'untimed' } | undefined {
  const { deps, object, session } = scope;
  const member = memberKey(session.key, group, thing);
  const devices = deps.cache.byIndex('Device', AWS_NAME, thing) as readonly Device[];
  const device = devices.find(
    ({ metadata, spec }) =>
      metadata.namespace === object.metadata.namespace && spec.accountRef.name === object.spec.accountRef.name,
  );
  if (device === undefined || device.spec.managementPolicy !== 'Manage') return { kind: 'foreign', thing };
  const recorded = device.status?.certificates ?? [];
  // Nothing recorded is not nothing there: after a loss of state the certificates of a member are still to be found.
  const known = (device.spec.certificates ?? []).every(({ name }) => recorded.some((each) => each.name === name));
  if (!known) return { kind: 'uncovered', thing };
  const certificates = recorded.flatMap(({ certificateId }) => certificateId ?? []);
  const carries = certificates.every((id) => {
    const carried = session.snapshot.targets.at(id);
    return policies.every((policy) => carried.includes(policy));
  });
  if (!carries) deps.rollouts?.coverage.bare(member, deps.clock.now());
  if (!carries || isMoving(device)) return { kind: 'uncovered', thing };
  // It gets what its group gives, whatever that is by then.
  if (certificates.length === 0) return undefined;
  const attachedAt = timeOf(device.status?.rollout?.attachedAt);
  if (attachedAt === undefined) return { kind: 'untimed' };
  const carried = carriedFor(deps.rollouts?.coverage, { member, attachedAt }, deps.clock);
  return carried >= SETTLE_MS ? undefined : { kind: 'uncovered', thing };
}
