import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { IoT } from '@aws-sdk/client-iot';
import { afterEach, expect, test, vi } from 'vitest';
import { type RunningCli, runCliHere, startCli } from '../../support/git-cli.ts';

interface Info {
  readonly endpoint: string;
  readonly controlEndpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

interface Entry {
  readonly clientId?: string;
  readonly eventType?: string;
  readonly status?: string;
  readonly topicName?: string;
}

const EXAMPLES = fileURLToPath(new URL('../../../manifests/examples/', import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), 'fleetward-factory-'));
const running: RunningCli[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const { process: child, result } of running.reverse()) {
    child.kill('SIGTERM');
    await result;
  }
  rmSync(cwd, { recursive: true, force: true });
});

const start = (argv: readonly string[]): RunningCli => {
  const cli = startCli(argv, { cwd });
  running.push(cli);
  return cli;
};

/** As docs/sandbox-devices.md shows it: three commands, nothing else. */
test('the factory example runs on the sandbox, and each of its simulated devices publishes what its policies allow', {
  timeout: 120_000,
}, async () => {
  const sandbox = start(['sandbox', '--output', 'json']);
  const line = await new Promise<string>((resolve) =>
    sandbox.process.stdout?.once('data', (data) => resolve(`${data}`)),
  );
  const info = JSON.parse(line) as Info;
  vi.stubEnv('AWS_ACCESS_KEY_ID', info.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', info.secretAccessKey);
  const source = ['--standalone', '--once', '--source', join(EXAMPLES, 'factory'), '--state', 'state'];
  const applied = await runCliHere(['run', ...source, '--endpoint', info.endpoint, '--no-quotas'], { cwd });
  expect(applied).toMatchObject({ status: 0, stdout: expect.stringMatching(/^All \d+ objects are Ready\./) });

  const iot = new IoT({ endpoint: info.endpoint, region: info.region, credentials: info });
  const things = ((await iot.listThings({ maxResults: 250 })).things ?? []).map(({ thingName = '' }) => thingName);
  expect(things.length).toBeGreaterThan(9);
  await iot.setV2LoggingOptions({ roleArn: 'arn:aws:iam::123456789012:role/logs', defaultLogLevel: 'INFO' });
  const file = join(EXAMPLES, 'factory-devices.yaml');
  await start(['sandbox', 'devices', file, '--control', info.controlEndpoint]).wrote(
    new RegExp(`^${things.length} devices on `, 'm'),
  );
  const logs = new CloudWatchLogs({ endpoint: info.endpoint, region: info.region, credentials: info });
  const entries = async () => {
    const { events = [] } = await logs.filterLogEvents({ logGroupName: 'AWSIotLogsV2', limit: 10_000 });
    return events.map(({ message = '{}' }) => JSON.parse(message) as Entry);
  };
  const published = async () =>
    new Set(
      (await entries())
        .filter(({ eventType, status, topicName }) => eventType === 'Publish-In' && status === 'Success' && topicName)
        .map(({ clientId }) => clientId),
    );
  await vi.waitFor(async () => expect(await published()).toEqual(new Set(things)), { timeout: 60_000, interval: 500 });
  expect((await entries()).filter(({ status }) => status !== 'Success')).toEqual([]);
  iot.destroy();
  logs.destroy();
});
