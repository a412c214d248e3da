import {
  ARN,
  auditOn,
  dynamicGroup,
  EXISTS,
  type Fact,
  fleetMetric,
  indexOn,
  profile,
  quarantine,
  ROLE,
  scheduled,
} from './fact.ts';

const task = {
  taskId: 't',
  target: { findingIds: ['f'] },
  auditCheckToActionsMapping: { LOGGING_DISABLED_CHECK: ['a'] },
  clientRequestToken: 't',
};
const suppression = {
  checkName: 'LOGGING_DISABLED_CHECK',
  resourceIdentifier: { account: '123456789012' },
  suppressIndefinitely: true,
  clientRequestToken: 't',
};

export const REPEATS: readonly Fact[] = [
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
