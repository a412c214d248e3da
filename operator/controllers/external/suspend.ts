import { setCondition } from '../../api/conditions.ts';
import { SUSPENDED } from './progress.ts';
import { saveStatus } from './scope.ts';
import type { ExternalDeps, ExternalObject, StatusOf } from './types.ts';

/** Says so once, and does nothing else: no read, no write, no finalizer, also while the object is being deleted. */
export async function markSuspended<O extends ExternalObject>(deps: ExternalDeps, object: O): Promise<undefined> {
  const scope = { generation: object.metadata.generation, now: deps.clock.now() };
  const message = 'Nothing is read or written in AWS until spec.suspend is false';
  const condition = { type: SUSPENDED, status: 'True', reason: 'Suspended', message } as const;
  const conditions = setCondition(object.status?.conditions ?? [], condition, scope);
  await saveStatus(deps, object, { ...object.status, conditions } as StatusOf<O>);
  return undefined;
}
