import { expect, it } from 'vitest';
import { clearViolation, raiseViolation } from '../../../operator/sandbox/ops/defender/violations.ts';
import { failure, startSandbox } from '../sandbox/support.ts';

it('a violation is active until it is cleared, keeps its verification, and is told for thirty days', async () => {
  const { iot, sandbox, clock } = startSandbox();
  await iot.createThing({ thingName: 't' });
  await iot.createSecurityProfile({
    securityProfileName: 's',
    behaviors: [{ name: 'b', metric: 'aws:num-disconnects', suppressAlerts: true }],
  });
  const raised = { thingName: 't', securityProfileName: 's', behaviorName: 'b', metricValue: { count: 9 } };
  expect(() => raiseViolation(sandbox.world, sandbox.scope(), { ...raised, behaviorName: 'no' })).toThrow('no');
  const violationId = raiseViolation(sandbox.world, sandbox.scope(), raised);
  await iot.putVerificationStateOnViolation({ violationId, verificationState: 'FALSE_POSITIVE' });
  const active = async (filter = {}) => (await iot.listActiveViolations(filter)).activeViolations;
  expect(await active({ thingName: 't', verificationState: 'FALSE_POSITIVE' })).toMatchObject([
    { violationId, lastViolationValue: { count: 9 }, behavior: { name: 'b' } },
  ]);
  expect(await active({ listSuppressedAlerts: false })).toEqual([]);
  await clock.advance(60_000);
  expect(clearViolation(sandbox.world, sandbox.scope(), violationId)).toBe(true);
  expect(await active()).toEqual([]);
  const events = async () =>
    (await iot.listViolationEvents({ startTime: new Date(0), endTime: new Date(clock.now()) })).violationEvents;
  expect((await events())?.map((event) => event.violationEventType)).toEqual(['in-alarm', 'alarm-cleared']);
  await clock.advance(31 * 86_400_000);
  expect(await events()).toEqual([]);
  const unknown = iot.putVerificationStateOnViolation({ violationId: 'x', verificationState: 'UNKNOWN' });
  expect((await failure(unknown)).name).toBe('InvalidRequestException');
});

it('a violation is mitigated by moving its thing into the quarantine group; a failed action skips the rest', async () => {
  const { iot, sandbox } = startSandbox();
  await iot.createThing({ thingName: 't' });
  const behaviors = [{ name: 'b', metric: 'aws:num-disconnects' }];
  await iot.createSecurityProfile({ securityProfileName: 's', behaviors });
  const violationId = raiseViolation(sandbox.world, sandbox.scope(), {
    thingName: 't',
    securityProfileName: 's',
    behaviorName: 'b',
  });
  const roleArn = 'arn:aws:iam::123456789012:role/m';
  const adding = (group: string) => ({ addThingsToThingGroupParams: { thingGroupNames: [group] } });
  await iot.createMitigationAction({ actionName: 'contain', roleArn, actionParams: adding('quarantine') });
  await iot.createMitigationAction({ actionName: 'lost', roleArn, actionParams: adding('missing') });
  const deactivate = { updateDeviceCertificateParams: { action: 'DEACTIVATE' as const } };
  await iot.createMitigationAction({ actionName: 'cut', roleArn, actionParams: deactivate });
  await iot.createThingGroup({ thingGroupName: 'quarantine' });
  const run = (taskId: string, actions: string[]) =>
    iot.startDetectMitigationActionsTask({
      taskId,
      target: { violationIds: [violationId] },
      actions,
      clientRequestToken: taskId,
    });
  expect((await failure(run('x', ['cut']))).message).toContain('UPDATE_DEVICE_CERTIFICATE');
  await run('bad', ['lost', 'contain']);
  const executions = async (taskId: string) =>
    (await iot.listDetectMitigationActionsExecutions({ taskId })).actionsExecutions?.map((e) => e.status);
  expect(await executions('bad')).toEqual(['FAILED', 'SKIPPED']);
  expect((await iot.listThingsInThingGroup({ thingGroupName: 'quarantine' })).things).toEqual([]);
  await run('good', ['contain']);
  expect((await failure(run('good', ['contain']))).name).toBe('TaskAlreadyExistsException');
  expect((await iot.listThingsInThingGroup({ thingGroupName: 'quarantine' })).things).toEqual(['t']);
  const { taskSummary } = await iot.describeDetectMitigationActionsTask({ taskId: 'good' });
  expect(taskSummary).toMatchObject({ taskStatus: 'SUCCESSFUL', taskStatistics: { actionsExecuted: 1 } });
  const window = { startTime: new Date(0), endTime: new Date(sandbox.clock.now()) };
  expect((await iot.listDetectMitigationActionsTasks(window)).tasks?.map((t) => t.taskId)).toEqual(['bad', 'good']);
});

it('the control endpoint raises and ends a violation, and refuses one of nothing', async () => {
  const { iot, sandbox } = startSandbox();
  await iot.createThing({ thingName: 't' });
  await iot.createSecurityProfile({
    securityProfileName: 's',
    behaviors: [{ name: 'b', metric: 'aws:num-disconnects' }],
  });
  const served = await sandbox.listen();
  try {
    const url = `${served.url}/_sandbox/violations`;
    const post = (body: object) => fetch(url, { method: 'POST', body: JSON.stringify(body) });
    const names = { thingName: 't', securityProfileName: 's', behaviorName: 'b' };
    expect((await post({ thingName: 't' })).status).toBe(400);
    expect((await post({ ...names, thingName: 'none' })).status).toBe(404);
    const { id } = (await (await post(names)).json()) as { id: string };
    expect((await iot.listActiveViolations({})).activeViolations?.map((v) => v.violationId)).toEqual([id]);
    const end = () => fetch(`${url}?id=${id}`, { method: 'DELETE' });
    expect((await end()).status).toBe(200);
    expect((await end()).status).toBe(404);
  } finally {
    await sandbox.close();
  }
});
