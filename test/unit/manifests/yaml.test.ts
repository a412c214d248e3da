import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFast } from '../../../operator/source/manifests/fast-yaml.ts';
import { parseFull } from '../../../operator/source/manifests/full-yaml.ts';
import { resolvePlain } from '../../../operator/source/manifests/scalars.ts';
import { scalarCases } from './scalar-cases.ts';

const full = (text: string) => {
  const document = parseFull(text);
  return document.kind === 'value' ? document.value : document.problems;
};

describe('plain scalars mean what they mean to kubectl', () => {
  it.each(scalarCases)('%s is %j', (text, value) => {
    expect(resolvePlain(text)).toEqual(value);
    expect(full(`a: ${text}\n`)).toEqual({ a: value });
    const fast = parseFast(`a: ${text}\n`);
    if (fast) expect(fast.value).toEqual({ a: value });
  });

  it('in quotes they are strings', () => {
    for (const [text] of scalarCases) {
      expect(full(`a: '${text}'\n`)).toEqual({ a: text });
      expect(parseFast(`a: '${text}'\n`)?.value).toEqual({ a: text });
      expect(parseFast(`a: "${text}"\n`)?.value).toEqual({ a: text });
    }
  });

  it('as keys they become strings, as in JSON', () => {
    expect(full('no: x\n1_0: x\n2012-10-17: x\n')).toEqual({ false: 'x', 10: 'x', '2012-10-17': 'x' });
  });
});

const manifest = `# A device
apiVersion: fleetward.dev/v1alpha1
kind: Device
metadata:
  name: press-1
  labels: {site: hamburg, line: "1"}
spec:
  thingTypeRef: { name: press }
  attributes:
    site: hamburg # here
    firmware: "1.4"
    empty: ''
    count: 12
    country: no
  groupRefs:
  - name: a
    kind: ThingGroup
  - { name: b }
  clientIds: [a, 'b', "c\\n", iot:Publish]
  certificates:
    - name: a
      csr: |
        -----BEGIN CERTIFICATE REQUEST-----
        abc

        -----END CERTIFICATE REQUEST-----
    - name: b
      issued:
        secretName: s
  nothing:
  list: []
  map: {}
`;

describe('the fast reader', () => {
  it('reads a manifest as people write them', () => {
    const fast = parseFast(manifest);
    expect(fast).toBeDefined();
    expect(fast?.value).toEqual(full(manifest));
    expect(fast?.value).toMatchObject({
      spec: {
        attributes: { country: false, count: 12, empty: '' },
        clientIds: ['a', 'b', 'c\n', 'iot:Publish'],
        nothing: null,
      },
    });
  });

  const left: readonly (readonly [reason: string, text: string])[] = [
    ['anchors', 'a: &x 1\nb: *x\n'],
    ['merge keys', 'a: {b: 1}\n<<: {c: 1}\n'],
    ['folded blocks', 'a: >\n  b\n'],
    ['block indicators', 'a: |2\n  b\n'],
    ['scalars over several lines', 'a: b\n  c\n'],
    ['quotes over several lines', 'a: "b\n  c"\n'],
    ['flow over several lines', 'a: [b,\n  c]\n'],
    ['tags', 'a: !!str 1\n'],
    ['keys in quotes', '"a": 1\n'],
    ['keys that are no strings', 'no: 1\n'],
    ['lists in lists', '- - a\n'],
    ['tabs', 'a:\tb\n'],
    ['carriage returns', 'a: b\r\n'],
    ['blanks of Unicode', 'a: [\u00a0]\n'],
    ['a duplicate key', 'a: 1\na: 2\n'],
    ['a wrong indentation', 'a:\n  b: 1\n c: 2\n'],
    ['a colon within a value', 'a: b: c\n'],
    ['something behind a quote', 'a: "b" c\n'],
    ['an open bracket', 'a: [b\n'],
    ['numbers that JSON has not', 'a: .inf\n'],
    ['depth', Array.from({ length: 60 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ];
  it.each(left)('leaves to the full one: %s', (_, text) => {
    expect(parseFast(text)).toBeUndefined();
  });

  const pieces = [
    '\n',
    ' ',
    '  ',
    '- ',
    ': ',
    ':',
    ' #',
    '#',
    '"',
    "'",
    '|',
    '|-',
    '>',
    '&a ',
    '*a',
    '[',
    ']',
    '{',
    '}',
    ',',
    '~',
    'no',
    '0755',
    '1_0',
    '...',
    '---',
    '\t',
    '?',
    '!',
    '%',
    '@',
    '`',
    'key: v',
    '- x',
    '\\',
    '<<: *a',
    'é',
    '\u00a0',
    '.5',
    '-',
    '+',
    '"a"',
    'a b',
    "''",
    '- - a',
  ];

  it('agrees with the full reader wherever it answers, on manifests with anything typed into them', () => {
    let answered = 0;
    const edits = fc.array(
      fc.record({ at: fc.nat(manifest.length), remove: fc.nat(6), insert: fc.constantFrom(...pieces) }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(edits, (list) => {
        let text = manifest;
        for (const { at, remove, insert } of list) text = text.slice(0, at) + insert + text.slice(at + remove);
        const fast = parseFast(text);
        if (!fast) return;
        answered += 1;
        expect(fast.value).toEqual(full(text));
      }),
      { numRuns: 2_000 },
    );
    expect(answered).toBeGreaterThan(100);
  });

  it('reads any tree of strings that was written in block style', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'B', '1', ' ', '-', ':', '#', "'", '"', '\\', '/', '.', 'é'),
      maxLength: 12,
    });
    const tree = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.array(text, { maxLength: 3 }), tie('map')),
      map: fc.dictionary(fc.stringMatching(/^[a-eg-mo-su-xz]{2,5}$/), tie('value'), { minKeys: 1, maxKeys: 4 }),
    })).map;
    fc.assert(
      fc.property(tree, (value) => {
        const written = blockStyle(value, '');
        expect(parseFast(written)?.value, written).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});

function blockStyle(value: unknown, indent: string): string {
  return Object.entries(value as Record<string, unknown>)
    .map(([key, child]) => {
      if (typeof child === 'string') return `${indent}${key}: ${JSON.stringify(child)}\n`;
      if (Array.isArray(child)) {
        if (child.length === 0) return `${indent}${key}: []\n`;
        return `${indent}${key}:\n${child.map((item) => `${indent}  - '${String(item).replaceAll("'", "''")}'\n`).join('')}`;
      }
      return `${indent}${key}:\n${blockStyle(child, `${indent}  `)}`;
    })
    .join('');
}

describe('the full reader', () => {
  it('resolves anchors and merge keys, as kubectl does', () => {
    expect(full('a: &x {b: 1}\nc: {<<: *x, d: 2}\n')).toEqual({ a: { b: 1 }, c: { b: 1, d: 2 } });
  });

  const broken: readonly (readonly [reason: string, text: string, line: number, message: RegExp])[] = [
    ['a key twice', 'a: 1\nb: 1\na: 2\n', 3, /there twice/],
    ['a tab as indentation', 'a:\n\tb: 1\n', 2, /indent with spaces/i],
    ['an open bracket', 'a:\n  b: [1, 2\n', 2, /end with a \]/],
    ['an unknown tag', 'a: !secret x\n', 1, /leave the tag out/],
    ['an alias without an anchor', 'a: *x\n', 1, /Unresolved alias/],
    ['two documents in one', 'a: 1\n...\nb: 1\n', 3, /multiple documents/i],
  ];
  it.each(broken)('says where: %s', (_, text, line, message) => {
    const document = parseFull(text);
    expect(document.kind).toBe('broken');
    if (document.kind === 'broken')
      expect(document.problems[0]).toMatchObject({ line, message: expect.stringMatching(message) });
  });

  it('refuses an alias bomb in an instant', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array.from({ length: 9 }, () => `*l${level}`).join(', ')}]`,
    );
    const before = performance.now();
    const document = parseFull(`l0: &l0 [x]\n${levels.join('\n')}\n`);
    expect(document).toMatchObject({ kind: 'broken', problems: [{ message: expect.stringContaining('aliases') }] });
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['braces', '{a: '.repeat(50_000)],
    ['dashes', '- '.repeat(100_000)],
    ['indentation', Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('refuses endless nesting: %s', (_, text) => {
    const before = performance.now();
    expect(parseFull(text).kind).toBe('broken');
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
