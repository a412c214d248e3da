import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { hasProgram } from './machine.ts';
import { freePort } from './ports.ts';

/** OpenSSH's server, or why a machine cannot play it. FLEETWARD_TEST_SSHD names one that lies elsewhere. */
export function findSshd(): { readonly path: string } | { readonly missing: string } {
  const places = [
    process.env.FLEETWARD_TEST_SSHD ?? '',
    '/usr/sbin/sshd',
    '/usr/local/sbin/sshd',
    '/usr/local/bin/sshd',
  ];
  const path = places.find((place) => place !== '' && existsSync(place));
  if (!path) return { missing: 'no sshd on this machine (Debian: openssh-server; or set FLEETWARD_TEST_SSHD)' };
  const asRoot = process.getuid?.() === 0;
  if (asRoot && path === places[1] && !hasProgram('id', '-u', 'sshd'))
    return { missing: 'sshd as root needs its user "sshd"' };
  if (!hasProgram('ssh', '-V')) return { missing: 'no ssh client on this machine (Debian: openssh-client)' };
  return { path };
}

export interface GitSshServer {
  /** `ssh://user@127.0.0.1:port` */
  readonly url: string;
  readonly privateKey: string;
  readonly knownHosts: string;
  close(): Promise<void>;
}

/** A real sshd that lets one key in, to run git's upload program and nothing else. */
export async function serveGitOverSsh(sshd: string): Promise<GitSshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-sshd-'));
  for (const name of ['host', 'client']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)]);
  }
  const port = await freePort();
  await mkdir('/run/sshd', { recursive: true }).catch(() => {});
  await writeFile(join(folder, 'authorized_keys'), await readFile(join(folder, 'client.pub')), { mode: 0o600 });
  const config = join(folder, 'config');
  await writeFile(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'AcceptEnv GIT_PROTOCOL',
      '',
    ].join('\n'),
  );
  const server = spawn(sshd, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(server);
  const [type, key] = (await readFile(join(folder, 'host.pub'), 'utf8')).split(' ');
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    privateKey: await readFile(join(folder, 'client'), 'utf8'),
    knownHosts: `[127.0.0.1]:${port} ${type} ${key}\n`,
    async close() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listening(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Server listening')) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`sshd ended with ${code}: ${said}`)));
  });
}
