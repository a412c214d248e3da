import { describe, expect, test } from 'vitest';
import { getCondition } from '../../../operator/api/conditions.ts';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import { account, device, group, policy, policyDocument, thingType } from '../../support/fleet.ts';
import { createFleet, type TestFleet } from '../../support/operator.ts';

const NOW = { registry: 0, authorization: 0 };
const SCAN_MS = 45_000;

async function fleetWith(spec: object = {}): Promise<TestFleet> {
  const fleet = await createFleet({ settle: NOW });
  await fleet.apply(
    account({ driftInterval: '30s' }),
    policy('base'),
    policy('site-rights'),
    thingType('press'),
    group('presses'),
    group('site', { policyRefs: [{ name: 'site-rights' }] }),
    group('quarantine', { quarantine: true }),
    device('press-1', { groupRefs: [{ name: 'presses' }, { name: 'site' }], ...spec }),
  );
  await fleet.start();
  await fleet.settleUntilReady();
  fleet.sandbox.ledger.clear();
  return fleet;
}

async function certificateOf(fleet: TestFleet): Promise<{ readonly id: string; readonly arn: string }> {
  const { status } = (await fleet.get('Device', 'press-1')) as Device;
  const { certificateId = '', arn = '' } = status?.certificates?.[0] ?? {};
  return { id: certificateId, arn };
}

async function statusOf(fleet: TestFleet) {
  return ((await fleet.get('Device', 'press-1')) as Device).status;
}

async function annotate(fleet: TestFleet, kind: string, name: string): Promise<void> {
  const object = await fleet.get(kind, name);
  const message = getCondition((object as Device).status?.conditions, 'Ready')?.message ?? '';
  const id = /fleetward\.dev\/restore=([0-9a-f]{8})/.exec(message)?.[1];
  expect(id, `no command to restore in: ${message}`).toBeDefined();
  const { status: _status, ...document } = object;
  const { name: objectName, namespace, uid } = document.metadata;
  const metadata = { name: objectName, namespace, uid, annotations: { 'fleetward.dev/restore': id ?? '' } };
  await fleet.apply({ ...document, metadata } as never);
}

const writesByUs = (fleet: TestFleet) => fleet.sandbox.ledger.entries({ accessKeyId: 'AKIDTEST', mutating: true });

describe('somebody changes AWS behind our back', () => {
  test('a policy attached to a certificate is widened drift, and detached', async () => {
    await using fleet = await fleetWith();
    const { arn } = await certificateOf(fleet);
    const star = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }] };
    await fleet.aws.send('CreatePolicy', { policyName: 'star', policyDocument: JSON.stringify(star) });
    await fleet.aws.send('AttachPolicy', { policyName: 'star', target: arn });
    await fleet.advance(SCAN_MS);
    expect(fleet.drift).toMatchObject([
      { corrected: true, changes: [{ class: 'widened', field: 'certificates[a].policies[star]' }] },
    ]);
    const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target: arn });
    expect(policies.map(({ policyName }) => policyName)).toEqual(['base']);
    expect(writesByUs(fleet).map(({ operation }) => operation)).toEqual(['DetachPolicy']);
  });

  test('with additive attachments the same policy is only reported', async () => {
    await using fleet = await fleetWith({ attachments: 'Additive' });
    const { arn } = await certificateOf(fleet);
    await fleet.aws.send('AttachPolicy', { policyName: 'site-rights', target: arn });
    await fleet.advance(SCAN_MS);
    expect((await statusOf(fleet))?.drift).toMatchObject({ class: 'widened', total: 1 });
    expect(writesByUs(fleet)).toEqual([]);
  });

  test('a device taken out of a group without policies is put back', async () => {
    await using fleet = await fleetWith();
    await fleet.aws.send('RemoveThingFromThingGroup', { thingName: 'press-1', thingGroupName: 'presses' });
    await fleet.advance(SCAN_MS);
    expect(fleet.drift).toMatchObject([{ corrected: true, changes: [{ class: 'missing', field: 'groups[presses]' }] }]);
    expect(writesByUs(fleet).map(({ operation }) => operation)).toEqual(['AddThingToThingGroup']);
    await fleet.settleUntilReady();
  });

  test('a device taken out of a group that gives rights is reported, and put back when told', async () => {
    await using fleet = await fleetWith();
    await fleet.aws.send('RemoveThingFromThingGroup', { thingName: 'press-1', thingGroupName: 'site' });
    await fleet.advance(10 * SCAN_MS);
    expect(await statusOf(fleet)).toMatchObject({ drift: { class: 'narrowed' } });
    expect(writesByUs(fleet)).toEqual([]);
    await annotate(fleet, 'Device', 'press-1');
    await fleet.settleUntilReady();
    expect(writesByUs(fleet).map(({ operation }) => operation)).toEqual(['AddThingToThingGroup']);
  });

  test('a change of the spec elsewhere does not give back what was taken', async () => {
    await using fleet = await fleetWith();
    await fleet.aws.send('RemoveThingFromThingGroup', { thingName: 'press-1', thingGroupName: 'site' });
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    await fleet.advance(SCAN_MS);
    await fleet.apply(device('press-1', { ...spec, attributes: { hall: '7' } }));
    await fleet.advance(SCAN_MS);
    expect(await statusOf(fleet)).toMatchObject({ drift: { class: 'narrowed' } });
    expect(writesByUs(fleet).map(({ operation }) => operation)).toEqual(['UpdateThing']);
  });

  test('a thing deleted outside is made again with its old certificate', async () => {
    await using fleet = await fleetWith();
    const { arn } = await certificateOf(fleet);
    await fleet.aws.send('DetachThingPrincipal', { thingName: 'press-1', principal: arn });
    await fleet.aws.send('DeleteThing', { thingName: 'press-1' });
    await fleet.advance(SCAN_MS);
    await fleet.settleUntilReady();
    expect(
      writesByUs(fleet)
        .map(({ operation }) => operation)
        .sort(),
    ).toEqual(['AddThingToThingGroup', 'AddThingToThingGroup', 'AttachThingPrincipal', 'CreateThing']);
    const { principals } = await fleet.aws.send('ListThingPrincipals', { thingName: 'press-1' });
    expect(principals).toEqual([arn]);
  });

  test('an attribute is set back, with the version that was read', async () => {
    await using fleet = await fleetWith({ attributes: { hall: '7' } });
    await fleet.aws.send('UpdateThing', {
      thingName: 'press-1',
      attributePayload: { attributes: { hall: '8', note: 'x' }, merge: true },
    });
    await fleet.advance(SCAN_MS);
    const { attributes } = await fleet.aws.send('DescribeThing', { thingName: 'press-1' });
    expect(attributes).toEqual({ hall: '7', 'fleetward.dev/owner': 'test/factory/Device/press-1' });
    expect(fleet.drift[0]?.changes.map(({ field }) => field)).toEqual(['attributes.hall', 'attributes.note']);
  });
});

describe('policy documents', () => {
  async function edit(fleet: TestFleet, document: object): Promise<void> {
    await fleet.aws.send('CreatePolicyVersion', {
      policyName: 'base',
      policyDocument: JSON.stringify(document),
      setAsDefault: true,
    });
  }

  test('ten edits in a row are set back, never with more than five versions', async () => {
    await using fleet = await fleetWith();
    for (let i = 0; i < 10; i += 1) {
      const { policyVersions = [] } = await fleet.aws.send('ListPolicyVersions', { policyName: 'base' });
      const spare = policyVersions.filter(({ isDefaultVersion }) => !isDefaultVersion);
      if (policyVersions.length === 5) {
        await fleet.aws.send('DeletePolicyVersion', { policyName: 'base', policyVersionId: spare.at(-1)?.versionId });
      }
      await edit(fleet, policyDocument('telemetry/*', `edit-${i}/*`));
      await fleet.advance(SCAN_MS);
    }
    await fleet.settleUntilReady();
    const found = await fleet.aws.send('GetPolicy', { policyName: 'base' });
    expect(JSON.parse(found.policyDocument ?? '')).toEqual(policyDocument('telemetry/*'));
    expect(fleet.drift).toHaveLength(10);
    expect(fleet.sandbox.ledger.count({ outcome: 'VersionsLimitExceededException' })).toBe(0);
  });

  test('the same document in another form is no difference', async () => {
    await using fleet = await fleetWith();
    const [connect, publish] = (policyDocument('telemetry/*') as { Statement: Record<string, unknown>[] }).Statement;
    const shuffled = {
      Statement: [
        { Resource: [publish?.Resource].flat()[0], Effect: 'Allow', Action: 'iot:publish' },
        { ...connect, Sid: 'connect', Action: 'iot:Connect' },
      ],
      Version: '2012-10-17',
    };
    await edit(fleet, shuffled);
    await fleet.advance(3 * SCAN_MS);
    expect(fleet.drift).toEqual([]);
    expect(writesByUs(fleet)).toEqual([]);
  });

  test('a blank default version is held until its very version is acknowledged', async () => {
    await using fleet = await fleetWith();
    await edit(fleet, { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] });
    await fleet.advance(10 * SCAN_MS);
    const { status } = (await fleet.get('IoTPolicy', 'base')) as IoTPolicy;
    expect(status).toMatchObject({ held: { reason: 'BlankPolicy', versionId: '2' }, drift: { class: 'mitigation' } });
    expect(writesByUs(fleet)).toEqual([]);
    await annotate(fleet, 'IoTPolicy', 'base');
    await fleet.settleUntilReady();
    expect(writesByUs(fleet).map(({ operation }) => operation)).toEqual(['SetDefaultPolicyVersion']);
    expect(((await fleet.get('IoTPolicy', 'base')) as IoTPolicy).status).not.toHaveProperty('held');
  });
});

describe('security acts win', () => {
  test('a deactivated certificate stays inactive, and the device is held', async () => {
    await using fleet = await fleetWith();
    const { id } = await certificateOf(fleet);
    await fleet.aws.send('UpdateCertificate', { certificateId: id, newStatus: 'INACTIVE' });
    await fleet.advance(10 * SCAN_MS);
    expect(await statusOf(fleet)).toMatchObject({ held: { reason: 'CertificateDeactivated' } });
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    await fleet.apply(device('press-1', { ...spec, attributes: { hall: '9' } }));
    await fleet.advance(SCAN_MS);
    expect(writesByUs(fleet)).toEqual([]);
    await annotate(fleet, 'Device', 'press-1');
    await fleet.settleUntilReady();
    expect(writesByUs(fleet).map(({ operation }) => operation)).toEqual(['UpdateThing', 'UpdateCertificate']);
  });

  test('a device in quarantine is left alone until somebody acknowledges', async () => {
    await using fleet = await fleetWith();
    await fleet.aws.send('AddThingToThingGroup', { thingName: 'press-1', thingGroupName: 'quarantine' });
    await fleet.aws.send('RemoveThingFromThingGroup', { thingName: 'press-1', thingGroupName: 'presses' });
    await fleet.advance(10 * SCAN_MS);
    expect(await statusOf(fleet)).toMatchObject({ held: { reason: 'Quarantined', detail: 'groups[quarantine]' } });
    expect(writesByUs(fleet)).toEqual([]);
    await annotate(fleet, 'Device', 'press-1');
    await fleet.settleUntilReady();
    expect(writesByUs(fleet).map(({ operation }) => operation)).toEqual([
      'AddThingToThingGroup',
      'RemoveThingFromThingGroup',
    ]);
  });

  test('a deleted certificate is not made again by itself', async () => {
    await using fleet = await fleetWith();
    const { id, arn } = await certificateOf(fleet);
    await fleet.aws.send('UpdateCertificate', { certificateId: id, newStatus: 'INACTIVE' });
    await fleet.aws.send('DetachThingPrincipal', { thingName: 'press-1', principal: arn });
    await fleet.aws.send('DeleteCertificate', { certificateId: id, forceDelete: true });
    await fleet.advance(10 * SCAN_MS);
    expect(await statusOf(fleet)).toMatchObject({ drift: { class: 'narrowed' } });
    expect(writesByUs(fleet)).toEqual([]);
  });
});

describe('what the policies of an object say about drift', () => {
  test.each(['Report', 'Ignore'])('driftPolicy %s writes nothing', async (driftPolicy) => {
    await using fleet = await fleetWith({ driftPolicy });
    await fleet.aws.send('RemoveThingFromThingGroup', { thingName: 'press-1', thingGroupName: 'presses' });
    await fleet.advance(SCAN_MS);
    expect(writesByUs(fleet)).toEqual([]);
    const drift = (await statusOf(fleet))?.drift;
    if (driftPolicy === 'Report') expect(drift).toMatchObject({ class: 'missing' });
    else expect(drift).toBeUndefined();
  });

  test('our own write is not drift while the lists lag behind it', async () => {
    await using fleet = await createFleet({ settle: { registry: 60_000, authorization: 60_000 } });
    await fleet.apply(account({ driftInterval: '30s' }), policy('base'), group('presses'), device('press-1'));
    fleet.sandbox.faults.add({ operation: 'ListThingsInThingGroup', effect: { kind: 'stale', ms: 3_600_000 } });
    fleet.sandbox.faults.add({ operation: 'ListThings', effect: { kind: 'stale', ms: 3_600_000 } });
    await fleet.start();
    await fleet.settleUntilReady();
    fleet.sandbox.ledger.clear();
    await fleet.advance(SCAN_MS);
    expect(fleet.drift).toEqual([]);
    expect(writesByUs(fleet)).toEqual([]);
  });
});
