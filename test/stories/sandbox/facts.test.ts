import type { IoT } from '@aws-sdk/client-iot';
import { IoTDataPlane } from '@aws-sdk/client-iot-data-plane';
import { describe, expect, it } from 'vitest';
import type { Switches } from '../../../operator/sandbox/switches.ts';
import { table } from '../../../operator/sandbox/wire/table.ts';
import { CertificateAuthority, createAuthorityMaterial } from '../../../operator/sandbox/x509/authority.ts';
import { failure, makeCsr, POLICY, REGION, startSandbox } from './support.ts';

/**
 * Facts about AWS IoT that are one call and its outcome, each named as docs/sandbox-facts.md names it. What takes a story
 * has a test of its own; the page says which.
 */
interface Fact {
  readonly fact: string;
  /** What makes the last call the one that the fact is about. */
  readonly before?: (iot: IoT) => Promise<unknown>;
  readonly call: (iot: IoT) => Promise<unknown>;
  /** `ok`, or the error's name and status. */
  readonly outcome: string;
  readonly switches?: Partial<Switches>;
}

const REFUSED = 'InvalidRequestException 400';
const EXISTS = 'ResourceAlreadyExistsException 409';
const FULL = 'LimitExceededException 410';
const CONFLICT = 'VersionConflictException 409';
const MISSING = 'ResourceNotFoundException 404';
const ROLE = 'arn:aws:iam::123456789012:role/r';
const ARN = 'arn:aws:iot:us-east-1:123456789012:';

const many = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));
const each = async (names: readonly string[], call: (name: string) => Promise<unknown>) => {
  for (const name of names) await call(name);
};
const attributes = (count: number) => Object.fromEntries(many(count, (i) => `a${i}`).map((name) => [name, 'v']));
const template = (more = {}) =>
  JSON.stringify({ Resources: { c: { Type: 'AWS::IoT::Certificate', Properties: {} } }, ...more });
const profile = (name: string) => ({
  securityProfileName: name,
  behaviors: [
    {
      name: 'b',
      metric: 'aws:num-disconnects',
      criteria: { comparisonOperator: 'less-than' as const, value: { count: 5 }, durationSeconds: 300 },
    },
  ],
});
const fleetMetric = (metricName: string) => ({
  metricName,
  queryString: 'thingName:*',
  aggregationField: 'registry.version',
  aggregationType: { name: 'Cardinality' as const },
  period: 60,
});
const rule = (metric: string, criteria: object, more = {}) => ({
  securityProfileName: 's',
  behaviors: [{ name: 'b', metric, criteria, ...more }],
});
const COUNT = { comparisonOperator: 'less-than', value: { count: 5 } };
/** CA certificates of one subject, each with a key of its own. */
const newCa = () => ({
  caCertificate: new CertificateAuthority(createAuthorityMaterial(Date.UTC(2026, 0, 1))).certificatePem,
  certificateMode: 'SNI_ONLY' as const,
});
const quarantine = { addThingsToThingGroupParams: { thingGroupNames: ['q'] } };
const enabled = { LOGGING_DISABLED_CHECK: { enabled: true } };
const scheduled = (scheduledAuditName: string) => ({
  scheduledAuditName,
  frequency: 'DAILY' as const,
  targetCheckNames: Object.keys(enabled),
});
const logLevel = (targetName: string) => ({
  logTarget: { targetType: 'CLIENT_ID' as const, targetName },
  logLevel: 'INFO' as const,
});
const indexOn = (iot: IoT, more = {}) =>
  iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', ...more } });
const dynamicGroup = async (iot: IoT) => {
  await indexOn(iot);
  await iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:a' });
};
const auditOn = (iot: IoT) => iot.updateAccountAuditConfiguration({ roleArn: ROLE, auditCheckConfigurations: enabled });

const LIMITS: readonly Fact[] = [
  {
    fact: 'a thing name has at most 128 characters',
    call: (iot) => iot.createThing({ thingName: 'x'.repeat(129) }),
    outcome: REFUSED,
  },
  {
    fact: 'a thing name takes letters, digits, colon, underscore and hyphen only',
    call: (iot) => iot.createThing({ thingName: 'a.b' }),
    outcome: REFUSED,
  },
  {
    fact: 'an attribute value has at most 800 characters and no spaces',
    call: (iot) => iot.createThing({ thingName: 't', attributePayload: { attributes: { a: 'b c' } } }),
    outcome: REFUSED,
  },
  {
    fact: 'a thing with a type has at most 50 attributes',
    before: (iot) => iot.createThingType({ thingTypeName: 'k' }),
    call: (iot) =>
      iot.createThing({ thingName: 't', thingTypeName: 'k', attributePayload: { attributes: attributes(51) } }),
    outcome: REFUSED,
  },
  {
    fact: 'a thing type has at most 20 propagating attributes',
    call: (iot) =>
      iot.createThingType({
        thingTypeName: 'k',
        thingTypeProperties: {
          mqtt5Configuration: {
            propagatingAttributes: many(21, (i) => `a${i}`).map((thingAttribute) => ({
              thingAttribute,
              userPropertyKey: thingAttribute,
            })),
          },
        },
      }),
    outcome: REFUSED,
  },
  {
    fact: 'a dynamic group needs the index of things',
    call: (iot) => iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:a' }),
    outcome: MISSING,
  },
  {
    fact: 'or does not, by a switch',
    call: (iot) => iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:a' }),
    outcome: 'ok',
    switches: { dynamicGroupsNeedIndex: false },
  },
  {
    fact: 'a group has at most 50 attributes',
    call: (iot) =>
      iot.createThingGroup({
        thingGroupName: 'g',
        thingGroupProperties: { attributePayload: { attributes: attributes(51) } },
      }),
    outcome: REFUSED,
  },
  {
    fact: 'a query has at most 1,000 characters',
    before: indexOn,
    call: (iot) => iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: `thingName:${'x'.repeat(1000)}` }),
    outcome: 'InvalidQueryException 400',
  },
  {
    fact: 'a query term has at most two asterisks and five question marks',
    before: indexOn,
    call: (iot) => iot.searchIndex({ queryString: 'thingName:a*b*c*' }),
    outcome: 'InvalidQueryException 400',
  },
  {
    fact: 'an account has at most 100 dynamic groups',
    before: async (iot) => {
      await indexOn(iot);
      await each(
        many(100, (i) => `d${i}`),
        (name) => iot.createDynamicThingGroup({ thingGroupName: name, queryString: 'thingName:x' }),
      );
    },
    call: (iot) => iot.createDynamicThingGroup({ thingGroupName: 'more', queryString: 'thingName:x' }),
    outcome: FULL,
  },
  {
    fact: 'the index of things takes five custom fields',
    call: (iot) =>
      indexOn(iot, { customFields: many(6, (i) => `attributes.a${i}`).map((name) => ({ name, type: 'String' })) }),
    outcome: REFUSED,
  },
  {
    fact: 'the index of groups takes five custom fields',
    call: (iot) =>
      iot.updateIndexingConfiguration({
        thingGroupIndexingConfiguration: {
          thingGroupIndexingMode: 'ON',
          customFields: many(6, (i) => `attributes.a${i}`).map((name) => ({ name, type: 'String' })),
        },
      }),
    outcome: REFUSED,
  },
  {
    fact: 'a search has at most 1,000 characters',
    before: indexOn,
    call: (iot) => iot.searchIndex({ queryString: `thingName:${'x'.repeat(1000)}` }),
    outcome: 'InvalidQueryException 400',
  },
  {
    fact: 'the index takes ten named shadows',
    call: (iot) =>
      indexOn(iot, { namedShadowIndexingMode: 'ON', filter: { namedShadowNames: many(11, (i) => `s${i}`) } }),
    outcome: REFUSED,
  },
  {
    fact: 'a policy name takes letters, digits and _+=,.@- only',
    call: (iot) => iot.createPolicy({ policyName: 'a:b', policyDocument: POLICY }),
    outcome: REFUSED,
  },
  {
    fact: 'an account has at most 256 provisioning templates',
    before: (iot) =>
      each(
        many(256, (i) => `t${i}`),
        (templateName) =>
          iot.createProvisioningTemplate({ templateName, templateBody: template(), provisioningRoleArn: ROLE }),
      ),
    call: (iot) =>
      iot.createProvisioningTemplate({ templateName: 'm', templateBody: template(), provisioningRoleArn: ROLE }),
    outcome: FULL,
  },
  {
    fact: 'a provisioning template has at most 10 KB',
    call: (iot) =>
      iot.createProvisioningTemplate({
        templateName: 't',
        templateBody: template({ x: 'x'.repeat(10_240) }),
        provisioningRoleArn: ROLE,
      }),
    outcome: REFUSED,
  },
  {
    fact: 'an account has at most 100 role aliases',
    before: (iot) =>
      each(
        many(100, (i) => `r${i}`),
        (roleAlias) => iot.createRoleAlias({ roleAlias, roleArn: ROLE }),
      ),
    call: (iot) => iot.createRoleAlias({ roleAlias: 'more', roleArn: ROLE }),
    outcome: FULL,
  },
  {
    fact: 'a security profile has at most 100 behaviors',
    call: (iot) =>
      iot.createSecurityProfile({
        securityProfileName: 's',
        behaviors: many(101, (i) => `b${i}`).map((name) => ({ name, metric: 'aws:num-disconnects' })),
      }),
    outcome: REFUSED,
  },
  {
    fact: 'a security profile has at most 1,000 values',
    call: (iot) => {
      const value = { ports: many(501, (i) => String(i)).map(Number) };
      const criteria = { comparisonOperator: 'in-port-set' as const, value };
      const behavior = (name: string) => ({ name, metric: 'aws:listening-tcp-ports', criteria });
      return iot.createSecurityProfile({ securityProfileName: 's', behaviors: [behavior('a'), behavior('b')] });
    },
    outcome: REFUSED,
  },
  {
    fact: 'an account has at most 100 fleet metrics',
    before: async (iot) => {
      await indexOn(iot);
      await each(
        many(100, (i) => `m${i}`),
        (name) => iot.createFleetMetric(fleetMetric(name)),
      );
    },
    call: (iot) => iot.createFleetMetric(fleetMetric('more')),
    outcome: FULL,
  },
  {
    fact: 'an account has at most 100 custom metrics',
    before: (iot) =>
      each(
        many(100, (i) => `m${i}`),
        (metricName) => iot.createCustomMetric({ metricName, metricType: 'number', clientRequestToken: metricName }),
      ),
    call: (iot) => iot.createCustomMetric({ metricName: 'more', metricType: 'number', clientRequestToken: 'm' }),
    outcome: FULL,
  },
  {
    fact: 'an account has at most 100 mitigation actions',
    before: (iot) =>
      each(
        many(100, (i) => `a${i}`),
        (actionName) => iot.createMitigationAction({ actionName, roleArn: ROLE, actionParams: quarantine }),
      ),
    call: (iot) => iot.createMitigationAction({ actionName: 'more', roleArn: ROLE, actionParams: quarantine }),
    outcome: FULL,
  },
  {
    fact: 'an account has at most five scheduled audits',
    before: async (iot) => {
      await auditOn(iot);
      await each(
        many(5, (i) => `s${i}`),
        (name) => iot.createScheduledAudit(scheduled(name)),
      );
    },
    call: (iot) => iot.createScheduledAudit(scheduled('more')),
    outcome: FULL,
  },
  {
    fact: 'a check is mapped to at most five mitigation actions',
    call: (iot) =>
      iot.startAuditMitigationActionsTask({
        taskId: 't',
        target: { findingIds: ['f'] },
        auditCheckToActionsMapping: { LOGGING_DISABLED_CHECK: many(6, (i) => `a${i}`) },
        clientRequestToken: 't',
      }),
    outcome: REFUSED,
  },
  {
    fact: 'a dimension has at most 100 values',
    call: (iot) =>
      iot.createDimension({
        name: 'd',
        type: 'TOPIC_FILTER',
        stringValues: many(101, (i) => `a/${i}`),
        clientRequestToken: 't',
      }),
    outcome: REFUSED,
  },
  {
    fact: 'an action adds things to at most ten groups',
    call: (iot) =>
      iot.createMitigationAction({
        actionName: 'a',
        roleArn: ROLE,
        actionParams: { addThingsToThingGroupParams: { thingGroupNames: many(11, (i) => `g${i}`) } },
      }),
    outcome: REFUSED,
  },
  {
    fact: 'an authorization test has at most ten requests',
    call: (iot) =>
      iot.testAuthorization({
        principal: `${ARN}cert/${'a'.repeat(64)}`,
        authInfos: many(11, () => 'x').map(() => ({ actionType: 'CONNECT' as const, resources: [`${ARN}client/x`] })),
      }),
    outcome: REFUSED,
  },
  {
    fact: 'a job times out within a week',
    before: (iot) => iot.createThing({ thingName: 't' }),
    call: (iot) =>
      iot.createJob({
        jobId: 'j',
        targets: [`${ARN}thing/t`],
        document: '{}',
        timeoutConfig: { inProgressTimeoutInMinutes: 10_081 as never },
      }),
    outcome: REFUSED,
  },
  {
    fact: 'ten CA certificates have one subject',
    before: (iot) => each(many(10, String), () => iot.registerCACertificate(newCa())),
    call: (iot) => iot.registerCACertificate(newCa()),
    outcome: FULL,
  },
  {
    fact: 'a mitigation task names at most 25 findings',
    call: (iot) =>
      iot.startAuditMitigationActionsTask({
        taskId: 't',
        target: { findingIds: many(26, (i) => `f${i}`) },
        auditCheckToActionsMapping: { LOGGING_DISABLED_CHECK: ['a'] },
        clientRequestToken: 't',
      }),
    outcome: REFUSED,
  },
  {
    fact: 'there are at most 1,000 resource-specific log levels',
    before: async (iot) => {
      await iot.setV2LoggingOptions({ roleArn: ROLE, defaultLogLevel: 'ERROR' });
      await each(
        many(1000, (i) => `c${i}`),
        (name) => iot.setV2LoggingLevel(logLevel(name)),
      );
    },
    call: (iot) => iot.setV2LoggingLevel(logLevel('more')),
    outcome: FULL,
  },
  {
    fact: 'a job has at most 100 targets',
    call: (iot) => iot.createJob({ jobId: 'j', document: '{}', targets: many(101, (i) => `${ARN}thing/t${i}`) }),
    outcome: REFUSED,
  },
  {
    fact: 'a job id has at most 64 characters',
    call: (iot) => iot.createJob({ jobId: 'j'.repeat(65), document: '{}', targets: [`${ARN}thing/t`] }),
    outcome: REFUSED,
  },
];

const REPEATS: readonly Fact[] = [
  {
    fact: 'creating the same billing group twice succeeds',
    before: (iot) => iot.createBillingGroup({ billingGroupName: 'b' }),
    call: (iot) => iot.createBillingGroup({ billingGroupName: 'b' }),
    outcome: 'ok',
  },
  {
    fact: 'creating a billing group with another description is refused',
    before: (iot) => iot.createBillingGroup({ billingGroupName: 'b' }),
    call: (iot) =>
      iot.createBillingGroup({
        billingGroupName: 'b',
        billingGroupProperties: { billingGroupDescription: 'other' },
      }),
    outcome: EXISTS,
  },
  {
    fact: 'creating a thing with another type is refused',
    before: async (iot) => {
      await iot.createThingType({ thingTypeName: 'k' });
      await iot.createThing({ thingName: 't' });
    },
    call: (iot) => iot.createThing({ thingName: 't', thingTypeName: 'k' }),
    outcome: EXISTS,
  },
  {
    fact: 'creating a security profile twice is refused, even the same',
    before: (iot) => iot.createSecurityProfile(profile('s')),
    call: (iot) => iot.createSecurityProfile(profile('s')),
    outcome: EXISTS,
  },
  {
    fact: 'creating a scheduled audit twice is refused, even the same',
    before: async (iot) => {
      await auditOn(iot);
      await iot.createScheduledAudit(scheduled('s'));
    },
    call: (iot) => iot.createScheduledAudit(scheduled('s')),
    outcome: EXISTS,
  },
  {
    fact: 'creating a mitigation action twice is refused, even the same',
    before: (iot) => iot.createMitigationAction({ actionName: 'a', roleArn: ROLE, actionParams: quarantine }),
    call: (iot) => iot.createMitigationAction({ actionName: 'a', roleArn: ROLE, actionParams: quarantine }),
    outcome: EXISTS,
  },
  {
    fact: 'creating the same dynamic group twice is refused',
    before: dynamicGroup,
    call: (iot) => iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:a' }),
    outcome: EXISTS,
  },
  {
    fact: 'or succeeds, by a switch',
    before: dynamicGroup,
    call: (iot) => iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:a' }),
    outcome: 'ok',
    switches: { dynamicGroupCreateRepeats: true },
  },
  {
    fact: 'creating a type with other MQTT 5 settings is refused',
    before: (iot) => iot.createThingType({ thingTypeName: 'k' }),
    call: (iot) =>
      iot.createThingType({
        thingTypeName: 'k',
        thingTypeProperties: {
          mqtt5Configuration: { propagatingAttributes: [{ thingAttribute: 'a', userPropertyKey: 'a' }] },
        },
      }),
    outcome: EXISTS,
  },
  {
    fact: 'tags of a repeated create are not compared',
    before: (iot) => iot.createThingGroup({ thingGroupName: 'g', tags: [{ Key: 'a', Value: 'b' }] }),
    call: (iot) => iot.createThingGroup({ thingGroupName: 'g' }),
    outcome: 'ok',
  },
  {
    fact: 'or are, by a switch',
    before: (iot) => iot.createThingGroup({ thingGroupName: 'g', tags: [{ Key: 'a', Value: 'b' }] }),
    call: (iot) => iot.createThingGroup({ thingGroupName: 'g' }),
    outcome: EXISTS,
    switches: { tagsInIdempotence: true },
  },
  {
    fact: 'creating a fleet metric twice is refused, even the same',
    before: async (iot) => {
      await indexOn(iot);
      await iot.createFleetMetric(fleetMetric('m'));
    },
    call: (iot) => iot.createFleetMetric(fleetMetric('m')),
    outcome: EXISTS,
  },
  {
    fact: 'creating a dynamic group with another query is refused',
    before: async (iot) => {
      await indexOn(iot);
      await iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:a' });
    },
    call: (iot) => iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:b' }),
    outcome: EXISTS,
  },
  {
    fact: 'creating an audit suppression twice is refused',
    before: (iot) => iot.createAuditSuppression(suppression),
    call: (iot) => iot.createAuditSuppression({ ...suppression, clientRequestToken: 'u' }),
    outcome: EXISTS,
  },
  {
    fact: 'a job id is used once',
    before: async (iot) => {
      await iot.createThing({ thingName: 't' });
      await iot.createJob({ jobId: 'j', document: '{}', targets: [`${ARN}thing/t`] });
    },
    call: (iot) => iot.createJob({ jobId: 'j', document: '{}', targets: [`${ARN}thing/t`] }),
    outcome: EXISTS,
  },
  {
    fact: 'a mitigation task id is used once (TaskAlreadyExistsException)',
    before: async (iot) => {
      await iot.createMitigationAction({
        actionName: 'a',
        roleArn: ROLE,
        actionParams: { publishFindingToSnsParams: { topicArn: 'arn:aws:sns:us-east-1:123456789012:t' } },
      });
      await iot.startAuditMitigationActionsTask(task);
    },
    call: (iot) => iot.startAuditMitigationActionsTask(task),
    outcome: 'TaskAlreadyExistsException 400',
  },
];

const suppression = {
  checkName: 'LOGGING_DISABLED_CHECK',
  resourceIdentifier: { account: '123456789012' },
  suppressIndefinitely: true,
  clientRequestToken: 't',
};
const task = {
  taskId: 't',
  target: { findingIds: ['f'] },
  auditCheckToActionsMapping: { LOGGING_DISABLED_CHECK: ['a'] },
  clientRequestToken: 't',
};

const NOT_ACTION = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', NotAction: ['iot:Connect'], Resource: ['*'] }],
});
const dimension = {
  name: 'd',
  type: 'TOPIC_FILTER' as const,
  stringValues: ['a/#'],
  clientRequestToken: 't',
};
const attachOnce = async (iot: IoT) => {
  await iot.createThing({ thingName: 't' });
  const known = (await iot.listCertificates({})).certificates?.[0]?.certificateArn;
  const made = known ?? (await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr() })).certificateArn;
  return iot.attachThingPrincipal({ thingName: 't', principal: made });
};
const joinOnce = async (iot: IoT) => {
  await iot.createThing({ thingName: 't' });
  await iot.createThingGroup({ thingGroupName: 'g' });
  return iot.addThingToThingGroup({ thingName: 't', thingGroupName: 'g' });
};
const watchOnce = async (iot: IoT) => {
  await iot.createSecurityProfile(profile('s')).catch(() => undefined);
  return iot.attachSecurityProfile({ securityProfileName: 's', securityProfileTargetArn: `${ARN}all/things` });
};

const properties = { thingGroupProperties: { thingGroupDescription: 'x' } };
const LOCKING: readonly Fact[] = [
  {
    fact: 'UpdateThing and DeleteThing check expectedVersion',
    before: (iot) => iot.createThing({ thingName: 't' }),
    call: (iot) => iot.deleteThing({ thingName: 't', expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'UpdateThingGroup checks expectedVersion',
    before: (iot) => iot.createThingGroup({ thingGroupName: 'g' }),
    call: (iot) => iot.updateThingGroup({ thingGroupName: 'g', ...properties, expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'DeleteThingGroup checks expectedVersion',
    before: (iot) => iot.createThingGroup({ thingGroupName: 'g' }),
    call: (iot) => iot.deleteThingGroup({ thingGroupName: 'g', expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'UpdateDynamicThingGroup checks expectedVersion',
    before: dynamicGroup,
    call: (iot) => iot.updateDynamicThingGroup({ thingGroupName: 'd', ...properties, expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'DeleteDynamicThingGroup checks expectedVersion',
    before: dynamicGroup,
    call: (iot) => iot.deleteDynamicThingGroup({ thingGroupName: 'd', expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'UpdateBillingGroup checks expectedVersion',
    before: (iot) => iot.createBillingGroup({ billingGroupName: 'b' }),
    call: (iot) => iot.updateBillingGroup({ billingGroupName: 'b', billingGroupProperties: {}, expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'DeleteBillingGroup checks expectedVersion',
    before: (iot) => iot.createBillingGroup({ billingGroupName: 'b' }),
    call: (iot) => iot.deleteBillingGroup({ billingGroupName: 'b', expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'UpdateSecurityProfile checks expectedVersion',
    before: (iot) => iot.createSecurityProfile(profile('s')),
    call: (iot) => iot.updateSecurityProfile({ securityProfileName: 's', expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'DeleteSecurityProfile checks expectedVersion',
    before: (iot) => iot.createSecurityProfile(profile('s')),
    call: (iot) => iot.deleteSecurityProfile({ securityProfileName: 's', expectedVersion: 2 }),
    outcome: CONFLICT,
  },
  {
    fact: 'CancelJobExecution checks expectedVersion',
    before: async (iot) => {
      await iot.createThing({ thingName: 't' });
      await iot.createJob({ jobId: 'j', document: '{}', targets: [`${ARN}thing/t`] });
    },
    call: (iot) => iot.cancelJobExecution({ jobId: 'j', thingName: 't', expectedVersion: 9n as never }),
    outcome: CONFLICT,
  },
];

const BEHAVIORS: readonly Fact[] = [
  {
    fact: 'a list metric takes no duration',
    call: (iot) =>
      iot.createSecurityProfile(
        rule('aws:listening-tcp-ports', {
          comparisonOperator: 'in-port-set',
          value: { ports: [22] },
          durationSeconds: 300,
        }),
      ),
    outcome: REFUSED,
  },
  {
    fact: 'a static limit of the message size takes no duration',
    call: (iot) => iot.createSecurityProfile(rule('aws:message-byte-size', { ...COUNT, durationSeconds: 300 })),
    outcome: REFUSED,
  },
  {
    fact: 'a percentile of the message size takes one',
    call: (iot) =>
      iot.createSecurityProfile(
        rule('aws:message-byte-size', {
          comparisonOperator: 'less-than',
          statisticalThreshold: { statistic: 'p90' },
          durationSeconds: 300,
        }),
      ),
    outcome: 'ok',
  },
  {
    fact: 'a percentile is one of eleven',
    call: (iot) =>
      iot.createSecurityProfile(
        rule('aws:num-disconnects', {
          comparisonOperator: 'less-than',
          statisticalThreshold: { statistic: 'p42' },
          durationSeconds: 300,
        }),
      ),
    outcome: REFUSED,
  },
  {
    fact: 'disconnect-duration takes less-than only',
    call: (iot) =>
      iot.createSecurityProfile(rule('aws:disconnect-duration', { ...COUNT, comparisonOperator: 'greater-than' })),
    outcome: REFUSED,
  },
  {
    fact: 'source addresses cannot be learned',
    call: (iot) =>
      iot.createSecurityProfile(rule('aws:source-ip-address', { mlDetectionConfig: { confidenceLevel: 'HIGH' } })),
    outcome: REFUSED,
  },
  {
    fact: 'a profile has rules or learns, not both',
    call: (iot) =>
      iot.createSecurityProfile({
        securityProfileName: 's',
        behaviors: [
          ...profile('s').behaviors,
          { name: 'l', metric: 'aws:num-disconnects', criteria: { mlDetectionConfig: { confidenceLevel: 'LOW' } } },
        ],
      }),
    outcome: REFUSED,
  },
  {
    fact: 'a custom metric has to exist',
    call: (iot) => iot.createSecurityProfile(rule('heat', COUNT)),
    outcome: REFUSED,
  },
  {
    fact: 'a custom metric takes no dimension',
    before: async (iot) => {
      await iot.createCustomMetric({ metricName: 'heat', metricType: 'number', clientRequestToken: 't' });
      await iot.createDimension({ name: 'd', type: 'TOPIC_FILTER', stringValues: ['a/#'], clientRequestToken: 't' });
    },
    call: (iot) => iot.createSecurityProfile(rule('heat', COUNT, { metricDimension: { dimensionName: 'd' } })),
    outcome: REFUSED,
  },
  {
    fact: 'a dimension has to exist',
    call: (iot) =>
      iot.createSecurityProfile(rule('aws:num-messages-sent', COUNT, { metricDimension: { dimensionName: 'd' } })),
    outcome: REFUSED,
  },
];

const ABSENT: readonly Fact[] = [
  {
    fact: 'deleting an absent thing group succeeds',
    call: (iot) => iot.deleteThingGroup({ thingGroupName: 'no' }),
    outcome: 'ok',
  },
  {
    fact: 'deleting an absent dynamic group succeeds',
    call: (iot) => iot.deleteDynamicThingGroup({ thingGroupName: 'no' }),
    outcome: 'ok',
  },
  {
    fact: 'deleting an absent billing group succeeds',
    call: (iot) => iot.deleteBillingGroup({ billingGroupName: 'no' }),
    outcome: 'ok',
  },
  {
    fact: 'deleting an absent security profile succeeds',
    call: (iot) => iot.deleteSecurityProfile({ securityProfileName: 'no' }),
    outcome: 'ok',
  },
  {
    fact: 'deleting an absent mitigation action succeeds',
    call: (iot) => iot.deleteMitigationAction({ actionName: 'no' }),
    outcome: 'ok',
  },
  {
    fact: 'deleting an absent custom metric succeeds',
    call: (iot) => iot.deleteCustomMetric({ metricName: 'no' }),
    outcome: 'ok',
  },
  { fact: 'deleting an absent dimension succeeds', call: (iot) => iot.deleteDimension({ name: 'no' }), outcome: 'ok' },
  {
    fact: 'deleting an absent policy is an error',
    call: (iot) => iot.deletePolicy({ policyName: 'no' }),
    outcome: MISSING,
  },
  {
    fact: 'deleting an absent policy version is an error',
    before: (iot) => iot.createPolicy({ policyName: 'p', policyDocument: POLICY }),
    call: (iot) => iot.deletePolicyVersion({ policyName: 'p', policyVersionId: '7' }),
    outcome: MISSING,
  },
  {
    fact: 'deleting an absent certificate is an error',
    call: (iot) => iot.deleteCertificate({ certificateId: 'a'.repeat(64) }),
    outcome: MISSING,
  },
  {
    fact: 'deleting an absent thing type is an error',
    call: (iot) => iot.deleteThingType({ thingTypeName: 'no' }),
    outcome: MISSING,
  },
  {
    fact: 'deleting the default policy version is refused',
    before: (iot) => iot.createPolicy({ policyName: 'p', policyDocument: POLICY }),
    call: (iot) => iot.deletePolicyVersion({ policyName: 'p', policyVersionId: '1' }),
    outcome: 'DeleteConflictException 409',
  },
  {
    fact: 'deleting a custom metric that a profile uses is refused',
    before: async (iot) => {
      await iot.createCustomMetric({ metricName: 'm', metricType: 'number', clientRequestToken: 't' });
      await iot.createSecurityProfile({ securityProfileName: 's', behaviors: [{ name: 'b', metric: 'm' }] });
    },
    call: (iot) => iot.deleteCustomMetric({ metricName: 'm' }),
    outcome: REFUSED,
  },
  {
    fact: 'a malformed policy document is a MalformedPolicyException',
    call: (iot) => iot.createPolicy({ policyName: 'p', policyDocument: '{"Version":"2012-10-17"}' }),
    outcome: 'MalformedPolicyException 400',
  },
  {
    fact: 'NotAction is not accepted',
    call: (iot) => iot.createPolicy({ policyName: 'p', policyDocument: NOT_ACTION }),
    outcome: 'MalformedPolicyException 400',
  },
  {
    fact: 'or is, by a switch',
    call: (iot) => iot.createPolicy({ policyName: 'p', policyDocument: NOT_ACTION }),
    outcome: 'ok',
    switches: { notAction: true },
  },
  {
    fact: 'a dimension that exists is refused even with its token',
    before: (iot) => iot.createDimension(dimension),
    call: (iot) => iot.createDimension(dimension),
    outcome: EXISTS,
  },
  {
    fact: 'attaching a principal twice succeeds',
    before: attachOnce,
    call: attachOnce,
    outcome: 'ok',
  },
  {
    fact: 'adding a thing to its group twice succeeds',
    before: joinOnce,
    call: joinOnce,
    outcome: 'ok',
  },
  {
    fact: 'attaching a security profile twice succeeds',
    before: watchOnce,
    call: watchOnce,
    outcome: 'ok',
  },
  {
    fact: 'a thing moves to another type',
    before: async (iot) => {
      for (const thingTypeName of ['a', 'b']) await iot.createThingType({ thingTypeName });
      await iot.createThing({ thingName: 't', thingTypeName: 'a' });
    },
    call: (iot) => iot.updateThing({ thingName: 't', thingTypeName: 'b' }),
    outcome: 'ok',
  },
  {
    fact: 'a create that is refused for its tags leaves nothing',
    before: async (iot) => {
      const tags = [{ Key: 'aws:x', Value: 'y' }];
      await failure(iot.createPolicy({ policyName: 'p', policyDocument: POLICY, tags }));
    },
    call: (iot) => iot.getPolicy({ policyName: 'p' }),
    outcome: MISSING,
  },
  {
    fact: 'a template that names a missing policy is a ResourceRegistrationFailureException',
    call: (iot) =>
      iot.registerThing({
        templateBody: JSON.stringify({
          Resources: {
            c: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: makeCsr('x') } },
            p: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'none' } },
          },
        }),
      }),
    outcome: 'ResourceRegistrationFailureException 400',
  },
  {
    fact: 'a signing request with an RSA key below 2048 bits is refused',
    call: (iot) => iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr('x', 'RSA-1024') }),
    outcome: REFUSED,
  },
];

describe.each([
  { what: 'limits', facts: LIMITS },
  { what: 'repeated creates', facts: REPEATS },
  { what: 'optimistic locking', facts: LOCKING },
  { what: 'behaviors', facts: BEHAVIORS },
  { what: 'deletes and errors', facts: ABSENT },
])('$what', ({ facts }) => {
  it.each(facts)('$fact', async ({ before, call, outcome, switches }) => {
    const { iot } = startSandbox(switches && { switches });
    await before?.(iot);
    const seen = await call(iot).then(
      () => 'ok',
      (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
        `${error.name} ${error.$metadata?.httpStatusCode}`,
    );
    expect(seen).toBe(outcome);
  });
});

describe('shadows', () => {
  it.each([
    { fact: 'a shadow document has at most 8 KB', state: { x: 'x'.repeat(8200) }, name: undefined },
    {
      fact: 'a shadow document is at most eight levels deep',
      state: JSON.parse(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`),
      name: undefined,
    },
    { fact: 'a shadow name has at most 64 characters', state: {}, name: 's'.repeat(65) },
  ])('$fact', async ({ state, name }) => {
    const { sandbox } = startSandbox();
    const data = new IoTDataPlane({
      endpoint: 'http://sandbox',
      region: REGION,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
      requestHandler: sandbox.requestHandler() as never,
      maxAttempts: 1,
    });
    const payload = Buffer.from(JSON.stringify({ state: { desired: state } }));
    const call = data.updateThingShadow({ thingName: 't', payload, ...(name !== undefined && { shadowName: name }) });
    expect([400, 413]).toContain((await failure(call)).status);
  });
});

describe('the status of an error', () => {
  it.each([
    ['InvalidRequestException', 400],
    ['MalformedPolicyException', 400],
    ['InvalidQueryException', 400],
    ['IndexNotReadyException', 400],
    ['ThrottlingException', 400],
    ['TaskAlreadyExistsException', 400],
    ['CertificateValidationException', 400],
    ['ResourceRegistrationFailureException', 400],
    ['UnauthorizedException', 401],
    ['ServiceQuotaExceededException', 402],
    ['ResourceNotFoundException', 404],
    ['NotConfiguredException', 404],
    ['CertificateStateException', 406],
    ['ResourceAlreadyExistsException', 409],
    ['DeleteConflictException', 409],
    ['VersionConflictException', 409],
    ['VersionsLimitExceededException', 409],
    ['InvalidStateTransitionException', 409],
    ['CertificateConflictException', 409],
    ['ConflictingResourceUpdateException', 409],
    ['ConflictException', 409],
    ['LimitExceededException', 410],
    ['TransferAlreadyCompletedException', 410],
    ['InternalFailureException', 500],
    ['InternalException', 500],
    ['InternalServerException', 500],
    ['ServiceUnavailableException', 503],
  ])('%s is sent with status %i', (name, status) => {
    expect(table('iot').errors[name]).toBe(status);
  });
});
