import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, describe, expect, it } from 'vitest';
import { type LoadOptions, loadTree, type ManifestTree } from '../../../operator/source/manifests/index.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

type Content = string | Buffer;

async function folderOf(files: Readonly<Record<string, Content>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-manifests-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

async function load(files: Readonly<Record<string, Content>>, options: LoadOptions = {}): Promise<ManifestTree> {
  const folder = await folderOf(files);
  return loadTree(folder, { base: folder, ...options });
}

const lines = (tree: ManifestTree) =>
  tree.errors.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
const names = (tree: ManifestTree) => tree.objects.map(({ object }) => `${object.kind}/${object.metadata.name}`);
const group = (name: string, spec = '{}') =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: ThingGroup\nmetadata:\n  name: ${name}\nspec: ${spec}\n`;
const device = (name: string, spec = '  suspend: false') =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: Device\nmetadata:\n  name: ${name}\nspec:\n${spec}\n`;
const policy = (statement: string) =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: IoTPolicy\nmetadata:\n  name: p\nspec:\n  document:\n    Statement:\n${statement}`;

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
      'a.yaml': `${device('d')}status: {arn: x}\n`.replace('name: d', 'name: d\n  uid: abc\n  creationTimestamp: null'),
    });
    expect(tree.errors).toEqual([]);
    expect(tree.warnings.map(({ code, field, line }) => [code, field, line])).toEqual([
      ['ServerField', 'metadata.uid', 5],
      ['ServerField', 'status', 9],
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

describe('every mistake is named with its place, all at once', () => {
  const mistakes: readonly (readonly [reason: string, text: string, expected: string | RegExp])[] = [
    [
      'a kind that does not exist',
      group('a').replace('ThingGroup', 'ThingGruop'),
      'a.yaml:2:7: ThingGruop is not a kind of fleetward.dev/v1alpha1; did you mean ThingGroup?',
    ],
    [
      'a version that does not exist',
      group('a').replace('v1alpha1', 'v1'),
      'a.yaml:1:13: fleetward.dev/v1 is not a version that is served: use fleetward.dev/v1alpha1',
    ],
    [
      'a group with a slip of the pen',
      group('a').replace('fleetward.dev', 'fleetwrad.dev'),
      'a.yaml:1:13: fleetwrad.dev/v1alpha1 is not our group: did you mean fleetward.dev/v1alpha1?',
    ],
    [
      'a field that does not exist',
      device('d', '  groupRef: []'),
      'a.yaml:6:3: spec has no field groupRef; did you mean groupRefs?',
    ],
    [
      'a field of metadata that does not exist',
      device('d').replace('name: d', 'name: d\n  label: {}'),
      'a.yaml:5:3: metadata has no field label; did you mean labels?',
    ],
    [
      'a word that YAML takes for a boolean',
      device('d', '  attributes:\n    country: no'),
      'a.yaml:7:14: must be a string, and YAML reads no as something else: write country: "no"',
    ],
    [
      'a number that was meant as text',
      device('d', '  attributes:\n    firmware: 1.10'),
      'a.yaml:7:15: must be a string, and YAML reads 1.10 as something else: write firmware: "1.10"',
    ],
    [
      'the same in a list',
      device('d', '  clientIds:\n    - 007'),
      'a.yaml:7:7: must be a string, and YAML reads 007 as something else: write - "007"',
    ],
    [
      'a scalar action',
      policy('      - Effect: Allow\n        Action: iot:Connect\n        Resource: ["*"]\n'),
      'a.yaml:9:17: must be a list, but is a string: write Action: ["iot:Connect"]',
    ],
    [
      'a scalar condition value',
      policy(
        '      - Effect: Allow\n        Action: ["iot:Connect"]\n        Resource: ["*"]\n        Condition:\n          Bool:\n            iot:Connection.Thing.IsAttached: true\n',
      ),
      'a.yaml:13:46: must be a list, but is a boolean: write iot:Connection.Thing.IsAttached: ["true"]',
    ],
    [
      'one statement instead of a list',
      policy('      Effect: Allow\n      Action: ["iot:Connect"]\n      Resource: ["*"]\n'),
      'a.yaml:8:7: must be a list, but is a mapping: put "- " before its first field',
    ],
    [
      'a key of AWS in small letters',
      policy('      - Effect: Allow\n        action: ["iot:Connect"]\n        Resource: ["*"]\n'),
      'a.yaml:9:9: spec.document.Statement[0] has no field action; did you mean Action?',
    ],
    [
      'a document that is too long',
      policy(`      - Effect: Allow\n        Action: ["iot:Connect"]\n        Resource: ["arn:${'x'.repeat(2000)}"]\n`),
      /^a\.yaml:6:3: has 20\d\d characters without white space, and AWS takes at most 2048/,
    ],
    [
      'a rule over several fields',
      device('d', '  certificates:\n    - name: a'),
      'a.yaml:7:7: give exactly one of csr, pem, certificateId and issued',
    ],
    [
      'a verb in Git',
      group('a').replace('name: a', 'name: a\n  annotations:\n    rollout.fleetward.dev/abort: now'),
      /^a\.yaml:6:5: rollout\.fleetward\.dev\/abort asks the running operator to act once/,
    ],
    [
      'a label of ours',
      group('a').replace('name: a', 'name: a\n  labels:\n    fleetward.dev/source: x'),
      /^a\.yaml:6:5: labels of fleetward\.dev are set by the operator/,
    ],
    ['no kind', 'apiVersion: fleetward.dev/v1alpha1\nmetadata: {name: a}\n', /^a\.yaml:1:1: kind is missing/],
    ['no object at all', '- a\n- b\n', 'a.yaml:1:1: is a list, not an object with apiVersion, kind and metadata'],
    [
      'a key that is there twice',
      group('a').replace('spec: {}', 'spec: {}\nspec: {}'),
      'a.yaml:6:1: this key is there twice',
    ],
    ['broken YAML', 'a: [1, 2\n', /^a\.yaml:1:8: Flow sequence/],
    ['an infinite number', device('d', '  suspend: .inf'), /^a\.yaml:6:12: must be true or false/],
  ];
  it.each(mistakes)('%s', async (_, text, expected) => {
    const tree = await load({ 'a.yaml': text });
    expect(lines(tree)).toContainEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
    expect(tree.objects).toEqual([]);
  });

  it('in one tree, in the order of files and lines, beside what is right', async () => {
    const tree = await load({
      'a.yaml': mistakes.map(([, text]) => text).join('---\n'),
      'b.yaml': group('right'),
      'c.json': '{"apiVersion": "fleetward.dev/v1alpha1",\n "kind": "ThingGroup",}',
    });
    expect(tree.errorCount).toBeGreaterThanOrEqual(mistakes.length + 1);
    expect(tree.errors.map(({ line }) => line).slice(0, -1)).toEqual(
      tree.errors
        .map(({ line }) => line)
        .slice(0, -1)
        .toSorted((a, b) => a - b),
    );
    expect(tree.errors.at(-1)).toMatchObject({ file: 'c.json', line: 2, code: 'BadSyntax' });
    expect(names(tree)).toEqual(['ThingGroup/right']);
  });

  it('in JSON too', async () => {
    const text =
      '{\n\t"apiVersion": "fleetward.dev/v1alpha1",\n\t"kind": "ThingGroup",\n\t"metadata": {"name": "a"},\n\t"spec": {"colour": 1}\n}\n';
    const tree = await load({ 'a.json': text, 'b.json': '{"a": 1,\n "a": 2}' });
    expect(lines(tree)).toEqual([
      'a.json:5:11: spec has no field colour; it has accountRef, managementPolicy, adoption, deletionPolicy, driftPolicy, suspend, thingGroupName, parentRef, description, attributes, query, policyRefs, quarantine',
      'b.json:2:2: this key is there twice',
    ]);
  });

  it('never shows a secret', async () => {
    const tree = await load({
      'a.yaml': device(
        'd',
        '  certificates:\n    - name: a\n      csr: |\n        -----BEGIN EC PRIVATE KEY-----\n        hunter2',
      ),
      'b.yaml':
        'apiVersion: fleetward.dev/v1alpha1\nkind: FleetSource\nmetadata: {name: a}\nspec: {url: "https://hunter2@git.example.com/x"}\n',
      'c.json': '{"token": hunter2}',
    });
    expect(tree.errorCount).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(tree.errors)).not.toContain('hunter2');
  });

  it('is bounded in number, and counted to the end', async () => {
    const tree = await load(
      { 'a.yaml': Array.from({ length: 3_000 }, () => 'kind: x\n').join('---\n') },
      { limits: { problems: 100 } },
    );
    expect(tree.errors).toHaveLength(100);
    expect(tree.errorCount).toBe(3_000);
  });
});

describe('objects that do not fit together', () => {
  it('one object twice, also across files', async () => {
    const tree = await load({ 'a.yaml': group('a'), 'b.yaml': `# b\n${group('a')}` });
    expect(lines(tree)).toEqual(['b.yaml:2:1: ThingGroup a is there twice: it stands in a.yaml:1 as well']);
  });

  it('but not under two namespaces', async () => {
    const tree = await load({
      'a.yaml': group('a').replace('name: a', 'name: a\n  namespace: here'),
      'b.yaml': group('a').replace('name: a', 'name: a\n  namespace: there'),
    });
    expect(tree.errors).toEqual([]);
  });

  it('two objects for one AWS name', async () => {
    const tree = await load({ 'a.yaml': device('press-1'), 'b.yaml': device('other', '  thingName: press-1') });
    expect(lines(tree)).toEqual([
      'b.yaml:1:1: stands for press-1 in AWS, and so does press-1 in a.yaml:1: give one of them another name in spec',
    ]);
  });

  const groups = `${group('line-1')}---\n${group('line-2')}`;
  it('a reference to nothing: a warning with the nearest name, an error where the tree is meant to be complete', async () => {
    const files = {
      'a.yaml': groups,
      'd.yaml': `---\n${device('d', '  groupRefs:\n    - name: lin-1\n    - name: line-2\n  thingTypeRef: { name: press }')}`,
    };
    const tree = await load(files);
    expect(tree.errors).toEqual([]);
    expect(tree.warnings.map(({ file, line, column, field, nearest }) => [file, line, column, field, nearest])).toEqual(
      [
        ['d.yaml', 8, 13, 'spec.groupRefs[0].name', 'line-1'],
        ['d.yaml', 10, 25, 'spec.thingTypeRef.name', undefined],
      ],
    );
    expect((await load(files, { danglingReferences: 'error' })).errorCount).toBe(2);
  });

  it('resolve in any order, and a reference to something wrong is not reported as well', async () => {
    const tree = await load(
      { 'a.yaml': device('d', '  groupRefs: [{name: z}]'), 'z.yaml': group('z', '{colour: red}') },
      { danglingReferences: 'error' },
    );
    expect(lines(tree)).toHaveLength(1);
    expect(lines(tree)[0]).toContain('colour');
  });

  const shapes: readonly (readonly [reason: string, text: string, expected: RegExp])[] = [
    [
      'parents in a circle',
      `${group('a', '{parentRef: {name: b}}')}---\n${group('b', '{parentRef: {name: a}}')}`,
      /a\.yaml:5:26: a is above itself/,
    ],
    [
      'eight levels',
      [1, 2, 3, 4, 5, 6, 7, 8]
        .map((n) => group(`g${n}`, n === 1 ? '{}' : `{parentRef: {name: g${n - 1}}}`))
        .join('---\n'),
      /is on level 8/,
    ],
    [
      'below a dynamic group',
      `${group('a', '{query: "x:1"}')}---\n${group('b', '{parentRef: {name: a}}')}`,
      /a is a dynamic group/,
    ],
    [
      'a Device that names a dynamic group',
      `${group('a', '{query: "x:1"}')}---\n${device('d', '  groupRefs: [{name: a}]')}`,
      /AWS fills it/,
    ],
    [
      'a Device that names a quarantine group',
      `${group('a', '{quarantine: true}')}---\n${device('d', '  groupRefs: [{name: a}]')}`,
      /only security acts/,
    ],
    [
      'a Device in two groups of a hierarchy',
      `${group('a')}---\n${group('b', '{parentRef: {name: a}}')}---\n${device('d', '  groupRefs: [{name: a}, {name: b}]')}`,
      /a\.yaml:18:33: b and a are both below a/,
    ],
  ];
  it.each(shapes)('%s', async (_, text, expected) => {
    const tree = await load({ 'a.yaml': text });
    expect(lines(tree).join('\n')).toMatch(expected);
  });

  it('more policies on a certificate than AWS takes, those of the account included', async () => {
    const refs = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => `{name: p${from + index}}`).join(', ');
    const account = `apiVersion: fleetward.dev/v1alpha1\nkind: AWSAccount\nmetadata: {name: default}\nspec: {region: eu-west-1, defaultPolicyRefs: [${refs(1, 3)}]}\n`;
    expect(lines(await load({ 'a.yaml': `${account}---\n${device('d', `  policyRefs: [${refs(3, 10)}]`)}` }))).toEqual(
      [],
    );
    expect(lines(await load({ 'a.yaml': `${account}---\n${device('d', `  policyRefs: [${refs(3, 11)}]`)}` }))).toEqual([
      expect.stringContaining('makes 11 policies'),
    ]);
  });
});

describe('kustomize is explained, not run', () => {
  it('harmless where it only lists files', async () => {
    const tree = await load({ 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': group('a') });
    expect(tree.errors).toEqual([]);
    expect(tree.warnings).toEqual([
      expect.objectContaining({ code: 'Kustomization', message: expect.stringContaining('does not run kustomize') }),
    ]);
  });

  it('an error where it would change something', async () => {
    const tree = await load({ Kustomization: 'resources: [a.yaml]\nnamePrefix: x-\n', 'a.yaml': group('a') });
    expect(tree.errors).toEqual([
      expect.objectContaining({
        file: 'Kustomization',
        code: 'Kustomization',
        message: expect.stringContaining('namePrefix'),
      }),
    ]);
  });
});

describe('hostile files', () => {
  const hostile: readonly (readonly [reason: string, name: string, content: Content, expected: RegExp])[] = [
    ['binary', 'a.yaml', Buffer.from([1, 2, 0, 3]), /a\.yaml:1:1: holds a NUL byte/],
    ['a NUL byte on line 3', 'a.yaml', 'a: 1\nb: 2\nc: \0\n', /a\.yaml:3:1: holds a NUL byte/],
    [
      'invalid UTF-8 on line 2',
      'a.yaml',
      Buffer.concat([Buffer.from('a: 1\nb: '), Buffer.from([0xff, 0x0a])]),
      /a\.yaml:2:1: is not valid UTF-8/,
    ],
    ['UTF-16', 'a.yaml', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('a: 1\n', 'utf16le')]), /is UTF-16/],
    ['a document of 50 MB', 'a.yaml', Buffer.alloc(50 * 1024 * 1024, 'a'), /has a document of more than 16 MiB/],
    ['a flow document of 1 MB', 'a.yaml', `a: [\n${'1,\n'.repeat(300_000)}]\n`, /not in plain block style/],
    [
      'an alias bomb',
      'a.yaml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from('bcdefghi', (letter, index) => `${letter}: &${letter} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]\n`).join('')}`,
      /aliases/,
    ],
    ['endless brackets', 'a.yaml', `a: ${'['.repeat(100_000)}`, /nested more than 100 levels/],
    ['endless JSON', 'a.json', '['.repeat(400_000), /is not JSON|nested/],
  ];
  it.each(hostile)('%s: a clear error, in bounded time', async (_, name, content, expected) => {
    const before = performance.now();
    const tree = await load({ [name]: content, 'ok.yaml': group('ok') });
    expect(lines(tree).join('\n')).toMatch(expected);
    expect(names(tree)).toEqual(['ThingGroup/ok']);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('a file above the limit is not opened', async () => {
    const tree = await load({ 'a.yaml': group('a') }, { limits: { fileBytes: 10 } });
    expect(tree.errors).toEqual([expect.objectContaining({ code: 'TooLarge' })]);
  });

  it('links that leave the tree are refused, links within it read once, circles ended', async () => {
    const outside = await folderOf({ 'secret.yaml': group('outside') });
    const folder = await folderOf({ 'data/a.yaml': group('a'), '.hidden/b.yaml': group('b') });
    await symlink(join(outside, 'secret.yaml'), join(folder, 'leak.yaml'));
    await symlink(outside, join(folder, 'leak-folder'));
    await symlink('../data', join(folder, 'data/circle'));
    await symlink('data/a.yaml', join(folder, 'again.yaml'));
    await symlink('.hidden/b.yaml', join(folder, 'b.yaml'));
    await symlink('nowhere.yaml', join(folder, 'dead.yaml'));
    const tree = await loadTree(folder, { base: folder });
    expect(tree.errors.map(({ file, message }) => [file, message.slice(0, 40)])).toEqual([
      ['dead.yaml', 'is a symbolic link that leads nowhere: t'],
      ['leak-folder', 'is a symbolic link that leaves the tree,'],
      ['leak.yaml', 'is a symbolic link that leaves the tree,'],
    ]);
    expect(names(tree).sort()).toEqual(['ThingGroup/a', 'ThingGroup/b']);
  });

  it('links may lead out of the path where a whole checkout is given, and never out of that', async () => {
    const checkout = await folderOf({ 'shared/a.yaml': group('a'), 'fleet/b.yaml': group('b') });
    await symlink('../shared/a.yaml', join(checkout, 'fleet/a.yaml'));
    await symlink('/etc/hostname', join(checkout, 'fleet/c.yaml'));
    const tree = await loadTree(join(checkout, 'fleet'), { base: checkout, linkRoot: checkout });
    expect(names(tree)).toEqual(['ThingGroup/a', 'ThingGroup/b']);
    expect(tree.errors.map(({ file }) => file)).toEqual(['fleet/c.yaml']);
  });

  it('a path that is not there is an error, not an empty fleet', async () => {
    const tree = await loadTree('/nonexistent/fleet');
    expect(tree.errors).toEqual([
      expect.objectContaining({ code: 'BadFile', message: 'cannot be read: there is no such file or folder' }),
    ]);
  });

  it('a byte order mark and Windows line ends do no harm', async () => {
    const tree = await load({
      'a.yaml': `\ufeff${group('a').replaceAll('\n', '\r\n')}---\r\n${group('b').replaceAll('\n', '\r\n')}`,
    });
    expect(tree.errors).toEqual([]);
    expect(names(tree)).toEqual(['ThingGroup/a', 'ThingGroup/b']);
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
    await loadTree(folder);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const tree = await loadTree(folder, { base: folder });
    delay.disable();
    expect(tree.objects).toHaveLength(10_000);
    expect(tree.errorCount).toBe(0);
    expect(tree.objects.at(-1)).toMatchObject({ line: 9_999 * 21 + 1, column: 1 });
    // The goal is 100 ms on a machine of its own; tests share theirs.
    expect(delay.percentile(99) / 1e6).toBeLessThan(250);
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
