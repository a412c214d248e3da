import { describe, expect, it } from 'vitest';
import { allPages, failure, startSandbox } from './support.ts';

describe('things', () => {
  it('creates the same thing twice without an error and answers the same id', async () => {
    const { iot } = startSandbox();
    const input = { thingName: 'lamp:1', attributePayload: { attributes: { room: 'a' } } };
    const first = await iot.createThing(input);
    const second = await iot.createThing(input);
    expect(second.thingId).toBe(first.thingId);
    expect(first.thingArn).toBe('arn:aws:iot:us-east-1:123456789012:thing/lamp:1');
  });

  it.each([
    { change: { attributePayload: { attributes: { room: 'b' } } }, reason: 'attributes' },
    { change: { thingTypeName: 'lamp' }, reason: 'type' },
    { change: { billingGroupName: 'bg' }, reason: 'billing group' },
  ])('refuses to create an existing thing with another $reason (409)', async ({ change }) => {
    const { iot } = startSandbox();
    await iot.createThingType({ thingTypeName: 'lamp' });
    await iot.createBillingGroup({ billingGroupName: 'bg' });
    await iot.createThing({ thingName: 'lamp', attributePayload: { attributes: { room: 'a' } } });
    const error = await failure(iot.createThing({ thingName: 'lamp', ...change }));
    expect(error).toMatchObject({ name: 'ResourceAlreadyExistsException', status: 409 });
  });

  it('needs an existing type and billing group (404)', async () => {
    const { iot } = startSandbox();
    expect(await failure(iot.createThing({ thingName: 'a', thingTypeName: 'no' }))).toMatchObject({ status: 404 });
    expect(await failure(iot.createThing({ thingName: 'a', billingGroupName: 'no' }))).toMatchObject({ status: 404 });
    expect((await iot.listThings({})).things).toEqual([]);
  });

  it('allows three attributes without a type and fifty with one', async () => {
    const { iot } = startSandbox();
    const attributes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 'v']));
    await iot.createThing({ thingName: 'three', attributePayload: { attributes: attributes(3) } });
    const four = { thingName: 'four', attributePayload: { attributes: attributes(4) } };
    expect(await failure(iot.createThing(four))).toMatchObject({ name: 'InvalidRequestException', status: 400 });
    await iot.createThingType({ thingTypeName: 't' });
    const typed = { thingTypeName: 't' };
    await iot.createThing({ thingName: 'fifty', ...typed, attributePayload: { attributes: attributes(50) } });
    const more = { thingName: 'more', ...typed, attributePayload: { attributes: attributes(51) } };
    expect(await failure(iot.createThing(more))).toMatchObject({ name: 'InvalidRequestException' });
    // Dropping the type would leave fifty attributes on a thing without one.
    expect(await failure(iot.updateThing({ thingName: 'fifty', removeThingType: true }))).toMatchObject({
      status: 400,
    });
  });

  it('merges or replaces attributes, and an empty value removes one', async () => {
    const { iot } = startSandbox();
    await iot.createThing({ thingName: 'x', attributePayload: { attributes: { a: '1', b: '2' } } });
    await iot.updateThing({ thingName: 'x', attributePayload: { attributes: { b: '', c: '3' }, merge: true } });
    expect((await iot.describeThing({ thingName: 'x' })).attributes).toEqual({ a: '1', c: '3' });
    await iot.updateThing({ thingName: 'x', attributePayload: { attributes: { d: '4' } } });
    expect((await iot.describeThing({ thingName: 'x' })).attributes).toEqual({ d: '4' });
  });

  it('counts versions from 1 and refuses a wrong expectedVersion (409)', async () => {
    const { iot } = startSandbox();
    await iot.createThing({ thingName: 'x' });
    expect((await iot.describeThing({ thingName: 'x' })).version).toBe(1);
    await iot.updateThing({ thingName: 'x', expectedVersion: 1, attributePayload: { attributes: { a: '1' } } });
    const late = iot.updateThing({ thingName: 'x', expectedVersion: 1, attributePayload: { attributes: { a: '2' } } });
    expect(await failure(late)).toMatchObject({ name: 'VersionConflictException', status: 409 });
    expect(await failure(iot.deleteThing({ thingName: 'x', expectedVersion: 1 }))).toMatchObject({ status: 409 });
    expect((await iot.describeThing({ thingName: 'x' })).attributes).toEqual({ a: '1' });
  });

  it('deletes a missing thing without an error', async () => {
    const { iot } = startSandbox();
    await iot.deleteThing({ thingName: 'never-was' });
  });

  it('takes a deleted thing out of its groups at once', async () => {
    const { iot } = startSandbox();
    await iot.createThing({ thingName: 'x' });
    await iot.createThingGroup({ thingGroupName: 'g' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'g' });
    await iot.deleteThing({ thingName: 'x' });
    expect((await iot.listThingsInThingGroup({ thingGroupName: 'g' })).things).toEqual([]);
  });

  it('lists by attribute, prefix and type, page by page', async () => {
    const { iot } = startSandbox();
    await iot.createThingType({ thingTypeName: 'lamp' });
    for (let i = 0; i < 30; i++) {
      const room = i % 3 === 0 ? 'kitchen' : `hall-${i}`;
      const type = i % 2 === 0 ? { thingTypeName: 'lamp' } : {};
      await iot.createThing({ thingName: `t${i}`, ...type, attributePayload: { attributes: { room } } });
    }
    const list = (filter: object) =>
      allPages(async (nextToken) => {
        const page = await iot.listThings({ ...filter, maxResults: 4, ...(nextToken && { nextToken }) });
        return { items: page.things, next: page.nextToken };
      });
    expect((await list({})).items.map((t) => t.thingName)).toEqual(Array.from({ length: 30 }, (_, i) => `t${i}`));
    expect((await list({ attributeName: 'room', attributeValue: 'kitchen' })).items).toHaveLength(10);
    expect(
      (await list({ attributeName: 'room', attributeValue: 'hall', usePrefixAttributeValue: true })).items,
    ).toHaveLength(20);
    expect((await list({ thingTypeName: 'lamp' })).items).toHaveLength(15);
  });

  it('gives short and empty pages when asked to be adversarial, and still lists everything once', async () => {
    const { iot } = startSandbox({ paging: 'adversarial', seed: 3 });
    for (let i = 0; i < 100; i++) await iot.createThing({ thingName: `t${i}` });
    const sizes: number[] = [];
    const { items } = await allPages(async (nextToken) => {
      const page = await iot.listThings({ maxResults: 3, ...(nextToken && { nextToken }) });
      sizes.push(page.things?.length ?? 0);
      return { items: page.things, next: page.nextToken };
    });
    expect(items.map((t) => t.thingName)).toEqual(Array.from({ length: 100 }, (_, i) => `t${i}`));
    expect(sizes).toContain(0);
    expect(new Set(sizes).size).toBeGreaterThan(2);
  });

  it('keeps listing correctly while things are created and deleted between pages', async () => {
    const { iot } = startSandbox();
    for (let i = 0; i < 300; i++) await iot.createThing({ thingName: `t${i}` });
    const first = await iot.listThings({ maxResults: 100 });
    for (let i = 0; i < 250; i++) await iot.deleteThing({ thingName: `t${i}` });
    await iot.createThing({ thingName: 'late' });
    const rest = await iot.listThings({ maxResults: 250, nextToken: first.nextToken ?? '' });
    expect(rest.things?.map((t) => t.thingName)).toEqual([
      ...Array.from({ length: 50 }, (_, i) => `t${250 + i}`),
      'late',
    ]);
  });

  it('refuses a made-up page token (400)', async () => {
    const { iot } = startSandbox();
    expect(await failure(iot.listThings({ nextToken: 'abc' }))).toMatchObject({ name: 'InvalidRequestException' });
  });
});

describe('thing types', () => {
  it('deletes a type only deprecated, unused, and five minutes after the deprecation', async () => {
    const { iot, clock } = startSandbox({ delays: 'realistic' });
    await iot.createThingType({ thingTypeName: 't' });
    await iot.createThing({ thingName: 'x', thingTypeName: 't' });
    expect(await failure(iot.deleteThingType({ thingTypeName: 't' }))).toMatchObject({ status: 400 });
    await iot.deprecateThingType({ thingTypeName: 't' });
    await clock.advance(299_999);
    expect(await failure(iot.deleteThingType({ thingTypeName: 't' }))).toMatchObject({
      name: 'InvalidRequestException',
    });
    await clock.advance(1);
    expect((await failure(iot.deleteThingType({ thingTypeName: 't' }))).message).toContain('associated');
    await iot.deleteThing({ thingName: 'x' });
    await iot.deleteThingType({ thingTypeName: 't' });
    expect((await iot.listThingTypes({})).thingTypes).toEqual([]);
  });

  it('takes no new things while deprecated, and again when that is undone', async () => {
    const { iot } = startSandbox();
    await iot.createThingType({ thingTypeName: 't' });
    await iot.deprecateThingType({ thingTypeName: 't' });
    expect(await failure(iot.createThing({ thingName: 'x', thingTypeName: 't' }))).toMatchObject({ status: 400 });
    await iot.deprecateThingType({ thingTypeName: 't', undoDeprecate: true });
    await iot.createThing({ thingName: 'x', thingTypeName: 't' });
  });

  it('creates the same type twice, and refuses another description (409)', async () => {
    const { iot } = startSandbox();
    const type = {
      thingTypeName: 't',
      thingTypeProperties: { thingTypeDescription: 'one', searchableAttributes: ['a'] },
    };
    const { thingTypeId } = await iot.createThingType(type);
    expect((await iot.createThingType(type)).thingTypeId).toBe(thingTypeId);
    expect(await failure(iot.createThingType({ thingTypeName: 't' }))).toMatchObject({ status: 409 });
    const four = { thingTypeName: 'u', thingTypeProperties: { searchableAttributes: ['a', 'b', 'c', 'd'] } };
    expect(await failure(iot.createThingType(four))).toMatchObject({ status: 400 });
  });
});
