import { nearest } from '../../api/validation/nearest.ts';
import { commandHelp } from '../args/help.ts';
import { parseArguments } from '../args/parse.ts';
import { Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { acknowledgeCommand } from './acknowledge.ts';
import { describeCommand } from './describe.ts';
import { deviceVerbCommands } from './device-verbs.ts';
import { evidenceCommand, exportCommand } from './evidence.ts';
import { getCommand } from './get.ts';
import { statusCommand } from './status.ts';
import type { RolloutSubcommand } from './subcommand.ts';
import { undoCommand } from './undo.ts';
import { verbCommands } from './verbs.ts';

export const rolloutCommands: readonly RolloutSubcommand[] = [
  getCommand,
  describeCommand,
  statusCommand,
  ...verbCommands,
  ...deviceVerbCommands,
  acknowledgeCommand,
  undoCommand,
  evidenceCommand,
  exportCommand,
];

const PREFIX = 'rollout ';

/** `fleetward rollout …`: looks at rollouts and steers them, in a cluster and beside a standalone operator. */
export async function rolloutCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io[name === undefined ? 'stderr' : 'stdout'](overview());
    return name === undefined ? Exit.usage : Exit.ok;
  }
  const command = rolloutCommands.find((one) => one.name === PREFIX + name);
  if (command === undefined) {
    const names = rolloutCommands.map((one) => one.name.slice(PREFIX.length));
    const guess = nearest(name, names);
    throw new UsageError(
      `fleetward rollout has no command "${name}"${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    );
  }
  const args = parseArguments(command, rest);
  if (args.has('help')) {
    io.stdout(commandHelp(command));
    return Exit.ok;
  }
  return command.run(args, io);
}

function overview(): string {
  const rows = rolloutCommands.map((command) => [command.name.slice(PREFIX.length), command.summary] as const);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    'Usage: fleetward rollout COMMAND [FLAGS]',
    '',
    'Looks at rollouts and steers them: in a cluster (also as kubectl fleetward), and beside a standalone operator.',
    '',
    ...rows.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Begin with:',
    '  fleetward rollout get',
    '  fleetward rollout describe base',
    '',
  ].join('\n');
}
