import { CertificateAuthority, createAuthorityMaterial } from '../../../../operator/sandbox/x509/authority.ts';
import { POLICY } from '../support.ts';
import {
  ARN,
  auditOn,
  type Fact,
  fleetMetric,
  indexOn,
  MISSING,
  quarantine,
  REFUSED,
  ROLE,
  scheduled,
} from './fact.ts';

const template = (more = {}) =>
  JSON.stringify({ Resources: { c: { Type: 'AWS::IoT::Certificate', Properties: {} } }, ...more });
const FULL = 'LimitExceededException 410';
const many = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));
const each = async (names: readonly string[], call: (name: string) => Promise<unknown>) => {
  for (const name of names) await call(name);
};
const attributes = (count: number) => Object.fromEntries(many(count, (i) => `a${i}`).map((name) => [name, 'v']));
/** CA certificates of one subject, each with a key of its own. */
const newCa = () => ({
  caCertificate: new CertificateAuthority(createAuthorityMaterial(Date.UTC(2026, 0, 1))).certificatePem,
  certificateMode: 'SNI_ONLY' as const,
});
const logLevel = (targetName: string) => ({
  logTarget: { targetType: 'CLIENT_ID' as const, targetName },
  logLevel: 'INFO' as const,
});

export const LIMITS: readonly Fact[] = [
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
