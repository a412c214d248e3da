import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { readMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';

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
  readonly members: number;
}

export function groupName({ spec, metadata }: ThingGroup): string {
  return spec.thingGroupName ?? metadata.name;
}

export async function observeGroup(scope: Scope<ThingGroup>): Promise<ObservedGroup | undefined> {
  const thingGroupName = groupName(scope.object);
  const found = await ifFound(scope.call('DescribeThingGroup', { thingGroupName }));
  if (found?.thingGroupArn === undefined) return undefined;
  const properties = found.thingGroupProperties;
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
    policies: found.queryString === undefined ? await attached(scope, found.thingGroupArn) : [],
    members: scope.session.snapshot.members.count(thingGroupName),
  };
}

/** At most two, so one page holds them all; without `recursive` the parents' policies stay out. */
async function attached(scope: Scope<ThingGroup>, target: string): Promise<readonly string[]> {
  const { policies = [] } = await scope.call('ListAttachedPolicies', { target, recursive: false, pageSize: 250 });
  return policies.flatMap(({ policyName }) => policyName ?? []).sort();
}
