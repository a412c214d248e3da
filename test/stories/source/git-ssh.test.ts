import { execFileSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GitRemote } from '../../support/git.ts';
import { openTestSource } from '../../support/git-source.ts';
import { findSshd, type GitSshServer, serveGitOverSsh } from '../../support/git-ssh.ts';

const found = findSshd();

// The name says why on a machine that cannot play an SSH server, so that a summary does not hide it.
describe.skipIf('missing' in found)(
  `a fleet over SSH${'missing' in found ? ` [skipped: ${found.missing}]` : ''}`,
  () => {
    let remote: GitRemote;
    let server: GitSshServer;
    let url: string;

    beforeAll(async () => {
      remote = await GitRemote.create();
      await remote.commit({ 'fleet/a.yaml': 'a: 1\n' });
      server = await serveGitOverSsh('path' in found ? found.path : '');
      url = `${server.url}${remote.folder}`;
    });

    afterAll(async () => {
      await server?.close();
      await remote?.[Symbol.asyncDispose]();
    });

    const keys = (over: object = {}) => ({
      auth: { kind: 'ssh' as const, privateKey: server.privateKey, knownHosts: server.knownHosts, ...over },
    });

    test('arrives with the key and the known host, and leaves no key behind', async () => {
      await using source = await openTestSource();
      const { folder } = await source.sync({ url, credentials: keys() });
      expect(await readdir(join(folder, 'fleet'))).toEqual(['a.yaml']);
      expect((await readdir(source.cache)).filter((name) => name.startsWith('private-'))).toEqual([]);
    });

    test('is refused when the host key is another one, or unknown', async () => {
      await using source = await openTestSource();
      const scratch = join(source.cache, 'other');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'x', '-f', scratch]);
      const other = execFileSync('cut', ['-d ', '-f1,2', `${scratch}.pub`], { encoding: 'utf8' });
      const wrong = server.knownHosts.replace(/ssh-ed25519 .*/, other.trim());
      for (const knownHosts of [wrong, 'example.com ssh-ed25519 AAAA\n']) {
        const error = await source.refusal({ url, credentials: keys({ knownHosts }) });
        expect(error).toMatchObject({ reason: 'HostKeyRefused', retriable: false });
      }
    });

    test('is refused with a key that the server does not know, without asking anybody', async () => {
      await using source = await openTestSource();
      const scratch = join(source.cache, 'stranger');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'x', '-f', scratch]);
      const privateKey = execFileSync('cat', [scratch], { encoding: 'utf8' });
      await rm(scratch);
      const error = await source.refusal({ url, credentials: keys({ privateKey }) });
      expect(error).toMatchObject({ reason: 'AuthenticationFailed' });
      expect(error.message).not.toContain('PRIVATE KEY');
    });

    test('names the repository that is not there', async () => {
      await using source = await openTestSource();
      expect(await source.refusal({ url: `${url}-missing`, credentials: keys() })).toMatchObject({
        reason: 'RepositoryNotFound',
      });
    });
  },
);
