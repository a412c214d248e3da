import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateThingCommand,
  DescribeThingCommand,
  IoTClient,
  ListThingsCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createSandbox, type Sandbox } from '../../../operator/sandbox/index.ts';
import { GitRemote } from '../../support/git.ts';
import { runCliHere, startCli } from '../../support/git-cli.ts';
import { temporaryFolder } from '../../support/store.ts';

const device = (name: string, spec = 'attributes: {line: a}') =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: Device\nmetadata:\n  name: ${name}\nspec:\n  ${spec}\n`;

let sandbox: Sandbox;
let endpoint: string;
let iot: IoTClient;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  sandbox = createSandbox({ quotas: 'off' });
  endpoint = (await sandbox.listen()).url;
  const credentials = { accessKeyId: 'other', secretAccessKey: 'other' };
  iot = new IoTClient({ endpoint, region: 'us-east-1', credentials });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  iot.destroy();
  await sandbox.close();
});

const once = (source: string, ...more: string[]) => [
  ...['run', '--standalone', '--once', '--source', source, '--endpoint', endpoint, '--no-quotas'],
  ...more,
];

function folder(files: Record<string, string>) {
  const at = temporaryFolder('fleetward-cli-');
  mkdirSync(join(at.path, 'fleet'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at.path, 'fleet', name), text);
  return at;
}

const writes = () => sandbox.ledger.entries({ mutating: true }).length;

test('a folder of manifests becomes Ready; again, nothing is written; get shows it; without its state nothing is written either', async () => {
  using at = folder({ 'a.yaml': device('press-1'), 'b.yaml': device('press-2') });
  const cwd = at.path;
  const first = await runCliHere(once('fleet'), { cwd });
  expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/All 4 objects are Ready/) });
  const before = writes();
  expect((await runCliHere(once('fleet'), { cwd })).status).toBe(0);
  expect(writes() - before).toBe(0);
  const shown = await runCliHere(['get', 'devices'], { cwd });
  expect(shown.stdout).toMatch(/^NAME +READY +STATUS +AGE\npress-1 +True .*\npress-2 +True /);
  expect((await runCliHere(once('fleet', '--state', 'elsewhere'), { cwd })).status).toBe(0);
  expect(writes() - before, 'the ownership mark is enough').toBe(0);
});

test('what was changed in AWS between two runs is put right by the second, although the state says Ready', async () => {
  using at = folder({ 'a.yaml': device('drifter') });
  expect((await runCliHere(once('fleet'), { cwd: at.path })).status).toBe(0);
  await iot.send(
    new UpdateThingCommand({ thingName: 'drifter', attributePayload: { attributes: { line: 'z' }, merge: true } }),
  );
  const again = await runCliHere(once('fleet'), { cwd: at.path });
  expect(again).toMatchObject({ status: 0 });
  const thing = await iot.send(new DescribeThingCommand({ thingName: 'drifter' }));
  expect(thing.attributes).toMatchObject({ line: 'a' });
});

test('a Git tag is followed, and its namespace is taken from the manifests', async () => {
  await using remote = await GitRemote.create();
  using at = folder({});
  await remote.commit({ 'fleet/a.yaml': device('tagged').replace('name: tagged', 'name: tagged\n  namespace: plant') });
  await remote.git('tag', 'v1');
  await remote.commit({ 'fleet/b.yaml': 'not: [valid' });
  const { status } = await runCliHere(once(remote.fileUrl, '--ref', 'tags/v1', '--path', 'fleet'), { cwd: at.path });
  expect(status).toBe(0);
  const shown = await runCliHere(['get', 'fleetsources', '-o', 'json'], { cwd: at.path });
  expect(JSON.parse(shown.stdout).items[0]).toMatchObject({
    metadata: { namespace: 'plant' },
    status: { revision: expect.stringMatching(/^v1@sha1:/) },
  });
});

test('mistakes in manifests end with 1 and their places, and nothing reaches AWS', async () => {
  using at = folder({ 'good.yaml': device('unborn'), 'bad.yaml': device('bad', 'atributes: {}') });
  const { status, stdout, stderr } = await runCliHere(once('fleet'), { cwd: at.path });
  expect(status).toBe(1);
  expect(stdout + stderr).toMatch(/bad\.yaml:6:3.*atributes/);
  const { things = [] } = await iot.send(new ListThingsCommand({}));
  expect(things.map(({ thingName }) => thingName)).not.toContain('unborn');
});

test('an object that only a person can help ends the run with 1 and its reason, once the rest is Ready', async () => {
  using at = folder({ 'a.yaml': device('taken'), 'b.yaml': device('free') });
  await iot.send(new CreateThingCommand({ thingName: 'taken' }));
  const { status, stdout, stderr } = await runCliHere(once('fleet'), { cwd: at.path });
  expect(stdout).toMatch(/Device\/taken +stalled +\w+ /);
  expect(stdout).not.toContain('Device/free');
  expect(stderr).toMatch(/1 of 4 objects are not Ready/);
  expect(status).toBe(1);
});

test('an endpoint that does not answer ends with 4 at the timeout and names what is not Ready', async () => {
  using at = folder({ 'a.yaml': device('lost') });
  const argv = [
    'run',
    '--standalone',
    '--once',
    '--source',
    'fleet',
    '--endpoint',
    'http://127.0.0.1:1',
    '--timeout',
    '4s',
  ];
  const { status, stdout } = await runCliHere(argv, { cwd: at.path });
  expect(stdout).toMatch(/AWSAccount\/default/);
  expect(status).toBe(4);
});

test('a source that is not there ends with 3 and says why', async () => {
  using at = folder({});
  const { status, stderr } = await runCliHere(once('file:///nonexistent/fleet.git'), { cwd: at.path });
  expect(stderr).toMatch(/no repository at file:\/\/\/nonexistent/);
  expect(status).toBe(3);
});

test.each(['standalone', 'in a cluster'])('%s, an address in use ends with 3 and one sentence', async (mode) => {
  using at = folder({ 'a.yaml': device('press-1') });
  const listen = ['--listen', new URL(endpoint).host];
  const cluster = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [],
    apiVersion: 'v1',
  };
  const contexts = [{ name: 'x', context: { cluster: 'c', user: '' } }];
  const kubeconfig = join(at.path, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify({ ...cluster, contexts, 'current-context': 'x' }));
  const args = mode === 'standalone' ? once('fleet', ...listen) : ['run', '--kubeconfig', kubeconfig, ...listen];
  const { status, stderr } = await runCliHere(args, { cwd: at.path });
  expect(stderr).toMatch(
    /Cannot serve probes on 127\.0\.0\.1:\d+: .*EADDRINUSE.* Choose another address or free that one\n/,
  );
  expect(stderr).not.toMatch(/defect/);
  expect(status).toBe(3);
});

test('a remote that went away ends with 3 long before the timeout, and what it brought last stays', async () => {
  const remote = await GitRemote.create();
  using at = folder({});
  await remote.commit({ 'a.yaml': device('kept') });
  expect((await runCliHere(once(remote.fileUrl), { cwd: at.path })).status).toBe(0);
  await remote[Symbol.asyncDispose]();
  const { status, stdout } = await runCliHere(once(remote.fileUrl), { cwd: at.path });
  expect(stdout).toMatch(/FleetSource\/standalone +reconciling +RepositoryNotFound .* stays applied/);
  expect(stdout).not.toContain('Device/kept');
  expect(status).toBe(3);
});

test('a running operator holds its state folder, is looked at beside it, follows the folder and stops in order', async () => {
  using at = folder({ 'a.yaml': device('resident') });
  const argv = [
    'run',
    '--standalone',
    '--source',
    'fleet',
    '--endpoint',
    endpoint,
    '--interval',
    '5s',
    '--listen',
    '127.0.0.1:0',
  ];
  const running = startCli(argv, { cwd: at.path });
  await running.wrote(/Applied a revision/);
  const second = await runCliHere(once('fleet'), { cwd: at.path });
  expect(second).toMatchObject({ status: 3, stderr: expect.stringContaining(String(running.process.pid)) });
  const shown = await runCliHere(['describe', 'device', 'resident'], { cwd: at.path });
  expect(shown.stdout).toMatch(/Name: +resident/);
  writeFileSync(join(at.path, 'fleet', 'b.yaml'), device('newcomer'));
  await running.wrote(/"objects":3/);
  running.process.kill('SIGTERM');
  const { status, stderr } = await running.result;
  expect(status).toBe(0);
  expect(stderr).toMatch(/"msg":"Stopped"/);
});
