import type { ObjectKey } from '../../api/meta.ts';
import { isWrite, type OperationInput, type OperationName } from '../../aws/operations.ts';
import type { CallOptions } from '../../aws/port.ts';
import { keyText } from '../../runtime/controller/keys.ts';
import { conflict, transient } from '../../runtime/errors.ts';
import type { ReconcileContext } from '../../runtime/reconciler.ts';
import { StoreError } from '../../runtime/store.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import { sameJson } from './equal.ts';
import { ownerMark } from './ownership.ts';
import type { ExternalDeps, ExternalObject, Scope, StatusOf } from './types.ts';

/** Field owner of every status this operator writes. */
export const STATUS_OWNER = 'fleetward-status';

export interface ScopeOptions<O extends ExternalObject> {
  readonly object: O;
  readonly key: ObjectKey;
  readonly session: AccountSession;
  readonly deps: ExternalDeps;
  readonly context: ReconcileContext;
  /** Told of each object we wrote, so that a cache that lags behind is noticed. */
  readonly written: (object: O) => void;
}

export function createScope<O extends ExternalObject>(options: ScopeOptions<O>): Scope<O> {
  const { session, deps, context, key } = options;
  const call = { priority: context.priority, signal: context.signal };
  const slot = keyText(key);
  const scope: Scope<O> = {
    object: options.object,
    key,
    session,
    deps,
    log: context.log,
    mark: ownerMark(deps.installation, options.object),
    notes: new Map(),
    wrote: false,
    options: call,
    async call(operation: OperationName, input: OperationInput<OperationName>, more: CallOptions = {}) {
      if (!isWrite(operation)) return session.port.call(operation, input as never, { ...call, slot });
      if (context.log.debugEnabled) context.log.debug(`Calling ${operation}`, { input: redacted(input) });
      const output = await session.port.call(operation, input as never, { ...call, slot, ...more });
      scope.wrote = true;
      return output;
    },
    save: (part) => scope.replace({ ...scope.object.status, ...part } as StatusOf<O>),
    async replace(status) {
      const before = scope.object;
      scope.object = await saveStatus(deps, before, status);
      if (scope.object !== before) options.written(scope.object);
    },
  } as Scope<O>;
  return scope;
}

/** Certificates and requests are public, but long; nothing else of theirs belongs in a log line. */
function redacted(input: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input))
    out[name] = /pem|certificateSigningRequest/i.test(name) ? '(pem)' : value;
  return out;
}

/** Writes the whole status when it differs; answers the object with it. */
export async function saveStatus<O extends ExternalObject>(
  deps: Pick<ExternalDeps, 'store'>,
  object: O,
  status: StatusOf<O>,
): Promise<O> {
  if (sameJson(object.status ?? {}, status)) return object;
  const { namespace = '', name, uid = '' } = object.metadata;
  try {
    const key = { kind: object.kind, namespace, name, uid };
    return (await deps.store.applyStatus(key, status, { owner: STATUS_OWNER })) as O;
  } catch (thrown) {
    throw fromStore(thrown);
  }
}

/** Store errors in the words of a reconcile. */
export function fromStore(thrown: unknown): unknown {
  if (!(thrown instanceof StoreError)) return thrown;
  if (thrown.code === 'conflict' || thrown.code === 'notFound')
    return conflict('ObjectChanged', thrown.message, thrown);
  return transient('StoreFailed', thrown.message, thrown);
}
