import { ROLLOUT_VERBS } from './verbs.ts';

/** What people ask of a single asset, outside of any rollout; annotations on a Device below the same prefix. */
const ASSET_VERBS = ['hold', 'release', 'skip', 'contain'] as const;

/** Sets an act of somebody else back, and lifts the hold that came with it: the annotation `fleetward.dev/restore`. */
const RESTORE = 'restore';

/**
 * Who may use a verb is a right of RBAC on the object that carries the annotation, by resource. The chart's admission
 * policy asks for the right that the annotation is named after; its roles are made from this table by `npm run gen`.
 */
export const VERB_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  policyrollouts: ROLLOUT_VERBS,
  devices: [...ASSET_VERBS, RESTORE],
  thinggroups: [RESTORE],
  thingtypes: [RESTORE],
  iotpolicies: [RESTORE],
  securityprofiles: [RESTORE],
};
