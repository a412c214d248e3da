import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IoT } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningCli, runCliHere, startCli } from '../../support/git-cli.ts';
import { ODD_REGION, oddFleet } from '../../support/odd-fleet.ts';
import { temporaryFolder } from '../../support/store.ts';

interface Info {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const at = temporaryFolder('fleetward-odd-');
const cwd = at.path;
let sandbox: RunningCli;
let info: Info;
let iot: IoT;

beforeAll(async () => {
  sandbox = startCli(['sandbox', '--region', ODD_REGION, '--output', 'json'], { cwd });
  const line = await new Promise<string>((resolve) =>
    sandbox.process.stdout?.once('data', (data) => resolve(`${data}`)),
  );
  info = JSON.parse(line.split('\n')[0] ?? '') as Info;
  vi.stubEnv('AWS_ACCESS_KEY_ID', info.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', info.secretAccessKey);
  iot = new IoT({ endpoint: info.endpoint, region: ODD_REGION, credentials: info });
  // One of its groups is dynamic.
  await iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
  await oddFleet(join(cwd, 'fleet'), iot);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  iot.destroy();
  sandbox.process.kill('SIGTERM');
  await sandbox.result;
  at[Symbol.dispose]();
});

const once = (state: string) =>
  runCliHere(
    [
      'run',
      '--standalone',
      '--once',
      '--source',
      'fleet',
      '--endpoint',
      info.endpoint,
      '--no-quotas',
      '--state',
      state,
    ],
    { cwd },
  );

async function writes(): Promise<number> {
  const ledger = (await (await fetch(`${info.endpoint}/_sandbox/ledger?limit=100000`)).json()) as {
    readonly entries: readonly { readonly mutating: boolean }[];
  };
  return ledger.entries.filter(({ mutating }) => mutating).length;
}

const get = (...words: string[]) => runCliHere(['get', ...words, '--state', 'state'], { cwd });

describe('a folder of manifests that was not written with Fleetward in mind', { timeout: 60_000 }, () => {
  test('becomes Ready under its own account, and a second pass writes nothing', async () => {
    expect(await once('state')).toMatchObject({ status: 0, stdout: 'All 13 objects are Ready.\n' });
    const before = await writes();
    expect(await once('state')).toMatchObject({ status: 0 });
    expect(await writes()).toBe(before);
  });

  test('AWS has it all under the names of AWS', async () => {
    const thingName = 'PUMP_7:North-1';
    expect(await iot.describeThing({ thingName })).toMatchObject({
      thingTypeName: 'Pump:V2',
      attributes: { Serial: '0012', 'site/room': 'B:12', 'v#': '1.0=[x]' },
    });
    const { principals = [] } = await iot.listThingPrincipals({ thingName });
    expect(principals).toHaveLength(3);
    const { policies = [] } = await iot.listAttachedPolicies({ target: principals[0] ?? '' });
    expect(policies.map(({ policyName }) => policyName).sort()).toEqual(['All_Conditions+v=1,x.y@z', 'legacy']);
    const { thingGroupMetadata } = await iot.describeThingGroup({ thingGroupName: 'Hall_B' });
    expect(thingGroupMetadata?.parentGroupName).toBe('ROOT');
    expect(await iot.describeThing({ thingName: 'bare' })).toMatchObject({ attributes: { a: 'no', b: 'true' } });
    expect(await iot.listThingPrincipals({ thingName: 'Brought' })).toMatchObject({ principals: [expect.anything()] });
  });

  test('it is there under each name of a kind, and no account was made that nobody uses', async () => {
    for (const word of ['device', 'devices', 'dev', 'Device', 'devices.fleetward.dev']) {
      expect((await get(word, '-o', 'name')).stdout.split('\n')).toContain('device.fleetward.dev/pump.seven');
    }
    expect((await get('awsaccounts', '-o', 'name')).stdout).toBe('awsaccount.fleetward.dev/prod-eu\n');
    const { items } = JSON.parse((await get('fleet', '-o', 'json')).stdout) as { items: { kind: string }[] };
    expect(new Set(items.map(({ kind }) => kind))).toEqual(
      new Set(['AWSAccount', 'Device', 'FleetSource', 'IoTPolicy', 'SecurityProfile', 'ThingGroup', 'ThingType']),
    );
  });

  test('the state folder goes, with the key of one device in it: that device says so, the rest is found again, nothing is written', async () => {
    const before = await writes();
    const { status, stdout } = await once('elsewhere');
    expect(status).toBe(1);
    expect(stdout.split('\n').filter((line) => /^\w+\/\S/.test(line))).toEqual([
      expect.stringMatching(/^Device\/keyed +stalled +KeyLost +Secret keyed-tls /),
    ]);
    expect(await writes()).toBe(before);
    rmSync(join(cwd, 'elsewhere'), { recursive: true });
  });

  test('one mistake in one of its files: exit 1, the place and the remedy, and nothing of the commit is applied', async () => {
    const before = await writes();
    const text = '{"apiVersion":"fleetward.dev/v1alpha1","kind":"ThingTyp","metadata":{"name":"x"},"spec":{}}';
    writeFileSync(join(cwd, 'fleet', 'late.json'), text);
    const { status, stdout, stderr } = await once('state');
    expect(status).toBe(1);
    expect(stdout + stderr).toMatch(/late\.json:1:\d+: .*ThingTyp.*did you mean ThingType/);
    expect(await writes()).toBe(before);
  });
});
