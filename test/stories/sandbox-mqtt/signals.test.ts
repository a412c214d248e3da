import { afterEach, describe, expect, test } from 'vitest';
import { type Bed, documentOf, listener, startBed } from './bed.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

const GROUP = { logGroupName: 'AWSIotLogsV2' };

async function queueBodies(url: string): Promise<Record<string, unknown>[]> {
  const bodies: Record<string, unknown>[] = [];
  for (;;) {
    const { Messages = [] } = await bed.sqs.receiveMessage({ QueueUrl: url, MaxNumberOfMessages: 10 });
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map((m) => JSON.parse(m.Body ?? '')));
    for (const { ReceiptHandle } of Messages) await bed.sqs.deleteMessage({ QueueUrl: url, ReceiptHandle });
  }
}

describe('V2 logs', () => {
  test('nothing is written before V2 logging is set, and the group does not exist', async () => {
    bed = startBed();
    const { certificateId } = await bed.device('lamp');
    bed.broker.device({ certificateId, clientId: 'lamp' });
    await bed.broker.settle();
    expect(bed.logged()).toEqual([]);
    await expect(bed.logs.filterLogEvents(GROUP)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('calls of the data plane and messages that wait for a device are logged, too', async () => {
    bed = startBed();
    await bed.logEverything();
    const { certificateId } = await bed.device('lamp');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp', clean: false });
    lamp.subscribe('t');
    await bed.broker.settle();
    await bed.data.getConnection({ clientId: 'lamp' });
    await bed.data.listSubscriptions({ clientId: 'lamp' });
    await bed.data.deleteConnection({ clientId: 'lamp' });
    await bed.broker.settle();
    await bed.data.sendDirectMessage({ clientId: 'lamp', topic: 't' }).catch(() => {});
    await bed.data.publish({ topic: 't', qos: 1 });
    await bed.broker.settle();
    const calls = bed.logged().filter((e) => e.protocol === 'HTTP' || e.eventType === 'Queued');
    expect(calls.map((e) => [e.eventType, e.status, e.clientId ?? e.topicName])).toEqual([
      ['GetConnection', 'Success', 'lamp'],
      ['ListSubscriptions', 'Success', 'lamp'],
      ['DeleteConnection', 'Success', 'lamp'],
      ['SendDirectMessage', 'Failure', 'lamp'],
      ['Queued', 'Success', 'lamp'],
      ['Publish-In', 'Success', 't'],
    ]);
  });

  test('a level set for one client shows that client only', async () => {
    bed = startBed();
    await bed.iot.setV2LoggingOptions({ roleArn: 'arn:aws:iam::123456789012:role/logs', defaultLogLevel: 'DISABLED' });
    await bed.iot.setV2LoggingLevel({ logTarget: { targetType: 'CLIENT_ID', targetName: 'lamp' }, logLevel: 'INFO' });
    for (const name of ['lamp', 'pump']) {
      const { certificateId } = await bed.device(name);
      bed.broker.device({ certificateId, clientId: name }).publish('t', 'x');
    }
    await bed.broker.settle();
    expect(bed.logged().map((e) => [e.eventType, e.clientId])).toEqual([
      ['Connect', 'lamp'],
      ['Publish-In', 'lamp'],
    ]);
  });

  test('FilterLogEvents finds the failures of one device by a pattern, page by page', async () => {
    bed = startBed();
    await bed.logEverything();
    const allowed = documentOf({ Action: 'Connect', Resource: '*' });
    for (const name of ['lamp', 'pump']) {
      const { certificateId } = await bed.device(name, allowed);
      for (let i = 0; i < 2; i++) {
        bed.broker.device({ certificateId, clientId: name }).publish('secret', 'x');
        await bed.pass(1000);
      }
    }
    const filterPattern = '{ $.status = "Failure" && $.clientId = "lamp" && $.eventType = "Publish-*" }';
    const first = await bed.logs.filterLogEvents({ ...GROUP, filterPattern, limit: 1 });
    const second = await bed.logs.filterLogEvents({ ...GROUP, filterPattern, nextToken: first.nextToken });
    const messages = [...(first.events ?? []), ...(second.events ?? [])].map((e) => JSON.parse(e.message ?? ''));
    expect(messages).toMatchObject([
      { clientId: 'lamp', topicName: 'secret', reason: 'AUTHORIZATION_FAILURE', details: 'Authorization Failure' },
      { clientId: 'lamp', topicName: 'secret', logLevel: 'ERROR' },
    ]);
    await expect(bed.logs.filterLogEvents({ ...GROUP, filterPattern: '{ $.a > 1 }' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const { logStreams } = await bed.logs.describeLogStreams(GROUP);
    expect(logStreams?.map((s) => s.logStreamName)).toEqual(['lamp', 'pump']);
    const one = await bed.logs.getLogEvents({ ...GROUP, logStreamName: 'pump', startFromHead: true });
    expect(one.events?.map((e) => JSON.parse(e.message ?? '').eventType)).toEqual([
      'Connect',
      'Publish-In',
      'Disconnect',
      'Connect',
      'Publish-In',
      'Disconnect',
    ]);
  });
});

describe('queues', () => {
  test('a queue gets lifecycle events, enabled registry events and records of mutating calls', async () => {
    bed = startBed();
    const { QueueUrl: url = '' } = await bed.sqs.createQueue({ QueueName: 'signals' });
    await bed.iot.updateEventConfigurations({ eventConfigurations: { THING: { Enabled: true } } });
    const { certificateId } = await bed.device('lamp');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
    await bed.broker.settle();
    lamp.disconnect();
    await bed.broker.settle();
    const bodies = await queueBodies(url);
    expect(bodies.filter((b) => typeof b.topic === 'string')).toMatchObject([
      { topic: '$aws/events/thing/lamp/created', eventType: 'THING_EVENT', operation: 'CREATED', thingName: 'lamp' },
      {
        topic: '$aws/events/presence/connected/lamp',
        eventType: 'connected',
        principalIdentifier: certificateId,
        versionNumber: 0,
      },
      {
        topic: '$aws/events/presence/disconnected/lamp',
        clientInitiatedDisconnect: true,
        disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
        versionNumber: 1,
      },
    ]);
    const records = bodies.flatMap((b) => (b.source === 'aws.iot' ? [b.detail as Record<string, unknown>] : []));
    expect(records.map((r) => r.eventName)).toEqual([
      'UpdateEventConfigurations',
      'CreateThing',
      'CreateCertificateFromCsr',
      'CreatePolicy',
      'AttachPolicy',
      'AttachThingPrincipal',
    ]);
    expect(records[4]).toMatchObject({ requestParameters: { policyName: 'lamp' }, userIdentity: { type: 'IAMUser' } });
  });

  test('a message that is not deleted comes back when its visibility is over', async () => {
    bed = startBed();
    const { QueueUrl = '' } = await bed.sqs.createQueue({ QueueName: 'q' });
    await bed.sqs.sendMessage({ QueueUrl, MessageBody: 'hello' });
    const receive = () => bed.sqs.receiveMessage({ QueueUrl, VisibilityTimeout: 20, AttributeNames: ['All'] });
    const first = await receive();
    expect((await receive()).Messages).toBeUndefined();
    await bed.pass(20_000);
    const again = await receive();
    expect(again.Messages?.[0]).toMatchObject({ Body: 'hello', Attributes: { ApproximateReceiveCount: '2' } });
    await bed.sqs.deleteMessage({ QueueUrl, ReceiptHandle: first.Messages?.[0]?.ReceiptHandle });
    await bed.pass(20_000);
    expect((await receive()).Messages).toHaveLength(1);
  });

  test('a long poll ends when a message arrives', async () => {
    bed = startBed();
    const { QueueUrl = '' } = await bed.sqs.createQueue({ QueueName: 'q' });
    const waiting = bed.sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
    await bed.pass(1000);
    await bed.sqs.sendMessage({ QueueUrl, MessageBody: 'now' });
    expect((await waiting).Messages?.map((m) => m.Body)).toEqual(['now']);
    await expect(bed.sqs.receiveMessage({ QueueUrl: `${QueueUrl}x` })).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });

  test('registry events reach MQTT subscribers too', async () => {
    bed = startBed();
    const ear = await listener(bed, ['$aws/events/thing/#']);
    await bed.iot.updateEventConfigurations({ eventConfigurations: { THING: { Enabled: true } } });
    await bed.iot.createThing({ thingName: 'pump', attributePayload: { attributes: { a: '1' } } });
    await bed.broker.settle();
    expect(ear.heard()).toMatchObject([{ topic: '$aws/events/thing/pump/created', body: { attributes: { a: '1' } } }]);
  });
});
