import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { defaultLimits } from '../../../operator/source/git/tree.ts';
import { GitRemote } from '../../support/git.ts';
import { openTestSource } from '../../support/git-source.ts';

const read = (folder: string, path: string) => readFile(join(folder, path), 'utf8');

test('every kind of ref resolves to the commit that git itself names', async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  const first = await remote.commit({ 'fleet/a.yaml': 'a: 1\n' });
  await remote.git('tag', 'light', first);
  await remote.git('tag', '--annotate', '--message', 'signed off', 'v1', first);
  const second = await remote.commit({ 'fleet/a.yaml': 'a: 2\n' });
  await remote.git('branch', 'main2', first);
  const url = remote.fileUrl;
  const at = async (ref: object) => (await source.sync({ url, ref })).commit;

  expect(await at({ branch: 'main' })).toBe(await remote.git('rev-parse', 'refs/heads/main^{commit}'));
  expect(await at({ branch: 'main2' })).toBe(first);
  expect(await at({ tag: 'v1' })).toBe(await remote.git('rev-parse', 'refs/tags/v1^{commit}'));
  expect(await at({ tag: 'light' })).toBe(first);
  expect(await at({ commit: first, branch: 'main' })).toBe(first);
  expect(await at({ tag: 'v1', branch: 'main' })).toBe(first);
  expect(await at({})).toBe(second);
});

test('a new commit, a force-push and a branch that moved back are followed', async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  const url = remote.fileUrl;
  const first = await remote.commit({ 'a.yaml': 'a: 1\n' });
  const ref = { branch: 'main' };
  const one = await source.sync({ url, ref });
  expect(one).toMatchObject({ commit: first, revision: `main@sha1:${first}` });

  await remote.commit({ 'a.yaml': 'a: 2\n', 'gone.yaml': 'x: 1\n' });
  const two = await source.sync({ url, ref, keep: [first] });
  expect(await read(two.folder, 'a.yaml')).toBe('a: 2\n');
  expect(await read(one.folder, 'a.yaml'), 'the last good checkout stays while it is asked for').toBe('a: 1\n');

  await remote.git('checkout', '--quiet', '--orphan', 'other');
  await remote.commit({ 'a.yaml': 'a: 3\n', 'gone.yaml': null });
  await remote.git('branch', '--force', 'main', 'other');
  const three = await source.sync({ url, ref });
  expect(await read(three.folder, 'a.yaml')).toBe('a: 3\n');
  expect(await readdir(three.folder)).not.toContain('gone.yaml');

  await remote.git('branch', '--force', 'main', first);
  expect((await source.sync({ url, ref })).commit).toBe(first);
});

test('only the commit asked for is copied, not its history', async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  for (let i = 0; i < 5; i++) await remote.commit({ 'a.yaml': `a: ${i}\n` });
  await source.sync({ url: remote.fileUrl });
  const [copy = ''] = await readdir(source.cache);
  expect((await read(join(source.cache, copy, 'repo.git'), 'shallow')).trim().split('\n')).toHaveLength(1);
});

test('a copy that was broken by a kill or a full disk is made again', async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  await remote.commit({ 'a.yaml': 'a: 1\n' });
  await source.sync({ url: remote.fileUrl });
  const [copy = ''] = await readdir(source.cache);
  const bare = join(source.cache, copy, 'repo.git');
  await writeFile(join(bare, 'shallow.lock'), '');
  await mkdir(join(source.cache, 'private-left'));
  await writeFile(join(source.cache, 'private-left', 'identity'), 'a key that a killed process left');
  const commit = await remote.commit({ 'a.yaml': 'a: 2\n' });
  source.restart();
  expect((await source.sync({ url: remote.fileUrl })).commit).toBe(commit);
  expect((await readdir(source.cache)).filter((name) => name.startsWith('private-'))).toEqual([]);
});

test("the user's configuration, hooks, filters and variables have no say", async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  const evil = join(source.cache, 'evil');
  await mkdir(join(evil, 'hooks'), { recursive: true });
  const touch = `#!/bin/sh\ntouch ${join(evil, 'ran')}\n`;
  for (const name of ['hooks/post-checkout', 'hooks/reference-transaction', 'smudge', 'ssh']) {
    await writeFile(join(evil, name), touch);
    await chmod(join(evil, name), 0o755);
  }
  const config = `[core]\nhooksPath=${evil}/hooks\n[filter "x"]\nsmudge=${evil}/smudge\nrequired=true\n[url "file:///nowhere"]\ninsteadOf=${remote.fileUrl}\n`;
  await writeFile(join(evil, '.gitconfig'), config);
  const hostile = {
    HOME: evil,
    GIT_CONFIG_GLOBAL: join(evil, '.gitconfig'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.hooksPath',
    GIT_CONFIG_VALUE_0: `${evil}/hooks`,
    GIT_DIR: '/nowhere',
    GIT_WORK_TREE: '/nowhere',
    GIT_SSH_COMMAND: join(evil, 'ssh'),
    GIT_EXEC_PATH: '/nowhere',
    EDITOR: join(evil, 'ssh'),
    PAGER: join(evil, 'ssh'),
  };
  await remote.commit({ '.gitattributes': '*.yaml filter=x text eol=crlf ident\n', 'a.yaml': 'a: $Id$\n' });
  const saved = { ...process.env };
  Object.assign(process.env, hostile);
  try {
    const { folder } = await source.sync({ url: remote.fileUrl });
    expect(await read(folder, 'a.yaml')).toBe('a: $Id$\n');
  } finally {
    for (const key of Object.keys(hostile)) delete process.env[key];
    Object.assign(process.env, saved);
  }
  expect(await readdir(evil)).not.toContain('ran');
});

test.each([
  ['missing', 'RepositoryNotFound', /no repository at/],
  ['empty', 'EmptyRepository', /no commits yet/],
  ['branch', 'RefNotFound', /no branch "nope" \(its branches: main\)/],
  ['tag', 'RefNotFound', /no tag "v9"/],
  ['commit', 'RefNotFound', /force-pushed away/],
  ['path', 'InvalidPath', /nothing at spec.path "nope"/],
])('a repository whose %s is wrong is explained as %s', async (what, reason, message) => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  if (what !== 'empty') await remote.commit({ 'a.yaml': 'a: 1\n' });
  const request = {
    missing: { url: `${remote.fileUrl}-missing` },
    branch: { ref: { branch: 'nope' } },
    tag: { ref: { tag: 'v9' } },
    commit: { ref: { commit: 'a'.repeat(40) } },
    path: { path: 'nope' },
  }[what];
  const error = await source.refusal({ url: remote.fileUrl, ...request });
  expect(error).toMatchObject({ name: 'SourceError', reason });
  expect(error.message).toMatch(message);
});

test('file:// is refused unless the operator allows it', async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource({ allowFile: false });
  expect(await source.refusal({ url: remote.fileUrl })).toMatchObject({ reason: 'InvalidUrl' });
});

test('a link out of the repository, a chain of links that leaves it, and a submodule are refused', async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  const url = remote.fileUrl;
  await remote.commit({ 'a.yaml': 'a: 1\n', 'p/q/r.yaml': 'r: 1\n' });
  await remote.commitLink('inside.yaml', 'p/q/r.yaml');
  expect(await read((await source.sync({ url })).folder, 'inside.yaml')).toBe('r: 1\n');

  await remote.commitLink('leak.yaml', '../../../../etc/hostname');
  expect((await source.refusal({ url })).message).toMatch(/leak\.yaml points out of the repository/);
  await remote.commit({ 'leak.yaml': null });

  await remote.commitLink('p/q/up', '../..');
  await remote.commitLink('p/q/chain', 'up/../../..');
  expect((await source.refusal({ url })).message).toMatch(/chain points out of the repository/);
  await remote.commit({ 'p/q/chain': null });

  await remote.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '--quiet', url, 'vendor');
  await remote.commit({});
  expect((await source.refusal({ url })).message).toMatch(/vendor is a submodule/);
});

test('a repository beyond the limits is refused while it arrives, and the copy does not grow further', async () => {
  await using remote = await GitRemote.create();
  const limits = { ...defaultLimits, maxRepositoryBytes: 1_000_000 };
  await using source = await openTestSource({ limits });
  const { randomBytes } = await import('node:crypto');
  await remote.commit({ 'big.bin': randomBytes(3_000_000) });
  expect(await source.refusal({ url: remote.fileUrl })).toMatchObject({ reason: 'RepositoryTooLarge' });
});

test('a source that takes too long is ended at its timeout', async () => {
  await using remote = await GitRemote.create();
  const clock = new VirtualClock();
  await using source = await openTestSource({ clock });
  await remote.commit({ 'a.yaml': 'a: 1\n' });
  const outcome = source.refusal({ url: remote.fileUrl, timeoutMs: 60_000 });
  await clock.advance(60_000);
  expect(await outcome).toMatchObject({ reason: 'Timeout', retriable: true });
});

test('a folder for copies that others may write to is not used', async () => {
  await using remote = await GitRemote.create();
  await using source = await openTestSource();
  await remote.commit({ 'a.yaml': 'a: 1\n' });
  await chmod(source.cache, 0o777);
  expect((await source.refusal({ url: remote.fileUrl })).message).toMatch(/may be written by others/);
});
