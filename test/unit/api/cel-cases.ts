import { awsAccountCases } from './cel-cases/aws-account.ts';
import { deviceCases } from './cel-cases/device.ts';
import { fleetSourceCases } from './cel-cases/fleet-source.ts';
import { ioTPolicyCases } from './cel-cases/iot-policy.ts';
import { policyRolloutCases } from './cel-cases/policy-rollout.ts';
import { securityProfileCases } from './cel-cases/security-profile.ts';
import type { CelCase } from './cel-cases/shared.ts';
import { thingGroupCases } from './cel-cases/thing-group.ts';
import { thingTypeCases } from './cel-cases/thing-type.ts';

export type { CelCase } from './cel-cases/shared.ts';

/**
 * What every CEL rule of the CRDs accepts and refuses. One table for both engines: `npm run verify` runs it offline,
 * the cluster project runs it on a real API server.
 */
export const celCases: readonly CelCase[] = [
  ...deviceCases,
  ...thingGroupCases,
  ...thingTypeCases,
  ...ioTPolicyCases,
  ...policyRolloutCases,
  ...securityProfileCases,
  ...awsAccountCases,
  ...fleetSourceCases,
];
