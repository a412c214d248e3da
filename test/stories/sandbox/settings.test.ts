import { describe, expect, it } from 'vitest';
import { failure, makeCsr, POLICY, startSandbox } from './support.ts';

describe('tags', () => {
  it('are upserted by key, listed, and die with the resource', async () => {
    const { iot } = startSandbox();
    const tags = [{ Key: 'fleetward.dev/owner', Value: 'a/b/IoTPolicy/c' }];
    const { policyArn: resourceArn = '' } = await iot.createPolicy({ policyName: 'p', policyDocument: POLICY, tags });
    await iot.tagResource({
      resourceArn,
      tags: [
        { Key: 'x', Value: '' },
        { Key: 'fleetward.dev/owner', Value: 'other' },
      ],
    });
    expect((await iot.listTagsForResource({ resourceArn })).tags).toEqual([
      { Key: 'fleetward.dev/owner', Value: 'other' },
      { Key: 'x', Value: '' },
    ]);
    await iot.untagResource({ resourceArn, tagKeys: ['x', 'never'] });
    expect((await iot.listTagsForResource({ resourceArn })).tags).toHaveLength(1);
    await iot.deletePolicy({ policyName: 'p' });
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    expect((await iot.listTagsForResource({ resourceArn })).tags).toEqual([]);
  });

  it('are at most fifty, never aws:, and only on what exists and can carry them', async () => {
    const { iot } = startSandbox();
    const { thingGroupArn: resourceArn = '' } = await iot.createThingGroup({ thingGroupName: 'g' });
    const many = Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: 'v' }));
    expect(await failure(iot.tagResource({ resourceArn, tags: many }))).toMatchObject({ status: 400 });
    expect(await failure(iot.tagResource({ resourceArn, tags: [{ Key: 'aws:x', Value: '' }] }))).toMatchObject({
      status: 400,
    });
    const { thingArn = '' } = await iot.createThing({ thingName: 'x' });
    expect(await failure(iot.tagResource({ resourceArn: thingArn, tags: [{ Key: 'a', Value: '' }] }))).toMatchObject({
      status: 400,
    });
    expect(await failure(iot.listTagsForResource({ resourceArn: `${resourceArn}no` }))).toMatchObject({ status: 404 });
  });
});

describe('security profiles', () => {
  const behaviors = [
    {
      name: 'auth',
      metric: 'aws:num-authorization-failures',
      criteria: { comparisonOperator: 'less-than-equals' as const, value: { count: 5 }, durationSeconds: 300 },
    },
  ];

  it('update by version, and clear a list only by its flag', async () => {
    const { iot } = startSandbox();
    await iot.createSecurityProfile({
      securityProfileName: 's',
      behaviors,
      additionalMetricsToRetainV2: [{ metric: 'aws:num-disconnects' }],
    });
    expect(await failure(iot.createSecurityProfile({ securityProfileName: 's' }))).toMatchObject({ status: 409 });
    const kept = await iot.updateSecurityProfile({ securityProfileName: 's', behaviors: [], expectedVersion: 1 });
    expect(kept).toMatchObject({ behaviors, version: 2 });
    expect(await failure(iot.updateSecurityProfile({ securityProfileName: 's', expectedVersion: 1 }))).toMatchObject({
      status: 409,
    });
    const both = iot.updateSecurityProfile({ securityProfileName: 's', behaviors, deleteBehaviors: true });
    expect(await failure(both)).toMatchObject({ name: 'InvalidRequestException' });
    const cleared = await iot.updateSecurityProfile({
      securityProfileName: 's',
      deleteBehaviors: true,
      deleteAdditionalMetricsToRetain: true,
    });
    expect(cleared).toMatchObject({ behaviors: [], version: 3 });
    expect(cleared.additionalMetricsToRetainV2).toBeUndefined();
  });

  it('attach to groups and the three scopes, five on a target (410), and list both ways', async () => {
    const { iot } = startSandbox();
    const { thingGroupArn = '' } = await iot.createThingGroup({ thingGroupName: 'g' });
    const all = 'arn:aws:iot:us-east-1:123456789012:all/registered-things';
    for (let i = 0; i < 6; i++) await iot.createSecurityProfile({ securityProfileName: `s${i}` });
    for (let i = 0; i < 5; i++)
      await iot.attachSecurityProfile({ securityProfileName: `s${i}`, securityProfileTargetArn: thingGroupArn });
    await iot.attachSecurityProfile({ securityProfileName: 's0', securityProfileTargetArn: all });
    const sixth = iot.attachSecurityProfile({ securityProfileName: 's5', securityProfileTargetArn: thingGroupArn });
    expect(await failure(sixth)).toMatchObject({ name: 'LimitExceededException', status: 410 });
    const targets = await iot.listTargetsForSecurityProfile({ securityProfileName: 's0' });
    expect(targets.securityProfileTargets?.map((t) => t.arn)).toEqual([thingGroupArn, all]);
    const profiles = await iot.listSecurityProfilesForTarget({ securityProfileTargetArn: thingGroupArn });
    expect(profiles.securityProfileTargetMappings).toHaveLength(5);
    expect(await failure(iot.deleteSecurityProfile({ securityProfileName: 's0' }))).toMatchObject({ status: 400 });
    await iot.detachSecurityProfile({ securityProfileName: 's0', securityProfileTargetArn: all });
    await iot.detachSecurityProfile({ securityProfileName: 's0', securityProfileTargetArn: thingGroupArn });
    await iot.deleteSecurityProfile({ securityProfileName: 's0' });
    await iot.deleteSecurityProfile({ securityProfileName: 's0' });
  });

  it('say what is wrong with behaviors before they are used', async () => {
    const { iot } = startSandbox();
    const validate = async (behavior: object) =>
      iot.validateSecurityProfileBehaviors({ behaviors: [{ name: 'b', metric: 'aws:num-disconnects', ...behavior }] });
    expect(
      await validate({ criteria: { comparisonOperator: 'less-than', value: { count: 1 }, durationSeconds: 300 } }),
    ).toMatchObject({ valid: true });
    const bad = await validate({ criteria: { comparisonOperator: 'in-cidr-set', value: { cidrs: ['10.0.0.0/8'] } } });
    expect(bad.valid).toBe(false);
    expect(bad.validationErrors?.[0]?.errorMessage).toContain('in-cidr-set');
    expect(await validate({ metric: 'aws:no-such-metric' })).toMatchObject({ valid: false });
    expect(await validate({ criteria: { durationSeconds: 77 } })).toMatchObject({ valid: false });
  });
});

describe('account settings', () => {
  it('has no V2 logging until it is configured (404), then levels per resource', async () => {
    const { iot } = startSandbox();
    expect(await failure(iot.getV2LoggingOptions({}))).toMatchObject({ name: 'NotConfiguredException', status: 404 });
    await iot.setV2LoggingOptions({ roleArn: 'arn:aws:iam::123456789012:role/log', defaultLogLevel: 'ERROR' });
    expect(await iot.getV2LoggingOptions({})).toMatchObject({ defaultLogLevel: 'ERROR', disableAllLogs: false });
    const logTarget = { targetType: 'CLIENT_ID' as const, targetName: 'pump:1' };
    await iot.setV2LoggingLevel({ logTarget, logLevel: 'INFO' });
    const levels = await iot.listV2LoggingLevels({ targetType: 'CLIENT_ID' });
    expect(levels.logTargetConfigurations).toEqual([{ logTarget, logLevel: 'INFO' }]);
    await iot.deleteV2LoggingLevel(logTarget);
    expect((await iot.listV2LoggingLevels({})).logTargetConfigurations).toEqual([]);
  });

  it('has every registry event off until it is switched on', async () => {
    const { iot } = startSandbox();
    await iot.updateEventConfigurations({ eventConfigurations: { THING: { Enabled: true } } });
    const { eventConfigurations } = await iot.describeEventConfigurations({});
    expect(eventConfigurations?.THING).toEqual({ Enabled: true });
    expect(eventConfigurations?.POLICY).toEqual({ Enabled: false });
    expect(Object.keys(eventConfigurations ?? {})).toHaveLength(11);
  });
});

describe('provisioning', () => {
  const template = JSON.stringify({
    Parameters: { Serial: { Type: 'String' }, CSR: { Type: 'String' } },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { 'Fn::Join': ['-', ['pump', { Ref: 'Serial' }]] },
          AttributePayload: { serial: { Ref: 'Serial' } },
          ThingGroups: ['pumps'],
        },
        OverrideSettings: { AttributePayload: 'REPLACE', ThingGroups: 'FAIL' },
      },
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: { Ref: 'CSR' } } },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: POLICY } },
    },
  });

  it('makes thing, certificate and a hash-named policy from one template, and a second time shares the policy', async () => {
    const { iot } = startSandbox();
    await iot.createThingGroup({ thingGroupName: 'pumps' });
    const register = (Serial: string) =>
      iot.registerThing({ templateBody: template, parameters: { Serial, CSR: makeCsr() } });
    const first = await register('1');
    await register('2');
    expect(first.resourceArns?.thing).toMatch(/thing\/pump-1$/);
    const { policies } = await iot.listPolicies({});
    expect(policies).toHaveLength(1);
    expect((await iot.listTargetsForPolicy({ policyName: policies?.[0]?.policyName ?? '' })).targets).toHaveLength(2);
    expect((await iot.listThingsInThingGroup({ thingGroupName: 'pumps' })).things).toEqual(['pump-1', 'pump-2']);
    const principals = await iot.listThingPrincipals({ thingName: 'pump-1' });
    expect(principals.principals).toEqual([first.resourceArns?.certificate]);
    await iot.removeThingFromThingGroup({ thingName: 'pump-1', thingGroupName: 'pumps' });
    expect(await failure(register('1'))).toMatchObject({ name: 'ConflictingResourceUpdateException', status: 409 });
  });

  it('a template that is refused for the thing leaves no certificate behind', async () => {
    const { iot } = startSandbox();
    for (const thingTypeName of ['a', 'b']) await iot.createThingType({ thingTypeName });
    await iot.createThing({ thingName: 'pump', thingTypeName: 'a' });
    const register = (ThingTypeName: string, ThingName = 'pump') =>
      iot.registerThing({
        templateBody: JSON.stringify({
          Resources: {
            thing: {
              Type: 'AWS::IoT::Thing',
              Properties: { ThingName, ThingTypeName },
              OverrideSettings: { ThingTypeName: 'FAIL' },
            },
            certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: makeCsr() } },
          },
        }),
      });
    expect((await failure(register('b'))).name).toBe('ConflictingResourceUpdateException');
    expect((await failure(register('none', 'new'))).name).toBe('ResourceRegistrationFailureException');
    expect((await iot.listCertificates({})).certificates).toEqual([]);
    await register('a');
    expect((await iot.listCertificates({})).certificates).toHaveLength(1);
  });

  it('keeps five template versions and not more', async () => {
    const { iot } = startSandbox();
    const role = { provisioningRoleArn: 'arn:aws:iam::123456789012:role/p' };
    await iot.createProvisioningTemplate({ templateName: 't', templateBody: template, ...role });
    for (let i = 0; i < 4; i++)
      await iot.createProvisioningTemplateVersion({ templateName: 't', templateBody: template });
    const sixth = iot.createProvisioningTemplateVersion({ templateName: 't', templateBody: template });
    expect(await failure(sixth)).toMatchObject({ name: 'VersionsLimitExceededException' });
    expect(await failure(iot.deleteProvisioningTemplate({ templateName: 't' }))).toMatchObject({
      name: 'DeleteConflictException',
    });
    const bad = iot.createProvisioningTemplate({ templateName: 'u', templateBody: '{}', ...role });
    expect(await failure(bad)).toMatchObject({ name: 'InvalidRequestException' });
  });

  it('keeps role aliases', async () => {
    const { iot } = startSandbox();
    const alias = { roleAlias: 'a', roleArn: 'arn:aws:iam::123456789012:role/device' };
    await iot.createRoleAlias(alias);
    expect(await failure(iot.createRoleAlias(alias))).toMatchObject({ status: 409 });
    await iot.updateRoleAlias({ roleAlias: 'a', credentialDurationSeconds: 900 });
    const { roleAliasDescription } = await iot.describeRoleAlias({ roleAlias: 'a' });
    expect(roleAliasDescription).toMatchObject({ ...alias, credentialDurationSeconds: 900 });
    await iot.deleteRoleAlias({ roleAlias: 'a' });
    expect((await iot.listRoleAliases({})).roleAliases).toEqual([]);
  });
});
