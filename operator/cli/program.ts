import { nearest } from '../api/validation/nearest.ts';
import { commandHelp, overview } from './args/help.ts';
import type { CommandSpec } from './args/spec.ts';
import { commands } from './commands/table.ts';
import { CommandError, Exit, UsageError } from './exit.ts';
import type { CliIo } from './io.ts';

const EXIT_DEFECT = 70;

/** One command from its words to its exit status; everything thrown becomes a message for a person. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    return help(rest[0], io, name === undefined);
  }
  const wanted = name === '--version' || name === '-v' ? 'version' : name;
  const command = commands.find((c) => c.name === wanted);
  if (!command) return unknownCommand(name, io);
  if (command.ownHelp !== true && asksForHelp(rest)) {
    io.stdout(commandHelp(command));
    return Exit.ok;
  }
  try {
    return await (await command.load())(rest, io);
  } catch (error) {
    return explain(error, command, io);
  }
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  return flags.includes('--help') || flags.includes('-h');
}

async function help(name: string | undefined, io: CliIo, unasked: boolean): Promise<number> {
  if (name === undefined) {
    io[unasked ? 'stderr' : 'stdout'](overview(commands));
    return unasked ? Exit.usage : Exit.ok;
  }
  const command = commands.find((c) => c.name === name);
  if (!command) return unknownCommand(name, io);
  if (command.ownHelp === true) return (await command.load())(['--help'], io);
  io.stdout(commandHelp(command));
  return Exit.ok;
}

function unknownCommand(name: string, io: CliIo): number {
  const guess = nearest(
    name,
    commands.map((c) => c.name),
  );
  const hint = guess === undefined ? '' : ` Did you mean "fleetward ${guess}"?`;
  io.stderr(`There is no command "${name}".${hint}\nRun "fleetward --help" for all of them.\n`);
  return Exit.usage;
}

function explain(error: unknown, command: CommandSpec, io: CliIo): number {
  if (error instanceof UsageError) {
    io.stderr(`${error.message}\nRun "fleetward ${command.name} --help" for what it takes.\n`);
    return Exit.usage;
  }
  if (error instanceof CommandError) {
    io.stderr(`${error.message}\n`);
    return error.exit;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr(`This is a defect of Fleetward, please report it:\n${text}\n`);
  return EXIT_DEFECT;
}
