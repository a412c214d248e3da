import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { createSandbox, type Sandbox, type WireRequest } from '../../../operator/sandbox/index.ts';
import { type Served, serve } from '../../../operator/sandbox/server.ts';
import { device, group, policy, smallFleet, thingType } from '../../support/fleet.ts';

const MAIN = join(import.meta.dirname, '../../../operator/cli/main.ts');
const objects: KubeObject[] = [...smallFleet(0)];

/** How each writing call of this fleet is told on the wire, before the sandbox has looked at it. */
const CALLS: Readonly<Record<string, RegExp>> = {
  CreatePolicy: /^POST \/policies\/[^/]+$/,
  CreateThingType: /^POST \/thing-types\/[^/]+$/,
  CreateThingGroup: /^POST \/thing-groups\/[^/]+$/,
  CreateThing: /^POST \/things\/[^/]+$/,
  CreateCertificateFromCsr: /^POST \/certificates$/,
  AttachPolicy: /^PUT \/target-policies\/[^/]+$/,
  AttachThingPrincipal: /^PUT \/things\/[^/]+\/principals$/,
  AddThingToThingGroup: /^PUT \/thing-groups\/addThingToThingGroup$/,
  UpdateCertificate: /^PUT \/certificates\/[^/]+$/,
};

type Moment = 'before' | 'after';
const folder = mkdtempSync(join(tmpdir(), 'fleetward-sigkill-'));
const tree = join(folder, 'tree');
const sandbox: Sandbox = createSandbox({ quotas: 'off' });
let served: Served;
let child: ChildProcess | undefined;
let aim: { readonly call: RegExp; readonly moment: Moment; hit: boolean } | undefined;

/** The process is gone before the request has its effect, or after it and before the answer is sent. */
async function handle(request: WireRequest) {
  const path = request.path.split('?')[0] ?? '';
  const target = aim !== undefined && !aim.hit && aim.call.test(`${request.method} ${path}`) ? aim : undefined;
  if (target === undefined) return sandbox.handle(request);
  target.hit = true;
  if (target.moment === 'before') {
    child?.kill('SIGKILL');
    return { status: 500, headers: {}, body: '{}' };
  }
  const answer = await sandbox.handle(request);
  child?.kill('SIGKILL');
  return answer;
}

function operate(): Promise<{
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly text: string;
}> {
  const where = ['--source', tree, '--state', join(folder, 'state'), '--endpoint', served.url];
  const how = ['--once', '--no-quotas', '--timeout', '60s', '--log-level', 'error'];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'test' };
  return new Promise((resolve) => {
    const operator = spawn(process.execPath, [MAIN, 'run', '--standalone', ...where, ...how], { env });
    child = operator;
    let text = '';
    operator.stdout.on('data', (data: Buffer) => (text += data.toString()));
    operator.stderr.on('data', (data: Buffer) => (text += data.toString()));
    operator.on('exit', (code, signal) => resolve({ code, signal, text }));
  });
}

beforeAll(async () => {
  mkdirSync(tree);
  served = await serve({ ...sandbox, handle } as Sandbox, {});
});

afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Something new that needs this call, so that it is made however far the earlier runs came. */
function addWorkFor(call: string, index: number): void {
  const name = `more-${index}`;
  if (call === 'CreatePolicy') objects.push(policy(name));
  else if (call === 'CreateThingType') objects.push(thingType(name));
  else if (call === 'CreateThingGroup') objects.push(group(name));
  else objects.push(device(name, { thingTypeRef: { name: 'press' } }));
  writeFileSync(join(tree, 'fleet.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
}

describe('the operator as a process, killed for real', () => {
  test('at each distinct write, before and after its effect: converges, one certificate per device', {
    timeout: 240_000,
  }, async () => {
    for (const [name, call] of Object.entries(CALLS)) {
      for (const moment of ['before', 'after'] as const) {
        addWorkFor(name, objects.length);
        aim = { call, moment, hit: false };
        const { signal, text } = await operate();
        expect(signal, `${moment} ${name}: ${text}`).toBe('SIGKILL');
      }
    }
    aim = undefined;
    const { code, text } = await operate();
    expect(code, text).toBe(0);
    const devices = objects.filter(({ kind }) => kind === 'Device').length;
    const counts = sandbox.ledger.counts();
    expect(counts.CreateCertificateFromCsr).toBeGreaterThanOrEqual(devices);
    const certificates = sandbox.ledger.count({ operation: 'CreateCertificateFromCsr', changed: true });
    expect(certificates).toBe(devices);
    expect(sandbox.ledger.count({ operation: 'CreateThing', changed: true })).toBe(devices);
    expect(sandbox.ledger.count({ operation: 'DeleteCertificate' })).toBe(0);
  });
});
