import { ARN, dynamicGroup, type Fact, profile } from './fact.ts';

const CONFLICT = 'VersionConflictException 409';

const properties = { thingGroupProperties: { thingGroupDescription: 'x' } };

export const LOCKING: readonly Fact[] = [
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
