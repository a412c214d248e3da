import { describe, expect, it } from 'vitest';
import { failure, POLICY, startSandbox } from './support.ts';

async function chain(iot: ReturnType<typeof startSandbox>['iot'], names: readonly string[]) {
  let parentGroupName: string | undefined;
  for (const thingGroupName of names) {
    await iot.createThingGroup({ thingGroupName, ...(parentGroupName && { parentGroupName }) });
    parentGroupName = thingGroupName;
  }
}

describe('thing groups', () => {
  it('describes a group with its ancestors from the root down', async () => {
    const { iot } = startSandbox();
    await chain(iot, ['plant', 'hall', 'line']);
    const group = await iot.describeThingGroup({ thingGroupName: 'line' });
    expect(group.thingGroupMetadata?.parentGroupName).toBe('hall');
    expect(group.thingGroupMetadata?.rootToParentThingGroups?.map((g) => g.groupName)).toEqual(['plant', 'hall']);
    expect(group.version).toBe(1);
  });

  it('is at most seven levels deep', async () => {
    const { iot } = startSandbox();
    await chain(iot, ['1', '2', '3', '4', '5', '6', '7']);
    const eighth = iot.createThingGroup({ thingGroupName: '8', parentGroupName: '7' });
    expect(await failure(eighth)).toMatchObject({ name: 'InvalidRequestException' });
  });

  it('has at most a hundred direct children', async () => {
    const { iot } = startSandbox();
    await iot.createThingGroup({ thingGroupName: 'p' });
    for (let i = 0; i < 100; i++) await iot.createThingGroup({ thingGroupName: `c${i}`, parentGroupName: 'p' });
    const next = iot.createThingGroup({ thingGroupName: 'c100', parentGroupName: 'p' });
    expect(await failure(next)).toMatchObject({ status: 400 });
  });

  it('creates the same group twice, and refuses other attributes or another parent (409)', async () => {
    const { iot } = startSandbox();
    await chain(iot, ['a', 'b']);
    await iot.createThingGroup({ thingGroupName: 'b', parentGroupName: 'a' });
    expect(await failure(iot.createThingGroup({ thingGroupName: 'b' }))).toMatchObject({ status: 409 });
    const attributes = { thingGroupProperties: { attributePayload: { attributes: { x: '1' } } } };
    const other = iot.createThingGroup({ thingGroupName: 'a', ...attributes });
    expect(await failure(other)).toMatchObject({ name: 'ResourceAlreadyExistsException' });
  });

  it('is not deleted with child groups, but with members and policies, and again without an error', async () => {
    const { iot } = startSandbox();
    await chain(iot, ['a', 'b']);
    const refused = await failure(iot.deleteThingGroup({ thingGroupName: 'a' }));
    expect(refused).toMatchObject({ name: 'InvalidRequestException' });
    expect(refused.message).toContain('b');
    await iot.createThing({ thingName: 'x' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'b' });
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    const { thingGroupArn } = await iot.describeThingGroup({ thingGroupName: 'b' });
    await iot.attachPolicy({ policyName: 'p', target: thingGroupArn ?? '' });
    await iot.deleteThingGroup({ thingGroupName: 'b' });
    await iot.deleteThingGroup({ thingGroupName: 'b' });
    expect((await iot.listTargetsForPolicy({ policyName: 'p' })).targets).toEqual([]);
    expect((await iot.listThingGroupsForThing({ thingName: 'x' })).thingGroups).toEqual([]);
  });

  it('lists roots, children and descendants', async () => {
    const { iot } = startSandbox();
    await chain(iot, ['a', 'b', 'c']);
    await iot.createThingGroup({ thingGroupName: 'other' });
    const names = async (filter: object) => (await iot.listThingGroups(filter)).thingGroups?.map((g) => g.groupName);
    expect(await names({})).toEqual(['a', 'b', 'c', 'other']);
    expect(await names({ recursive: false })).toEqual(['a', 'other']);
    expect(await names({ parentGroup: 'a' })).toEqual(['b']);
    expect(await names({ parentGroup: 'a', recursive: true })).toEqual(['b', 'c']);
    expect(await names({ namePrefixFilter: 'ot' })).toEqual(['other']);
  });

  it('shows new groups and members late, and removed members a while longer, when delays are realistic', async () => {
    const { iot, clock } = startSandbox({ delays: 'realistic' });
    await iot.createThingGroup({ thingGroupName: 'g' });
    await iot.createThing({ thingName: 'x' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'g' });
    const members = async () => (await iot.listThingsInThingGroup({ thingGroupName: 'g' })).things;
    expect((await iot.listThingGroups({})).thingGroups).toEqual([]);
    expect(await members()).toEqual([]);
    await clock.advance(10_000);
    expect((await iot.listThingGroups({})).thingGroups).toHaveLength(1);
    expect(await members()).toEqual(['x']);
    await iot.removeThingFromThingGroup({ thingName: 'x', thingGroupName: 'g' });
    expect(await members()).toEqual(['x']);
    await clock.advance(10_000);
    expect(await members()).toEqual([]);
  });

  it('a deleted group stays in the list of its things for a while', async () => {
    const { iot, clock } = startSandbox({ delays: 'realistic' });
    await iot.createThingGroup({ thingGroupName: 'g' });
    await iot.createThing({ thingName: 'x' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'g' });
    await iot.deleteThingGroup({ thingGroupName: 'g' });
    const groups = async () => (await iot.listThingGroupsForThing({ thingName: 'x' })).thingGroups;
    expect((await groups())?.map((group) => group.groupName)).toEqual(['g']);
    await clock.advance(10_000);
    expect(await groups()).toEqual([]);
  });
});

describe('memberships', () => {
  it('never puts a thing into two groups of one hierarchy', async () => {
    const { iot } = startSandbox();
    await chain(iot, ['root', 'left']);
    await iot.createThingGroup({ thingGroupName: 'right', parentGroupName: 'root' });
    await iot.createThing({ thingName: 'x' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'left' });
    for (const thingGroupName of ['root', 'right']) {
      const add = iot.addThingToThingGroup({ thingName: 'x', thingGroupName });
      expect(await failure(add)).toMatchObject({ name: 'InvalidRequestException' });
    }
    // Repeating the membership that is there succeeds.
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'left' });
  });

  it('change all at once or not at all', async () => {
    const { iot } = startSandbox();
    await iot.createThing({ thingName: 't' });
    for (const thingGroupName of ['old', 'root']) await iot.createThingGroup({ thingGroupName });
    for (const thingGroupName of ['a', 'b']) await iot.createThingGroup({ thingGroupName, parentGroupName: 'root' });
    await iot.addThingToThingGroup({ thingName: 't', thingGroupName: 'old' });
    const change = { thingName: 't', thingGroupsToRemove: ['old'] };
    const both = iot.updateThingGroupsForThing({ ...change, thingGroupsToAdd: ['a', 'b'] });
    expect(await failure(both)).toMatchObject({ name: 'InvalidRequestException' });
    const names = async () =>
      (await iot.listThingGroupsForThing({ thingName: 't' })).thingGroups?.map((g) => g.groupName);
    expect(await names()).toEqual(['old']);
    await iot.updateThingGroupsForThing({ ...change, thingGroupsToAdd: ['a'] });
    expect(await names()).toEqual(['a']);
  });

  it('lets a thing be in ten groups and no more', async () => {
    const { iot } = startSandbox();
    await iot.createThing({ thingName: 'x' });
    for (let i = 0; i < 11; i++) await iot.createThingGroup({ thingGroupName: `g${i}` });
    for (let i = 0; i < 10; i++) await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: `g${i}` });
    const eleventh = iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'g10' });
    expect(await failure(eleventh)).toMatchObject({ name: 'InvalidRequestException' });
    await iot.updateThingGroupsForThing({ thingName: 'x', thingGroupsToAdd: ['g10'], thingGroupsToRemove: ['g0'] });
    expect((await iot.listThingGroupsForThing({ thingName: 'x', maxResults: 20 })).thingGroups).toHaveLength(10);
  });

  it('cannot be made by hand in a dynamic group, which takes no policy either', async () => {
    const { iot } = startSandbox();
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
    const group = await iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'attributes.a:1' });
    await iot.createThing({ thingName: 'x' });
    const add = iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'd' });
    expect(await failure(add)).toMatchObject({ name: 'InvalidRequestException' });
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    const attach = iot.attachPolicy({ policyName: 'p', target: group.thingGroupArn ?? '' });
    expect(await failure(attach)).toMatchObject({ name: 'InvalidRequestException' });
    expect(await failure(iot.deleteThingGroup({ thingGroupName: 'd' }))).toMatchObject({ status: 400 });
    await iot.deleteDynamicThingGroup({ thingGroupName: 'd' });
  });
});

describe('billing groups', () => {
  it('hold a thing one at a time; deleting one frees its things', async () => {
    const { iot } = startSandbox();
    await iot.createBillingGroup({ billingGroupName: 'a' });
    await iot.createBillingGroup({ billingGroupName: 'b' });
    await iot.createThing({ thingName: 'x', billingGroupName: 'a' });
    await iot.addThingToBillingGroup({ thingName: 'x', billingGroupName: 'b' });
    expect((await iot.listThingsInBillingGroup({ billingGroupName: 'a' })).things).toEqual([]);
    expect((await iot.describeThing({ thingName: 'x' })).billingGroupName).toBe('b');
    await iot.deleteBillingGroup({ billingGroupName: 'b' });
    expect((await iot.describeThing({ thingName: 'x' })).billingGroupName).toBeUndefined();
    await iot.deleteBillingGroup({ billingGroupName: 'b' });
  });
});
