import { nearest } from '../../api/validation/nearest.ts';
import { UsageError } from '../exit.ts';
import { type CommandSpec, type FlagSpec, helpFlag } from './spec.ts';

/** What the command line said, by flag name. */
export interface Parsed {
  readonly positionals: readonly string[];
  has(flag: string): boolean;
  /** The last one counts. */
  text(flag: string): string | undefined;
  all(flag: string): readonly string[];
}

/**
 * Reads a command line: `--flag value`, `--flag=value`, `-f value`, `--` ends the flags. An unknown flag is an error
 * that names the nearest one: ignoring it could mean running without a guard somebody asked for.
 */
export function parseArguments(spec: Pick<CommandSpec, 'name' | 'flags'>, argv: readonly string[]): Parsed {
  const flags = [...spec.flags, helpFlag];
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') {
      positionals.push(...argv.slice(i + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word);
      continue;
    }
    const { flag, inline } = findFlag(word, flags, spec.name);
    const list = values.get(flag.name) ?? [];
    if (flag.value === undefined) {
      if (inline !== undefined) throw new UsageError(`--${flag.name} takes no value (it was given "${inline}")`);
      list.push('true');
    } else {
      const value = inline ?? argv[++i];
      if (value === undefined) throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.value}`);
      checkChoice(flag, value);
      list.push(value);
    }
    if (list.length > 1 && flag.many !== true && flag.value !== undefined) {
      throw new UsageError(`--${flag.name} was given twice (${list.join(', ')})`);
    }
    values.set(flag.name, list);
  }
  return {
    positionals,
    has: (name) => values.has(name),
    text: (name) => values.get(name)?.at(-1),
    all: (name) => values.get(name) ?? [],
  };
}

function findFlag(
  word: string,
  flags: readonly FlagSpec[],
  command: string,
): { flag: FlagSpec; inline: string | undefined } {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const inline = equals < 0 ? undefined : word.slice(equals + 1);
  const flag = flags.find((f) => name === `--${f.name}` || (f.short !== undefined && name === `-${f.short}`));
  if (flag) return { flag, inline };
  const guess = nearest(
    name.replace(/^-+/, ''),
    flags.map((f) => f.name),
  );
  const hint = guess === undefined ? '' : `; did you mean --${guess}?`;
  throw new UsageError(`fleetward ${command} has no flag ${name}${hint}`);
}

function checkChoice(flag: FlagSpec, value: string): void {
  const choices = flag.complete;
  if (choices === undefined || typeof choices === 'string' || choices.includes(value)) return;
  const guess = nearest(value, choices);
  const hint = guess === undefined ? '' : `; did you mean ${guess}?`;
  throw new UsageError(`--${flag.name} takes ${choices.join(', ')}, not "${value}"${hint}`);
}

/** A whole number from a flag, within bounds. */
export function numberFrom(flag: string, text: string, bounds: { min: number; max: number }): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= bounds.min && value <= bounds.max) return value;
  throw new UsageError(`--${flag} takes a whole number from ${bounds.min} to ${bounds.max}, not "${text}"`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds from `90s`, `1h30m` or `500ms`. */
export function durationFrom(flag: string, text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    throw new UsageError(`${flag} takes a duration such as 90s, 10m or 1h30m, not "${text}"`);
  }
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (UNITS[unit] ?? 0);
  }
  return total;
}
