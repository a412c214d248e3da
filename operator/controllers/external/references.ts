import type { KubeObject } from '../../api/meta.ts';
import { terminal, waiting } from '../../runtime/errors.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { ExternalObject } from './types.ts';

/** Index of objects by what they refer to: `<kind>/<namespace>/<name>`. */
export const REFERS_TO = 'refersTo';

export function referenceKey(kind: string, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

export interface Reference {
  readonly kind: string;
  readonly name: string;
}

/** The object a reference names, once it exists in AWS. Waiting ends when its status changes: the index wakes us. */
export function resolveReference<T extends ExternalObject>(cache: Cache, from: KubeObject, reference: Reference): T {
  const namespace = from.metadata.namespace ?? '';
  const found = cache.get({ kind: reference.kind, namespace, name: reference.name }) as T | undefined;
  const what = `${reference.kind} ${reference.name}`;
  if (found === undefined) {
    throw waiting(
      'ReferenceNotFound',
      `${what} does not exist in namespace ${namespace}. Create it, or correct the reference; it is picked up as soon as it appears.`,
    );
  }
  const account = (from as ExternalObject).spec.accountRef.name;
  if (found.spec.accountRef.name !== account) {
    throw terminal(
      'OtherAccount',
      `${what} belongs to AWSAccount ${found.spec.accountRef.name}, this object to ${account}; both must name the same one.`,
    );
  }
  if (found.status?.arn === undefined) {
    throw waiting('ReferenceNotReady', `${what} is not in AWS yet; this object goes on as soon as it is.`);
  }
  return found;
}
