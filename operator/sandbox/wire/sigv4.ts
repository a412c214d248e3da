import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Accounts } from '../accounts.ts';
import { AwsError } from '../errors.ts';
import type { WireRequest } from './http.ts';

/** The parts of an Authorization header that name who signs for what. */
export interface SignatureScope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/\s,]{1,128})\/(\d{8})\/([^/\s,]{1,64})\/([^/\s,]{1,64})\/aws4_request, *SignedHeaders=([a-z0-9;_-]{1,2048}), *Signature=([0-9a-f]{64})$/;

/** Reads the Authorization header; undefined when there is none or it is not SigV4. */
export function readScope(request: WireRequest): SignatureScope | undefined {
  const match = AUTHORIZATION.exec((request.headers.authorization ?? '').trim());
  if (!match) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', headers = '', signature = ''] = match;
  return { accessKeyId, date, region, service, signedHeaders: headers.split(';'), signature };
}

const MAX_SKEW_MS = 5 * 60_000;

/** Derived keys by secret, day, region and service: deriving one costs four times the signature itself. */
export class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();

  get(secret: string, scope: Pick<SignatureScope, 'date' | 'region' | 'service'>): KeyObject {
    const name = `${secret}/${scope.date}/${scope.region}/${scope.service}`;
    const known = this.#keys.get(name);
    if (known) return known;
    let key: Buffer | string = `AWS4${secret}`;
    for (const part of [scope.date, scope.region, scope.service, 'aws4_request']) key = hmac(key, part);
    // Callers choose the scope's texts, so the table is bounded.
    if (this.#keys.size >= 1000) this.#keys.clear();
    const derived = createSecretKey(key as Buffer);
    this.#keys.set(name, derived);
    return derived;
  }
}

export interface VerifyOptions {
  readonly accounts: Accounts;
  readonly keys: SigningKeys;
  /** Time that signatures are compared with; the callers' own clocks, so never the sandbox's virtual one. */
  readonly wallClock: () => number;
  /** Time that session expiry is compared with. */
  readonly now: number;
}

/** Throws AWS's error for a request whose signature is missing, malformed, of an unknown key, late or wrong. */
export function verifySignature(request: WireRequest, scope: SignatureScope | undefined, options: VerifyOptions): void {
  if (!request.headers.authorization) {
    throw denied('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  if (!scope) {
    throw denied(
      'IncompleteSignatureException',
      "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters of an AWS4-HMAC-SHA256 signature.",
    );
  }
  const key = options.accounts.key(scope.accessKeyId);
  if (!key || (key.sessionToken ?? '') !== (request.headers['x-amz-security-token'] ?? '')) {
    throw denied('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  if (key.expires !== undefined && key.expires <= options.now) {
    throw denied('ExpiredTokenException', 'The security token included in the request is expired');
  }
  const amzDate = request.headers['x-amz-date'] ?? '';
  checkDate(amzDate, scope, options.wallClock());
  if (!scope.signedHeaders.includes('host')) {
    throw denied('InvalidSignatureException', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const expected = sign(request, scope, amzDate, options.keys.get(key.secretAccessKey, scope));
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(scope.signature))) {
    throw denied(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
}

function checkDate(amzDate: string, scope: SignatureScope, now: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate);
  if (!match)
    throw denied(
      'IncompleteSignatureException',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const signedAt = Date.UTC(year, month - 1, day, hour, minute, second);
  if (!amzDate.startsWith(scope.date)) {
    throw denied(
      'InvalidSignatureException',
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.',
    );
  }
  const compact = () => new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  if (signedAt < now - MAX_SKEW_MS) {
    throw denied(
      'InvalidSignatureException',
      `Signature expired: ${amzDate} is now earlier than ${compact()} - 5 min.`,
    );
  }
  if (signedAt > now + MAX_SKEW_MS) {
    throw denied(
      'InvalidSignatureException',
      `Signature not yet current: ${amzDate} is still later than ${compact()} + 5 min.`,
    );
  }
}

/** The signature that the holder of the derived key would send with this request. */
export function sign(request: WireRequest, scope: SignatureScope, amzDate: string, key: KeyObject): string {
  const canonical = canonicalRequest(request, scope.signedHeaders);
  const credentialScope = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', amzDate, credentialScope, sha256(canonical)].join('\n');
  return createHmac('sha256', key).update(text).digest('hex');
}

function canonicalRequest(request: WireRequest, signedHeaders: readonly string[]): string {
  const mark = request.path.indexOf('?');
  const path = mark < 0 ? request.path : request.path.slice(0, mark);
  const query = mark < 0 ? '' : request.path.slice(mark + 1);
  // Every service but S3 encodes the already encoded path once more.
  const uri = path.split('/').map(encode).join('/');
  const headers = signedHeaders
    .map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`)
    .join('');
  const parts = [request.method, uri || '/', canonicalQuery(query), headers, signedHeaders.join(';')];
  return `${parts.join('\n')}\n${sha256(request.body)}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return (
    query
      .split('&')
      .map((pair): [string, string] => {
        const at = pair.indexOf('=');
        return at < 0 ? [recode(pair), ''] : [recode(pair.slice(0, at)), recode(pair.slice(at + 1))];
      })
      // By name first: comparing whole pairs would let '=' decide between a name and its prefix.
      .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&')
  );
}

function recode(text: string): string {
  try {
    return encode(decodeURIComponent(text.replaceAll('+', '%20')));
  } catch {
    return encode(text);
  }
}

const encode = (text: string) =>
  /^[\w.~-]*$/.test(text)
    ? text
    : encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const sha256 = (data: string | Uint8Array) => hash('sha256', data, 'hex');
const hmac = (key: KeyObject | Buffer | string, data: string) => createHmac('sha256', key).update(data).digest();

function denied(name: string, message: string): AwsError {
  return new AwsError(name, message, {}, 403);
}
