import type { KubeObject } from '../../api/meta.ts';
import { fromStore } from './scope.ts';
import type { ExternalDeps, ExternalObject } from './types.ts';

/** Held only by objects whose deletion has to act in AWS. */
export const FINALIZER = 'fleetward.dev/aws';

/** Adds the finalizer where deletion must act in AWS, takes it off where it must not; a write of its own, if any. */
export async function ensureFinalizer<O extends ExternalObject>(deps: ExternalDeps, object: O): Promise<O> {
  const wanted = object.spec.deletionPolicy === 'Delete' && object.spec.managementPolicy === 'Manage';
  return setFinalizer(deps, object, wanted);
}

/** Lets the object go. Only called when nothing of it is left in AWS, or nothing has to go there. */
export async function finishDeletion(deps: ExternalDeps, object: ExternalObject): Promise<undefined> {
  await setFinalizer(deps, object, false);
  return undefined;
}

export async function setFinalizer<O extends KubeObject>(deps: ExternalDeps, object: O, wanted: boolean): Promise<O> {
  const present = object.metadata.finalizers?.includes(FINALIZER) ?? false;
  if (present === wanted) return object;
  const { namespace = '', name, uid = '' } = object.metadata;
  try {
    const key = { kind: object.kind, namespace, name, uid };
    return (await deps.store.setFinalizer(key, FINALIZER, wanted)) as O;
  } catch (thrown) {
    throw fromStore(thrown);
  }
}
