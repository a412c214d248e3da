import { IoTJobsDataPlane } from '@aws-sdk/client-iot-jobs-data-plane';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SequencedMap } from '../../../operator/sandbox/state/sequenced.ts';
import { failure, REGION, startSandbox } from '../sandbox/support.ts';

const MINUTE = 60_000;
const jobId = 'j';

function start() {
  const bed = startSandbox();
  const device = new IoTJobsDataPlane({
    region: REGION,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    requestHandler: bed.sandbox.requestHandler() as never,
    endpoint: 'https://jobs.example',
    maxAttempts: 1,
  });
  const things = async (count: number) => {
    const made = Array.from({ length: count }, (_, i) => bed.iot.createThing({ thingName: `t${i}` }));
    return (await Promise.all(made)).map(({ thingArn = '' }) => thingArn);
  };
  const report = (thingName: string, status: 'SUCCEEDED' | 'FAILED' | 'IN_PROGRESS') =>
    device.updateJobExecution({ jobId, thingName, status });
  const details = async () => (await bed.iot.describeJob({ jobId })).job;
  return { ...bed, device, things, report, details };
}

describe('a job', () => {
  it('is done by its devices: pending, started, succeeded, and then complete', async () => {
    const { iot, device, things, report, details } = start();
    const targets = await things(2);
    await iot.createJob({ jobId, targets, document: '{"do":1}' });
    const again = await failure(iot.createJob({ jobId, targets, document: '{}' }));
    expect(again).toMatchObject({ name: 'ResourceAlreadyExistsException', status: 409 });
    expect((await device.getPendingJobExecutions({ thingName: 't0' })).queuedJobs).toMatchObject([{ jobId }]);
    const next = await device.startNextPendingJobExecution({ thingName: 't0', statusDetails: { step: 'a' } });
    expect(next.execution).toMatchObject({ jobDocument: '{"do":1}', status: 'IN_PROGRESS' });
    await report('t0', 'SUCCEEDED');
    expect((await failure(report('t0', 'FAILED'))).name).toBe('InvalidStateTransitionException');
    expect(await details()).toMatchObject({ status: 'IN_PROGRESS' });
    await report('t1', 'FAILED');
    expect(await details()).toMatchObject({
      status: 'COMPLETED',
      jobProcessDetails: { numberOfSucceededThings: 1, numberOfFailedThings: 1 },
    });
    const { execution } = await iot.describeJobExecution({ jobId, thingName: 't0' });
    expect(execution).toMatchObject({ statusDetails: { detailsMap: { step: 'a' } } });
  });

  it('cannot be deleted before its end without force', async () => {
    const { iot, things } = start();
    await iot.createJob({ jobId, targets: await things(1), document: '{}' });
    expect(await failure(iot.deleteJob({ jobId }))).toMatchObject({
      name: 'InvalidStateTransitionException',
      status: 409,
    });
    await iot.deleteJob({ jobId, force: true });
    expect((await failure(iot.describeJob({ jobId }))).status).toBe(404);
  });

  it('tells so many things a minute as the exponential rate allows', async () => {
    const { iot, clock, things, details } = start();
    const rateIncreaseCriteria = { numberOfNotifiedThings: 4 };
    await iot.createJob({
      jobId,
      targets: await things(12),
      document: '{}',
      jobExecutionsRolloutConfig: {
        exponentialRate: { baseRatePerMinute: 2, incrementFactor: 2, rateIncreaseCriteria },
      },
    });
    const queued: (number | undefined)[] = [];
    for (let minute = 0; minute < 4; minute++) {
      queued.push((await details())?.jobProcessDetails?.numberOfQueuedThings);
      await clock.advance(MINUTE);
    }
    expect(queued).toEqual([2, 4, 8, 12]);
  });

  it('aborts at the failure threshold: what is queued is canceled, what is in progress runs on', async () => {
    const { iot, things, report, details } = start();
    await iot.createJob({
      jobId,
      targets: await things(4),
      document: '{}',
      abortConfig: {
        criteriaList: [
          { failureType: 'FAILED', action: 'CANCEL', thresholdPercentage: 50, minNumberOfExecutedThings: 2 },
        ],
      },
    });
    await report('t3', 'IN_PROGRESS');
    await report('t0', 'FAILED');
    expect((await details())?.status).toBe('IN_PROGRESS');
    await report('t1', 'FAILED');
    expect(await details()).toMatchObject({
      status: 'CANCELED',
      jobProcessDetails: { numberOfCanceledThings: 1, numberOfInProgressThings: 1, numberOfFailedThings: 2 },
    });
  });

  it('times an execution out, and queues it again as often as its retries allow', async () => {
    const { iot, clock, things, report, details } = start();
    await iot.createJob({
      jobId,
      targets: await things(1),
      document: '{}',
      timeoutConfig: { inProgressTimeoutInMinutes: 5 },
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'TIMED_OUT', numberOfRetries: 1 }] },
    });
    const statuses: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      await report('t0', 'IN_PROGRESS');
      await clock.advance(5 * MINUTE);
      statuses.push((await iot.describeJobExecution({ jobId, thingName: 't0' })).execution?.status);
    }
    expect(statuses).toEqual(['QUEUED', 'TIMED_OUT']);
    expect((await details())?.status).toBe('COMPLETED');
  });

  it('that is continuous reaches things that join its group and lets go of those that leave', async () => {
    const { iot, things, details } = start();
    await things(2);
    const { thingGroupArn = '' } = await iot.createThingGroup({ thingGroupName: 'g' });
    await iot.createJob({ jobId, targets: [thingGroupArn], document: '{}', targetSelection: 'CONTINUOUS' });
    await iot.addThingToThingGroup({ thingName: 't0', thingGroupName: 'g' });
    expect((await details())?.jobProcessDetails).toMatchObject({ numberOfQueuedThings: 1 });
    await iot.removeThingFromThingGroup({ thingName: 't0', thingGroupName: 'g' });
    expect(await details()).toMatchObject({ status: 'IN_PROGRESS', jobProcessDetails: { numberOfRemovedThings: 1 } });
    await iot.cancelJob({ jobId, reasonCode: 'ENOUGH' });
    expect(await details()).toMatchObject({ status: 'CANCELED', reasonCode: 'ENOUGH' });
  });

  it('that a time-out aborts tells nobody any more and stays canceled', async () => {
    const { iot, clock, things, report, details } = start();
    await iot.createJob({
      jobId,
      targets: await things(4),
      document: '{}',
      timeoutConfig: { inProgressTimeoutInMinutes: 2 },
      jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
      abortConfig: {
        criteriaList: [
          { failureType: 'TIMED_OUT', action: 'CANCEL', thresholdPercentage: 50, minNumberOfExecutedThings: 1 },
        ],
      },
    });
    await report('t0', 'IN_PROGRESS');
    await clock.advance(2 * MINUTE);
    await clock.advance(10 * MINUTE);
    expect(await details()).toMatchObject({
      status: 'CANCELED',
      jobProcessDetails: { numberOfTimedOutThings: 1, numberOfCanceledThings: 1, numberOfQueuedThings: 0 },
    });
  });
});

describe('what a call costs', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Entries of tables that are walked over from now on. */
  function countWalked() {
    const walked = { entries: 0 };
    const original = SequencedMap.prototype.entries;
    vi.spyOn(SequencedMap.prototype, 'entries').mockImplementation(function* (this: SequencedMap<unknown>) {
      for (const entry of original.call(this)) {
        walked.entries++;
        yield entry as never;
      }
    });
    return walked;
  }

  it('with a job of six hundred things and ten that are over is what the call is about, not what there is', async () => {
    const { iot, clock, device, details } = start();
    const { thingGroupArn = '' } = await iot.createThingGroup({ thingGroupName: 'g' });
    for (let i = 0; i < 600; i++) {
      await iot.createThing({ thingName: `t${i}` });
      await iot.addThingToThingGroup({ thingName: `t${i}`, thingGroupName: 'g' });
    }
    const targets = [thingGroupArn];
    for (let i = 0; i < 10; i++) {
      await iot.createJob({ jobId: `old-${i}`, targets, document: '{}' });
      await iot.cancelJob({ jobId: `old-${i}` });
    }
    await iot.createJob({
      jobId,
      targets,
      document: '{}',
      targetSelection: 'CONTINUOUS',
      timeoutConfig: { inProgressTimeoutInMinutes: 5 },
    });
    await clock.advance(0);
    const walked = countWalked();
    for (let i = 0; i < 50; i++) {
      await device.startNextPendingJobExecution({ thingName: `t${i}` });
      if (i < 25) await device.updateJobExecution({ jobId, thingName: `t${i}`, status: 'SUCCEEDED' });
      await device.getPendingJobExecutions({ thingName: `t${i}` });
      await iot.removeThingFromThingGroup({ thingName: `t${i + 100}`, thingGroupName: 'g' });
      await iot.addThingToThingGroup({ thingName: `t${i + 100}`, thingGroupName: 'g' });
      await iot.listJobExecutionsForThing({ thingName: `t${i}` });
      await clock.advance(1000);
    }
    await clock.advance(5 * MINUTE);
    expect(await details()).toMatchObject({
      jobProcessDetails: {
        numberOfSucceededThings: 25,
        numberOfTimedOutThings: 25,
        numberOfRemovedThings: 50,
        numberOfQueuedThings: 500,
      },
    });
    expect(walked.entries).toBeLessThan(200);
  });
});
