import type { KubeObject, ObjectKey } from '../../../api/meta.ts';

/**
 * Who holds each independently owned part of an object: `spec` (all content besides metadata and status), `status`,
 * `ownerReferences`, `labels/<name>`, `annotations/<name>`. Several holders mean that they applied the same value.
 * This is the whole of the bookkeeping for server-side apply here: one or few owners a part instead of managedFields.
 */
export type Owners = Readonly<Record<string, readonly string[]>>;

/** One stored object with its ownership record. Both are frozen and shared. */
export interface Row {
  readonly object: KubeObject;
  readonly owners: Owners;
}

export interface MergeContext {
  /** RFC 3339 to the second, as the API server writes times. */
  readonly now: string;
  readonly newUid: () => string;
}

export function keyParts(object: KubeObject): ObjectKey {
  return { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

/** `Device factory/press-1`: how messages name an object. */
export function describeKey(key: ObjectKey): string {
  return `${key.kind} ${key.namespace === '' ? '' : `${key.namespace}/`}${key.name}`;
}

const NOT_CONTENT = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** Everything that counts as spec: for kinds such as Event that is more than the field of that name. */
export function contentOf(object: KubeObject): Readonly<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    if (!NOT_CONTENT.has(key) && value !== undefined) content[key] = value;
  }
  return content;
}
