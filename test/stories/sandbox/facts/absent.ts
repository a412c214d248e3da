import type { IoT } from '@aws-sdk/client-iot';
import { failure, makeCsr, POLICY } from '../support.ts';
import { ARN, EXISTS, type Fact, MISSING, profile, REFUSED } from './fact.ts';

const dimension = {
  name: 'd',
  type: 'TOPIC_FILTER' as const,
  stringValues: ['a/#'],
  clientRequestToken: 't',
};
const NOT_ACTION = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', NotAction: ['iot:Connect'], Resource: ['*'] }],
});
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

export const ABSENT: readonly Fact[] = [
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
