import { describe, expect, it } from 'vitest';
import { device, group, lines, load, names, policy } from './support.ts';

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
