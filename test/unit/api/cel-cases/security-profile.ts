import { expand, naming, type Spec } from './shared.ts';

const behavior = (fields: Spec) => ({ behaviors: [{ name: 'a', metric: 'aws:num-messages-sent', ...fields }] });
const criteria = (fields: Spec) => behavior({ criteria: fields });
const atMost = { comparisonOperator: 'less-than-equals', value: { count: 5 } };
const learned = { mlDetectionConfig: { confidenceLevel: 'HIGH' } };

export const securityProfileCases = expand('SecurityProfile', {}, [
  ...naming('securityProfileName', 'the name of a security profile (letters, digits, : _ -; at most 128)'),
  {
    rule: 'names of behaviors must be unique within the profile',
    accepted: [
      [
        'two names',
        {
          behaviors: [
            { name: 'a', metric: 'm' },
            { name: 'b', metric: 'm' },
          ],
        },
      ],
    ],
    refused: [
      [
        'one name twice',
        {
          behaviors: [
            { name: 'a', metric: 'm' },
            { name: 'a', metric: 'n' },
          ],
        },
      ],
    ],
  },
  {
    rule: 'a profile is either learned (every behavior has mlDetectionConfig) or made of rules (none has): split it',
    accepted: [
      [
        'rules',
        {
          behaviors: [
            { name: 'a', metric: 'm', criteria: atMost },
            { name: 'b', metric: 'm' },
          ],
        },
      ],
      ['learned', { behaviors: [{ name: 'a', metric: 'm', criteria: learned }] }],
      ['nothing', { behaviors: [] }],
    ],
    refused: [
      [
        'mixed',
        {
          behaviors: [
            { name: 'a', metric: 'm', criteria: atMost },
            { name: 'b', metric: 'm', criteria: learned },
          ],
        },
      ],
      [
        'learned beside a mere metric',
        {
          behaviors: [
            { name: 'a', metric: 'm' },
            { name: 'b', metric: 'm', criteria: learned },
          ],
        },
      ],
    ],
  },
  {
    rule: 'give exactly one of value, statisticalThreshold and mlDetectionConfig',
    accepted: [
      ['value', criteria(atMost)],
      ['percentile', criteria({ comparisonOperator: 'less-than', statisticalThreshold: { statistic: 'p99' } })],
      ['model', criteria(learned)],
    ],
    refused: [
      ['none', criteria({ comparisonOperator: 'less-than' })],
      ['two', criteria({ ...atMost, statisticalThreshold: { statistic: 'p99' } })],
    ],
  },
  {
    rule: 'value and statisticalThreshold need a comparisonOperator; mlDetectionConfig takes none',
    accepted: [['value with operator', criteria(atMost)]],
    refused: [
      ['value without operator', criteria({ value: { count: 5 } })],
      ['model with operator', criteria({ ...learned, comparisonOperator: 'less-than' })],
    ],
  },
  {
    rule: 'give exactly one of count, cidrs, ports, number, numbers and strings',
    accepted: [
      ['count 0', criteria({ comparisonOperator: 'less-than', value: { count: 0 } })],
      ['number', criteria({ comparisonOperator: 'less-than', value: { number: 1.5 } })],
      ['numbers', criteria({ comparisonOperator: 'in-set', value: { numbers: [1, 2.5] } })],
      ['cidrs', criteria({ comparisonOperator: 'in-cidr-set', value: { cidrs: ['10.0.0.0/8'] } })],
      ['ports', criteria({ comparisonOperator: 'in-port-set', value: { ports: [443] } })],
      ['strings', criteria({ comparisonOperator: 'in-set', value: { strings: ['a'] } })],
    ],
    refused: [
      ['none', criteria({ comparisonOperator: 'less-than', value: {} })],
      ['two', criteria({ comparisonOperator: 'less-than', value: { count: 1, number: 1 } })],
    ],
  },
  {
    rule: 'give exactly one of name and scope',
    accepted: [
      ['a group', { targets: [{ kind: 'ThingGroup', name: 'site' }] }],
      ['all things', { targets: [{ scope: 'AllThings' }] }],
    ],
    refused: [
      ['none', { targets: [{ kind: 'ThingGroup' }] }],
      ['both', { targets: [{ name: 'site', scope: 'AllThings' }] }],
    ],
  },
]);
