import { randomUUID } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { fencedStore } from '../../runtime/lease/fenced-store.ts';
import { KubeLeaseLock } from '../../runtime/lease/kube-lock.ts';
import { LeaderElector, LeaderLostError } from '../../runtime/lease.ts';
import { leaderMetrics } from '../../runtime/metrics/leader.ts';
import { kubeClientMetrics } from '../../runtime/metrics/store.ts';
import { Metrics } from '../../runtime/metrics.ts';
import { KubeStore } from '../../runtime/store/kube/kube-store.ts';
import { GitSource } from '../../source/git/source.ts';
import { durationFrom } from '../args/parse.ts';
import { environment } from '../config/environment.ts';
import type { ConfigFile } from '../config/file.ts';
import { CommandError, Exit } from '../exit.ts';
import { connectToCluster } from '../operator/cluster-client.ts';
import { connector } from '../operator/connect.ts';
import { evidenceSinks } from '../operator/evidence.ts';
import { createOperator } from '../operator/operator.ts';
import { listenAddress, type RunInput } from './run-input.ts';

const DEFAULT_CREATES_PER_SECOND = 50;

/** `fleetward run` in a cluster: one replica leads, the others keep their caches warm. */
export async function runCluster(input: RunInput): Promise<number> {
  const { args, config, log, signal } = input;
  const env = environment();
  const random = Math.random;
  const metrics = new Metrics();
  const client = connect(args.text('kubeconfig') ?? env.kubeconfig, env.inPod, metrics);
  const store = listsOfThisRelease(new KubeStore({ client, random }), {
    client,
    clock: systemClock,
    definitions: kindDefinitions,
  });
  const secrets = new KubeSecrets(client);
  const installation = args.text('installation') ?? config.installation ?? 'default';
  const elector = createElector(config, { client, log, random, metrics });
  const git = new GitSource({
    cache: join(tmpdir(), 'fleetward-git'),
    clock: systemClock,
    settings: { searchPath: env.path, proxy: env.proxy },
    allowFile: config.allowFileSources ?? false,
  });
  const schemas = createSchemaRegistry();
  const endpoint = args.text('endpoint') ?? config.endpoint;
  const operator = createOperator({
    store: fencedStore(store, () => elector.isLeader()),
    clock: systemClock,
    random,
    log,
    schemas,
    installation,
    elector,
    metrics,
    ...(config.watchNamespaces === undefined ? {} : { namespaces: config.watchNamespaces }),
    connect: connector({
      installation,
      endpoint,
      roles: config.allowedRoleArns ?? {},
      endpoints: config.allowedEndpoints ?? [],
      accountIdNeeded: true,
      fence: () => {
        if (!elector.isLeader())
          throw conflict('NotLeading', 'This replica does not lead any more: nothing is written');
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
    listen: listenAddress(args.text('listen') ?? config.listen ?? ':8080'),
    ...(config.concurrency === undefined ? {} : { deviceWorkers: config.concurrency }),
    usersPinned: config.usersPinned ?? false,
    evidence: evidenceSinks({
      folder: args.text('evidence') ?? config.evidence,
      stdout: (line) => input.io.stdout(line),
      log,
    }),
    processMetrics: true,
  });
  try {
    await operator.run(signal);
    return Exit.ok;
  } catch (error) {
    // Expected when the API server is out of reach for longer than the lease allows: whoever started us starts us again.
    if (error instanceof LeaderLostError) throw new CommandError(error.message, Exit.failed, error);
    throw error;
  } finally {
    await client.close();
  }
}

function connect(file: string | undefined, inPod: boolean, metrics: Metrics): KubeClient {
  const advice = 'Give --kubeconfig FILE (or KUBECONFIG), or --standalone to run without a cluster';
  if (file === undefined && !inPod) throw new CommandError(`There is no cluster to run in. ${advice}`);
  return connectToCluster({ file, advice, onAttempt: kubeClientMetrics(metrics) });
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
