import type { Command, CommandSpec } from '../args/spec.ts';
import { containSpec } from '../rollout/contain-spec.ts';
import { demoSpec, devSpec } from './demo/demo-spec.ts';
import { iamPolicySpec } from './iam-policy-spec.ts';
import { describeSpec, getSpec } from './look-spec.ts';
import { releaseSpec } from './release-spec.ts';
import { runSpec } from './run-spec.ts';
import { sandboxSpec } from './sandbox-spec.ts';
import { completionCommand, probeCommand, versionCommand } from './small.ts';
import { validateSpec } from './validate-spec.ts';

const ROLLOUT_WORDS = [
  'get',
  'describe',
  'status',
  'pause',
  'resume',
  'approve',
  'deny',
  'promote',
  'promote-full',
  'arm',
  'abort',
  'brake',
  'retry',
  'undo',
  'hold',
  'release',
  'skip',
  'shrink-lifeline',
  'acknowledge',
  'evidence',
  'export',
];

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
  ownHelp: true,
};

/** Its sub-commands have help and flags of their own. */
const rolloutSpec: CommandSpec = {
  name: 'rollout',
  group: 'Run',
  summary: 'look at rollouts and steer them: get, describe, status, pause, approve, abort, …',
  usage: 'COMMAND',
  description: '',
  flags: [],
  complete: ROLLOUT_WORDS,
  examples: [],
  ownHelp: true,
};

/** Every command, in the order of the overview. Nothing heavy is imported here: each loads itself when it runs. */
export const commands: readonly Command[] = [
  { ...runSpec, load: async () => (await import('./run.ts')).runCommand },
  { ...rolloutSpec, load: async () => (await import('../rollout/command.ts')).rolloutCommand },
  { ...containSpec, load: async () => (await import('../rollout/contain.ts')).containCommand },
  { ...getSpec, load: async () => (await import('./get.ts')).getCommand },
  { ...describeSpec, load: async () => (await import('./get.ts')).describeCommand },
  { ...validateSpec, load: async () => (await import('./validate.ts')).validateCommand },
  { ...policySpec, load: async () => (await import('../policy/command.ts')).policyCommand },
  { ...demoSpec, load: async () => (await import('./demo/demo.ts')).demoCommand },
  { ...devSpec, load: async () => (await import('./demo/dev.ts')).devCommand },
  { ...sandboxSpec, load: async () => (await import('./sandbox.ts')).sandboxCommand },
  versionCommand,
  probeCommand,
  { ...iamPolicySpec, load: async () => (await import('./iam-policy.ts')).iamPolicyCommand },
  { ...releaseSpec, load: async () => (await import('./release.ts')).releaseCommand },
  completionCommand(() => commands),
];
