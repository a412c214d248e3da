import { describe, expect, it } from 'vitest';
import { CertificateAuthority, createAuthorityMaterial } from '../../../operator/sandbox/x509/authority.ts';
import { readCsr } from '../../../operator/sandbox/x509/csr.ts';
import { pem } from '../../../operator/sandbox/x509/der.ts';
import { failure, makeCsr, startSandbox } from '../sandbox/support.ts';

const ROLE = 'arn:aws:iam::123456789012:role/audit';
const DAY = 86_400_000;
const BROAD = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:Connect'], Resource: ['arn:aws:iot:us-east-1:123456789012:client/*'] }],
});
const NARROW = BROAD.replace('client/*', `client/\${iot:Connection.Thing.ThingName}`);
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

describe('custom metrics', () => {
  const metric = { metricName: 'battery', metricType: 'number' as const, clientRequestToken: 'one' };

  it('are created once per client token, and refused under another one', async () => {
    const { iot } = startSandbox();
    const first = await iot.createCustomMetric(metric);
    expect((await iot.createCustomMetric(metric)).metricArn).toBe(first.metricArn);
    const again = await failure(iot.createCustomMetric({ ...metric, clientRequestToken: 'two' }));
    expect(again).toMatchObject({ name: 'ResourceAlreadyExistsException', status: 409 });
    const reserved = await failure(iot.createCustomMetric({ ...metric, metricName: 'aws:battery' }));
    expect(reserved.status).toBe(400);
  });

  it('change only their display name, and cannot be deleted while a security profile uses them', async () => {
    const { iot } = startSandbox();
    await iot.createCustomMetric(metric);
    const updated = await iot.updateCustomMetric({ metricName: 'battery', displayName: 'Battery' });
    expect(updated).toMatchObject({ displayName: 'Battery', metricType: 'number' });
    await iot.createSecurityProfile({
      securityProfileName: 's',
      behaviors: [
        { name: 'b', metric: 'battery', criteria: { comparisonOperator: 'greater-than', value: { number: 9 } } },
      ],
    });
    expect(await failure(iot.deleteCustomMetric({ metricName: 'battery' }))).toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('security profile s'),
    });
    await iot.deleteSecurityProfile({ securityProfileName: 's' });
    await iot.deleteCustomMetric({ metricName: 'battery' });
    expect((await iot.listCustomMetrics({})).metricNames).toEqual([]);
    await iot.deleteCustomMetric({ metricName: 'battery' });
  });
});

it('dimensions are ten at most, change their values, and are held by the profiles that use them', async () => {
  const { iot } = startSandbox();
  const make = (name: string) =>
    iot.createDimension({ name, type: 'TOPIC_FILTER', stringValues: ['a/+'], clientRequestToken: name });
  for (let i = 0; i < 10; i++) await make(`d${i}`);
  expect(await failure(make('d10'))).toMatchObject({ name: 'LimitExceededException', status: 410 });
  expect(await failure(make('d0'))).toMatchObject({ name: 'ResourceAlreadyExistsException' });
  await iot.updateDimension({ name: 'd0', stringValues: ['b/#'] });
  expect((await iot.describeDimension({ name: 'd0' })).stringValues).toEqual(['b/#']);
  await iot.createSecurityProfile({
    securityProfileName: 's',
    additionalMetricsToRetainV2: [{ metric: 'aws:num-messages-sent', metricDimension: { dimensionName: 'd0' } }],
  });
  expect((await failure(iot.deleteDimension({ name: 'd0' }))).name).toBe('InvalidRequestException');
  await iot.deleteDimension({ name: 'd1' });
  expect((await iot.listDimensions({})).dimensionNames).toHaveLength(9);
});

describe('audit configuration', () => {
  it('lists every check as off until the first call, which has to give a role and enable one', async () => {
    const { iot } = startSandbox();
    const before = await iot.describeAccountAuditConfiguration({});
    expect(Object.values(before.auditCheckConfigurations ?? {}).map((c) => c.enabled)).toEqual(Array(17).fill(false));
    const auditCheckConfigurations = { LOGGING_DISABLED_CHECK: { enabled: true } };
    expect((await failure(iot.updateAccountAuditConfiguration({ auditCheckConfigurations }))).status).toBe(400);
    await iot.updateAccountAuditConfiguration({ roleArn: ROLE, auditCheckConfigurations });
    const refused = await failure(iot.startOnDemandAuditTask({ targetCheckNames: [PERMISSIVE] }));
    expect(refused).toMatchObject({ name: 'InvalidRequestException', message: expect.stringContaining(PERMISSIVE) });
    await iot.deleteAccountAuditConfiguration({});
    expect((await failure(iot.deleteAccountAuditConfiguration({}))).status).toBe(404);
  });

  it('keeps a check on while a scheduled audit uses it', async () => {
    const bed = startSandbox();
    await enable(bed, PERMISSIVE);
    const { iot } = bed;
    await iot.createScheduledAudit({ scheduledAuditName: 'n', frequency: 'DAILY', targetCheckNames: [PERMISSIVE] });
    const off = { auditCheckConfigurations: { [PERMISSIVE]: { enabled: false } } };
    expect((await failure(iot.updateAccountAuditConfiguration(off))).name).toBe('InvalidRequestException');
    expect((await failure(iot.deleteAccountAuditConfiguration({}))).name).toBe('InvalidRequestException');
    await iot.deleteAccountAuditConfiguration({ deleteScheduledAudits: true });
    expect((await iot.listScheduledAudits({})).scheduledAudits).toEqual([]);
  });
});

describe('an audit', () => {
  it('finds the policies that are broad now, and none once they are not', async () => {
    const bed = startSandbox();
    await enable(bed, PERMISSIVE);
    await bed.iot.createPolicy({ policyName: 'broad', policyDocument: BROAD });
    await bed.iot.createPolicy({ policyName: 'narrow', policyDocument: NARROW });
    const { findings, task } = await audit(bed, PERMISSIVE);
    expect(findings).toMatchObject([
      {
        severity: 'CRITICAL',
        reasonForNonComplianceCode: 'ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS',
        nonCompliantResource: {
          resourceType: 'IOT_POLICY',
          resourceIdentifier: { policyVersionIdentifier: { policyName: 'broad', policyVersionId: '1' } },
        },
      },
    ]);
    expect(task).toMatchObject({
      taskStatus: 'COMPLETED',
      taskStatistics: { nonCompliantChecks: 1, compliantChecks: 0 },
      auditDetails: { [PERMISSIVE]: { totalResourcesCount: 2, nonCompliantResourcesCount: 1 } },
    });
    await bed.iot.createPolicyVersion({ policyName: 'broad', policyDocument: NARROW, setAsDefault: true });
    const second = await audit(bed, PERMISSIVE);
    expect(second.findings).toEqual([]);
    expect(second.task.auditDetails?.[PERMISSIVE]?.checkRunStatus).toBe('COMPLETED_COMPLIANT');
  });

  it('finds logging that is off and certificates older than the configured age', async () => {
    const bed = startSandbox();
    const { iot, clock } = bed;
    const age = { enabled: true, configuration: { CERT_AGE_THRESHOLD_IN_DAYS: '30' } };
    await enable(bed, 'LOGGING_DISABLED_CHECK');
    await iot.updateAccountAuditConfiguration({ auditCheckConfigurations: { DEVICE_CERTIFICATE_AGE_CHECK: age } });
    const tooYoung = { ...age, configuration: { CERT_AGE_THRESHOLD_IN_DAYS: '29' } };
    const refused = iot.updateAccountAuditConfiguration({
      auditCheckConfigurations: { DEVICE_CERTIFICATE_AGE_CHECK: tooYoung },
    });
    expect((await failure(refused)).status).toBe(400);
    const old = await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr(), setAsActive: true });
    await clock.advance(30 * DAY);
    await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr(), setAsActive: true });
    const { findings } = await audit(bed, 'LOGGING_DISABLED_CHECK', 'DEVICE_CERTIFICATE_AGE_CHECK');
    expect(findings.map((f) => f.checkName)).toEqual(['LOGGING_DISABLED_CHECK', 'DEVICE_CERTIFICATE_AGE_CHECK']);
    expect(findings[1]?.nonCompliantResource?.resourceIdentifier?.deviceCertificateId).toBe(old.certificateId);
    await iot.setV2LoggingOptions({ roleArn: ROLE, defaultLogLevel: 'ERROR' });
    expect((await audit(bed, 'LOGGING_DISABLED_CHECK')).findings).toEqual([]);
  });

  it('finds active certificates that are revoked, their CA, and the devices below it', async () => {
    const bed = startSandbox();
    const { iot, sandbox } = bed;
    const checks = [
      'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
      'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK',
      'INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK',
    ];
    await enable(bed, ...checks);
    const authority = new CertificateAuthority(createAuthorityMaterial(Date.UTC(2026, 0, 1)));
    const ca = await iot.registerCACertificate({
      caCertificate: authority.certificatePem,
      certificateMode: 'SNI_ONLY',
      setAsActive: true,
    });
    const { subject, publicKeyInfo } = readCsr(makeCsr());
    const validity = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2027, 0, 1) };
    const certificatePem = pem('CERTIFICATE', authority.issue({ subject, publicKeyInfo, ...validity }));
    const device = await iot.registerCertificate({ certificatePem, status: 'ACTIVE' });
    await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr(), setAsActive: true });
    expect((await audit(bed, ...checks)).findings).toEqual([]);

    const { url } = await sandbox.listen();
    const revoke = (certificateIds: unknown) =>
      fetch(`${url}/_sandbox/revocations`, { method: 'PUT', body: JSON.stringify({ certificateIds }) });
    expect((await revoke('all')).status).toBe(400);
    expect((await revoke([ca.certificateId, device.certificateId])).status).toBe(200);
    const { findings } = await audit(bed, ...checks);
    expect(findings.map((f) => f.nonCompliantResource)).toMatchObject([
      { resourceType: 'DEVICE_CERTIFICATE', resourceIdentifier: { deviceCertificateId: device.certificateId } },
      { resourceType: 'CA_CERTIFICATE', resourceIdentifier: { caCertificateId: ca.certificateId } },
      { resourceType: 'ISSUER_CERTIFICATE' },
    ]);
    const { relatedResources } = await iot.listRelatedResourcesForAuditFinding({ findingId: findings[2]?.findingId });
    expect(relatedResources?.map((r) => r.resourceIdentifier?.deviceCertificateId)).toEqual([device.certificateId]);
    await iot.updateCACertificate({ certificateId: ca.certificateId, newStatus: 'INACTIVE' });
    await iot.updateCertificate({ certificateId: device.certificateId, newStatus: 'INACTIVE' });
    expect((await audit(bed, ...checks)).findings).toEqual([]);
    await sandbox.close();
  });

  it('runs for a while, tells nothing until it ends, and can be canceled', async () => {
    const bed = startSandbox({ delays: 'realistic' });
    await enable(bed, 'LOGGING_DISABLED_CHECK');
    const running = await audit(bed, 'LOGGING_DISABLED_CHECK');
    expect(running.task).toMatchObject({ taskStatus: 'IN_PROGRESS', taskStatistics: { inProgressChecks: 1 } });
    expect(running.findings).toEqual([]);
    const { iot } = bed;
    const second = await audit(bed, 'LOGGING_DISABLED_CHECK');
    await iot.cancelAuditTask({ taskId: second.taskId });
    await bed.clock.advance(60_000);
    expect((await iot.listAuditFindings({ taskId: running.taskId })).findings).toHaveLength(1);
    expect((await iot.listAuditFindings({ taskId: second.taskId })).findings).toEqual([]);
    expect((await iot.describeAuditTask({ taskId: second.taskId })).taskStatus).toBe('CANCELED');
    expect((await failure(iot.cancelAuditTask({ taskId: running.taskId }))).name).toBe('InvalidRequestException');
  });

  it('runs at most ten times at once on demand', async () => {
    const bed = startSandbox({ delays: 'realistic' });
    await enable(bed, 'LOGGING_DISABLED_CHECK');
    const start = () => bed.iot.startOnDemandAuditTask({ targetCheckNames: ['LOGGING_DISABLED_CHECK'] });
    for (let i = 0; i < 10; i++) await start();
    expect((await failure(start())).name).toBe('LimitExceededException');
  });

  it('is asked for its findings by task or by time, never by both or neither', async () => {
    const { iot } = startSandbox();
    const times = { startTime: new Date(0), endTime: new Date() };
    expect((await failure(iot.listAuditFindings({}))).status).toBe(400);
    expect((await failure(iot.listAuditFindings({ taskId: 'x', ...times }))).status).toBe(400);
    expect((await iot.listAuditFindings(times)).findings).toEqual([]);
  });

  it('runs by its schedule: weekly on its day', async () => {
    const bed = startSandbox();
    const { iot, clock } = bed;
    await enable(bed, 'LOGGING_DISABLED_CHECK');
    const targetCheckNames = ['LOGGING_DISABLED_CHECK'];
    const wrong = { scheduledAuditName: 'w', frequency: 'WEEKLY' as const, targetCheckNames };
    expect((await failure(iot.createScheduledAudit(wrong))).status).toBe(400);
    await iot.createScheduledAudit({ ...wrong, dayOfWeek: 'SUN' });
    await clock.advance(21 * DAY);
    const { tasks = [] } = await iot.listAuditTasks({ startTime: new Date(0), endTime: new Date(clock.now()) });
    expect(tasks.map((t) => t.taskType)).toEqual(Array(3).fill('SCHEDULED_AUDIT_TASK'));
    const starts = await Promise.all(tasks.map(({ taskId }) => iot.describeAuditTask({ taskId })));
    expect(starts.map((t) => t.taskStartTime?.getUTCDay())).toEqual([0, 0, 0]);
  });
});
