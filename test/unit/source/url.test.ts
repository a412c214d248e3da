import { describe, expect, test } from 'vitest';
import { checkCredentials, credentialsFrom } from '../../../operator/source/git/auth.ts';
import { explainGitFailure } from '../../../operator/source/git/explain.ts';
import { parseGitUrl } from '../../../operator/source/git/url.ts';

describe('the URL of a source', () => {
  test.each([
    ['https://github.com/acme/fleet.git', 'https', 'github.com', 'the usual form'],
    ['ssh://git@github.com/acme/fleet.git', 'ssh', 'github.com', 'a user name is part of an ssh URL'],
    ['ssh://git@git.example.com:2222/fleet', 'ssh', 'git.example.com:2222', 'ports are kept'],
    ['file:///srv/fleet%20a', 'file', '', 'a local repository, decoded'],
    ['http://127.0.0.1:3000/fleet', 'http', '127.0.0.1:3000', 'plain http for a server on this machine'],
    ['git@github.com:acme/fleet.git', 'ssh', 'github.com', 'the scp form that forges show'],
    ['https://[::1]:8443/fleet', 'https', '[::1]:8443', 'IPv6'],
  ])('%s is accepted: %s', (text, protocol, host) => {
    expect(parseGitUrl(text)).toMatchObject({ text, protocol, host });
  });

  test.each([
    ['git@-oProxyCommand=evil:fleet', /only https/, 'an option in scp form'],
    ['-l@github.com:acme/fleet.git', /only https/, 'the same as the user'],
    ['git@host:--upload-pack=evil', /only https/, 'the same as the path'],
    ['ext::sh -c touch% /tmp/pwned', /spaces|known/, 'a helper transport runs commands'],
    ['ext::sh', /only https/, 'the same without a space'],
    ['fd::17', /only https/, 'another helper transport'],
    ['git://github.com/acme/fleet', /only https/, 'the git protocol authenticates nobody'],
    ['ftp://example.com/fleet', /only https/, 'old transports'],
    ['https://user:hunter2@example.com/fleet', /carries a password/, 'a password would show in status'],
    ['https://user@example.com/fleet', /user name/, 'half a login'],
    ['https://example.com/fleet?ref=main', /spec\.ref/, 'the ref belongs elsewhere'],
    ['https://example.com/fleet#main', /spec\.ref/, 'the ref belongs elsewhere'],
    ['ssh://-oProxyCommand=evil/fleet', /host name|only https/, 'a host that ssh would read as an option'],
    ['ssh://-l@example.com/fleet', /user name/, 'a user that ssh would read as an option'],
    ['file://server/share', /names a host/, 'file has no host'],
    ['https://example.com/', /names no repository/, 'no path'],
    ['--upload-pack=/bin/sh', /only https/, 'an option instead of a URL'],
    ['https://example.com/a\nb', /control characters/, 'a line break'],
    ['', /empty/, 'nothing'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseGitUrl(text)).toThrow(message);
  });

  test('a refusal never repeats the password', () => {
    expect(() => parseGitUrl('https://user:hunter2@example.com/fleet')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

describe('credentials', () => {
  const https = parseGitUrl('https://example.com/fleet');
  const http = parseGitUrl('http://example.com/fleet');
  const ssh = parseGitUrl('ssh://git@example.com/fleet');

  test.each([
    [https, {}, /lacks password/, 'an empty Secret'],
    [ssh, { identity: 'k' }, /lacks known_hosts/, 'an SSH key without host keys trusts anybody'],
    [ssh, {}, /lacks identity and known_hosts/, 'every missing key is named at once'],
  ])('%o with %o is refused by %o: %s', (url, data, message, _reason) => {
    expect(() => credentialsFrom(url, data, 'Secret default/git')).toThrow(message);
  });

  test('a token without a user name gets one that the forges accept', () => {
    const { auth } = credentialsFrom(https, { token: 't0ken\n' }, 'Secret');
    expect(auth).toEqual({ kind: 'token', username: 'git', token: 't0ken' });
  });

  test('a token does not travel over plain http, except on this machine', () => {
    const credentials = { auth: { kind: 'token', username: 'git', token: 't' } } as const;
    expect(() => checkCredentials(http, credentials)).toThrow(/clear text/);
    expect(() => checkCredentials(parseGitUrl('http://127.0.0.1:3000/f'), credentials)).not.toThrow();
    expect(() => checkCredentials(parseGitUrl('http://127.0.0.1.evil.example/f'), credentials)).toThrow(/clear text/);
  });

  test('ssh without a key says which flags and keys are needed', () => {
    expect(() => checkCredentials(ssh, { auth: { kind: 'none' } })).toThrow(/--git-ssh-key/);
  });
});

describe("git's words", () => {
  const url = parseGitUrl('https://example.com/fleet');

  test.each([
    ['fatal: Authentication failed for x', 'AuthenticationFailed', false],
    [
      "fatal: could not read Username for 'https://example.com': terminal prompts disabled",
      'AuthenticationFailed',
      false,
    ],
    ['fatal: unable to access: Could not resolve host: example.com', 'RemoteUnreachable', true],
    ['fatal: unable to access: The requested URL returned error: 503', 'RemoteUnreachable', true],
    ["fatal: repository 'https://example.com/fleet/' not found", 'RepositoryNotFound', false],
    ['fatal: the sky is falling', 'FetchFailed', true],
    ['spawn git ENOENT', 'GitMissing', false],
  ])('"%s" becomes %s', (text, reason, retriable) => {
    expect(explainGitFailure(url, new Error(text))).toMatchObject({ reason, retriable });
  });

  test("a remote's terminal sequences and length do not reach the message", () => {
    const { message } = explainGitFailure(url, new Error(`fatal: \u001b[31mred\u0007 ${'x'.repeat(5000)}`));
    expect(message.length).toBeLessThan(500);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
    expect(message).not.toMatch(/[\u0000-\u001f]/);
  });
});
