import type { IoT } from '@aws-sdk/client-iot';
import type { Switches } from '../../../../operator/sandbox/switches.ts';

/**
 * Facts about AWS IoT that are one call and its outcome, each named as docs/sandbox-facts.md names it. What takes a story
 * has a test of its own; the page says which.
 */
export interface Fact {
  readonly fact: string;
  /** What makes the last call the one that the fact is about. */
  readonly before?: (iot: IoT) => Promise<unknown>;
  readonly call: (iot: IoT) => Promise<unknown>;
  /** `ok`, or the error's name and status. */
  readonly outcome: string;
  readonly switches?: Partial<Switches>;
}

export const REFUSED = 'InvalidRequestException 400';
export const EXISTS = 'ResourceAlreadyExistsException 409';
export const MISSING = 'ResourceNotFoundException 404';
export const ROLE = 'arn:aws:iam::123456789012:role/r';
export const ARN = 'arn:aws:iot:us-east-1:123456789012:';
export const profile = (name: string) => ({
  securityProfileName: name,
  behaviors: [
    {
      name: 'b',
      metric: 'aws:num-disconnects',
      criteria: { comparisonOperator: 'less-than' as const, value: { count: 5 }, durationSeconds: 300 },
    },
  ],
});
export const fleetMetric = (metricName: string) => ({
  metricName,
  queryString: 'thingName:*',
  aggregationField: 'registry.version',
  aggregationType: { name: 'Cardinality' as const },
  period: 60,
});
export const quarantine = { addThingsToThingGroupParams: { thingGroupNames: ['q'] } };
export const enabled = { LOGGING_DISABLED_CHECK: { enabled: true } };
export const scheduled = (scheduledAuditName: string) => ({
  scheduledAuditName,
  frequency: 'DAILY' as const,
  targetCheckNames: Object.keys(enabled),
});
export const indexOn = (iot: IoT, more = {}) =>
  iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', ...more } });
export const dynamicGroup = async (iot: IoT) => {
  await indexOn(iot);
  await iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:a' });
};
export const auditOn = (iot: IoT) =>
  iot.updateAccountAuditConfiguration({ roleArn: ROLE, auditCheckConfigurations: enabled });
