import { DEVICE_VERBS, ROLLOUT_VERBS } from './verbs.ts';

/** Sets an act of somebody else back, and lifts the hold that came with it: the annotation `fleetward.dev/restore`. */
const RESTORE = 'restore';

/** By hand in `spec.approvedRevision`, where otherwise only Git approves. */
const APPROVE = 'approve';

/**
 * Who may use a verb is a right of RBAC on the object that carries the annotation, by resource. The chart's admission
 * policy asks for the right that the annotation is named after; its roles are made from this table by `npm run gen`.
 */
export const VERB_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  policyrollouts: ROLLOUT_VERBS,
  // `shrink-lifeline` is asked for by hand in `spec.approvedLifelineRemoval` too.
  devices: [...DEVICE_VERBS, RESTORE],
  thinggroups: [RESTORE],
  thingtypes: [RESTORE],
  iotpolicies: [RESTORE, APPROVE],
  securityprofiles: [RESTORE],
};
