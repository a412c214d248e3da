import { IoTJobsDataPlane } from '@aws-sdk/client-iot-jobs-data-plane';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SequencedMap } from '../../../operator/sandbox/state/sequenced.ts';
import { failure, REGION, startSandbox } from '../sandbox/support.ts';

const MINUTE = 60_000;
const jobId = 'j';

function start(options: Parameters<typeof startSandbox>[0] = {}) {
  const bed = startSandbox(options);
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
        numberOfRemovedThings: 0,
        numberOfQueuedThings: 550,
      },
    });
    expect(walked.entries).toBeLessThan(200);
  });
});

describe('a continuous job', () => {
  it('is told again to a thing that comes back to the group, with its retries anew', async () => {
    const { iot, report, details } = start();
    const { thingGroupArn = '' } = await iot.createThingGroup({ thingGroupName: 'g' });
    await iot.createThing({ thingName: 't' });
    const both = { thingName: 't', thingGroupName: 'g' };
    await iot.addThingToThingGroup(both);
    await iot.createJob({
      jobId,
      targets: [thingGroupArn],
      document: '{}',
      targetSelection: 'CONTINUOUS',
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 1 }] },
    });
    await report('t', 'FAILED');
    const execution = async () => (await iot.listJobExecutionsForThing({ thingName: 't' })).executionSummaries?.[0];
    expect((await execution())?.jobExecutionSummary).toMatchObject({ status: 'QUEUED', retryAttempt: 1 });
    await iot.removeThingFromThingGroup(both);
    expect(await details()).toMatchObject({ jobProcessDetails: { numberOfRemovedThings: 1 } });
    await iot.addThingToThingGroup(both);
    expect((await execution())?.jobExecutionSummary).toMatchObject({
      status: 'QUEUED',
      retryAttempt: 0,
      executionNumber: 3,
    });
  });

  it('retries each failure as often as its criterion says, and ten times in all', async () => {
    const { iot, clock, things, report } = start();
    const criteriaList = (['FAILED', 'TIMED_OUT'] as const).map((failureType) => ({ failureType, numberOfRetries: 7 }));
    const job = {
      document: '{}',
      jobExecutionsRetryConfig: { criteriaList },
      timeoutConfig: { inProgressTimeoutInMinutes: 1 as never },
    };
    const targets = await things(2);
    await iot.createJob({ ...job, jobId, targets });
    const attempts = async (thingName: string, end: (attempt: number) => Promise<unknown>) => {
      let count = 0;
      while ((await iot.describeJobExecution({ jobId, thingName })).execution?.status === 'QUEUED') await end(++count);
      return count;
    };
    expect(await attempts('t0', () => report('t0', 'FAILED'))).toBe(8);
    const inTurn = async (attempt: number) => {
      if (attempt % 2 === 0) return report('t1', 'FAILED');
      await report('t1', 'IN_PROGRESS');
      return clock.advance(MINUTE);
    };
    expect(await attempts('t1', inTurn)).toBe(11);
  });
});

describe('maintenance windows', () => {
  const HOUR = 60 * MINUTE;
  /** The sandbox starts on Thursday, 1 January 2026, at midnight. */
  const NIGHTLY = [{ startTime: 'cron(0 2 ? * * *)', durationInMinutes: 60 }];

  it('a job is told of inside its windows only, SCHEDULED between them, and complete when all are done', async () => {
    const { iot, clock, things, report, details } = start();
    const schedulingConfig = { maintenanceWindows: NIGHTLY };
    const jobExecutionsRolloutConfig = { maximumPerMinute: 1 };
    const targets = await things(61);
    await iot.createJob({ jobId, targets, document: '{}', schedulingConfig, jobExecutionsRolloutConfig });
    expect(await details()).toMatchObject({
      status: 'SCHEDULED',
      scheduledJobRollouts: [{ startTime: '2026-01-01 02:00' }],
      jobProcessDetails: { numberOfQueuedThings: 0 },
    });
    await clock.advance(2 * HOUR);
    expect(await details()).toMatchObject({ status: 'IN_PROGRESS', jobProcessDetails: { numberOfQueuedThings: 1 } });
    await clock.advance(HOUR);
    // One a minute: sixty of them, and the last has to wait for the next night.
    expect(await details()).toMatchObject({
      status: 'SCHEDULED',
      scheduledJobRollouts: [{ startTime: '2026-01-02 02:00' }],
      jobProcessDetails: { numberOfQueuedThings: 60 },
    });
    for (let i = 0; i < 60; i++) await report(`t${i}`, 'SUCCEEDED');
    expect(await details()).toMatchObject({ status: 'SCHEDULED' });
    await clock.advance(23 * HOUR);
    await report('t60', 'SUCCEEDED');
    expect(await details()).toMatchObject({ status: 'COMPLETED' });
  });

  it('a timeout runs on between the windows', async () => {
    const { iot, clock, things, report, details } = start();
    await iot.createJob({
      jobId,
      targets: await things(2),
      document: '{}',
      schedulingConfig: { maintenanceWindows: NIGHTLY },
      timeoutConfig: { inProgressTimeoutInMinutes: 30 as never },
    });
    await clock.advance(2 * HOUR + 45 * MINUTE);
    await report('t0', 'IN_PROGRESS');
    await clock.advance(31 * MINUTE);
    expect(await details()).toMatchObject({ status: 'SCHEDULED', jobProcessDetails: { numberOfTimedOutThings: 1 } });
  });
});

describe('a job that is deleted', () => {
  it('is DELETION_IN_PROGRESS for a while, no device is told of it, and ten may be so at once', async () => {
    const { iot, clock, device } = start({ delays: 'realistic' });
    const { thingArn = '' } = await iot.createThing({ thingName: 't' });
    for (let i = 0; i < 11; i++) await iot.createJob({ jobId: `j${i}`, targets: [thingArn], document: '{}' });
    for (let i = 0; i < 10; i++) await iot.deleteJob({ jobId: `j${i}`, force: true });
    expect((await iot.describeJob({ jobId: 'j0' })).job?.status).toBe('DELETION_IN_PROGRESS');
    const pending = await device.getPendingJobExecutions({ thingName: 't' });
    expect(pending.queuedJobs?.map((job) => job.jobId)).toEqual(['j10']);
    const eleventh = await failure(iot.deleteJob({ jobId: 'j10', force: true }));
    expect(eleventh).toMatchObject({ name: 'LimitExceededException', status: 410 });
    await clock.advance(30_000);
    expect((await failure(iot.describeJob({ jobId: 'j0' }))).status).toBe(404);
    await iot.deleteJob({ jobId: 'j10', force: true });
  });
});

describe('job templates', () => {
  const template = {
    jobTemplateId: 'patch',
    description: 'A patch',
    document: '{"do":"patch"}',
    timeoutConfig: { inProgressTimeoutInMinutes: 30 as never },
  };

  it('are kept; a job takes from them what its call does not say', async () => {
    const { iot, things, details } = start();
    const { jobTemplateArn = '' } = await iot.createJobTemplate(template);
    const twice = await failure(iot.createJobTemplate(template));
    expect(twice).toMatchObject({ name: 'ConflictException', status: 409 });
    expect(await iot.describeJobTemplate({ jobTemplateId: 'patch' })).toMatchObject({
      jobTemplateArn,
      document: template.document,
      timeoutConfig: { inProgressTimeoutInMinutes: 30 },
    });
    await iot.createJob({ jobId, targets: await things(1), jobTemplateArn });
    expect((await iot.getJobDocument({ jobId })).document).toBe(template.document);
    expect(await details()).toMatchObject({ jobTemplateArn, timeoutConfig: { inProgressTimeoutInMinutes: 30 } });
    const jobArn = (await details())?.jobArn;
    await iot.createJobTemplate({ jobTemplateId: 'again', description: 'From a job', jobArn });
    expect((await iot.describeJobTemplate({ jobTemplateId: 'again' })).document).toBe(template.document);
    await iot.deleteJobTemplate({ jobTemplateId: 'patch' });
    expect((await iot.listJobTemplates({})).jobTemplates?.map((t) => t.jobTemplateId)).toEqual(['again']);
    const targets = (await details())?.targets;
    const gone = await failure(iot.createJob({ jobId: 'k', targets, jobTemplateArn }));
    expect(gone).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  });

  it('of AWS take document parameters, which others do not', async () => {
    const { iot, things } = start();
    const targets = await things(1);
    const [reboot] =
      (await iot.listManagedJobTemplates({ templateName: 'AWS-Install-Application' })).managedJobTemplates ?? [];
    const { documentParameters } = await iot.describeManagedJobTemplate({ templateName: 'AWS-Install-Application' });
    expect(documentParameters?.filter((p) => p.optional === false).map((p) => p.key)).toEqual(['packages']);
    const job = { jobId, targets, jobTemplateArn: reboot?.templateArn };
    expect((await failure(iot.createJob(job))).message).toContain('packages');
    await iot.createJob({ ...job, documentParameters: { packages: 'ng"inx' } });
    const document = JSON.parse((await iot.getJobDocument({ jobId })).document ?? '');
    expect(document.steps[0].action.input.args).toEqual(['ng"inx']);
    const { jobTemplateArn } = await iot.createJobTemplate(template);
    const own = iot.createJob({ jobId: 'k', targets, jobTemplateArn, documentParameters: { a: 'b' } });
    expect(await failure(own)).toMatchObject({ name: 'InvalidRequestException', status: 400 });
  });
});
