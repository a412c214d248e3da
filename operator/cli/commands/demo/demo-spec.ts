import type { CommandSpec } from '../../args/spec.ts';

export const demoSpec: CommandSpec = {
  name: 'demo',
  group: 'Try',
  summary: 'see the whole story in under a minute, without AWS',
  usage: '',
  description:
    'Starts an AWS IoT sandbox, puts a small factory into a Git repository, and brings it to Ready. ' +
    'Then somebody changes AWS behind its back, which is noticed and put right, and a commit adds devices and edits a policy. ' +
    'At last two policies are tightened one asset at a time, under real MQTT clients and on a clock that runs faster: one passes, one breaks a device and comes back. ' +
    'Needs git; uses a temporary folder and a port of this machine, and removes everything afterwards.',
  flags: [
    { name: 'keep', summary: 'Leave everything running until Ctrl-C, and show how to look at it.' },
    { name: 'verbose', summary: 'Show the operator’s log as well.' },
  ],
  examples: ['fleetward demo', 'fleetward demo --keep'],
};

export const devSpec: CommandSpec = {
  name: 'dev',
  group: 'Try',
  summary: 'run the operator over a sandbox of its own, with its log',
  usage: '',
  description:
    'Starts a sandbox and an operator that follows a folder or repository, and shows what the operator does. ' +
    'Everything is new at each start and goes at the end. In a checkout, npm run dev starts it again whenever a source file changes.',
  flags: [
    {
      name: 'source',
      value: 'URL|FOLDER',
      complete: 'folder',
      summary: 'The fleet. Default: the example in manifests/examples/factory.',
    },
    { name: 'port', value: 'N', summary: 'Port of the sandbox. Default: a free one.' },
  ],
  examples: ['fleetward dev', 'fleetward dev --source ./fleet --port 4566'],
};
