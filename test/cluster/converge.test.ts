import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KINDS } from '../../operator/api/kinds.gen.ts';
import type { KubeObject } from '../../operator/api/meta.ts';
import { writesIn } from './support/audit.ts';
import { cluster, kubectl, missing, must, until, why } from './support/cluster.ts';
import { type OperatorProcess, untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';

const ROOT = join(import.meta.dirname, '../..');
const FACTORY = join(ROOT, 'manifests/examples/factory');

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly allOf?: unknown;
  readonly $ref?: string;
}

interface Told {
  readonly regarding: { readonly uid?: string };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
}

interface List {
  readonly items: readonly KubeObject[];
}

describe.skipIf(missing)(`kubectl apply of the factory, and fleetward run${why}`, () => {
  let story: Story;
  let operator: OperatorProcess;
  const writes = () => story.sandbox.ledger.count({ mutating: true });
  const versions = async () =>
    Object.fromEntries(
      (await story.json<List>('get', 'fleet')).items.map(({ kind, metadata }) => [
        `${kind}/${metadata.name}`,
        metadata.resourceVersion,
      ]),
    );

  beforeAll(async () => {
    story = await openStory('converge');
    operator = await story.operator({ config: { log: { level: 'debug' } } });
    await untilReady(operator);
    // They come last otherwise, and a device that waits for its type for ten seconds writes once more, to say so.
    await must(story.kubectl('apply', '-f', join(FACTORY, 'types.yaml')));
    await must(story.kubectl('apply', '-R', '-f', FACTORY));
    await must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=180s'));
  });
  afterAll(() => story?.[Symbol.asyncDispose]());

  test('43 objects become Ready, and kubectl get shows each with what it is about', async () => {
    const { items } = await story.json<List>('get', 'fleet');
    expect(items).toHaveLength(43);
    const devices = await must(story.kubectl('get', 'devices', '-o', 'wide'));
    expect(devices).toMatch(/^NAME +READY +STATUS +AGE +THING/);
    expect(devices).toMatch(/drs-press-01 +True +Thing drs-press-01 matches the spec\. +\d+s/);
    expect(await must(story.kubectl('get', 'dev', 'drs-press-01', '--no-headers'))).toContain('True');
  });

  test('a device stays within its budget: four writes, one event, 4 KiB', async () => {
    const { items } = await story.json<List>('get', 'devices', '--show-managed-fields');
    expect(items.length).toBeGreaterThan(20);
    // kubectl keeps a copy of everything it applied; that is its own, and Git does without.
    const kept = 'kubectl.kubernetes.io/last-applied-configuration';
    const sizes = items.map((item) => {
      const annotations = { ...item.metadata.annotations, [kept]: undefined };
      return JSON.stringify({ ...item, metadata: { ...item.metadata, annotations } }).length;
    });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
    const written = (await writesIn(story.namespace, cluster().auditLog)).filter(
      ({ resource }) => resource === 'devices',
    );
    const { items: events } = await story.json<{ items: { regarding: { kind: string; name: string } }[] }>(
      'get',
      'events.events.k8s.io',
    );
    for (const { metadata } of items) {
      const about = events.filter(({ regarding }) => regarding.kind === 'Device' && regarding.name === metadata.name);
      expect(about.length, metadata.name).toBeLessThanOrEqual(1);
      expect(written.filter(({ name }) => name === metadata.name).length, metadata.name).toBeLessThanOrEqual(4);
    }
  });

  test('kubectl describe ends with an event, and no key or request is printed as one', async () => {
    // Events are written beside the work, and may come after the status.
    const text = await until(async () => {
      const now = await must(story.kubectl('describe', 'device', 'drs-press-01'));
      return /Events:\n[\s\S]*Normal +\w+ /.test(now) ? now : undefined;
    }, 'an event at the end');
    expect(text).toMatch(/Conditions:[\s\S]*Type: +Ready/);
    expect(text).not.toMatch(/PRIVATE KEY/);
  });

  test('no event is there twice: the same again raises a count', async () => {
    const items = await until(async () => {
      const now = await story.json<{ items: readonly Told[] }>('get', 'events.events.k8s.io');
      return now.items.length > 20 ? now.items : undefined;
    }, 'more than twenty events');
    const said = items.map(({ regarding, type, reason, note }) => `${regarding.uid} ${type} ${reason} ${note}`);
    expect(said.filter((one, index) => said.indexOf(one) !== index)).toEqual([]);
  });

  test('kubectl explain explains', async () => {
    const text = await must(story.kubectl('explain', 'device.spec'));
    expect(text).toContain('policyRefs');
    expect(text).not.toContain('<no description>');
    expect(await must(story.kubectl('explain', 'device.spec.certificates.issued'))).toContain('secretName');
    for (const kind of KINDS) {
      const all = await must(story.kubectl('explain', kind));
      expect(all, kind).not.toContain('<no description>');
      expect(all.replace(/^.*DESCRIPTION:\s+/s, ''), kind).toMatch(/^\S.{30}/);
    }
  });

  test('and has words for every field of every kind', async () => {
    // What `kubectl explain` reads.
    const text = await must(kubectl(['get', '--raw', '/openapi/v3/apis/fleetward.dev/v1alpha1']));
    const { components } = JSON.parse(text) as { components: { schemas: Record<string, Schema> } };
    const silent: string[] = [];
    let fields = 0;
    const walk = (path: string, schema: Schema) => {
      for (const below of [schema.items, schema.additionalProperties]) {
        if (typeof below === 'object') walk(path, below);
      }
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        // The server's own words stand behind a reference.
        if (field.allOf !== undefined || field.$ref !== undefined) continue;
        fields += 1;
        if ((field.description ?? '').length < 10) silent.push(`${path}.${name}`);
        walk(`${path}.${name}`, field);
      }
    };
    for (const kind of KINDS) walk(kind, components.schemas[`dev.fleetward.v1alpha1.${kind}`] ?? {});
    expect(silent).toEqual([]);
    expect(fields).toBeGreaterThan(300);
  });

  test('applying the same again changes no object and writes nothing to AWS', async () => {
    const before = { writes: writes(), versions: await versions() };
    // kubectl itself says `configured` of every list whose entries have defaults; the server knows better.
    await must(story.kubectl('apply', '-R', '-f', FACTORY));
    const reconciles = await operator.metric('controller_runtime_reconcile_total', 'controller="device"');
    await must(story.kubectl('annotate', 'device', 'drs-press-01', 'reconcile.fleetward.dev/requestedAt=now'));
    await until(
      async () =>
        (await operator.metric('controller_runtime_reconcile_total', 'controller="device"')) > reconciles || undefined,
      'a reconcile that was asked for',
    );
    const now = await versions();
    // The device was annotated, and the account tells when it was last looked at.
    const moved = { 'Device/drs-press-01': '', 'AWSAccount/default': '' };
    expect({ ...now, ...moved }).toEqual({ ...before.versions, ...moved });
    expect(writes()).toBe(before.writes);
  });

  test('the rules, the dashboard and docs/metrics.md name the metrics that exist, and no others', async () => {
    const { body } = await operator.get('/metrics');
    const exist = new Set([...body.matchAll(/^# HELP (\S+)/gm)].map(([, name = '']) => name));
    const text = (file: string) => readFile(join(ROOT, file), 'utf8');
    const rules = parse(await text('charts/fleetward/files/rules.yaml')) as {
      groups: { rules: { expr: string }[] }[];
    };
    const dashboard = JSON.parse(await text('charts/fleetward/files/dashboard.json')) as {
      panels: { targets: { expr: string }[] }[];
    };
    const expressions = [
      ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ].map((expr) => expr.replace(/\bby \([^)]*\)/g, ''));
    const used = expressions.flatMap((expr) => [...expr.matchAll(/\b([a-z]+_[a-z0-9_]+)\b(?=[{[)]| [<>])/g)]);
    const names = used.map(([, name = '']) => (exist.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')));
    expect(names.length).toBeGreaterThan(expressions.length - 1);
    expect(names.filter((name) => !exist.has(name))).toEqual([]);
    const documented = [...(await text('docs/metrics.md')).matchAll(/^\| `([a-z_]+)` /gm)].map(([, name = '']) => name);
    const own = [...exist].filter((name) => !/^(process|nodejs)_/.test(name));
    expect(
      own.filter((name) => !documented.includes(name)),
      'not documented',
    ).toEqual([]);
    expect(
      documented.filter((name) => !exist.has(name)),
      'documented and missing',
    ).toEqual([]);
  });

  test('no series names a device, and no log line a key', async () => {
    const { body } = await operator.get('/metrics');
    expect(body).not.toMatch(/drs-|ham-/);
    // The last one may be in the middle of being written.
    const lines = (await readFile(operator.logFile, 'utf8')).split('\n').slice(0, -1);
    const said = lines.map(
      (line) => JSON.parse(line) as { controller?: string; reconcileID?: string; object?: unknown },
    );
    const reconciling = said.filter(({ controller, object }) => controller !== undefined && object !== undefined);
    expect(reconciling.length).toBeGreaterThan(0);
    for (const line of reconciling) expect(line.reconcileID, JSON.stringify(line)).toMatch(/^\S{8,}$/);
    expect(lines.join('\n')).not.toMatch(/PRIVATE KEY|secretAccessKey|CERTIFICATE REQUEST/);
    expect((await operator.get('/healthz')).status).toBe(200);
    expect((await operator.get('/readyz?verbose')).body).toMatch(/\[\+\] caches ok/);
  });

  test('kubectl edit of one attribute reaches AWS', async () => {
    const edited = await kubectl(['-n', story.namespace, 'edit', 'device', 'ham-sensor-06'], {
      editor: "sed -i 's/unit: .*/unit: kelvin/'",
    });
    expect(edited.stderr).toBe('');
    await until(
      () =>
        story.sandbox.ledger
          .entries({ operation: 'UpdateThing' })
          .some(({ resource }) => resource === 'ham-sensor-06') || undefined,
      'the edit in AWS',
    );
    await must(story.kubectl('wait', '--for=condition=Ready', 'device/ham-sensor-06', '--timeout=120s'));
  });

  test('kubectl delete of a device under Retain is at once and leaves AWS alone', async () => {
    const before = writes();
    await must(story.kubectl('delete', 'device', 'ham-press-06', '--timeout=60s'));
    expect(writes()).toBe(before);
  });

  test('kubectl delete under Delete waits for AWS', async () => {
    const name = 'ham-press-05';
    await must(story.kubectl('patch', 'device', name, '--type=merge', '-p', '{"spec":{"deletionPolicy":"Delete"}}'));
    await until(async () => {
      const { metadata } = await story.json<KubeObject>('get', 'device', name);
      return metadata.finalizers?.includes('fleetward.dev/aws') || undefined;
    }, 'the finalizer');
    await must(story.kubectl('delete', 'device', name, '--timeout=120s'));
    const deleted = story.sandbox.ledger.entries({ operation: 'DeleteThing', outcome: 'ok' });
    expect(deleted.map(({ resource }) => resource)).toEqual([name]);
  });

  test('deletion of the whole namespace, finalizers and all, takes from AWS what is to be deleted there', async () => {
    const kinds = 'devices,iotpolicies,thinggroups,securityprofiles';
    // What was retained in AWS is taken up again: a policy is not deleted while a certificate carries it.
    await must(story.kubectl('apply', '-R', '-f', FACTORY));
    await must(story.kubectl('wait', '--for=condition=Ready', 'devices', '--all', '--timeout=120s'));
    const { items } = await story.json<List>('get', kinds);
    const doomed = items.map(({ apiVersion, kind, metadata: { name }, spec }) =>
      JSON.stringify({ apiVersion, kind, metadata: { name }, spec: { ...(spec as object), deletionPolicy: 'Delete' } }),
    );
    await story.apply(doomed.join('\n---\n'));
    await until(async () => {
      const now = await story.json<List>('get', kinds);
      return now.items.every(({ metadata }) => metadata.finalizers?.includes('fleetward.dev/aws')) || undefined;
    }, 'the finalizers');
    await must(story.kubectl('delete', 'namespace', story.namespace, '--timeout=200s'));
    const deleted = (operation: string) =>
      story.sandbox.ledger.entries({ operation, outcome: 'ok' }).filter(({ changed }) => changed).length;
    const count = (kind: string) => items.filter((item) => item.kind === kind).length;
    expect(deleted('DeleteThing')).toBe(count('Device') + 1);
    expect(deleted('DeletePolicy')).toBe(count('IoTPolicy'));
    expect(deleted('DeleteThingGroup') + deleted('DeleteDynamicThingGroup')).toBe(count('ThingGroup'));
    expect(deleted('DeleteSecurityProfile')).toBe(count('SecurityProfile'));
    expect(operator.child.exited()).toBe(false);
  });
});
