import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectl, missing, must, until, why } from './support/cluster.ts';
import { untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';

const ROLE = 'arn:aws:iam::123456789012:role/fleet-a';
const REGION = { accountId: '123456789012', region: 'us-east-1' };

/** One operator serves two tenants; whoever may write objects in the second tries to reach what is the first's. */
describe.skipIf(missing)(`what a namespace cannot reach${why}`, () => {
  let a: Story;
  let b: Story;
  let evil: Server;
  let visits = 0;

  beforeAll(async () => {
    // The role trusts nobody who does not name both installation and namespace.
    const trust = (namespace: string) => ({ arn: ROLE, externalId: `fleetward/${namespace}/${namespace}` });
    a = await openStory('tenant-a', { sandbox: (namespace) => ({ roles: [trust(namespace)] }) });
    b = await openStory('tenant-b');
    evil = createServer((socket) => {
      visits += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const config = { watchNamespaces: [a.namespace, b.namespace], allowedRoleArns: { [a.namespace]: [ROLE] } };
    // Where the SDK finds AWS when nobody says otherwise.
    const env = { AWS_ENDPOINT_URL: a.endpoint };
    await untilReady(await a.operator({ config, env, ownEndpoints: true }));
    await create(a, 'AWSAccount', 'default', { ...REGION, roleArn: ROLE });
    await verdict(a, 'AWSAccount', 'default', 'True/');
  });
  afterAll(async () => {
    evil?.close();
    await b?.[Symbol.asyncDispose]();
    await a?.[Symbol.asyncDispose]();
  });

  const create = (story: Story, kind: string, name: string, spec: unknown) =>
    story.apply(JSON.stringify({ apiVersion: 'fleetward.dev/v1alpha1', kind, metadata: { name }, spec }));
  const verdict = (story: Story, kind: string, name: string, wanted: string) =>
    until(async () => {
      const now = await story.ready(kind, name);
      return now.startsWith(wanted) ? now : undefined;
    }, `${kind} ${name} as ${wanted}`).catch(async (error: unknown) => {
      throw new Error(`${String(error)}; it is ${(await story.kubectl('get', kind, name, '-o', 'yaml')).stdout}`);
    });
  const sessions = () => new Set(a.sandbox.ledger.entries().map(({ sessionName }) => sessionName));

  test('the tenant that may assume the role does so under the name of the installation', () => {
    expect([...sessions()].some((name) => name.startsWith('fleetward-'))).toBe(true);
  });

  test('another tenant’s role is refused before anything is asked of AWS', async () => {
    const before = a.sandbox.ledger.count({ operation: 'AssumeRole' });
    await create(b, 'AWSAccount', 'role', { ...REGION, roleArn: ROLE });
    await verdict(b, 'AWSAccount', 'role', 'False/RoleNotAllowed');
    await create(b, 'Device', 'through-role', { accountRef: { name: 'role' } });
    await verdict(b, 'Device', 'through-role', 'False/');
    expect(a.sandbox.ledger.count({ operation: 'AssumeRole' })).toBe(before);
  });

  test('an endpoint of one’s own is never called: it would be shown our signatures', async () => {
    const address = evil.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await create(b, 'AWSAccount', 'endpoint', { ...REGION, endpoint: `http://127.0.0.1:${port}` });
    await verdict(b, 'AWSAccount', 'endpoint', 'False/EndpointNotAllowed');
    expect(visits).toBe(0);
  });

  test('credentials of another account than the one that is meant write nothing', async () => {
    await create(b, 'AWSAccount', 'mismatch', { ...REGION, accountId: '210987654321' });
    await verdict(b, 'AWSAccount', 'mismatch', 'False/AccountMismatch');
  });

  test('an account that is not named is not taken on trust', async () => {
    await create(b, 'AWSAccount', 'nameless', { region: 'us-east-1' });
    await verdict(b, 'AWSAccount', 'nameless', 'False/AccountIdMissing');
  });

  test('references end at the namespace', async () => {
    await create(a, 'ThingGroup', 'line', {});
    await verdict(a, 'ThingGroup', 'line', 'True/');
    await create(b, 'AWSAccount', 'default', REGION);
    await create(b, 'Device', 'reaching', { groupRefs: [{ name: 'line' }] });
    await verdict(b, 'Device', 'reaching', 'False/ReferenceNotFound');
    const typed = await b.kubectl(
      'apply',
      '--dry-run=server',
      '-f',
      await file('reach.json', {
        apiVersion: 'fleetward.dev/v1alpha1',
        kind: 'Device',
        metadata: { name: 'x' },
        spec: { groupRefs: [{ name: 'line', namespace: a.namespace }] },
      }),
    );
    expect(typed.stderr).toContain('namespace');
  });

  test('the name in AWS of another namespace’s object is not taken over', async () => {
    await create(b, 'ThingGroup', 'line', { adoption: 'AdoptOrCreate' });
    await verdict(b, 'ThingGroup', 'line', 'False/NameConflict');
    expect(a.sandbox.ledger.count({ operation: 'UpdateThingGroup' })).toBe(0);
    expect(await a.ready('ThingGroup', 'line')).toMatch(/^True/);
  });

  test('a Secret that somebody else made is neither overwritten nor read', async () => {
    await must(b.kubectl('create', 'secret', 'generic', 'foreign', '--from-literal=tls.key=theirs'));
    await create(b, 'Device', 'greedy', { certificates: [{ name: 'a', issued: { secretName: 'foreign' } }] });
    await verdict(b, 'Device', 'greedy', 'False/SecretExists');
    const { stdout } = await b.kubectl('get', 'secret', 'foreign', '-o', 'jsonpath={.data.tls\\.key}');
    expect(Buffer.from(stdout, 'base64').toString()).toBe('theirs');
  });

  test('a FleetSource reads no file of the operator’s machine', async () => {
    await create(b, 'FleetSource', 'disk', { url: 'file:///etc' });
    await verdict(b, 'FleetSource', 'disk', 'False/InvalidUrl');
  });

  test('a Secret with credentials is looked for in the FleetSource’s own namespace', async () => {
    await must(a.kubectl('create', 'secret', 'generic', 'git', '--from-literal=token=hers'));
    await create(b, 'FleetSource', 'borrowed', { url: 'https://127.0.0.1:1/fleet.git', secretRef: { name: 'git' } });
    await verdict(b, 'FleetSource', 'borrowed', 'False/');
    const shown = await until(async () => {
      const { stdout } = await b.kubectl('get', 'fleetsource', 'borrowed', '-o', 'yaml');
      return /Secret .*git/.test(stdout) ? stdout : undefined;
    }, 'the Secret that is missing');
    expect(shown).not.toContain('hers');
  });

  test('an object outside the watched namespaces is left alone', async () => {
    const outside = `${b.namespace}-outside`;
    await must(kubectl(['create', 'namespace', outside]));
    const object = { apiVersion: 'fleetward.dev/v1alpha1', kind: 'Device', metadata: { name: 'x' }, spec: {} };
    await must(kubectl(['-n', outside, 'apply', '-f', await file('outside.json', object)]));
    await verdict(b, 'AWSAccount', 'nameless', 'False/AccountIdMissing');
    const { stdout } = await kubectl(['-n', outside, 'get', 'device', 'x', '-o', 'jsonpath={.status}']);
    expect(stdout).toBe('');
    await kubectl(['delete', 'namespace', outside, '--wait=false']);
  });

  async function file(name: string, object: unknown): Promise<string> {
    const path = join(b.folder, name);
    await writeFile(path, JSON.stringify(object));
    return path;
  }
});
