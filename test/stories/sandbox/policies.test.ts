import { describe, expect, it } from 'vitest';
import { failure, makeCsr, POLICY, startSandbox } from './support.ts';

const CERT = async (iot: ReturnType<typeof startSandbox>['iot']) =>
  (await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr(), setAsActive: true })).certificateArn ??
  '';

describe('policies', () => {
  it('refuses an existing name even with the same document (409)', async () => {
    const { iot } = startSandbox();
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    const again = iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    expect(await failure(again)).toMatchObject({ name: 'ResourceAlreadyExistsException', status: 409 });
  });

  it.each([
    { document: 'nonsense', reason: 'no JSON' },
    { document: '[]', reason: 'no object' },
    { document: '{"Version":"2012-10-17"}', reason: 'no statement' },
    { document: '{"Version":"1999-01-01","Statement":[]}', reason: 'an unknown version' },
    {
      document: '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"iot:*","Resource":"*"}]}',
      reason: 'an effect that is none',
    },
  ])('refuses a document with $reason (MalformedPolicyException)', async ({ document }) => {
    const { iot } = startSandbox();
    const created = iot.createPolicy({ policyName: 'p', policyDocument: document });
    expect(await failure(created)).toMatchObject({ name: 'MalformedPolicyException', status: 400 });
  });

  it('counts 2,048 characters without white space', async () => {
    const { iot } = startSandbox();
    const withLength = (length: number) => {
      const text = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: 'R' }],
      });
      return text.replace('"R"', `"${'r'.repeat(length - text.length + 1)}"`);
    };
    const spaced = (text: string) => text.replaceAll(',', ',\n        ');
    await iot.createPolicy({ policyName: 'fits', policyDocument: spaced(withLength(2048)) });
    const tooLong = iot.createPolicy({ policyName: 'long', policyDocument: withLength(2049) });
    expect(await failure(tooLong)).toMatchObject({ name: 'MalformedPolicyException' });
  });

  it('returns the stored document as it was given', async () => {
    const { iot } = startSandbox();
    const spaced = JSON.stringify(JSON.parse(POLICY), null, 4);
    await iot.createPolicy({ policyName: 'p', policyDocument: spaced });
    expect((await iot.getPolicy({ policyName: 'p' })).policyDocument).toBe(spaced);
  });

  it('keeps five versions; numbers go on counting; the default cannot be deleted', async () => {
    const { iot } = startSandbox();
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    for (let i = 0; i < 4; i++) await iot.createPolicyVersion({ policyName: 'p', policyDocument: POLICY });
    const sixth = iot.createPolicyVersion({ policyName: 'p', policyDocument: POLICY });
    expect(await failure(sixth)).toMatchObject({ name: 'VersionsLimitExceededException', status: 409 });
    const unsettable = iot.deletePolicyVersion({ policyName: 'p', policyVersionId: '1' });
    expect(await failure(unsettable)).toMatchObject({ name: 'DeleteConflictException', status: 409 });
    await iot.deletePolicyVersion({ policyName: 'p', policyVersionId: '3' });
    const next = await iot.createPolicyVersion({ policyName: 'p', policyDocument: POLICY, setAsDefault: true });
    expect(next).toMatchObject({ policyVersionId: '6', isDefaultVersion: true });
    const { policyVersions } = await iot.listPolicyVersions({ policyName: 'p' });
    expect(policyVersions?.filter((v) => v.isDefaultVersion).map((v) => v.versionId)).toEqual(['6']);
  });

  it('keeps the default when an unknown version is to be made default (404)', async () => {
    const { iot } = startSandbox();
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    const set = iot.setDefaultPolicyVersion({ policyName: 'p', policyVersionId: '9' });
    expect(await failure(set)).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
    expect((await iot.getPolicy({ policyName: 'p' })).defaultVersionId).toBe('1');
  });

  it('is deleted only without targets and further versions, and five minutes after a detach', async () => {
    const { iot, clock } = startSandbox({ delays: 'realistic' });
    const target = await CERT(iot);
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    await iot.attachPolicy({ policyName: 'p', target });
    expect(await failure(iot.deletePolicy({ policyName: 'p' }))).toMatchObject({ name: 'DeleteConflictException' });
    await iot.detachPolicy({ policyName: 'p', target });
    await iot.createPolicyVersion({ policyName: 'p', policyDocument: POLICY });
    await clock.advance(300_000);
    expect(await failure(iot.deletePolicy({ policyName: 'p' }))).toMatchObject({ name: 'DeleteConflictException' });
    await iot.deletePolicyVersion({ policyName: 'p', policyVersionId: '2' });
    await iot.attachPolicy({ policyName: 'p', target });
    await iot.detachPolicy({ policyName: 'p', target });
    await clock.advance(299_999);
    expect(await failure(iot.deletePolicy({ policyName: 'p' }))).toMatchObject({ name: 'DeleteConflictException' });
    await clock.advance(1);
    await iot.deletePolicy({ policyName: 'p' });
    expect(await failure(iot.deletePolicy({ policyName: 'p' }))).toMatchObject({ status: 404 });
  });
});

describe('attachments', () => {
  it('holds ten policies on a certificate and two on a group (410 beyond); repeating succeeds', async () => {
    const { iot } = startSandbox();
    const cert = await CERT(iot);
    const { thingGroupArn: group = '' } = await iot.createThingGroup({ thingGroupName: 'g' });
    for (let i = 0; i < 11; i++) await iot.createPolicy({ policyName: `p${i}`, policyDocument: POLICY });
    for (let i = 0; i < 10; i++) await iot.attachPolicy({ policyName: `p${i}`, target: cert });
    for (let i = 0; i < 2; i++) await iot.attachPolicy({ policyName: `p${i}`, target: group });
    await iot.attachPolicy({ policyName: 'p0', target: cert });
    const limit = { name: 'LimitExceededException', status: 410 };
    expect(await failure(iot.attachPolicy({ policyName: 'p10', target: cert }))).toMatchObject(limit);
    expect(await failure(iot.attachPolicy({ policyName: 'p10', target: group }))).toMatchObject(limit);
  });

  it('detaches what is not attached without an error', async () => {
    const { iot } = startSandbox();
    const target = await CERT(iot);
    await iot.detachPolicy({ policyName: 'no-such-policy', target });
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    await iot.detachPolicy({ policyName: 'p', target });
  });

  it('needs an existing policy and target (404) and a real ARN (400)', async () => {
    const { iot } = startSandbox();
    const target = await CERT(iot);
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    expect(await failure(iot.attachPolicy({ policyName: 'no', target }))).toMatchObject({ status: 404 });
    const absent = target.replace(/[0-9a-f]{64}$/, '0'.repeat(64));
    expect(await failure(iot.attachPolicy({ policyName: 'p', target: absent }))).toMatchObject({ status: 404 });
    expect(await failure(iot.attachPolicy({ policyName: 'p', target: 'nobody' }))).toMatchObject({ status: 400 });
  });

  it('lists inherited policies of groups and their ancestors when asked recursively', async () => {
    const { iot } = startSandbox();
    const cert = await CERT(iot);
    for (const policyName of ['own', 'group', 'root']) await iot.createPolicy({ policyName, policyDocument: POLICY });
    const root = await iot.createThingGroup({ thingGroupName: 'root' });
    const group = await iot.createThingGroup({ thingGroupName: 'g', parentGroupName: 'root' });
    await iot.attachPolicy({ policyName: 'own', target: cert });
    await iot.attachPolicy({ policyName: 'group', target: group.thingGroupArn ?? '' });
    await iot.attachPolicy({ policyName: 'root', target: root.thingGroupArn ?? '' });
    await iot.createThing({ thingName: 'x' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'g' });
    await iot.attachThingPrincipal({ thingName: 'x', principal: cert });
    const names = async (input: { target: string; recursive?: boolean }) =>
      (await iot.listAttachedPolicies(input)).policies?.map((p) => p.policyName);
    expect(await names({ target: cert })).toEqual(['own']);
    expect(await names({ target: cert, recursive: true })).toEqual(['own', 'group', 'root']);
    expect(await names({ target: group.thingGroupArn ?? '', recursive: true })).toEqual(['group', 'root']);
    const effective = await iot.getEffectivePolicies({ principal: cert, thingName: 'x' });
    expect(effective.effectivePolicies?.map((p) => p.policyName)).toEqual(['own', 'group', 'root']);
    expect(effective.effectivePolicies?.[0]?.policyDocument).toBe(POLICY);
  });

  it('pages policies and targets with markers, newest policy first', async () => {
    const { iot } = startSandbox();
    for (let i = 0; i < 12; i++) await iot.createPolicy({ policyName: `p${i}`, policyDocument: POLICY });
    const first = await iot.listPolicies({ pageSize: 10 });
    expect(first.policies?.[0]?.policyName).toBe('p11');
    const second = await iot.listPolicies({ pageSize: 10, marker: first.nextMarker ?? '' });
    expect(second.policies?.map((p) => p.policyName)).toEqual(['p1', 'p0']);
    expect(second.nextMarker).toBeUndefined();
    expect((await iot.listPolicies({ ascendingOrder: true })).policies?.[0]?.policyName).toBe('p0');
  });
});

describe('TestAuthorization', () => {
  it('tells which values nobody gave that a statement for the action reads', async () => {
    const { iot } = startSandbox();
    const cert = await CERT(iot);
    const Statement = [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: '*',
        Condition: {
          IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
          Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
        },
      },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: 'arn:aws:iot:us-east-1:123456789012:topic/${iot:ClientId}' },
    ];
    await iot.createPolicy({ policyName: 'p', policyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) });
    await iot.attachPolicy({ policyName: 'p', target: cert });
    const authInfos = (['CONNECT', 'PUBLISH'] as const).map((actionType) => ({
      actionType,
      resources: ['arn:aws:iot:us-east-1:123456789012:topic/x'],
    }));
    const missing = async (more: object) =>
      (await iot.testAuthorization({ principal: cert, authInfos, ...more })).authResults?.map(
        (result) => result.missingContextValues,
      );
    expect(await missing({})).toEqual([['aws:SourceIp'], ['iot:ClientId']]);
    expect(await missing({ clientId: 'x' })).toEqual([['aws:SourceIp'], []]);
  });

  it('answers with the deciding policies, group policies only for the attached thing with its own client id', async () => {
    const { iot } = startSandbox();
    const cert = await CERT(iot);
    const document = (effect: string, action: string, resource: string) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: effect, Action: action, Resource: resource }] });
    const arn = (resource: string) => `arn:aws:iot:us-east-1:123456789012:${resource}`;
    await iot.createPolicy({
      policyName: 'connect',
      policyDocument: document('Allow', 'iot:Connect', arn('client/${iot:Connection.Thing.ThingName}')),
    });
    await iot.createPolicy({ policyName: 'publish', policyDocument: document('Allow', 'iot:Publish', arn('topic/*')) });
    await iot.createPolicy({
      policyName: 'hush',
      policyDocument: document('Deny', 'iot:Publish', arn('topic/secret/*')),
    });
    const { thingGroupArn = '' } = await iot.createThingGroup({ thingGroupName: 'g' });
    await iot.createThing({ thingName: 'x' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'g' });
    await iot.attachThingPrincipal({ thingName: 'x', principal: cert });
    await iot.attachPolicy({ policyName: 'connect', target: cert });
    await iot.attachPolicy({ policyName: 'publish', target: thingGroupArn });
    const ask = async (clientId: string, more: object = {}) => {
      const authInfos = [
        { actionType: 'CONNECT' as const, resources: [arn(`client/${clientId}`)] },
        { actionType: 'PUBLISH' as const, resources: [arn('topic/secret/a')] },
      ];
      const { authResults } = await iot.testAuthorization({ principal: cert, clientId, authInfos, ...more });
      return authResults;
    };
    expect((await ask('x'))?.map((r) => r.authDecision)).toEqual(['ALLOWED', 'ALLOWED']);
    expect((await ask('x'))?.[1]?.allowed?.policies?.map((p) => p.policyName)).toEqual(['publish']);
    expect((await ask('y'))?.map((r) => r.authDecision)).toEqual(['IMPLICIT_DENY', 'IMPLICIT_DENY']);
    const added = await ask('x', { policyNamesToAdd: ['hush'] });
    expect(added?.[1]?.authDecision).toBe('EXPLICIT_DENY');
    expect(added?.[1]?.denied?.explicitDeny?.policies?.map((p) => p.policyName)).toEqual(['hush']);
    expect((await ask('x', { policyNamesToSkip: ['publish'] }))?.[1]?.authDecision).toBe('IMPLICIT_DENY');
  });
});
