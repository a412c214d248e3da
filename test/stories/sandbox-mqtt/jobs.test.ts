import { afterEach, describe, expect, test } from 'vitest';
import { arn, type Bed, documentOf, MINUTE, startBed } from './bed.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

const JOBS = '$aws/things/lamp/jobs';
const OWN = documentOf(
  { Action: 'Connect', Resource: 'client/lamp' },
  { Action: ['Publish', 'Receive'], Resource: `topic/${JOBS}/*` },
  { Action: 'Subscribe', Resource: `topicfilter/${JOBS}/*` },
);

async function start(filters: readonly string[] = [`${JOBS}/notify`, `${JOBS}/notify-next`]) {
  bed = startBed();
  const { certificateId } = await bed.device('lamp', OWN);
  const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
  lamp.subscribe(filters);
  await bed.broker.settle();
  const heard = () =>
    lamp.received
      .splice(0)
      .map(({ topic, payload }) => ({ topic: topic.slice(JOBS.length + 1), body: JSON.parse(payload.toString()) }));
  const send = async (topic: string, body: unknown) => {
    lamp.publish(`${JOBS}/${topic}`, typeof body === 'string' ? body : JSON.stringify(body));
    await bed.broker.settle();
    return heard();
  };
  const create = async (jobId: string, more = {}) => {
    await bed.iot.createJob({ jobId, targets: [arn('thing/lamp')], document: '{"do":1}', ...more });
    await bed.broker.settle();
  };
  return { lamp, heard, send, create };
}

describe('jobs over MQTT', () => {
  test('a device is told of a job, starts it, reports and is told that nothing is left', async () => {
    const { heard, send, create } = await start();
    await bed.logEverything();
    await create('patch');
    expect(heard()).toMatchObject([
      { topic: 'notify', body: { jobs: { QUEUED: [{ jobId: 'patch', versionNumber: 1, executionNumber: 1 }] } } },
      { topic: 'notify-next', body: { execution: { jobId: 'patch', status: 'QUEUED', jobDocument: { do: 1 } } } },
    ]);
    // No answer topic was subscribed to: the answer comes to the sender all the same.
    expect(await send('start-next', { clientToken: 'a', statusDetails: { step: '1' } })).toMatchObject([
      {
        topic: 'start-next/accepted',
        body: { clientToken: 'a', execution: { jobId: 'patch', status: 'IN_PROGRESS', statusDetails: { step: '1' } } },
      },
      { topic: 'notify', body: { jobs: { IN_PROGRESS: [{ jobId: 'patch' }] } } },
    ]);
    const stale = await send('patch/update', { status: 'SUCCEEDED', expectedVersion: 1, clientToken: 'b' });
    expect(stale).toMatchObject([
      {
        topic: 'patch/update/rejected',
        body: {
          code: 'VersionMismatch',
          clientToken: 'b',
          executionState: { status: 'IN_PROGRESS', versionNumber: 2 },
        },
      },
    ]);
    expect(await send('patch/update', { status: 'SUCCEEDED', expectedVersion: '2' })).toMatchObject([
      { topic: 'patch/update/accepted' },
      { topic: 'notify', body: { jobs: {} } },
      { topic: 'notify-next', body: { timestamp: expect.any(Number) } },
    ]);
    expect((await bed.iot.describeJob({ jobId: 'patch' })).job?.status).toBe('COMPLETED');
    expect(bed.logged('UpdateJobExecution').map((e) => [e.status, e.jobId, e.clientId])).toEqual([
      ['Failure', 'patch', 'lamp'],
      ['Success', 'patch', 'lamp'],
    ]);
  });

  test.each([
    { topic: 'nonsense', body: {}, code: 'InvalidTopic' },
    { topic: 'get', body: '{', code: 'InvalidJson' },
    { topic: 'get', body: '[1]', code: 'InvalidJson' },
    { topic: 'missing/get', body: {}, code: 'ResourceNotFound' },
    { topic: 'missing/update', body: { status: 'SUCCEEDED' }, code: 'ResourceNotFound' },
    { topic: 'patch/get', body: { executionNumber: 2 }, code: 'ResourceNotFound' },
    { topic: 'patch/update', body: {}, code: 'InvalidRequest' },
    { topic: 'patch/update', body: { status: 7 }, code: 'InvalidRequest' },
    { topic: 'patch/update', body: { status: 'QUEUED' }, code: 'InvalidRequest' },
    { topic: 'patch/update', body: { status: 'FAILED', statusDetails: { a: 1 } }, code: 'InvalidRequest' },
  ])('$topic with $body is rejected as $code', async ({ topic, body, code }) => {
    const { send, create } = await start([`${JOBS}/nothing`]);
    await create('patch');
    expect(await send(topic, body)).toMatchObject([{ topic: `${topic}/rejected`, body: { code } }]);
  });

  test('a job in progress is next, whatever was queued before it', async () => {
    const { heard, send, create } = await start([`${JOBS}/notify-next`]);
    await create('one');
    await bed.pass(1000);
    await create('two');
    expect(heard().map((e) => e.body.execution.jobId)).toEqual(['one']);
    const told = await send('two/update', { status: 'IN_PROGRESS' });
    expect(told.filter((e) => e.topic === 'notify-next').map((e) => e.body.execution.jobId)).toEqual(['two']);
    const [answer] = await send('start-next', {});
    expect(answer?.body.execution.jobId).toBe('two');
  });

  test('what is over is told as such: a description and a second end', async () => {
    const { send, create } = await start([`${JOBS}/nothing`]);
    await create('patch');
    await send('patch/update', { status: 'SUCCEEDED' });
    expect(await send('patch/get', {})).toMatchObject([{ body: { code: 'TerminalStateReached' } }]);
    expect(await send('patch/update', { status: 'FAILED' })).toMatchObject([
      { body: { code: 'InvalidStateTransition', executionState: { status: 'SUCCEEDED' } } },
    ]);
    expect(await send('$next/get', {})).toMatchObject([{ topic: '$next/get/accepted', body: {} }]);
  });

  test('time alone moves jobs: the start of a schedule, its end, and the step timer', async () => {
    const { lamp, heard, send, create } = await start([`${JOBS}/notify-next`]);
    const wait = async (minutes: number) => {
      for (let i = 0; i < minutes; i++) {
        await bed.pass(MINUTE);
        lamp.ping();
      }
    };
    const startTime = new Date(bed.clock.now() + 40 * MINUTE).toISOString().slice(0, 16);
    const endTime = new Date(bed.clock.now() + 90 * MINUTE).toISOString().slice(0, 16);
    await create('later', { schedulingConfig: { startTime, endTime, endBehavior: 'FORCE_CANCEL' } });
    await wait(39);
    expect(heard()).toEqual([]);
    await wait(1);
    expect(heard()).toMatchObject([{ body: { execution: { jobId: 'later' } } }]);
    await send('start-next', {});
    await wait(50);
    expect(heard()).toMatchObject([{ topic: 'notify-next', body: { timestamp: expect.any(Number) } }]);
    expect((await bed.iot.describeJob({ jobId: 'later' })).job).toMatchObject({ status: 'CANCELED' });
    await create('slow');
    await send('start-next', { stepTimeoutInMinutes: 5 });
    await bed.pass(5 * MINUTE - 1);
    expect((await bed.iot.describeJobExecution({ jobId: 'slow', thingName: 'lamp' })).execution?.status).toBe(
      'IN_PROGRESS',
    );
    await bed.pass(1);
    expect((await bed.iot.describeJobExecution({ jobId: 'slow', thingName: 'lamp' })).execution?.status).toBe(
      'TIMED_OUT',
    );
  });

  test('job events reach a queue once they are enabled', async () => {
    const { send, create } = await start();
    const { QueueUrl = '' } = await bed.sqs.createQueue({ QueueName: 'q' });
    const eventConfigurations = { JOB: { Enabled: true }, JOB_EXECUTION: { Enabled: true } };
    await bed.iot.updateEventConfigurations({ eventConfigurations });
    await create('patch');
    await send('patch/update', { status: 'SUCCEEDED' });
    const { Messages = [] } = await bed.sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    const events = Messages.map((m) => JSON.parse(m.Body ?? '')).filter((e) => /^\$aws\/events\/job/.test(e.topic));
    expect(events).toMatchObject([
      { topic: '$aws/events/jobExecution/patch/succeeded', eventType: 'JOB_EXECUTION', status: 'SUCCEEDED' },
      { topic: '$aws/events/job/patch/completed', eventType: 'JOB', operation: 'completed', status: 'COMPLETED' },
    ]);
  });
});
