// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { AWSAccount } from './awsaccount.gen.ts';
import type { Device } from './device.gen.ts';
import type { FleetSource } from './fleetsource.gen.ts';
import type { IoTPolicy } from './iotpolicy.gen.ts';
import type { PolicyRollout } from './policyrollout.gen.ts';
import type { SecurityProfile } from './securityprofile.gen.ts';
import type { ThingGroup } from './thinggroup.gen.ts';
import type { ThingType } from './thingtype.gen.ts';

/** Every kind of our group, in the order of the files in crds/. */
export const KINDS = ['AWSAccount', 'Device', 'FleetSource', 'IoTPolicy', 'PolicyRollout', 'SecurityProfile', 'ThingGroup', 'ThingType'] as const;

export type Kind = (typeof KINDS)[number];

/** Any object of our group; `kind` tells which. */
export type FleetObject = AWSAccount | Device | FleetSource | IoTPolicy | PolicyRollout | SecurityProfile | ThingGroup | ThingType;
