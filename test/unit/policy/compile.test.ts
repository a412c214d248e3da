import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../../operator/policy/canonical.ts';
import {
  type CompiledStatement,
  compilePolicies,
  partsOf,
  takesInAll,
  unknownActions,
} from '../../../operator/policy/compile.ts';
import { contextAt, sizeOf, weightsFor } from '../../../operator/policy/context-class.ts';
import { denySets } from '../../../operator/policy/denies.ts';
import {
  compare,
  compareDocuments,
  type GivenOptions,
  type PolicyDocument,
  parsePolicyValue,
  residual,
  withDefaults,
  worstCase,
} from '../../../operator/policy/index.ts';
import {
  asTopicPatterns,
  mostQuestionMarks,
  mostSlashes,
  nameItems,
  sharesLevel,
} from '../../../operator/policy/patterns.ts';
import { principalDocuments, throughGroup } from '../../../operator/policy/principal.ts';
import { sameStatements } from '../../../operator/policy/raw.ts';
import { parseTemplate } from '../../../operator/policy/template.ts';
import { anyText } from '../../../operator/policy/valid.ts';
import { arn, type Raw } from './words.ts';

function read(Statement: readonly Raw[], Version = '2012-10-17'): PolicyDocument {
  const statements = Statement.map((one) => ({
    Effect: 'Allow',
    Action: 'iot:Publish',
    ...(one.NotResource === undefined ? { Resource: '*' } : {}),
    ...one,
  }));
  const { document, findings } = parsePolicyValue({ Version, Statement: statements });
  if (document === undefined) throw new Error(findings.map((one) => one.message).join('; '));
  return document;
}
const compiled = (
  statements: readonly Raw[],
  options: GivenOptions = {},
  version?: string,
): readonly CompiledStatement[] => compilePolicies([read(statements, version)], withDefaults(options)).statements;
const topics = (...names: string[]): string[] => names.map((name) => `${arn}topic/${name}`);
const [a, b] = ['${aws:A}', '${aws:B}'];

describe('a statement taken apart', () => {
  const parts = (statement: Raw): string[] =>
    compiled([statement])
      .flatMap(partsOf)
      .map(
        ({ resources, keys }) =>
          `${resources.map(({ text }) => text.replace(`${arn}topic/`, '')).join(' ')}: ${keys.join(' ')}`,
      );
  it.each<readonly [reason: string, statement: Raw, parts: readonly string[]]>([
    ['each part reads the variables of its resources', { Resource: topics(a, b) }, [`${a}: aws:a`, `${b}: aws:b`]],
    [
      'resources with the same variables stay together',
      { Resource: topics(`${a}/${b}`, a, `${b}/${a}`) },
      [`${a}/${b} ${b}/${a}: aws:a aws:b`, `${a}: aws:a`],
    ],
    ['plain resources go to the first part', { Resource: topics('x', a, 'y', b) }, [`${a} x y: aws:a`, `${b}: aws:b`]],
    [
      'conditions go to every part',
      { Resource: topics(a, b), Condition: { Bool: { 'aws:C': 'true' } } },
      [`${a}: aws:a aws:c`, `${b}: aws:b aws:c`],
    ],
    ['not where one part would be the whole', { Resource: topics('x', a) }, [`x ${a}: aws:a`]],
    ['not of one resource', { Resource: topics(`${a}${b}`) }, [`${a}${b}: aws:a aws:b`]],
    ['not of NotResource', { NotResource: topics(a, b) }, [`${a} ${b}: aws:a aws:b`]],
  ])('%s', (_reason, statement, expected) => {
    expect(parts(statement)).toEqual(expected);
  });
});

describe('a statement that plainly takes in another', () => {
  const condition = (...keys: string[]): Raw => ({
    Condition: { Bool: Object.fromEntries(keys.map((key) => [key, 'true'])) },
  });
  it.each<readonly [reason: string, wide: Raw, narrow: Raw, takes: boolean]>([
    ['the same', { Resource: topics('a') }, { Resource: topics('a') }, true],
    ['more resources', { Resource: topics('a', 'b') }, { Resource: topics('a') }, true],
    ['fewer resources', { Resource: topics('a') }, { Resource: topics('a', 'b') }, false],
    ['no conditions', { Resource: topics('a') }, { Resource: topics('a'), ...condition('x') }, true],
    ['fewer conditions', condition('x'), condition('x', 'y'), true],
    ['more conditions', condition('x', 'y'), condition('x'), false],
    ['others', condition('y'), condition('x'), false],
    ['fewer exceptions', { NotResource: topics('a') }, { NotResource: topics('a', 'b') }, true],
    ['more exceptions', { NotResource: topics('a', 'b') }, { NotResource: topics('a') }, false],
    ['one with exceptions, one without', { Resource: topics('a') }, { NotResource: topics('a') }, false],
  ])('%s', (_reason, wide, narrow, expected) => {
    const [one, other] = compiled([wide, narrow]);
    if (one === undefined || other === undefined) throw new Error('two statements');
    expect(takesInAll(one, other)).toBe(expected);
  });

  it('not across language versions', () => {
    const [old] = compiled([{ Resource: topics(a) }], {}, '2008-10-17');
    const [next] = compiled([{ Resource: topics(a) }]);
    if (old === undefined || next === undefined) throw new Error('two statements');
    expect(takesInAll(old, next)).toBe(false);
  });
});

describe('statements that mean the same', () => {
  const same = (one: readonly Raw[], other: readonly Raw[]): boolean => sameStatements(compiled(one), compiled(other));
  const like = (values: readonly string[]): Raw => ({ StringLike: { 'aws:K': values } });
  it.each<readonly [reason: string, one: readonly Raw[], other: readonly Raw[], same: boolean]>([
    [
      'whatever the order and repetition',
      [{ Resource: topics('a', 'b') }, { Resource: topics('c') }],
      [{ Resource: topics('c') }, { Resource: topics('b', 'a', 'b') }],
      true,
    ],
    ['whatever the order of values', [{ Condition: like(['1', '2']) }], [{ Condition: like(['2', '1']) }], true],
    [
      'whatever the order of conditions',
      [{ Condition: { ...like(['1']), Bool: { x: 'true' } } }],
      [{ Condition: { Bool: { x: 'true' }, ...like(['1']) } }],
      true,
    ],
    ['one more', [{ Resource: topics('a') }], [{ Resource: topics('a') }, { Resource: topics('b') }], false],
    ['one less', [{ Resource: topics('a') }, { Resource: topics('b') }], [{ Resource: topics('a') }], false],
    ['another', [{ Resource: topics('a') }], [{ Resource: topics('b') }], false],
    ['another effect', [{ Effect: 'Deny' }], [{}], false],
    ['another element', [{ Resource: topics('a') }], [{ NotResource: topics('a') }], false],
    ['another value', [{ Condition: like(['1']) }], [{ Condition: like(['2']) }], false],
  ])('%s', (_reason, one, other, expected) => {
    expect(same(one, other)).toBe(expected);
  });
});

describe('which statements count', () => {
  it('those of the older version and with NotAction unless the switches refuse them', () => {
    const count = (statement: Raw, options: GivenOptions, version: string): number => {
      const { Action: _none, ...rest } = { Action: undefined, ...statement };
      return compilePolicies(
        [
          documentOf(
            {
              Effect: 'Allow',
              Resource: '*',
              ...rest,
              ...(statement.NotAction === undefined ? { Action: 'iot:Publish' } : {}),
            },
            version,
          ),
        ],
        withDefaults(options),
      ).statements.length;
    };
    const refused: GivenOptions = { switches: { oldVersion: 'refused', notAction: 'refused' } };
    expect(count({}, refused, '2012-10-17')).toBe(1);
    expect(count({}, refused, '2008-10-17')).toBe(0);
    expect(count({}, {}, '2008-10-17')).toBe(1);
    expect(count({ NotAction: 'iot:Connect' }, {}, '2012-10-17')).toBe(1);
    expect(count({ NotAction: 'iot:Connect' }, refused, '2012-10-17')).toBe(0);
  });

  it('names the actions that no device has', () => {
    const documents = [
      read([{ Action: ['iot:Publish', 'iot:Fly', 'iot:*', 'iot:X*'] }, { Action: ['iot:Fly', 'iot:publish'] }]),
    ];
    expect(unknownActions(documents, withDefaults())).toEqual(['iot:Fly', 'iot:X*']);
    expect(unknownActions(documents, withDefaults({ switches: { actionCase: 'sensitive' } }))).toEqual([
      'iot:Fly',
      'iot:X*',
      'iot:publish',
    ]);
  });
});

function documentOf(statement: Raw, Version: string): PolicyDocument {
  const { document } = parsePolicyValue({ Version, Statement: [statement] });
  if (document === undefined) throw new Error('not read');
  return document;
}

describe('patterns for names', () => {
  const template = (text: string) => parseTemplate(text, { variables: true, wildcards: true });
  const items = (text: string) => template(text).items;
  const show = (list: readonly (number | object)[]): string =>
    list
      .map((item) =>
        typeof item === 'object' ? '%' : item === -2 ? '*' : item === -1 ? '?' : String.fromCodePoint(item),
      )
      .join('');

  it.each([
    ['a?b??', 2],
    ['a', 0],
    ['?*?', 2],
    [`?${a}?`, 2],
    ['?a?', 1],
    ['a???b?', 3],
  ])('%s has runs of %d question marks at most', (text, most) => {
    expect(mostQuestionMarks([items('?'), items(text)].slice(most === 0 ? 1 : 0))).toBe(
      Math.max(most, most === 0 ? 0 : 1),
    );
  });

  it('count slashes, and levels that two variables share', () => {
    expect(mostSlashes([items('a/b'), items('a/b/c'), items('a')])).toBe(2);
    expect(mostSlashes([])).toBe(0);
    expect(
      [`${a}/${b}`, `${a}${b}`, `${a}-${a}`, `x${a}/y${b}/`, `a/${a}*${b}`, 'a'].map((text) =>
        sharesLevel(items(text)),
      ),
    ).toEqual([false, true, true, false, true, false]);
  });

  it('as topics: wildcards of MQTT become stars, plain filters are left out', () => {
    expect(asTopicPatterns(['a/+', 'a/#', 'a?', 'a*', 'a', `+${a}b`].map(items)).map(show)).toEqual([
      'a/*',
      'a/*',
      'a*',
      '*%b',
    ]);
  });

  it('keep their variables behind the fixed part', () => {
    const set = compilePolicies([], withDefaults());
    expect(nameItems(set, template(`${arn}topic/${a}x${b}*`), 'topic').map(show)).toEqual(['%x%*']);
    expect(nameItems(set, template(`${arn}topic/${a}`), 'client')).toEqual([]);
  });
});

describe('a class of contexts', () => {
  const one = {
    choices: [
      { key: 'iot:clientid', values: ['c', 'd'] },
      { key: 'k', values: [undefined, 'x', ['y', 'z']] },
      { key: 'l', values: ['m', 'n'] },
    ],
    self: new Set<string>(),
    sameName: true,
    attached: true,
    valid: anyText,
  };
  it('is as large as its choices multiplied, and numbers the combinations of some of them', () => {
    expect(sizeOf(one)).toBe(12);
    expect(weightsFor(one, ['l', 'k', 'gone'])).toEqual({ reads: [1, 2], weights: Float64Array.of(1, 3) });
    expect(weightsFor(one, ['iot:connection.thing.thingname', 'k']).reads).toEqual([0, 1]);
    expect(weightsFor({ ...one, sameName: false }, ['iot:connection.thing.thingname', 'k']).reads).toEqual([1]);
  });

  it('gives the context of a combination', () => {
    const context = contextAt(one, Int32Array.of(1, 0, 1));
    expect([...context.values]).toEqual([
      ['iot:clientid', 'd'],
      ['l', 'n'],
      ['iot:connection.thing.thingname', 'd'],
    ]);
    expect(['iot:connection.thing.isattached', 'k', 'l'].map(context.lookup)).toEqual(['true', undefined, 'n']);
    expect(
      contextAt({ ...one, attached: false, sameName: false }, Int32Array.of(0, 2, 0)).lookup(
        'iot:connection.thing.isattached',
      ),
    ).toBe('false');
    expect([...contextAt({ ...one, choices: [] }, new Int32Array()).values]).toEqual([]);
  });
});

describe('what is made of a verdict', () => {
  const publish = (name: string, more: Raw = {}): Raw => ({ Resource: `${arn}topic/${name}`, ...more });
  const [x, y, none] = [read([publish('x')]), read([publish('y')]), read([])];

  it.each<
    readonly [before: PolicyDocument, after: PolicyDocument, verdict: string, mayWiden: boolean, mayTighten: boolean]
  >([
    [x, x, 'equivalent', false, false],
    [none, x, 'widens', true, false],
    [x, none, 'tightens', false, true],
    [x, y, 'incomparable', true, true],
  ])('the worst case of certain verdicts', (before, after, verdict, mayWiden, mayTighten) => {
    const result = compare([before], [after]);
    expect(result.verdict).toBe(verdict);
    expect(worstCase(result)).toEqual({ mayWiden, mayTighten });
    for (const unsure of [{ testedValuesOnly: true }, { assumptions: ['x'] }, { verdict: 'undecided' } as const])
      expect(worstCase({ ...result, ...unsure })).toEqual({ mayWiden: true, mayTighten: true });
  });

  const denyX = read([publish('x', { Effect: 'Deny' })]);
  const denyY = read([publish('y', { Effect: 'Deny' })]);
  const [xDenyY, yDenyX] = [
    read([publish('x'), publish('y', { Effect: 'Deny' })]),
    read([publish('y'), publish('x', { Effect: 'Deny' })]),
  ];
  it.each<
    readonly [
      reason: string,
      before: PolicyDocument,
      after: PolicyDocument,
      verdict: string,
      adds: boolean,
      drops: boolean,
    ]
  >([
    ['nothing changes', x, x, 'equivalent', false, false],
    ['more is granted', none, x, 'widens', false, false],
    ['less is granted', x, none, 'tightens', false, false],
    ['other things are granted', x, y, 'incomparable', false, false],
    ['a Deny comes', none, denyX, 'tightens', true, false],
    ['a Deny goes', denyX, none, 'widens', false, true],
    ['one Deny comes, another goes', denyX, denyY, 'incomparable', true, true],
    [
      'a Deny comes for one action, another goes for another',
      read([{ ...publish('x'), Effect: 'Deny', Action: 'iot:Receive' }]),
      denyX,
      'incomparable',
      true,
      true,
    ],
    [
      'the same the other way',
      denyX,
      read([{ ...publish('x'), Effect: 'Deny', Action: 'iot:Receive' }]),
      'incomparable',
      true,
      true,
    ],
    ['a Deny comes with more', none, xDenyY, 'incomparable', true, false],
    ['a Deny goes with less', xDenyY, none, 'incomparable', false, true],
    ['all turns about', xDenyY, yDenyX, 'incomparable', true, true],
  ])('beside any others: %s', (_reason, before, after, verdict, adds, drops) => {
    expect(compareDocuments(before, after)).toMatchObject({ verdict, addsDeny: adds, dropsDeny: drops });
    expect(compareDocuments([before], [after], { level: 'delivery' }).verdict).toBe(verdict);
    const [old, next] = [before, after].map((one) => compilePolicies([one], withDefaults()));
    if (old === undefined || next === undefined) throw new Error('two sets');
    expect(denySets(old, next, { left: 1e5 })).toEqual({ addsDeny: adds, dropsDeny: drops });
  });

  it('what cannot be settled counts as denied and dropped, and as undecided beside others', () => {
    const [old, next] = [read([publish('*a*b*')]), read([publish('*b*a*')])];
    const denied = (name: string) => compilePolicies([read([publish(name, { Effect: 'Deny' })])], withDefaults());
    expect(denySets(denied('*a*b*'), denied('*b*a*'), { left: 0 })).toEqual({ addsDeny: true, dropsDeny: true });
    expect(compareDocuments(old, next, { budget: 0, probeSwitches: false }).verdict).toBe('undecided');
    expect(residual([old], [next], { budget: 0 }).undecided).toBe(true);
    const bring = (filter: string): PolicyDocument =>
      read([{ Action: 'iot:Subscribe', Resource: `${arn}topicfilter/${filter}` }, { Action: 'iot:Receive' }]);
    expect(residual([bring('*a*b*')], [bring('*a*b*'), old], { budget: 3 }).undecided).toBe(true);
    expect(residual([x], [y]).undecided).toBe(false);
  });

  it('names what it takes for granted about actions and variables that it does not know', () => {
    const strange = read([
      {
        Action: ['iot:Zap', 'iot:Fly', 'iot:Publish'],
        Resource: topics('${iot:Nothing}', 'x'),
        Condition: { StringEquals: { 'aws:K': '${iot:Never}' } },
      },
    ]);
    const { assumptions, undecidedBecause } = compare([x], [strange], { probeSwitches: false });
    expect(undecidedBecause).toEqual([]);
    expect(assumptions).toEqual([
      'The action table does not know iot:Fly, iot:Zap; taken to grant a device nothing.',
      'AWS IoT documents no policy variable ${iot:Nothing}; taken never to resolve.',
      'AWS IoT documents no policy variable ${iot:Never}; taken never to resolve.',
    ]);
    const again = compare(
      [read([{ Action: ['iot:Zap', 'iot:Fly'] }])],
      [read([{ Action: ['iot:Fly', 'iot:Zap'] }, publish('x')])],
      { probeSwitches: false },
    );
    expect(again.assumptions).toEqual([]);
  });

  it('documents in another order or spelling are the same, and hang on nothing', () => {
    const one = read([publish('a?', { Action: 'iot:publish' }), publish('é')]);
    const other = read([publish('é'), publish('a?', { Action: ['iot:publish'] })]);
    expect(canonicalText(one)).toBe(canonicalText(other));
    expect(compare([one, x], [x, other]).assumptions).toEqual([]);
    expect(compare([one, x], [x, y]).assumptions).not.toEqual([]);
    expect(compare([one, x], [x, y], { probeSwitches: false })).toMatchObject({ level: 'raw', assumptions: [] });
  });

  it('is certain where both directions are shown, whatever else could not be settled', () => {
    const both = (name: string, pattern: string): PolicyDocument =>
      read([publish(name), { Action: 'iot:Receive', Resource: `${arn}topic/${pattern}` }]);
    const [old, next] = [both('x', '*a*b*c*d*'), both('y', '*d*c*b*a*')];
    expect(compare([old], [next], { budget: 8, probeSwitches: false })).toMatchObject({
      verdict: 'incomparable',
      undecidedBecause: [],
    });
    const half = compare([none], [next], { budget: 8, probeSwitches: false });
    expect(half).toMatchObject({ verdict: 'undecided', undecidedBecause: [expect.stringContaining('budget')] });
    expect(half.gained.map(({ action }) => action)).toEqual(['iot:Publish']);
  });

  it('a client that is the thing has a name that a thing can have', () => {
    const attached: Raw = { Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } };
    const after = read([{ Action: 'iot:Connect', Resource: `${arn}client/a.b`, ...attached }]);
    const plain = read([{ Action: 'iot:Connect', Resource: `${arn}client/a-b`, ...attached }]);
    expect(compare([none], [after], { exclusiveThings: false }).verdict).toBe('equivalent');
    expect(compare([none], [after]).verdict).toBe('widens');
    expect(compare([none], [plain], { exclusiveThings: false }).verdict).toBe('widens');
  });

  it('shows the shortest examples first', () => {
    const after = read([
      publish('long/name'),
      { Action: 'iot:Receive', Resource: `${arn}topic/b` },
      { Action: 'iot:Connect', Resource: `${arn}client/abc` },
    ]);
    expect(compare([none], [after]).gained.map(({ action }) => action)).toEqual([
      'iot:Receive',
      'iot:Connect',
      'iot:Publish',
    ]);
  });
});

describe('policies of a group', () => {
  const group = read([{ Resource: topics('${a}'), Condition: { StringEquals: { 'aws:K': '${b}' } } }], '2008-10-17');
  const shown = (document: PolicyDocument) =>
    document.statements.map(({ resources, conditions }) => [
      ...resources.map(({ text }) => text.replace(`${arn}topic/`, '')),
      ...conditions.map(({ operator, key, values }) => `${operator} ${key} ${values.map(({ text }) => text).join()}`),
    ]);
  const attached = 'Bool iot:Connection.Thing.IsAttached true';
  it('count while the thing is attached, with what was plain text kept as text', () => {
    const bound = throughGroup(group);
    expect(bound.version).toBe('2012-10-17');
    expect(shown(bound)).toEqual([['${$}{a}', 'StringEquals aws:K ${$}{b}', attached]]);
    expect(shown(throughGroup(read([{ Resource: topics(a) }])))).toEqual([[a, attached]]);
  });

  it('count under the thing name alone where the switch says so', () => {
    const bound = throughGroup(read([{ Resource: topics(a) }]), { switches: { groupPoliciesForExclusive: false } });
    expect(shown(bound)).toEqual([[a, attached, 'StringEquals iot:ClientId ${iot:Connection.Thing.ThingName}']]);
  });

  it('come behind those of the certificate, and before what no certificate meets', () => {
    const documents = principalDocuments({ certificate: [read([{}])], groups: [read([{ Resource: topics('g') }])] });
    expect(documents).toHaveLength(3);
    expect(documents[2]?.statements).toMatchObject([
      {
        effect: 'Deny',
        actionMode: 'Action',
        actions: [{ text: '*' }],
        resourceMode: 'Resource',
        resources: [{ text: '*' }],
      },
    ]);
    expect(shown(documents[2]!)).toEqual([
      ['*', 'Null iot:Connection.Thing.ThingName false', 'Bool iot:Connection.Thing.IsAttached false'],
    ]);
  });
});
