import { describe, expect, it } from 'vitest';
import { findAction } from '../../../../operator/policy/actions.ts';
import { compilePolicies } from '../../../../operator/policy/compile.ts';
import { type Glob, showGlob } from '../../../../operator/policy/glob.ts';
import { type GivenOptions, withDefaults } from '../../../../operator/policy/index.ts';
import { BudgetExhausted } from '../../../../operator/policy/reach/alphabet.ts';
import { groundStatements } from '../../../../operator/policy/reach/ground.ts';
import { contextLanguages, resourcePrefix } from '../../../../operator/policy/reach/languages.ts';
import { accepts, combine, type Machine, nothing } from '../../../../operator/policy/reach/machine.ts';
import { allow, arn, deny, document, thing } from '../lint/build.ts';

const action = (name: string) => findAction(name.includes(':') ? name : `iot:${name}`)!;
const context = { 'iot:ClientId': 'dev1', 'iot:Connection.Thing.ThingName': 'dev1' };

/** The languages of one device, and its shortest allowed word for an action. */
function languagesOf(statements: readonly unknown[], given: GivenOptions = {}) {
  const options = withDefaults(given);
  const set = compilePolicies([document(statements)], options);
  const actions = [
    'Publish',
    'Receive',
    'Subscribe',
    'Connect',
    'GetThingShadow',
    'iotjobsdata:DescribeJobExecution',
    'AssumeRoleWithCertificate',
  ].map(action);
  const languages = contextLanguages({
    options,
    actions,
    ground: (one) => groundStatements(set, one, context),
    letters: [],
  });
  const { alphabet } = languages;
  const language = (name: string) => languages.language(action(name));
  const takes = (machine: Machine, texts: readonly string[]) =>
    texts.filter((text) => accepts(machine, alphabet, text));
  return { alphabet, language, takes };
}

describe('what policies allow, as languages', () => {
  const statements = [
    allow(['Publish', 'Receive'], ['topic/a/*', `topic/own/${thing}`, 'topic/a/b', 'client/x']),
    deny('Publish', ['topic/a/b', 'topic/a/c']),
    { Effect: 'Allow', Action: 'iot:Receive', NotResource: [`${arn}topic/a/*`, `${arn}topic/z`] },
    { Effect: 'Deny', Action: 'iot:Publish', NotResource: [`${arn}topic/a/*`, `${arn}topic/own/*`] },
    allow('Connect', 'client/*'),
    allow('GetThingShadow', [`thing/${thing}`, `thing/${thing}/config`]),
    allow('iotjobsdata:DescribeJobExecution', 'thing/*'),
    allow('AssumeRoleWithCertificate', 'rolealias/upload'),
    allow('Subscribe', 'topicfilter/a/+'),
  ];
  const made = () => languagesOf(statements);
  const topics = ['a/b', 'a/c', 'a/d', 'own/dev1', 'own/dev2', 'z', 'y', 'x', 'a/+'];
  const ref = (statement: number) => ({ document: 0, statement });

  it.each([
    { name: 'Publish', words: topics, allowed: ['a/d', 'own/dev1'], denied: ['a/b', 'a/c', 'z', 'y', 'x'] },
    { name: 'Receive', words: topics, allowed: ['a/b', 'a/c', 'a/d', 'own/dev1', 'own/dev2', 'y', 'x'], denied: [] },
    { name: 'Connect', words: ['dev1', 'a/b', 'a+b', ''], allowed: ['dev1', 'a/b', 'a+b'], denied: [] },
    {
      name: 'GetThingShadow',
      words: ['dev1', 'dev2', 'dev1/config', 'dev1/other'],
      allowed: ['dev1', 'dev1/config'],
      denied: [],
    },
    {
      name: 'iotjobsdata:DescribeJobExecution',
      words: ['dev1', 'dev2', 'dev1/config'],
      allowed: ['dev1', 'dev2'],
      denied: [],
    },
    { name: 'AssumeRoleWithCertificate', words: ['upload', 'x'], allowed: ['upload'], denied: [] },
    { name: 'Subscribe', words: ['a/+', 'a/b', '+/a'], allowed: ['a/+'], denied: [] },
  ])('of $name', ({ name, words, allowed, denied }) => {
    const { alphabet, language, takes } = made();
    const one = language(name);
    expect([takes(one.allowed, words), takes(combine(alphabet, 'and', [one.denied, one.valid]), words)]).toEqual([
      allowed,
      denied,
    ]);
    expect([one.action, one.prefix]).toEqual([action(name).name, resourcePrefix(action(name), withDefaults())]);
  });

  it('by statement and by resource', () => {
    const { language, takes } = made();
    const publish = language('Publish');
    expect(takes(publish.part(ref(0)), topics)).toEqual(['a/b', 'a/c', 'a/d', 'own/dev1']);
    expect(takes(publish.part(ref(0), 1), topics)).toEqual(['own/dev1']);
    expect(takes(publish.part(ref(0), [1, 2]), topics)).toEqual(['a/b', 'own/dev1']);
    expect(takes(publish.part(ref(3)), topics)).toEqual(['z', 'y', 'x']);
    expect(publish.part(ref(4))).toBe(nothing);
    expect(publish.part({ document: 1, statement: 0 })).toBe(nothing);
  });

  it('by the patterns that statements contribute', () => {
    const show = (list: readonly Glob[]) => list.map(showGlob);
    const { language } = made();
    const publish = language('Publish');
    expect(show(publish.patterns(ref(0)))).toEqual(['a/*', 'own/dev1', 'a/b']);
    expect(show(publish.patterns(ref(0), 1))).toEqual(['own/dev1']);
    expect(show(publish.patterns(ref(4)))).toEqual([]);
    expect(show(publish.heads)).toEqual(['a/', 'own/dev1', 'a/b']);
    expect(show(language('Receive').heads)).toEqual(['']);
    expect(
      show(languagesOf([allow('Publish', ['topic/*a', 'topic/a?', 'topic/?'])]).language('Publish').heads),
    ).toEqual(['', 'a', '']);
    expect([publish.refs('Allow'), publish.refs('Deny')]).toEqual([[ref(0)], [ref(1), ref(3)]]);
  });

  it('are made once, and the words that the broker takes once for all of them', () => {
    const { language } = made();
    expect(language('Publish')).toBe(language('Publish'));
    expect(language('Publish').allowed).toBe(language('Publish').allowed);
    expect(language('Publish').valid).toBe(language('Receive').valid);
    expect(language('Publish').valid).not.toBe(language('Subscribe').valid);
  });

  it.each([
    { reason: 'in another order', other: [allow('Publish', ['topic/b', 'topic/a'])], same: true },
    { reason: 'in two statements', other: [allow('Publish', 'topic/a'), allow('Publish', 'topic/b')], same: false },
    {
      reason: 'beside a statement that says nothing about topics',
      other: [allow('Publish', ['topic/a', 'topic/b']), allow('Publish', 'client/x')],
      same: true,
    },
    {
      reason: 'twice',
      other: [allow('Publish', ['topic/a', 'topic/b']), allow('Publish', ['topic/b', 'topic/a'])],
      same: true,
    },
    { reason: 'with one pattern less', other: [allow('Publish', 'topic/a')], same: false },
    {
      reason: 'beside a resource that is no topic',
      other: [allow('Publish', ['topic/a', 'client/x', 'topic/b'])],
      same: true,
    },
    { reason: 'with another pattern', other: [allow('Publish', ['topic/a', 'topic/c'])], same: false },
    { reason: 'as a letter whose number is the two of them', other: [allow('Publish', 'topic/\u2646')], same: false },
    { reason: 'as a Deny', other: [deny('Publish', ['topic/a', 'topic/b'])], same: false },
    {
      reason: 'by NotResource',
      other: [{ Effect: 'Allow', Action: 'iot:Publish', NotResource: [`${arn}topic/a`, `${arn}topic/b`] }],
      same: false,
    },
    { reason: 'as other text', other: [allow('Publish', ['topic/a;b'])], same: false },
  ])('have one key for the same patterns: $reason, $same', ({ other, same }) => {
    const key = (list: readonly unknown[]) => languagesOf(list).language('Publish').key;
    expect(key(other) === key([allow('Publish', ['topic/a', 'topic/b'])])).toBe(same);
  });

  it('have a key that tells an order of statements from none', () => {
    const key = (list: readonly unknown[]) => languagesOf(list).language('Publish').key;
    const [a, b] = [allow('Publish', 'topic/a'), deny('Publish', 'topic/b')];
    expect(key([a, b])).toBe(key([b, a]));
    const none = { Effect: 'Allow', Action: 'iot:Publish', NotResource: `${arn}client/x` };
    expect(key([none])).not.toBe(key([]));
  });

  it('end where the shared steps are used up', () => {
    const options = withDefaults();
    const set = compilePolicies([document([allow('Publish', ['topic/a', 'topic/b', 'topic/c'])])], options);
    const languages = (left: number) =>
      contextLanguages({
        options,
        actions: [action('Publish')],
        ground: (one) => groundStatements(set, one, context),
        letters: [],
        budget: { left },
      });
    expect(() => languages(3)).toThrow(BudgetExhausted);
    const { alphabet, language } = languages(4);
    expect(alphabet.budget.left).toBe(0);
    expect(() => language(action('Publish')).allowed).toThrow(BudgetExhausted);
  });

  it('of an action that is checked against * alone are empty', () => {
    const { language: of } = languagesOf([allow('*', '*')]);
    const listed = of('ListRetainedMessages');
    expect([listed.prefix, listed.valid, listed.refs('Allow')]).toEqual(['', nothing, []]);
  });
});
