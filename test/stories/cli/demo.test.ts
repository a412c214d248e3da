import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCliHere, startCli } from '../../support/git-cli.ts';
import { temporaryFolder } from '../../support/store.ts';

// Whether it ends by itself within a minute is for the pipeline to see, which runs it as a newcomer would.
test('the demo tells its story in plain lines when piped, keeps everything to be looked at, and leaves nothing behind', async () => {
  using at = temporaryFolder('fleetward-demo-test-');
  const running = startCli(['demo', '--keep'], { cwd: at.path, env: { TMPDIR: at.path } });
  let stdout = '';
  running.process.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  await running.wrote(/git commit: it follows within seconds/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no terminal sequence may be in a pipe
  expect(stdout).not.toMatch(/[\u001b\r]/);
  expect(stdout).toMatch(/all \d+ objects are Ready/);
  expect(stdout).toMatch(/! widened {2}Device drs-press-01: certificates\[a\]/);
  expect(stdout).toMatch(/! \w+ {2}Device ham-sensor-02: groups\[/);
  expect(stdout).toMatch(/! widened {2}IoTPolicy \S+: document/);
  expect(stdout).toMatch(/each was classed, shown with its fields, and set back/);
  expect(stdout).toMatch(/the devices are in AWS/);
  expect(stdout).toMatch(/policy sensor would allow more to \d+ devices, so it waits: PolicyRollout sensor-\w+\n/);
  expect(stdout).toMatch(/9 devices connect by MQTT over mutual TLS/);
  for (const gateway of ['drs-gateway-01', 'drs-gateway-02', 'ham-gateway-01']) {
    expect(stdout).toMatch(new RegExp(`✓ .* ${gateway} +Succeeded`));
  }
  expect(stdout).toMatch(
    /all gateways moved in \d+ minutes of AWS's time; [1-9]\d* messages went through, none was refused/,
  );
  expect(stdout).toMatch(/✓ .* drs-press-01 +Succeeded/);
  expect(stdout).toMatch(/✓ .* drs-press-02 +RolledBack/);
  expect(stdout).not.toMatch(/drs-press-02 +Succeeded/);
  expect(stdout).toMatch(/! paused .* promote to go on, abort to bring all back/);
  expect(stdout).toMatch(/✓ .* drs-press-01 +RolledBack/);

  const state = /--state (\S+)/.exec(stdout)?.[1] ?? '';
  const shown = await runCliHere(['get', 'devices', '--state', state], { cwd: at.path });
  expect(shown.stdout).toMatch(/drs-press-01 +True/);
  expect(stdout).toMatch(/aws --endpoint-url http:\/\/127\.0\.0\.1:\d+ iot list-things/);
  running.process.kill('SIGINT');
  const { status, stderr } = await running.result;
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(readdirSync(at.path)).toEqual([]);
});
