import { describe, expect, it } from 'vitest';
import { device, group, lines, load } from './support.ts';

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
      'a description over several lines',
      group('a', '{description: "one\\ntwo"}'),
      /a\.yaml:5:\d+: has a line break .* write it with > and -, as >-/,
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

  it('a description that AWS may refuse is a warning only', async () => {
    const tree = await load({ 'a.yaml': group('a', '{description: Prüfstand}') });
    expect(tree.errors).toEqual([]);
    expect(tree.warnings).toEqual([expect.objectContaining({ field: 'spec.description', line: 5 })]);
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
        line: 2,
        code: 'Kustomization',
        message: expect.stringContaining('namePrefix'),
      }),
    ]);
  });
});
