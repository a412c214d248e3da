import type { PolicyRollout, PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import type { ThingGroup } from '../../../api/thinggroup.gen.ts';
import { ifFound } from '../../../aws/classify.ts';
import type { CallOptions } from '../../../aws/port.ts';
import { groupKey } from '../../../aws/snapshot/facts.ts';
import { changesOf, type Family } from '../../../rollout/family.ts';
import type { Direction, PolicyChange } from '../../../rollout/types.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import type { AccountSession } from '../../awsaccount/accounts.ts';
import { arnOf } from '../../external/arn.ts';
import { REFERS_TO, referenceKey } from '../../external/references.ts';
import { groupName } from '../../thinggroup/observe.ts';
import { timeOf } from '../asset/record.ts';
import { DETACH_DEADLINE_MS } from '../service.ts';
import type { Start } from '../start.ts';

type Stored = NonNullable<PolicyRolloutStatus['groups']>[number];

/** A thing group that carries a policy of the rollout, by whatever name. */
export interface GroupTarget {
  readonly name: string;
  readonly attached: ReadonlySet<string>;
  readonly readAt: number;
  readonly record: Stored;
}

export interface GroupsView {
  readonly targets: readonly GroupTarget[];
  /** Every group carries the candidates alone, and that has settled: members may be taken off the old policy. */
  readonly handedOver: boolean;
  /** Some group carries a candidate. */
  readonly moved: boolean;
  /** Some group carries another name than the declared one: the candidate, or what an earlier rollout has left. */
  readonly away: boolean;
}

export const NO_GROUPS: GroupsView = { targets: [], handedOver: true, moved: false, away: false };

/** The same after calls were made: what was written down before them. */
export function withRecords(
  targets: readonly GroupTarget[],
  stored: PolicyRolloutStatus['groups'],
): readonly GroupTarget[] {
  return targets.map((target) => ({
    ...target,
    record: stored?.find(({ name }) => name === target.name) ?? target.record,
  }));
}

/** Read directly each time: nothing of a group may be judged from an old answer. */
export async function readTargets(start: Start, families: readonly Family[], settleMs: number): Promise<GroupsView> {
  const { rollout, deps } = start;
  const stored = rollout.status?.groups ?? [];
  const targets: GroupTarget[] = [];
  for (const name of groupsOf(start, families)) {
    const attached = await readGroup(start, name);
    const record = stored.find((each) => each.name === name) ?? { name };
    const carries = families.some(({ names }) => names.some((each) => attached.has(each)));
    if (carries || record.openDetach !== undefined) targets.push({ name, attached, readAt: deps.clock.now(), record });
  }
  if (targets.length === 0) return NO_GROUPS;
  const now = deps.clock.now();
  const candidates = families.map(({ candidate }) => candidate);
  const others = families.flatMap(({ declared, names }) => names.filter((name) => name !== declared));
  const some = (names: readonly string[]) =>
    targets.some(({ attached, record }) => names.some((name) => attached.has(name)) || isOpen(record, now));
  return {
    targets,
    handedOver: targets.every((target) => isHandedOver(target, families, { settleMs, now })),
    moved: some(candidates),
    away: some(others),
  };
}

/** Groups that are to carry the policies, that were seen to carry one, or that this rollout has begun with. */
function groupsOf({ deps, rollout, session }: Start, families: readonly Family[]): readonly string[] {
  const ours = referring(deps.cache, rollout)
    .filter(({ spec }) => spec.accountRef.name === rollout.spec.accountRef.name)
    .map(groupName);
  const begun = (rollout.status?.groups ?? []).map(({ name }) => name);
  // Walks all targets, so only until the rollout has begun: what is attached later is found as foreign or by its object.
  const seen = rollout.status?.startedAt === undefined ? carrying(session.snapshot.targets, families) : [];
  return [...new Set([...ours, ...begun, ...seen])].sort();
}

function referring(cache: Cache, { metadata, spec }: PolicyRollout): readonly ThingGroup[] {
  const { namespace = '' } = metadata;
  return spec.policies.flatMap(
    ({ name }) =>
      cache.byIndex('ThingGroup', REFERS_TO, referenceKey('IoTPolicy', namespace, name)) as readonly ThingGroup[],
  );
}

/** Whether members of thing groups may be among the assets. */
export function isReferredByGroups(cache: Cache, rollout: PolicyRollout): boolean {
  return referring(cache, rollout).length > 0;
}

interface Asking {
  readonly session: AccountSession;
  readonly context: CallOptions;
}

const GROUP = groupKey('');

/** Names of thing groups that carry one of the policies, as the snapshot shows them. */
export function carrying(
  targets: { count(left: string): number; from(left: string): readonly string[] },
  families: readonly Family[],
): readonly string[] {
  const names = families.flatMap((family) => family.names).filter((name) => targets.count(name) > 0);
  const keys = names.flatMap((name) => targets.from(name)).filter((key) => key.startsWith(GROUP));
  return [...new Set(keys.map((key) => key.slice(GROUP.length)))];
}

export async function readGroup({ session, context }: Asking, name: string): Promise<ReadonlySet<string>> {
  const input = { target: arnOf(session, `thinggroup/${name}`), recursive: false, pageSize: 250 };
  const { priority, signal } = context;
  const options = { ...(priority === undefined ? {} : { priority }), ...(signal === undefined ? {} : { signal }) };
  const found = await ifFound(session.port.call('ListAttachedPolicies', input, options));
  const names = (found?.policies ?? []).flatMap(({ policyName }) => policyName ?? []);
  session.snapshot.targets.saw(groupKey(name), names);
  return new Set(names);
}

/** What changes at the group: of the families that it carries. */
export function changesAt(
  direction: Direction,
  families: readonly Family[],
  attached: ReadonlySet<string>,
): readonly PolicyChange[] {
  return changesOf(
    direction,
    families.filter(({ names }) => names.some((name) => attached.has(name))),
    attached,
  );
}

function isHandedOver(
  { attached, record }: GroupTarget,
  families: readonly Family[],
  { settleMs, now }: { readonly settleMs: number; readonly now: number },
): boolean {
  const changes = changesAt('forward', families, attached);
  const there = changes.every(({ baseline, candidate }) => attached.has(candidate) && !attached.has(baseline));
  if (!there || changes.length === 0 || isOpen(record, now)) return false;
  return [record.attachedAt, record.detachedAt].every((at) => now >= (timeOf(at) ?? -Infinity) + settleMs);
}

/** A Detach of which nobody knows yet whether it still arrives. */
export function isOpen({ openDetach }: Stored, now: number): boolean {
  return openDetach !== undefined && now <= Date.parse(openDetach.sentAt) + DETACH_DEADLINE_MS;
}
