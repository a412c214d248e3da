import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CertificateAuthority, createAuthorityMaterial } from '../../../operator/sandbox/x509/authority.ts';
import { GitRemote } from '../../support/git.ts';
import { type GitHttpServer, serveGitOverHttp } from '../../support/git-http.ts';
import { openTestSource } from '../../support/git-source.ts';

const login = { username: 'git', password: 's3cret-t0ken' };
const token = { auth: { kind: 'token', username: 'git', token: login.password } } as const;
let remote: GitRemote;
let open: GitHttpServer;
let locked: GitHttpServer;
let name: string;

beforeAll(async () => {
  remote = await GitRemote.create();
  await remote.commit({ 'fleet/a.yaml': 'a: 1\n' });
  name = `${basename(remote.folder)}/.git`;
  open = await serveGitOverHttp({ root: dirname(remote.folder) });
  locked = await serveGitOverHttp({ root: dirname(remote.folder), login });
});

afterAll(async () => {
  await open.close();
  await locked.close();
  await remote[Symbol.asyncDispose]();
});

test('a fleet arrives over HTTP, and an unchanged one costs one question and no transfer', async () => {
  await using source = await openTestSource();
  const url = `${open.url}/${name}`;
  const { folder, commit } = await source.sync({ url, ref: { branch: 'main' }, path: 'fleet' });
  expect(await readFile(join(folder, 'a.yaml'), 'utf8')).toBe('a: 1\n');
  const before = open.requests.length;
  expect((await source.sync({ url, ref: { branch: 'main' }, path: 'fleet' })).commit).toBe(commit);
  const asked = open.requests.slice(before);
  expect(asked.length).toBeLessThanOrEqual(2);
});

test('a single commit is fetched by its id, also when the server serves only named refs', async () => {
  await using source = await openTestSource();
  const first = await remote.git('rev-parse', 'HEAD');
  await remote.commit({ 'fleet/b.yaml': 'b: 1\n' });
  const { folder } = await source.sync({ url: `${open.url}/${name}`, ref: { commit: first } });
  expect(await readdir(join(folder, 'fleet'))).toEqual(['a.yaml']);
});

test('a token reaches the server by askpass and appears in no message, no file and no argument', async () => {
  await using source = await openTestSource();
  const url = `${locked.url}/${name}`;
  expect((await source.sync({ url, credentials: token })).folder).toContain(source.cache);
  expect(locked.requests.some(({ authorization }) => authorization?.startsWith('Basic '))).toBe(true);
  const wrong = await source.refusal({
    url,
    id: 'other',
    credentials: { auth: { kind: 'token', username: 'git', token: 'wr0ng-token' } },
  });
  expect(wrong).toMatchObject({ reason: 'AuthenticationFailed', retriable: false });
  expect(wrong.message).not.toContain('wr0ng');
  const leaks = spawnSync('grep', ['-rlE', 's3cret|wr0ng', source.cache], { encoding: 'utf8' });
  expect(leaks.stdout).toBe('');
  expect((await readdir(source.cache)).filter((entry) => entry.startsWith('private-'))).toEqual([]);
});

test('without a token the refusal says so and nobody is asked', async () => {
  await using source = await openTestSource();
  expect(await source.refusal({ url: `${locked.url}/${name}` })).toMatchObject({ reason: 'AuthenticationFailed' });
});

test('a redirect is not followed, and the token never reaches the other host', async () => {
  await using source = await openTestSource();
  const other = await serveGitOverHttp({ root: dirname(remote.folder), login });
  locked.intercept = (request, response) => {
    response.writeHead(302, { location: `${other.url}${request.url}` }).end();
    return true;
  };
  try {
    expect((await source.refusal({ url: `${locked.url}/${name}`, credentials: token })).message).toMatch(/redirect/i);
    expect(other.requests).toEqual([]);
  } finally {
    locked.intercept = undefined;
    await other.close();
  }
});

test.each([
  ['a server error', 503, 'RemoteUnreachable', true],
  ['a repository that is not there', 404, 'RepositoryNotFound', false],
  ['a forbidden repository', 403, 'AuthenticationFailed', false],
])('%s (%i) is %s', async (_, status, reason, retriable) => {
  await using source = await openTestSource();
  open.intercept = (_request, response) => {
    response.writeHead(status).end('no');
    return true;
  };
  try {
    expect(await source.refusal({ url: `${open.url}/${name}` })).toMatchObject({ reason, retriable });
  } finally {
    open.intercept = undefined;
  }
});

test('a remote that is down says where and may be tried again; the last checkout is still there', async () => {
  await using source = await openTestSource();
  const server = await serveGitOverHttp({ root: dirname(remote.folder) });
  const url = `${server.url}/${name}`;
  const { folder } = await source.sync({ url });
  await server.close();
  expect(await source.refusal({ url })).toMatchObject({ reason: 'RemoteUnreachable', retriable: true });
  expect(await readdir(join(folder, 'fleet'))).toContain('a.yaml');
});

test('a server that answers something else than git is an error, not a crash', async () => {
  await using source = await openTestSource();
  open.intercept = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>captive portal</html>');
    return true;
  };
  try {
    expect((await source.refusal({ url: `${open.url}/${name}` })).name).toBe('SourceError');
  } finally {
    open.intercept = undefined;
  }
});

test('a private certificate authority is trusted when it is given, and only then', async () => {
  const authority = createAuthorityMaterial(Date.now());
  const { key, cert } = new CertificateAuthority(authority).serverIdentity(['127.0.0.1'], Date.now());
  const server = await serveGitOverHttp({ root: dirname(remote.folder), tls: { key, cert } });
  await using source = await openTestSource();
  try {
    const url = `${server.url}/${name}`;
    expect((await source.refusal({ url })).message).toMatch(/is not trusted/);
    expect(
      (await source.sync({ url, credentials: { auth: { kind: 'none' }, ca: authority.certificatePem } })).commit,
    ).toHaveLength(40);
  } finally {
    await server.close();
  }
});
