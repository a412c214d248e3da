import { expect, test } from 'vitest';
import { kindDefinitions } from '../../../operator/api/schemas.gen.ts';
import { findKinds } from '../../../operator/cli/commands/find-kind.ts';
import { age } from '../../../operator/cli/output/age.ts';
import { describeObject } from '../../../operator/cli/output/describe.ts';
import { jsonPath } from '../../../operator/cli/output/json-path.ts';
import { objectTable } from '../../../operator/cli/output/table.ts';

const object = {
  apiVersion: 'fleetward.dev/v1alpha1',
  kind: 'Device',
  metadata: {
    name: 'press-1',
    namespace: 'factory',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'a.b/c': 'd' },
  },
  spec: { accountRef: { name: 'default' }, list: [{ n: 1 }, { n: 2 }] },
  status: {
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'NameConflict',
        message: 'two\nlines',
        lastTransitionTime: '2026-01-01T00:00:05Z',
      },
    ],
  },
};
const now = Date.parse('2026-01-01T00:02:05Z');

test.each([
  ['.metadata.name', ['press-1'], 'a field'],
  ["{.metadata.labels['a.b/c']}", ['d'], 'braces, and a quoted key'],
  ['.metadata.labels.a\\.b/c', ['d'], 'escaped dots'],
  ['.status.conditions[?(@.type=="Ready")].status', ['False'], 'a filter'],
  ['.status.conditions[?(@.type=="Stalled")].status', [], 'a filter without a match'],
  ['.spec.list[*].n', [1, 2], 'every item'],
  ['.spec.list[1].n', [2], 'one item'],
  ['.spec.list[9].n', [], 'beyond the end'],
  ['.spec.nothing.at.all', [], 'nowhere'],
  ['.constructor', [], 'nothing inherited'],
])('%s finds %j: %s', (path, expected, _reason) => {
  expect(jsonPath(path, object)).toEqual(expected);
});

test('a path this program cannot read is an error, and every printer column can be read', () => {
  expect(() => jsonPath('.a[?(@.n>1)]', object)).toThrow(/Unsupported JSONPath/);
  for (const { columns } of kindDefinitions) for (const column of columns) jsonPath(column.jsonPath, object);
});

test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [600, '10m'],
  [3 * 3600, '3h'],
  [3 * 3600 + 300, '3h5m'],
  [9 * 3600, '9h'],
  [49 * 3600, '2d1h'],
  [9 * 86_400, '9d'],
  [800 * 86_400, '2y70d'],
  [-10, '<invalid>'],
])('%i seconds are %s, as kubectl writes them', (seconds, text) => {
  expect(age(new Date(now - seconds * 1000).toISOString(), now)).toBe(text);
});

test('the table has the columns of the CRD, keeps a message on its line and shows nothing where nothing is known', () => {
  const [device] = findKinds('dev');
  const options = { wide: false, namespaces: false, now, headers: true, prefixed: false };
  expect(
    objectTable(device!, [object, { ...object, status: undefined, metadata: { name: 'x' } } as never], options),
  ).toBe(['NAME      READY   STATUS       AGE', 'press-1   False   two\\nlines   2m5s', 'x', ''].join('\n'));
  const wide = objectTable(device!, [object], { ...options, wide: true, namespaces: true, prefixed: true });
  expect(wide).toMatch(/^NAMESPACE +NAME +READY +STATUS +AGE +THING/);
  expect(wide).toContain('device.fleetward.dev/press-1');
});

test.each([
  ['devices', ['Device']],
  ['Device', ['Device']],
  ['dev,tg', ['Device', 'ThingGroup']],
  ['iotpolicies.fleetward.dev', ['IoTPolicy']],
  ['fleet', kindDefinitions.map(({ kind }) => kind)],
])('%s are the kinds %j', (word, kinds) => {
  expect(findKinds(word).map(({ kind }) => kind)).toEqual(kinds);
});

test('an unknown kind names the nearest and all others', () => {
  expect(() => findKinds('devcie')).toThrow(/did you mean device\? Kinds: .*thinggroups \(tg\)/);
});

test('describe shows conditions before everything else that is known', () => {
  const text = describeObject(object as never, now);
  expect(text.indexOf('Conditions:')).toBeLessThan(text.indexOf('Spec:'));
  expect(text).toMatch(/Ready +False +NameConflict +2m/);
});
