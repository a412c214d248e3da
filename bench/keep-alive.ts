/**
 * Several keep-alive clients that work through requests whose bytes were made beforehand: what they do for a request is
 * one write and finding the end of its answer, so that the figures are the server's. One request at a time on each
 * connection, as the SDKs do it.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

const CLIENTS = 8;
const HEAD_END = Buffer.from('\r\n\r\n');

export interface Load {
  readonly callsPerSecond: number;
  /** CPU time of the server's process per call; undefined where the system does not tell. */
  readonly serverCpuMs: number | undefined;
  /** CPU time of the client, all connections together, per call: far below the server's, or the client is measured. */
  readonly clientCpuMs: number;
}

/** The bytes of one HTTP/1.1 request. */
export function requestBytes(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) });
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`);
}

/** Sends all requests; rejects at the first answer that is not 200 and when none comes for half a minute. */
export async function drive(url: string, requests: readonly Buffer[], serverPid: number | undefined): Promise<Load> {
  const work = requests.values();
  const cpuBefore = cpuMs(serverPid);
  const ownBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, () => client(new URL(url), work)));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(ownBefore);
  const cpuAfter = cpuMs(serverPid);
  return {
    clientCpuMs: (user + system) / 1000 / requests.length,
    callsPerSecond: requests.length / seconds,
    serverCpuMs:
      cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / requests.length,
  };
}

/** One connection at a time: kept while the server keeps it, and opened again where the server closes it with each answer. */
async function client(url: URL, work: Iterator<Buffer>): Promise<void> {
  for (let left = true; left; ) left = await connection(url, work);
}

/** Resolves with false when no work is left, with true when the server announced that it closes the connection. */
function connection(url: URL, work: Iterator<Buffer>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true });
    let received: Buffer = Buffer.alloc(0);
    const end = (left: boolean) => {
      socket.destroy();
      resolve(left);
    };
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(why));
    };
    const next = () => {
      const { value, done } = work.next();
      if (done) end(false);
      else socket.write(value);
    };
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = read(received);
      if (!answer) return;
      if (answer.status !== '200') return fail(received.toString('utf8', 0, 600));
      received = Buffer.alloc(0);
      if (answer.closes) end(true);
      else next();
    });
    socket.setTimeout(30_000, () => fail('no answer for half a minute'));
    socket.once('error', reject);
    socket.once('end', () => fail('the server closed the connection instead of answering'));
    socket.once('connect', next);
  });
}

interface AnswerHead {
  readonly status: string;
  readonly closes: boolean;
}

/** Undefined while the answer is not complete. */
function read(bytes: Buffer): AnswerHead | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without content-length: ${head}`);
  if (bytes.length < headEnd + HEAD_END.length + Number(length)) return undefined;
  return { status: head.slice(9, 12), closes: /\r\nconnection: *close/i.test(head) };
}

const TICKS_PER_SECOND = 100;

/** User and system time of a process so far, from Linux's /proc. */
export function cpuMs(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
