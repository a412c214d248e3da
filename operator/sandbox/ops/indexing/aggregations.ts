import type { CallContext } from '../../context.ts';
import { awsError } from '../../errors.ts';
import { family } from '../../operations.ts';
import { thingLookup } from './documents.ts';
import { aggregatable } from './fields.ts';
import { checkedQuery, foundThings, readyIndex, THINGS } from './indexing.ts';
import { INDEXING } from './state.ts';

const DEFAULT_FIELD = 'registry.version';
const DEFAULT_PERCENTS = [1, 5, 25, 50, 75, 95, 99];
const DEFAULT_BUCKETS = 10;

interface Asked {
  readonly indexName?: string | undefined;
  readonly queryString: string;
  readonly aggregationField?: string | undefined;
}

interface Values {
  readonly isNumber: boolean;
  readonly values: readonly string[];
}

const invalidAggregation = (message: string) => awsError('InvalidAggregationException', message);

/** The values of the aggregated field of every thing that the query finds. Only managed and custom fields have any. */
export function valuesOf(context: CallContext, asked: Asked): Values {
  const index = asked.indexName ?? THINGS;
  readyIndex(context, index);
  if (index !== THINGS) throw invalidAggregation(`Index ${index.slice(0, 128)} cannot be aggregated`);
  const name = asked.aggregationField ?? DEFAULT_FIELD;
  const field = aggregatable(context.slice(INDEXING).things, name);
  if (!field) {
    throw invalidAggregation(`${name.slice(0, 100)} is neither a managed field nor a custom field of the index`);
  }
  const query = checkedQuery(asked.queryString);
  const values = [...foundThings(context, query)].flatMap((thing) => [...thingLookup(context, thing)(name)]);
  return { isNumber: field.type === 'Number', values };
}

function numbersOf(context: CallContext, asked: Asked): number[] {
  const { isNumber, values } = valuesOf(context, asked);
  if (!isNumber) throw invalidAggregation(`${asked.aggregationField ?? ''} is not a number field`);
  // A custom field may hold texts in some things; they are not part of the index of numbers.
  return values.map(Number).filter((value) => Number.isFinite(value));
}

/** Text fields are counted only (API_GetStatistics). */
function statistics({ isNumber, values }: Values) {
  if (!isNumber) return { count: values.length };
  const numbers = values.map(Number).filter((value) => Number.isFinite(value));
  const count = numbers.length;
  const sum = numbers.reduce((a, b) => a + b, 0);
  const sumOfSquares = numbers.reduce((a, b) => a + b * b, 0);
  if (count === 0) return { count, sum, sumOfSquares };
  const average = sum / count;
  const variance = numbers.reduce((a, b) => a + (b - average) ** 2, 0) / count;
  return {
    count,
    average,
    sum,
    minimum: numbers.reduce((a, b) => Math.min(a, b)),
    maximum: numbers.reduce((a, b) => Math.max(a, b)),
    sumOfSquares,
    variance,
    stdDeviation: Math.sqrt(variance),
  };
}

/** Linear interpolation between the neighbouring ranks. AWS approximates; on small fleets both agree. */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = (percent / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] ?? 0;
  const high = sorted[Math.ceil(rank)] ?? low;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** Aggregations over the fleet index (API_GetStatistics and its siblings). */
export const aggregations = family('iot', {
  GetStatistics: (context, input) => ({ statistics: statistics(valuesOf(context, input)) }),

  GetPercentiles(context, input) {
    const sorted = numbersOf(context, input).sort((a, b) => a - b);
    const percents = input.percents && input.percents.length > 0 ? input.percents : DEFAULT_PERCENTS;
    const isEmpty = sorted.length === 0;
    return { percentiles: isEmpty ? [] : percents.map((percent) => ({ percent, value: percentile(sorted, percent) })) };
  },

  GetCardinality: (context, input) => ({ cardinality: new Set(valuesOf(context, input).values).size }),

  GetBucketsAggregation(context, input) {
    const counts = new Map<string, number>();
    for (const value of valuesOf(context, input).values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const most = input.bucketsAggregationType.termsAggregation?.maxBuckets ?? DEFAULT_BUCKETS;
    const buckets = [...counts]
      .map(([keyValue, count]) => ({ keyValue, count }))
      .sort((a, b) => b.count - a.count || (a.keyValue < b.keyValue ? -1 : 1))
      .slice(0, most);
    return { totalCount: [...counts.values()].reduce((a, b) => a + b, 0), buckets };
  },
});
