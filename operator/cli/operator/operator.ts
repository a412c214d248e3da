import type { AWSAccount } from '../../api/awsaccount.gen.ts';
import { KINDS } from '../../api/kinds.gen.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { SchemaRegistry } from '../../api/validate.ts';
import type { AwsClient } from '../../aws/client.ts';
import {
  type AccountSession,
  type Accounts,
  createAccounts,
  type SettleTimes,
} from '../../controllers/awsaccount/accounts.ts';
import type { SecretPort } from '../../controllers/external/secrets.ts';
import type { DriftNotice } from '../../controllers/external/types.ts';
import { addFleetSourceIndexes, FleetSourceReconciler } from '../../controllers/fleetsource/kind.ts';
import type { SourceTree, TreeLoader } from '../../controllers/fleetsource/tree.ts';
import { measure } from '../../controllers/policyrollout/gates/check-measure.ts';
import { createSignalBook, type SignalBook } from '../../controllers/policyrollout/gates/signals.ts';
import { createEvidenceBook, type EvidenceSink } from '../../controllers/policyrollout/told/evidence.ts';
import { type RolloutMetrics, rolloutMetrics } from '../../controllers/policyrollout/told/metrics.ts';
import { registerControllers } from '../../controllers/setup.ts';
import { ObjectCache } from '../../runtime/cache/object-cache.ts';
import type { Clock } from '../../runtime/clock.ts';
import { conditionReporter } from '../../runtime/controller/report.ts';
import { Controller } from '../../runtime/controller.ts';
import type { EventSink } from '../../runtime/events/sink.ts';
import { EventWriter } from '../../runtime/events/writer.ts';
import { type Check, ProbeServer, type ProbeServerOptions } from '../../runtime/http.ts';
import type { LeaderElector } from '../../runtime/lease.ts';
import type { Logger } from '../../runtime/log.ts';
import { Manager, type Runnable } from '../../runtime/manager.ts';
import { controllerMetrics } from '../../runtime/metrics/controller.ts';
import { eventCounter } from '../../runtime/metrics/events.ts';
import { workqueueMetrics } from '../../runtime/metrics/workqueue.ts';
import { Metrics } from '../../runtime/metrics.ts';
import { type AllowedHosts, boundedGet } from '../../runtime/outbound/bounded-get.ts';
import { Reflector, type ReflectorHooks } from '../../runtime/reflector/reflector.ts';
import type { Store } from '../../runtime/store.ts';
import { driftMetrics, policyMetrics, sourceMetrics } from './fleet-metrics.ts';
import { listHealth } from './list-health.ts';
import {
  awsMetrics,
  checkMetrics,
  handlerErrors,
  reflectorHooks,
  signalMetrics,
  watchObjects,
} from './observability.ts';
import { Readiness } from './readiness.ts';

/** Everything that differs between a cluster, a state folder and a test. */
export interface OperatorOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly schemas: SchemaRegistry;
  /** Part of every ownership mark; must outlive all state. */
  readonly installation: string;
  /** Default: all namespaces. */
  readonly namespaces?: readonly string[];
  readonly connect: (account: AWSAccount) => AwsClient;
  /** One endpoint for every account was given on the command line. */
  readonly endpointGiven: boolean;
  /** Looks at the whole account this often, whatever AWSAccounts say: for an endpoint of one's own. */
  readonly scanEveryMs?: number;
  /** How long AWS may take to show our own writes. Default what AWS documents. */
  readonly settle?: SettleTimes;
  /** No call budgets, for an endpoint of one's own. */
  readonly unlimited?: boolean;
  readonly secrets: SecretPort;
  readonly tree: SourceTree;
  readonly load: TreeLoader;
  readonly createsPerSecond: number;
  readonly ignoreKinds?: readonly string[];
  readonly events?: { readonly sink: EventSink; readonly instance: string };
  /** Absent: this process is the only one. */
  readonly elector?: LeaderElector;
  /** Leadership is lost: the place to cut the caller's own connections. */
  readonly onLost?: () => void;
  /** Where the caller's own parts count already; default a new one. */
  readonly metrics?: Metrics;
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  readonly deviceWorkers?: number;
  readonly onDrift?: (drift: DriftNotice) => void;
  /** What is heard of devices: rollouts move nobody they cannot watch. */
  readonly signals?: SignalBook;
  /** Hosts that users' checks may ask. */
  readonly checkHosts: AllowedHosts;
  /** How long SQS may hold a question open. Default 20 s. */
  readonly queueWaitSeconds?: number;
  /** Counts what this process does with the CPU and memory; once per process. */
  readonly processMetrics?: boolean;
  /** Least time between two reconciles of one object. Default 1 s. */
  readonly minGapMs?: number;
  /** Whether the name of the user in a verb is known to be true. Default false: a widening is approved in Git only. */
  readonly usersPinned?: boolean;
  /** Where entries of evidence logs go; each sink is told of what another one lost. */
  readonly evidence?: (metrics: RolloutMetrics) => readonly EvidenceSink[];
  /** Parts of the caller that run beside the controllers. */
  readonly services?: readonly Runnable[];
}

export interface Operator {
  readonly cache: ObjectCache;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Looks at an object now. */
  enqueue(key: ObjectKey): void;
  /** Nothing is being worked on and nothing waits for a worker: what was asked for has been looked at. */
  readonly quiet: boolean;
  /** Until `stop` aborts; rejects as a Manager does when a part fails or leadership is lost. Once. */
  run(stop: AbortSignal): Promise<void>;
}

/** What probes are answered from. */
export interface Health {
  /** For liveness. */
  readonly lease: Check;
  /** For readiness. */
  readonly caches: Check;
}

const CONDITIONS_OWNER = 'fleetward-source-status';

/** Puts an operator together: the only place where its parts meet. Nothing runs before `run`. */
export function createOperator(options: OperatorOptions): Operator {
  const { store, clock, random, log, elector } = options;
  const metrics = options.metrics ?? new Metrics();
  const cache = new ObjectCache({ onHandlerError: handlerErrors(metrics, log) });
  if (options.processMetrics === true) metrics.collectProcess();
  const readiness = new Readiness(cache);
  watchObjects(metrics, cache, clock);
  const events = options.events
    ? new EventWriter({ ...options.events, clock, log, counter: eventCounter(metrics) })
    : undefined;
  const shared = {
    clock,
    random,
    log,
    metrics: { workqueue: workqueueMetrics(metrics), controller: controllerMetrics(metrics) },
    ...(elector ? { owns: () => elector.isLeader() } : {}),
    ...(options.minGapMs === undefined ? {} : { minGapMs: options.minGapMs }),
  };
  const recorder = events ?? { record: () => undefined };
  const accounts = scannedEvery(
    options.scanEveryMs,
    createAccounts({
      cache,
      clock,
      random,
      connect: options.connect,
      endpointGiven: options.endpointGiven,
      unlimited: options.unlimited ?? false,
      metrics: awsMetrics(metrics),
      ...(options.settle === undefined ? {} : { settle: options.settle }),
    }),
  );
  const signals = options.signals ?? createSignalBook(clock);
  signalMetrics(metrics, signals);
  const get = boundedGet({ allowed: options.checkHosts });
  const counted = rolloutMetrics(metrics, cache);
  const drift = driftMetrics(metrics, cache);
  policyMetrics(metrics, cache);
  const sinks = options.evidence?.(counted) ?? [];
  const controllers = registerControllers({
    ...shared,
    cache,
    store,
    accounts,
    events: recorder,
    secrets: options.secrets,
    installation: options.installation,
    ...(options.deviceWorkers === undefined ? {} : { deviceWorkers: options.deviceWorkers }),
    onDrift(notice) {
      drift.drifted(notice);
      options.onDrift?.(notice);
    },
    onFight: drift.conflict,
    signals,
    measure: (question, signal) => measure(get, question, signal),
    onMeasured: checkMetrics(metrics),
    ...(options.queueWaitSeconds === undefined ? {} : { queueWaitSeconds: options.queueWaitSeconds }),
    rolloutMetrics: counted,
    evidence: sinks.length === 0 ? undefined : createEvidenceBook(clock, sinks),
    ...(options.usersPinned === undefined ? {} : { usersPinned: options.usersPinned }),
  });
  const sources = sourceController(options, { cache, shared, recorder, onFetch: sourceMetrics(metrics, cache) });
  const lists = listHealth(cache, reflectorHooks(metrics, log));
  const health = { lease: () => elector?.problem(), caches: lists.check };
  const onLost = () => {
    accounts.close();
    options.onLost?.();
  };
  const manager = new Manager(
    { clock, log, onLost, ...(elector ? { elector } : {}) },
    {
      servers: options.listen ? [new ProbeServer({ ...options.listen, log, metrics, ...probesOf(health) })] : [],
      caches: reflectors(options, cache, lists.hooks),
      services: [...(events ? [events] : []), ...(options.services ?? [])],
      controllers: [sources, ...controllers.runnables],
    },
  );
  return {
    cache,
    readiness,
    metrics,
    health,
    enqueue: (key) => (key.kind === 'FleetSource' ? sources.enqueue(key) : controllers.enqueue(key)),
    get quiet() {
      return sources.quiet && controllers.quiet;
    },
    async run(stop) {
      try {
        await manager.run(stop);
      } finally {
        accounts.close();
      }
    },
  };
}

/** The same accounts with another interval; everything else of a session stays one and the same. */
function scannedEvery(driftIntervalMs: number | undefined, accounts: Accounts): Accounts {
  if (driftIntervalMs === undefined) return accounts;
  const sooner = (session: AccountSession): AccountSession => ({ ...session, driftIntervalMs });
  return {
    session: async (...call) => sooner(await accounts.session(...call)),
    verify: async (...call) => sooner(await accounts.verify(...call)),
    sessions: () => accounts.sessions().map(sooner),
    verifiedKey: (...name) => accounts.verifiedKey(...name),
    forget: (...name) => accounts.forget(...name),
    close: () => accounts.close(),
  };
}

type Shared = Pick<ConstructorParameters<typeof Controller>[0], 'clock' | 'random' | 'log' | 'metrics' | 'owns'>;

function sourceController(
  options: OperatorOptions,
  {
    cache,
    shared,
    recorder,
    onFetch,
  }: {
    cache: ObjectCache;
    shared: Shared;
    recorder: Pick<EventWriter, 'record'>;
    onFetch: (result: string, seconds: number) => void;
  },
): Controller {
  const { store, clock, schemas, tree, load, createsPerSecond, ignoreKinds = [] } = options;
  addFleetSourceIndexes(cache);
  const reconciler = new FleetSourceReconciler({
    cache,
    store,
    clock,
    schemas,
    tree,
    load,
    createsPerSecond,
    ignoreKinds,
    events: recorder,
    onFetch,
  });
  const controller = new Controller({
    ...shared,
    name: 'fleetsource',
    reconciler,
    workers: 4,
    // Parsing 100,000 manifests or a slow remote takes longer than a reconcile of anything else.
    timeoutMs: 600_000,
    events: recorder,
    lookup: (key) => cache.get(key),
    report: conditionReporter({ cache, store, clock, owner: CONDITIONS_OWNER }),
  });
  controller.watch(cache, 'FleetSource');
  return controller;
}

function reflectors(options: OperatorOptions, cache: ObjectCache, hooks: ReflectorHooks): Runnable[] {
  const { store, clock, random, namespaces } = options;
  const scopes = namespaces && namespaces.length > 0 ? namespaces : [undefined];
  return KINDS.flatMap((kind) =>
    scopes.map((namespace) => {
      const reflector = new Reflector({
        store,
        selection: { kind, ...(namespace === undefined ? {} : { namespace }) },
        sink: cache.sink(kind, namespace),
        clock,
        random,
        hooks,
      });
      return {
        name: `reflector ${kind}`,
        run: (stop: AbortSignal) => reflector.run(stop),
        whenReady: () => cache.whenSynced(),
      };
    }),
  );
}

/** The checks under the names that `?verbose` shows. */
export function probesOf({ lease, caches }: Health): Pick<ProbeServerOptions, 'live' | 'ready'> {
  return { live: { 'leader-election': lease }, ready: { caches } };
}
