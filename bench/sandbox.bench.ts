/**
 * The sandbox's speed and memory, beside moto_server on the same machine where that is installed.
 * `node bench/sandbox.bench.ts` prints the figures as JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { createSandbox, type Sandbox, type WireRequest } from '../operator/sandbox/index.ts';
import { SigningKeys, sign } from '../operator/sandbox/wire/sigv4.ts';
import * as der from '../operator/sandbox/x509/der.ts';
import type { BenchResult } from './types.ts';

const SELF = fileURLToPath(import.meta.url);
const COMMAND = fileURLToPath(new URL('../operator/cli/main.ts', import.meta.url));
const KEY = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench', accountId: '123456789012' };
const CLIENTS = 8;
const CALLS = 3000;
const THINGS = 100_000;

interface Prepared {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const keys = new SigningKeys();

/** Signed beforehand, so that the client's own work does not hide the server's. */
function prepare(host: string, method: Prepared['method'], path: string, body: string): Prepared {
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = { host, 'x-amz-date': amzDate, 'content-type': 'application/json' };
  const signedHeaders = ['content-type', 'host', 'x-amz-date'];
  const scope = {
    accessKeyId: KEY.accessKeyId,
    date: amzDate.slice(0, 8),
    region: 'us-east-1',
    service: 'iot',
    signedHeaders,
    signature: '',
  };
  const request: WireRequest = { method, path, headers, body: Buffer.from(body) };
  const signature = sign(request, scope, amzDate, keys.get(KEY.secretAccessKey, scope));
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/${scope.date}/us-east-1/iot/aws4_request, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return { method, path, headers, body };
}

/** Calls per second of several keep-alive clients that work through one list. */
async function rate(url: string, calls: readonly Prepared[]): Promise<number> {
  const pool = new Pool(url, { connections: CLIENTS, pipelining: 1 });
  let next = 0;
  const worker = async () => {
    for (let call = calls[next++]; call; call = calls[next++]) {
      const { statusCode, body } = await pool.request(call);
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${call.path}: HTTP ${statusCode} ${text.slice(0, 200)}`);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, worker));
  const seconds = (performance.now() - start) / 1000;
  await pool.close();
  return calls.length / seconds;
}

interface Speeds {
  readonly createThing: number;
  readonly attachPolicy: number;
}

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:Connect'], Resource: ['*'] }],
});

async function speeds(url: string, calls: number): Promise<Speeds> {
  const { host } = new URL(url);
  const once = async (method: Prepared['method'], path: string, body: unknown) => {
    const { headers, body: text } = prepare(host, method, path, JSON.stringify(body));
    const answer = await fetch(url + path, { method, headers, ...(text !== '{}' && { body: text }) });
    return (await answer.json()) as Record<string, unknown>;
  };
  await once('POST', '/policies/bench', { policyDocument: POLICY });
  const targets: string[] = [];
  for (let i = 0; i < 50; i++) {
    const made = await once('POST', '/certificates?setAsActive=true', { certificateSigningRequest: csr() });
    targets.push(String(made.certificateArn));
  }
  const attributes = JSON.stringify({ attributePayload: { attributes: { site: 'a' } } });
  const things = Array.from({ length: calls }, (_, i) => prepare(host, 'POST', `/things/bench-${i}`, attributes));
  const createThing = await rate(url, things);
  const attach = Array.from({ length: calls }, (_, i) =>
    prepare(host, 'PUT', '/target-policies/bench', JSON.stringify({ target: targets[i % targets.length] })),
  );
  return { createThing, attachPolicy: await rate(url, attach) };
}

function csr(): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8('bench'))));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const info = der.sequence(der.integer(Buffer.from([0])), subject, key, der.context(0));
  const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'));
  return der.pem('CERTIFICATE REQUEST', der.sequence(info, algorithm, der.bits(signBytes('sha256', info, privateKey))));
}

/** Runs this file in another mode; resolves with the process and its first line. */
async function child(mode: string): Promise<{ process: ChildProcess; line: string }> {
  const started = spawn(process.execPath, ['--expose-gc', SELF, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(started.stdout ?? started, 'data')) as [Buffer];
  return { process: started, line: chunk.toString().trim() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Speeds of moto_server; undefined where it is not installed. */
async function motoSpeeds(): Promise<Speeds | undefined> {
  const port = await freePort();
  const moto = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore' });
  const failed = new Promise<'absent'>((resolve) => moto.once('error', () => resolve('absent')));
  const url = `http://127.0.0.1:${port}`;
  try {
    for (let i = 0; i < 100; i++) {
      const answer = await Promise.race([
        fetch(url).then(
          () => 'up' as const,
          () => 'down' as const,
        ),
        failed,
      ]);
      if (answer === 'absent') return undefined;
      if (answer === 'up') return await speeds(url, 500);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return undefined;
  } finally {
    moto.kill();
  }
}

/** The command as a person starts it, until its endpoint answers. */
async function startToAnswer(): Promise<number> {
  const start = performance.now();
  const server = spawn(process.execPath, [COMMAND, 'sandbox', '--output', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = (await once(server.stdout, 'data')) as [Buffer];
  const { controlEndpoint } = JSON.parse(chunk.toString()) as { readonly controlEndpoint: string };
  await (await fetch(`${controlEndpoint}health`)).text();
  const seconds = (performance.now() - start) / 1000;
  server.kill();
  await once(server, 'exit');
  return seconds;
}

async function call(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
  const answer = await sandbox.handle({ method, path, headers: { 'content-type': 'application/json' }, body: bytes });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${String(answer.body)}`);
  return JSON.parse(Buffer.from(answer.body).toString()) as Record<string, unknown>;
}

/** Fills a sandbox with things, a certificate and a policy each, and lists them; prints what it measured. */
async function fleet(): Promise<void> {
  const sandbox = createSandbox({ quotas: 'off', ledgerLimit: 1000 });
  const request = csr();
  for (let i = 0; i < 100; i++) await call(sandbox, 'POST', `/policies/p${i}`, { policyDocument: POLICY });
  for (let i = 0; i < THINGS; i++) {
    const name = `device-${createHash('md5').update(String(i)).digest('hex').slice(0, 8)}-${i}`;
    await call(sandbox, 'POST', `/things/${name}`, {
      attributePayload: { attributes: { site: `s${i % 50}`, serial: String(i) } },
    });
    const { certificateArn } = await call(sandbox, 'POST', '/certificates?setAsActive=true', {
      certificateSigningRequest: request,
    });
    await call(sandbox, 'PUT', `/target-policies/p${i % 100}`, { target: certificateArn });
    const headers = { 'content-type': 'application/json', 'x-amzn-principal': String(certificateArn) };
    await sandbox.handle({ method: 'PUT', path: `/things/${name}/principals`, headers, body: new Uint8Array() });
  }
  const pages: number[] = [];
  let token: unknown;
  let listed = 0;
  do {
    const start = performance.now();
    const next = token === undefined ? '' : `&nextToken=${encodeURIComponent(String(token))}`;
    const page = await call(sandbox, 'GET', `/things?maxResults=250${next}`);
    pages.push(performance.now() - start);
    listed += (page.things as unknown[]).length;
    token = page.nextToken;
  } while (token !== undefined);
  if (listed !== THINGS) throw new Error(`listed ${listed} of ${THINGS} things`);
  // What the fleet needs: a last-resort collection compacts, as the engine does when memory gets short.
  const collect = globalThis.gc as ((options: object) => void) | undefined;
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const rss = process.memoryUsage().rss / 2 ** 20;
  const mean = (part: readonly number[]) => part.reduce((a, b) => a + b, 0) / part.length;
  const growth = mean(pages.slice(-100)) / mean(pages.slice(100, 200));
  process.stdout.write(`${JSON.stringify({ rss, total: pages.reduce((a, b) => a + b, 0), growth })}\n`);
}

async function serve(): Promise<void> {
  const sandbox = createSandbox({ quotas: 'off', credentials: [KEY], ledgerLimit: 1000 });
  const { url } = await sandbox.listen();
  process.stdout.write(`${url}\n`);
}

const compared = (name: string, value: number, moto: number | undefined): BenchResult => ({
  name,
  value,
  unit: 'calls/s',
  better: 'higher',
  ...(moto !== undefined && { baseline: { name: 'moto_server', value: moto }, ratio: value / moto }),
});

const against = (name: string, value: number, unit: string, goal: number): BenchResult => ({
  name,
  value,
  unit,
  better: 'lower',
  baseline: { name: 'goal', value: goal },
  ratio: goal / value,
});

export async function run(): Promise<BenchResult[]> {
  const start = await startToAnswer();
  const { process: server, line } = await child('serve');
  const ours = await speeds(line, CALLS);
  server.kill();
  const moto = await motoSpeeds();
  const filled = await child('fleet');
  const { rss, total, growth } = JSON.parse(filled.line) as { rss: number; total: number; growth: number };
  return [
    against('sandbox: `fleetward sandbox` to its first answer', start, 's', 1),
    compared('sandbox: CreateThing', ours.createThing, moto?.createThing),
    compared('sandbox: AttachPolicy', ours.attachPolicy, moto?.attachPolicy),
    against('sandbox: memory with 100,000 things, certificates and attachments', rss, 'MiB', 500),
    { name: 'sandbox: listing 100,000 things in pages of 250', value: total, unit: 'ms', better: 'lower' },
    against('sandbox: last pages of that list beside early ones', growth, 'times', 1.5),
  ];
}

if (process.argv[1] === SELF) {
  if (process.argv[2] === 'serve') await serve();
  else if (process.argv[2] === 'fleet') await fleet();
  else process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
