// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** FleetSource applies the manifests of a Git repository to its own namespace and keeps them there: what enters the repository is created, what changes is changed, what leaves it is pruned within the bounds of the prune guard. An invalid tree applies nothing; an unreachable remote leaves the last good revision in place. Deleting a FleetSource deletes none of its objects. */
export interface FleetSource extends KubeObject<FleetSourceSpec, FleetSourceStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'FleetSource';
  readonly spec: FleetSourceSpec;
  readonly status?: FleetSourceStatus;
}

/**
 * Where the manifests are and how to follow them.
 */
export interface FleetSourceSpec {
  /**
   * URL of the repository: `https://…`, `ssh://user@host/path`, `user@host:path`, or `file:///path` where the operator permits it. Never with a password or token in it: those belong into the Secret that secretRef names.
   */
  readonly url: string;
  readonly ref?: FleetSourceRef;
  /**
   * Folder within the repository that is read, with all its sub-folders. Relative, without `..`. Default: the whole repository.
   */
  readonly path: string;
  /**
   * How often the remote is asked for a new revision, with a little jitter. Default 1m; at least 5s. The annotation `reconcile.fleetward.dev/requestedAt` asks at once.
   */
  readonly interval: string;
  /**
   * How long one fetch may take. Default 60s; at least 1s.
   */
  readonly timeout: string;
  readonly secretRef?: FleetSourceSecretRef;
  /**
   * Delete objects that left the repository. What happens to them in AWS is decided by the deletionPolicy of each. Default true.
   */
  readonly prune: boolean;
  readonly pruneGuard: FleetSourcePruneGuard;
  /**
   * What becomes of spec fields that somebody else put into an object of this source, for example with kubectl edit, and that Git does not have. Remove: they are reported by an event and taken out. Report: they are only reported. Default Remove.
   */
  readonly foreignFields: 'Remove' | 'Report';
  /**
   * true stops fetching and applying until it is false again; what was applied stays. Default false.
   */
  readonly suspend: boolean;
}
/**
 * What to follow. At most one of branch, tag and commit. Default: the default branch of the remote.
 */
export interface FleetSourceRef {
  /**
   * Branch whose newest commit is applied.
   */
  readonly branch?: string;
  /**
   * Tag. When the tag moves, so does the fleet.
   */
  readonly tag?: string;
  /**
   * Full id of a commit, 40 hexadecimal digits (64 in a SHA-256 repository).
   */
  readonly commit?: string;
}
/**
 * Secret in the same namespace with the credentials: `token`, or `username` and `password`, for HTTPS, with `ca.crt` for a private authority; `identity` (private key) and `known_hosts` for SSH.
 */
export interface FleetSourceSecretRef {
  /**
   * Name of the Secret.
   */
  readonly name: string;
}
/**
 * How much one revision may prune. A revision that would remove more objects than both bounds allow prunes nothing and is Stalled with reason PruneGuard until the annotation `fleetward.dev/allow-prune: <revision>` names it.
 */
export interface FleetSourcePruneGuard {
  /**
   * Objects that may always be pruned at once. Default 5.
   */
  readonly maxCount: number;
  /**
   * Share of the objects of this source, in percent, that may be pruned at once when that is more than maxCount. Default 10.
   */
  readonly maxPercent: number;
}
/**
 * What was fetched and applied.
 */
export interface FleetSourceStatus {
  /**
   * metadata.generation that was last brought to an end, successfully or not.
   */
  readonly observedGeneration?: number;
  /**
   * What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.
   */
  readonly conditions?: readonly Condition[];
  /**
   * Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.
   */
  readonly lastHandledReconcileAt?: string;
  /**
   * Revision that is applied, as `branch@sha1:commit`, `tag@sha1:commit` or `sha1:commit`.
   */
  readonly revision?: string;
  /**
   * Revision that was tried last. Differs from revision when it could not be applied; the conditions say why.
   */
  readonly lastAttemptedRevision?: string;
  /**
   * When revision was applied.
   */
  readonly lastAppliedTime?: string;
  readonly inventory?: FleetSourceStatusInventory;
  /**
   * Objects of foreign kinds in the tree, which are not applied.
   */
  readonly skipped?: number;
  /**
   * Mistakes in the tree that was tried last, as `file:line:column: message`. At most 20; errorCount has the total.
   *
   * @maxItems 20
   */
  readonly errors?: readonly string[];
  /**
   * Number of mistakes in the tree that was tried last.
   */
  readonly errorCount?: number;
}
/**
 * The objects of the applied revision. Each carries the label `fleetward.dev/source` with the uid of this FleetSource; here is only their number.
 */
export interface FleetSourceStatusInventory {
  /**
   * Number of objects.
   */
  readonly count: number;
  /**
   * Digest over their kinds and names.
   */
  readonly digest: string;
}
