import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { KubeObject } from '../operator/api/meta.ts';
import { API_VERSION } from '../operator/api/meta.ts';
import { ObjectCache } from '../operator/runtime/cache/object-cache.ts';
import { systemClock } from '../operator/runtime/clock.ts';
import { Reflector } from '../operator/runtime/reflector/reflector.ts';
import { admitEverything } from '../operator/runtime/store/admission.ts';
import type { LocalStore } from '../operator/runtime/store/local/local-store.ts';
import { openLocalStore } from '../operator/runtime/store/local/open.ts';
import type { BenchResult } from './types.ts';

const DEVICES = 100_000;
const OWNER = { owner: 'bench' };

/** About 1.2 KB as JSON, with a certificate request of realistic size. */
function device(index: number): KubeObject {
  const name = `press-${index}`;
  const request = randomBytes(300).toString('base64');
  return {
    apiVersion: API_VERSION,
    kind: 'Device',
    metadata: { name, namespace: 'factory', labels: { 'fleetward.dev/source': 'b5a1c9d4-0c2e' } },
    spec: {
      accountRef: { name: 'default' },
      managementPolicy: 'Manage',
      adoption: 'Create',
      deletionPolicy: 'Retain',
      driftPolicy: 'Correct',
      suspend: false,
      thingTypeRef: { kind: 'ThingType', name: 'press' },
      attributes: { site: `site-${index % 40}`, line: `line-${index % 400}`, serial: `SN-${index}` },
      groupRefs: [{ kind: 'ThingGroup', name: `line-${index % 400}` }],
      policyRefs: [{ kind: 'IoTPolicy', name: 'telemetry' }],
      certificates: [{ name: 'primary', csr: `-----BEGIN CERTIFICATE REQUEST-----\n${request}\n-----END-----\n` }],
      clientIds: [name],
    },
  };
}

const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);
const seconds = (ms: number): number => Math.round(ms) / 1_000;

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function writeAll(_store: LocalStore, change: (index: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let from = 0; from < DEVICES; from += 2_000) {
    await Promise.all(Array.from({ length: Math.min(2_000, DEVICES - from) }, (_, i) => change(from + i)));
  }
  return performance.now() - start;
}

/** Until a cache with two indexes has everything the store has. */
async function syncCache(store: LocalStore): Promise<{ ms: number; stop: () => Promise<void> }> {
  const cache = new ObjectCache();
  cache.addIndex('Device', 'site', (object) => [(object.spec as { attributes: { site: string } }).attributes.site]);
  cache.addIndex('Device', 'name', (object) => [object.metadata.name]);
  const selection = { kind: 'Device' };
  const sink = cache.sink('Device');
  const reflector = new Reflector({ store, selection, sink, clock: systemClock, random: Math.random });
  const end = new AbortController();
  const start = performance.now();
  const done = reflector.run(end.signal);
  await cache.whenSynced();
  const ms = performance.now() - start;
  return {
    ms,
    stop: () => {
      end.abort();
      return done;
    },
  };
}

export async function run(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetward-bench-'));
  const options = { folder, admission: admitEverything, clock: systemClock };
  const key = (index: number) => ({ kind: 'Device', namespace: 'factory', name: `press-${index}` });
  try {
    const store = await openLocalStore(options);
    const documents = Array.from({ length: DEVICES }, (_, index) => device(index));
    const bytes = documents.reduce((sum, document) => sum + JSON.stringify(document).length, 0);
    const createMs = await writeAll(store, (index) => store.apply(documents[index]!, OWNER));
    const before = (await store.list({ kind: 'Device' })).resourceVersion;
    const repeatMs = await writeAll(store, (index) => store.apply(documents[index]!, OWNER));
    const writes = Number((await store.list({ kind: 'Device' })).resourceVersion) - Number(before);
    const loop = monitorEventLoopDelay({ resolution: 5 });
    loop.enable();
    const statusMs = await writeAll(store, async (index) => {
      const uid = (await store.get(key(index)))?.metadata.uid ?? '';
      return store.applyStatus({ ...key(index), uid }, { observedGeneration: 1 }, OWNER);
    });
    loop.disable();
    const writeStall = loop.percentile(99) / 1e6;
    await store.close();
    documents.length = 0;
    return [...results({ createMs, repeatMs, statusMs, writes, bytes, writeStall }), ...(await reload(options))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function results(
  r: Record<'createMs' | 'repeatMs' | 'statusMs' | 'writes' | 'bytes' | 'writeStall', number>,
): BenchResult[] {
  return [
    { name: 'object size', value: Math.round(r.bytes / DEVICES), unit: 'bytes', better: 'lower' },
    { name: `create ${DEVICES}`, value: seconds(r.createMs), unit: 's', better: 'lower' },
    { name: `apply ${DEVICES} unchanged`, value: seconds(r.repeatMs), unit: 's', better: 'lower' },
    {
      name: 'writes of that pass',
      value: r.writes,
      unit: 'writes',
      better: 'lower',
      baseline: { name: 'goal', value: 0 },
    },
    { name: `status of ${DEVICES}`, value: seconds(r.statusMs), unit: 's', better: 'lower' },
    stall('event-loop stall p99 while writing', r.writeStall),
  ];
}

function stall(name: string, ms: number): BenchResult {
  return { name, value: Math.round(ms * 10) / 10, unit: 'ms', better: 'lower', baseline: { name: 'goal', value: 100 } };
}

async function reload(options: Parameters<typeof openLocalStore>[0]): Promise<BenchResult[]> {
  const empty = heap();
  const start = performance.now();
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const store = await openLocalStore(options);
  const loadMs = performance.now() - start;
  loop.disable();
  const loaded = heap();
  // The same objects once more, with nothing around them: what they cost by themselves.
  const texts = (await store.list({ kind: 'Device' })).items.map((object) => JSON.stringify(object));
  const withTexts = heap();
  const bare = texts.map((text) => JSON.parse(text) as unknown);
  const objects = heap() - withTexts;
  bare.length = 0;
  texts.length = 0;
  const beforeCache = heap();
  const cache = await syncCache(store);
  const cached = heap() - beforeCache;
  await cache.stop();
  await store.close();
  return [
    {
      name: `load ${DEVICES}`,
      value: seconds(loadMs),
      unit: 's',
      better: 'lower',
      baseline: { name: 'goal', value: 3 },
    },
    stall('event-loop stall p99 while loading', loop.percentile(99) / 1e6),
    {
      name: 'memory of the loaded store',
      value: megabytes(loaded - empty),
      unit: 'MB',
      better: 'lower',
      baseline: { name: 'the parsed objects alone', value: megabytes(objects) },
      ratio: Math.round((objects / (loaded - empty)) * 100) / 100,
    },
    { name: 'list into a cache with two indexes', value: seconds(cache.ms), unit: 's', better: 'lower' },
    { name: 'memory of that cache', value: megabytes(cached), unit: 'MB', better: 'lower' },
    {
      name: 'database',
      value: megabytes(statSync(join(options.folder, 'objects.db')).size),
      unit: 'MB',
      better: 'lower',
    },
  ];
}
