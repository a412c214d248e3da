/** The operator in this process, on the real API server, with a clock that makes AWS's ten minutes a matter of seconds. */
import { createSchemaRegistry } from '../../../operator/api/validate.ts';
import { connector } from '../../../operator/cli/operator/connect.ts';
import { createOperator } from '../../../operator/cli/operator/operator.ts';
import { createSignalBook, type SignalBook } from '../../../operator/controllers/policyrollout/gates/signals.ts';
import type { AcceleratedClock } from '../../../operator/runtime/accelerated-clock.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { storeEventSink } from '../../../operator/runtime/events/sink.ts';
import { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { loadKubeConfig } from '../../../operator/runtime/kube/config.ts';
import { KubeSecrets } from '../../../operator/runtime/kube/secrets.ts';
import { createLogger } from '../../../operator/runtime/log.ts';
import { KubeStore } from '../../../operator/runtime/store/kube/kube-store.ts';
import { cluster } from './cluster.ts';

export interface FastOperator extends AsyncDisposable {
  /** What it hears of devices. */
  readonly signals: SignalBook;
  readonly log: readonly string[];
}

export function startFastOperator(options: {
  readonly namespace: string;
  readonly endpoint: string;
  readonly clock: AcceleratedClock;
}): FastOperator {
  const { namespace, endpoint, clock } = options;
  const client = new KubeClient({
    config: loadKubeConfig({ file: cluster().kubeconfig }),
    clock: systemClock,
    random: Math.random,
  });
  const store = new KubeStore({ client, random: Math.random });
  const signals = createSignalBook(clock);
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'json',
    colour: false,
    write: (line) => lines.push(line),
    now: () => clock.now(),
  });
  const nowhere = () => Promise.reject(new Error('this operator follows no source'));
  const operator = createOperator({
    store,
    clock,
    random: Math.random,
    log,
    schemas: createSchemaRegistry(),
    installation: namespace.slice(0, 32),
    namespaces: [namespace],
    connect: connector({
      installation: namespace,
      endpoint,
      roles: {},
      endpoints: [],
      accountIdNeeded: true,
      credentials: { accessKeyId: 'fast', secretAccessKey: 'secret' },
      fence: () => undefined,
    }),
    endpointGiven: true,
    unlimited: true,
    settle: { registry: 0, authorization: 0 },
    secrets: new KubeSecrets(client),
    tree: { fetch: nowhere, lastGood: async () => undefined, forget: async () => undefined },
    load: nowhere,
    createsPerSecond: 0,
    events: { sink: storeEventSink({ store }), instance: 'fast' },
    signals,
    usersPinned: true,
    checkHosts: [],
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal).catch((error: unknown) => lines.push(String(error)));
  return {
    signals,
    log: lines,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the story is over'));
      await running;
      await client.close();
    },
  };
}
