import type { CallContext } from '../../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import { SETTINGS } from '../../state/settings.ts';
import { TAGS } from '../../state/tags.ts';
import { compact, tagAtCreate } from '../support.ts';
import { type CustomMetric, DEFENDER } from './state.ts';

const MAX_CUSTOM_METRICS = 100;

const tableOf = (context: CallContext) => context.slice(DEFENDER).metrics;
const arnOf = (context: CallContext, name: string) => context.arn(`custommetric/${name}`);
const changed = (context: CallContext, name: string) =>
  context.changed({ kind: 'other', resource: arnOf(context, name) });

function metricNamed(context: CallContext, name: string): CustomMetric {
  const metric = tableOf(context).get(name);
  if (!metric) throw notFound(`Custom metric ${name} not found`);
  return metric;
}

function describe(context: CallContext, metric: CustomMetric) {
  return compact({
    metricName: metric.name,
    metricArn: arnOf(context, metric.name),
    metricType: metric.type,
    displayName: metric.displayName,
    creationDate: new Date(metric.createdAt),
    lastModifiedDate: new Date(metric.modifiedAt),
  });
}

/** A security profile that uses the metric, if any: it has to let go of it before the metric can be deleted. */
function userOf(context: CallContext, name: string): string | undefined {
  for (const profile of context.slice(SETTINGS).securityProfiles.values()) {
    const used = [...profile.behaviors, ...(profile.metricsV2 ?? [])].some((entry) => entry.metric === name);
    if (used || profile.metrics?.includes(name)) return profile.name;
  }
  return undefined;
}

/** Custom metrics (API_CreateCustomMetric): the name and type never change. */
export const customMetrics = family('iot', {
  CreateCustomMetric(context, input) {
    const { metricName: name, clientRequestToken: token = '' } = input;
    if (name.startsWith('aws:')) throw invalid('The name of a custom metric must not start with aws:');
    const table = tableOf(context);
    const arn = arnOf(context, name);
    const known = table.get(name);
    if (known && known.token !== token) throw alreadyExists(`Custom metric ${name} already exists`, name, arn);
    if (known) return { metricName: name, metricArn: arn };
    if (table.size >= MAX_CUSTOM_METRICS) {
      throw awsError('LimitExceededException', `The account has ${MAX_CUSTOM_METRICS} custom metrics`);
    }
    tagAtCreate(context, arn, input.tags);
    const now = context.now();
    const { displayName, metricType: type } = input;
    table.set(name, { name, type, token, displayName, createdAt: now, modifiedAt: now });
    changed(context, name);
    return { metricName: name, metricArn: arn };
  },

  DescribeCustomMetric: (context, input) => describe(context, metricNamed(context, input.metricName)),

  UpdateCustomMetric(context, input) {
    const metric = metricNamed(context, input.metricName);
    metric.displayName = input.displayName;
    metric.modifiedAt = context.now();
    changed(context, metric.name);
    return describe(context, metric);
  },

  DeleteCustomMetric(context, input) {
    const name = input.metricName;
    if (!tableOf(context).has(name)) return {};
    const user = userOf(context, name);
    if (user !== undefined) throw invalid(`Custom metric ${name} is used by security profile ${user}`);
    tableOf(context).delete(name);
    context.slice(TAGS).drop(arnOf(context, name));
    changed(context, name);
    return {};
  },

  ListCustomMetrics(context, input) {
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOf(tableOf(context), request, context.world.paging, ({ name }) => name);
    return compact({ metricNames: page.items, nextToken: page.next });
  },
});
