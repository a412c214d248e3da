import { expand, naming, type Spec } from './shared.ts';

const statement = { Effect: 'Allow', Action: ['iot:Connect'], Resource: ['*'] };
const strategy = (fields: Spec) => ({ strategy: { type: 'Waves', ...fields } });
const asked = (name: string) => ({ name, http: { url: 'https://status.example.com/{{thing}}' } });
const query = (bounds: Spec) => ({ url: 'https://prometheus.example.com', query: 'up', ...bounds });

export const ioTPolicyCases = expand('IoTPolicy', { document: { Statement: [statement] } }, [
  ...naming('policyName', 'the name of a policy (letters, digits, + = , . @ _ -; at most 100)'),
  {
    rule: 'metadata.name cannot serve as the name of a policy (letters, digits, + = , . @ _ -; at most 100): set spec.policyName',
    accepted: [['dots are welcome', {}, 'press.v1']],
    refused: [['rollouts need room behind the name', {}, 'a'.repeat(101)]],
  },
  {
    rule: 'a policy for containment only takes away, so every statement must have Effect Deny',
    accepted: [
      ['only denials', { containment: true, document: { Statement: [{ ...statement, Effect: 'Deny' }] } }],
      ['grants, when it contains nothing', { containment: false }],
    ],
    refused: [
      ['a grant', { containment: true }],
      [
        'a grant beside a denial',
        { containment: true, document: { Statement: [{ ...statement, Effect: 'Deny' }, statement] } },
      ],
    ],
  },
  {
    rule: 'give exactly one of Resource and NotResource',
    accepted: [
      ['Resource', { document: { Statement: [statement] } }],
      ['NotResource', { document: { Statement: [{ Effect: 'Deny', Action: ['iot:Receive'], NotResource: ['*'] }] } }],
    ],
    refused: [
      ['none', { document: { Statement: [{ Effect: 'Allow', Action: ['iot:Connect'] }] } }],
      ['both', { document: { Statement: [{ ...statement, NotResource: ['*'] }] } }],
    ],
  },
  {
    rule: 'waves, maxInFlight and budgets need type Waves',
    accepted: [
      ['waves', strategy({ waves: [{ count: 1 }], maxInFlight: 2, budgets: [{ label: 'site', maxInFlight: 1 }] })],
      ['all at once without them', { strategy: { type: 'AllAtOnce' } }],
    ],
    refused: [
      ['waves', { strategy: { type: 'AllAtOnce', waves: [] } }],
      ['maxInFlight', { strategy: { type: 'AllAtOnce', maxInFlight: 2 } }],
      ['budgets', { strategy: { type: 'AllAtOnce', budgets: [] } }],
    ],
  },
  {
    rule: 'each check needs a name of its own',
    accepted: [['two names', strategy({ checks: [asked('a'), asked('b')] })]],
    refused: [['the same name twice', strategy({ checks: [asked('a'), asked('a')] })]],
  },
  {
    rule: 'give exactly one of prometheus and http',
    accepted: [
      ['prometheus', strategy({ checks: [{ name: 'errors', prometheus: query({ atMost: 0.1 }) }] })],
      ['http', strategy({ checks: [asked('health')] })],
    ],
    refused: [
      ['none', strategy({ checks: [{ name: 'health' }] })],
      ['both', strategy({ checks: [{ ...asked('health'), prometheus: query({ atLeast: 1 }) }] })],
    ],
  },
  {
    rule: 'give atLeast, atMost or both',
    accepted: [
      ['atLeast', strategy({ checks: [{ name: 'up', prometheus: query({ atLeast: 1 }) }] })],
      ['both', strategy({ checks: [{ name: 'up', prometheus: query({ atLeast: 1, atMost: 2 }) }] })],
    ],
    refused: [['a query that any value passes', strategy({ checks: [{ name: 'up', prometheus: query({}) }] })]],
  },
  {
    rule: 'interval must be at least 5s',
    accepted: [['five seconds', strategy({ checks: [{ ...asked('health'), interval: '5s' }] })]],
    refused: [['a flood of requests', strategy({ checks: [{ ...asked('health'), interval: '500ms' }] })]],
  },
  {
    rule: 'give exactly one of count, percent and perCohort',
    accepted: [['one of each', strategy({ waves: [{ count: 1 }, { perCohort: 1 }, { percent: 10 }] })]],
    refused: [
      ['none', strategy({ waves: [{ bake: '1h' }] })],
      ['both', strategy({ waves: [{ count: 1, percent: 10 }] })],
      ['a count and a cohort', strategy({ waves: [{ count: 1, perCohort: 1 }] })],
    ],
  },
  {
    rule: 'settleTime must be at least 8m: AWS needs 6 to 8 minutes to apply a policy everywhere',
    accepted: [
      ['8 minutes', strategy({ settleTime: '8m' })],
      ['in other units', strategy({ settleTime: '0.5h' })],
      ['in seconds', strategy({ settleTime: '480s' })],
    ],
    refused: [
      ['less', strategy({ settleTime: '7m59s' })],
      ['nothing', strategy({ settleTime: '0s' })],
    ],
  },
]);
