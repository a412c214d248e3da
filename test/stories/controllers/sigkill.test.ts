import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IoT } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { isWrite, type OperationName, operations } from '../../../operator/aws/operations.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { createSandbox, type Sandbox, type WireRequest } from '../../../operator/sandbox/index.ts';
import { type Served, serve } from '../../../operator/sandbox/server.ts';
import { group, smallFleet } from '../../support/fleet.ts';
import { CAUSES, type Cause, type Tree } from './sigkill-causes.ts';

const MAIN = join(import.meta.dirname, '../../../operator/cli/main.ts');
const MOMENTS = ['before', 'after'] as const;
type Moment = (typeof MOMENTS)[number];
const writes = Object.entries(CAUSES) as [OperationName, Cause][];
const idOf = (name: OperationName, moment: Moment) => `${name.toLowerCase()}-${moment}`;

const folder = mkdtempSync(join(tmpdir(), 'fleetward-sigkill-'));
const manifests = join(folder, 'tree');
const objects = new Map<string, KubeObject>();
/** AWS's clock runs behind by this much. */
let behindMs = 0;
const clock = { ...systemClock, now: () => systemClock.now() - behindMs };
const sandbox: Sandbox = createSandbox({ quotas: 'off', clock });
let served: Served;
let iot: IoT;
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

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly text: string;
}

function operate(): Promise<Ended> {
  writeFileSync(
    join(manifests, 'fleet.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...objects.values()] }),
  );
  const where = ['--source', manifests, '--state', join(folder, 'state'), '--endpoint', served.url];
  const how = ['--once', '--no-quotas', '--timeout', '60s', '--log-level', 'error'];
  const credentials = { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'test' };
  // Some seventy processes start from the same sources: compiled once is enough.
  const env = { ...process.env, ...credentials, NODE_COMPILE_CACHE: join(tmpdir(), 'fleetward-compile-cache') };
  return new Promise((resolve) => {
    const operator = spawn(process.execPath, [MAIN, 'run', '--standalone', ...where, ...how], { env });
    child = operator;
    let text = '';
    operator.stdout.on('data', (data: Buffer) => (text += data.toString()));
    operator.stderr.on('data', (data: Buffer) => (text += data.toString()));
    operator.on('exit', (code, signal) => resolve({ code, signal, text }));
  });
}

const keyOf = (kind: string, name: string) => `${kind}/${name}`;
const tree: Tree = {
  put: (...more) => {
    for (const object of more) objects.set(keyOf(object.kind, object.metadata.name), object);
  },
  drop: (kind, name) => void objects.delete(keyOf(kind, name)),
  get iot() {
    return iot;
  },
  async settle() {
    const { code, text } = await operate();
    expect(code, text).toBe(0);
  },
  async ago(ms, work) {
    behindMs = ms;
    await work().finally(() => {
      behindMs = 0;
    });
  },
};

beforeAll(async () => {
  mkdirSync(manifests);
  served = await serve({ ...sandbox, handle } as Sandbox, {});
  const credentials = { accessKeyId: 'AKIDOTHER', secretAccessKey: 'test' };
  iot = new IoT({ endpoint: served.url, region: sandbox.region, credentials });
  await iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
});

afterAll(async () => {
  iot.destroy();
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

async function killedAt([name, { call, cause }]: (typeof writes)[number], moment: Moment): Promise<void> {
  const id = idOf(name, moment);
  await cause(id, tree);
  aim = { call, moment, hit: false };
  const { signal, text } = await operate();
  expect(signal, `${moment} ${name}: ${text}`).toBe('SIGKILL');
  aim = undefined;
}

describe('the operator as a process, killed for real', () => {
  test('the story has every call that changes something', () => {
    // Only a rollout moves a device from group to group in one call or ends a session, and what is taken off a queue was
    // heard before; the restarts of rollouts have stories of their own.
    const elsewhere: readonly string[] = ['UpdateThingGroupsForThing', 'DeleteMessageBatch', 'DeleteConnection'];
    const all = (Object.keys(operations) as OperationName[]).filter(
      (name) => isWrite(name) && !elsewhere.includes(name),
    );
    expect(writes.map(([name]) => name).sort()).toEqual(all.sort());
  });

  test('at each distinct write, before and after its effect: converges, one certificate per request, nothing lost', {
    timeout: 900_000,
  }, async () => {
    tree.put(...smallFleet(0), group('hall'));
    // What several killed runs in a row could not prune adds up; the guard is for fleets that are small against it.
    for (let index = 0; index < 40; index += 1) tree.put(group(`idle-${index}`));
    for (const [name, { before }] of writes) {
      for (const moment of MOMENTS) tree.put(...(before?.(idOf(name, moment)) ?? []));
    }
    expect(await operate()).toMatchObject({ code: 0 });
    const requested = new Set(requestsOf(objects));
    for (const write of writes) {
      for (const moment of MOMENTS) {
        await killedAt(write, moment);
        for (const one of requestsOf(objects)) requested.add(one);
      }
    }
    const { code, text } = await operate();
    expect(code, text).toBe(0);
    const changed = (operation: string) => sandbox.ledger.count({ operation, changed: true });
    expect(changed('CreateCertificateFromCsr')).toBe(requested.size);
    const { things = [] } = await iot.listThings({});
    expect(things.map(({ thingName }) => thingName).sort()).toEqual(namesOf('Device'));
    expect(changed('CreateThing') - changed('DeleteThing')).toBe(things.length);
    const { thingGroups = [] } = await iot.listThingGroups({ maxResults: 250 });
    expect(thingGroups.map(({ groupName }) => groupName).sort()).toEqual(namesOf('ThingGroup'));
    const { policies = [] } = await iot.listPolicies({});
    expect(policies.map(({ policyName }) => policyName).sort()).toEqual(namesOf('IoTPolicy'));
    expect((await iot.listThingTypes({})).thingTypes?.map(({ thingTypeName }) => thingTypeName).sort()).toEqual(
      namesOf('ThingType'),
    );
    const { certificates = [] } = await iot.listCertificates({ pageSize: 250 });
    expect(certificates.map(({ status }) => status)).toEqual(
      [...objects.values()].flatMap(certificatesOf).map(() => 'ACTIVE'),
    );
  });
});

function certificatesOf({ kind, spec }: KubeObject): readonly { readonly csr?: string }[] {
  return kind === 'Device' ? ((spec as { certificates?: { csr?: string }[] }).certificates ?? []) : [];
}

const requestsOf = (all: ReadonlyMap<string, KubeObject>) =>
  [...all.values()].flatMap(certificatesOf).flatMap(({ csr }) => csr ?? []);

const namesOf = (kind: string) =>
  [...objects.values()]
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name)
    .sort();
