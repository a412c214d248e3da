import { expand } from './shared.ts';

const policies = [
  {
    name: 'base',
    policyName: 'base',
    candidateName: 'base@5f2c9a1e',
    digest: '5f2c9a1e',
    baseline: '{}',
    document: '{}',
  },
];

export const policyRolloutCases = expand('PolicyRollout', { revision: '5f2c9a1e', policies }, [
  {
    rule: 'a rollout is never changed: change the IoTPolicy, and another one is made',
    accepted: [['any rollout on creation', {}]],
    refused: [],
    acceptedUpdates: [['the same', {}, {}]],
    refusedUpdates: [
      ['another revision', {}, { revision: '00000000' }],
      ['another try', { attempt: 1 }, { attempt: 2 }],
    ],
  },
  {
    rule: 'a rollout moves something: give policies or changes',
    accepted: [
      ['policies alone', {}],
      ['changes alone', { policies: [], changes: [{ digest: '00000001', detach: ['old'] }] }],
    ],
    refused: [
      ['nothing', { policies: [] }],
      ['no change in the list', { policies: [], changes: [] }],
    ],
  },
]);
