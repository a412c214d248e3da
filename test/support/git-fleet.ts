import type { FleetSource, FleetSourceSpec } from '../../operator/api/fleetsource.gen.ts';
import { KINDS } from '../../operator/api/kinds.gen.ts';
import { API_VERSION, type KubeObject } from '../../operator/api/meta.ts';
import { createSchemaRegistry } from '../../operator/api/validate.ts';
import { gitTree } from '../../operator/controllers/fleetsource/git-tree.ts';
import {
  addFleetSourceIndexes,
  type FleetSourceDeps,
  FleetSourceReconciler,
} from '../../operator/controllers/fleetsource/kind.ts';
import { manifestLoader } from '../../operator/controllers/fleetsource/load.ts';
import { ObjectCache } from '../../operator/runtime/cache/object-cache.ts';
import { VirtualClock } from '../../operator/runtime/clock.ts';
import type { EventInput } from '../../operator/runtime/events.ts';
import { silentLogger } from '../../operator/runtime/log.ts';
import type { Store } from '../../operator/runtime/store.ts';
import { GitSource } from '../../operator/source/git/source.ts';
import { GitRemote } from './git.ts';
import { temporaryFolder, temporaryStore } from './store.ts';

const KEY = { kind: 'FleetSource', namespace: 'factory', name: 'fleet' };

/** A FleetSource over a real repository, a real local store and the real schemas, reconciled by hand. */
export async function openFleet(options: Partial<FleetSourceDeps> & { spec?: Partial<FleetSourceSpec> } = {}) {
  const clock = new VirtualClock();
  const remote = await GitRemote.create();
  const schemas = createSchemaRegistry();
  const temporary = await temporaryStore({ admission: schemas, clock });
  const cacheFolder = temporaryFolder('fleetward-cache-');
  const store = counting(temporary.store);
  const cache = new ObjectCache();
  addFleetSourceIndexes(cache);
  const sinks = new Map(KINDS.map((kind) => [kind, cache.sink(kind)]));
  const refresh = async () => {
    for (const [kind, sink] of sinks) await sink.replace((await temporary.store.list({ kind })).items);
  };
  const events: EventInput[] = [];
  const git = new GitSource({
    cache: cacheFolder.path,
    clock,
    settings: { searchPath: process.env.PATH ?? '/usr/bin:/bin' },
    allowFile: true,
  });
  const { spec, ...deps } = options;
  const create = () =>
    new FleetSourceReconciler({
      cache,
      store,
      clock,
      schemas,
      tree: gitTree({ git, readSecret: async () => undefined }),
      load: manifestLoader(),
      createsPerSecond: 0,
      events: { record: (_, event) => events.push(event) },
      ...deps,
    });
  let reconciler = create();
  const put = async (change: Partial<FleetSourceSpec> = {}, annotations?: Record<string, string>) => {
    const document = {
      apiVersion: API_VERSION,
      kind: 'FleetSource',
      metadata: { name: 'fleet', namespace: 'factory', ...(annotations ? { annotations } : {}) },
      spec: { url: remote.fileUrl, ref: { branch: 'main' }, ...spec, ...change },
    };
    await temporary.store.apply(document, { owner: 'test' });
    await refresh();
  };
  await put();
  const context = {
    signal: new AbortController().signal,
    log: silentLogger,
    reconcileId: 'test',
    priority: 0,
  };
  return {
    remote,
    store,
    clock,
    cache,
    events,
    put,
    refresh,
    /** One pass, as the controller would run it after the caches caught up. */
    async pass() {
      await refresh();
      const result = await reconciler.reconcile(KEY, context);
      await refresh();
      return result;
    },
    /** Lets the interval go by, then one pass. */
    async nextPass() {
      await clock.advance(3_600_000);
      return this.pass();
    },
    /** A new process: nothing remembered. */
    restart() {
      reconciler = create();
    },
    source: () => cache.get(KEY) as FleetSource,
    ready: () => (cache.get(KEY) as FleetSource).status?.conditions?.find(({ type }) => type === 'Ready'),
    names: (kind: string) => [...cache.list(kind)].map(({ metadata }) => metadata.name).sort(),
    async [Symbol.asyncDispose]() {
      await temporary[Symbol.asyncDispose]();
      cacheFolder[Symbol.dispose]();
      await remote[Symbol.asyncDispose]();
    },
  };
}

export interface CountingStore extends Store {
  /** Writes since the last `reset`, as `apply Device/factory/press-1`. */
  readonly writes: string[];
  /** Answers instead of the store while it returns an error. */
  fail: ((what: string) => Error | undefined) | undefined;
}

function counting(inner: Store): CountingStore {
  const writes: string[] = [];
  const note = (verb: string, key: { kind: string; name: string }) => {
    const what = `${verb} ${key.kind}/${key.name}`;
    const error = store.fail?.(what);
    if (error) throw error;
    writes.push(what);
  };
  const store: CountingStore = {
    writes,
    fail: undefined,
    get: (key) => inner.get(key),
    list: (query) => inner.list(query),
    watch: (query) => inner.watch(query),
    async apply(document: KubeObject, options) {
      note('apply', { kind: document.kind, name: document.metadata.name });
      return inner.apply(document, options);
    },
    async applyStatus(key, status, options) {
      note('status', key);
      return inner.applyStatus(key, status, options);
    },
    setFinalizer: (key, finalizer, present) => inner.setFinalizer(key, finalizer, present),
    async delete(key, options) {
      note('delete', key);
      return inner.delete(key, options);
    },
  };
  return store;
}

export const thingType = (name: string, description = 'A press') =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: ThingType\nmetadata:\n  name: ${name}\nspec:\n  description: ${description}\n`;
