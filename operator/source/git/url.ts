import { SourceError } from './errors.ts';

export type GitProtocol = 'file' | 'http' | 'https' | 'ssh';

/** A remote that was checked once; `text` is what git is given. */
export interface GitUrl {
  readonly text: string;
  readonly protocol: GitProtocol;
  /** Empty for file. */
  readonly host: string;
  /** Absolute path for file, else the path on the server. */
  readonly path: string;
}

const PROTOCOLS: Readonly<Record<string, GitProtocol>> = {
  'file:': 'file',
  'http:': 'http',
  'https:': 'https',
  'ssh:': 'ssh',
};

/**
 * Checks a remote's URL before git sees it. Only http(s), ssh and file are known, so that none of git's helper
 * transports (`ext::`, `fd::`) can be named; a password in the URL is refused because URLs end up in status and logs.
 */
export function parseGitUrl(text: string): GitUrl {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (text === '' || text.length > 2048 || /[\u0000-\u0020\u007f]/.test(text)) {
    throw invalid('the URL is empty, too long (2048 characters) or has spaces or control characters in it');
  }
  const scp = /^([a-z0-9_][a-z0-9._-]*)@([a-z0-9][a-z0-9.-]*):([^/-].*|\/[^/].*)$/i.exec(text);
  // What people copy from a forge's page; git reads it as ssh.
  if (scp) return { text, protocol: 'ssh', host: scp[2] ?? '', path: scp[3] ?? '' };
  const helper = /^[\w+.-]+::/.test(text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = url && PROTOCOLS[url.protocol];
  if (!url || !protocol || helper) {
    throw invalid('only https://, http://, ssh:// and file:// URLs are known');
  }
  if (url.password !== '') {
    throw invalid(
      `the URL of ${url.host} carries a password; put it in a Secret (or --git-token-file) and take it out`,
    );
  }
  if (url.username !== '' && protocol !== 'ssh') {
    throw invalid(`the URL of ${url.host} carries a user name; put it in the Secret beside the token`);
  }
  if (url.hash !== '' || url.search !== '') {
    throw invalid(`${text} has a query or fragment; the ref belongs in spec.ref (or --ref)`);
  }
  checkHost(url, protocol);
  const path = protocol === 'file' ? decodeURIComponent(url.pathname) : url.pathname;
  if (path === '' || path === '/') throw invalid(`${text} names no repository`);
  return { text, protocol, host: url.host, path };
}

function checkHost(url: URL, protocol: GitProtocol): void {
  if (protocol === 'file') {
    if (url.host !== '') throw invalid(`write file:///absolute/path: ${url.href} names a host`);
    return;
  }
  // A host or user that begins with a dash would be read as an option by ssh.
  const plain = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9])?)$/i;
  if (!plain.test(url.hostname)) throw invalid(`${url.hostname} is not a host name`);
  if (url.username !== '' && !/^[a-z0-9_][a-z0-9._-]*$/i.test(url.username)) {
    throw invalid(`${url.username} is not a user name`);
  }
}

/** True for a host that is this machine, where a token in clear text does not leave it. */
export function isLoopback(url: GitUrl): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(url.host);
}

function invalid(message: string): SourceError {
  return new SourceError('InvalidUrl', `The source's URL cannot be used: ${message}`);
}
