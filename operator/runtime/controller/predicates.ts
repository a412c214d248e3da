import type { KubeObject } from '../../api/meta.ts';
import type { CacheChange } from '../reconciler.ts';

/** Whether a change is worth a reconcile. */
export type Predicate = (change: CacheChange) => boolean;

/** Appeared, went, or was replaced by another object of the same name. */
export const lifeChanged: Predicate = ({ old, new: now }) =>
  old === undefined || now === undefined || old.metadata.uid !== now.metadata.uid;

/** Spec changed, or deletion was asked for (which raises the generation on an API server, but not on every store). */
export const specChanged: Predicate = (change) =>
  lifeChanged(change) ||
  change.old?.metadata.generation !== change.new?.metadata.generation ||
  change.old?.metadata.deletionTimestamp !== change.new?.metadata.deletionTimestamp;

const labelsChanged: Predicate = (change) => mapChanged(change, (object) => object.metadata.labels);

/** Verbs arrive as annotations. */
const annotationsChanged: Predicate = (change) => mapChanged(change, (object) => object.metadata.annotations);

/** For objects that others wait for: their status is what counts. Statuses are frozen and replaced as a whole. */
export const statusChanged: Predicate = (change) => lifeChanged(change) || change.old?.status !== change.new?.status;

/**
 * The default for a controller's own kind: what people and Git change. Status is left out, or each of our own status
 * writes would start the next reconcile.
 */
export const desiredChanged: Predicate = (change) =>
  specChanged(change) || labelsChanged(change) || annotationsChanged(change);

export const anyOf =
  (...predicates: readonly Predicate[]): Predicate =>
  (change) =>
    predicates.some((predicate) => predicate(change));

function mapChanged(
  change: CacheChange,
  of: (object: KubeObject) => Readonly<Record<string, string>> | undefined,
): boolean {
  if (lifeChanged(change)) return true;
  const a = (change.old && of(change.old)) ?? {};
  const b = (change.new && of(change.new)) ?? {};
  if (a === b) return false;
  const keys = Object.keys(a);
  return keys.length !== Object.keys(b).length || keys.some((key) => a[key] !== b[key]);
}
