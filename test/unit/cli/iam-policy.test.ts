import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { iamAction, type OperationName, operations } from '../../../operator/aws/operations.ts';
import { type IamPolicy, operatorPolicy } from '../../../operator/cli/commands/iam-policy.ts';
import { FEATURES } from '../../../operator/cli/commands/iam-policy-spec.ts';
import { runCli } from '../../../operator/cli/program.ts';

async function run(...argv: string[]) {
  let out = '';
  const add = (text: string) => {
    out += text;
  };
  const status = await runCli(['iam-policy', ...argv], { stdout: add, stderr: add, isTTY: false, cwd: '/' });
  return { status, out };
}
const actionsOf = ({ Statement }: IamPolicy) => new Set(Statement.flatMap(({ Action }) => Action));
const all = (writes: boolean) => operatorPolicy({ features: FEATURES, writes, partition: 'aws', place: '*:*' });

test('every call is allowed, nothing else is, and no action is a wildcard', () => {
  const names = Object.keys(operations) as OperationName[];
  expect(actionsOf(all(true))).toEqual(new Set(names.map(iamAction)));
  expect([...actionsOf(all(true))].filter((action) => action.includes('*'))).toEqual([]);
});

test('no call is allowed that nothing in the operator makes', () => {
  const root = join(import.meta.dirname, '../../../operator');
  const files = ['controllers', 'drift', 'aws'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('operations.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const text = files.join('\n');
  expect(Object.keys(operations).filter((name) => !text.includes(`'${name}'`))).toEqual([]);
});

test('every feature of the table can be asked for', () => {
  expect(new Set(Object.values(operations).map(({ feature }) => feature))).toEqual(new Set(FEATURES));
});

test('it fits into one managed policy', () => {
  const place = 'ap-southeast-1:123456789012';
  const text = JSON.stringify(operatorPolicy({ features: FEATURES, writes: true, partition: 'aws-us-gov', place }));
  expect(text.length).toBeLessThan(6_144);
});

test('--observe leaves out every write', () => {
  const names = Object.keys(operations) as OperationName[];
  const writes = names.filter((name) => operations[name].write).map(iamAction);
  expect(writes.filter((action) => actionsOf(all(false)).has(action))).toEqual([]);
});

test('account, region and feature narrow it; statement names are unique', async () => {
  const { status, out } = await run('--account', '123456789012', '--region', 'eu-central-1', '--feature', 'things');
  expect(status).toBe(0);
  const policy = JSON.parse(out) as IamPolicy;
  expect(actionsOf(policy).has('iot:CreatePolicy')).toBe(false);
  const narrow = policy.Statement.find(({ Sid }) => Sid === 'OnThing');
  expect(narrow?.Resource).toEqual(['arn:aws:iot:eu-central-1:123456789012:thing/*']);
  const sids = all(true).Statement.map(({ Sid }) => Sid);
  expect(new Set(sids).size).toBe(sids.length);
  expect(sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid))).toEqual([]);
});

test('queue and log group are those of the account, and the queue may be named', async () => {
  const { out } = await run('--account', '123456789012', '--region', 'eu-central-1', '--queue', 'fleet');
  const { Statement } = JSON.parse(out) as IamPolicy;
  expect(Statement.filter(({ Sid }) => ['OnSqs', 'OnLogs'].includes(Sid))).toEqual([
    {
      Sid: 'OnSqs',
      Effect: 'Allow',
      Action: ['sqs:DeleteMessage', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
      Resource: ['arn:aws:sqs:eu-central-1:123456789012:fleet'],
    },
    {
      Sid: 'OnLogs',
      Effect: 'Allow',
      Action: ['logs:FilterLogEvents'],
      Resource: ['arn:aws:logs:eu-central-1:123456789012:log-group:*'],
    },
  ]);
});

test('--assume prints what the operator’s own identity needs', async () => {
  const role = 'arn:aws:iam::123456789012:role/fleet-plant';
  const { out } = await run('--assume', role);
  expect((JSON.parse(out) as IamPolicy).Statement).toEqual([
    { Sid: 'AssumeRoles', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [role] },
  ]);
});

test.each([
  [['--account', '12'], 'twelve digits'],
  [['--assume', 'plant'], 'ARN of a role'],
  [['--assume', 'arn:aws:iam::123456789012:role/x', '--observe'], 'goes without --observe'],
  [['--feature', 'thing'], 'did you mean things?'],
])('%j is a mistake with an explanation', async (argv, message) => {
  const { status, out } = await run(...argv);
  expect(status).toBe(2);
  expect(out).toContain(message);
});
