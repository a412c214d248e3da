import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../operator/api/meta.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import { KubeClient } from '../../operator/runtime/kube/client.ts';
import { loadKubeConfig } from '../../operator/runtime/kube/config.ts';
import { pathOf } from '../../operator/runtime/kube/resources.ts';
import { StoreError } from '../../operator/runtime/store.ts';
import { type CelCase, celCases } from '../unit/api/cel-cases.ts';
import { scalarCases } from '../unit/manifests/scalar-cases.ts';
import { cluster, missing, why } from './support/cluster.ts';
import { openStory, type Story } from './support/story.ts';

const TRY = { dryRun: 'All', fieldValidation: 'Strict' };

describe.skipIf(missing)(`what the API server itself refuses${why}`, () => {
  let story: Story;
  let client: KubeClient;

  beforeAll(async () => {
    story = await openStory('admission');
    client = new KubeClient({
      config: loadKubeConfig({ file: cluster().kubeconfig }),
      clock: systemClock,
      random: Math.random,
    });
  });
  afterAll(async () => {
    await client?.close();
    await story?.[Symbol.asyncDispose]();
  });

  const here = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, namespace: story.namespace },
  });
  const place = (object: KubeObject) => ({ namespace: story.namespace, name: object.metadata.name });

  /** The messages of the refusal; none when the server took it. */
  async function refusals(act: Promise<unknown>): Promise<readonly string[]> {
    try {
      await act;
      return [];
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'invalid') throw error;
      return error.causes.length > 0 ? error.causes.map(({ message }) => message) : [error.message];
    }
  }

  async function judge({ kind, object, old }: CelCase): Promise<readonly string[]> {
    const what = 'Trying a rule';
    const collection = pathOf(kind, { namespace: story.namespace });
    if (old === undefined) {
      return refusals(client.json({ method: 'POST', path: collection, query: TRY, body: here(object), what }));
    }
    const path = pathOf(kind, place(old));
    const stored = (await client.json({ method: 'POST', path: collection, body: here(old), what })) as KubeObject;
    try {
      const metadata = { ...here(object).metadata, resourceVersion: stored.metadata.resourceVersion };
      return await refusals(client.json({ method: 'PUT', path, query: TRY, body: { ...object, metadata }, what }));
    } finally {
      await client.json({ method: 'DELETE', path, what });
    }
  }

  test('every rule accepts and refuses as it does offline', async () => {
    const different: string[] = [];
    for (const one of celCases) {
      const messages = await judge(one);
      const agrees =
        one.expect === 'accepted' ? messages.length === 0 : messages.some((message) => message.includes(one.rule));
      if (!agrees)
        different.push(`${one.kind}: ${one.rule} — ${one.reason}: ${one.expect}, but [${messages.join('; ')}]`);
    }
    expect(different).toEqual([]);
    expect(celCases.length).toBeGreaterThan(150);
  });

  test('kubectl apply --dry-run=server shows the rule to a person', async () => {
    const { status, stderr } = await story.kubectl('apply', '--dry-run=server', '-f', await bad());
    expect(status).toBe(1);
    expect(stderr).toContain(
      'a thing without a thing type takes at most 3 attributes: set thingTypeRef or remove some',
    );
  });

  async function bad(): Promise<string> {
    const file = `${story.folder}/bad.yaml`;
    const object = {
      apiVersion: 'fleetward.dev/v1alpha1',
      kind: 'Device',
      metadata: { name: 'press' },
      spec: { attributes: { a: '1', b: '2', c: '3', d: '4' } },
    };
    await writeFile(file, JSON.stringify(object));
    return file;
  }

  test('plain scalars of YAML are what the offline reader takes them for', async () => {
    const file = `${story.folder}/scalars.yaml`;
    const lines = scalarCases.map(([text], i) => `  k${i}: ${text}`);
    await writeFile(
      file,
      `apiVersion: fleetward.dev/v1alpha1\nkind: Device\nmetadata: {name: s}\nspec:\n${lines.join('\n')}\n`,
    );
    const { stdout } = await story.kubectl('create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', file);
    const { spec } = JSON.parse(stdout) as { spec: Record<string, unknown> };
    const read = scalarCases.map(([text], i) => [text, spec[`k${i}`] ?? null]);
    expect(read).toEqual(scalarCases.map(([text, value]) => [text, value]));
  });

  const document = (statement: object) => ({ document: { Version: '2012-10-17', Statement: [statement] } });
  const allow = { Effect: 'Allow', Action: ['iot:Connect'], Resource: ['*'] };

  test.each([
    ['a text where a list belongs', 'Device', { policyRefs: 'press' }, 'policyRefs'],
    ['a number where a text belongs', 'Device', { attributes: { site: 7 } }, 'site'],
    ['a misspelt field', 'Device', { polcyRefs: [] }, 'polcyRefs'],
    ['null where a list belongs', 'Device', { policyRefs: [null] }, 'policyRefs'],
    ['a list of lists', 'Device', { certificates: [[]] }, 'certificates'],
    ['a text where a switch belongs', 'Device', { suspend: 'no' }, 'suspend'],
    ['one action where a list belongs', 'IoTPolicy', document({ ...allow, Action: 'iot:Connect' }), 'Action'],
    ['one resource where a list belongs', 'IoTPolicy', document({ ...allow, Resource: '*' }), 'Resource'],
    [
      'one condition value where a list belongs',
      'IoTPolicy',
      document({ ...allow, Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } }),
      'Condition',
    ],
    ['a document as text', 'IoTPolicy', { document: '{}' }, 'document'],
    ['an account id as a number', 'AWSAccount', { region: 'us-east-1', accountId: 123_456_789_012 }, 'accountId'],
    ['a share that is none', 'AWSAccount', { region: 'us-east-1', quotaShare: 2 }, 'quotaShare'],
    ['a list where a map belongs', 'ThingGroup', { attributes: ['a'] }, 'attributes'],
    ['a number where a list belongs', 'ThingType', { searchableAttributes: 1 }, 'searchableAttributes'],
    ['a map where a list belongs', 'SecurityProfile', { behaviors: {} }, 'behaviors'],
    ['an interval without a unit', 'FleetSource', { url: 'https://git.example.com/x', interval: '10' }, 'interval'],
    ['an attempt that is a text', 'PolicyRollout', { revision: 'a', policies: [], attempt: '1' }, 'attempt'],
  ])('%s is refused with the name of the field', async (_, kind, spec, field) => {
    const file = `${story.folder}/type.yaml`;
    await writeFile(
      file,
      JSON.stringify({ apiVersion: 'fleetward.dev/v1alpha1', kind, metadata: { name: 'press' }, spec }),
    );
    const { status, stderr } = await story.kubectl('apply', '--dry-run=server', '-f', file);
    expect(status).toBe(1);
    expect(stderr).toContain(field);
  });
});
