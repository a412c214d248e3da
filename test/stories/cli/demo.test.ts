import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCliHere, startCli } from '../../support/git-cli.ts';
import { temporaryFolder } from '../../support/store.ts';

test('the demo tells its story in plain lines when piped, within a minute, and leaves nothing behind', async () => {
  using at = temporaryFolder('fleetward-demo-test-');
  const began = performance.now();
  const { status, stdout, stderr } = await startCli(['demo'], { cwd: at.path, env: { TMPDIR: at.path } }).result;
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(performance.now() - began).toBeLessThan(60_000);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no terminal sequence may be in a pipe
  expect(stdout).not.toMatch(/[\u001b\r]/);
  expect(stdout).toMatch(/all \d+ objects are Ready/);
  expect(stdout).toMatch(/! widened {2}Device drs-press-01: certificates\[a\]/);
  expect(stdout).toMatch(/! \w+ {2}Device ham-sensor-02: groups\[/);
  expect(stdout).toMatch(/! widened {2}IoTPolicy \S+: document/);
  expect(stdout).toMatch(/each was classed, shown with its fields, and set back/);
  expect(stdout).toMatch(/the devices are in AWS/);
  expect(stdout).toMatch(/policy pilot, .* has its new version/);
  expect(stdout).toMatch(/PolicyRollout sensor-\w+\n/);
  expect(stdout).toMatch(/Try next\n/);
  expect(readdirSync(at.path)).toEqual([]);
});

test('--keep leaves everything running, can be looked at with our command line, and ends with the signal', async () => {
  using at = temporaryFolder('fleetward-demo-test-');
  const running = startCli(['demo', '--keep'], { cwd: at.path, env: { TMPDIR: at.path } });
  let text = '';
  running.process.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await running.wrote(/git commit: it follows within seconds/);
  const state = /--state (\S+)/.exec(text)?.[1] ?? '';
  const shown = await runCliHere(['get', 'devices', '--state', state], { cwd: at.path });
  expect(shown.stdout).toMatch(/drs-press-01 +True/);
  expect(text).toMatch(/aws --endpoint-url http:\/\/127\.0\.0\.1:\d+ iot list-things/);
  running.process.kill('SIGINT');
  expect((await running.result).status).toBe(0);
});
