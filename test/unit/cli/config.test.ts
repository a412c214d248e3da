import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { environment } from '../../../operator/cli/config/environment.ts';
import { configFields } from '../../../operator/cli/config/fields.ts';
import { parseConfig } from '../../../operator/cli/config/file.ts';
import { UsageError } from '../../../operator/cli/exit.ts';

test('every setting is read, and an empty file changes nothing', () => {
  const text = `
installation: plant-1
watchNamespaces: [a, b]
allowedRoleArns: {a: ["arn:aws:iam::123456789012:role/fleet-*"]}
allowedEndpoints: ["https://iot.example.com"]
allowedCheckHosts: ["prometheus.monitoring:9090", "*.example.com"]
allowFileSources: false
usersPinned: true
evidence: /var/lib/fleetward
endpoint: http://127.0.0.1:4566
concurrency: 8
creationsPerSecond: 10
listen: ":8080"
log: {level: debug, format: json}
leaderElection: {name: fleetward, leaseDuration: 30s, renewDeadline: 20s, retryPeriod: 4s}
`;
  expect(Object.keys(parseConfig(text, 'c.yaml')).sort()).toEqual(Object.keys(configFields).sort());
  expect(parseConfig('', 'c.yaml')).toEqual({});
});

test.each([
  ['instalation: x\n', /c\.yaml:1:1: there is no setting instalation; did you mean installation\?/],
  ['log:\n  levle: info\n', /c\.yaml:2:3: there is no setting log\.levle; did you mean level\?/],
  ['log: {level: loud}\n', /c\.yaml:1:14: log\.level must be one of debug, info, warn, error/],
  ['concurrency: many\n', /c\.yaml:1:14: concurrency must be a whole number from 1 to 256/],
  ['concurrency: 1.5\n', /whole number/],
  ['watchNamespaces: a\n', /watchNamespaces must be a list/],
  ['watchNamespaces: [1]\n', /watchNamespaces\[0\] must be a text/],
  ['allowedCheckHosts: ["https://a.example"]\n', /allowedCheckHosts\[0\] must be HOST/],
  ['endpoint: localhost\n', /endpoint must be an http/],
  ['installation:\n', /installation must be|installation has no value/],
  ['a: [\n', /c\.yaml:\d+:\d+: /],
  ['- a\n', /the configuration must be a section/],
  ['leaderElection: {leaseDuration: 5s}\n', /leaseDuration > renewDeadline/],
])('%j is refused with its place', (text, message) => {
  expect(() => parseConfig(text, 'c.yaml')).toThrow(UsageError);
  expect(() => parseConfig(text, 'c.yaml')).toThrow(message);
});

test('all mistakes are told at once', () => {
  expect(() => parseConfig('a: 1\nb: 2\n', 'c.yaml')).toThrow(/c\.yaml:1:1.*\n.*c\.yaml:2:1/);
});

test('the page about the command line names every setting', () => {
  const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  for (const name of Object.keys(configFields)) expect(page).toContain(`\`${name}\``);
});

test('the environment has defaults, and empty variables count as absent', () => {
  expect(environment({})).toMatchObject({ state: '.fleetward', path: '/usr/local/bin:/usr/bin:/bin' });
  expect(environment({ AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1', NO_COLOR: '1' })).toMatchObject({
    region: 'eu-west-1',
    noColour: true,
  });
});
