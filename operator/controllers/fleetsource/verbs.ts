/** Label on every applied object: the uid of the FleetSource it came from. This is the inventory. */
export const SOURCE_LABEL = 'fleetward.dev/source';

/** Its value asks for a reconcile now, and is echoed in `status.lastHandledReconcileAt`. */
export const REQUESTED_AT = 'reconcile.fleetward.dev/requestedAt';

/** Its value is the revision that may prune more than the guard allows. */
export const ALLOW_PRUNE = 'fleetward.dev/allow-prune';

/** Field manager of what Git says; stable, since it decides which fields a later commit may remove. */
export const SOURCE_OWNER = 'fleetward-source';

/** Field manager of a FleetSource's own status. */
export const STATUS_OWNER = 'fleetward-source-status';
