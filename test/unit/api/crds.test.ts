import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CrdFile, type JsonSchema, readCrds, storedVersion } from '../../../scripts/gen/crds.ts';

const crds = await readCrds(join(import.meta.dirname, '../../../crds'));
const awsKinds = ['Device', 'ThingType', 'ThingGroup', 'IoTPolicy', 'SecurityProfile'];

const root = (file: CrdFile) => storedVersion(file.crd).schema.openAPIV3Schema;
const specOf = (file: CrdFile) => root(file).properties?.spec ?? {};
const statusOf = (file: CrdFile) => root(file).properties?.status ?? {};

/** Every schema of a CRD with its path. */
function* schemas(schema: JsonSchema, path: string): Generator<readonly [string, JsonSchema]> {
  yield [path, schema];
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* schemas(child, `${path}.${name}`);
  if (schema.items) yield* schemas(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* schemas(schema.additionalProperties, `${path}{}`);
}

describe.each(crds.map((file) => [file.crd.spec.names.kind, file] as const))('the CRD of %s', (kind, file) => {
  const all = [...schemas(specOf(file), 'spec'), ...schemas(statusOf(file), 'status')];

  it('is namespaced, in category fleet, with a short name and a status of its own', () => {
    const { names, scope, versions } = file.crd.spec;
    expect({ scope, categories: names.categories, short: names.shortNames?.length }).toEqual({
      scope: 'Namespaced',
      categories: ['fleet'],
      short: 1,
    });
    expect(versions).toEqual([
      expect.objectContaining({ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } }),
    ]);
    expect(file.file).toBe(`${kind.toLowerCase()}.yaml`);
  });

  it('shows READY, STATUS and AGE, and the rest only when asked', () => {
    const columns = storedVersion(file.crd).additionalPrinterColumns ?? [];
    const shown = columns.filter(({ priority = 0 }) => priority === 0).map(({ name }) => name);
    // A rollout is watched while it goes on: its numbers are the story, so they are never hidden.
    const story = ['Phase', 'Step', 'Switched', 'In-flight', 'Failed', 'Deferred'];
    const own = file.crd.spec.names.kind === 'PolicyRollout' ? story : [];
    expect(shown).toEqual([...own, 'Ready', 'Status', 'Age']);
    expect(columns.length).toBeGreaterThan(3);
  });

  it('explains every field, in more than a word', () => {
    const silent = all
      .filter(([path, schema]) => (schema.description ?? '').length < 10 && !/(\[\]|\{\})$/.test(path))
      .map(([path]) => path);
    expect(silent).toEqual([]);
  });

  it('declares the type of every list, and how long it may be', () => {
    const lists = all.filter(([, schema]) => schema.type === 'array');
    expect(
      lists
        .filter(([, schema]) => !schema['x-kubernetes-list-type'] || schema.maxItems === undefined)
        .map(([path]) => path),
    ).toEqual([]);
  });

  it('has atomic lists in its spec, so that a forced apply leaves nothing of another writer in them', () => {
    const lists = [...schemas(specOf(file), 'spec')].filter(([, schema]) => schema.type === 'array');
    expect(lists.filter(([, schema]) => schema['x-kubernetes-list-type'] !== 'atomic').map(([path]) => path)).toEqual(
      [],
    );
  });

  it('bounds every string and every mapping', () => {
    const open = all.filter(
      ([, schema]) => schema.type === 'string' && !schema.enum && !schema.format && schema.maxLength === undefined,
    );
    expect(open.map(([path]) => path)).toEqual([]);
    const maps = all.filter(([, schema]) => schema.additionalProperties && schema.maxProperties === undefined);
    expect(maps.map(([path]) => path)).toEqual([]);
  });

  it('describes everything: no field of unknown content, which no rule could see into', () => {
    expect(JSON.stringify(file.crd)).not.toMatch(/preserve-unknown-fields|embedded-resource|int-or-string/);
    expect(all.filter(([, schema]) => !schema.type).map(([path]) => path)).toEqual([]);
  });

  it('makes rules about immutability look at presence too', () => {
    for (const [path, schema] of all) {
      for (const { rule } of schema['x-kubernetes-validations'] ?? []) {
        const field = /self\.(\w+Name) == oldSelf/.exec(rule)?.[1];
        if (field) expect(rule, path).toContain(`has(self.${field}) == has(oldSelf.${field})`);
      }
    }
  });
});

describe('the kinds with a counterpart in AWS', () => {
  const files = crds.filter(({ crd }) => awsKinds.includes(crd.spec.names.kind));
  const common = ['accountRef', 'managementPolicy', 'adoption', 'driftPolicy', 'suspend'];

  it('are all there', () => {
    expect(files.map(({ crd }) => crd.spec.names.kind).sort()).toEqual([...awsKinds].sort());
  });

  it('share the fields that steer every kind, word for word', () => {
    const fields = files.map((file) => common.map((name) => specOf(file).properties?.[name]));
    for (const field of fields) expect(field).toEqual(fields[0]);
  });

  it('share the status that every kind reports', () => {
    const shared = [
      'conditions',
      'observedGeneration',
      'lastHandledReconcileAt',
      'arn',
      'claim',
      'drift',
      'lastWriteTime',
    ];
    const fields = files.map((file) => shared.map((name) => statusOf(file).properties?.[name]));
    for (const field of fields) expect(field).toEqual(fields[0]);
  });
});
