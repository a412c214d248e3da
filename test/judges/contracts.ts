import type { IoT } from '@aws-sdk/client-iot';

/** One fact about AWS, as something observable. */
export interface Contract {
  readonly name: string;
  /** What AWS's documentation says is observed. */
  readonly documented: string;
  /** What moto is known to answer instead. */
  readonly moto?: string;
  observe(iot: IoT): Promise<string>;
}

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:Connect'], Resource: ['*'] }],
});

/** The error's name, or `ok`. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
}

async function versions(iot: IoT, policyName: string, count: number): Promise<string> {
  await iot.createPolicy({ policyName, policyDocument: POLICY });
  for (let i = 1; i < count - 1; i++) await iot.createPolicyVersion({ policyName, policyDocument: POLICY });
  return outcome(iot.createPolicyVersion({ policyName, policyDocument: POLICY }));
}

/** Each uses names of its own, so that they run in any order on one account. */
export const contracts: readonly Contract[] = [
  {
    name: 'creating a thing again with other attributes is a conflict',
    documented: 'ResourceAlreadyExistsException',
    moto: 'ok',
    async observe(iot) {
      await iot.createThing({ thingName: 'again' });
      return outcome(iot.createThing({ thingName: 'again', attributePayload: { attributes: { a: '1' } } }));
    },
  },
  {
    name: "an update raises a thing's version",
    documented: '2',
    moto: '1',
    async observe(iot) {
      await iot.createThing({ thingName: 'versioned' });
      await iot.updateThing({ thingName: 'versioned', attributePayload: { attributes: { a: '1' } } });
      return String((await iot.describeThing({ thingName: 'versioned' })).version);
    },
  },
  {
    name: 'a policy document that is not JSON is malformed',
    documented: 'MalformedPolicyException',
    moto: 'ok',
    observe: (iot) => outcome(iot.createPolicy({ policyName: 'malformed', policyDocument: 'no' })),
  },
  {
    name: 'a policy has at most five versions',
    documented: 'VersionsLimitExceededException',
    observe: (iot) => versions(iot, 'six', 6),
  },
  {
    name: 'a version that does not exist cannot become the default',
    documented: 'ResourceNotFoundException',
    moto: 'ok',
    async observe(iot) {
      await iot.createPolicy({ policyName: 'default', policyDocument: POLICY });
      return outcome(iot.setDefaultPolicyVersion({ policyName: 'default', policyVersionId: '9' }));
    },
  },
  {
    name: 'detaching a policy that is not attached succeeds',
    documented: 'ok',
    moto: 'ResourceNotFoundException',
    async observe(iot) {
      await iot.createPolicy({ policyName: 'loose', policyDocument: POLICY });
      const { certificateArn: target = '' } = await iot.createKeysAndCertificate({});
      return outcome(iot.detachPolicy({ policyName: 'loose', target }));
    },
  },
  {
    name: 'a thing with principals cannot be deleted',
    documented: 'InvalidRequestException',
    async observe(iot) {
      await iot.createThing({ thingName: 'held' });
      const { certificateArn: principal = '' } = await iot.createKeysAndCertificate({});
      await iot.attachThingPrincipal({ thingName: 'held', principal });
      return outcome(iot.deleteThing({ thingName: 'held' }));
    },
  },
  {
    name: 'an active certificate cannot be deleted',
    documented: 'CertificateStateException',
    async observe(iot) {
      const { certificateId = '' } = await iot.createKeysAndCertificate({ setAsActive: true });
      return outcome(iot.deleteCertificate({ certificateId }));
    },
  },
  {
    name: 'a group with children cannot be deleted',
    documented: 'InvalidRequestException',
    async observe(iot) {
      await iot.createThingGroup({ thingGroupName: 'parent' });
      await iot.createThingGroup({ thingGroupName: 'child', parentGroupName: 'parent' });
      return outcome(iot.deleteThingGroup({ thingGroupName: 'parent' }));
    },
  },
  {
    name: 'a deleted thing is in no group',
    documented: '',
    moto: 'gone',
    async observe(iot) {
      await iot.createThing({ thingName: 'gone' });
      await iot.createThingGroup({ thingGroupName: 'left' });
      await iot.addThingToThingGroup({ thingName: 'gone', thingGroupName: 'left' });
      await iot.deleteThing({ thingName: 'gone' });
      return String((await iot.listThingsInThingGroup({ thingGroupName: 'left' })).things);
    },
  },
  {
    name: 'a thing type is deprecated before it is deleted',
    documented: 'InvalidRequestException',
    moto: 'ok',
    async observe(iot) {
      await iot.createThingType({ thingTypeName: 'current' });
      return outcome(iot.deleteThingType({ thingTypeName: 'current' }));
    },
  },
  {
    name: 'a thing is never in two groups of one hierarchy',
    documented: 'InvalidRequestException',
    moto: 'ok',
    async observe(iot) {
      await iot.createThing({ thingName: 'torn' });
      await iot.createThingGroup({ thingGroupName: 'top' });
      await iot.createThingGroup({ thingGroupName: 'under', parentGroupName: 'top' });
      await iot.addThingToThingGroup({ thingName: 'torn', thingGroupName: 'top' });
      return outcome(iot.addThingToThingGroup({ thingName: 'torn', thingGroupName: 'under' }));
    },
  },
  {
    name: 'an empty value removes an attribute in a merge',
    documented: '{"b":"2"}',
    async observe(iot) {
      await iot.createThing({ thingName: 'merged', attributePayload: { attributes: { a: '1', b: '2' } } });
      await iot.updateThing({ thingName: 'merged', attributePayload: { attributes: { a: '' }, merge: true } });
      return JSON.stringify((await iot.describeThing({ thingName: 'merged' })).attributes);
    },
  },
];
