import type { CommandSpec } from '../args/spec.ts';

export const releaseSpec: CommandSpec = {
  name: 'release',
  group: 'Other',
  summary: 'let objects of a cluster go when no operator runs any more',
  usage: '--all | KIND [NAME…]',
  description:
    'Takes Fleetward’s finalizer off the objects of one namespace, so that kubectl delete, or the deletion of the namespace, ends without an operator. ' +
    'Nothing is deleted by it, and what the objects stand for in AWS stays as it is.\n' +
    'While an operator leads it is refused: deleted then, objects with deletionPolicy Delete are removed from AWS as they should be.',
  flags: [
    { name: 'namespace', short: 'n', value: 'NAME', summary: 'Namespace of the objects. Required.' },
    { name: 'all', summary: 'Every object of Fleetward in the namespace.' },
    { name: 'dry-run', summary: 'Only show what would be released.' },
    { name: 'kubeconfig', value: 'FILE', complete: 'file', summary: 'Default: KUBECONFIG, else ~/.kube/config.' },
    { name: 'operator-namespace', value: 'NAME', summary: 'Where the operator’s Lease is. Default fleetward-system.' },
    { name: 'lease', value: 'NAME', summary: 'Name of the Lease. Default fleetward.' },
    { name: 'force', summary: 'Do not look for a running operator.' },
  ],
  complete: 'kind',
  examples: ['fleetward release -n factory --all', 'fleetward release -n factory device press-1'],
};
