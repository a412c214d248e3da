import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IoT } from '@aws-sdk/client-iot';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SandboxInfo } from '../../../operator/cli/commands/sandbox.ts';
import { failure } from './support.ts';

const command = fileURLToPath(new URL('../../../operator/cli/commands/sandbox.ts', import.meta.url));
const CODE = `
const { sandboxCommand } = await import(${JSON.stringify(command)});
const io = { stdout: (t) => process.stdout.write(t), stderr: (t) => process.stderr.write(t), isTTY: false, cwd: process.cwd() };
try { process.exitCode = await sandboxCommand(process.argv.slice(1), io); }
catch (error) { process.stderr.write(error.message); process.exitCode = error.exit ?? 2; }
`;

let folder: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-command-'));
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', CODE, '--', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  return child;
}

async function info(child: ChildProcess): Promise<SandboxInfo> {
  const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return JSON.parse(chunk.toString().split('\n')[0] ?? '') as SandboxInfo;
}

async function stop(child: ChildProcess): Promise<number> {
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

describe('fleetward sandbox', () => {
  it('prints one line of JSON for programs; its key works and no other', async () => {
    const printed = await info(start('--output', 'json'));
    expect(printed).toMatchObject({ region: 'us-east-1', account: '123456789012' });
    const client = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
      new IoT({ endpoint: printed.endpoint, region: printed.region, credentials, maxAttempts: 1 });
    await client(printed).createThing({ thingName: 'x' });
    const other = client({ ...printed, secretAccessKey: 'guess' });
    expect(await failure(other.listThings({}))).toMatchObject({ status: 403 });
    expect(readFileSync(printed.caFile, 'utf8')).toContain('BEGIN CERTIFICATE');
    const health = await (await fetch(`${printed.controlEndpoint}health`)).json();
    expect(health).toMatchObject({ status: 'ok', account: '123456789012' });
  });

  it('runs its clock as fast as it is told, at the start and later', async () => {
    const printed = await info(start('--output', 'json', '--speed', '1000'));
    const clock = async (body?: unknown) => {
      const post = { method: 'POST', body: JSON.stringify(body) };
      const answer = await fetch(`${printed.controlEndpoint}clock`, body === undefined ? {} : post);
      return { status: answer.status, ...((await answer.json()) as { now: number; speed: number; message: string }) };
    };
    // Looking at it twice takes a few milliseconds, each worth a second there.
    const [first, second] = [await clock(), await clock()];
    expect(first).toMatchObject({ status: 200, virtual: false, speed: 1000 });
    expect(second.now - first.now).toBeGreaterThan(1);
    expect(await clock({ speed: 0.5 })).toMatchObject({ status: 200, speed: 0.5 });
    expect(await clock({ speed: 0 })).toMatchObject({ status: 400, message: 'speed must be a factor above 0' });
    expect(await clock({ advance: 1 })).toMatchObject({ status: 409 });
  });

  it('keeps its state and authority in files between runs, and serves HTTPS that its CA file vouches for', async () => {
    const args = ['--output', 'json', '--state', 'fleet.json', '--tls'];
    const call = async (printed: SandboxInfo) => {
      const requestHandler = new NodeHttpHandler({ httpsAgent: { ca: readFileSync(printed.caFile, 'utf8') } });
      return new IoT({
        endpoint: printed.endpoint,
        region: printed.region,
        credentials: printed,
        requestHandler,
        maxAttempts: 1,
      });
    };
    const first = start(...args);
    const printed = await info(first);
    const ca = readFileSync(printed.caFile, 'utf8');
    await (await call(printed)).createThing({ thingName: 'kept' });
    expect(await stop(first)).toBe(0);
    expect(existsSync(printed.caFile)).toBe(false);
    expect(statSync(join(folder, 'fleet.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'fleet.json.ca.pem')).mode & 0o777).toBe(0o600);
    const again = await info(start(...args));
    expect(readFileSync(again.caFile, 'utf8')).toBe(ca);
    expect((await (await call(again)).listThings({})).things?.map((t) => t.thingName)).toEqual(['kept']);
  });

  it('prints exports to paste for people', async () => {
    const child = start('--region', 'eu-west-1');
    const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+$/m);
    expect(chunk.toString()).toContain('export AWS_REGION=eu-west-1');
    expect(chunk.toString()).toMatch(/^export AWS_SECRET_ACCESS_KEY=\S+$/m);
  });

  it.each([
    { args: ['--account', '12'], message: 'twelve digits' },
    { args: ['--quotas', 'none'], message: '--quotas' },
    { args: ['--speed', '-1'], message: '--speed' },
    { args: ['--speed', '2', '--clock', 'virtual'], message: '--speed' },
    { args: ['--faults', 'missing.json'], message: 'missing.json' },
    { args: ['--state', 'broken.json'], message: 'broken.json' },
  ])('ends with a message for $args', async ({ args, message }) => {
    writeFileSync(join(folder, 'broken.json'), 'not a snapshot');
    const child = start(...args);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(text).toContain(message);
    expect(code).not.toBe(0);
  });
});
