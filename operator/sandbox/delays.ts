/** How long AWS takes, in milliseconds. Sources and doubts: docs/sandbox.md. */
export interface Delays {
  /** After DetachPolicy, DeletePolicy is refused this long (API_DetachPolicy: up to five minutes). */
  readonly policyDelete: number;
  /** Between DeprecateThingType and an accepted DeleteThingType (delete-thing-types: five minutes). */
  readonly thingTypeDelete: number;
  /** DetachThingPrincipal is asynchronous (API_DetachThingPrincipal: several seconds). */
  readonly thingDetach: number;
  /** Group and membership lists lag behind writes (thing-groups: eventually consistent, no bound given). */
  readonly groupLists: number;
  /** How long a job is DELETION_IN_PROGRESS (no bound published). */
  readonly jobDelete: number;
  /** Fleet index behind the registry (no bound published). */
  readonly indexing: number;
  /** Dynamic group and index builds. */
  readonly build: number;
  /** Policy changes at the broker: shortest and longest (iot-policies: six to eight minutes). */
  readonly policyCache: readonly [number, number];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const REALISTIC: Delays = {
  policyDelete: 5 * MINUTE,
  thingTypeDelete: 5 * MINUTE,
  thingDetach: 5 * SECOND,
  groupLists: 10 * SECOND,
  jobDelete: 30 * SECOND,
  indexing: 30 * SECOND,
  build: 30 * SECOND,
  policyCache: [6 * MINUTE, 8 * MINUTE],
};

export const INSTANT: Delays = {
  policyDelete: 0,
  thingTypeDelete: 0,
  thingDetach: 0,
  groupLists: 0,
  jobDelete: 0,
  indexing: 0,
  build: 0,
  policyCache: [0, 0],
};

export type DelayOption = 'instant' | 'realistic' | Partial<Delays>;

/** Named sets, or single figures over the realistic set. */
export function delaysOf(option: DelayOption): Delays {
  if (option === 'instant') return INSTANT;
  if (option === 'realistic') return REALISTIC;
  return { ...REALISTIC, ...option };
}
