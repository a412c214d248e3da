import { describe, expect, it } from 'vitest';
import { findAction } from '../../../operator/policy/actions.ts';
import { type CompiledStatement, compilePolicies, type PolicySet } from '../../../operator/policy/compile.ts';
import { contextLookup, decide, resourceTypeOf } from '../../../operator/policy/evaluate.ts';
import { groundStatement } from '../../../operator/policy/ground.ts';
import { Grounder } from '../../../operator/policy/grounder.ts';
import { type GivenOptions, parsePolicyValue, withDefaults } from '../../../operator/policy/index.ts';
import { matchesName } from '../../../operator/policy/obligations.ts';
import { anyText } from '../../../operator/policy/valid.ts';
import { resourceOf } from '../../../operator/policy/witness.ts';
import { arn, type Raw } from './words.ts';

const self = '${iot:ClientId}';
type Context = Readonly<Record<string, string | readonly string[]>>;

const known = new Map<string, PolicySet>();

function compiled(statements: readonly Raw[], options: GivenOptions = {}): PolicySet {
  const key = JSON.stringify([statements, options]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const { document, findings } = parsePolicyValue({ Version: '2012-10-17', Statement: statements });
  if (document === undefined) throw new Error(findings.map((one) => one.message).join());
  const set = compilePolicies([document], withDefaults(options));
  known.set(key, set);
  return set;
}

/** Names on which the patterns that a statement leaves and the evaluator disagree. */
function disagreements(
  statement: Raw,
  names: readonly string[],
  {
    action = 'iot:Connect',
    context = {},
    options = {},
  }: { action?: string; context?: Context; options?: GivenOptions },
): string[] {
  const set = compiled([{ Effect: 'Allow', Action: '*', ...statement }], options);
  const info = findAction(action);
  const [one] = set.statements;
  if (info === undefined || one === undefined) throw new Error('nothing to ask');
  const asksForClient = action === 'iot:Connect';
  const ground = groundStatement(set, one, resourceTypeOf(info, set), {
    lookup: contextLookup(context),
    self: new Set(asksForClient ? ['iot:clientid'] : []),
  });
  return names
    .filter((name) => {
      const request = contextLookup(asksForClient ? { ...context, 'iot:ClientId': name } : context);
      const allowed = decide(set, info, resourceOf(set, info, name), request).decision === 'allowed';
      return allowed !== (ground !== undefined && matchesName(ground, name));
    })
    .map((name) => `${name}: ${JSON.stringify({ statement, context, options })}`);
}

const names = ['a', 'b', 'A', 'ab', 'aB', 'aab', 'abab', 'xa'];
const operators = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
];
const variants = ['StringEqualsIfExists', 'StringNotEqualsIfExists', ...operators].flatMap((operator) =>
  ['', 'ForAllValues:', 'ForAnyValue:'].map((set) => `${set}${operator}`),
);

describe('a statement in one context, as patterns for names', () => {
  it('says of conditions on the client ID that is asked for what the evaluator says of each', () => {
    const wanted = [
      ['ab'],
      ['a', 'b'],
      ['a*', '?'],
      [self],
      [`*${self}`],
      [`a${self}`],
      ['${aws:K}'],
      ['${aws:Gone}', 'b'],
      [],
    ];
    const all = variants.flatMap((operator) =>
      wanted.flatMap((values) =>
        disagreements({ Resource: '*', Condition: { [operator]: { 'iot:ClientId': values } } }, names, {
          context: { 'aws:K': 'aB' },
        }),
      ),
    );
    const others = [
      { Bool: { 'iot:ClientId': ['A'] } },
      { Null: { 'iot:ClientId': ['true'] } },
      { Null: { 'iot:ClientId': ['false'] } },
      { Null: { 'iot:ClientId': ['true', 'false'] } },
      { StringLike: { 'iot:ClientId': 'a*' }, StringNotLike: { 'iot:ClientId': '*b' } },
      { StringSounds: { 'iot:ClientId': 'a' } },
      { StringSounds: { 'aws:K': self } },
    ].flatMap((Condition) => disagreements({ Resource: '*', Condition }, names, {}));
    expect([...all, ...others]).toEqual([]);
  });

  it('says the same of conditions that compare another key with that client ID', () => {
    const long = 'x'.repeat(128);
    const wanted = [
      [self],
      [`a${self}`],
      ['b', self],
      [`${self}${self}`],
      [`*${self}`, 'ab'],
      [`*${self}`],
      [`${self}*`],
      [`a${self}`, `${self}b`],
      [`${'a'.repeat(70)}${self}${self}`],
    ];
    const contexts: Context[] = [
      {},
      { 'aws:K': 'ab' },
      { 'aws:K': 'AAB' },
      { 'aws:K': ['ab', 'b'] },
      { 'aws:K': ['aab', 'ba', 'ab'] },
      { 'aws:K': [] },
      { 'aws:K': long },
      { 'aws:K': `${'a'.repeat(70)}${'b'.repeat(60)}${'b'.repeat(60)}` },
    ];
    const asked = [...names, long, 'b'.repeat(60)];
    const found = variants.flatMap((operator) =>
      wanted.flatMap((values) =>
        contexts.flatMap((context) =>
          disagreements({ Resource: '*', Condition: { [operator]: { 'aws:K': values } } }, asked, { context }),
        ),
      ),
    );
    expect(found).toEqual([]);
  });

  it('says the same of resources that hold that client ID, or a variable that does not resolve', () => {
    const patterns = [
      [self],
      [`*${self}*`],
      [`a${self}`],
      [`${self}${self}`],
      [`${self}?`],
      ['a*', '?'],
      ['${aws:Gone}'],
      ['${aws:Gone}', 'a'],
      ['${aws:K}*'],
      ["${aws:Gone, 'ab'}"],
    ];
    const found = ['Resource', 'NotResource'].flatMap((element) =>
      patterns.flatMap((list) =>
        [
          {},
          { switches: { unresolvedNotResource: 'statementInert' } as const },
          { switches: { substitutedWildcards: 'glob' } as const },
          { switches: { starCrossesColons: false } },
        ].flatMap((options) =>
          disagreements({ [element]: list.map((name) => `${arn}client/${name}`) }, names, {
            context: { 'aws:K': 'a?' },
            options,
          }),
        ),
      ),
    );
    expect(found).toEqual([]);
  });

  it('says the same where a negated operator asks whether one of several values is not named', () => {
    const options = { switches: { negationOfList: 'oneUnnamed' } } as const;
    const found = variants.flatMap((operator) =>
      [[self], [`a${self}`, 'b']].flatMap((values) =>
        ['ab', ['aab', 'ba', 'ab'], []].flatMap((value) =>
          disagreements({ Resource: '*', Condition: { [operator]: { 'aws:K': values } } }, names, {
            context: { 'aws:K': value },
            options,
          }),
        ),
      ),
    );
    expect(found).toEqual([]);
  });

  it('reads names that make up the fixed part of an ARN up to the longest', () => {
    const longest = 'client/'.repeat(19).slice(0, 128);
    const asked = [1, 6, 7, 8, 119, 120, 126, 127, 128].map((length) => longest.slice(0, length));
    expect(disagreements({ Resource: `${arn}${self}*` }, asked, {})).toEqual([]);
  });

  it('reads the fixed part of an ARN in every way in which wildcards can hold it', () => {
    const patterns = [
      '*',
      '?*',
      'arn:*',
      'arn:aws:iot:*:*:topic/a',
      'arn:aws:iot:*:topic/a',
      'arn:aws:iot:*:*:*:topic/a',
      'arn:aws:iot:us-*-1:*:topic/*',
      `${arn}*`,
      `${arn}topic`,
      `${arn}topic/`,
      `${arn}t*/a`,
      `${arn}topicfilter/a`,
      `?${arn.slice(1)}topic/ab`,
      `*${arn}topic/a`,
      `${arn}?????/?`,
      `${arn}*c/a*`,
      `${arn}topic/a*b`,
      'arn:aws:iot:eu-*:*:topic/a',
      '*topic/a',
      '*a',
      '',
      '**',
      `${arn}topic*topic/*`,
    ];
    const topics = ['a', 'b', 'ab', 'aab', 'a/b', 'x:topic/a', 'topic/a', '/', 'a:a'];
    const found = ['Resource', 'NotResource'].flatMap((element) =>
      patterns.flatMap((pattern) =>
        [true, false].flatMap((starCrossesColons) =>
          ['iot:Publish', 'iot:ListRetainedMessages'].flatMap((action) =>
            (['star', 'narrow'] as const).flatMap((listResource) =>
              disagreements(
                { [element]: pattern },
                action === 'iot:Publish' || listResource === 'narrow' ? topics : ['*'],
                {
                  action,
                  options: { switches: { starCrossesColons, listResource } },
                },
              ),
            ),
          ),
        ),
      ),
    );
    expect(found).toEqual([]);
  });
});

describe('what is known of a statement', () => {
  const place = {
    type: 'topic',
    one: { choices: [], self: new Set<string>(), sameName: false, attached: false, valid: anyText },
  } as const;
  const idsOf = (...statements: readonly Raw[]): (number | undefined)[] => {
    const set = compiled(statements.map((one) => ({ Action: '*', Effect: 'Allow', ...one })));
    const grounder = new Grounder({ left: 1_000 });
    return set.statements.map(
      (one: CompiledStatement) => grounder.reader(one, { set, ...place }).at(new Int32Array())?.id,
    );
  };
  const topics = (...list: readonly (string | number)[]): string[] => list.map((name) => `${arn}topic/${name}`);

  it('is one for statements that say the same, and no other', () => {
    const many = { Resource: topics(...Array.from({ length: 13 }, (_one, index) => index)) };
    const ids = idsOf(
      many,
      { Resource: topics(1, 12) },
      { Resource: topics(11, 2) },
      { Resource: topics(1, 12) },
      { NotResource: topics(1, 12) },
      { Effect: 'Deny', Resource: topics(1, 12) },
    );
    expect(ids[3]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(5);
    const letters = idsOf(
      { Resource: topics('a') },
      { Resource: topics('\u{10061}') },
      { Resource: topics('*') },
      { Resource: topics('?') },
    );
    expect(new Set(letters).size).toBe(4);
  });
});
