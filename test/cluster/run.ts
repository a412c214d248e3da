/** `npm run test:cluster`: one control plane for the whole run, then Vitest; everything stops with us. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unusedCalls } from './support/aws-calls.ts';
import { execute, must } from './support/cluster.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import { installCrds } from './support/crds.ts';
import { findParts } from './support/parts.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const INTERRUPTED = 130;
const asked = new AbortController();
/** While nothing is started there is nothing to stop; later the one who waits for it hears of a signal. */
let onSignal = (_signal: NodeJS.Signals): void => process.exit(INTERRUPTED);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    asked.abort(new Error(`ended by ${signal}`));
    onSignal(signal);
  });
}

async function vitest(environment: Readonly<Record<string, string>>): Promise<number> {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'cluster',
    '--maxWorkers=2',
    ...process.argv.slice(2),
  ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
    onSignal = (signal) => child.kill(signal);
    child.on('close', (code) => resolve(code ?? INTERRUPTED));
  });
}

/** What the image and the npm package run: built once, unpacked where nothing else of the repository is. */
async function bundle(into: string): Promise<string> {
  const root = join(import.meta.dirname, '../..');
  await must(execute(process.execPath, ['scripts/build.ts'], { cwd: root }));
  await cp(join(root, 'dist'), join(into, 'app'), { recursive: true });
  return join(into, 'app', 'fleetward.mjs');
}

const found = await findParts(say);
if (found.kind === 'missing') {
  const loudly = () => say(`\n*** The cluster stories are SKIPPED: ${found.why}.\n`);
  loudly();
  const code = await vitest({ FLEETWARD_CLUSTER_MISSING: found.why });
  loudly();
  process.exit(code);
}

const folder = await mkdtemp(join(tmpdir(), 'fleetward-cluster-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
onSignal = () => {};
let plane: ControlPlane | undefined;
let code = 1;
try {
  const program = await bundle(folder);
  asked.signal.throwIfAborted();
  say('starting etcd, kube-apiserver and kube-controller-manager');
  plane = await startControlPlane(found.parts, folder, asked.signal);
  const { kubeconfig, server, caFile, auditLog, parts } = plane;
  await installCrds((...args) => execute(parts.kubectl, args, { env: { KUBECONFIG: kubeconfig, HOME: folder } }));
  asked.signal.throwIfAborted();
  code = await vitest({
    // Vitest's own files as well go with ours, however it ends.
    TMPDIR: folder,
    FLEETWARD_TEST_KUBECONFIG: kubeconfig,
    FLEETWARD_TEST_CLUSTER: JSON.stringify({ kubeconfig, server, caFile, auditLog, folder, parts, bundle: program }),
  });
  // Only all stories together can tell.
  const unused = process.argv.slice(2).some((word) => !word.startsWith('-')) ? [] : unusedCalls(folder);
  if (unused.length > 0) {
    say(`\n*** fleetward iam-policy permits what no story made the operator do: ${unused.join(', ')}\n`);
    code ||= 1;
  }
} catch (error) {
  if (!asked.signal.aborted) throw error;
  code = INTERRUPTED;
} finally {
  await plane?.stop();
  // Operators of stories that were interrupted may still write into it.
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
}
process.exit(code);
