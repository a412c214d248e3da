import type { CommandSpec } from '../args/spec.ts';
import { demoSpec } from './demo/demo-spec.ts';
import { describeSpec, getSpec } from './look-spec.ts';
import { runSpec } from './run-spec.ts';
import { completionSpec, probeSpec, versionSpec } from './small.ts';

const output = (formats: readonly string[]) => ({
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  complete: formats,
  summary: `How to print: ${formats.join(' or ')}.`,
});

const validateSpec: CommandSpec = {
  name: 'validate',
  group: 'Check',
  summary: 'check manifests offline: every mistake at once, with file, line and column',
  usage: 'PATH…',
  description: '',
  flags: [
    output(['text', 'json']),
    { name: 'partial', summary: 'The paths are only a part of the fleet.' },
    { name: 'strict', summary: 'Warnings count as errors.' },
  ],
  complete: 'file',
  examples: [],
  load: async () => (await import('./validate.ts')).validateCommand,
  ownHelp: true,
};

/** Every command, in the order of the overview. Nothing heavy is imported here: each loads itself when it runs. */
export const commands: readonly CommandSpec[] = [
  runSpec,
  getSpec,
  describeSpec,
  validateSpec,
  demoSpec,
  versionSpec,
  probeSpec,
  completionSpec(() => commands),
];
