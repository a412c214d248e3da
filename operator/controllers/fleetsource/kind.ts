import type { FleetSource } from '../../api/fleetsource.gen.ts';
import { KINDS } from '../../api/kinds.gen.ts';
import type { KubeObject, ObjectKey } from '../../api/meta.ts';
import type { SchemaRegistry } from '../../api/validate.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toReconcileError } from '../../runtime/errors.ts';
import { type EventRecorder, noEvents } from '../../runtime/events.ts';
import type { Cache, ReconcileContext, Reconciler, Result } from '../../runtime/reconciler.ts';
import { jsonEqual } from '../../runtime/store/json.ts';
import type { Store } from '../../runtime/store.ts';
import type { SourceError } from '../../source/git/errors.ts';
import { applySlice, keyPartsOf, removeAll } from './apply.ts';
import { FIRST_RETRY_MS, fetchRevision } from './fetch.ts';
import { Foreign, keptMark } from './foreign.ts';
import { type InFlight, isIntact, type Memory, metadataNames, newMemory } from './memory.ts';
import { type Revised, revise } from './revise.ts';
import { type Outcome, statusAfter } from './status.ts';
import type { Fetched, SourceTree, TreeLoader } from './tree.ts';
import { ALLOW_PRUNE, SOURCE_LABEL, STATUS_OWNER } from './verbs.ts';

export interface FleetSourceDeps {
  readonly cache: Cache;
  readonly store: Store;
  readonly clock: Clock;
  readonly tree: SourceTree;
  readonly load: TreeLoader;
  /** Whose defaults stored objects have. */
  readonly schemas: Pick<SchemaRegistry, 'admit'>;
  readonly events?: EventRecorder;
  /** Hears of each question to the remote: `success` or the reason of the failure. */
  readonly onFetch?: (result: string, seconds: number) => void;
  /** Objects created each second at most, 0 for no limit. Default 50, which etcd bears. */
  readonly createsPerSecond?: number;
  /** Kinds of ours that this source leaves alone; standalone mode follows one source and no others. */
  readonly ignoreKinds?: readonly string[];
}

const INDEX = 'fleetsource';
const CONCURRENCY = 32;
const SLICE_MS = 10_000;

/** Finds the objects of a source. Call before the cache starts. */
export function addFleetSourceIndexes(cache: Cache): void {
  for (const kind of KINDS) {
    cache.addIndex(kind, INDEX, ({ metadata }) => {
      const uid = metadata.labels?.[SOURCE_LABEL];
      return uid === undefined ? [] : [uid];
    });
  }
}

/**
 * Keeps a namespace as a Git revision says. Order of each pass: guards, fetch, compare, apply a slice, prune, report.
 * Nothing is removed unless the whole revision was read, is valid, and was applied without a refusal.
 */
export class FleetSourceReconciler implements Reconciler {
  readonly #deps: FleetSourceDeps;
  /** By object key, since a source that is gone has no uid to look for. */
  readonly #memories = new Map<string, { readonly uid: string; readonly memory: Memory }>();

  constructor(deps: FleetSourceDeps) {
    this.#deps = deps;
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result | undefined> {
    const source = this.#deps.cache.get(key) as FleetSource | undefined;
    const memory = await this.#memory(key, source);
    if (!source || !memory || source.metadata.deletionTimestamp !== undefined) return undefined;
    if (source.spec.suspend) {
      memory.inFlight = undefined;
      await this.#report(source, { kind: 'suspended' });
      return undefined;
    }
    const { tree, clock, onFetch } = this.#deps;
    const fetch = await fetchRevision(source, memory, { ...context, tree, clock, onFetch });
    if (!fetch.fetched) {
      await this.#report(source, { kind: 'unreadable', error: fetch.error });
      return this.#later(memory);
    }
    return this.#follow(source, memory, { fetched: fetch.fetched, error: fetch.error, context });
  }

  async #follow(source: FleetSource, memory: Memory, pass: Pass): Promise<Result> {
    const { revision } = pass.fetched;
    const { generation } = source.metadata;
    if (memory.inFlight?.revision !== revision || memory.inFlight.generation !== generation) {
      memory.inFlight = undefined;
      const { done } = memory;
      if (done?.revision === revision && done.generation === generation && this.#intact(source, done.seen)) {
        await this.#report(source, { kind: 'applied', ...done, unreadable: pass.error });
        return this.#later(memory);
      }
      if (memory.bad === badMark(source, revision)) return this.#later(memory);
      const revised = await this.#revise(source, memory, pass);
      if (revised.kind === 'outcome') {
        memory.bad = badMark(source, revision);
        this.#logErrors(revised.outcome, pass.context);
        await this.#report(source, revised.outcome);
        return this.#later(memory);
      }
      memory.inFlight = revised.inFlight;
    }
    return this.#apply(source, memory, { ...pass, inFlight: memory.inFlight });
  }

  async #apply(source: FleetSource, memory: Memory, pass: Pass & { inFlight: InFlight }): Promise<Result> {
    const { inFlight, context } = pass;
    const { work, revision, total } = inFlight;
    const foreign = new Foreign(source.spec.foreignFields, { events: this.#deps.events ?? noEvents, log: context.log });
    const options = { ...this.#applyOptions(context), onForeign: foreign.found };
    const failure = await applySlice(work, options, (object) => {
      const { uid = '', generation = 0 } = object.metadata;
      inFlight.seen.set(uid, generation);
      memory.extras.set(uid, metadataNames(object));
      const mark = foreign.keptMark(object);
      if (mark === undefined) memory.kept.delete(uid);
      else memory.kept.set(uid, mark);
    });
    if (failure) throw toReconcileError(failure);
    if (work.pending.length > 0) {
      context.log.info('Applying a revision', { revision, done: work.applied, total });
      await this.#report(source, { kind: 'applying', revision, done: work.applied, total });
      return { requeueAfterMs: 0, priority: context.priority };
    }
    memory.inFlight = undefined;
    if (work.stale > 0) return { requeueAfterMs: FIRST_RETRY_MS };
    const refused = [...inFlight.refused, ...work.refused];
    const prunes = source.spec.prune && !pass.error;
    if (refused.length > 0) {
      const outcome: Outcome = { kind: 'refused', revision, refused, kept: prunes ? inFlight.remove.length : 0 };
      this.#logErrors(outcome, context);
      await this.#report(source, outcome);
      return this.#later(memory);
    }
    if (prunes) await removeAll(inFlight.remove, options);
    memory.done = inFlight;
    memory.bad = undefined;
    context.log.info('Applied a revision', {
      revision,
      objects: inFlight.count,
      changed: work.applied,
      pruned: prunes ? inFlight.remove.length : 0,
    });
    await this.#report(source, { kind: 'applied', ...inFlight, unreadable: pass.error });
    return this.#later(memory);
  }

  async #revise(source: FleetSource, memory: Memory, pass: Pass): Promise<Revised> {
    const { cache, load, ignoreKinds = [] } = this.#deps;
    return revise({
      source,
      revision: pass.fetched.revision,
      tree: await load(pass.fetched, pass.context.signal),
      ignoreKinds,
      complete: (object) => this.#deps.schemas.admit(object).object,
      find: (object) => cache.get(keyPartsOf(object)),
      inventory: this.#inventory(source),
      isSource: (uid) => [...cache.list('FleetSource')].some(({ metadata }) => metadata.uid === uid),
      settled: (object) => memory.extras.get(object.metadata.uid ?? '') === metadataNames(object),
      tolerated: (document, stored) =>
        source.spec.foreignFields === 'Report' &&
        memory.kept.get(stored.metadata.uid ?? '') === keptMark(document, stored),
    });
  }

  #intact(source: FleetSource, seen: ReadonlyMap<string, number>): boolean {
    return isIntact(seen, this.#inventory(source));
  }

  #inventory(source: FleetSource): KubeObject[] {
    const { cache } = this.#deps;
    const uid = source.metadata.uid ?? '';
    return KINDS.flatMap((kind) => [...cache.byIndex(kind, INDEX, uid)]).filter(
      ({ metadata }) => metadata.namespace === source.metadata.namespace,
    );
  }

  async #memory(key: ObjectKey, source: FleetSource | undefined): Promise<Memory | undefined> {
    const name = `${key.namespace}/${key.name}`;
    const known = this.#memories.get(name);
    if (known && known.uid !== source?.metadata.uid) {
      this.#memories.delete(name);
      await this.#deps.tree.forget(known.uid);
    } else if (known) return known.memory;
    const uid = source?.metadata.uid;
    if (uid === undefined) return undefined;
    const memory = newMemory();
    this.#memories.set(name, { uid, memory });
    return memory;
  }

  /** The one place that writes; nothing is written when nothing changed. Transitions are told as events as well. */
  async #report(source: FleetSource, outcome: Outcome): Promise<void> {
    const { store, clock, events = noEvents } = this.#deps;
    const status = statusAfter(source, outcome, clock.now());
    if (jsonEqual(status, source.status)) return;
    const { name, namespace = '', uid = '' } = source.metadata;
    await store.applyStatus({ kind: 'FleetSource', namespace, name, uid }, status, { owner: STATUS_OWNER });
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    const before = source.status?.conditions?.find(({ type }) => type === 'Ready');
    if (!ready || outcome.kind === 'applying' || outcome.kind === 'suspended') return;
    if (ready.reason === before?.reason && ready.message === before.message) return;
    const type = ready.status === 'True' ? 'Normal' : 'Warning';
    events.record(source, { type, reason: ready.reason, message: ready.message });
  }

  /** Conditions show a few mistakes; the log has all of them. */
  #logErrors(outcome: Outcome, { log }: ReconcileContext): void {
    if (outcome.kind === 'invalid') {
      for (const error of outcome.errors)
        log.error('Refusing a manifest', { revision: outcome.revision, cause: error });
    }
    if (outcome.kind === 'refused') {
      for (const { object, message } of outcome.refused) log.error('Refused object', { object, cause: message });
    }
  }

  #later(memory: Memory): Result {
    return { requeueAfterMs: Math.max(FIRST_RETRY_MS, memory.nextFetchAt - this.#deps.clock.monotonic()) };
  }

  #applyOptions({ signal }: ReconcileContext) {
    const { store, clock, createsPerSecond = 50 } = this.#deps;
    return { store, clock, signal, concurrency: CONCURRENCY, createsPerSecond, sliceMs: SLICE_MS };
  }
}

interface Pass {
  readonly fetched: Fetched;
  /** Why the remote could not be asked, while the last good revision is kept up. */
  readonly error: SourceError | undefined;
  readonly context: ReconcileContext;
}

/** The same files under the same spec and the same permission to prune come to the same end. */
function badMark({ metadata }: FleetSource, revision: string): string {
  return `${metadata.generation} ${metadata.annotations?.[ALLOW_PRUNE] ?? ''} ${revision}`;
}
