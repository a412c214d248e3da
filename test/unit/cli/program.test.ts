import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands } from '../../../operator/cli/commands/table.ts';
import { completionScript } from '../../../operator/cli/completion/shells.ts';
import { exitTable } from '../../../operator/cli/exit.ts';
import { runCli } from '../../../operator/cli/program.ts';

async function run(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const status = await runCli(argv, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    isTTY: false,
    cwd: '/nonexistent',
  });
  return { status, stdout, stderr };
}

test.each([
  [[], 2, /^$/, /Usage: fleetward COMMAND/, 'nothing asked: the overview, as a mistake'],
  [['--help'], 0, /Usage: fleetward COMMAND/, /^$/, 'asked for: on stdout'],
  [['help', 'get'], 0, /Usage: fleetward get KIND/, /^$/, 'help of a command'],
  [['get', '--help'], 0, /Usage: fleetward get KIND/, /^$/, 'the same'],
  [['--version'], 0, /^fleetward \d+\.\d+\.\d+ \(Node/, /^$/, 'the version'],
  [['version', '-o', 'json'], 0, /^\{"fleetward":"/, /^$/, 'for machines'],
  [['gte'], 2, /^$/, /Did you mean "fleetward get"\?/, 'a typing mistake'],
  [['get'], 2, /^$/, /Name a kind/, 'an argument is missing'],
  [['get', 'devices', '--state', 'x'], 3, /^$/, /There is no state in/, 'no state folder'],
  [['run'], 3, /^$/, /no cluster|standalone/, 'no cluster to run in'],
  [['run', '--standalone'], 2, /^$/, /needs --source/, 'no source'],
  [['run', '--source', 'x'], 2, /^$/, /--source needs --standalone/, 'a flag of the other mode'],
  [['run', '--standalone', '--source', 'x'], 2, /^$/, /no folder/, 'a folder that is not there'],
  [['run', '--standalone', '--source', '/', '--timeout', '1m'], 2, /^$/, /belongs to --once/, 'a flag without effect'],
  [['probe', 'nowhere'], 2, /^$/, /one http/, 'not a URL'],
  [['completion', 'csh'], 2, /^$/, /one of bash, zsh, fish/, 'another shell'],
])('fleetward %j ends with %i', async (argv, status, stdout, stderr, _reason) => {
  const result = await run(...argv);
  expect(result.stdout).toMatch(stdout);
  expect(result.stderr).toMatch(stderr);
  expect(result.status).toBe(status);
});

test('the page about the command line has the table of exit statuses and every command', () => {
  const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const table = page.replaceAll(/ +/g, ' ');
  for (const [code, meaning] of exitTable) expect(table).toContain(`| ${code} | ${meaning} |`);
  for (const { name } of commands) expect(page).toContain(`fleetward ${name}`);
});

test('completion offers every command and flag in each shell, and bash accepts its script', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completionScript(shell, commands, ['devices']);
    for (const command of commands) {
      expect(script).toContain(command.name);
      for (const { name } of command.flags) expect(script).toContain(name);
    }
  }
  execFileSync('bash', ['-n'], { input: completionScript('bash', commands, ['devices']) });
});

test.each([
  ['fleetward va', 'validate'],
  ['fleetward get --o', '--output'],
  ['fleetward get -o y', 'yaml'],
  ['fleetward get dev', 'devices'],
  ['fleetward run --log-level w', 'warn'],
])('bash completes "%s" with %s', (line, expected) => {
  const words = line.split(' ');
  const script = `${completionScript('bash', commands, ['devices', 'dev'])}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _fleetward; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n')).toContain(expected);
});
