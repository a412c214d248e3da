import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Hosts that may be asked: `host` (port 80 or 443), `host:port`, `*.suffix` with or without a port; or any. */
export type AllowedHosts = 'anything' | readonly string[];

export interface BoundedGetOptions {
  readonly allowed: AllowedHosts;
  /** The whole request, answer included. Default 10 s. */
  readonly timeoutMs?: number;
  /** What is read of an answer. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Default: the system's. */
  readonly resolve?: Resolve;
}

type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

export type GetAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: string;
      /** There was more than is read. */
      readonly cut: boolean;
    }
  /** `why` names the host and nothing else of the address: the rest may hold a token. */
  | { readonly kind: 'refused' | 'failed'; readonly why: string };

export type BoundedGet = (address: string, signal?: AbortSignal) => Promise<GetAnswer>;

/**
 * GET for addresses that somebody with less trust wrote. Only the hosts that the operator's settings name, only http and
 * https, no redirects, no credentials, and never an address of the machine's own metadata service, whatever a name
 * resolves to. Bounded in time and size.
 */
export function boundedGet(options: BoundedGetOptions): BoundedGet {
  const { allowed, timeoutMs = 10_000, maxBytes = 1_048_576 } = options;
  const lookup = guarded(options.resolve ?? systemLookup);
  return async (address, signal) => {
    const url = URL.parse(address);
    if (url === null) return { kind: 'refused', why: 'the address is no URL' };
    const problem = refusal(url, allowed);
    if (problem !== undefined) return { kind: 'refused', why: problem };
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const ends = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
      return await get(url, { signal: ends, maxBytes, lookup });
    } catch (thrown) {
      if (timeout.aborted) return { kind: 'failed', why: `${url.host} gave no answer within ${timeoutMs / 1000} s` };
      return { kind: 'failed', why: `${url.host} cannot be asked: ${codeOf(thrown)}` };
    }
  };
}

function refusal(url: URL, allowed: AllowedHosts): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'only http and https are spoken';
  if (url.username !== '' || url.password !== '') return 'the address holds credentials; take them out';
  const name = bare(url.hostname);
  if (isIP(name) !== 0 && isForbidden(name)) return `${url.hostname} is no address to ask`;
  if (allowed !== 'anything' && !allowed.some((pattern) => fits(pattern, url))) {
    return `the operator's configuration does not allow ${url.host}; add it to allowedCheckHosts`;
  }
  return undefined;
}

function fits(pattern: string, url: URL): boolean {
  const { host, port } = /^(?<host>.*?)(?::(?<port>\d+))?$/.exec(pattern.toLowerCase())?.groups ?? {};
  // An empty port of a URL is the default one of its scheme.
  if ((port ?? '') !== url.port && !(url.port === '' && port === (url.protocol === 'https:' ? '443' : '80')))
    return false;
  if (host === undefined || host === '') return false;
  return host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host;
}

/** Where clouds answer instances who they are, with credentials in hand; and addresses that name no host. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');

function isForbidden(address: string): boolean {
  const mapped = /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.groups?.v4;
  if (mapped !== undefined) return isForbidden(mapped);
  return FORBIDDEN.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** A name is judged by what it resolves to, at the very moment of the connection. */
function guarded(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) {
        callback(error, '', 0);
        return;
      }
      const good = found.filter(({ address }) => !isForbidden(address));
      const [first] = good;
      if (first === undefined) callback(Object.assign(new Error('no address to ask'), { code: 'EFORBIDDEN' }), '', 0);
      else if (options.all === true) callback(null, good);
      else callback(null, first.address, first.family);
    });
  };
}

interface How {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly lookup: LookupFunction;
}

function get(url: URL, { signal, maxBytes, lookup }: How): Promise<GetAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { accept: '*/*', 'user-agent': 'fleetward' };
    const request = send(url, { method: 'GET', signal, lookup, agent: false, headers }, (response) => {
      read(response, maxBytes).then((answer) => {
        request.destroy();
        resolve(answer);
      }, reject);
    });
    request.on('error', reject);
    request.end();
  });
}

async function read(response: IncomingMessage, maxBytes: number): Promise<GetAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  const body = Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
  return { kind: 'answered', status: response.statusCode ?? 0, body, cut: size > maxBytes };
}

/** The code of a system error tells enough; its text may hold the address. */
function codeOf(thrown: unknown): string {
  const { code, name } = thrown as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown error';
}
