import { expect, test } from 'vitest';
import type { AWSAccount } from '../../../operator/api/awsaccount.gen.ts';
import type { FleetSource } from '../../../operator/api/fleetsource.gen.ts';
import { API_VERSION, type KubeObject } from '../../../operator/api/meta.ts';
import { type ConnectRules, connector } from '../../../operator/cli/operator/connect.ts';
import { withDefaultAccount } from '../../../operator/cli/operator/default-account.ts';
import { chooseNamespace } from '../../../operator/cli/operator/namespace.ts';
import { untilSettled } from '../../../operator/cli/operator/once.ts';
import { Readiness } from '../../../operator/cli/operator/readiness.ts';
import { isGitUrl } from '../../../operator/cli/operator/standalone.ts';
import type { LoadedTree, SourceTree } from '../../../operator/controllers/fleetsource/tree.ts';
import { ObjectCache } from '../../../operator/runtime/cache/object-cache.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { SourceError } from '../../../operator/source/git/errors.ts';

type State = 'ready' | 'reconciling' | 'stalled';
let version = 0;

function object(kind: string, name: string, state?: State, more: object = {}): KubeObject {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'Test',
    message: state,
    lastTransitionTime,
  });
  const conditions = {
    ready: [condition('Ready', 'True')],
    reconciling: [condition('Ready', 'False'), condition('Reconciling', 'True')],
    stalled: [condition('Ready', 'False'), condition('Stalled', 'True')],
  };
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { name, namespace: 'd', uid: `uid-${name}`, generation: 1, resourceVersion: String(++version), ...more },
    ...(state === undefined ? {} : { status: { observedGeneration: 1, conditions: conditions[state] } }),
  };
}

function watchFleet() {
  const cache = new ObjectCache();
  const readiness = new Readiness(cache);
  const clock = new VirtualClock();
  const sinks = new Map(['FleetSource', 'Device'].map((kind) => [kind, cache.sink(kind)]));
  const operator = { cache, readiness, quiet: true };
  return {
    clock,
    operator,
    readiness,
    put: (next: KubeObject) => sinks.get(next.kind)?.set(next),
    remove: (gone: KubeObject) => sinks.get(gone.kind)?.remove(gone),
    settle: (timeoutMs = 60_000) =>
      untilSettled({
        operator,
        clock,
        timeoutMs,
        source: { kind: 'FleetSource', namespace: 'd', name: 's' },
        signal: new AbortController().signal,
      }),
  };
}

test('readiness follows every change: new, ready, deleted, on its way out', () => {
  const { put, remove, readiness } = watchFleet();
  put(object('Device', 'a'));
  put(object('Device', 'b', 'stalled'));
  expect([readiness.total, readiness.ready]).toEqual([2, 0]);
  put(object('Device', 'a', 'ready'));
  expect([...readiness.notReady()].map((n) => [n.object.metadata.name, n.progress.kind])).toEqual([['b', 'stalled']]);
  put(object('Device', 'a', 'ready', { generation: 2 }));
  expect(readiness.ready, 'a newer spec is not looked at yet').toBe(0);
  put(object('Device', 'a', 'ready', { deletionTimestamp: '2026-01-01T00:00:00Z' }));
  expect(readiness.ready, 'what is leaving is not done').toBe(0);
  remove(object('Device', 'a'));
  put(object('Device', 'b', 'ready'));
  expect([readiness.total, readiness.allReady]).toEqual([1, true]);
});

test('once ends when all is Ready, but not before everything was looked at in this run', async () => {
  const { put, operator, clock, settle } = watchFleet();
  put(object('FleetSource', 's', 'ready'));
  put(object('Device', 'a', 'ready'));
  operator.quiet = false;
  let done: unknown;
  const result = settle().then((r) => {
    done = r;
  });
  await clock.advance(5_000);
  expect(done).toBeUndefined();
  operator.quiet = true;
  await clock.advance(1_000);
  await result;
  expect(done).toEqual({ kind: 'ready', total: 2 });
});

test.each([
  ['stalled', 'ready', 10_000, 'stuck', 'a device that only a person can help'],
  ['ready', 'stalled', 1_000, 'stuck', 'a source that cannot be read is known at once'],
  ['reconciling', 'ready', 60_000, 'timeout', 'something that may still come'],
  ['ready', 'reconciling', 20_000, 'stuck', 'a remote that stays away'],
] as const)('a device %s under a source %s ends after %i ms as %s: %s', async (device, source, ms, kind, _reason) => {
  const { put, clock, settle } = watchFleet();
  put(object('FleetSource', 's', source));
  put(object('Device', 'a', device));
  let done: { kind: string } | undefined;
  const result = settle().then((r) => {
    done = r;
  });
  await clock.advance(ms - 200);
  expect(done).toBeUndefined();
  await clock.advance(500);
  await result;
  expect(done).toMatchObject({ kind });
});

const rules = (more: Partial<ConnectRules> = {}): ConnectRules => ({
  installation: 'i',
  roles: { factory: ['arn:aws:iam::123456789012:role/fleet-*'], '*': ['arn:aws:iam::123456789012:role/all'] },
  endpoints: ['https://iot.example.com'],
  fence: () => {},
  ...more,
});
const account = (spec: object, namespace = 'factory') =>
  ({ metadata: { name: 'default', namespace }, spec: { region: 'us-east-1', ...spec } }) as unknown as AWSAccount;

test.each([
  [{ roleArn: 'arn:aws:iam::123456789012:role/fleet-north' }, 'factory', undefined, 'within its wildcard'],
  [{ roleArn: 'arn:aws:iam::123456789012:role/all' }, 'office', undefined, 'allowed to every namespace'],
  [{ roleArn: 'arn:aws:iam::123456789012:role/fleet-north' }, 'office', 'RoleNotAllowed', "another namespace's role"],
  [{ roleArn: 'arn:aws:iam::999999999999:role/fleet-north' }, 'factory', 'RoleNotAllowed', 'another account'],
  [{ endpoint: 'https://iot.example.com' }, 'factory', undefined, 'an allowed endpoint'],
  [{ endpoint: 'https://iot.example.com.evil.example' }, 'factory', 'EndpointNotAllowed', 'one that only begins alike'],
  [{}, 'factory', undefined, 'nothing asked for'],
])('an AWSAccount with %j in %s meets %s: %s', (spec, namespace, reason, _why) => {
  const connect = () => connector(rules())(account(spec, namespace)).close();
  if (reason === undefined) expect(connect).not.toThrow();
  else expect(connect).toThrow(expect.objectContaining({ kind: 'terminal', reason }));
});

test('standalone, and with an endpoint on the command line, an AWSAccount may name anything', () => {
  const spec = { endpoint: 'http://anywhere', roleArn: 'arn:aws:iam::1:role/x' };
  const anything = { roles: 'anything', endpoints: 'anything' } as const;
  expect(() => connector(rules(anything))(account(spec)).close()).not.toThrow();
  const given = rules({ endpoint: 'http://127.0.0.1:1', roles: 'anything' });
  expect(() => connector(given)(account({ endpoint: 'http://ignored' })).close()).not.toThrow();
});

const loaded = (...objects: KubeObject[]): LoadedTree => ({
  objects: objects.map((o) => ({ object: o, file: 'a.yaml', line: 1 })),
  errors: [],
  errorCount: 0,
  skipped: 0,
});
const fetched = { revision: 'r', folder: '/f', root: '/f' };
const signal = new AbortController().signal;
const bare = (kind: string, name: string, namespace?: string): KubeObject => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

test('a tree that uses a default account without bringing it gets one; every other tree stays as it is', async () => {
  const kindsOf = async (tree: LoadedTree) =>
    (await withDefaultAccount(async () => tree, 'eu-west-1')(fetched, signal)).objects.map((o) => o.object.kind);
  expect(await kindsOf(loaded(bare('Device', 'a')))).toEqual(['AWSAccount', 'Device']);
  expect(await kindsOf(loaded(bare('AWSAccount', 'other'), bare('Device', 'a')))).toHaveLength(3);
  expect(await kindsOf(loaded(bare('AWSAccount', 'other')))).toEqual(['AWSAccount']);
  const elsewhere = { ...bare('Device', 'a'), spec: { accountRef: { name: 'other' } } };
  expect(await kindsOf(loaded(bare('AWSAccount', 'other'), elsewhere))).toEqual(['AWSAccount', 'Device']);
  expect(await kindsOf(loaded(bare('AWSAccount', 'default')))).toEqual(['AWSAccount']);
  expect(await kindsOf(loaded())).toEqual([]);
});

const tree: SourceTree = { fetch: async () => fetched, lastGood: async () => undefined, forget: async () => {} };
const choose = (options: { given?: string; known?: string; tree?: LoadedTree; source?: SourceTree }) =>
  chooseNamespace({
    wanted: { metadata: { name: 's' } } as unknown as FleetSource,
    given: options.given,
    store: {
      list: async () => ({
        items: options.known === undefined ? [] : [bare('FleetSource', 's', options.known)],
        resourceVersion: '1',
      }),
    },
    tree: options.source ?? tree,
    load: async () => options.tree ?? loaded(),
    signal,
  });

test('the namespace is the one given, else that of last time, else the one that the manifests name, else default', async () => {
  expect(await choose({ given: 'g', tree: loaded(bare('Device', 'a', 'm')) })).toBe('g');
  expect(await choose({ known: 'k', tree: loaded(bare('Device', 'a', 'm')) })).toBe('k');
  expect(await choose({ tree: loaded(bare('Device', 'a', 'm'), bare('Device', 'b')) })).toBe('m');
  expect(await choose({ tree: loaded(bare('Device', 'a')) })).toBe('default');
});

test('a second namespace, other state than asked for, a broken tree and an unreadable source are told apart', async () => {
  const two = loaded(bare('Device', 'a', 'm'), bare('Device', 'b', 'n'));
  await expect(choose({ tree: two })).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining('m, n'),
  });
  await expect(choose({ given: 'g', known: 'k' })).rejects.toMatchObject({ name: 'UsageError' });
  const broken = { ...loaded(), errors: ['a.yaml:1:1: no'], errorCount: 3 };
  await expect(choose({ tree: broken })).rejects.toMatchObject({
    exit: 1,
    message: expect.stringMatching(/no\n… and 2/),
  });
  const down: SourceTree = {
    ...tree,
    fetch: async () => {
      throw new SourceError('RemoteUnreachable', 'down');
    },
  };
  await expect(choose({ source: down })).rejects.toMatchObject({ exit: 3, message: 'down' });
});

test.each([
  ['https://example.com/f', true],
  ['git@example.com:f', true],
  ['file:///srv/f', true],
  ['./fleet', false],
  ['/srv/fleet', false],
  ['C', false],
])('%s is a Git URL: %s', (text, git) => {
  expect(isGitUrl(text)).toBe(git);
});
