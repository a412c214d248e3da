/** Names that we own on Kubernetes objects. */

/** Label on every object that a FleetSource applied: the uid of the source. Never written by hand. */
export const SOURCE_LABEL = 'fleetward.dev/source';

/** Annotation that asks for an immediate pass; its value comes back in `status.lastHandledReconcileAt`. */
export const REQUESTED_AT = 'reconcile.fleetward.dev/requestedAt';

/** Annotation on a FleetSource that names the revision which may prune more than the guard permits. */
export const ALLOW_PRUNE = 'fleetward.dev/allow-prune';

/** Whether a label or annotation key belongs to us: `fleetward.dev/…` and every sub-domain of it. */
export function isOurKey(key: string): boolean {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? '' : key.slice(0, slash);
  return prefix === 'fleetward.dev' || prefix.endsWith('.fleetward.dev');
}
