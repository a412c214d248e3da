import { afterEach, expect, test } from 'vitest';
import { type Bed, MINUTE, startBed } from './bed.ts';

let bed: Bed;

afterEach(async () => {
  await bed.broker.close();
  await bed.sandbox.close();
});

const HOUR = 60 * MINUTE;
const SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK';
const CONFLICTING = 'CONFLICTING_CLIENT_IDS_CHECK';
const ROLE = 'arn:aws:iam::123456789012:role/audit';

async function enable(): Promise<void> {
  await bed.iot.updateAccountAuditConfiguration({
    roleArn: ROLE,
    auditCheckConfigurations: { [SHARED]: { enabled: true }, [CONFLICTING]: { enabled: true } },
  });
}

/** Reason code and resource of each finding of an audit on demand. */
async function found(): Promise<string[]> {
  const { taskId } = await bed.iot.startOnDemandAuditTask({ targetCheckNames: [SHARED, CONFLICTING] });
  const { findings = [] } = await bed.iot.listAuditFindings({ taskId });
  return findings.map(({ reasonForNonComplianceCode, nonCompliantResource }) => {
    const { deviceCertificateId, clientId } = nonCompliantResource?.resourceIdentifier ?? {};
    return `${reasonForNonComplianceCode} ${deviceCertificateId ?? clientId}`;
  });
}

test('audits find shared certificates and client ids in conflict without any log, from two hours ago back to 31 days', async () => {
  bed = startBed();
  await enable();
  const { certificateId } = await bed.device('press');
  const other = await bed.device('mill');
  bed.broker.device({ certificateId, clientId: 'press' });
  bed.broker.device({ certificateId, clientId: 'copy' });
  await bed.broker.settle();
  bed.broker.device({ certificateId: other.certificateId, clientId: 'mill' });
  await bed.pass(2000);
  bed.broker.device({ certificateId: other.certificateId, clientId: 'mill' });
  bed.broker.device({ certificateId: other.certificateId, clientId: 'copy of a mill that came twice' });
  await bed.pass(HOUR);
  expect(await found()).toEqual([]);
  await bed.pass(HOUR);
  expect(await found()).toEqual([
    `CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES ${certificateId}`,
    `CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES ${other.certificateId}`,
    'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS mill',
  ]);
  await bed.pass(32 * 24 * HOUR);
  expect(await found()).toEqual([]);
});

test('a scheduled audit looks at what happened since its last run, when it is due, and tells its SNS topic', async () => {
  bed = startBed();
  const topic = 'arn:aws:sns:us-east-1:123456789012:audits';
  await enable();
  await bed.iot.updateAccountAuditConfiguration({
    auditNotificationTargetConfigurations: { SNS: { targetArn: topic, roleArn: ROLE, enabled: true } },
  });
  await bed.iot.createScheduledAudit({ scheduledAuditName: 'daily', frequency: 'DAILY', targetCheckNames: [SHARED] });
  const { QueueUrl = '' } = await bed.sqs.createQueue({ QueueName: 'q' });
  const { certificateId } = await bed.device('press');
  bed.broker.device({ certificateId, clientId: 'press' });
  bed.broker.device({ certificateId, clientId: 'copy' });
  await bed.broker.settle();
  const counts: (number | undefined)[] = [];
  for (let day = 0; day < 3; day++) {
    await bed.pass(24 * HOUR);
    const { Messages = [] } = await bed.sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    for (const { Body = '{}', ReceiptHandle = '' } of Messages) {
      const { TopicArn, Message } = JSON.parse(Body) as { TopicArn?: string; Message?: string };
      if (TopicArn === topic) counts.push(JSON.parse(Message ?? '{}').nonCompliantChecksCount);
      await bed.sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    }
  }
  // The first run is an hour after the schedule was made: the last two hours are not in its data yet.
  expect(counts).toEqual([0, 1, 0]);
});
