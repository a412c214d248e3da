import type { AWSAccount, AWSAccountStatus } from '../../api/awsaccount.gen.ts';
import { conditionTime, setProgress } from '../../api/conditions.ts';
import type { KubeObject } from '../../api/meta.ts';
import { verdictOf } from '../../runtime/controller/verdict.ts';
import { type ReconcileError, toReconcileError, waiting } from '../../runtime/errors.ts';
import { type Cache, Priority, type ReconcileContext, type Reconciler, type Result } from '../../runtime/reconciler.ts';
import { defined, sameJson } from '../external/equal.ts';
import { REFERS_TO, referenceKey } from '../external/references.ts';
import { FINALIZER, setFinalizer } from '../external/removal.ts';
import { fromStore, STATUS_OWNER } from '../external/scope.ts';
import type { ExternalDeps } from '../external/types.ts';
import type { AccountSession } from './accounts.ts';

const REFUSED_AGAIN_MS = 60_000;

/** Kinds that live in an account. */
const TENANTS = ['Device', 'ThingGroup', 'ThingType', 'IoTPolicy', 'SecurityProfile'];

/** Proves who we are, again at every drift interval, and says so; everything else of the account hangs on that proof. */
export function createAccountReconciler(deps: ExternalDeps): Reconciler {
  return {
    async reconcile(key, context) {
      const account = deps.cache.get(key) as AWSAccount | undefined;
      if (account === undefined) {
        deps.accounts.forget(key.namespace, key.name);
        return undefined;
      }
      if (account.metadata.deletionTimestamp !== undefined) return release(deps, account);
      return verify(deps, await guard(deps, account), context);
    },
  };
}

async function verify(deps: ExternalDeps, account: AWSAccount, context: ReconcileContext): Promise<Result> {
  try {
    const session = await deps.accounts.verify(account, context.signal);
    await saveStatus(
      deps,
      account,
      readyStatus(deps, account, { session, periodic: context.priority === Priority.drift }),
    );
    return { requeueAfterMs: session.driftIntervalMs, priority: Priority.drift };
  } catch (thrown) {
    const error = toReconcileError(thrown);
    await saveProgress(deps, account, error);
    if (error.kind !== 'terminal') throw thrown;
    // Credentials are changed without changing any object: a refusal is looked at again.
    context.log.warn('Refusing the account', { reason: error.reason, cause: error.message });
    deps.events.record(account, { type: 'Warning', reason: error.reason, message: error.message });
    return { requeueAfterMs: REFUSED_AGAIN_MS };
  }
}

interface Verified {
  readonly session: AccountSession;
  /** Times and counts move all the time; only the periodic look writes a status for their sake. */
  readonly periodic: boolean;
}

function readyStatus(deps: ExternalDeps, account: AWSAccount, { session, periodic }: Verified): AWSAccountStatus {
  const now = deps.clock.now();
  const who = session.callerArn === undefined ? '' : ` as ${session.callerArn}`;
  const note = session.note === undefined ? '' : ` Note: ${session.note}.`;
  const message = `Account ${session.accountId} in ${session.region}${who}.${note}`;
  const scope = { generation: account.metadata.generation, now };
  const conditions = setProgress(account.status?.conditions ?? [], { kind: 'ready', message }, scope);
  const same = account.status?.accountId === session.accountId && account.status?.callerArn === session.callerArn;
  const age = session.snapshot.age('things');
  const moving = {
    verifiedTime: conditionTime(session.verifiedAt),
    lastScanTime: age === undefined ? undefined : conditionTime(now - age),
    objects: countTenants(deps.cache, account),
  };
  return defined({
    ...account.status,
    ...(same && !periodic ? {} : moving),
    ...generation(account),
    accountId: session.accountId,
    callerArn: session.callerArn,
    conditions,
  }) as AWSAccountStatus;
}

async function saveProgress(deps: ExternalDeps, account: AWSAccount, error: ReconcileError): Promise<void> {
  const { progress } = verdictOf(error);
  if (progress === undefined) return;
  const scope = { generation: account.metadata.generation, now: deps.clock.now() };
  const conditions = setProgress(account.status?.conditions ?? [], progress, scope);
  await saveStatus(deps, account, { ...account.status, ...generation(account), conditions });
}

function generation(account: AWSAccount): { readonly observedGeneration?: number } {
  const { generation: observed } = account.metadata;
  return observed === undefined ? {} : { observedGeneration: observed };
}

async function saveStatus(deps: ExternalDeps, account: AWSAccount, status: AWSAccountStatus): Promise<void> {
  if (sameJson(account.status ?? {}, status)) return;
  const { namespace = '', name, uid = '' } = account.metadata;
  try {
    await deps.store.applyStatus({ kind: 'AWSAccount', namespace, name, uid }, status, { owner: STATUS_OWNER });
  } catch (thrown) {
    throw fromStore(thrown);
  }
}

/** An account goes last: objects whose deletion has to act in AWS need its credentials. */
async function guard(deps: ExternalDeps, account: AWSAccount): Promise<AWSAccount> {
  return setFinalizer(deps, account, bound(deps.cache, account).length > 0);
}

async function release(deps: ExternalDeps, account: AWSAccount): Promise<undefined> {
  const users = bound(deps.cache, account);
  if (users.length > 0) {
    const { kind, metadata } = users[0] as KubeObject;
    const error = waiting(
      'InUse',
      `AWSAccount ${account.metadata.name} goes when ${users.length} objects with deletionPolicy Delete are gone, ${kind} ${metadata.name} among them. Delete them too, or set their deletionPolicy to Retain.`,
      5_000,
    );
    // Whoever waits for the deletion looks at the object.
    await saveProgress(deps, account, error);
    throw error;
  }
  await setFinalizer(deps, account, false);
  return undefined;
}

function bound(cache: Cache, account: AWSAccount): readonly KubeObject[] {
  return tenants(cache, account).filter(({ metadata }) => metadata.finalizers?.includes(FINALIZER));
}

function countTenants(cache: Cache, account: AWSAccount): number {
  return tenants(cache, account).length;
}

function tenants(cache: Cache, { metadata }: AWSAccount): readonly KubeObject[] {
  const reference = referenceKey('AWSAccount', metadata.namespace, metadata.name);
  return TENANTS.flatMap((kind) => cache.byIndex(kind, REFERS_TO, reference));
}
