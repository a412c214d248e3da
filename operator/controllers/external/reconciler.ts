import type { ObjectKey } from '../../api/meta.ts';
import { type Decision, decide, paused, restoreId } from '../../drift/decide.ts';
import { type Fight, Fights } from '../../drift/fights.ts';
import type { Change } from '../../drift/types.ts';
import { keyText } from '../../runtime/controller/keys.ts';
import { Priority, type ReconcileContext, type Reconciler, type Result } from '../../runtime/reconciler.ts';
import { checkClaim } from './claim.ts';
import { isEarly, showFailure, soon, whyFailed } from './failure.ts';
import { createFreshness, type Freshness } from './freshness.ts';
import { showCorrection, showDrift, showFight, showReady } from './notices.ts';
import { checkOwnership } from './ownership.ts';
import { conditionsAfter, isSettled, progressOfDecision, REQUESTED_AT, restoreRequests } from './progress.ts';
import { ensureFinalizer, FINALIZER, finishDeletion } from './removal.ts';
import { createScope } from './scope.ts';
import { nextStatus } from './status.ts';
import { markSuspended } from './suspend.ts';
import type { ExternalDeps, ExternalKind, ExternalObject, Scope, StatusOf } from './types.ts';

/** A write that a direct read does not show yet is looked at again after this. */
const NOT_VISIBLE_MS = 5_000;
/** Direct reads may bring up further differences to confirm; more rounds than this mean that AWS is changing under us. */
const CONFIRM_ROUNDS = 3;

/** How long after a pass the next one comes by itself; undefined when changes in AWS reach the queue otherwise. */
export type Recheck<O extends ExternalObject> = (scope: Scope<O>) => number | undefined;

/**
 * The one algorithm of all AWS kinds: guards, observe, decide, act once, observe again, report.
 * Status is written in one place, at the end, and only when it differs.
 */
export function createExternalReconciler<O extends ExternalObject, D, B, A>(
  kind: ExternalKind<O, D, B, A>,
  deps: ExternalDeps,
  recheck: Recheck<O>,
): Reconciler {
  const fresh = createFreshness<O>(deps.clock);
  const fights = new Fights();
  return {
    async reconcile(key, context) {
      const object = deps.cache.get(key) as O | undefined;
      if (object === undefined) {
        fresh.forget(key);
        fights.forget(keyText(key));
        kind.gone?.(deps, key);
        return undefined;
      }
      const wait = fresh.behind(key, object);
      if (wait !== undefined) return { requeueAfterMs: wait };
      if (object.spec.suspend) return markSuspended(deps, object);
      return reconcileObject({ kind, deps, recheck, fresh, fights }, { key, object, context });
    },
  };
}

interface Machine<O extends ExternalObject, D, B, A> {
  readonly kind: ExternalKind<O, D, B, A>;
  readonly deps: ExternalDeps;
  readonly recheck: Recheck<O>;
  readonly fresh: Freshness<O>;
  readonly fights: Fights;
}

interface Task<O extends ExternalObject> {
  readonly key: ObjectKey;
  readonly object: O;
  readonly context: ReconcileContext;
}

async function reconcileObject<O extends ExternalObject, D, B, A>(
  machine: Machine<O, D, B, A>,
  task: Task<O>,
): Promise<Result | undefined> {
  const { kind, deps, fresh } = machine;
  const { key, context } = task;
  let scope: Scope<O> | undefined;
  try {
    const { namespace = '' } = task.object.metadata;
    const isReleased = releasable(task.object);
    if (isReleased && !owes(kind, task.object)) return await finishDeletion(deps, task.object);
    const session = await deps.accounts.session(namespace, task.object.spec.accountRef.name, context);
    const written = (object: O) => fresh.wrote(key, object);
    scope = createScope({ object: task.object, key, session, deps, context, written });
    const claimed = { cache: deps.cache, accounts: deps.accounts, object: scope.object, session };
    checkClaim({ ...claimed, name: kind.nameOf(scope.object) });
    if (isReleased) {
      await kind.keep?.giveBack(scope);
      return await finishDeletion(deps, scope.object);
    }
    if (scope.object.metadata.deletionTimestamp !== undefined) return await removeObject(machine, scope);
    scope.object = await ensureFinalizer(deps, scope.object);
    await kind.urgent?.(scope);
    return await converge(machine, scope);
  } catch (thrown) {
    const failed = { ...task, object: scope?.object ?? task.object };
    kind.stopped?.(deps, key, whyFailed(thrown));
    if (isEarly(deps.clock.now(), failed.object, thrown)) throw soon(thrown);
    const shown = await showFailure(deps, failed.object, thrown);
    if (shown !== failed.object) fresh.wrote(key, shown);
    throw thrown;
  }
}

/** Deleted without anything to do in AWS: needs neither account nor network. */
/** Under Observe nothing is ever written, and without the finalizer nobody waits. */
function owes<O extends ExternalObject, D, B, A>(kind: ExternalKind<O, D, B, A>, object: O): boolean {
  if (object.spec.managementPolicy !== 'Manage' || !object.metadata.finalizers?.includes(FINALIZER)) return false;
  return kind.keep?.owes(object) === true;
}

function releasable(object: ExternalObject): boolean {
  if (object.metadata.deletionTimestamp === undefined) return false;
  const { deletionPolicy, managementPolicy } = object.spec;
  return (
    deletionPolicy !== 'Delete' || managementPolicy !== 'Manage' || !object.metadata.finalizers?.includes(FINALIZER)
  );
}

async function removeObject<O extends ExternalObject, D, B, A>(
  { kind, deps }: Machine<O, D, B, A>,
  scope: Scope<O>,
): Promise<undefined> {
  scope.log.info('Removing from AWS', { name: kind.nameOf(scope.object) });
  await kind.remove(scope);
  return finishDeletion(deps, scope.object);
}

async function converge<O extends ExternalObject, D, B, A>(
  machine: Machine<O, D, B, A>,
  scope: Scope<O>,
): Promise<Result | undefined> {
  const { kind } = machine;
  const desired = kind.resolve(scope);
  await confirmOnRequest(kind, scope);
  let view = await look(machine, scope, desired);
  const confirmed = new Set<string>();
  for (let round = 0; round < CONFIRM_ROUNDS; round += 1) {
    const facts = new Set(view.decision.act.flatMap(({ confirm }) => confirm ?? [])).difference(confirmed);
    if (facts.size === 0 || kind.confirm === undefined) break;
    await kind.confirm(scope, facts);
    for (const fact of facts) confirmed.add(fact);
    view = await look(machine, scope, desired);
  }
  if (scope.object.spec.managementPolicy === 'Manage') {
    checkOwnership(scope, kind.existing(view.observed), { noun: kind.noun, name: kind.nameOf(scope.object) });
  }
  if (view.decision.act.length === 0) return report(machine, scope, { desired, ...view });
  if (!kind.existing(view.observed).exists) await claimFirst(kind, scope);
  showCorrection(scope, view.decision.act);
  const actions = view.decision.act.flatMap(({ action }) => (action === undefined ? [] : [action]));
  await kind.apply(scope, { desired, observed: view.observed, actions });
  // Only what was put right can be set back: an act that AWS refuses is no round of a fight.
  machine.fights.corrected(keyText(scope.key), view.decision.act, scope.deps.clock.now());
  view = await look(machine, scope, desired);
  return report(machine, scope, { desired, ...view });
}

/** An endpoint that is not AWS's own may keep no tags: what we are about to make is then known by our claim alone. */
async function claimFirst<O extends ExternalObject, D, B, A>(
  kind: ExternalKind<O, D, B, A>,
  scope: Scope<O>,
): Promise<void> {
  const { accountId, region, partial } = scope.session;
  if (!partial || kind.marks !== 'tag' || scope.object.status?.claim !== undefined) return;
  const claim = { accountId, region, name: kind.nameOf(scope.object) };
  await scope.save({ claim } as Partial<StatusOf<O>>);
}

interface View<B, A> {
  readonly observed: B;
  readonly decision: Decision<A>;
  /** Somebody sets back what we set back: corrections pause. */
  readonly fight: Fight | undefined;
}

async function look<O extends ExternalObject, D, B, A>(
  { kind, fights }: Machine<O, D, B, A>,
  scope: Scope<O>,
  desired: D,
): Promise<View<B, A>> {
  const observed = await kind.observe(scope, desired);
  const { object } = scope;
  const settled = isSettled(object);
  const changes = kind.diff({ object, desired, observed, settled, mark: scope.mark });
  const since = object.status?.drift?.since ?? '';
  const decision = decide<A>(changes, {
    managementPolicy: object.spec.managementPolicy,
    driftPolicy: object.spec.driftPolicy,
    restore: restoreRequests(object),
    idOf: (change: Change<unknown>) => restoreId(change, since),
  });
  const now = scope.deps.clock.now();
  if (decision.act.length === 0) fights.settle(keyText(scope.key), now);
  // A new spec is applied whoever fights over the old one.
  const fight = settled ? fights.pausing(keyText(scope.key), decision.act, now) : undefined;
  return { observed, decision: fight === undefined ? decision : paused(decision), fight };
}

/** "Reconcile now" means now: nothing is taken from lists. */
async function confirmOnRequest<O extends ExternalObject, D, B, A>(
  kind: ExternalKind<O, D, B, A>,
  scope: Scope<O>,
): Promise<void> {
  const requested = scope.object.metadata.annotations?.[REQUESTED_AT];
  if (requested === undefined || requested === scope.object.status?.lastHandledReconcileAt) return;
  await kind.confirm?.(scope, new Set(['*']));
}

async function report<O extends ExternalObject, D, B, A>(
  machine: Machine<O, D, B, A>,
  scope: Scope<O>,
  view: View<B, A> & { readonly desired: D },
): Promise<Result | undefined> {
  const { kind, deps } = machine;
  const before = scope.object;
  const pending = view.decision.act.length > 0;
  const now = deps.clock.now();
  const seen = { object: before, desired: view.desired, observed: view.observed, held: view.decision.held, now };
  const own = withOldCounters(kind, scope, kind.status(seen));
  const status = nextStatus<O>({ scope, own, decision: view.decision, name: kind.nameOf(before), pending });
  const unfinished = pending || view.decision.held !== undefined ? undefined : kind.unfinished?.(seen);
  const progress = pending
    ? ({
        kind: 'reconciling',
        reason: 'NotYetVisible',
        message: 'AWS does not show the last change yet; it is looked at again',
      } as const)
    : (unfinished ??
      progressOfDecision({
        object: before,
        name: kind.nameOf(before),
        noun: kind.noun,
        decision: view.decision,
        fight: view.fight,
        since: status.drift?.since ?? '',
      }));
  const managed = before.spec.managementPolicy === 'Manage';
  const applied = managed && !pending && view.decision.held === undefined && unfinished === undefined;
  const conditions = conditionsAfter({ object: before, now: deps.clock.now(), progress, applied, held: status.held });
  showDrift(scope, view.decision.show);
  showReady(scope, progress);
  showFight(scope, progress);
  await scope.replace({ ...status, conditions } as StatusOf<O>);
  if (pending || view.fight !== undefined) kind.stopped?.(deps, scope.key, progress.message);
  if (pending) return { requeueAfterMs: NOT_VISIBLE_MS };
  if (view.fight !== undefined) {
    return { requeueAfterMs: view.fight.pausedUntil - now, priority: Priority.drift };
  }
  const after = machine.recheck(scope);
  const goesOn = managed ? await kind.follow?.(scope, seen) : undefined;
  if (goesOn !== undefined && goesOn < (after ?? Number.POSITIVE_INFINITY)) return { requeueAfterMs: goesOn };
  return after === undefined ? undefined : { requeueAfterMs: after, priority: Priority.drift };
}

/** Counts move all the time; only a periodic look writes a status for their sake alone. */
function withOldCounters<O extends ExternalObject, D, B, A>(
  kind: ExternalKind<O, D, B, A>,
  scope: Scope<O>,
  own: Partial<StatusOf<O>>,
): Partial<StatusOf<O>> {
  const previous: Partial<StatusOf<O>> | undefined = scope.object.status;
  if (previous === undefined || scope.options.priority === Priority.drift) return own;
  const out = { ...own };
  for (const counter of kind.counters ?? []) if (previous[counter] !== undefined) out[counter] = previous[counter];
  return out;
}
