import type { CallContext } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOfList } from '../state/paging.ts';
import { SETTINGS } from '../state/settings.ts';
import { TAGS } from '../state/tags.ts';
import { DEFENDER } from './defender/state.ts';
import { FLEET_METRICS } from './indexing/fleet-metrics.ts';
import { JOBS } from './jobs/state.ts';
import { JOB_TEMPLATES } from './jobs/templates.ts';
import { checkTags, compact, identityOf, registryOf, tagPairs } from './support.ts';

/** Kinds that can carry tags, and whether one of that name exists. Things and device certificates cannot. */
const TAGGABLE: Readonly<Record<string, (context: CallContext, name: string) => boolean>> = {
  thinggroup: (context, name) => registryOf(context).groups.has(name),
  thingtype: (context, name) => registryOf(context).types.has(name),
  billinggroup: (context, name) => registryOf(context).billingGroups.has(name),
  policy: (context, name) => identityOf(context).policies.has(name),
  cacert: (context, name) => identityOf(context).caCertificates.has(name),
  rolealias: (context, name) => context.slice(SETTINGS).roleAliases.has(name),
  provisioningtemplate: (context, name) => context.slice(SETTINGS).templates.has(name),
  custommetric: (context, name) => context.slice(DEFENDER).metrics.has(name),
  dimension: (context, name) => context.slice(DEFENDER).dimensions.has(name),
  mitigationaction: (context, name) => context.slice(DEFENDER).actions.has(name),
  scheduledaudit: (context, name) => context.slice(DEFENDER).scheduled.has(name),
  job: (context, name) => context.slice(JOBS).has(name),
  jobtemplate: (context, name) => context.slice(JOB_TEMPLATES).has(name),
  fleetmetric: (context, name) => context.slice(FLEET_METRICS).has(name),
  securityprofile: (context, name) => context.slice(SETTINGS).securityProfiles.has(name),
};

function taggable(context: CallContext, arn: string): string {
  const resource = context.scope.resourceOf(arn);
  if (resource === undefined)
    throw invalid(`${arn.slice(0, 200)} is not the ARN of a resource in this account and region`);
  const slash = resource.indexOf('/');
  const kind = resource.slice(0, slash);
  const name = resource.slice(slash + 1);
  const exists = Object.hasOwn(TAGGABLE, kind) ? TAGGABLE[kind] : undefined;
  if (!exists) throw invalid(`Resources of kind ${kind.slice(0, 40)} cannot be tagged`);
  if (!exists(context, name)) throw notFound(`Resource ${arn.slice(0, 200)} not found`);
  return arn;
}

export const tagging = family('iot', {
  TagResource(context, input) {
    const arn = taggable(context, input.resourceArn);
    const tags = context.slice(TAGS);
    const pairs = tagPairs(input.tags);
    const existing = tags.of(arn);
    const kept = [...existing.keys()].filter((key) => !pairs.some(([k]) => k === key)).length;
    checkTags(pairs, kept);
    tags.put(arn, pairs);
    context.changed({ kind: 'other', resource: arn });
    return {};
  },

  UntagResource(context, input) {
    const arn = taggable(context, input.resourceArn);
    context.slice(TAGS).remove(arn, input.tagKeys);
    context.changed({ kind: 'other', resource: arn });
    return {};
  },

  ListTagsForResource(context, input) {
    const arn = taggable(context, input.resourceArn);
    const all = [...context.slice(TAGS).of(arn)].map(([Key, Value]) => ({ Key, Value }));
    const page = pageOfList(all, { token: input.nextToken, limit: 50 }, context.world.paging);
    return compact({ tags: page.items, nextToken: page.next });
  },
});
