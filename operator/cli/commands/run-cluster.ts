import { randomUUID } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { kindDefinitions } from '../../api/schemas.gen.ts';
import { createSchemaRegistry } from '../../api/validate.ts';
import { gitTree } from '../../controllers/fleetsource/git-tree.ts';
import { manifestLoader } from '../../controllers/fleetsource/load.ts';
import { systemClock } from '../../runtime/clock.ts';
import { conflict } from '../../runtime/errors.ts';
import { storeEventSink } from '../../runtime/events/sink.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { KubeSecrets } from '../../runtime/kube/secrets.ts';
import { listsOfThisRelease } from '../../runtime/kube/served-schemas.ts';
import { KubeLeaseLock } from '../../runtime/lease/kube-lock.ts';
import { LeaderElector } from '../../runtime/lease.ts';
import { LeftBehindError } from '../../runtime/manager.ts';
import { leaderMetrics } from '../../runtime/metrics/leader.ts';
import { kubeClientMetrics } from '../../runtime/metrics/store.ts';
import { Metrics } from '../../runtime/metrics.ts';
import { KubeStore } from '../../runtime/store/kube/kube-store.ts';
import { StoreError } from '../../runtime/store.ts';
import { GitSource } from '../../source/git/source.ts';
import { durationFrom } from '../args/parse.ts';
import { environment } from '../config/environment.ts';
import type { ConfigFile } from '../config/file.ts';
import { CommandError, Exit } from '../exit.ts';
import { connectToCluster } from '../operator/cluster-client.ts';
import { connector } from '../operator/connect.ts';
import { evidenceSinks } from '../operator/evidence.ts';
import { createOperator } from '../operator/operator.ts';
import { runTerms, type Term } from '../operator/terms.ts';
import { listenAddress, type RunInput } from './run-input.ts';

const DEFAULT_CREATES_PER_SECOND = 50;
const HELD_MS = 1_000;
const NOT_LEADING = 'This replica does not lead (any more): nothing is written';

/** `fleetward run` in a cluster: one replica leads, the others keep their caches warm. */
export async function runCluster(input: RunInput): Promise<number> {
  const { args, config, log, signal } = input;
  const env = environment();
  const metrics = new Metrics();
  metrics.collectProcess();
  const git = new GitSource({
    cache: join(tmpdir(), 'fleetward-git'),
    clock: systemClock,
    settings: { searchPath: env.path, proxy: env.proxy },
    allowFile: config.allowFileSources ?? false,
  });
  const schemas = createSchemaRegistry();
  const listen = listenAddress(args.text('listen') ?? config.listen ?? ':8080');
  try {
    const open = () => openTerm(input, { git, schemas });
    await runTerms({ open, clock: systemClock, random: Math.random, log, metrics, listen }, signal);
    return Exit.ok;
  } catch (error) {
    if (!(error instanceof LeftBehindError)) throw error;
    // What does not end would hold the process as well.
    setTimeout(() => process.exit(Exit.failed), HELD_MS).unref();
    throw new CommandError(error.message, Exit.failed, error);
  }
}

/** Everything that hangs on one leadership, anew. Only what writes neither to AWS nor to the cluster outlives it. */
function openTerm(
  input: RunInput,
  { git, schemas }: { readonly git: GitSource; readonly schemas: ReturnType<typeof createSchemaRegistry> },
): Term {
  const { args, config, log } = input;
  const env = environment();
  const random = Math.random;
  const metrics = new Metrics();
  const fence = () => {
    if (!elector.isLeader()) throw new StoreError('conflict', NOT_LEADING);
  };
  const client = connect(args.text('kubeconfig') ?? env.kubeconfig, { inPod: env.inPod, metrics, fence });
  const elector = createElector(config, { client, log, random, metrics });
  const store = listsOfThisRelease(new KubeStore({ client, random }), {
    client,
    clock: systemClock,
    definitions: kindDefinitions,
  });
  const secrets = new KubeSecrets(client);
  const installation = args.text('installation') ?? config.installation ?? 'default';
  const endpoint = args.text('endpoint') ?? config.endpoint;
  const operator = createOperator({
    store,
    clock: systemClock,
    random,
    log,
    schemas,
    installation,
    elector,
    // Requests that hang would hold what waits for them, and those on their way need not arrive.
    onLost: () => void client.cut(),
    metrics,
    ...(config.watchNamespaces === undefined ? {} : { namespaces: config.watchNamespaces }),
    connect: connector({
      installation,
      endpoint,
      roles: config.allowedRoleArns ?? {},
      endpoints: config.allowedEndpoints ?? [],
      accountIdNeeded: true,
      fence: () => {
        if (!elector.isLeader()) throw conflict('NotLeading', NOT_LEADING);
      },
    }),
    endpointGiven: endpoint !== undefined,
    // Whoever edits a policy must not make the operator ask what only the cluster can reach.
    checkHosts: config.allowedCheckHosts ?? [],
    secrets,
    tree: gitTree({ git, readSecret: (namespace, name) => secrets.readData(namespace, name) }),
    load: manifestLoader({ registry: schemas, log }),
    createsPerSecond: config.creationsPerSecond ?? DEFAULT_CREATES_PER_SECOND,
    events: { sink: storeEventSink({ store }), instance: env.podName ?? hostname() },
    ...(config.concurrency === undefined ? {} : { deviceWorkers: config.concurrency }),
    usersPinned: config.usersPinned ?? false,
    evidence: evidenceSinks({
      folder: args.text('evidence') ?? config.evidence,
      stdout: (line) => input.io.stdout(line),
      log,
    }),
  });
  return { operator, close: () => client.close() };
}

function connect(
  file: string | undefined,
  { inPod, metrics, fence }: { readonly inPod: boolean; readonly metrics: Metrics; readonly fence: () => void },
): KubeClient {
  const advice = 'Give --kubeconfig FILE (or KUBECONFIG), or --standalone to run without a cluster';
  if (file === undefined && !inPod) throw new CommandError(`There is no cluster to run in. ${advice}`);
  return connectToCluster({ file, advice, fence, onAttempt: kubeClientMetrics(metrics) });
}

function createElector(
  { leaderElection: lease = {} }: ConfigFile,
  parts: {
    readonly client: KubeClient;
    readonly log: RunInput['log'];
    readonly random: () => number;
    readonly metrics: Metrics;
  },
): LeaderElector {
  const env = environment();
  const ms = (text: string | undefined, fallback: string) => durationFrom('leaderElection', text ?? fallback);
  const name = lease.name ?? 'fleetward';
  return new LeaderElector({
    lock: new KubeLeaseLock({
      client: parts.client,
      namespace: env.podNamespace ?? 'default',
      name,
    }),
    // Another one for each term: what a term before this one left behind is not ours to go on with.
    identity: `${env.podName ?? hostname()}_${randomUUID()}`,
    clock: systemClock,
    random: parts.random,
    log: parts.log,
    observer: leaderMetrics(parts.metrics, name),
    leaseDurationMs: ms(lease.leaseDuration, '15s'),
    renewDeadlineMs: ms(lease.renewDeadline, '10s'),
    retryPeriodMs: ms(lease.retryPeriod, '2s'),
  });
}
