import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleGit } from 'simple-git';
import { checkCredentials, type GitCredentials } from './auth.ts';
import { SourceError } from './errors.ts';
import type { GitUrl } from './url.ts';

/** How git is run; the same for every source of one operator. */
export interface GitSettings {
  /** PATH for git and its helpers (ssh, git-remote-https). */
  readonly searchPath: string;
  /** http(s) proxy; the operator's own environment is not inherited. */
  readonly proxy?: string | undefined;
  /** Name of the git binary; default git. */
  readonly binary?: string | undefined;
}

export interface GitSessionOptions {
  readonly settings: GitSettings;
  /** An existing folder of ours; the session's private files live in it and go with it. */
  readonly cache: string;
  readonly url: GitUrl;
  readonly credentials: GitCredentials;
  readonly signal: AbortSignal;
}

/** git, for one remote and one errand. `close` removes every private file. */
export interface GitSession {
  run(folder: string, args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** Name prefix of the private folders, so that a start after SIGKILL finds what the last process left. */
export const PRIVATE_PREFIX = 'private-';

/**
 * The only place that decides what git's processes see. Nothing is inherited: no variable of ours, no configuration of
 * the user or the system, no hook, no helper, no agent, no prompt. One protocol is allowed, the one of the URL. A
 * token goes through askpass, so that it is in no argument list and no file; keys are private files for as long as
 * the errand lasts.
 *
 * `unsafe` and `allowEnvironment` name what simple-git would refuse: each value behind them is written here, none
 * comes from a FleetSource.
 */
export async function openGit(options: GitSessionOptions): Promise<GitSession> {
  checkCredentials(options.url, options.credentials);
  await mkdir(options.cache, { recursive: true, mode: 0o700 });
  const home = await mkdtemp(join(options.cache, PRIVATE_PREFIX));
  const env = await writeEnvironment(home, options);
  return {
    async run(folder, args) {
      const git = simpleGit({
        baseDir: folder,
        binary: options.settings.binary ?? 'git',
        abort: options.signal,
        maxConcurrentProcesses: 1,
        allowEnvironment: Object.keys(env),
        unsafe: {
          allowUnsafeAskPass: true,
          allowUnsafeConfigPaths: true,
          allowUnsafeSshCommand: true,
        },
        // Without this a failure that says nothing on stderr counts as success.
        errors: (error, result) =>
          error ?? (result.exitCode === 0 ? undefined : Buffer.concat([...result.stdErr, Buffer.from(EXIT_NOTE)])),
      }).env(env);
      return await git.raw([...args]);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

const EXIT_NOTE = '\nfatal: git ended with an error';

async function writeEnvironment(home: string, options: GitSessionOptions): Promise<Record<string, string>> {
  const { url, credentials } = options;
  const config = join(home, 'config');
  const ca = credentials.ca === undefined ? undefined : join(home, 'ca.pem');
  if (ca !== undefined) await writePrivate(ca, credentials.ca ?? '');
  await writePrivate(config, configFile(options, ca));
  const env: Record<string, string> = {
    PATH: options.settings.searchPath,
    HOME: home,
    XDG_CONFIG_HOME: home,
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LFS_SKIP_SMUDGE: '1',
    // Answers nothing unless a token replaces it: git must never wait for a person.
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
  };
  const { auth } = credentials;
  if (auth.kind === 'token') Object.assign(env, await askpass(home, url, auth));
  if (url.protocol === 'ssh') env.GIT_SSH_COMMAND = await sshCommand(home, auth);
  return env;
}

/**
 * A script that answers only for the host the token belongs to. Redirects are off as well; two locks, because a token
 * sent to the wrong host cannot be taken back.
 */
async function askpass(
  home: string,
  url: GitUrl,
  auth: { readonly username: string; readonly token: string },
): Promise<Record<string, string>> {
  const script = join(home, 'askpass');
  const lines = [
    '#!/bin/sh',
    'case "$1" in',
    '  *"//$FLEETWARD_GIT_HOST\'"*|*"@$FLEETWARD_GIT_HOST\'"*) ;;',
    '  *) exit 1 ;;',
    'esac',
    'case "$1" in',
    '  Username*) printf "%s\\n" "$FLEETWARD_GIT_USERNAME" ;;',
    '  Password*) printf "%s\\n" "$FLEETWARD_GIT_TOKEN" ;;',
    '  *) exit 1 ;;',
    'esac',
    '',
  ];
  await writePrivate(script, lines.join('\n'));
  await chmod(script, 0o700);
  return {
    GIT_ASKPASS: script,
    FLEETWARD_GIT_HOST: url.host,
    FLEETWARD_GIT_USERNAME: auth.username,
    FLEETWARD_GIT_TOKEN: auth.token,
  };
}

/** No agent, no user configuration, no question: an unknown or changed host key ends the connection. */
async function sshCommand(home: string, auth: GitCredentials['auth']): Promise<string> {
  if (auth.kind !== 'ssh') throw new SourceError('InvalidCredentials', 'An ssh:// source needs a key and known hosts');
  const key = join(home, 'identity');
  const knownHosts = join(home, 'known_hosts');
  // OpenSSH refuses a key whose last line has no end, which is what most editors of Secrets leave.
  await writePrivate(key, `${auth.privateKey.trimEnd()}\n`);
  await writePrivate(knownHosts, `${auth.knownHosts.trimEnd()}\n`);
  const settings = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'PreferredAuthentications=publickey',
    'ForwardAgent=no',
    'PermitLocalCommand=no',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
  ];
  return ['ssh', '-F', '/dev/null', '-i', key, ...settings.flatMap((s) => ['-o', s])].map(shellQuote).join(' ');
}

function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function configFile({ url, settings, cache }: GitSessionOptions, ca: string | undefined): string {
  const safe = url.protocol === 'file' ? [url.path, `${url.path.replace(/\/+$/, '')}/.git`] : [];
  const lines = [
    '[safe]',
    ...[`${cache}/*`, ...safe].map((folder) => `directory = ${quoted(folder)}`),
    '[protocol]',
    'allow = never',
    `[protocol "${url.protocol}"]`,
    'allow = always',
    '[core]',
    'hooksPath = /dev/null',
    'attributesFile = /dev/null',
    'excludesFile = /dev/null',
    'fsmonitor = false',
    'autocrlf = false',
    'symlinks = true',
    'protectHFS = true',
    'protectNTFS = true',
    'pager = cat',
    '[credential]',
    'helper =',
    '[http]',
    'followRedirects = false',
    'sslVerify = true',
    ...(ca === undefined ? [] : [`sslCAInfo = ${quoted(ca)}`]),
    ...(settings.proxy === undefined ? [] : [`proxy = ${quoted(settings.proxy)}`]),
    '[fetch]',
    'recurseSubmodules = false',
    // One file for each fetch, however small, so that its size can be watched.
    'unpackLimit = 1',
    '[submodule]',
    'recurse = false',
    '[gc]',
    'auto = 0',
    '[maintenance]',
    'auto = false',
    '[pack]',
    'threads = 1',
    '[advice]',
    'detachedHead = false',
    '',
  ];
  return lines.join('\n');
}

/** A value as git-config(5) reads it back. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function writePrivate(path: string, content: string): Promise<void> {
  return writeFile(path, content, { mode: 0o600, flag: 'wx' });
}
