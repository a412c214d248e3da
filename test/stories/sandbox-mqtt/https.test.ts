import { request as httpsRequest } from 'node:https';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MqttServed } from '../../../operator/sandbox/mqtt/tls.ts';
import { arn, type Bed, documentOf, listener, type Registered, startBed } from './bed.ts';

let bed: Bed;
let served: MqttServed;
beforeEach(async () => {
  bed = startBed();
  served = await bed.broker.listen();
});
afterEach(() => bed.broker.close());

function call(device: Registered, method: string, path: string, body = ''): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: 'localhost',
        port: served.port,
        method,
        path,
        ca: bed.sandbox.world.authority.certificatePem,
        cert: device.cert,
        key: device.key,
        agent: false,
      },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          resolve({ status: reply.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString() || 'null') });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

test('a device publishes over HTTPS with its certificate where its policy allows it', async () => {
  const ear = await listener(bed, ['dt/#']);
  const lamp = await bed.device('lamp', documentOf({ Action: 'Publish', Resource: 'topic/dt/lamp' }));
  expect(await call(lamp, 'POST', '/topics/dt%2Flamp?qos=1', '{"on":true}')).toMatchObject({
    status: 200,
    body: { message: 'OK' },
  });
  expect(await call(lamp, 'POST', '/topics/dt/other', '{}')).toMatchObject({ status: 403 });
  expect(await call(lamp, 'POST', '/topics/dt/lamp?retain=true', '{}')).toMatchObject({ status: 403 });
  await bed.broker.settle();
  expect(ear.heard()).toEqual([{ topic: 'dt/lamp', body: { on: true } }]);
});

test('the shadow actions decide over HTTPS, and what was written is heard over MQTT', async () => {
  const ear = await listener(bed, ['$aws/things/lamp/shadow/#']);
  const lamp = await bed.device(
    'lamp',
    documentOf({ Action: ['GetThingShadow', 'UpdateThingShadow'], Resource: 'thing/lamp' }),
  );
  const desired = JSON.stringify({ state: { desired: { on: true } } });
  expect(await call(lamp, 'GET', '/things/lamp/shadow')).toMatchObject({ status: 404 });
  expect(await call(lamp, 'POST', '/things/lamp/shadow', desired)).toMatchObject({ status: 200, body: { version: 1 } });
  expect(await call(lamp, 'GET', '/things/lamp/shadow')).toMatchObject({ body: { state: { desired: { on: true } } } });
  expect(await call(lamp, 'DELETE', '/things/lamp/shadow')).toMatchObject({ status: 403 });
  expect(await call(lamp, 'GET', '/things/lamp/shadow?name=x')).toMatchObject({ status: 403 });
  await bed.broker.settle();
  expect(ear.heard().map((e) => e.topic.split('/').at(-1))).toEqual(['accepted', 'documents', 'delta']);
});

test('a device gets temporary credentials of the role alias that its policy names', async () => {
  await bed.iot.createRoleAlias({ roleAlias: 'upload', roleArn: 'arn:aws:iam::123456789012:role/upload' });
  const lamp = await bed.device(
    'lamp',
    documentOf({ Action: 'AssumeRoleWithCertificate', Resource: 'rolealias/upload' }),
  );
  expect(await call(lamp, 'GET', '/role-aliases/upload/credentials')).toMatchObject({
    status: 200,
    body: { credentials: { accessKeyId: expect.stringMatching(/^ASIA/), expiration: '2026-01-01T01:00:00Z' } },
  });
  expect(await call(lamp, 'GET', '/role-aliases/other/credentials')).toMatchObject({ status: 403 });
});

test('a device works on its jobs over HTTPS, as the jobs actions of its policy allow', async () => {
  const lamp = await bed.device(
    'lamp',
    documentOf({
      Action: ['iotjobsdata:GetPendingJobExecutions', 'iotjobsdata:UpdateJobExecution'],
      Resource: 'thing/lamp',
    }),
  );
  await bed.iot.createJob({ jobId: 'patch', targets: [arn('thing/lamp')], document: '{"do":1}' });
  expect(await call(lamp, 'GET', '/things/lamp/jobs')).toMatchObject({
    status: 200,
    body: { queuedJobs: [{ jobId: 'patch' }], inProgressJobs: [] },
  });
  expect((await call(lamp, 'PUT', '/things/lamp/jobs/$next', '{}')).status).toBe(403);
  expect((await call(lamp, 'GET', '/things/lamp/jobs/patch')).status).toBe(403);
  expect((await call(lamp, 'POST', '/things/lamp/jobs/patch', '{"status":1}')).status).toBe(400);
  expect((await call(lamp, 'POST', '/things/lamp/jobs/patch', '[')).status).toBe(400);
  expect(await call(lamp, 'POST', '/things/lamp/jobs/patch', '{"status":"SUCCEEDED"}')).toMatchObject({ status: 200 });
  expect((await bed.iot.describeJob({ jobId: 'patch' })).job?.status).toBe('COMPLETED');
});

test('each HTTPS request leaves an entry in the V2 log, and a refused one says why', async () => {
  await bed.logEverything();
  await bed.iot.createRoleAlias({ roleAlias: 'upload', roleArn: 'arn:aws:iam::123456789012:role/upload' });
  const policy = documentOf(
    { Action: 'Publish', Resource: 'topic/dt/lamp' },
    { Action: 'UpdateThingShadow', Resource: 'thing/lamp/*' },
    { Action: 'ListNamedShadowsForThing', Resource: '*' },
    { Action: 'AssumeRoleWithCertificate', Resource: 'rolealias/*' },
  );
  const lamp = await bed.device('lamp', policy);
  await call(lamp, 'POST', '/topics/dt/lamp', '{}');
  await call(lamp, 'POST', '/topics/dt/other', '{}');
  await call(lamp, 'POST', '/things/lamp/shadow?name=state', '{"state":{}}');
  await call(lamp, 'POST', '/things/lamp/shadow?name=state', 'no json');
  await call(lamp, 'GET', '/role-aliases/upload/credentials');
  expect(await call(lamp, 'GET', '/api/things/shadow/ListNamedShadowsForThing/lamp')).toMatchObject({
    body: { results: ['state'] },
  });
  const shown = bed.logged().map((e) => [e.eventType, e.status, e.topicName ?? e.deviceShadowName, e.reason]);
  expect(shown).toEqual([
    ['Publish-In', 'Success', 'dt/lamp', undefined],
    ['Publish-In', 'Failure', 'dt/other', 'AUTHORIZATION_FAILURE'],
    ['UpdateThingShadow', 'Success', 'state', undefined],
    ['UpdateThingShadow', 'Failure', 'state', 'InvalidRequestException'],
    ['GetDeviceCredentials', 'Success', undefined, undefined],
  ]);
  const principals = bed.logged().map((e) => [e.protocol, e.principalId]);
  expect(new Set(principals.map(String))).toEqual(new Set([`HTTP,${lamp.certificateId}`]));
});

test('an unknown path, a broken encoding and a body beyond 128 KB get an answer, an inactive certificate none', async () => {
  const lamp = await bed.device('lamp');
  expect((await call(lamp, 'GET', '/nothing')).status).toBe(404);
  expect((await call(lamp, 'POST', '/topics/%E0%A4%A', '{}')).status).toBe(400);
  expect((await call(lamp, 'POST', '/topics/t', 'x'.repeat(140_000))).status).toBe(413);
  await bed.iot.updateCertificate({ certificateId: lamp.certificateId, newStatus: 'INACTIVE' });
  await expect(call(lamp, 'GET', '/things/lamp/shadow')).rejects.toThrow();
});
