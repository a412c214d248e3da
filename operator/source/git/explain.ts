import { SourceError, type SourceErrorReason } from './errors.ts';
import type { GitUrl } from './url.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly reason: SourceErrorReason;
  readonly retriable: boolean;
  /** What it means and what a person can do. */
  readonly say: (url: GitUrl) => string;
}

/** What git, ssh and curl say, in the order in which they must be asked. First match counts. */
const RULES: readonly Rule[] = [
  {
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No .* host key is known/i,
    reason: 'HostKeyRefused',
    retriable: false,
    say: (url) =>
      `the host key of ${url.host} is not the one in known_hosts; compare it with what its owner publishes (ssh-keyscan shows the current one)`,
  },
  {
    pattern: /redirect|returned error: 30\d/i,
    reason: 'FetchFailed',
    retriable: false,
    say: (url) => `${url.host} redirects elsewhere, which is not followed; write the URL it redirects to`,
  },
  {
    pattern:
      /Authentication failed|could not read (Username|Password)|Permission denied|returned error: 40[13]|Load key|incorrect passphrase|invalid credentials|HTTP Basic: Access denied/i,
    reason: 'AuthenticationFailed',
    retriable: false,
    say: (url) =>
      `${url.host || url.path} refused the credentials; check that they are current and may read the repository`,
  },
  {
    pattern: /server certificate verification failed|SSL certificate problem|unable to get local issuer/i,
    reason: 'RemoteUnreachable',
    retriable: false,
    say: (url) => `the TLS certificate of ${url.host} is not trusted; give its authority as ca.crt in the Secret`,
  },
  {
    pattern:
      /Could not resolve host|Connection refused|Connection timed out|Network is unreachable|No route to host|Connection reset|Failed to connect|Couldn't connect|returned error: (5\d\d|429)|Operation too slow|early EOF|unexpected disconnect|hung up unexpectedly|Empty reply|RPC failed|Could not resolve hostname|Connection closed/i,
    reason: 'RemoteUnreachable',
    retriable: true,
    say: (url) => `${url.host || url.path} cannot be reached`,
  },
  {
    pattern:
      /not found|does not appear to be a git repository|returned error: 404|not valid: is this a git repository/i,
    reason: 'RepositoryNotFound',
    retriable: false,
    say: (url) => `there is no repository at ${url.text}, or these credentials may not see it`,
  },
];

/** git's words as a `SourceError`. They are bounded and carry no control character: a remote writes part of them. */
export function explainGitFailure(url: GitUrl, thrown: unknown): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (/ENOENT/.test(text) && /spawn/.test(text)) {
    return new SourceError('GitMissing', 'The git program was not found; install git or correct PATH', {
      cause: thrown,
    });
  }
  const rule = RULES.find(({ pattern }) => pattern.test(text));
  const words = gitWords(text);
  if (!rule) {
    return new SourceError('FetchFailed', `Fetching ${url.text} failed: ${words}`, { retriable: true, cause: thrown });
  }
  const message = `Fetching ${url.text} failed: ${rule.say(url)} (git says: ${words})`;
  return new SourceError(rule.reason, message, { retriable: rule.retriable, cause: thrown });
}

const MAX_WORDS = 300;

function gitWords(text: string): string {
  const lines = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences of the remote are what is removed
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .split(/[\r\n]+/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    .map((line) => line.replace(/[\u0000-\u001f\u007f]/g, ' ').trim())
    .filter((line) => line !== '' && !/^(hint:|Please make sure|and the repository exists)/.test(line));
  const fatal = lines.filter((line) => /^(fatal|error|ssh:|.*Permission denied|remote:)/.test(line));
  const words = (fatal.length > 0 ? fatal : lines).join('; ').replace('; fatal: git ended with an error', '');
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words;
}
