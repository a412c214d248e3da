import type { Device } from '../../../api/device.gen.ts';
import { ifFound } from '../../../aws/classify.ts';
import { targetKey } from '../../../aws/snapshot/facts.ts';
import type { GroupInput } from '../../../rollout/group.ts';
import { type AssetState, inFlight } from '../../../rollout/types.ts';
import { AWS_NAME } from '../../external/claim.ts';
import { timeOf } from '../asset/record.ts';
import type { Start } from '../start.ts';
import { carriedFor, memberKey } from './coverage-memory.ts';
import type { GroupTarget } from './targets.ts';

export interface Coverage {
  /** Every one of them has to be on each certificate of each member. */
  readonly policies: readonly string[];
  readonly settleMs: number;
}

/**
 * Whether nobody would notice that the group changes. Members are listed now, with those of all groups below, and so is who
 * carries the policies: whoever joined or got a new certificate a moment ago is among them.
 */
export async function readCoverage(
  start: Start,
  { name }: Pick<GroupTarget, 'name'>,
  { policies, settleMs }: Coverage,
): Promise<GroupInput['members']> {
  const carriers = new Map<string, ReadonlySet<string>>();
  for (const policy of policies) carriers.set(policy, await carriersOf(start, policy));
  for await (const thing of membersOf(start, name)) {
    const why = uncovered(start, thing, { group: name, carriers, settleMs });
    if (why !== undefined) return { covered: false, why };
  }
  return { covered: true };
}

interface Question {
  readonly group: string;
  readonly carriers: ReadonlyMap<string, ReadonlySet<string>>;
  readonly settleMs: number;
}

function uncovered(start: Start, thing: string, { group, carriers, settleMs }: Question): string | undefined {
  const { deps, rollout, session } = start;
  const { coverage } = deps.rollouts;
  const member = memberKey(session.key, group, thing);
  const device = deviceOf(start, thing);
  if (device === undefined) {
    return `${thing} in thing group ${group} is no Device of this account, so it would lose or gain rights with the group: make a Device for it, or take it out`;
  }
  const record = device.status?.rollout;
  if (record?.name === rollout.metadata.name && record.state === 'Succeeded') return undefined;
  const recorded = device.status?.certificates ?? [];
  // Nothing recorded is not nothing there: after a loss of state the certificates of a member are still to be found.
  if (!(device.spec.certificates ?? []).every(({ name }) => recorded.some((each) => each.name === name)))
    return `the certificates of ${thing} in thing group ${group} are not all known yet`;
  const certificates = recorded.flatMap(({ certificateId }) => certificateId ?? []);
  // It gets what its group gives, whatever that is by then.
  if (certificates.length === 0) return undefined;
  const bare = certificates.some((id) => [...carriers.values()].some((ids) => !ids.has(id)));
  if (bare) coverage.bare(member, deps.clock.now());
  if (bare || record?.name !== rollout.metadata.name || inFlight(record.state as AssetState)) {
    return `${thing} in thing group ${group} does not have both policies on its certificates yet`;
  }
  const attachedAt = timeOf(record.attachedAt);
  if (attachedAt !== undefined && carriedFor(coverage, { member, attachedAt }, deps.clock) >= settleMs)
    return undefined;
  return `${thing} in thing group ${group} got its policies a moment ago; they have to settle first`;
}

/** The Device that manages the thing; undefined where nobody could give it anything. */
export function deviceOf(
  { deps, rollout }: { readonly deps: Pick<Start['deps'], 'cache'>; readonly rollout: Start['rollout'] },
  thing: string,
): Device | undefined {
  const devices = deps.cache.byIndex('Device', AWS_NAME, thing) as readonly Device[];
  return devices.find(
    ({ metadata, spec }) =>
      metadata.namespace === rollout.metadata.namespace &&
      spec.accountRef.name === rollout.spec.accountRef.name &&
      spec.managementPolicy === 'Manage',
  );
}

async function* membersOf({ session, context }: Start, thingGroupName: string): AsyncIterable<string> {
  const options = { priority: context.priority, signal: context.signal };
  let nextToken: string | undefined;
  do {
    const input = {
      thingGroupName,
      recursive: true,
      maxResults: 250,
      ...(nextToken === undefined ? {} : { nextToken }),
    };
    const page = await ifFound(session.port.call('ListThingsInThingGroup', input, options));
    yield* page?.things ?? [];
    nextToken = page?.nextToken || undefined;
  } while (nextToken !== undefined);
}

/** Who carries the policy itself, read now, as keys of targets. */
export async function carriersOf({ session, context }: Start, policyName: string): Promise<ReadonlySet<string>> {
  const options = { priority: context.priority, signal: context.signal };
  const found = new Set<string>();
  let marker: string | undefined;
  do {
    const input = { policyName, pageSize: 250, ...(marker === undefined ? {} : { marker }) };
    const page = await ifFound(session.port.call('ListTargetsForPolicy', input, options));
    for (const target of page?.targets ?? []) found.add(targetKey(target));
    marker = page?.nextMarker || undefined;
  } while (marker !== undefined);
  return found;
}
