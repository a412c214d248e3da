/** `npm run dev:cluster`: a real API server for a person, until Ctrl-C. */
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
const early = () => process.exit(130);
process.once('SIGINT', early);
process.once('SIGTERM', early);
const plane = await startControlPlane(found.parts, folder);
process.stdout.write(`export KUBECONFIG=${plane.kubeconfig}\n`);
say(`# ${found.parts.kubectl} apply -f crds/`);
say('# Ctrl-C stops it and removes its data.');
process.off('SIGINT', early);
process.off('SIGTERM', early);
await new Promise<void>((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
await plane.stop();
await rm(folder, { recursive: true, force: true });
