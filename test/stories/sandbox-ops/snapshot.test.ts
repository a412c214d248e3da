import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadSnapshot, saveSnapshot } from '../../../operator/sandbox/snapshot.ts';
import { makeCsr, startSandbox } from '../sandbox/support.ts';

it('audits, jobs and the index are the same after a restart from a snapshot', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  try {
    const before = startSandbox();
    const { iot } = before;
    const check = 'LOGGING_DISABLED_CHECK';
    await iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
    await iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:*' });
    const { thingArn = '' } = await iot.createThing({ thingName: 't' });
    await iot.createJob({ jobId: 'j', targets: [thingArn], document: '{}' });
    await iot.updateAccountAuditConfiguration({
      roleArn: 'arn:aws:iam::123456789012:role/a',
      auditCheckConfigurations: { [check]: { enabled: true } },
    });
    await iot.createJobTemplate({ jobTemplateId: 'jt', description: 'd', document: '{}' });
    const maintenanceWindows = [{ startTime: 'cron(0 2 ? * * *)', durationInMinutes: 60 }];
    await iot.createJob({ jobId: 'w', targets: [thingArn], document: '{}', schedulingConfig: { maintenanceWindows } });
    await iot.createFleetMetric({
      metricName: 'm',
      queryString: 'thingName:*',
      aggregationField: 'registry.version',
      aggregationType: { name: 'Cardinality' },
      period: 60,
    });
    const { taskId } = await iot.startOnDemandAuditTask({ targetCheckNames: [check] });
    const look = async ({ iot: at }: typeof before) => [
      await at.listAuditFindings({ taskId }).then(({ findings }) => findings),
      await at.describeAccountAuditConfiguration({}).then((c) => c.auditCheckConfigurations?.[check]),
      await at.describeJobExecution({ jobId: 'j', thingName: 't' }).then(({ execution }) => execution),
      await at
        .describeJobTemplate({ jobTemplateId: 'jt' })
        .then(({ description, createdAt }) => [description, createdAt]),
      await at.describeJob({ jobId: 'w' }).then(({ job }) => [job?.status, job?.scheduledJobRollouts]),
      await at.describeFleetMetric({ metricName: 'm' }).then(({ queryString, version }) => [queryString, version]),
      await at.searchIndex({ queryString: 'thingGroupNames:d' }).then(({ things }) => things),
    ];
    const seen = await look(before);
    const file = join(folder, 'state');
    await saveSnapshot(before.sandbox, file);
    const after = startSandbox();
    await loadSnapshot(after.sandbox, file);
    expect(seen.every((part) => part !== undefined)).toBe(true);
    expect(await look(after)).toEqual(seen);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('a detach that was on its way when the state was saved is not lost', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  try {
    const before = startSandbox({ delays: 'realistic' });
    await before.iot.createThing({ thingName: 't' });
    const made = await before.iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr() });
    const both = { thingName: 't', principal: made.certificateArn ?? '' };
    await before.iot.attachThingPrincipal(both);
    await before.iot.detachThingPrincipal(both);
    const file = join(folder, 'state');
    await saveSnapshot(before.sandbox, file);
    const after = startSandbox({ delays: 'realistic' });
    await loadSnapshot(after.sandbox, file);
    expect((await after.iot.listPrincipalThings({ principal: both.principal })).things).toEqual([]);
    await after.iot.deleteThing({ thingName: 't' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('a dynamic group that was being built when the state was saved is built and has its things', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  try {
    const before = startSandbox({ delays: 'realistic' });
    await before.iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
    await before.clock.advance(60_000);
    await before.iot.createThing({ thingName: 't' });
    await before.iot.createDynamicThingGroup({ thingGroupName: 'd', queryString: 'thingName:t' });
    const file = join(folder, 'state');
    await saveSnapshot(before.sandbox, file);
    const { sandbox, iot } = startSandbox({ delays: 'realistic' });
    await loadSnapshot(sandbox, file);
    expect(await iot.describeThingGroup({ thingGroupName: 'd' })).toMatchObject({ status: 'ACTIVE' });
    expect((await iot.listThingGroupsForThing({ thingName: 't' })).thingGroups).toMatchObject([{ groupName: 'd' }]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
