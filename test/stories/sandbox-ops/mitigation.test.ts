import { describe, expect, it } from 'vitest';
import { NOTIFICATIONS } from '../../../operator/sandbox/ops/defender/notifications.ts';
import { failure, makeCsr, startSandbox } from '../sandbox/support.ts';

const ROLE = 'arn:aws:iam::123456789012:role/audit';
const DAY = 86_400_000;
const BROAD = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:Connect'], Resource: ['arn:aws:iot:us-east-1:123456789012:client/*'] }],
});
const PERMISSIVE = 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK';

type Bed = ReturnType<typeof startSandbox>;

async function enable({ iot }: Bed, ...checks: readonly string[]) {
  const auditCheckConfigurations = Object.fromEntries(checks.map((check) => [check, { enabled: true }]));
  await iot.updateAccountAuditConfiguration({ roleArn: ROLE, auditCheckConfigurations });
}

async function audit({ iot }: Bed, ...targetCheckNames: string[]) {
  const { taskId = '' } = await iot.startOnDemandAuditTask({ targetCheckNames });
  const { findings = [] } = await iot.listAuditFindings({ taskId });
  return { taskId, findings, task: await iot.describeAuditTask({ taskId }) };
}

it('a suppressed finding is told as such, counts as compliant, and is not mitigated', async () => {
  const bed = startSandbox();
  const { iot, clock } = bed;
  await enable(bed, PERMISSIVE);
  await iot.createPolicy({ policyName: 'p', policyDocument: BROAD });
  const named = {
    checkName: PERMISSIVE,
    resourceIdentifier: { policyVersionIdentifier: { policyVersionId: '1', policyName: 'p' } },
  };
  expect((await failure(iot.createAuditSuppression(named))).status).toBe(400);
  await iot.createAuditSuppression({ ...named, expirationDate: new Date(clock.now() + DAY) });
  const twice = iot.createAuditSuppression({ ...named, suppressIndefinitely: true });
  expect((await failure(twice)).name).toBe('ResourceAlreadyExistsException');
  const { findings, task } = await audit(bed, PERMISSIVE);
  expect(findings.map((f) => f.isSuppressed)).toEqual([true]);
  expect(task.auditDetails?.[PERMISSIVE]).toMatchObject({
    checkCompliant: true,
    suppressedNonCompliantResourcesCount: 1,
  });
  await clock.advance(DAY);
  expect((await audit(bed, PERMISSIVE)).findings.map((f) => f.isSuppressed)).toEqual([false]);
  await iot.deleteAuditSuppression(named);
  expect((await iot.listAuditSuppressions({})).suppressions).toEqual([]);
});

describe('mitigation', () => {
  const action = (bed: Bed, actionName: string, actionParams: object) =>
    bed.iot.createMitigationAction({ actionName, roleArn: ROLE, actionParams });

  it('takes actions with exactly one kind of parameters', async () => {
    const bed = startSandbox();
    expect((await failure(action(bed, 'a', {}))).status).toBe(400);
    const disabled = { enableIoTLoggingParams: { roleArnForLogging: ROLE, logLevel: 'DISABLED' } };
    expect((await failure(action(bed, 'a', disabled))).status).toBe(400);
    await action(bed, 'a', { replaceDefaultPolicyVersionParams: { templateName: 'BLANK_POLICY' } });
    expect(await bed.iot.describeMitigationAction({ actionName: 'a' })).toMatchObject({
      actionType: 'REPLACE_DEFAULT_POLICY_VERSION',
    });
  });

  it('REPLACE_DEFAULT_POLICY_VERSION makes a blank version the default, and fails at five versions', async () => {
    const bed = startSandbox();
    const { iot } = bed;
    await enable(bed, PERMISSIVE);
    await action(bed, 'blank', { replaceDefaultPolicyVersionParams: { templateName: 'BLANK_POLICY' } });
    await action(bed, 'tell', { publishFindingToSnsParams: { topicArn: 'arn:aws:sns:us-east-1:123456789012:t' } });
    await iot.createPolicy({ policyName: 'free', policyDocument: BROAD });
    await iot.createPolicy({ policyName: 'full', policyDocument: BROAD });
    for (let i = 0; i < 4; i++) await iot.createPolicyVersion({ policyName: 'full', policyDocument: BROAD });
    const { taskId: auditTaskId, findings } = await audit(bed, PERMISSIVE);
    const start = () =>
      iot.startAuditMitigationActionsTask({
        taskId: 'm',
        target: { auditTaskId },
        auditCheckToActionsMapping: { [PERMISSIVE]: ['blank', 'tell'] },
      });
    await start();
    expect(await failure(start())).toMatchObject({ name: 'TaskAlreadyExistsException', status: 400 });
    const policy = await iot.getPolicy({ policyName: 'free' });
    expect(policy).toMatchObject({ defaultVersionId: '2' });
    expect(JSON.parse(policy.policyDocument ?? '')).toMatchObject({ Statement: [] });
    expect((await iot.describeAuditMitigationActionsTask({ taskId: 'm' })).taskStatistics).toEqual({
      [PERMISSIVE]: {
        totalFindingsCount: 2,
        failedFindingsCount: 1,
        succeededFindingsCount: 1,
        skippedFindingsCount: 0,
        canceledFindingsCount: 0,
      },
    });
    const findingId = findings[1]?.findingId;
    const executions = await iot.listAuditMitigationActionsExecutions({ taskId: 'm', findingId });
    expect(executions.actionsExecutions?.map((e) => [e.actionName, e.status, e.errorCode])).toEqual([
      ['blank', 'FAILED', 'VersionsLimitExceededException'],
      ['tell', 'SKIPPED', undefined],
    ]);
    expect(bed.sandbox.scope().slice(NOTIFICATIONS)).toHaveLength(1);
  });

  it('deactivates a certificate and moves its things into the quarantine group', async () => {
    const bed = startSandbox();
    const { iot, clock } = bed;
    await enable(bed, 'DEVICE_CERTIFICATE_AGE_CHECK');
    await action(bed, 'off', { updateDeviceCertificateParams: { action: 'DEACTIVATE' } });
    await action(bed, 'jail', { addThingsToThingGroupParams: { thingGroupNames: ['q'], overrideDynamicGroups: true } });
    await iot.createThingGroup({ thingGroupName: 'q' });
    await iot.createThing({ thingName: 'lamp' });
    const made = await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr(), setAsActive: true });
    const { certificateArn: principal = '', certificateId = '' } = made;
    await iot.attachThingPrincipal({ thingName: 'lamp', principal });
    await clock.advance(365 * DAY);
    const { findings } = await audit(bed, 'DEVICE_CERTIFICATE_AGE_CHECK');
    const findingIds = findings.map((f) => f.findingId ?? '');
    const misfit = iot.startAuditMitigationActionsTask({
      taskId: 'x',
      target: { findingIds },
      auditCheckToActionsMapping: { LOGGING_DISABLED_CHECK: ['off'] },
    });
    expect((await failure(misfit)).name).toBe('InvalidRequestException');
    await iot.startAuditMitigationActionsTask({
      taskId: 'm',
      target: { findingIds },
      auditCheckToActionsMapping: { DEVICE_CERTIFICATE_AGE_CHECK: ['jail', 'off'] },
    });
    expect((await iot.describeCertificate({ certificateId })).certificateDescription?.status).toBe('INACTIVE');
    expect((await iot.listThingsInThingGroup({ thingGroupName: 'q' })).things).toEqual(['lamp']);
  });
});
