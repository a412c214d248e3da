import type { CommandSpec } from '../../args/spec.ts';

export const demoSpec: CommandSpec = {
  name: 'demo',
  group: 'Try',
  summary: 'see the whole story in under a minute, without AWS',
  usage: '',
  description:
    'Starts an AWS IoT sandbox, puts a small factory into a Git repository, and brings it to Ready. ' +
    'Then somebody changes AWS behind its back, which is noticed and put right, and a commit adds devices and edits a policy. ' +
    'Needs git; uses a temporary folder and a port of this machine, and removes everything afterwards.',
  flags: [
    { name: 'keep', summary: 'Leave everything running until Ctrl-C, and show how to look at it.' },
    { name: 'verbose', summary: 'Show the operator’s log as well.' },
  ],
  examples: ['fleetward demo', 'fleetward demo --keep'],
  load: async () => (await import('./demo.ts')).demoCommand,
};
