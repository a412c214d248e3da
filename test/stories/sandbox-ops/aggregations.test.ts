import { describe, expect, it } from 'vitest';
import { failure, startSandbox } from '../sandbox/support.ts';

type Bed = ReturnType<typeof startSandbox>;

const FIELDS = {
  thingIndexingMode: 'REGISTRY' as const,
  customFields: [
    { name: 'attributes.load', type: 'Number' as const },
    { name: 'attributes.site', type: 'String' as const },
  ],
};

/** Presses with a load of 10, 20, 30 and 40, three of them in the north, and one thing without a load. */
async function fleet(): Promise<Bed> {
  const bed = startSandbox();
  await bed.iot.updateIndexingConfiguration({ thingIndexingConfiguration: FIELDS });
  for (const [load, site] of [
    ['10', 'north'],
    ['20', 'north'],
    ['30', 'north'],
    ['40', 'south'],
  ] as const) {
    await bed.iot.createThing({ thingName: `press-${load}`, attributePayload: { attributes: { load, site } } });
  }
  await bed.iot.createThing({ thingName: 'gateway' });
  return bed;
}

const LOAD = { queryString: 'thingName:*', aggregationField: 'attributes.load' };
const SITE = { queryString: 'thingName:*', aggregationField: 'attributes.site' };

describe('aggregations of the fleet index', () => {
  it('GetStatistics tells numbers in full, texts by their count, and follows the query', async () => {
    const { iot } = await fleet();
    expect((await iot.getStatistics(LOAD)).statistics).toEqual({
      count: 4,
      average: 25,
      sum: 100,
      minimum: 10,
      maximum: 40,
      sumOfSquares: 3000,
      variance: 125,
      stdDeviation: Math.sqrt(125),
    });
    expect((await iot.getStatistics(SITE)).statistics).toEqual({ count: 4 });
    const south = await iot.getStatistics({ ...LOAD, queryString: 'attributes.site:south' });
    expect(south.statistics).toMatchObject({ count: 1, sum: 40 });
    expect((await iot.getStatistics({ queryString: 'thingName:*' })).statistics).toMatchObject({ count: 5 });
  });

  it('GetPercentiles, GetCardinality and GetBucketsAggregation', async () => {
    const { iot } = await fleet();
    const { percentiles } = await iot.getPercentiles({ ...LOAD, percents: [0, 50, 100] });
    expect(percentiles).toEqual([
      { percent: 0, value: 10 },
      { percent: 50, value: 25 },
      { percent: 100, value: 40 },
    ]);
    expect((await iot.getPercentiles(LOAD)).percentiles?.map((p) => p.percent)).toEqual([1, 5, 25, 50, 75, 95, 99]);
    expect((await iot.getCardinality(SITE)).cardinality).toBe(2);
    const buckets = await iot.getBucketsAggregation({ ...SITE, bucketsAggregationType: { termsAggregation: {} } });
    expect(buckets).toMatchObject({
      totalCount: 4,
      buckets: [
        { keyValue: 'north', count: 3 },
        { keyValue: 'south', count: 1 },
      ],
    });
    const most = { termsAggregation: { maxBuckets: 1 } };
    const one = await iot.getBucketsAggregation({ ...SITE, bucketsAggregationType: most });
    expect(one.buckets).toHaveLength(1);
  });

  it.each([
    { field: 'attributes.firmware', name: 'InvalidAggregationException', reason: 'it is no custom field' },
    { field: 'attributes.site', name: 'InvalidAggregationException', reason: 'percentiles are of numbers' },
  ])('refuses $field ($reason)', async ({ field, name }) => {
    const { iot } = await fleet();
    const call = iot.getPercentiles({ queryString: 'thingName:*', aggregationField: field });
    expect(await failure(call)).toMatchObject({ name, status: 400 });
  });

  it('an index that is off does not exist, and one that is built is not ready', async () => {
    const { iot } = startSandbox({ delays: 'realistic' });
    expect((await failure(iot.getCardinality(SITE))).name).toBe('ResourceNotFoundException');
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration: FIELDS });
    expect((await failure(iot.getCardinality(SITE))).name).toBe('IndexNotReadyException');
  });
});

it('a query that names a field which the index does not have is refused', async () => {
  const { iot } = await fleet();
  const { name, message } = await failure(iot.searchIndex({ queryString: 'thingGroupName:line' }));
  expect([name, message]).toEqual(['InvalidQueryException', expect.stringContaining('thingGroupName')]);
  expect((await iot.searchIndex({ queryString: 'registry.version:1' })).things).toHaveLength(5);
});

describe('fleet metrics', () => {
  const metric = {
    metricName: 'load',
    ...LOAD,
    aggregationType: { name: 'Statistics' as const, values: ['average'] },
    period: 60,
  };

  it('are kept, changed by version and deleted', async () => {
    const { iot } = await fleet();
    await iot.createFleetMetric(metric);
    expect((await failure(iot.createFleetMetric(metric))).name).toBe('ResourceAlreadyExistsException');
    const change = { metricName: 'load', indexName: 'AWS_Things', period: 300 };
    expect((await failure(iot.updateFleetMetric({ ...change, expectedVersion: 7 as never }))).status).toBe(409);
    await iot.updateFleetMetric({ ...change, expectedVersion: 1 as never });
    expect(await iot.describeFleetMetric({ metricName: 'load' })).toMatchObject({
      period: 300,
      queryString: LOAD.queryString,
    });
    expect((await iot.listFleetMetrics({})).fleetMetrics?.map((m) => m.metricName)).toEqual(['load']);
    await iot.deleteFleetMetric({ metricName: 'load' });
    await iot.deleteFleetMetric({ metricName: 'load' });
    expect((await failure(iot.describeFleetMetric({ metricName: 'load' }))).status).toBe(404);
  });

  it.each([
    { more: { period: 61 }, reason: 'a period is in whole minutes' },
    { more: { aggregationField: 'attributes.none' }, reason: 'the field cannot be aggregated' },
    { more: { aggregationType: { name: 'Statistics' as const, values: ['median'] } }, reason: 'no such statistic' },
    { more: { queryString: 'nothing:x' }, reason: 'no such field' },
  ])('refuse $more ($reason)', async ({ more }) => {
    const { iot } = await fleet();
    expect((await failure(iot.createFleetMetric({ ...metric, ...more }))).status).toBe(400);
  });
});
