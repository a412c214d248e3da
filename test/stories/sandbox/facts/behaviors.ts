import { type Fact, profile, REFUSED } from './fact.ts';

const rule = (metric: string, criteria: object, more = {}) => ({
  securityProfileName: 's',
  behaviors: [{ name: 'b', metric, criteria, ...more }],
});
const COUNT = { comparisonOperator: 'less-than', value: { count: 5 } };

export const BEHAVIORS: readonly Fact[] = [
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
