import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FleetSource } from '../../operator/api/fleetsource.gen.ts';
import type { KubeObject } from '../../operator/api/meta.ts';
import { GitRemote } from '../support/git.ts';
import { serveGitOverHttp } from '../support/git-http.ts';
import { type Write, writesIn } from './support/audit.ts';
import { cluster, kubectl, missing, must, until, why } from './support/cluster.ts';
import { account, manifest } from './support/objects.ts';
import { untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';

const DEVICES = 12;
const names = Array.from({ length: DEVICES }, (_, i) => `press-${i}`);
const device = (name: string, site = 'dresden') => manifest('Device', name, { attributes: { site } });
const group = (name: string) => manifest('ThingGroup', name, {});
const files = Object.fromEntries(names.map((name) => [`${name}.json`, device(name)]));
const EVERYTHING = { maxCount: 5, maxPercent: 10 };

/** One repository from its first commit on; the tests follow one another. */
describe.skipIf(missing)(`a fleet from Git on an API server${why}`, () => {
  let story: Story;
  let remote: GitRemote;
  let asked = 0;

  beforeAll(async () => {
    story = await openStory('git');
    remote = await GitRemote.create(join(story.folder, 'remote'));
    await untilReady(await story.operator({ config: { allowFileSources: true } }));
    await remote.commit({ ...files, 'group.json': group('line') });
    const source = { url: remote.fileUrl, interval: '10m', pruneGuard: EVERYTHING };
    await story.apply(`${account()}---\n${manifest('FleetSource', 'fleet', source)}`);
    await must(story.kubectl('wait', '--for=condition=Ready', 'fleetsource/fleet', '--timeout=120s'));
    await must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=120s'));
  });
  afterAll(() => story?.[Symbol.asyncDispose]());

  const source = () => story.json<FleetSource>('get', 'fleetsource', 'fleet');
  const get = (kind: string, name: string) => story.json<KubeObject>('get', kind, name);
  /** Asks for a fetch, and waits until it was answered. */
  async function look(): Promise<FleetSource> {
    asked += 1;
    const token = `t${asked}`;
    await must(
      story.kubectl('annotate', 'fleetsource', 'fleet', `reconcile.fleetward.dev/requestedAt=${token}`, '--overwrite'),
    );
    return until(async () => {
      const now = await source();
      return now.status?.lastHandledReconcileAt === token ? now : undefined;
    }, 'an answer to the request to fetch');
  }
  const readiness = ({ status }: FleetSource) => status?.conditions?.find(({ type }) => type === 'Ready');
  /** Writes to specs since, without status, events and the like. By time: the log gets its lines after the answers. */
  async function writesSince(since: number): Promise<readonly Write[]> {
    const all = await writesIn(story.namespace, cluster().auditLog);
    return all.filter(
      ({ at, resource, subresource }) => at >= since && resource !== 'events' && subresource === undefined,
    );
  }

  test('objects carry the label of their source, whose status counts them and lists none', async () => {
    const { metadata, status } = await source();
    const label = `fleetward.dev/source=${metadata.uid}`;
    const found = await must(story.kubectl('get', 'fleet', '-l', label, '-o', 'name'));
    expect(found.trim().split('\n')).toHaveLength(DEVICES + 1);
    expect(status?.inventory?.count).toBe(DEVICES + 1);
    expect(JSON.stringify(status)).not.toContain('press-');
  });

  test('an unchanged revision costs no write, and one changed file costs one', async () => {
    const before = Date.now();
    const unchanged = await remote.commit({ 'README.md': 'nothing of ours' });
    expect((await look()).status?.revision).toContain(unchanged);
    expect(await writesSince(before)).toEqual([]);
    await remote.commit({ 'press-3.json': device('press-3', 'hamburg') });
    await look();
    expect((await writesSince(before)).map(({ verb, resource, name }) => `${verb} ${resource} ${name}`)).toEqual([
      'patch devices press-3',
    ]);
  });

  test('fields that kubectl put beside those of Git are taken out and told; labels of others stay', async () => {
    const change = { metadata: { labels: { shift: 'night' } }, spec: { suspend: true, attributes: { extra: 'x' } } };
    const patch = ['patch', 'device', 'press-1', '--type=merge', '-p', JSON.stringify(change)];
    await must(story.kubectl(...patch, '--field-manager=kubectl-edit'));
    await look();
    const { metadata, spec } = await get('device', 'press-1');
    expect(spec).toMatchObject({ suspend: false, attributes: { site: 'dresden' } });
    expect((spec as { attributes: object }).attributes).not.toHaveProperty('extra');
    expect(metadata.labels?.shift).toBe('night');
    const event = await until(async () => {
      const text = await must(story.kubectl('get', 'events', '--field-selector=reason=ForeignFieldsRemoved'));
      return text.includes('press-1') ? text : undefined;
    }, 'the event');
    expect(event).toContain('spec.suspend (set by kubectl-edit)');
    expect(event).toContain('spec.attributes.extra (set by kubectl-edit)');
  });

  test('with foreignFields Report they stay, are told, and cost no write with the next commit', async () => {
    await must(
      story.kubectl('patch', 'fleetsource', 'fleet', '--type=merge', '-p', '{"spec":{"foreignFields":"Report"}}'),
    );
    await must(story.kubectl('patch', 'device', 'press-2', '--type=merge', '-p', '{"spec":{"suspend":true}}'));
    await look();
    expect((await get('device', 'press-2')).spec).toMatchObject({ suspend: true });
    await until(
      async () =>
        (await must(story.kubectl('get', 'events', '--field-selector=reason=ForeignFields'))).includes('press-2') ||
        undefined,
      'the event',
    );
    const before = Date.now();
    await remote.commit({ 'README.md': 'still nothing' });
    await look();
    expect(await writesSince(before)).toEqual([]);
    await must(
      story.kubectl('patch', 'fleetsource', 'fleet', '--type=merge', '-p', '{"spec":{"foreignFields":"Remove"}}'),
    );
    await look();
    expect((await get('device', 'press-2')).spec).toMatchObject({ suspend: false });
  });

  test('an object that somebody deleted comes back, with nothing new in AWS', async () => {
    const things = story.sandbox.ledger.count({ operation: 'CreateThing', outcome: 'ok' });
    await must(story.kubectl('delete', 'device', 'press-4'));
    await look();
    await must(story.kubectl('wait', '--for=condition=Ready', 'device/press-4', '--timeout=120s'));
    expect(story.sandbox.ledger.count({ operation: 'CreateThing', outcome: 'ok' })).toBe(things);
  });

  test('a tree with one mistake applies nothing, neither what it adds nor what it removes', async () => {
    const before = Date.now();
    const wrong = manifest('Device', 'wrong', { policyRefs: 'press' });
    await remote.commit({ 'new.json': device('new'), 'press-0.json': null, 'wrong.json': wrong });
    const condition = readiness(await look());
    expect(condition).toMatchObject({ status: 'False', reason: 'InvalidManifests' });
    expect(condition?.message).toMatch(/wrong\.json:1:\d+: .*policyRefs/);
    expect(await writesSince(before)).toEqual([]);
  });

  test('a tree that names another namespace writes nothing there', async () => {
    const elsewhere = manifest('Device', 'sneaked', {}, { namespace: 'default' });
    await remote.commit({ 'wrong.json': elsewhere });
    const condition = readiness(await look());
    expect(condition?.message).toMatch(/names namespace default, but a FleetSource writes only to its own/);
    expect((await kubectl(['-n', 'default', 'get', 'device', 'sneaked'])).status).toBe(1);
  });

  test('an object that the server refuses stops neither the rest nor is anything pruned meanwhile', async () => {
    await refuseOnServer('refused');
    await remote.commit({ 'wrong.json': device('refused') });
    const condition = readiness(await look());
    expect(condition).toMatchObject({ status: 'False', reason: 'ObjectsRefused' });
    expect(condition?.message).toContain('not on this server');
    expect((await get('device', 'new')).metadata.name).toBe('new');
    expect((await get('device', 'press-0')).metadata.name).toBe('press-0');
    await remote.commit({ 'wrong.json': null });
    await look();
    expect((await story.kubectl('get', 'device', 'press-0')).status).toBe(1);
  });

  /** A rule of this cluster that no file says. */
  async function refuseOnServer(name: string): Promise<void> {
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: story.namespace },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': story.namespace } },
          resourceRules: [
            { apiGroups: ['fleetward.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['devices'] },
          ],
        },
        validations: [{ expression: `object.metadata.name != '${name}'`, message: 'not on this server' }],
      },
    };
    const binding = {
      ...policy,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: story.namespace, validationActions: ['Deny'] },
    };
    await story.apply(`${JSON.stringify(policy)}\n---\n${JSON.stringify(binding)}\n`);
    await until(async () => {
      const tried = await kubectl(['-n', story.namespace, 'create', '--dry-run=server', '-f', '-'], {
        input: device(name),
      });
      return tried.stderr.includes('not on this server') || undefined;
    }, 'the rule of the server');
  }

  test('a revision that would remove too much removes nothing until it is named', async () => {
    const gone = Object.fromEntries(names.slice(0, 8).map((name) => [`${name}.json`, null]));
    await remote.commit(gone, 'A moved folder, say');
    const guarded = await look();
    expect(readiness(guarded)).toMatchObject({ status: 'False', reason: 'PruneGuard' });
    const [, command = ''] = /kubectl (annotate .*)$/.exec(readiness(guarded)?.message ?? '') ?? [];
    expect((await get('device', 'press-1')).metadata.name).toBe('press-1');
    await must(story.kubectl(...command.split(' ')));
    await must(story.kubectl('wait', '--for=condition=Ready', 'fleetsource/fleet', '--timeout=120s'));
    expect((await story.kubectl('get', 'device', 'press-1')).status).toBe(1);
  });

  test('a deleted FleetSource leaves its objects', async () => {
    await must(story.kubectl('delete', 'fleetsource', 'fleet', '--timeout=60s'));
    const left = await must(story.kubectl('get', 'devices', '-o', 'name'));
    expect(left.trim().split('\n').length).toBeGreaterThan(3);
  });

  test('verbs do not come from Git', async () => {
    const held = manifest('Device', 'held', {}, { annotations: { 'rollout.fleetward.dev/hold': 't by me' } });
    await remote.commit({ 'held.json': held });
    await story.apply(manifest('FleetSource', 'fleet', { url: remote.fileUrl, interval: '10m' }));
    const condition = await until(async () => {
      const now = readiness(await source());
      return now?.reason === 'InvalidManifests' ? now : undefined;
    }, 'the verdict');
    expect(condition.status).toBe('False');
    expect(condition.message).toContain('take it out of Git');
  });

  test('credentials and a private authority come from the Secret that the source names, and corrected they are enough', async () => {
    const { caFile } = cluster();
    const tls = { cert: await readFile(caFile, 'utf8'), key: await readFile(caFile.replace(/crt$/, 'key'), 'utf8') };
    const other = await GitRemote.create(join(story.folder, 'served', 'fleet'));
    await other.commit({ 'device.json': device('served') });
    const login = { username: 'robot', password: 'opensesame' };
    const server = await serveGitOverHttp({ root: join(story.folder, 'served'), login, tls });
    try {
      const secret = (password: string) => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'git' },
        stringData: { username: 'robot', password, 'ca.crt': tls.cert },
      });
      const spec = { url: `${server.url}/fleet`, interval: '5s', secretRef: { name: 'git' } };
      await story.apply(manifest('FleetSource', 'served', spec));
      const refused = (reason: string) =>
        until(async () => (await story.ready('fleetsource', 'served')) === `False/${reason}` || undefined, reason);
      const says = async () => readiness(await story.json<FleetSource>('get', 'fleetsource', 'served'))?.message ?? '';
      await refused('InvalidCredentials');
      expect(await says()).toMatch(/Secret \S+\/git, named by secretRef, does not exist/);
      const misnamed = { ...secret(''), stringData: { user: 'robot', pass: login.password } };
      await story.apply(JSON.stringify(misnamed));
      await until(async () => /\/git lacks password \(or token\)/.test(await says()) || undefined, 'what is missing');
      await story.apply(JSON.stringify(secret('guessed')));
      await refused('AuthenticationFailed');
      await story.apply(JSON.stringify(secret(login.password)));
      await must(story.kubectl('wait', '--for=condition=Ready', 'fleetsource/served', '--timeout=120s'));
      expect((await get('device', 'served')).metadata.name).toBe('served');
      expect(await must(story.kubectl('get', 'fleetsource,events', '-o', 'yaml'))).not.toMatch(/opensesame|guessed/);
    } finally {
      await server.close();
    }
  });
});
