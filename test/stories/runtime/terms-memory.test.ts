import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createSchemaRegistry } from '../../../operator/api/validate.ts';
import { connector } from '../../../operator/cli/operator/connect.ts';
import { createOperator } from '../../../operator/cli/operator/operator.ts';
import { runTerms, type Term } from '../../../operator/cli/operator/terms.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import type { ObservedLease } from '../../../operator/runtime/lease/lock.ts';
import { LeaderElector } from '../../../operator/runtime/lease.ts';
import { silentLogger } from '../../../operator/runtime/log.ts';
import { Metrics } from '../../../operator/runtime/metrics.ts';
import { type Store, StoreError } from '../../../operator/runtime/store.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** One device, and nothing that ever changes. */
function stillStore(): Store {
  const device = {
    apiVersion: 'fleetward.dev/v1alpha1',
    kind: 'Device',
    metadata: { name: 'press-1', namespace: 'factory', uid: 'u', resourceVersion: '1', generation: 1 },
    spec: { accountRef: { name: 'default' } },
  };
  const refuse = () => Promise.reject(new StoreError('conflict', 'nothing is written here'));
  return {
    get: async () => device,
    list: async ({ kind }) => ({ items: kind === 'Device' ? [device] : [], resourceVersion: '1' }),
    // biome-ignore lint/correctness/useYield: a watch that never says anything
    async *watch({ signal }) {
      if (signal !== undefined && !signal.aborted) await once(signal, 'abort');
    },
    apply: refuse,
    applyStatus: refuse,
    setFinalizer: refuse,
    delete: refuse,
  };
}

it('nothing of a lost term is kept: neither its caches and queues, nor a timer', async () => {
  const clock = new VirtualClock();
  const lease: { current: ObservedLease | undefined } = { current: undefined };
  const put = (record: ObservedLease['record'], version?: string) => {
    if (lease.current?.version !== version) throw new StoreError('conflict', 'changed');
    lease.current = { record, version: `${Number(version ?? 0) + 1}` };
    return lease.current;
  };
  const schemas = createSchemaRegistry();
  const terms: WeakRef<object>[] = [];
  const nowhere = () => Promise.reject(new Error('there is no source'));

  function open(): Term {
    const elector = new LeaderElector({
      lock: {
        name: 'ns/op',
        get: async () => lease.current,
        create: async (record) => put(record),
        update: async (record, version) => put(record, version),
      },
      identity: `me-${terms.length}`,
      clock,
      random: () => 0.5,
      log: silentLogger,
    });
    const operator = createOperator({
      store: stillStore(),
      clock,
      random: () => 0.5,
      log: silentLogger,
      schemas,
      installation: 'story',
      elector,
      connect: connector({ installation: 'story', roles: {}, endpoints: [], fence: () => undefined }),
      endpointGiven: false,
      checkHosts: [],
      secrets: { read: async () => undefined, write: async () => undefined },
      tree: { fetch: nowhere, lastGood: async () => undefined, forget: async () => undefined },
      load: nowhere,
      createsPerSecond: 0,
      events: { sink: { write: async () => undefined }, instance: 'story' },
    });
    terms.push(new WeakRef(operator.cache));
    return { operator, close: async () => undefined };
  }

  const stop = new AbortController();
  const metrics = new Metrics();
  const running = runTerms({ open, clock, random: () => 0, log: silentLogger, metrics }, stop.signal);
  for (let time = 0; time < 5; time += 1) {
    while (lease.current?.record.holder !== `me-${terms.length - 1}`) await clock.advance(1_000);
    await clock.advance(5_000);
    const now = lease.current;
    lease.current = { record: { ...now.record, holder: 'usurper' }, version: `${Number(now.version) + 1}` };
    await clock.advance(5_000);
  }
  await clock.advance(60_000);
  expect(terms).toHaveLength(6);
  for (let turn = 0; turn < 10; turn += 1) {
    collect();
    await setImmediate();
  }
  expect(terms.map((term) => term.deref() !== undefined)).toEqual([false, false, false, false, false, true]);
  stop.abort();
  for (let turn = 0; turn < 20; turn += 1) await clock.advance(1_000);
  await running;
  expect(clock.next()).toBeUndefined();
});
