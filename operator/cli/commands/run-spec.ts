import type { CommandSpec } from '../args/spec.ts';

export const runSpec: CommandSpec = {
  name: 'run',
  group: 'Run',
  summary: 'run the operator: in a cluster, or standalone from Git or a folder',
  usage: '',
  description:
    'In a cluster, fleetward run keeps the fleets of its FleetSource and other objects; the chart starts it so.\n' +
    'With --standalone it needs no cluster: a Git repository or a folder is the desired fleet, and a state folder holds status and progress. ' +
    'A FOLDER is read as its files are; a file:// URL means the Git repository there. ' +
    'AWS credentials come from the usual chain of the AWS SDK (environment, profile, container, instance). ' +
    'Objects that name no AWSAccount use the one named default; when the tree does not bring it, one is made for the account of the credentials.',
  flags: [
    { name: 'standalone', summary: 'Run without a cluster.' },
    {
      name: 'source',
      value: 'URL|FOLDER',
      complete: 'folder',
      summary: 'Where the manifests are: https://, ssh:// or file:// for Git, else a folder.',
    },
    { name: 'ref', value: 'REF', summary: 'Branch, tags/NAME or commit. Default: the default branch of the remote.' },
    { name: 'path', value: 'PATH', summary: 'Folder within the source. Default: all of it.' },
    {
      name: 'namespace',
      short: 'n',
      value: 'NAME',
      summary: 'Namespace of the objects. Default: the one that the manifests name, else default.',
    },
    {
      name: 'state',
      value: 'FOLDER',
      complete: 'folder',
      summary: 'Where standalone mode keeps its state. Default: FLEETWARD_STATE, else .fleetward.',
    },
    {
      name: 'once',
      summary:
        'End when every object is Ready (0), when nothing more can be done (1, with the reasons), or at --timeout (4).',
    },
    { name: 'timeout', value: 'TIME', summary: 'How long --once may take. Default 15m.' },
    { name: 'interval', value: 'TIME', summary: 'How often the source is asked for changes. Default 1m.' },
    {
      name: 'endpoint',
      value: 'URL',
      summary:
        'Endpoint for every AWS call, STS included; beats every AWSAccount. For the sandbox or a private endpoint.',
    },
    {
      name: 'region',
      value: 'REGION',
      summary: 'Region of the AWSAccount that is made. Default: AWS_REGION, else us-east-1.',
    },
    {
      name: 'installation',
      value: 'ID',
      summary: 'Name of this installation in ownership marks; must stay the same. Default: default.',
    },
    {
      name: 'no-quotas',
      summary: 'Do not keep to the call rates of AWS. Only for an endpoint of your own, such as the sandbox.',
    },
    { name: 'git-token-file', value: 'FILE', complete: 'file', summary: 'File with a token for an https:// source.' },
    { name: 'git-username', value: 'NAME', summary: 'User name that goes with the token. Default git.' },
    {
      name: 'git-ssh-key',
      value: 'FILE',
      complete: 'file',
      summary: 'Private key for an ssh:// source, without a passphrase.',
    },
    {
      name: 'git-known-hosts',
      value: 'FILE',
      complete: 'file',
      summary: 'Host keys for an ssh:// source; without the right one nothing is fetched.',
    },
    {
      name: 'git-ca-file',
      value: 'FILE',
      complete: 'file',
      summary: 'Certificates of a private authority for an https:// source.',
    },
    {
      name: 'allow-prune',
      value: 'REVISION',
      summary: 'Let this revision remove more objects than the prune guard allows.',
    },
    {
      name: 'evidence',
      value: 'FOLDER',
      complete: 'folder',
      summary:
        'Keep the evidence logs of rollouts in files there as well. Default: in the state folder; in a cluster on standard output only.',
    },
    { name: 'config', value: 'FILE', complete: 'file', summary: 'Configuration file; flags beat it. See docs/cli.md.' },
    {
      name: 'kubeconfig',
      value: 'FILE',
      complete: 'file',
      summary: 'Cluster to run against. Default: KUBECONFIG, else the pod’s own.',
    },
    {
      name: 'listen',
      value: 'ADDRESS',
      summary: 'Probes and metrics, for example :8080. Default: none standalone, :8080 in a cluster.',
    },
    { name: 'log-level', value: 'LEVEL', complete: ['debug', 'info', 'warn', 'error'], summary: 'Default info.' },
    {
      name: 'log-format',
      value: 'FORMAT',
      complete: ['json', 'pretty'],
      summary: 'Default: pretty on a terminal, else json.',
    },
  ],
  examples: [
    'fleetward run --standalone --source https://git.example.com/fleet.git --git-token-file token',
    'fleetward run --standalone --source ./fleet --once',
    'fleetward run --standalone --source file:///srv/fleet.git --ref tags/v1.2 --endpoint http://127.0.0.1:4566',
  ],
};
