/**
 * The sandbox's speed and memory, beside moto_server on the same machine where that is installed.
 * `node bench/sandbox.bench.ts` prints the figures as JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createSandbox, type Sandbox, type WireRequest } from '../operator/sandbox/index.ts';
import { SigningKeys, sign } from '../operator/sandbox/wire/sigv4.ts';
import * as der from '../operator/sandbox/x509/der.ts';
import { cpuMs, drive, type Load, requestBytes } from './keep-alive.ts';
import type { BenchResult } from './types.ts';

const SELF = fileURLToPath(import.meta.url);
const COMMAND = fileURLToPath(new URL('../operator/cli/main.ts', import.meta.url));
const KEY = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench', accountId: '123456789012' };
/** Calls before those that count: both servers load parts on first use, and ours is compiled while it runs. */
const WARM_UP = { ours: 3000, moto: 300 };
const CALLS = { ours: 10_000, moto: 1000 };
const THINGS = 100_000;
const MOTO_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: KEY.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
};

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

interface Speeds {
  readonly createThing: Load;
  readonly attachPolicy: Load;
}

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:Connect'], Resource: ['*'] }],
});

interface Plan {
  readonly warmUp: number;
  readonly calls: number;
}

/** As many policies as a certificate may have. */
const POLICIES = 10;

async function speeds(url: string, pid: number | undefined, { warmUp, calls }: Plan): Promise<Speeds> {
  const { host } = new URL(url);
  const once = async (method: Prepared['method'], path: string, body?: unknown) => {
    const { headers, body: text } = prepare(host, method, path, body === undefined ? '' : JSON.stringify(body));
    const answer = await fetch(url + path, { method, headers, ...(text && { body: text }) });
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  for (let i = 0; i < POLICIES; i++) await once('POST', `/policies/bench-${i}`, { policyDocument: POLICY });
  const request = csr();
  const targets: string[] = [];
  while (targets.length * POLICIES < warmUp + calls) {
    const made = await once('POST', '/certificates?setAsActive=true', { certificateSigningRequest: request });
    targets.push(String(made.certificateArn));
  }
  const measured = async (call: (index: number) => Prepared) => {
    const all = Array.from({ length: warmUp + calls }, (_, i) => {
      const { method, path, headers, body } = call(i);
      return requestBytes(method, path, headers, body);
    });
    await drive(url, all.slice(0, warmUp), pid);
    return drive(url, all.slice(warmUp), pid);
  };
  const attributes = JSON.stringify({ attributePayload: { attributes: { site: 'a' } } });
  const createThing = await measured((i) => prepare(host, 'POST', `/things/bench-${i}`, attributes));
  // Each call attaches something that was not attached before.
  const attachPolicy = await measured((i) => {
    const body = JSON.stringify({ target: targets[Math.floor(i / POLICIES)] });
    return prepare(host, 'PUT', `/target-policies/bench-${i % POLICIES}`, body);
  });
  // A server that answers without doing anything would be fast too.
  const last = warmUp + calls - 1;
  await once('GET', `/things/bench-${last}`);
  const target = encodeURIComponent(targets[Math.floor(last / POLICIES)] ?? '');
  const { policies } = await once('POST', `/attached-policies/${target}`, {});
  if ((policies as unknown[]).length !== POLICIES) throw new Error(`${target} has not all its policies`);
  return { createThing, attachPolicy };
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
  // Without credentials of its own moto may look for some on the network and wait for that.
  const env = { ...process.env, ...MOTO_ENVIRONMENT };
  const moto = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore', env });
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
      if (answer === 'up') return await speeds(url, moto.pid, { warmUp: WARM_UP.moto, calls: CALLS.moto });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return undefined;
  } finally {
    moto.kill();
  }
}

/** The command as a person starts it, until its endpoint answers. */
async function startToAnswer(): Promise<{ readonly seconds: number; readonly cpu: number | undefined }> {
  const start = performance.now();
  const server = spawn(process.execPath, [COMMAND, 'sandbox', '--output', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = (await once(server.stdout, 'data')) as [Buffer];
  const { controlEndpoint } = JSON.parse(chunk.toString()) as { readonly controlEndpoint: string };
  await (await fetch(`${controlEndpoint}health`)).text();
  const seconds = (performance.now() - start) / 1000;
  const cpu = cpuMs(server.pid);
  server.kill();
  await once(server, 'exit');
  return { seconds, cpu };
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
  // The first hundred pages are also those in which the code gets warm.
  const [early, late] = [mean(pages.slice(100, 200)), mean(pages.slice(-100))];
  process.stdout.write(`${JSON.stringify({ rss, total: pages.reduce((a, b) => a + b, 0), early, late })}\n`);
}

async function serve(): Promise<void> {
  const sandbox = createSandbox({ quotas: 'off', credentials: [KEY], ledgerLimit: 1000 });
  const { url } = await sandbox.listen();
  process.stdout.write(`${url}\n`);
}

/** Calls a second, and CPU time of the server per call, which other programs on the machine and the client do not change. */
function compared(name: string, ours: Load, moto: Load | undefined): BenchResult[] {
  const baseline = (value: number) => ({ name: 'moto_server', value });
  const rate: BenchResult = {
    name: `sandbox: ${name}`,
    value: ours.callsPerSecond,
    unit: 'calls/s',
    better: 'higher',
    ...(moto && { baseline: baseline(moto.callsPerSecond), ratio: ours.callsPerSecond / moto.callsPerSecond }),
  };
  const client: BenchResult = {
    name: `sandbox: CPU of the client per ${name}`,
    value: ours.clientCpuMs,
    unit: 'ms',
    better: 'lower',
    ...(moto && { baseline: { name: 'the same client with moto_server', value: moto.clientCpuMs } }),
  };
  if (ours.serverCpuMs === undefined) return [rate, client];
  const cpu: BenchResult = {
    name: `sandbox: CPU of the server per ${name}`,
    value: ours.serverCpuMs,
    unit: 'ms',
    better: 'lower',
    ...(moto?.serverCpuMs !== undefined && {
      baseline: baseline(moto.serverCpuMs),
      ratio: moto.serverCpuMs / ours.serverCpuMs,
    }),
  };
  return [rate, cpu, client];
}

const against = (name: string, value: number, unit: string, goal: number): BenchResult => ({
  name,
  value,
  unit,
  better: 'lower',
  baseline: { name: 'goal', value: goal },
  ratio: goal / value,
});

async function compareSpeeds(): Promise<BenchResult[]> {
  const { process: server, line } = await child('serve');
  const ours = await speeds(line, server.pid, { warmUp: WARM_UP.ours, calls: CALLS.ours });
  server.kill();
  const moto = await motoSpeeds();
  return [
    ...compared('CreateThing', ours.createThing, moto?.createThing),
    ...compared('AttachPolicy', ours.attachPolicy, moto?.attachPolicy),
  ];
}

export async function run(): Promise<BenchResult[]> {
  const start = await startToAnswer();
  const speed = await compareSpeeds();
  const filled = await child('fleet');
  const { rss, total, early, late } = JSON.parse(filled.line) as Record<'rss' | 'total' | 'early' | 'late', number>;
  return [
    against('sandbox: `fleetward sandbox` to its first answer', start.seconds, 's', 1),
    ...(start.cpu === undefined ? [] : [against('sandbox: CPU time until that answer', start.cpu / 1000, 's', 1)]),
    ...speed,
    against('sandbox: memory with 100,000 things, certificates and attachments', rss, 'MiB', 500),
    { name: 'sandbox: listing 100,000 things in pages of 250', value: total, unit: 'ms', better: 'lower' },
    {
      name: 'sandbox: one of the last hundred pages of that list',
      value: late,
      unit: 'ms',
      better: 'lower',
      baseline: { name: 'one of the second hundred', value: early },
      ratio: early / late,
    },
    against('sandbox: last pages of that list beside early ones', late / early, 'times', 1.5),
  ];
}

if (process.argv[1] === SELF) {
  if (process.argv[2] === 'serve') await serve();
  else if (process.argv[2] === 'speeds') process.stdout.write(`${JSON.stringify(await compareSpeeds(), null, 2)}\n`);
  else if (process.argv[2] === 'fleet') await fleet();
  else process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
