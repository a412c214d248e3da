import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createSchemaRegistry } from '../operator/api/validate.ts';
import { parseFull } from '../operator/source/manifests/full-yaml.ts';
import { loadTree } from '../operator/source/manifests/index.ts';
import type { BenchResult } from './types.ts';

const CSR = [
  '-----BEGIN CERTIFICATE REQUEST-----',
  ...Array(5).fill('M'.repeat(64)),
  '-----END CERTIFICATE REQUEST-----',
];

/** A Device as the example factory has them: type, attributes, a group, a policy, a request for a certificate. */
function device(index: number): string {
  return `apiVersion: fleetward.dev/v1alpha1
kind: Device
metadata:
  name: press-${index}
  labels:
    site: hamburg
spec:
  thingTypeRef: { name: press }
  attributes:
    site: hamburg
    firmware: "4.2.1"
  groupRefs:
    - name: line-${index % 100}
  policyRefs:
    - name: press
  certificates:
    - name: a
      csr: |
        ${CSR.join('\n        ')}
`;
}

async function fleet(devices: number, filesOf: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-bench-'));
  for (let from = 0; from < devices; from += filesOf) {
    const text = Array.from({ length: Math.min(filesOf, devices - from) }, (_, index) => device(from + index)).join(
      '---\n',
    );
    await writeFile(join(folder, `${String(from).padStart(9, '0')}.yaml`), text);
  }
  return folder;
}

async function measureLoad(
  devices: number,
): Promise<{ readonly ms: number; readonly stallMs: number; readonly mebibytes: number }> {
  const folder = await fleet(devices, 10_000);
  try {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const start = performance.now();
    const tree = await loadTree(folder);
    const ms = performance.now() - start;
    delay.disable();
    if (tree.errorCount > 0 || tree.objects.length !== devices)
      throw new Error(`not loaded: ${tree.errors[0]?.message}`);
    globalThis.gc?.();
    const mebibytes = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
    return { ms, stallMs: delay.percentile(99) / 1e6, mebibytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Time for 10,000 Devices through the YAML library alone, with its syntax tree: what the fast reader spares. */
function libraryMs(): number {
  const count = 1_000;
  const start = performance.now();
  for (let index = 0; index < count; index += 1) parseFull(device(index));
  return ((performance.now() - start) * 10_000) / count;
}

async function admitMs(): Promise<number> {
  const folder = await fleet(10_000, 10_000);
  const { objects } = await loadTree(folder);
  await rm(folder, { recursive: true, force: true });
  const registry = createSchemaRegistry();
  const start = performance.now();
  for (const { object } of objects) if (registry.admit(object).errors.length > 0) throw new Error('not admitted');
  return performance.now() - start;
}

/** Reading, checking and admitting manifests. */
export async function run(): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  const add = (name: string, unit: string, value: number, baseline?: BenchResult['baseline']) => {
    const ratio = baseline === undefined ? {} : { baseline, ratio: value / baseline.value };
    results.push({ name, value, unit, better: 'lower', ...ratio });
  };
  await measureLoad(1_000);
  const admitted = await admitMs();
  add('admit 10,000 devices', 'ms', admitted, { name: 'goal', value: 2_000 });
  const ten = await measureLoad(10_000);
  add('load 10,000 devices from one file', 'ms', ten.ms, { name: 'yaml library alone', value: libraryMs() });
  add('event-loop stall p99 while loading 10,000', 'ms', ten.stallMs, { name: 'goal', value: 100 });
  const hundred = await measureLoad(100_000);
  add('load 100,000 devices', 'ms', hundred.ms);
  add('event-loop stall p99 while loading 100,000', 'ms', hundred.stallMs, { name: 'goal', value: 100 });
  add('memory kept for 100,000 devices', 'MiB', hundred.mebibytes);
  return results;
}
