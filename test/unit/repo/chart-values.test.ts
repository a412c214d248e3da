/** The chart's schema speaks first, at `helm install`; what it lets pass must not stop the operator at its start. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { configFields } from '../../../operator/cli/config/fields.ts';
import { parseConfig } from '../../../operator/cli/config/file.ts';

const schema = JSON.parse(readFileSync('charts/fleetward/values.schema.json', 'utf8')) as Schema;
const values = parse(readFileSync('charts/fleetward/values.yaml', 'utf8')) as Record<string, unknown>;
const accepts = new Ajv({ strict: false }).compile(schema);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

/** Not values: the chart sets them. */
const SET_BY_THE_CHART = ['listen', 'usersPinned', 'evidence'];

const TEXTS = [
  'plant-1',
  'Plant',
  'a'.repeat(32),
  'a'.repeat(33),
  '-a',
  'a b',
  'http://',
  'http:///x',
  'https://a.b:1/c',
];
const NUMBERS = [-1, 0, 0.5, 1, 8, 256, 257, 100_000, 100_001];
const TIMES = ['15s', '1m', '1', '-1s', '1.5s', '250ms', 's'];

describe('what the chart accepts, the operator accepts', () => {
  const settings = Object.keys(configFields).filter((name) => !SET_BY_THE_CHART.includes(name));
  const inFile = (setting: string, value: unknown) => () => parseConfig(stringify({ [setting]: value }), 'c.yaml');
  const inChart = (setting: string, value: unknown) =>
    accepts({ operator: { [setting]: value } }) && !(setting === 'endpoint' && value === '');

  test.each(settings)('%s', (setting) => {
    const tried = [...TEXTS, ...NUMBERS, true, [], {}, ['a'], { a: ['b'] }, null];
    const passed = tried.filter((value) => inChart(setting, value));
    for (const value of passed) expect(inFile(setting, value), JSON.stringify(value)).not.toThrow();
    // A schema that refuses everything would pass as well.
    expect(passed.length).toBeGreaterThan(0);
  });

  test.each(TIMES)('a lease of %s', (time) => {
    if (accepts({ operator: { leaderElection: { leaseDuration: time } } })) {
      expect(inFile('leaderElection', { leaseDuration: time, renewDeadline: '2ms', retryPeriod: '1ms' })).not.toThrow();
    }
  });

  test.each(['debug', 'info', 'warn', 'error', 'loud'])('a log of level %s', (level) => {
    if (accepts({ operator: { log: { level } } })) expect(inFile('log', { level })).not.toThrow();
  });
});

describe('the schema knows every value and no others', () => {
  function compare(path: string, given: unknown, known: Schema): void {
    if (known.properties === undefined) return;
    expect(known.additionalProperties, `${path} takes unknown values`).toBe(false);
    const names = Object.keys(known.properties).filter((name) => name !== 'global');
    expect(names.sort(), path).toEqual(Object.keys(given as object).sort());
    for (const name of names) {
      const below = known.properties[name];
      if (below) compare(`${path}.${name}`, (given as Record<string, unknown>)[name], below);
    }
  }

  test('values.yaml and values.schema.json have the same fields', () => {
    compare('values', values, schema);
    expect(accepts(values), JSON.stringify(accepts.errors)).toBe(true);
  });
});
