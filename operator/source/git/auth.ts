import { SourceError } from './errors.ts';
import { type GitUrl, isLoopback } from './url.ts';

/** How git proves who it is. Values are secrets: they reach git by askpass or by a private file, never as arguments. */
export type GitAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly username: string; readonly token: string }
  | { readonly kind: 'ssh'; readonly privateKey: string; readonly knownHosts: string };

export interface GitCredentials {
  readonly auth: GitAuth;
  /** PEM certificates of a private certificate authority, for https. */
  readonly ca?: string | undefined;
}

export const noCredentials: GitCredentials = { auth: { kind: 'none' } };

/** Keys of a Secret as Flux and kubectl users know them; values already decoded. */
export type SecretData = Readonly<Record<string, string>>;

/** GitHub and GitLab ignore the user name that comes with a token, but want one. */
const DEFAULT_USERNAME = 'git';

/**
 * Reads a Secret's keys for one remote: `password` (or `token`) with optional `username` for http(s), `identity` and
 * `known_hosts` for ssh, `ca.crt` (or `caFile`) for a private authority. Missing keys are named.
 */
export function credentialsFrom(url: GitUrl, data: SecretData, where: string): GitCredentials {
  const ca = data['ca.crt'] ?? data.caFile;
  switch (url.protocol) {
    case 'file':
      return noCredentials;
    case 'ssh': {
      const missing = ['identity', 'known_hosts'].filter((key) => !data[key]?.trim());
      if (missing.length > 0) {
        throw new SourceError('InvalidCredentials', `${where} lacks ${missing.join(' and ')}, needed for ${url.host}`);
      }
      return { auth: { kind: 'ssh', privateKey: data.identity!, knownHosts: data.known_hosts! } };
    }
    case 'http':
    case 'https':
      return { auth: tokenFrom(url, data, where), ca };
  }
}

function tokenFrom(url: GitUrl, data: SecretData, where: string): GitAuth {
  const token = (data.password ?? data.token ?? '').trim();
  if (token === '') {
    if (data['ca.crt'] ?? data.caFile) return { kind: 'none' };
    throw new SourceError('InvalidCredentials', `${where} lacks password (or token), needed for ${url.host}`);
  }
  return { kind: 'token', username: data.username?.trim() || DEFAULT_USERNAME, token };
}

/** Refuses what would leak or could never work, before git runs. */
export function checkCredentials(url: GitUrl, { auth }: GitCredentials): void {
  if (auth.kind === 'token' && url.protocol === 'http' && !isLoopback(url)) {
    throw new SourceError(
      'InvalidCredentials',
      `The token for ${url.host} would travel in clear text over http://; use https://`,
    );
  }
  if (auth.kind === 'ssh' && /ENCRYPTED/.test(auth.privateKey)) {
    throw new SourceError('InvalidCredentials', `The SSH key for ${url.host} has a passphrase; use one without`);
  }
  if (url.protocol === 'ssh' && auth.kind !== 'ssh') {
    throw new SourceError(
      'InvalidCredentials',
      `${url.host} needs an SSH key and known hosts: secretRef with identity and known_hosts, or --git-ssh-key and --git-known-hosts`,
    );
  }
  if (auth.kind === 'token' && /[\r\n]/.test(auth.username + auth.token)) {
    throw new SourceError('InvalidCredentials', `The user name or token for ${url.host} has a line break in it`);
  }
}
