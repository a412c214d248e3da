import type { AggregationType, FleetMetricUnit } from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import type { Slice } from '../../state/scope.ts';
import { SequencedMap } from '../../state/sequenced.ts';
import { TAGS } from '../../state/tags.ts';
import { checkVersion, compact, tagAtCreate } from '../support.ts';
import { valuesOf } from './aggregations.ts';
import { THINGS } from './indexing.ts';

const MAX_FLEET_METRICS = 100;
const QUERY_VERSION = '2017-09-30';

interface FleetMetric {
  readonly name: string;
  readonly createdAt: number;
  query: string;
  aggregation: AggregationType;
  field: string;
  period: number;
  description: string | undefined;
  unit: FleetMetricUnit | undefined;
  version: number;
  modifiedAt: number;
}

/** Fleet metrics of one account and region. Nothing is sent to CloudWatch: there is none. */
export const FLEET_METRICS: Slice<SequencedMap<FleetMetric>> = {
  name: 'fleet-metrics',
  create: () => new SequencedMap<FleetMetric>(),
  save: (metrics) => [...metrics.values()],
  load(metrics, saved) {
    for (const metric of saved as FleetMetric[]) metrics.set(metric.name, metric);
  },
};

const arnOf = (context: CallContext, name: string) => context.arn(`fleetmetric/${name}`);
const changed = (context: CallContext, name: string) =>
  context.changed({ kind: 'other', resource: arnOf(context, name) });

const STATISTICS = ['maximum', 'minimum', 'sum', 'count', 'average', 'sumOfSquares', 'variance', 'stdDeviation'];

/** What CreateFleetMetric refuses: a field that cannot be aggregated, or values that its aggregation does not have. */
function check(context: CallContext, metric: Pick<FleetMetric, 'query' | 'aggregation' | 'field' | 'period'>): void {
  const { isNumber } = valuesOf(context, { queryString: metric.query, aggregationField: metric.field });
  const { name, values = [] } = metric.aggregation;
  const refused = (why: string) => awsError('InvalidAggregationException', `${name}: ${why}`);
  if (metric.period % 60 !== 0) throw invalid('The period must be a multiple of 60 seconds');
  if (name === 'Percentiles' && !isNumber) throw refused(`${metric.field} is not a number field`);
  if (name === 'Statistics') {
    const known = isNumber ? STATISTICS : ['count'];
    const unknown = values.find((value) => !known.includes(value));
    if (unknown !== undefined) throw refused(`${unknown} is none of ${known.join(', ')}`);
  }
  const isPercent = (text: string) => /^\d+(\.\d+)?$/.test(text) && Number(text) <= 100;
  if (name === 'Percentiles' && !values.every(isPercent)) throw refused('values must be percents from 0 to 100');
}

function metricNamed(context: CallContext, name: string): FleetMetric {
  const metric = context.slice(FLEET_METRICS).get(name);
  if (!metric) throw notFound(`Fleet metric ${name} not found`);
  return metric;
}

export const fleetMetrics = family(
  'iot',
  {
    CreateFleetMetric(context, input) {
      const table = context.slice(FLEET_METRICS);
      const name = input.metricName;
      const arn = arnOf(context, name);
      if (table.has(name)) throw alreadyExists(`Fleet metric ${name} already exists`, name, arn);
      if (table.size >= MAX_FLEET_METRICS) {
        throw awsError('LimitExceededException', `The account has ${MAX_FLEET_METRICS} fleet metrics`);
      }
      const { queryString: query, aggregationType: aggregation, aggregationField: field, period } = input;
      check(context, { query, aggregation, field, period });
      tagAtCreate(context, arn, input.tags);
      const { description, unit } = input;
      const times = { createdAt: context.now(), modifiedAt: context.now() };
      table.set(name, { name, query, aggregation, field, period, description, unit, version: 1, ...times });
      changed(context, name);
      return { metricName: name, metricArn: arn };
    },

    DescribeFleetMetric(context, input) {
      const metric = metricNamed(context, input.metricName);
      return compact({
        metricName: metric.name,
        metricArn: arnOf(context, metric.name),
        queryString: metric.query,
        queryVersion: QUERY_VERSION,
        indexName: THINGS,
        aggregationType: metric.aggregation,
        aggregationField: metric.field,
        period: metric.period,
        description: metric.description,
        unit: metric.unit,
        version: metric.version,
        creationDate: new Date(metric.createdAt),
        lastModifiedDate: new Date(metric.modifiedAt),
      });
    },

    UpdateFleetMetric(context, input) {
      const metric = metricNamed(context, input.metricName);
      checkVersion(input.expectedVersion, metric.version, `fleet metric ${metric.name}`);
      const next = {
        query: input.queryString ?? metric.query,
        aggregation: input.aggregationType ?? metric.aggregation,
        field: input.aggregationField ?? metric.field,
        period: input.period ?? metric.period,
      };
      check(context, next);
      const told = { description: input.description ?? metric.description, unit: input.unit ?? metric.unit };
      Object.assign(metric, next, told, { version: metric.version + 1, modifiedAt: context.now() });
      changed(context, metric.name);
      return {};
    },

    DeleteFleetMetric(context, input) {
      const table = context.slice(FLEET_METRICS);
      const metric = table.get(input.metricName);
      if (!metric) return {};
      checkVersion(input.expectedVersion, metric.version, `fleet metric ${metric.name}`);
      table.delete(metric.name);
      context.slice(TAGS).drop(arnOf(context, metric.name));
      changed(context, metric.name);
      return {};
    },

    ListFleetMetrics(context, input) {
      const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
      const page = pageOf(context.slice(FLEET_METRICS), request, context.world.paging, ({ name }) => ({
        metricName: name,
        metricArn: arnOf(context, name),
      }));
      return compact({ fleetMetrics: page.items, nextToken: page.next });
    },
  },
  [FLEET_METRICS],
);
