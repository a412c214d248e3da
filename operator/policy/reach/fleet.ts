import type { PolicyDocument } from '../document.ts';

/** One certificate's view of the registry: what AWS IoT knows about the device behind it. */
export interface FleetDevice {
  readonly name: string;
  /** Thing that the certificate is attached to; undefined: none, so thing variables do not resolve. */
  readonly thing: string | undefined;
  /** Client IDs the device uses; the first counts. Default: its thing name. */
  readonly clientIds: readonly string[];
  readonly thingType: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** Static groups, for grouping in reports. */
  readonly groups: readonly string[];
  /** Indexes into the fleet's documents: everything in force for the device (certificate, groups, their parents). */
  readonly policies: readonly number[];
}

export interface Fleet {
  readonly documents: readonly PolicyDocument[];
  readonly devices: readonly FleetDevice[];
}
