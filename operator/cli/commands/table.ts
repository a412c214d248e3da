import type { CommandSpec } from '../args/spec.ts';
import { demoSpec, devSpec } from './demo/demo-spec.ts';
import { describeSpec, getSpec } from './look-spec.ts';
import { runSpec } from './run-spec.ts';
import { sandboxSpec } from './sandbox-spec.ts';
import { completionSpec, probeSpec, versionSpec } from './small.ts';
import { validateSpec } from './validate-spec.ts';

/** Its sub-commands have help and flags of their own. */
const policySpec: CommandSpec = {
  name: 'policy',
  group: 'Check',
  summary: 'exact answers about policies, offline: eval, explain, compare, lint, reach',
  usage: 'COMMAND',
  description: '',
  flags: [],
  complete: ['eval', 'explain', 'compare', 'lint', 'reach'],
  examples: [],
  load: async () => (await import('../policy/command.ts')).policyCommand,
  ownHelp: true,
};

/** Every command, in the order of the overview. Nothing heavy is imported here: each loads itself when it runs. */
export const commands: readonly CommandSpec[] = [
  runSpec,
  getSpec,
  describeSpec,
  validateSpec,
  policySpec,
  demoSpec,
  devSpec,
  sandboxSpec,
  versionSpec,
  probeSpec,
  completionSpec(() => commands),
];
