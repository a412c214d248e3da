import { expect, test } from 'vitest';
import { commandHelp, overview } from '../../../operator/cli/args/help.ts';
import { durationFrom, numberFrom, parseArguments } from '../../../operator/cli/args/parse.ts';
import type { FlagSpec } from '../../../operator/cli/args/spec.ts';
import { commands } from '../../../operator/cli/commands/table.ts';
import { UsageError } from '../../../operator/cli/exit.ts';

const flags: readonly FlagSpec[] = [
  { name: 'state', value: 'FOLDER', summary: '' },
  { name: 'output', short: 'o', value: 'FORMAT', complete: ['json', 'yaml'], summary: '' },
  { name: 'label', value: 'L', many: true, summary: '' },
  { name: 'once', summary: '' },
];
const parse = (...argv: string[]) => parseArguments({ name: 'test', flags }, argv);

test('values come after a space or an equals sign, short names work, and -- ends the flags', () => {
  const args = parse('a', '--state', 'x', '-o', 'json', '--label=1', '--label', '2', '--once', '--', '--state');
  expect(args.positionals).toEqual(['a', '--state']);
  expect(args.text('state')).toBe('x');
  expect(args.text('output')).toBe('json');
  expect(args.all('label')).toEqual(['1', '2']);
  expect(args.has('once')).toBe(true);
  expect(parse('--state=a=b').text('state')).toBe('a=b');
});

test.each([
  [['--sate', 'x'], /no flag --sate; did you mean --state\?/, 'a typing mistake gets the nearest name'],
  [['--zzz'], /no flag --zzz$/, 'nothing near: no hint'],
  [['--state'], /--state needs a value: --state FOLDER/, 'a value is missing'],
  [['--once=yes'], /--once takes no value/, 'a switch with a value'],
  [['-o', 'jsn'], /takes json, yaml, not "jsn"; did you mean json\?/, 'a choice that is none'],
  [['--state', 'a', '--state', 'b'], /given twice \(a, b\)/, 'contradictions are not settled by order'],
])('%j is refused', (argv, message, _reason) => {
  expect(() => parse(...argv)).toThrow(UsageError);
  expect(() => parse(...argv)).toThrow(message);
});

test.each([
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['1.5s', 1_500],
])('the duration %s is %i ms', (text, ms) => {
  expect(durationFrom('--timeout', text)).toBe(ms);
});

test.each(['', '10', '5 s', '-1s', '1d', 's'])('"%s" is no duration', (text) => {
  expect(() => durationFrom('--timeout', text)).toThrow(/--timeout takes a duration/);
});

test.each(['-1', '1.5', '70000', 'x', ''])('"%s" is no port', (text) => {
  expect(() => numberFrom('port', text, { min: 0, max: 65_535 })).toThrow(/whole number from 0 to 65535/);
});

test('the overview names every command, and every help names every flag', () => {
  for (const command of commands) {
    expect(overview(commands)).toContain(`  ${command.name}`);
    const help = commandHelp(command);
    for (const { name, summary } of command.flags) {
      expect(help).toContain(`--${name}`);
      expect(summary, `${command.name} --${name} is explained`).not.toBe('');
    }
    for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
  }
});

test('command and flag names are unique', () => {
  expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  for (const { flags: own } of commands) {
    const names = own.flatMap(({ name, short }) => (short === undefined ? [name] : [name, short]));
    expect(new Set([...names, 'help', 'h']).size).toBe(names.length + 2);
  }
});
