/** Annotation that asks for an immediate pass; its value comes back in `status.lastHandledReconcileAt`. */
export const REQUESTED_AT = 'reconcile.fleetward.dev/requestedAt';

/** Whether a label or annotation key belongs to us: `fleetward.dev/…` and every sub-domain of it. */
export function isOurKey(key: string): boolean {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? '' : key.slice(0, slash);
  return prefix === 'fleetward.dev' || prefix.endsWith('.fleetward.dev');
}
