import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { csr, device, group, policy } from '../../support/fleet.ts';
import { annotate, grants, hear, type RolloutFleet, refuse, rolloutFleet, STRATEGY } from './support.ts';

/** The same device with something else in its spec. */
async function edit(fleet: RolloutFleet, name: string, change: object): Promise<void> {
  const { spec } = (await fleet.get('Device', name)) as Device;
  const { certificates, thingTypeRef, policyRefs, groupRefs, attributes } = spec;
  const kept = {
    certificates,
    thingTypeRef,
    policyRefs,
    groupRefs,
    ...(attributes === undefined ? {} : { attributes }),
  };
  await fleet.apply(device(name, { ...kept, ...change }));
}

async function groupsOf(fleet: RolloutFleet, thingName: string): Promise<readonly string[]> {
  const { thingGroups = [] } = await fleet.aws.send('ListThingGroupsForThing', { thingName });
  return thingGroups.map(({ groupName = '' }) => groupName).sort();
}

async function approve(fleet: RolloutFleet): Promise<void> {
  const { metadata, spec } = await fleet.rollout();
  const by = `t1@${spec.revision} by kim`;
  await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/approve': by });
}

/** Two devices in `hall`, which gives them debug; `yard` gives nothing of the kind. */
async function inHall(): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(2);
  await fleet.apply(policy('hall', { document: grants('hall/*', 'debug/*'), strategy: STRATEGY }));
  await fleet.apply(policy('yard', { document: grants('debug/*'), strategy: STRATEGY }));
  await fleet.apply(
    group('hall', { policyRefs: [{ name: 'hall' }] }),
    group('yard', { policyRefs: [{ name: 'yard' }] }),
  );
  await fleet.settleUntilReady();
  for (const name of fleet.names) await edit(fleet, name, { groupRefs: [{ name: 'hall' }] });
  await fleet.live(2);
  await approve(fleet);
  await fleet.live(160, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
  await fleet.live(2);
  for (const name of fleet.names) expect(await groupsOf(fleet, name)).toEqual(['hall']);
  return fleet;
}

describe('R3: a move between groups that carry policies', () => {
  test('is one call, and what the asset would miss is on its certificates from before until after it', async () => {
    await using fleet = await inHall();
    fleet.sandbox.ledger.clear();
    for (const name of fleet.names) await edit(fleet, name, { groupRefs: [{ name: 'yard' }] });
    await fleet.live(8);
    for (const name of fleet.names) expect(await groupsOf(fleet, name)).toEqual(['hall']);
    expect(await fleet.attached('press-1')).toEqual(['base', 'hall']);
    await fleet.live(8);
    expect(await groupsOf(fleet, 'press-1')).toEqual(['yard']);
    expect(await groupsOf(fleet, 'press-2')).toEqual(['hall']);
    expect(await fleet.attached('press-1')).toEqual(['base', 'hall']);
    expect(fleet.sandbox.ledger.count({ operation: 'UpdateThingGroupsForThing' })).toBe(1);
    await fleet.live(200, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    for (const name of fleet.names) expect(await groupsOf(fleet, name)).toEqual(['yard']);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
    expect((await fleet.rollout()).status).toMatchObject({ class: 'tightens', counters: { succeeded: 2 } });
  }, 120_000);

  test('is taken back when the asset is refused what it used', async () => {
    await using fleet = await inHall();
    hear(fleet, 'press-1', 'hall/press-1');
    for (const name of fleet.names) await edit(fleet, name, { groupRefs: [{ name: 'yard' }] });
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    refuse(fleet, 'press-1', 'hall/press-1');
    await fleet.live(80, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
    await fleet.live(3);
    for (const name of fleet.names) expect(await groupsOf(fleet, name)).toEqual(['hall']);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Paused', reason: 'AssetFailed' });
  }, 120_000);

  test('a group that is deleted with the last reference to it, and its policy, stay until nobody can need them back', async () => {
    await using fleet = await inHall();
    const deletionPolicy = 'Delete';
    await fleet.apply(
      policy('hall', { document: grants('hall/*', 'debug/*'), strategy: STRATEGY, deletionPolicy }),
      group('hall', { policyRefs: [{ name: 'hall' }], deletionPolicy }),
    );
    for (const name of fleet.names) await edit(fleet, name, { groupRefs: [{ name: 'yard' }] });
    for (const kind of ['ThingGroup', 'IoTPolicy'])
      await fleet.store.delete({ kind, namespace: 'factory', name: 'hall' });
    await fleet.live(160, { until: async () => (await fleet.records())['press-2'] === 'Observing' });
    for (const name of fleet.names) expect(await groupsOf(fleet, name)).toEqual(['yard']);
    await fleet.live(2);
    await annotate(fleet, 'PolicyRollout', (await fleet.rollout()).metadata.name, {
      'rollout.fleetward.dev/abort': `t2@${(await fleet.rollout()).spec.revision} by kim`,
    });
    await fleet.live(120, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    for (const name of fleet.names) expect(await groupsOf(fleet, name)).toEqual(['hall']);
    const { thingGroupName } = await fleet.aws.send('DescribeThingGroup', { thingGroupName: 'hall' });
    expect(thingGroupName).toBe('hall');
    const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', {
      target: 'arn:aws:iot:us-east-1:123456789012:thinggroup/hall',
    });
    expect(policies.map(({ policyName }) => policyName)).toEqual(['hall']);
  }, 120_000);
});

describe('R3: a field of the thing that a policy reads', () => {
  const document = grants('site/${iot:Connection.Thing.Attributes[site]}/*', 'telemetry/*');
  const siteOf = async (fleet: RolloutFleet, thingName: string) =>
    (await fleet.aws.send('DescribeThing', { thingName })).attributes?.site;

  async function withSite(): Promise<RolloutFleet> {
    const fleet = await rolloutFleet(0);
    await fleet.apply(policy('base', { document, strategy: STRATEGY }));
    await fleet.settleUntilReady();
    for (const name of ['press-1', 'press-2']) {
      await fleet.apply(device(name, { thingTypeRef: { name: 'press' }, attributes: { site: 'ulm' } }));
      fleet.names.push(name);
    }
    await fleet.settleUntilReady();
    return fleet;
  }

  test('changes after approval, one asset at a time', async () => {
    await using fleet = await withSite();
    for (const name of fleet.names) await edit(fleet, name, { attributes: { site: 'kiel' } });
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'AwaitingApproval', uncertain: true });
    expect(await siteOf(fleet, 'press-1')).toBe('ulm');
    // Heard of for as long as a settle time takes: before that nobody knows how long it stays.
    await fleet.live(12);
    await approve(fleet);
    await fleet.live(2);
    expect(await siteOf(fleet, 'press-1')).toBe('kiel');
    expect(await siteOf(fleet, 'press-2')).toBe('ulm');
    await fleet.live(160, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect(await siteOf(fleet, 'press-2')).toBe('kiel');
  }, 120_000);

  test('gets its former value back when the asset is refused what it used', async () => {
    await using fleet = await withSite();
    hear(fleet, 'press-1', 'site/ulm/a');
    for (const name of fleet.names) await edit(fleet, name, { attributes: { site: 'kiel' } });
    await fleet.live(3);
    await approve(fleet);
    await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    refuse(fleet, 'press-1', 'site/ulm/a');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
    await fleet.live(3);
    for (const name of fleet.names) expect(await siteOf(fleet, name)).toBe('ulm');
  }, 120_000);

  test('of which no policy speaks is written at once', async () => {
    await using fleet = await withSite();
    await edit(fleet, 'press-1', { attributes: { site: 'ulm', hall: '3' } });
    await fleet.settleUntilReady();
    const { attributes } = await fleet.aws.send('DescribeThing', { thingName: 'press-1' });
    expect(attributes).toMatchObject({ hall: '3' });
  }, 60_000);
});

describe('R3, R8: a certificate that leaves the spec', () => {
  async function twoCertificates(): Promise<{ fleet: RolloutFleet; next: object }> {
    const fleet = await rolloutFleet(1);
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    const next = { name: 'b', csr: csr('b') };
    await edit(fleet, 'press-1', { certificates: [...(spec.certificates ?? []), next] });
    await fleet.settleUntilReady();
    return { fleet, next };
  }
  const statuses = async (fleet: RolloutFleet) =>
    ((await fleet.aws.send('ListCertificates', {})).certificates ?? []).map(({ status }) => status).sort();

  test('goes back into use when the device does not connect without it', async () => {
    const { fleet, next } = await twoCertificates();
    await using _fleet = fleet;
    await fleet.live(12);
    await edit(fleet, 'press-1', { certificates: [next] });
    await fleet.live(3);
    expect(await statuses(fleet)).toEqual(['ACTIVE', 'INACTIVE']);
    await fleet.live(180, { silent: ['press-1'], until: async () => (await statuses(fleet))[1] === 'ACTIVE' });
    expect(await statuses(fleet)).toEqual(['ACTIVE', 'ACTIVE']);
  }, 120_000);

  test('is refused when no other is in use', async () => {
    await using fleet = await rolloutFleet(1);
    await edit(fleet, 'press-1', { certificates: [] });
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'LastCertificate' });
    expect(await statuses(fleet)).toEqual(['ACTIVE']);
  }, 60_000);
});

describe('R8: a certificate that joins an asset', () => {
  test('gets what its asset has now, not what it had or will have', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(grants('telemetry/*'));
    await fleet.live(15);
    const { spec, status } = (await fleet.get('Device', 'press-1')) as Device;
    expect(status?.rollout?.state).toBe('Contracting');
    await edit(fleet, 'press-1', { certificates: [...(spec.certificates ?? []), { name: 'b', csr: csr('b') }] });
    await fleet.live(2);
    const records = ((await fleet.get('Device', 'press-1')) as Device).status?.certificates ?? [];
    for (const { arn = '' } of records) {
      const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target: arn });
      expect(policies.map(({ policyName }) => policyName)).toEqual([expect.stringMatching(/^base@/)]);
    }
    expect(records).toHaveLength(2);
  }, 60_000);
});
