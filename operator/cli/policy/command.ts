import { nearest } from '../../api/validation/nearest.ts';
import { parseArguments } from '../args/parse.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { compareCommand } from './compare.ts';
import { evalCommand } from './eval.ts';
import { explainCommand } from './explain.ts';
import { lintCommand } from './lint.ts';
import { reachCommand } from './reach.ts';
import type { PolicySubcommand } from './subcommand.ts';

const subcommands: readonly PolicySubcommand[] = [
  evalCommand,
  explainCommand,
  compareCommand,
  lintCommand,
  reachCommand,
];

/** `fleetward policy …`: exact analysis of AWS IoT policies, offline. Returns the exit status; see docs/policy-cli.md. */
export async function policyCommand(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`${error.message}\n`);
      return Exit.usage;
    }
    if (error instanceof CommandError) {
      io.stderr(`${error.message}\n`);
      return error.exit;
    }
    throw error;
  }
}

async function dispatch(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.stdout(overview());
    return name === undefined ? Exit.usage : Exit.ok;
  }
  const command = subcommands.find((one) => one.name === name);
  if (command === undefined) {
    const guess = nearest(
      name,
      subcommands.map((one) => one.name),
    );
    throw new UsageError(
      `fleetward policy has no command "${name}"${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    );
  }
  const parsed = parseArguments({ name: `policy ${command.name}`, flags: command.flags }, rest);
  if (parsed.has('help')) {
    io.stdout(help(command));
    return Exit.ok;
  }
  return command.run(parsed, io);
}

function overview(): string {
  const width = Math.max(...subcommands.map((command) => command.name.length));
  return [
    'Usage: fleetward policy COMMAND [FLAGS]',
    '',
    'Exact analysis of AWS IoT policies, offline: JSON policy documents, and IoTPolicy manifests in YAML.',
    '',
    ...subcommands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Begin with:',
    '  fleetward policy lint policies/',
    '  fleetward policy compare old.json new.json',
    '',
  ].join('\n');
}

function help(command: PolicySubcommand): string {
  const flags = command.flags.map((flag) => {
    const left = `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
    return [left, flag.summary] as const;
  });
  const width = Math.max(...flags.map(([left]) => left.length));
  return [
    `Usage: fleetward policy ${command.name} ${command.usage}`,
    '',
    command.description,
    '',
    'Flags:',
    ...flags.map(([left, summary]) => `  ${left.padEnd(width)}  ${summary}`),
    '',
    'Examples:',
    ...command.examples.map((line) => `  ${line}`),
    '',
    'Exit status:',
    ...command.exits.map(([code, meaning]) => `  ${code}  ${meaning}`),
    '',
  ].join('\n');
}
