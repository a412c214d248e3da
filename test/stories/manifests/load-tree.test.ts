import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTree } from '../../../operator/source/manifests/index.ts';
import { device, folderOf, group, lines, load, names } from './support.ts';

describe('a tree of manifests', () => {
  it('is read to the bottom, in the order of names, with many documents a file', async () => {
    const tree = await load({
      'b.yaml': `${group('b1')}---\n${group('b2')}`,
      'a/z.yml': group('z'),
      'a/b.json': JSON.stringify({
        apiVersion: 'fleetward.dev/v1alpha1',
        kind: 'ThingGroup',
        metadata: { name: 'json' },
        spec: {},
      }),
      'README.md': '# not a manifest',
      '.github/workflow.yaml': 'name: not ours',
    });
    expect(tree.errors).toEqual([]);
    expect(names(tree)).toEqual(['ThingGroup/json', 'ThingGroup/z', 'ThingGroup/b1', 'ThingGroup/b2']);
    expect(tree.files).toBe(3);
  });

  it('knows where each object begins', async () => {
    const tree = await load({
      'a.yaml': `# first\n\n${group('a')}--- # second\n# comment\n${group('b')}---\n---\n  # nothing\n---\n${group('c')}`,
    });
    expect(tree.objects.map(({ line, column, object }) => [object.metadata.name, line, column])).toEqual([
      ['a', 3, 1],
      ['b', 10, 1],
      ['c', 19, 1],
    ]);
  });

  it('keeps objects as their author wrote them, frozen, without what a server fills in', async () => {
    const tree = await load({
      'a.yaml': `${device('d')}  thingName:\nstatus: {arn: x}\n`.replace(
        'name: d',
        'name: d\n  uid: abc\n  creationTimestamp: null',
      ),
    });
    expect(tree.errors).toEqual([]);
    expect(tree.warnings.map(({ code, field, line }) => [code, field, line])).toEqual([
      ['ServerField', 'metadata.uid', 5],
      ['ServerField', 'status', 10],
    ]);
    expect(tree.objects[0]?.object).toEqual({
      apiVersion: 'fleetward.dev/v1alpha1',
      kind: 'Device',
      metadata: { name: 'd' },
      spec: { suspend: false },
    });
    expect(Object.isFrozen(tree.objects[0]?.object.spec)).toBe(true);
  });

  it('opens lists, of ours and of kubectl', async () => {
    const item = (name: string) =>
      `- apiVersion: fleetward.dev/v1alpha1\n  kind: ThingGroup\n  metadata: {name: ${name}}\n  spec: {colour: red}\n`;
    const tree = await load({
      'a.yaml': `apiVersion: v1\nkind: List\nitems:\n${item('a')}${item('b')}`,
      'b.yaml': `apiVersion: fleetward.dev/v1alpha1\nkind: ThingGroupList\nitems:\n- apiVersion: fleetward.dev/v1alpha1\n  kind: ThingGroup\n  metadata: {name: c}\n  spec: {}\n`,
    });
    expect(lines(tree)).toEqual([
      expect.stringMatching(/^a\.yaml:7:10: spec has no field colour/),
      expect.stringMatching(/^a\.yaml:11:10: spec has no field colour/),
    ]);
    expect(tree.objects.map(({ object, line, column }) => [object.metadata.name, line, column])).toEqual([['c', 4, 3]]);
  });

  it('may be named file by file', async () => {
    const folder = await folderOf({ 'a.yaml': group('a'), 'b.yaml': group('b'), 'c.txt': group('c') });
    const tree = await loadTree([join(folder, 'b.yaml'), join(folder, 'c.txt')], { base: folder });
    expect(names(tree)).toEqual(['ThingGroup/b', 'ThingGroup/c']);
  });

  it('of others is skipped and counted', async () => {
    const tree = await load({
      'a.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n---\napiVersion: apps/v1\nkind: Deployment\n',
    });
    expect(tree.skippedForeign).toEqual({ 'v1/ConfigMap': 2, 'apps/v1/Deployment': 1 });
    expect(tree.errorCount).toBe(0);
  });
});

describe('a large fleet', () => {
  const csr = [
    '-----BEGIN CERTIFICATE REQUEST-----',
    ...Array(6).fill('M'.repeat(64)),
    '-----END CERTIFICATE REQUEST-----',
  ].join('\n        ');
  const spec = `  thingTypeRef:\n    name: press\n  attributes:\n    site: hamburg\n  certificates:\n    - name: a\n      csr: |\n        ${csr}`;

  it('is loaded without holding up the event loop', async () => {
    const folder = await folderOf({
      'a.yaml': Array.from({ length: 10_000 }, (_, index) => device(`press-${index}`, spec)).join('---\n'),
    });
    // How often others get their turn; how long each turn takes is the benchmark's matter (bench/manifests.bench.ts).
    let turns = 0;
    let loading = true;
    const others = (): void => {
      turns += 1;
      if (loading) setImmediate(others);
    };
    setImmediate(others);
    const tree = await loadTree(folder, { base: folder });
    loading = false;
    expect(tree.objects).toHaveLength(10_000);
    expect(tree.errorCount).toBe(0);
    expect(tree.objects.at(-1)).toMatchObject({ line: 9_999 * 21 + 1, column: 1 });
    expect(turns).toBeGreaterThan(20);
  });

  it('can be given up half way', async () => {
    const folder = await folderOf({
      'a.yaml': Array.from({ length: 5_000 }, (_, index) => device(`press-${index}`, spec)).join('---\n'),
    });
    const stop = new AbortController();
    const loading = loadTree(folder, { signal: stop.signal });
    setImmediate(() => stop.abort(new Error('shutting down')));
    await expect(loading).rejects.toThrow('shutting down');
  });
});
