import { describe, expect, it } from 'vitest';
import { V2_LOGS } from '../../../operator/sandbox/signals/v2-logs.ts';
import { failure, startSandbox } from '../sandbox/support.ts';

type Bed = ReturnType<typeof startSandbox>;

const REGISTRY = { thingIndexingMode: 'REGISTRY' as const };

const names = async ({ iot }: Bed, queryString: string) =>
  (await iot.searchIndex({ queryString })).things?.map((thing) => thing.thingName);
const members = async ({ iot }: Bed, thingGroupName: string) =>
  (await iot.listThingsInThingGroup({ thingGroupName })).things;

describe('the fleet index', () => {
  it('does not exist while it is off, and cannot be searched while it is built', async () => {
    const bed = startSandbox({ delays: 'realistic' });
    const { iot, clock } = bed;
    expect(await failure(iot.searchIndex({ queryString: '*' }))).toMatchObject({ status: 404 });
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration: REGISTRY });
    const early = await failure(iot.searchIndex({ queryString: '*' }));
    expect(early).toMatchObject({ name: 'IndexNotReadyException', status: 400 });
    expect(await iot.describeIndex({ indexName: 'AWS_Things' })).toMatchObject({ indexStatus: 'BUILDING' });
    await clock.advance(30_000);
    expect(await iot.describeIndex({ indexName: 'AWS_Things' })).toMatchObject({
      indexStatus: 'ACTIVE',
      schema: 'REGISTRY',
    });
    expect(await names(bed, '*')).toEqual([]);
    await iot.createThing({ thingName: 'lamp' });
    expect(await names(bed, 'thingName:lamp')).toEqual([]);
    await clock.advance(30_000);
    expect(await names(bed, 'thingName:lamp')).toEqual(['lamp']);
  });

  it('finds things by attributes, groups and reported state, and groups by their parents', async () => {
    const bed = startSandbox();
    const { iot } = bed;
    const thingGroupIndexingConfiguration = { thingGroupIndexingMode: 'ON' as const };
    const thingIndexingConfiguration = { ...REGISTRY, thingConnectivityIndexingMode: 'STATUS' as const };
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration, thingGroupIndexingConfiguration });
    await iot.createThingGroup({ thingGroupName: 'north' });
    await iot.createThingGroup({ thingGroupName: 'hall', parentGroupName: 'north' });
    for (const weight of ['9', '45', '100']) {
      await iot.createThing({ thingName: `t${weight}`, attributePayload: { attributes: { weight } } });
    }
    await iot.addThingToThingGroup({ thingName: 't45', thingGroupName: 'hall' });
    expect(await names(bed, 'attributes.weight>=45')).toEqual(['t45', 't100']);
    expect(await names(bed, 'thingGroupNames:hall')).toEqual(['t45']);
    expect(await names(bed, 'connectivity.connected:true')).toEqual([]);
    const found = await iot.searchIndex({ indexName: 'AWS_ThingGroups', queryString: 'parentGroupNames:north' });
    expect(found.thingGroups?.map((group) => group.thingGroupName)).toEqual(['hall']);
    expect(await iot.getThingConnectivityData({ thingName: 't9' })).toMatchObject({ connected: false });
    expect((await failure(iot.getThingConnectivityData({ thingName: 'none' }))).status).toBe(404);
  });

  it('takes twelve terms and refuses a leading wildcard', async () => {
    const { iot } = startSandbox();
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration: REGISTRY });
    const terms = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join(' ');
    await iot.searchIndex({ queryString: terms(12) });
    expect((await failure(iot.searchIndex({ queryString: terms(13) }))).name).toBe('InvalidQueryException');
    expect((await failure(iot.searchIndex({ queryString: '*x' }))).name).toBe('InvalidQueryException');
  });
});

it('an index that lags finds a new thing late, and a changed one as it was', async () => {
  const { iot, clock } = startSandbox({ delays: 'realistic' });
  await iot.createThing({ thingName: 'old', attributePayload: { attributes: { site: 'a' } } });
  await iot.updateIndexingConfiguration({ thingIndexingConfiguration: REGISTRY });
  await clock.advance(60_000);
  const found = async (queryString: string) => (await iot.searchIndex({ queryString })).things ?? [];
  await iot.createThing({ thingName: 'new', attributePayload: { attributes: { site: 'a' } } });
  await iot.updateThing({ thingName: 'old', attributePayload: { attributes: { site: 'b' } } });
  expect(await found('attributes.site:a')).toMatchObject([{ thingName: 'old', attributes: { site: 'a' } }]);
  expect(await found('attributes.site:b')).toEqual([]);
  await clock.advance(30_000);
  expect((await found('attributes.site:a')).map((t) => t.thingName)).toEqual(['new']);
  expect(await found('attributes.site:b')).toMatchObject([{ thingName: 'old', attributes: { site: 'b' } }]);
  await iot.deleteThing({ thingName: 'old' });
  expect(await found('thingName:old')).toEqual([]);
});

it('a thing in ten groups is not taken by a dynamic group, or leaves its newest one for a static one, and the log says so', async () => {
  const bed = startSandbox();
  const { iot, sandbox } = bed;
  await iot.setV2LoggingOptions({ roleArn: 'arn:aws:iam::123456789012:role/logs', defaultLogLevel: 'ERROR' });
  await iot.updateIndexingConfiguration({ thingIndexingConfiguration: REGISTRY });
  await iot.createThing({ thingName: 't' });
  for (let i = 0; i < 11; i++) await iot.createThingGroup({ thingGroupName: `g${i}` });
  for (let i = 0; i < 9; i++) await iot.addThingToThingGroup({ thingName: 't', thingGroupName: `g${i}` });
  await iot.createDynamicThingGroup({ thingGroupName: 'first', queryString: 'thingName:t' });
  await iot.createDynamicThingGroup({ thingGroupName: 'second', queryString: 'thingName:t' });
  expect([await members(bed, 'first'), await members(bed, 'second')]).toEqual([['t'], []]);
  const join = { thingName: 't', thingGroupName: 'g9' };
  expect(await failure(iot.addThingToThingGroup(join))).toMatchObject({ name: 'InvalidRequestException' });
  await iot.addThingToThingGroup({ ...join, overrideDynamicGroups: true });
  expect([await members(bed, 'first'), await members(bed, 'g9')]).toEqual([[], ['t']]);
  const entries = sandbox.scope().slice(V2_LOGS).from(0);
  const failed = entries.filter((e) => e.fields.eventType === 'AddThingToDynamicThingGroupsFailed');
  const names = failed.map((e) => String(e.fields.dynamicThingGroupNames));
  expect(new Set(names)).toEqual(new Set(['first', 'second']));
});

describe('dynamic groups', () => {
  it('hold what their query finds, and follow it', async () => {
    const bed = startSandbox();
    const { iot } = bed;
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration: REGISTRY });
    const attributePayload = { attributes: { site: 'a' } };
    await iot.createThing({ thingName: 'before', attributePayload });
    await iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'attributes.site:a' });
    await iot.createThing({ thingName: 'after', attributePayload });
    await iot.createThing({ thingName: 'other' });
    expect(await members(bed, 'd')).toEqual(['before', 'after']);
    await iot.updateThing({ thingName: 'before', attributePayload: { attributes: { site: 'b' } } });
    expect(await members(bed, 'd')).toEqual(['after']);
    await iot.updateDynamicThingGroup({
      thingGroupName: 'd',
      thingGroupProperties: {},
      queryString: 'attributes.site:b',
    });
    expect(await members(bed, 'd')).toEqual(['before']);
    const off = iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'OFF' } });
    expect(await failure(off)).toMatchObject({ name: 'InvalidRequestException' });
  });

  it('take five terms, and lag behind the registry', async () => {
    const bed = startSandbox({ delays: 'realistic' });
    const { iot, clock } = bed;
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration: REGISTRY });
    const six = iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'a b c d e f' });
    expect((await failure(six)).name).toBe('InvalidQueryException');
    await iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:l*' });
    expect((await iot.describeThingGroup({ thingGroupName: 'd' })).status).toBe('BUILDING');
    await clock.advance(60_000);
    expect((await iot.describeThingGroup({ thingGroupName: 'd' })).status).toBe('ACTIVE');
    await iot.createThing({ thingName: 'lamp' });
    expect(await members(bed, 'd')).toEqual([]);
    await clock.advance(60_000);
    expect(await members(bed, 'd')).toEqual(['lamp']);
  });
});
