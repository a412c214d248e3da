import { expect, it } from 'vitest';
import { withDefaults } from '../../../../operator/policy/index.ts';
import { freshNames, patternTexts } from '../../../../operator/policy/lint/scenario.ts';
import { baseContexts } from '../../../../operator/policy/lint/sessions.ts';
import { allow, arn, deny, document, thing } from './build.ts';

const commonName = '${iot:Certificate.Subject.CommonName}';
const address = 'aws:SourceIp';

/** The imagined devices as `client ID`, `client ID as thing`, and what else is known of them. */
function devicesFor(statements: readonly unknown[], exclusiveThings = false): string[] {
  const policy = document(statements);
  const texts = patternTexts([policy]);
  const views = policy.statements.map((statement) => ({
    ref: { document: 0, statement: statement.index },
    statement,
    document: policy,
  }));
  const options = withDefaults({ exclusiveThings });
  return baseContexts({ statements: views, texts, names: freshNames(texts), options }).map((context) => {
    const { 'iot:ClientId': id, 'iot:Connection.Thing.ThingName': name, ...more } = context;
    return [
      id,
      ...(name === undefined ? [] : ['as', name]),
      ...Object.entries(more).map((entry) => entry.join('=')),
    ].join(' ');
  });
}

const client = (name: string) => allow('Connect', `client/${name}`);
const usual = ['dev1 as dev1', 'c'];

it.each([
  {
    reason: 'without a Connect, a device that is a thing and one that is none',
    statements: [allow('Publish', 'topic/a')],
    devices: usual,
  },
  {
    reason: 'a client ID that Connect names, as a thing and without',
    statements: [client('pump')],
    devices: ['dev1 as dev1', 'pump as pump', 'c', 'pump'],
  },
  { reason: 'a client ID that is no thing name', statements: [client('a.b')], devices: ['dev1 as dev1', 'c', 'a.b'] },
  {
    reason: 'a client ID with a letter more that is none',
    statements: [client('a.')],
    devices: ['dev1 as dev1', 'c', 'a.'],
  },
  {
    reason: 'a client ID with a letter before that is none',
    statements: [client('.a')],
    devices: ['dev1 as dev1', 'c', '.a'],
  },
  {
    reason: 'an example of a pattern',
    statements: [client('a*b?')],
    devices: ['dev1 as dev1', 'axbx as axbx', 'c', 'axbx'],
  },
  { reason: 'the client that is there anyway', statements: [client('c')], devices: usual },
  {
    reason: 'the variable of the client ID',
    statements: [client('${ iot:ClientId }-x')],
    devices: ['dev1 as dev1', 'c-x as c-x', 'c', 'c-x'],
  },
  {
    reason: 'the common name, which a certificate without a thing has of its client',
    statements: [client(commonName)],
    devices: ['dev1 as dev1 iot:Certificate.Subject.CommonName=dev1', 'c iot:Certificate.Subject.CommonName=c'],
  },
  { reason: 'a variable of a thing that is not there', statements: [client(`${thing}-x`)], devices: usual },
  { reason: 'a client ID that the broker refuses', statements: [client('$aws'), client('$*')], devices: usual },
  { reason: 'no client ID at all', statements: [client('')], devices: usual },
  {
    reason: 'the longest client ID',
    statements: [client('a'.repeat(128))],
    devices: ['dev1 as dev1', `${'a'.repeat(128)} as ${'a'.repeat(128)}`, 'c', 'a'.repeat(128)],
  },
  { reason: 'a client ID that is too long', statements: [client('a'.repeat(129))], devices: usual },
  { reason: 'resources that name no client', statements: [allow('Connect', ['*', 'topic/a'])], devices: usual },
  { reason: 'names of another action', statements: [allow('SendDirectMessage', 'client/pump')], devices: usual },
  {
    reason: 'not the names that are refused, and a longer one beside the usual, which may be among them',
    statements: [deny('Connect', 'client/pump')],
    devices: [...usual, 'dev1'],
  },
  {
    reason: 'a longer client ID where a condition may refuse short ones',
    statements: [allow('Connect', 'client/c', { StringNotLike: { 'IOT:clientid': '?' } })],
    devices: ['dev1 as dev1', 'x as x', 'c', 'x', 'dev1'],
  },
  {
    reason: 'no longer one for a condition that asks for a client ID, or refuses something else',
    statements: [allow('Connect', 'client/c', { StringLike: { 'iot:ClientId': '?' }, StringNotLike: { other: '?' } })],
    devices: ['dev1 as dev1', 'x as x', 'c', 'x'],
  },
  {
    reason: 'a name that a Deny of all others leaves, by its resource or by a condition',
    statements: [
      client('*'),
      { Effect: 'Deny', Action: 'iot:Connect', NotResource: [`${arn}client/pump`, `${arn}topic/a`] },
      deny('Connect', '*', { StringNotLike: { 'iot:ClientId': 'fan-*' }, StringLike: { 'iot:ClientId': 'valve' } }),
      deny('Publish', '*', { StringNotLike: { 'iot:ClientId': 'gate' } }),
    ],
    devices: [...['dev1 as dev1', 'x as x', 'pump as pump', 'fan-x as fan-x'], ...['c', 'x', 'pump', 'fan-x'], 'dev1'],
  },
  ...['iot:*', 'iot:Connec?', 'IOT:CONNECT', '*'].map((action) => ({
    reason: `names for ${action}`,
    statements: [allow(action, 'client/pump')],
    devices: ['dev1 as dev1', 'pump as pump', 'c', 'pump'],
  })),
  {
    reason: 'Connect among other actions',
    statements: [allow(['Publish', 'Connect'], 'client/pump')],
    devices: ['dev1 as dev1', 'pump as pump', 'c', 'pump'],
  },
  {
    reason: 'everything but another action',
    statements: [{ Effect: 'Allow', NotAction: 'iot:Publish', Resource: `${arn}client/pump` }],
    devices: ['dev1 as dev1', 'pump as pump', 'c', 'pump'],
  },
  {
    reason: 'client IDs of a condition',
    statements: [
      allow('Connect', 'client/*', {
        StringLike: { 'IOT:clientid': ['pump', 'fan-*'] },
        StringEquals: { other: 'valve' },
      }),
    ],
    devices: [
      ...['dev1 as dev1', 'x as x', 'pump as pump', 'fan-x as fan-x', 'c', 'x', 'pump', 'fan-x'],
      ...['dev1 as dev1', 'x as x', 'pump as pump', 'fan-x as fan-x', 'c', 'x', 'pump', 'fan-x'].map(
        (one) => `${one} other=valve`,
      ),
    ],
  },
  {
    reason: 'a network that Connect asks for',
    statements: [allow('Connect', 'client/c', { IpAddress: { [address]: '10.0.0.0/8' } })],
    devices: [...usual, ...usual.map((one) => `${one} ${address}=10.0.0.0`)],
  },
  {
    reason: 'a network that a Deny spares',
    statements: [client('c'), deny('Publish', 'topic/a', { NotIpAddress: { [address]: '10.0.0.0/8' } })],
    devices: [...usual, ...usual.map((one) => `${one} ${address}=10.0.0.0`)],
  },
  {
    reason: 'a network that one statement asks for and a Deny refuses',
    statements: [
      allow('Connect', 'client/c', { IpAddress: { [address]: '10.0.0.0/8' } }),
      deny('Publish', 'topic/a', { NotIpAddress: { [address]: '10.1.0.0/16' } }),
    ],
    devices: [
      ...usual,
      ...usual.map((one) => `${one} ${address}=10.0.0.0`),
      ...usual.map((one) => `${one} ${address}=10.1.0.0`),
    ],
  },
  {
    reason: 'nobody whom a Deny on Connect alone speaks of',
    statements: [deny('Connect', 'client/c', { StringEquals: { other: 'x' } })],
    devices: [...usual, 'dev1'],
  },
  {
    reason: 'a device for each of two networks that Denies spare',
    statements: ['10.0.0.0/8', '192.168.0.0/16'].map((network) =>
      deny('Publish', 'topic/a', { NotIpAddress: { [address]: network } }),
    ),
    devices: [...usual, ...['10.0.0.0', '192.168.0.0'].flatMap((at) => usual.map((one) => `${one} ${address}=${at}`))],
  },
  {
    reason: 'a condition of an Allow is not evaded',
    statements: [client('c'), allow('Publish', 'topic/a', { NotIpAddress: { [address]: '10.0.0.0/8' } })],
    devices: usual,
  },
  {
    reason: 'nobody else for a Deny whose condition no imagined device meets',
    statements: [client('c'), deny('Publish', 'topic/a', { StringEquals: { other: 'x' } })],
    devices: usual,
  },
  {
    reason: 'an exclusively attached thing under any client ID that Connect names',
    statements: [client(`${thing}-x`)],
    exclusive: true,
    devices: ['dev1 as dev1', 'c', 'c as dev1', 'dev1-x as dev1'],
  },
])('imagines $reason', ({ statements, devices, ...more }) => {
  expect(devicesFor(statements, 'exclusive' in more)).toEqual(devices);
});

it('imagines no more than forty', () => {
  const names = Array.from({ length: 30 }, (_, at) => `client/pump${at}`);
  expect(devicesFor([allow('Connect', names)])).toHaveLength(40);
});

it('imagines a device inside the network that a Deny spares, however many client IDs there are', () => {
  const names = Array.from({ length: 30 }, (_, at) => `client/pump${at}`);
  const outside = { NotIpAddress: { [address]: '10.0.0.0/8' } };
  const devices = devicesFor([allow('Connect', names), deny('Publish', '*', outside)]);
  expect(devices).toHaveLength(40);
  expect(devices).toEqual(expect.arrayContaining([`dev1 as dev1 ${address}=10.0.0.0`, 'c', 'pump0 as pump0', 'pump0']));
});

it('imagines a device that two Denies spare, and each with the other', () => {
  const denies = [
    deny('Publish', '*', { NotIpAddress: { [address]: '10.0.0.0/8' } }),
    deny('Publish', '*', { StringNotEquals: { other: 'x' } }),
  ];
  expect(devicesFor(denies)).toContain(`dev1 as dev1 ${address}=10.0.0.0 other=x`);
});

it('imagines the client of each Connect where that one lets it in, however many there are', () => {
  const connects = Array.from({ length: 14 }, (_, at) =>
    allow('Connect', `client/pump${at}`, { IpAddress: { [address]: `10.0.${at}.0/24` } }),
  );
  expect(devicesFor(connects)).toContain(`pump13 as pump13 ${address}=10.0.13.0`);
});
