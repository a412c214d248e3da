import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../operator/api/meta.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import { KubeClient } from '../../operator/runtime/kube/client.ts';
import { loadKubeConfig } from '../../operator/runtime/kube/config.ts';
import { pathOf } from '../../operator/runtime/kube/resources.ts';
import { isStoreError } from '../../operator/runtime/store.ts';
import { findBreakages } from '../../scripts/gen/compatibility.ts';
import type { Crd, JsonSchema } from '../../scripts/gen/crds.ts';
import { celCases } from '../unit/api/cel-cases.ts';
import { missing, until, why } from './support/cluster.ts';
import { installCrds } from './support/crds.ts';
import { type OwnPlane, openPlane } from './support/own-plane.ts';

const ROOT = join(import.meta.dirname, '../..');
const PRESENT = join(ROOT, 'crds');
const RELEASED = join(ROOT, 'test/fixtures/released-crds');
const STRICT = { fieldValidation: 'Strict' };
const what = 'Trying an upgrade';

describe.skipIf(missing)(`an upgrade of the CRDs on an API server${why}`, () => {
  let own: OwnPlane;
  let client: KubeClient;

  beforeAll(async () => {
    own = await openPlane('upgrade');
    client = new KubeClient({
      config: loadKubeConfig({ file: own.plane.kubeconfig }),
      clock: systemClock,
      random: Math.random,
    });
  });
  afterAll(async () => {
    await client?.close();
    await own?.[Symbol.asyncDispose]();
  });

  const install = (path: string) => installCrds(own.kubectl, { path, how: ['--server-side', '--force-conflicts'] });
  /** Undefined when the server refuses it. */
  async function accepted(asked: Promise<unknown>): Promise<KubeObject | undefined> {
    try {
      return (await asked) as KubeObject;
    } catch (error) {
      if (isStoreError(error, 'invalid')) return undefined;
      throw error;
    }
  }
  const create = (object: KubeObject, dryRun: object = {}) => {
    const path = pathOf(object.kind, { namespace: 'default' });
    return accepted(client.json({ method: 'POST', path, query: { ...STRICT, ...dryRun }, body: object, what }));
  };

  /** Whether everything of `before` is in `after`: defaults may have come. */
  function keeps(before: unknown, after: unknown): boolean {
    if (Array.isArray(before)) {
      return Array.isArray(after) && before.length === after.length && before.every((one, i) => keeps(one, after[i]));
    }
    if (typeof before !== 'object' || before === null) return before === after;
    if (typeof after !== 'object' || after === null) return false;
    return Object.entries(before).every(([key, value]) => keeps(value, (after as Record<string, unknown>)[key]));
  }

  test('keeps every object that the released ones stored, and takes it again as it is', async () => {
    await install(RELEASED);
    const stored: KubeObject[] = [];
    const released = (await readdir(RELEASED)).map((file) => file.replace('.yaml', ''));
    const candidates = celCases.filter(
      ({ kind, old, expect: answer }) =>
        answer === 'accepted' && old === undefined && released.includes(kind.toLowerCase()),
    );
    for (const [index, { object }] of candidates.entries()) {
      const name = `${object.metadata.name.slice(0, 40)}-${index}`;
      const made = await create({ ...object, metadata: { ...object.metadata, name, namespace: 'default' } });
      // What uses fields that are newer than the release could not have been stored.
      if (made !== undefined) stored.push(made);
    }
    expect(stored.length).toBeGreaterThan(60);
    expect(new Set(stored.map(({ kind }) => kind)).size).toBe(released.length);

    await install(PRESENT);
    await until(async () => {
      const { stdout } = await own.kubectl('explain', 'policyrollout.spec');
      return stdout.includes('FIELDS') || undefined;
    }, 'the new definitions in force');
    for (const object of stored) {
      const { kind, metadata } = object;
      const path = pathOf(kind, { namespace: 'default', name: metadata.name });
      const now = (await client.json({ method: 'GET', path, what })) as KubeObject;
      expect(keeps(object.spec, now.spec), `${kind} ${metadata.name} as it is read`).toBe(true);
      const noted = { ...now, metadata: { ...now.metadata, annotations: { note: 'upgraded' } } };
      const put = (await client.json({ method: 'PUT', path, query: STRICT, body: noted, what })) as KubeObject;
      expect(keeps(object.spec, put.spec), `${kind} ${metadata.name} as it is written`).toBe(true);
      // Anew, so that nothing is forgiven because it was there before.
      const again = { ...object, metadata: { name: `again-${metadata.name}`, namespace: 'default' } };
      expect(await create(again, { dryRun: 'All' }), `${kind} ${metadata.name} made anew`).toBeDefined();
    }
  });

  const text: JsonSchema = { type: 'string', maxLength: 10 };
  const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
    type: 'object',
    properties,
    ...more,
  });
  const rule = (words: string): JsonSchema => ({ 'x-kubernetes-validations': [{ rule: words }] });

  /** Schema of before, schema of after, and a spec that was stored in between. */
  const changes: readonly (readonly [reason: string, before: JsonSchema, after: JsonSchema, spec: object])[] = [
    ['a field removed', object({ a: text }), object({}), { a: 'x' }],
    ['a field retyped', object({ a: text }), object({ a: { type: 'boolean' } }), { a: 'x' }],
    ['a shorter text', object({ a: text }), object({ a: { ...text, maxLength: 3 } }), { a: 'long' }],
    ['a new lower bound', object({ a: text }), object({ a: { ...text, minLength: 1 } }), { a: '' }],
    ['a pattern', object({ a: text }), object({ a: { ...text, pattern: '^a' } }), { a: 'b' }],
    ['a choice where all went', object({ a: text }), object({ a: { ...text, enum: ['x'] } }), { a: 'y' }],
    ['a field required', object({ a: text }), object({ a: text }, { required: ['a'] }), {}],
    ['a rule', object({ a: text }), object({ a: { ...text, ...rule('self != ""') } }), { a: '' }],
    ['null refused', object({ a: { ...text, nullable: true } }), object({ a: text }), { a: null }],
    ['a new optional field', object({ a: text }), object({ a: text, b: text }), { a: 'x' }],
    ['a longer text', object({ a: text }), object({ a: { ...text, maxLength: 20 } }), { a: 'x' }],
    ['no longer required', object({ a: text }, { required: ['a'] }), object({ a: text }), { a: 'x' }],
    [
      'a rule about a new field',
      object({ a: text }),
      object({ a: text, b: text }, rule('!has(self.b) || has(self.a)')),
      {},
    ],
    ['better words', object({ a: text }), object({ a: { ...text, description: 'A.' } }), { a: 'x' }],
  ];

  const definition = (
    index: number,
    spec: JsonSchema,
  ): Crd & { readonly apiVersion: string; readonly kind: string } => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `change${index}s.story.fleetward.dev` },
    spec: {
      group: 'story.fleetward.dev',
      scope: 'Namespaced',
      names: { kind: `Change${index}`, plural: `change${index}s`, singular: `change${index}` },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  });
  const file = async (name: string, schema: (index: number) => JsonSchema) => {
    const path = join(own.plane.folder, `${name}.json`);
    const items = changes.map((_, index) => definition(index, schema(index)));
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    return path;
  };

  test('is called a break by npm run verify exactly where stored objects would not survive it', async () => {
    await install(await file('before', (index) => changes[index]?.[1] ?? {}));
    const place = (index: number, name = '') =>
      `/apis/story.fleetward.dev/v1alpha1/namespaces/default/change${index}s${name}`;
    const body = (index: number, name: string) => ({
      apiVersion: 'story.fleetward.dev/v1alpha1',
      kind: `Change${index}`,
      metadata: { name },
      spec: changes[index]?.[3],
    });
    for (const index of changes.keys()) {
      await client.json({ method: 'POST', path: place(index), query: STRICT, body: body(index, 'one'), what });
    }
    await install(await file('after', (index) => changes[index]?.[2] ?? {}));
    for (const [index, [reason, before, after, spec]] of changes.entries()) {
      const files = (schema: JsonSchema) => [{ file: 'story.yaml', crd: definition(index, schema) }];
      const called = findBreakages(files(before), files(after)).length > 0;
      const survives = async () => {
        const now = (await client.json({ method: 'GET', path: place(index, '/one'), what })) as KubeObject;
        const query = { ...STRICT, dryRun: 'All' };
        const again = accepted(
          client.json({ method: 'POST', path: place(index), query, body: body(index, 'two'), what }),
        );
        return keeps(spec, now.spec) && (await again) !== undefined;
      };
      // The server serves a changed definition a moment after it took it.
      await until(async () => (await survives()) === !called || undefined, `${reason}: verify says ${called}`);
    }
  });
});
