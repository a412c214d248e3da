import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { createSchemaRegistry } from '../../../operator/api/validate.ts';
import { celCases } from './cel-cases.ts';

const registry = createSchemaRegistry();

function object(kind: string, spec: unknown, metadata: Record<string, unknown> = { name: 'sample' }): KubeObject {
  return { apiVersion: 'fleetward.dev/v1alpha1', kind, metadata, spec } as unknown as KubeObject;
}

const messages = (candidate: KubeObject, old?: KubeObject) =>
  registry.admit(candidate, old).errors.map(({ field, message }) => `${field}: ${message}`);

describe('admission', () => {
  it('fills in defaults, also inside of defaults', () => {
    expect(registry.admit(object('FleetSource', { url: 'https://a/b' })).object.spec).toEqual({
      url: 'https://a/b',
      path: '.',
      interval: '1m',
      timeout: '60s',
      prune: true,
      pruneGuard: { maxCount: 5, maxPercent: 10 },
      foreignFields: 'Remove',
      suspend: false,
    });
    expect(
      registry.admit(object('FleetSource', { url: 'https://a/b', pruneGuard: { maxCount: 0 } })).object.spec,
    ).toMatchObject({
      pruneGuard: { maxCount: 0, maxPercent: 10 },
    });
  });

  it('drops unknown fields at every depth and names them', () => {
    const {
      object: stored,
      unknown,
      errors,
    } = registry.admit(
      object('Device', {
        colour: 'red',
        certificates: [{ name: 'a', certificateId: 'ab'.repeat(32), extra: { x: 1 } }],
      }),
    );
    expect(errors).toEqual([]);
    expect(unknown).toEqual([
      ['spec', 'colour'],
      ['spec', 'certificates', 0, 'extra'],
    ]);
    expect(JSON.stringify(stored)).not.toMatch(/colour|extra/);
  });

  it('treats null as absent, so that a default takes its place', () => {
    const { object: stored, errors } = registry.admit(
      object('Device', { suspend: null, clientIds: null, accountRef: null }),
    );
    expect(errors).toEqual([]);
    expect(stored.spec).toMatchObject({ suspend: false, accountRef: { name: 'default' } });
    expect(stored.spec).not.toHaveProperty('clientIds');
  });

  it('refuses null inside of a list, where it is no absence', () => {
    expect(messages(object('Device', { clientIds: [null] }))).toEqual([
      'spec.clientIds[0]: must be a string, but is null',
    ]);
  });

  const wrong: readonly (readonly [reason: string, kind: string, spec: unknown, expected: string])[] = [
    ['a field is missing', 'AWSAccount', {}, 'spec.region: is required. AWS region, for example eu-central-1.'],
    [
      'a value outside of a choice',
      'Device',
      { driftPolicy: 'Corect' },
      'spec.driftPolicy: must be one of Correct, Report, Ignore, but is "Corect"; did you mean Correct?',
    ],
    [
      'a boolean where a string belongs',
      'Device',
      { attributes: { country: false } },
      'spec.attributes.country: must be a string, but is a boolean (false): put it in quotes',
    ],
    [
      'a string where a boolean belongs',
      'Device',
      { suspend: 'yes' },
      'spec.suspend: must be true or false, but is a string',
    ],
    [
      'a scalar where a list belongs',
      'Device',
      { clientIds: 'press-1' },
      'spec.clientIds: must be a list, but is a string: write clientIds: ["press-1"]',
    ],
    [
      'a mapping where a list belongs',
      'Device',
      { groupRefs: { name: 'a' } },
      'spec.groupRefs: must be a list, but is a mapping: put "- " before its first field',
    ],
    [
      'too many entries',
      'ThingGroup',
      { policyRefs: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
      'spec.policyRefs: has 3 entries, and at most 2 are allowed. Policies on the group.',
    ],
    [
      'too long',
      'ThingGroup',
      { query: 'a'.repeat(1001) },
      'spec.query: has 1001 characters, and at most 1000 are allowed',
    ],
    ['empty', 'ThingGroup', { query: '' }, 'spec.query: must not be empty'],
    [
      'out of range',
      'AWSAccount',
      { region: 'eu-west-1', quotaShare: 2 },
      'spec.quotaShare: is 2, and must be at most 1',
    ],
    [
      'a fraction where a whole number belongs',
      'FleetSource',
      { url: 'https://a/b', pruneGuard: { maxCount: 1.5 } },
      'spec.pruneGuard.maxCount: must be a whole number, but is a number',
    ],
    [
      'a key that needs quoting',
      'Device',
      { attributes: { 'a b': 'c d' } },
      'spec.attributes["a b"]: "c d" is not allowed here. A value: letters, digits and `_ . , @ / : # = [ ] -`, no blanks, 1 to 800 characters.',
    ],
    ['an unknown kind', 'Devise', {}, 'kind: "Devise" is not a kind of fleetward.dev/v1alpha1'],
  ];
  it.each(wrong)('says what is wrong and what was expected: %s', (_, kind, spec, expected) => {
    expect(messages(object(kind, spec))).toContain(expected);
  });

  it('reports every wrong field of an object at once, and rules beside them', () => {
    const found = messages(
      object('Device', { suspend: 1, attachments: 'All', certificates: [{ name: 'A' }], clientIds: [''] }),
    );
    expect(found.map((text) => text.split(':')[0])).toEqual([
      'spec.suspend',
      'spec.certificates[0].name',
      'spec.clientIds[0]',
      'spec.attachments',
      'spec.certificates[0]',
    ]);
  });

  it('bounds the report on a hostile object', () => {
    const found = messages(object('Device', { clientIds: Array.from({ length: 100_000 }, () => 1) }));
    expect(found.length).toBeLessThan(100);
  });

  const secrets: readonly (readonly [string, KubeObject])[] = [
    [
      'a private key in place of a request',
      object('Device', { certificates: [{ name: 'a', csr: '-----BEGIN EC PRIVATE KEY-----\nhunter2' }] }),
    ],
    [
      'a private key behind a certificate',
      object('Device', {
        certificates: [{ name: 'a', pem: '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nhunter2' }],
      }),
    ],
    ['a token in an URL', object('FleetSource', { url: 'https://hunter2@git.example.com/x' })],
    ['a password in a list', object('Device', { clientIds: 'https://x:hunter2@git.example.com/x' })],
  ];
  it.each(secrets)('refuses %s without repeating it', (_, candidate) => {
    const found = messages(candidate);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).not.toContain('hunter2');
  });

  it('never changes what it is given', () => {
    const given = celCases.map((one) => structuredClone(one.object));
    const before = structuredClone(given);
    for (const candidate of given) registry.admit(candidate);
    expect(given).toEqual(before);
  });

  it('has nothing left to do for an object it has admitted', () => {
    for (const { object: candidate, expect: outcome } of celCases) {
      if (outcome === 'refused') continue;
      const once = registry.admit(candidate).object;
      const twice = registry.admit(once);
      expect(twice.object).toEqual(once);
      expect(twice.unknown).toEqual([]);
    }
  });

  it('lets no property name of JavaScript pass for a field', () => {
    const { unknown } = registry.admit(
      object('Device', JSON.parse('{"__proto__": {"x": 1}, "constructor": 1, "toString": 2}')),
    );
    expect(unknown).toEqual([
      ['spec', '__proto__'],
      ['spec', 'constructor'],
      ['spec', 'toString'],
    ]);
    const kept = registry.admit(object('Device', JSON.parse('{"attributes": {"__proto__": "x"}}'))).object;
    expect(JSON.stringify(kept.spec)).toContain('"__proto__":"x"');
  });

  it('answers any JSON with a verdict, never with an exception', () => {
    const kinds = registry.kinds.map(({ kind }) => kind);
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.jsonValue(), fc.jsonValue(), (kind, spec, metadata) => {
        registry.admit({ apiVersion: 'fleetward.dev/v1alpha1', kind, metadata, spec } as unknown as KubeObject);
      }),
      { numRuns: 500 },
    );
  });
});

describe('updates', () => {
  const id = 'ab'.repeat(32);
  const stored = (spec: unknown) => registry.admit(object('Device', spec)).object;

  it('refuse a change from A over absent to B in either of its steps', () => {
    const a = stored({ thingName: 'A' });
    const gone = object('Device', {});
    expect(messages(gone, a)).toEqual([expect.stringContaining('spec.thingName: thingName is immutable')]);
    expect(messages(object('Device', { thingName: 'B' }), stored({}))).toEqual([
      expect.stringContaining('is immutable'),
    ]);
  });

  it('do not judge again what they leave alone, so that a stricter CRD does not lock stored objects', () => {
    const old = {
      ...stored({}),
      spec: { ...(stored({}).spec as object), clientIds: ['was valid once'], attributes: { a: 'b c' } },
    };
    expect(messages({ ...old, spec: { ...old.spec, suspend: true } }, old)).toEqual([]);
    expect(messages({ ...old, spec: { ...old.spec, clientIds: ['also wrong now'] } }, old)).toHaveLength(1);
  });

  it('miss a newly required field only where they change the mapping that lacks it', () => {
    const definition = registry.definition('Device');
    if (!definition) throw new Error('no Device');
    const spec = definition.schema.properties?.spec;
    const stricter = createSchemaRegistry([
      { ...definition, schema: { ...definition.schema, properties: { spec: { ...spec, required: ['groupRefs'] } } } },
    ]);
    const old = stored({});
    expect(stricter.admit({ ...old, metadata: { ...old.metadata, labels: { a: 'b' } } }, old).errors).toEqual([]);
    const changed = stricter.admit({ ...old, spec: { ...(old.spec as object), suspend: true } }, old);
    expect(changed.errors.map(({ field }) => field)).toEqual(['spec.groupRefs']);
  });

  it('follow entries of a keyed list by their key', () => {
    const old = registry.admit({ ...stored({}), status: { certificates: [{ name: 'a', certificateId: id }] } }).object;
    const twice = { ...old, status: { certificates: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] } };
    expect(messages(twice, old)).toEqual(['status.certificates[2]: is there twice']);
  });
});

describe('metadata', () => {
  const wrong: readonly (readonly [reason: string, metadata: unknown, expected: RegExp])[] = [
    ['none', null, /metadata: is required/],
    ['no name', {}, /metadata.name: is required/],
    ['capitals in the name', { name: 'Press' }, /metadata.name: "Press" is not a name for Kubernetes/],
    ['a number as name', { name: 12 }, /metadata.name: must be a string, but is 12: put it in quotes/],
    ['a name of 254 characters', { name: 'a'.repeat(254) }, /metadata.name/],
    ['dots in the namespace', { name: 'a', namespace: 'a.b' }, /metadata.namespace/],
    ['a boolean label', { name: 'a', labels: { on: true } }, /metadata.labels.on: must be a string/],
    ['a label value with a blank', { name: 'a', labels: { a: 'b c' } }, /metadata.labels.a/],
    ['a label key with two slashes', { name: 'a', labels: { 'a/b/c': 'x' } }, /is not a key/],
    [
      'an annotation that is a mapping',
      { name: 'a', annotations: { a: {} } },
      /metadata.annotations.a: must be a string/,
    ],
    ['too much in annotations', { name: 'a', annotations: { a: 'x'.repeat(256 * 1024) } }, /256 KiB/],
  ];
  it.each(wrong)('is refused: %s', (_, metadata, expected) => {
    expect(messages(object('ThingType', {}, metadata as Record<string, unknown>)).join('\n')).toMatch(expected);
  });

  it('may have dots where the AWS name is given', () => {
    expect(messages(object('ThingType', { thingTypeName: 'press' }, { name: 'press.hamburg' }))).toEqual([]);
  });
});
