import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IoT } from '@aws-sdk/client-iot';
import { IoTDataPlane } from '@aws-sdk/client-iot-data-plane';
import { IoTJobsDataPlane } from '@aws-sdk/client-iot-jobs-data-plane';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox } from '../../../operator/sandbox/index.ts';
import { loadSnapshot, saveSnapshot } from '../../../operator/sandbox/snapshot.ts';
import { failure, makeCsr, POLICY, REGION, startSandbox } from './support.ts';

describe('faults', () => {
  it('strike before or after the effect: a lost reply leaves the thing there', async () => {
    const { iot, sandbox } = startSandbox();
    sandbox.faults.add({
      operation: 'CreateThing',
      count: 1,
      effect: { kind: 'error', name: 'InternalFailureException', status: 500 },
    });
    expect(await failure(iot.createThing({ thingName: 'a' }))).toMatchObject({
      name: 'InternalFailureException',
      status: 500,
    });
    expect((await iot.listThings({})).things).toEqual([]);
    sandbox.faults.add({
      operation: 'CreateThing',
      count: 1,
      effect: { kind: 'error', name: 'ServiceUnavailableException', status: 503, when: 'after' },
    });
    expect(await failure(iot.createThing({ thingName: 'a' }))).toMatchObject({ status: 503 });
    expect((await iot.listThings({})).things).toHaveLength(1);
    await iot.createThing({ thingName: 'b' });
  });

  it('strike only the resource, account and region they name, skip some and strike so often', async () => {
    const { iot, sandbox, client } = startSandbox();
    sandbox.faults.add({
      operation: '*',
      resource: 'pump',
      region: REGION,
      skip: 1,
      count: 2,
      effect: { kind: 'throttle' },
    });
    await iot.createThing({ thingName: 'pump-1' });
    await iot.createThing({ thingName: 'lamp' });
    await client('eu-west-1').createThing({ thingName: 'pump-2' });
    for (let i = 0; i < 2; i++) {
      expect(await failure(iot.createThing({ thingName: 'pump-2' }))).toMatchObject({
        name: 'ThrottlingException',
        status: 400,
      });
    }
    await iot.createThing({ thingName: 'pump-2' });
    expect(sandbox.faults.list()).toEqual([]);
  });

  it('strike with the given probability', async () => {
    const { iot, sandbox } = startSandbox();
    sandbox.faults.add({ operation: 'ListThings', probability: 0.3, effect: { kind: 'throttle' } });
    let struck = 0;
    for (let i = 0; i < 200; i++) await iot.listThings({}).catch(() => struck++);
    expect(struck).toBeGreaterThan(30);
    expect(struck).toBeLessThan(90);
  });

  it('delay on the sandbox’s clock', async () => {
    const { iot, sandbox, clock } = startSandbox();
    sandbox.faults.add({ operation: 'ListThings', effect: { kind: 'latency', ms: 60_000 } });
    let done = false;
    const call = iot.listThings({}).then(() => {
      done = true;
    });
    await clock.advance(59_999);
    expect(done).toBe(false);
    await clock.advance(1);
    await call;
  });

  it('answer reads with what was true a while ago', async () => {
    const { iot, sandbox, clock } = startSandbox();
    await iot.createThing({ thingName: 'x' });
    sandbox.faults.add({ operation: 'DescribeThing', effect: { kind: 'stale', ms: 30_000 } });
    const version = async () => (await iot.describeThing({ thingName: 'x' })).version;
    expect(await version()).toBe(1);
    await iot.updateThing({ thingName: 'x', attributePayload: { attributes: { a: '1' } } });
    await clock.advance(20_000);
    expect(await version()).toBe(1);
    await clock.advance(20_000);
    expect(await version()).toBe(2);
  });

  it('break the connection, the body and the content type on a real socket, after the effect where asked', async () => {
    const sandbox = createSandbox({ quotas: 'off' });
    const served = await sandbox.listen();
    const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
    const iot = new IoT({ endpoint: served.url, region: REGION, credentials, maxAttempts: 1 });
    const strike = (effect: Parameters<typeof sandbox.faults.add>[0]['effect']) =>
      sandbox.faults.add({ operation: 'CreateThing', count: 1, effect });
    strike({ kind: 'reset' });
    expect((await failure(iot.createThing({ thingName: 'before' }))).message).toMatch(/ECONNRESET|socket hang up/);
    strike({ kind: 'reset', when: 'after' });
    await failure(iot.createThing({ thingName: 'after' }));
    strike({ kind: 'truncate' });
    await failure(iot.createThing({ thingName: 'cut' }));
    strike({ kind: 'content-type', type: 'text/html', body: '<html>Bad gateway</html>', status: 502 });
    expect(await failure(iot.createThing({ thingName: 'html' }))).toMatchObject({ name: 'SyntaxError' });
    expect((await iot.listThings({})).things?.map((t) => t.thingName)).toEqual(['after', 'cut', 'html']);
    expect(sandbox.ledger.entries({ outcome: 'ConnectionReset' })).toHaveLength(2);
    await sandbox.close();
  });
});

describe('quotas', () => {
  it('are AWS’s calls per second, each account and region for itself; ThrottlingException has status 400', async () => {
    const { iot, client, clock, sandbox } = startSandbox({ quotas: {} });
    const burst = async (caller: typeof iot, count: number) => {
      let throttled = 0;
      for (let i = 0; i < count; i++) {
        await caller.listThings({}).catch((error: { name: string; $metadata: { httpStatusCode: number } }) => {
          if (error.name === 'ThrottlingException' && error.$metadata.httpStatusCode === 400) throttled++;
        });
      }
      return throttled;
    };
    expect(await burst(iot, 30)).toBe(20);
    expect(await burst(client('eu-west-1'), 10)).toBe(0);
    expect(await burst(client(REGION, '210987654321'), 10)).toBe(0);
    await clock.advance(500);
    expect(await burst(iot, 10)).toBe(5);
    sandbox.quotas.configure({ scale: 2 });
    await clock.advance(10_000);
    expect(await burst(iot, 30)).toBe(10);
    sandbox.quotas.configure({ overrides: { ListThings: 1 } });
    await clock.advance(1000);
    expect(await burst(iot, 3)).toBe(2);
    sandbox.quotas.configure('off');
    expect(await burst(iot, 50)).toBe(0);
    expect(sandbox.ledger.count({ outcome: 'ThrottlingException' })).toBe(37);
  });

  it('of the data planes are per client, per thing or shared, and their ThrottlingException has status 429', async () => {
    const { sandbox, iot, clock } = startSandbox({ quotas: {} });
    const options = {
      endpoint: 'http://sandbox',
      region: REGION,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
      requestHandler: sandbox.requestHandler() as never,
      maxAttempts: 1,
    };
    const data = new IoTDataPlane(options);
    const jobs = new IoTJobsDataPlane(options);
    const throttled = async (count: number, call: () => Promise<unknown>) => {
      const outcomes = [];
      for (let i = 0; i < count; i++) outcomes.push(await call().catch((e) => [e.name, e.$metadata.httpStatusCode]));
      return outcomes.filter((o) => String(o) === 'ThrottlingException,429').length;
    };
    expect(await throttled(2, () => data.getConnection({ clientId: 'a' }))).toBe(1);
    expect(await throttled(1, () => data.getConnection({ clientId: 'b' }))).toBe(0);
    expect(await throttled(1, () => data.listSubscriptions({ clientId: 'a' }))).toBe(0);
    await clock.advance(1000);
    expect(await throttled(1, () => data.getConnection({ clientId: 'a' }))).toBe(0);
    const payload = Buffer.from('{"state":{}}');
    expect(await throttled(21, () => data.updateThingShadow({ thingName: 'a', payload }))).toBe(1);
    await iot.createThing({ thingName: 't' });
    // The owner's DescribeJobExecution is ten a second; the device's shares 200 with the other reads.
    expect(await throttled(50, () => jobs.getPendingJobExecutions({ thingName: 't' }))).toBe(0);
    expect(await throttled(151, () => jobs.describeJobExecution({ thingName: 't', jobId: '$next' }))).toBe(1);
  });
});

describe('the ledger', () => {
  it('tells who called what when, with what outcome, and whether it changed anything', async () => {
    const { iot, sandbox, clock } = startSandbox();
    await iot.createThing({ thingName: 'x' });
    await clock.advance(1000);
    const since = clock.now();
    await iot.createThing({ thingName: 'x' });
    await iot.describeThing({ thingName: 'y' }).catch(() => {});
    const [repeat, missing] = sandbox.ledger.entries({ since });
    expect(repeat).toMatchObject({
      operation: 'CreateThing',
      outcome: 'ok',
      mutating: true,
      changed: false,
      resource: 'x',
      accessKeyId: 'AKIATEST',
      at: since,
    });
    expect(missing).toMatchObject({
      operation: 'DescribeThing',
      outcome: 'ResourceNotFoundException',
      status: 404,
      mutating: false,
    });
    expect(sandbox.ledger.counts()).toEqual({ CreateThing: 2, DescribeThing: 1 });
    expect(sandbox.ledger.count({ mutating: true, since })).toBe(1);
  });
});

describe('the control endpoint', () => {
  it('reads the ledger, arms faults, sets quotas and moves a virtual clock; mistakes are explained', async () => {
    const { sandbox, clock } = startSandbox();
    const served = await sandbox.listen();
    const control = async (method: string, path: string, body?: unknown) => {
      const answer = await fetch(`${served.url}/_sandbox/${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const { body: armed } = await control('POST', 'faults', {
      operation: 'ListThings',
      count: 1,
      effect: { kind: 'throttle' },
    });
    expect((await control('GET', 'faults')).body.faults).toHaveLength(1);
    expect((await fetch(`${served.url}/things`)).status).toBe(400);
    expect((await control('DELETE', `faults?id=${(armed.ids as number[])[0]}`)).status).toBe(404);
    const ledger = (await control('GET', 'ledger?operation=ListThings&outcome=ThrottlingException')).body;
    expect(ledger.entries).toHaveLength(1);
    const before = clock.now();
    await control('POST', 'clock', { advance: 5000 });
    expect((await control('GET', 'clock')).body).toEqual({ now: before + 5000, virtual: true, speed: 1 });
    expect((await control('POST', 'clock', { speed: 60 })).status).toBe(409);
    expect((await control('PUT', 'quotas', { overrides: { ListThings: 1 } })).status).toBe(200);
    await fetch(`${served.url}/things`);
    expect((await fetch(`${served.url}/things`)).status).toBe(400);
    const bad = await control('POST', 'faults', { operation: 'ListThings', effect: { kind: 'nonsense' } });
    expect(bad.status).toBe(400);
    expect(bad.body.message).toContain('effect.kind');
    expect((await control('GET', 'nothing')).status).toBe(404);
    await sandbox.close();
  });
});

describe('the data plane', () => {
  it('keeps classic and named shadows with versions, deltas and deletions', async () => {
    const { sandbox } = startSandbox();
    const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
    const data = new IoTDataPlane({
      region: REGION,
      endpoint: 'http://sandbox.test',
      credentials,
      requestHandler: sandbox.requestHandler() as never,
      maxAttempts: 1,
    });
    const update = async (state: object, more: object = {}) => {
      const payload = JSON.stringify({ state, ...more });
      const answer = await data.updateThingShadow({ thingName: 't', payload: Buffer.from(payload) });
      return JSON.parse(Buffer.from(answer.payload ?? []).toString()) as Record<string, unknown>;
    };
    expect(await failure(data.getThingShadow({ thingName: 't' }))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
    });
    expect(await update({ desired: { on: true, level: { a: 1, b: 2 } } })).toMatchObject({ version: 1 });
    await update({ reported: { on: false, level: { a: 1 } } }, { clientToken: 'c' });
    const read = async () =>
      JSON.parse(Buffer.from((await data.getThingShadow({ thingName: 't' })).payload ?? []).toString());
    expect(await read()).toMatchObject({ version: 2, state: { delta: { on: true, level: { b: 2 } } } });
    await update({ desired: { level: { b: null }, on: null } }, { version: 2 });
    expect((await read()).state).toEqual({ desired: { level: { a: 1 } }, reported: { on: false, level: { a: 1 } } });
    const late = data.updateThingShadow({ thingName: 't', payload: Buffer.from('{"state":{},"version":1}') });
    expect(await failure(late)).toMatchObject({ name: 'ConflictException', status: 409 });
    const large = data.updateThingShadow({
      thingName: 't',
      payload: Buffer.from(JSON.stringify({ state: { desired: { x: 'y'.repeat(9000) } } })),
    });
    expect(await failure(large)).toMatchObject({ status: 413 });
    await data.updateThingShadow({
      thingName: 't',
      shadowName: 'net',
      payload: Buffer.from('{"state":{"desired":{"a":1}}}'),
    });
    expect((await data.listNamedShadowsForThing({ thingName: 't' })).results).toEqual(['net']);
    await data.deleteThingShadow({ thingName: 't' });
    expect(await update({ desired: {} })).toMatchObject({ version: 4 });
  });

  it('keeps retained messages and knows no connection without a broker', async () => {
    const { sandbox } = startSandbox();
    const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
    const data = new IoTDataPlane({
      region: REGION,
      endpoint: 'http://sandbox.test',
      credentials,
      requestHandler: sandbox.requestHandler() as never,
      maxAttempts: 1,
    });
    await data.publish({ topic: 'a/b', payload: Buffer.from('hello'), retain: true, qos: 1 });
    const message = await data.getRetainedMessage({ topic: 'a/b' });
    expect([Buffer.from(message.payload ?? []).toString(), message.qos]).toEqual(['hello', 1]);
    expect((await data.listRetainedMessages({})).retainedTopics).toMatchObject([{ topic: 'a/b', payloadSize: 5 }]);
    await data.publish({ topic: 'a/b', payload: Buffer.from(''), retain: true });
    expect(await failure(data.getRetainedMessage({ topic: 'a/b' }))).toMatchObject({ status: 404 });
    expect(await failure(data.deleteConnection({ clientId: 'nobody' }))).toMatchObject({ status: 404 });
  });
});

describe('snapshots', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'snapshot-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('bring every account and region back as they were, without keys or credentials', async () => {
    const { iot, sandbox, client } = startSandbox();
    await iot.createThingType({ thingTypeName: 'lamp' });
    await iot.createBillingGroup({ billingGroupName: 'b' });
    await iot.createThing({
      thingName: 'x',
      thingTypeName: 'lamp',
      billingGroupName: 'b',
      attributePayload: { attributes: { a: '1' } },
    });
    const { thingGroupArn = '' } = await iot.createThingGroup({
      thingGroupName: 'g',
      tags: [{ Key: 'k', Value: 'v' }],
    });
    await iot.createThingGroup({ thingGroupName: 'child', parentGroupName: 'g' });
    await iot.addThingToThingGroup({ thingName: 'x', thingGroupName: 'child' });
    const { certificateArn: principal = '' } = await iot.createCertificateFromCsr({
      certificateSigningRequest: makeCsr(),
    });
    await iot.attachThingPrincipal({ thingName: 'x', principal, thingPrincipalType: 'EXCLUSIVE_THING' });
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    await iot.createPolicyVersion({ policyName: 'p', policyDocument: POLICY, setAsDefault: true });
    await iot.attachPolicy({ policyName: 'p', target: principal });
    await iot.createSecurityProfile({ securityProfileName: 's' });
    await iot.attachSecurityProfile({ securityProfileName: 's', securityProfileTargetArn: thingGroupArn });
    await client('eu-west-1', '210987654321').createThing({ thingName: 'far' });
    const look = async (world: typeof iot, far: typeof iot) =>
      [
        await world.describeThing({ thingName: 'x' }),
        await world.listThingPrincipalsV2({ thingName: 'x' }),
        await world.describeThingGroup({ thingGroupName: 'child' }),
        await world.listThingsInThingGroup({ thingGroupName: 'g', recursive: true }),
        await world.listTagsForResource({ resourceArn: thingGroupArn }),
        await world.listTargetsForPolicy({ policyName: 'p' }),
        await world.listPolicyVersions({ policyName: 'p' }),
        await world.listCertificates({}),
        await world.listTargetsForSecurityProfile({ securityProfileName: 's' }),
        await world.listThingsInBillingGroup({ billingGroupName: 'b' }),
        await far.describeThing({ thingName: 'far' }),
      ].map(({ $metadata: _, ...rest }) => rest);
    const before = await look(iot, client('eu-west-1', '210987654321'));
    const path = join(folder, 'state');
    await saveSnapshot(sandbox, path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).not.toMatch(/PRIVATE KEY|secret/i);
    const again = startSandbox();
    await loadSnapshot(again.sandbox, path);
    expect(await look(again.iot, again.client('eu-west-1', '210987654321'))).toEqual(before);
    // What refuses deletion before refuses it after.
    await again.iot.deprecateThingType({ thingTypeName: 'lamp' });
    expect(await failure(again.iot.deleteThingType({ thingTypeName: 'lamp' }))).toMatchObject({ status: 400 });
    expect((await again.iot.createPolicyVersion({ policyName: 'p', policyDocument: POLICY })).policyVersionId).toBe(
      '3',
    );
  });

  it.each([
    { text: '', reason: 'empty' },
    { text: '{"format":"other"}\n', reason: 'not a snapshot' },
    { text: '{"format":"fleetward-sandbox","version":99}\n', reason: 'of a newer version' },
    { text: '{"format":"fleetward-sandbox","version":1}\n{"acc', reason: 'cut off' },
  ])('are refused when the file is $reason', async ({ text }) => {
    const path = join(folder, 'bad');
    writeFileSync(path, text);
    await expect(loadSnapshot(startSandbox().sandbox, path)).rejects.toThrow(path);
  });
});
