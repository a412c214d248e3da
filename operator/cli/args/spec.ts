import type { CliIo } from '../io.ts';

/** What a shell may offer for a value. */
export type Completes = 'file' | 'folder' | 'kind' | readonly string[];

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of its value, for example `FILE`; absent for a switch. */
  readonly value?: string;
  readonly complete?: Completes;
  /** May be given several times. */
  readonly many?: boolean;
  /** Meaning, unit and default, for `--help`. */
  readonly summary: string;
}

export type CommandFn = (argv: readonly string[], io: CliIo) => Promise<number>;

/** One command: the source of its help, its completion and the page docs/cli.md. Light, so that `--help` starts fast. */
export interface CommandSpec {
  readonly name: string;
  readonly group: 'Run' | 'Look' | 'Check' | 'Try' | 'Other';
  readonly summary: string;
  /** After the command's name, for example `KIND [NAME]`. */
  readonly usage: string;
  readonly description: string;
  readonly flags: readonly FlagSpec[];
  /** Offered for what is not a flag. */
  readonly complete?: Completes;
  readonly examples: readonly string[];
  /** The command reads `--help` itself. */
  readonly ownHelp?: boolean;
  /** What the exit statuses mean, where they mean something of their own. */
  readonly exits?: readonly (readonly [number, string])[];
}

/** A command as the table has it. */
export interface Command extends CommandSpec {
  /** Loaded only when the command runs. Kept apart from the spec, which the command itself reads. */
  readonly load: () => Promise<CommandFn>;
}

export const helpFlag: FlagSpec = { name: 'help', short: 'h', summary: 'This text.' };

export const outputFlag: FlagSpec = {
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  complete: ['table', 'wide', 'json', 'yaml', 'name'],
  summary: 'How to print: table, wide (every column), json, yaml or name. Default table.',
};
