import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { IoT } from '@aws-sdk/client-iot';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isReady, progressOf } from '../../operator/api/conditions.ts';
import { KINDS } from '../../operator/api/kinds.gen.ts';
import type { KubeObject, ObjectKey } from '../../operator/api/meta.ts';
import { createSchemaRegistry } from '../../operator/api/validate.ts';
import { type AwsClient, type AwsClientOptions, createAwsClient, type Transport } from '../../operator/aws/client.ts';
import { evidenceSinks } from '../../operator/cli/operator/evidence.ts';
import { type AccountsOptions, createAccounts } from '../../operator/controllers/awsaccount/accounts.ts';
import type { SecretPort, StoredSecret } from '../../operator/controllers/external/secrets.ts';
import type { DriftNotice } from '../../operator/controllers/external/types.ts';
import { createSignalBook, type SignalBook } from '../../operator/controllers/policyrollout/gates/signals.ts';
import { createEvidenceBook } from '../../operator/controllers/policyrollout/told/evidence.ts';
import { noMetrics } from '../../operator/controllers/policyrollout/told/metrics.ts';
import { type Controllers, type ControllersDeps, registerControllers } from '../../operator/controllers/setup.ts';
import { ObjectCache } from '../../operator/runtime/cache/object-cache.ts';
import { VirtualClock } from '../../operator/runtime/clock.ts';
import type { EventInput } from '../../operator/runtime/events.ts';
import { createLogger, silentLogger } from '../../operator/runtime/log.ts';
import type { ReflectorSink } from '../../operator/runtime/reflector/reflector.ts';
import { Reflector } from '../../operator/runtime/reflector/reflector.ts';
import type { LocalStore } from '../../operator/runtime/store/local/local-store.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../operator/sandbox/index.ts';
import { assertConditionLaws } from './condition-laws.ts';
import { temporaryStore } from './store.ts';

/** Thrown by a test in the place of a call: the process "dies" there, and nothing more of it reaches AWS or the store. */
export class Crash extends Error {}

export interface FleetOptions {
  readonly sandbox?: Partial<SandboxOptions>;
  /** Shares the sandbox and the clock of another fleet: a second installation, or the same without its state. */
  readonly sandboxOf?: TestFleet;
  readonly settle?: AccountsOptions['settle'];
  readonly installation?: string;
  readonly principalChecks?: boolean;
  /** Default true. */
  readonly usersPinned?: boolean;
  /** Keeps to the call budgets of AWS. */
  readonly limited?: boolean;
  /** The operator hears of changes in the store this much later. */
  readonly cacheLagMs?: number;
  /** Keeps evidence logs in the state folder. */
  readonly evidence?: boolean;
  /** The operator reaches the sandbox through sockets. */
  readonly overHttp?: boolean;
  /** Answers users' checks. */
  readonly measure?: ControllersDeps['measure'];
  /** Sees each request before it is answered; `send` has the effect. */
  readonly intercept?: Intercept;
  /** Hears of every status that the operator writes, before it is stored. */
  readonly onStatus?: (key: ObjectKey, status: unknown) => void;
  /** Access key of each process that is started, by its number: tells their calls apart in the ledger. */
  readonly keyOf?: (incarnation: number) => string;
}

/** `send` has the effect, now or later; `request` is what goes to AWS. */
export type Intercept = (
  send: () => Promise<{ response: unknown }>,
  operation: string,
  request: { readonly method: string; readonly path: string; readonly body: string },
) => Promise<{ response: unknown }>;

export interface RecordedEvent extends EventInput {
  readonly object: string;
}

export interface TestFleet extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly sandbox: Sandbox;
  /** AWS as somebody else uses it, under an access key of their own. */
  readonly aws: AwsClient;
  /** The same for every operation that the SDK has. */
  readonly iot: IoT;
  readonly store: LocalStore;
  /** The state folder. */
  readonly folder: string;
  readonly events: RecordedEvent[];
  readonly drift: DriftNotice[];
  readonly logs: string[];
  readonly secrets: Map<string, StoredSecret>;
  /** Lines of every status and finalizer write, for tests that count them. */
  readonly writes: string[];
  /** What the operator hears of devices; empty again after each start. */
  readonly signals: SignalBook;
  intercept: FleetOptions['intercept'];
  apply(...objects: readonly KubeObject[]): Promise<void>;
  get(kind: string, name: string): Promise<KubeObject>;
  start(): Promise<void>;
  /** The process ends here and now: nothing it still does has an effect. */
  kill(): Promise<void>;
  /** The process has lost its Lease and does not know it yet; it goes on until the function returned ends it. */
  depose(): () => Promise<void>;
  /** Runs until nothing moves without time passing. */
  drain(): Promise<void>;
  /** Lets time pass until every object is Ready; throws with the reasons when it takes longer than `ms` of it. */
  settleUntilReady(ms?: number): Promise<void>;
  advance(ms: number): Promise<void>;
  enqueue: Controllers['enqueue'];
}

interface Running {
  readonly controllers: Controllers;
  readonly stop: AbortController;
  readonly done: Promise<unknown>;
  readonly life: Life;
}

interface Life {
  alive: boolean;
  /** Holds the Lease: may write. */
  leads: boolean;
}

const QUIET_TURNS = 12;
/** Without a call under way for so long, workers wait for time to pass. */
const STILL_TURNS = 300;

/** Compiling all schemas takes longer than many a story: once for all fleets of a process. */
const allSchemas = onceOnly(createSchemaRegistry);

function onceOnly<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Store, cache, controllers and sandbox in one process under one virtual clock. */
export async function createFleet(options: FleetOptions = {}): Promise<TestFleet> {
  const clock = options.sandboxOf?.clock ?? new VirtualClock();
  const sandbox = options.sandboxOf?.sandbox ?? createSandbox({ clock, quotas: 'off', ...options.sandbox });
  const temporary = await temporaryStore({ admission: allSchemas(), clock });
  const { store } = temporary;
  const state = {
    events: [] as RecordedEvent[],
    drift: [] as DriftNotice[],
    logs: [] as string[],
    writes: [] as string[],
  };
  const secrets = new Map<string, StoredSecret>();
  const aws = createAwsClient({
    region: sandbox.region,
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: 'AKIDPERSON', secretAccessKey: 'test' },
    fence: () => undefined,
    transport: sandbox.requestHandler() as unknown as Transport,
  });
  const iot = new IoT({
    region: sandbox.region,
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: 'AKIDPERSON', secretAccessKey: 'test' },
    requestHandler: sandbox.requestHandler() as never,
  });
  const served = options.overHttp === true ? await sandbox.listen() : undefined;
  let running: Running | undefined;
  const deposed = new Set<Running>();
  let incarnation = 0;
  let busy = 0;
  let signals = createSignalBook(clock);

  const fleet: TestFleet = {
    clock,
    sandbox,
    aws,
    iot,
    store,
    folder: temporary.folder,
    ...state,
    secrets,
    intercept: options.intercept,
    get signals() {
      return signals;
    },
    async apply(...objects) {
      for (const object of objects) await store.apply(object, { owner: 'test' });
      await fleet.drain();
    },
    async get(kind, name) {
      const object = await store.get({ kind, namespace: 'factory', name });
      if (object === undefined) throw new Error(`${kind} ${name} is not in the store`);
      return object;
    },
    async start() {
      running = await startOperator();
      await fleet.drain();
    },
    async kill() {
      const dying = running;
      running = undefined;
      if (dying !== undefined) await end(dying);
    },
    depose() {
      const old = running;
      running = undefined;
      if (old === undefined) return async () => {};
      old.life.leads = false;
      deposed.add(old);
      return async () => {
        deposed.delete(old);
        await end(old);
      };
    },
    async drain() {
      const quietNow = () =>
        busy === 0 &&
        (running?.controllers.quiet ?? true) &&
        (deposed.size === 0 || [...deposed].every(({ controllers }) => controllers.quiet));
      for (let quiet = 0, still = 0; quiet < QUIET_TURNS && still < STILL_TURNS; ) {
        await setImmediate();
        still = busy === 0 ? still + 1 : 0;
        quiet = quietNow() ? quiet + 1 : 0;
      }
    },
    async settleUntilReady(ms = 120_000) {
      const deadline = clock.now() + ms;
      await fleet.drain();
      while (!(await allReady(store))) {
        if (clock.now() >= deadline) throw new Error(`Not ready after ${ms} ms:\n${await reasons(store)}`);
        await fleet.advance(500);
      }
      for (const object of await allObjects(store)) assertConditionLaws(object);
    },
    async advance(ms) {
      for (let left = ms; left > 0; left -= 500) {
        await clock.advance(Math.min(500, left));
        await fleet.drain();
      }
    },
    enqueue: (key, how) => running?.controllers.enqueue(key, how),
    async [Symbol.asyncDispose]() {
      await fleet.kill();
      for (const old of deposed) await end(old);
      await sandbox.close();
      await temporary[Symbol.asyncDispose]();
    },
  };

  async function end(dying: Running): Promise<void> {
    dying.life.alive = false;
    dying.stop.abort(new Crash('killed'));
    await Promise.race([dying.done, settleTurns(200)]);
  }

  function transport(life: Life): Transport {
    const inner = served === undefined ? sandbox.requestHandler() : new NodeHttpHandler();
    return {
      async handle(request, how) {
        if (!life.alive) throw new Crash('killed');
        busy += 1;
        try {
          const send = () => inner.handle(request as never, how as never) as Promise<{ response: unknown }>;
          const operation = sandbox.ledger.total;
          if (fleet.intercept === undefined) return await send();
          const {
            method = '',
            path = '',
            body,
          } = request as Partial<Record<'method' | 'path', string>> & {
            readonly body?: unknown;
          };
          const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body ?? '');
          return await fleet.intercept(send, String(operation), { method, path, body: text });
        } finally {
          busy -= 1;
        }
      },
    };
  }

  async function startOperator(): Promise<Running> {
    const life: Life = { alive: true, leads: true };
    incarnation += 1;
    const stop = new AbortController();
    const cache = new ObjectCache();
    const client: Omit<AwsClientOptions, 'region'> = {
      endpoint: served?.url ?? 'http://sandbox.invalid',
      credentials: { accessKeyId: options.keyOf?.(incarnation) ?? 'AKIDTEST', secretAccessKey: 'test' },
      fence: () => {
        if (!life.alive || !life.leads) throw new Crash('killed');
      },
      transport: transport(life),
    };
    const accounts = createAccounts({
      cache,
      clock,
      random: () => 0.5,
      connect: (account) => createAwsClient({ ...client, region: account.spec.region }),
      endpointGiven: true,
      unlimited: options.limited !== true,
      ...(options.settle === undefined ? {} : { settle: options.settle }),
    });
    signals = createSignalBook(clock);
    const evidence = evidenceSinks({ folder: join(temporary.folder, 'evidence'), log: silentLogger })(noMetrics);
    const controllers = registerControllers({
      signals,
      cache,
      store: guarded(store, life),
      accounts,
      clock,
      random: () => 0.5,
      events: { record: (object, event) => void state.events.push({ ...event, object: nameOf(object) }) },
      secrets: memorySecrets(secrets),
      installation: options.installation ?? 'test',
      onDrift: (notice) => void state.drift.push(notice),
      log: createLogger({ level: 'debug', write: (line) => void state.logs.push(line), now: () => clock.now() }),
      principalChecks: options.principalChecks ?? false,
      usersPinned: options.usersPinned ?? true,
      evidence: options.evidence === true ? createEvidenceBook(clock, evidence) : undefined,
      // Nobody moves the clock while a question is held open.
      queueWaitSeconds: 0,
      ...(options.measure === undefined ? {} : { measure: options.measure }),
    });
    const reflectors = KINDS.map((kind) => {
      const sink = lagging(cache.sink(kind), clock, options.cacheLagMs ?? 0);
      return new Reflector({ store, selection: { kind }, sink, clock, random: () => 0.5 }).run(stop.signal);
    });
    await cache.whenSynced(stop.signal);
    const runs = controllers.runnables.map((runnable) => runnable.run(stop.signal, stop.signal));
    return {
      controllers,
      stop,
      done: Promise.allSettled([...runs, ...reflectors]),
      life,
    };
  }

  /** A dead process writes nothing more to its store either. */
  function guarded(inner: LocalStore, life: Life): LocalStore {
    const check = (what: string) => {
      if (!life.alive || !life.leads) throw new Crash('killed');
      state.writes.push(what);
    };
    const methods: Partial<LocalStore> = {
      apply: (object, how) => {
        check(`apply ${object.kind}/${object.metadata.name}`);
        return inner.apply(object, how);
      },
      applyStatus: (key, status, how) => {
        check(`status ${key.kind}/${key.name}`);
        options.onStatus?.(key, status);
        return inner.applyStatus(key, status, how);
      },
      setFinalizer: (key, finalizer, present) => {
        check(`finalizer ${key.kind}/${key.name}`);
        return inner.setFinalizer(key, finalizer, present);
      },
    };
    return new Proxy(inner, {
      get: (target, name) => (methods as Record<PropertyKey, unknown>)[name] ?? bound(target, name),
    });
  }

  return fleet;
}

/** Each change comes later, in the order in which they were made; the first list does not. */
function lagging(sink: ReflectorSink, clock: VirtualClock, ms: number): ReflectorSink {
  if (ms === 0) return sink;
  return {
    replace: (items) => sink.replace(items),
    set: (object) => void clock.after(ms, () => sink.set(object)),
    remove: (object) => void clock.after(ms, () => sink.remove(object)),
  };
}

function bound(target: object, name: PropertyKey): unknown {
  const value = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}

function memorySecrets(secrets: Map<string, StoredSecret>): SecretPort {
  return {
    read: async ({ namespace, name }) => secrets.get(`${namespace}/${name}`),
    write: async ({ namespace, name }, secret) => void secrets.set(`${namespace}/${name}`, secret),
  };
}

async function settleTurns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await setImmediate();
}

function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}

async function allObjects(store: LocalStore): Promise<readonly KubeObject[]> {
  const pages = await Promise.all(KINDS.map((kind) => store.list({ kind })));
  return pages.flatMap(({ items }) => items);
}

async function allReady(store: LocalStore): Promise<boolean> {
  return (await allObjects(store)).every(isReady);
}

async function reasons(store: LocalStore): Promise<string> {
  const unready = (await allObjects(store)).filter((object) => !isReady(object));
  return unready.map((object) => `${nameOf(object)}: ${JSON.stringify(progressOf(object))}`).join('\n');
}
