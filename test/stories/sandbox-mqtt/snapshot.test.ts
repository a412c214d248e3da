import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { SandboxOptions } from '../../../operator/sandbox/index.ts';
import { loadSnapshot, saveSnapshot } from '../../../operator/sandbox/snapshot.ts';
import { type Bed, documentOf, MINUTE, startBed } from './bed.ts';

const beds: Bed[] = [];
afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.broker.close();
});

function start(options: SandboxOptions = {}): Bed {
  const bed = startBed(options);
  beds.push(bed);
  return bed;
}

/** The process ends and another one starts on its state, at the same time of day. */
async function restart(bed: Bed, options: SandboxOptions = {}): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  try {
    const file = join(folder, 'state');
    await saveSnapshot(bed.sandbox, file);
    const again = start(options);
    await again.clock.advance(bed.clock.now() - again.clock.now());
    await loadSnapshot(again.sandbox, file);
    return again;
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a session outlives the sandbox: its filters, what waits for it, how its connection ended, and its hour', async () => {
  const bed = start();
  const lamp = await bed.device('lamp');
  const persistent = { certificateId: lamp.certificateId, clientId: 'lamp', clean: false };
  const first = bed.broker.device(persistent);
  first.subscribe('a/+');
  await bed.broker.settle();
  first.drop();
  await bed.pass(MINUTE);
  await bed.data.publish({ topic: 'a/1', payload: Buffer.from('waits'), qos: 1 });
  const again = await restart(bed);
  expect(await again.data.getConnection({ clientId: 'lamp' })).toMatchObject({
    connected: false,
    disconnectReason: 'CONNECTION_LOST',
  });
  await again.data.publish({ topic: 'a/2', payload: Buffer.from('too'), qos: 1 });
  const later = await restart(again);
  await later.pass(58 * MINUTE);
  const back = later.broker.device(persistent);
  await later.broker.settle();
  expect(back.connack).toMatchObject({ sessionPresent: true });
  expect(back.received.map(({ topic, payload }) => `${topic} ${payload}`)).toEqual(['a/1 waits', 'a/2 too']);
  await later.data.publish({ topic: 'a/3', payload: Buffer.from('now'), qos: 1 });
  await later.broker.settle();
  expect(back.received).toHaveLength(3);
});

test('a session is over an hour after its connection, also when the sandbox was started anew meanwhile', async () => {
  const bed = start();
  const lamp = await bed.device('lamp');
  const persistent = { certificateId: lamp.certificateId, clientId: 'lamp', clean: false };
  bed.broker.device(persistent).subscribe('a');
  await bed.broker.settle();
  bed.broker.port.disconnect(bed.sandbox.scope(), 'lamp', { cleanSession: false, preventWill: true });
  await bed.pass(40 * MINUTE);
  const again = await restart(bed);
  await again.pass(20 * MINUTE);
  const back = again.broker.device(persistent);
  await again.broker.settle();
  expect(back.connack).toMatchObject({ sessionPresent: false });
});

test('a device that was connected when the state was saved is told as disconnected by the server', async () => {
  const bed = start();
  const lamp = await bed.device('lamp');
  bed.broker.device({ certificateId: lamp.certificateId, clientId: 'lamp', clean: false }).subscribe('a');
  await bed.pass(MINUTE);
  const again = await restart(bed);
  expect(await again.data.getConnection({ clientId: 'lamp' })).toMatchObject({
    connected: false,
    disconnectReason: 'SERVER_INITIATED_DISCONNECT',
    disconnectedSince: again.clock.now(),
  });
  expect((await again.data.listSubscriptions({ clientId: 'lamp' })).subscriptions).toEqual([
    { topicFilter: 'a', qos: 1 },
  ]);
});

test('a policy that was tightened a moment ago takes effect when the broker’s cache turns over, not at a restart', async () => {
  const propagation = { delays: 'realistic' } as const;
  const bed = start(propagation);
  const on = (resource: string) =>
    documentOf({ Action: 'Connect', Resource: 'client/lamp' }, { Action: 'Publish', Resource: resource });
  const lamp = await bed.device('lamp', on('topic/*'));
  const at = { certificateId: lamp.certificateId, clientId: 'lamp' };
  const publishes = async (world: Bed) => {
    const device = world.broker.device(at);
    device.publish('a', 'x');
    await world.broker.settle();
    return device.acknowledged.size === 1;
  };
  expect(await publishes(bed)).toBe(true);
  await bed.edit('lamp', on('topic/b'));
  await bed.pass(MINUTE);
  const again = await restart(bed, propagation);
  expect(await publishes(again)).toBe(true);
  const due = again.broker.cache().nextTurnover() ?? 0;
  expect(due - again.clock.now()).toBeGreaterThan(4 * MINUTE);
  await again.pass(due - again.clock.now() - 1);
  expect(await publishes(again)).toBe(true);
  await again.pass(1);
  expect(await publishes(again)).toBe(false);
});

test('a provisioning claim and the messages of a queue are still there', async () => {
  const bed = start();
  const { QueueUrl = '' } = await bed.sqs.createQueue({ QueueName: 'q' });
  await bed.sqs.sendMessage({ QueueUrl, MessageBody: 'one' });
  await bed.sqs.sendMessage({ QueueUrl, MessageBody: 'two' });
  await bed.sqs.receiveMessage({ QueueUrl });
  await bed.iot.createProvisioningTemplate({
    templateName: 'claims',
    provisioningRoleArn: 'arn:aws:iam::123456789012:role/r',
    enabled: true,
    templateBody: JSON.stringify({
      Resources: {
        certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: 'x', Status: 'Active' } },
      },
    }),
  });
  const claim = await bed.iot.createProvisioningClaim({ templateName: 'claims' });
  const again = await restart(bed);
  expect((await again.sqs.receiveMessage({ QueueUrl })).Messages?.map((m) => m.Body)).toContain('two');
  await again.pass(31_000);
  const bodies = (await again.sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 })).Messages?.map((m) => m.Body);
  expect(bodies).toEqual(expect.arrayContaining(['one', 'two']));
  const at = { certificateId: claim.certificateId ?? '', clientId: 'new' };
  const device = again.broker.device(at);
  await again.broker.settle();
  expect(device.connected).toBe(true);
  await again.pass(5 * MINUTE);
  expect(device.connected).toBe(false);
  const late = again.broker.device(at);
  await again.broker.settle();
  expect(late.connected).toBe(false);
});
