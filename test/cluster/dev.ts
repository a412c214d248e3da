/** `npm run dev:cluster`: a real API server for a person, until Ctrl-C. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane } from './support/control-plane.ts';
import { findParts } from './support/parts.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const found = await findParts(say);
if (found.kind === 'missing') {
  say(`dev:cluster: ${found.why}.`);
  process.exit(1);
}
const folder = await mkdtemp(join(tmpdir(), 'fleetward-cluster-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const asked = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => asked.abort(new Error(`ended by ${signal}`)));
}
try {
  const plane = await startControlPlane(found.parts, folder, asked.signal);
  process.stdout.write(`export KUBECONFIG=${plane.kubeconfig}\n`);
  say(`# ${found.parts.kubectl} apply -f crds/`);
  say('# Ctrl-C stops it and removes its data.');
  if (!asked.signal.aborted) await once(asked.signal, 'abort');
  await plane.stop();
} catch (error) {
  if (!asked.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  await rm(folder, { recursive: true, force: true });
}
