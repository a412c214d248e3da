/**
 * Takes secrets out of what is about to leave the process (log lines, event notes, condition messages). It is the last
 * fence, not the first: code never passes a secret on purpose, but errors of libraries quote requests, URLs and headers.
 */

export const REDACTED = '[redacted]';

/** Field names whose value is never shown, whatever it holds. Compared in lower case without `-` and `_`. */
const SECRET_KEYS = new Set([
  'privatekey',
  'keypem',
  'secretaccesskey',
  'sessiontoken',
  'securitytoken',
  'xamzsecuritytoken',
  'password',
  'passphrase',
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'token',
  'accesstoken',
  'bearertoken',
  'idtoken',
  'refreshtoken',
  'clientsecret',
  'secret',
  'secretkey',
  'credentials',
]);

type Rule = readonly [pattern: RegExp, replacement: string];

// Every quantifier is bounded or runs over a negated class, so that a hostile message cannot make matching slow.
const RULES: readonly Rule[] = [
  // A whole block, or one cut off before its end: the rest of the text is the key then.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----END )[\s\S])*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?/g,
    '[redacted private key]',
  ],
  // The password of a URL; the user name stays, since it tells which credential was wrong.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,200}):[^\s/@]{1,500}@/gi, `$1:${REDACTED}@`],
  [/\b((?:Bearer|Basic)\s+)[A-Za-z0-9+/=._~-]{8,}/g, `$1${REDACTED}`],
  [/\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|xoxb|xoxp)[_-][A-Za-z0-9_-]{10,}/g, REDACTED],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, REDACTED],
  [
    /(?<![a-z0-9])(secret[_-]?access[_-]?key|session[_-]?token|x-amz-security-token|x-amz-signature|signature|password|passwd|client[_-]?secret|access[_-]?token|private[_-]?key)("?\s{0,3}[=:]\s{0,3}"?)[^\s"',;&)}\]]{4,}/gi,
    `$1$2${REDACTED}`,
  ],
];

/** Quick refusal for the many texts that cannot hold a secret: most lines pay one scan. */
const SUSPICIOUS =
  /PRIVATE KEY|:\/\/[^\s/]*@|Bearer|Basic|\b(?:gh[pousr]|github_pat|glpat|xox[bp])[_-]|eyJ|secret|token|signature|passw|private/i;

/** `text` with private keys, tokens, passwords in URLs and AWS secrets replaced. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  let out = text;
  for (const [pattern, replacement] of RULES) out = out.replace(pattern, replacement);
  return out;
}

const MAX_DEPTH = 6;
const MAX_ITEMS = 50;

/** A copy of `value` that is safe to print: secret keys hidden, texts redacted, depth and length bounded. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) {
    const shown: unknown[] = value.slice(0, MAX_ITEMS).map((item) => redactValue(item, depth + 1));
    if (value.length > MAX_ITEMS) shown.push(`… ${value.length - MAX_ITEMS} more`);
    return shown;
  }
  return redactEntries(value, depth);
}

function redactEntries(value: object, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    out[key] = isSecretKey(key) && item !== undefined && item !== null ? REDACTED : redactValue(item, depth + 1);
  }
  return out;
}

function isSecretKey(key: string): boolean {
  return SECRET_KEYS.has(key.toLowerCase().replaceAll(/[-_]/g, ''));
}

/** Name, message, stack and causes; no other property, because clients hang whole requests on their errors. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = { name: error.name, message: redactText(error.message) };
  if (error.stack !== undefined) out.stack = redactText(error.stack);
  if (error.cause !== undefined && depth < MAX_DEPTH) out.cause = redactValue(error.cause, depth + 1);
  return out;
}
