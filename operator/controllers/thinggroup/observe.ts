import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { compareAttachments } from '../external/policies.ts';
import { readMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import type { PolicyNames } from '../iotpolicy/names.ts';
import { type Members, readMembers, SETTLE_MS } from './members.ts';

export interface ObservedGroup {
  readonly arn: string;
  readonly id: string | undefined;
  readonly mark: string | undefined;
  readonly version: number;
  readonly parent: string | undefined;
  readonly description: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Set on dynamic groups only. */
  readonly query: string | undefined;
  readonly queryStatus: string | undefined;
  readonly policies: readonly string[];
  readonly memberCount: number;
  /** Asked only when the policies of the group are to change. */
  readonly members: Members;
  /** What was attached to the group is certainly in force. */
  readonly settled: boolean;
}

export function groupName({ spec, metadata }: ThingGroup): string {
  return spec.thingGroupName ?? metadata.name;
}

export async function observeGroup(
  scope: Scope<ThingGroup>,
  wanted: readonly PolicyNames[] = [],
): Promise<ObservedGroup | undefined> {
  const thingGroupName = groupName(scope.object);
  const found = await ifFound(scope.call('DescribeThingGroup', { thingGroupName }));
  if (found?.thingGroupArn === undefined) return undefined;
  const properties = found.thingGroupProperties;
  const policies = found.queryString === undefined ? await attached(scope, found.thingGroupArn) : [];
  const { missing, extra } = compareAttachments(wanted, policies);
  const attachedAt = scope.object.status?.pendingChange?.attachedAt;
  return {
    arn: found.thingGroupArn,
    id: found.thingGroupId,
    mark: await readMark(scope, found.thingGroupArn),
    version: found.version ?? 0,
    parent: found.thingGroupMetadata?.parentGroupName,
    description: properties?.thingGroupDescription ?? '',
    attributes: properties?.attributePayload?.attributes ?? {},
    query: found.queryString,
    queryStatus: found.status,
    policies,
    memberCount: scope.session.snapshot.members.count(thingGroupName),
    members: await readMembers(scope, thingGroupName, { missing, extra }),
    settled: attachedAt === undefined || scope.deps.clock.now() - Date.parse(attachedAt) >= SETTLE_MS,
  };
}

/** At most two, so one page holds them all; without `recursive` the parents' policies stay out. */
async function attached(scope: Scope<ThingGroup>, target: string): Promise<readonly string[]> {
  const { policies = [] } = await scope.call('ListAttachedPolicies', { target, recursive: false, pageSize: 250 });
  return policies.flatMap(({ policyName }) => policyName ?? []).sort();
}
