import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import { environment } from '../config/environment.ts';
import { UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import type { FleetAccess } from './access.ts';

/** Where the fleet is: common to every command that works in both modes. */
export const placeFlags: readonly FlagSpec[] = [
  {
    name: 'state',
    value: 'FOLDER',
    complete: 'folder',
    summary:
      'A standalone fleet, by its state folder. Default: FLEETWARD_STATE, else .fleetward where that is a state folder, else the cluster.',
  },
  { name: 'kubeconfig', value: 'FILE', complete: 'file', summary: 'A cluster. Default: where kubectl looks.' },
  { name: 'context', value: 'NAME', summary: 'Context of the kubeconfig. Default: its current one.' },
  {
    name: 'namespace',
    short: 'n',
    value: 'NAME',
    summary: 'Namespace. Default: that of the context; in a state folder all.',
  },
];

/** Loads only what its mode needs. */
export async function openAccess(args: Parsed, io: CliIo): Promise<FleetAccess> {
  const cluster = ['kubeconfig', 'context'].find((flag) => args.has(flag));
  if (cluster !== undefined && args.has('state')) {
    throw new UsageError(`--state means a standalone fleet and --${cluster} a cluster: give one of them`);
  }
  const namespace = args.text('namespace');
  const folder = cluster === undefined ? stateFolder(args, io) : undefined;
  if (folder !== undefined) return (await import('./local-access.ts')).openLocalAccess(folder, namespace);
  const { openKubeAccess } = await import('./kube-access.ts');
  return openKubeAccess({ kubeconfig: args.text('kubeconfig'), context: args.text('context'), namespace });
}

/** As a plugin of kubectl it means the cluster unless a folder is named. */
function stateFolder(args: Parsed, io: CliIo): string | undefined {
  const given = args.text('state');
  if (given !== undefined) return resolve(io.cwd, given);
  if (basename(process.argv[1] ?? '').startsWith('kubectl-')) return undefined;
  const { state, stateGiven } = environment();
  const folder = resolve(io.cwd, state);
  return stateGiven || existsSync(join(folder, 'objects.db')) ? folder : undefined;
}
