import type { KubeObject, ObjectMeta } from '../../../api/meta.ts';
import { resourceOf } from '../../kube/resources.ts';
import { StoreError } from '../../store.ts';
import { deepFreeze } from '../json.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * An object as it came, without what nobody here reads: managedFields and kubectl's copy of the whole object make up half
 * of its memory. `kind` fills what lists of built-in kinds leave out.
 */
export function fromWire(value: unknown, kind: string): KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value) || typeof value.metadata !== 'object') {
    throw new StoreError('unavailable', `The API server answered something that is not a ${kind}`);
  }
  const { metadata, ...rest } = value as KubeObject;
  const { managedFields: _managed, annotations, ...kept } = metadata as ObjectMeta & { managedFields?: unknown };
  const { [LAST_APPLIED]: _applied, ...others } = annotations ?? {};
  const stripped = Object.keys(others).length > 0 ? { ...kept, annotations: others } : kept;
  return deepFreeze({ ...rest, apiVersion: rest.apiVersion ?? resourceOf(kind).apiVersion, kind, metadata: stripped });
}

/** What server-side apply is sent: status and finalizers have writes of their own. */
export function toApply(document: KubeObject): KubeObject {
  const { status: _status, metadata, ...content } = document;
  const { name, namespace, uid, resourceVersion, labels, annotations, ownerReferences } = metadata;
  return {
    ...content,
    metadata: defined({ name, namespace, uid, resourceVersion, labels, annotations, ownerReferences }),
  };
}

function defined(metadata: { readonly [K in keyof ObjectMeta]: ObjectMeta[K] | undefined }): ObjectMeta {
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== undefined),
  ) as unknown as ObjectMeta;
}
