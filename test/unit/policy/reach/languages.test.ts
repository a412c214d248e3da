import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findAction } from '../../../../operator/policy/actions.ts';
import { compilePolicies } from '../../../../operator/policy/compile.ts';
import { FOLD, type Glob, globOf, literalGlob, matches, showGlob } from '../../../../operator/policy/glob.ts';
import { type GivenOptions, withDefaults } from '../../../../operator/policy/index.ts';
import { type Alphabet, alphabetOf, BudgetExhausted, spend } from '../../../../operator/policy/reach/alphabet.ts';
import { matchedTopics } from '../../../../operator/policy/reach/delivery.ts';
import { globMachine, residuals } from '../../../../operator/policy/reach/globs.ts';
import { behindPrefix, groundStatements } from '../../../../operator/policy/reach/ground.ts';
import { Heads } from '../../../../operator/policy/reach/heads.ts';
import { contextLanguages, resourcePrefix } from '../../../../operator/policy/reach/languages.ts';
import {
  accepts,
  combine,
  everything,
  type Join,
  lazyMachine,
  type Machine,
  nothing,
  overlap,
  shortestWord,
} from '../../../../operator/policy/reach/machine.ts';
import { allow, arn, deny, document, thing } from '../lint/build.ts';
import { site } from './devices.ts';

const action = (name: string) => findAction(name.includes(':') ? name : `iot:${name}`)!;
const context = { 'iot:ClientId': 'dev1', 'iot:Connection.Thing.ThingName': 'dev1' };
const prefix = `${arn}topic/`;

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

describe('what a pattern says behind the beginning of an ARN', () => {
  it.each([
    { reason: 'the beginning spelled out', text: `${prefix}a/*`, crosses: ['a/*'], stays: ['a/*'] },
    { reason: 'a lone star', text: '*', crosses: ['*'], stays: ['*'] },
    {
      reason: 'a star for region and account',
      text: 'arn:aws:iot:*:*:topic/a',
      crosses: ['a', '*:topic/a', '*:*:topic/a'],
      stays: ['a'],
    },
    { reason: 'a star over colons', text: 'arn:aws:*:topic/a', crosses: ['a', '*:topic/a'], stays: [] },
    { reason: 'too few parts', text: 'arn:aws:iot:*', crosses: ['*'], stays: [] },
    { reason: 'another account', text: 'arn:aws:iot:us-east-1:999999999999:topic/a', crosses: [], stays: [] },
    { reason: 'another region', text: 'arn:aws:iot:eu-*:123456789012:topic/a', crosses: [], stays: [] },
    { reason: 'another kind', text: `${arn}client/a`, crosses: [], stays: [] },
    { reason: 'a star in the kind', text: `${arn}t*c/a`, crosses: ['a', '*c/a'], stays: ['a', '*c/a'] },
    { reason: 'a colon in the topic', text: `${prefix}a:b*`, crosses: ['a:b*'], stays: ['a:b*'] },
    { reason: 'a question mark in the beginning', text: `${arn}topi?/a`, crosses: ['a'], stays: ['a'] },
    { reason: 'a question mark beyond it', text: `${arn}topic?a`, crosses: ['a'], stays: ['a'] },
    { reason: 'an ARN that is too short', text: `${arn}topic`, crosses: [], stays: [] },
  ])('$reason', ({ text, crosses, stays }) => {
    const rest = (starCrossesColons: boolean) =>
      behindPrefix(globOf(text), prefix, withDefaults({ switches: { starCrossesColons } })).map(showGlob);
    expect([rest(true).sort(), rest(false).sort()]).toEqual([[...crosses].sort(), [...stays].sort()]);
  });
});

describe('statements in one context', () => {
  const ground = (
    statement: unknown,
    { free, given, where = context }: { free?: readonly string[]; given?: GivenOptions; where?: typeof context } = {},
  ) => {
    const set = compilePolicies([document([statement])], withDefaults(given));
    const args = free === undefined ? [] : [new Set(free)];
    return groundStatements(set, action('Publish'), where, ...args).map(({ mode, effect, resources }) => [
      effect,
      mode,
      ...resources.map(({ resource, glob }) => `${resource} ${showGlob(glob).slice(prefix.length)}`),
    ]);
  };

  it('have their variables filled in, without the resources whose variables do not resolve', () => {
    const own = allow('Publish', [`topic/${site}`, `topic/${thing}`]);
    expect(ground(own)).toEqual([['Allow', 'Resource', '1 dev1']]);
    expect(ground(deny('Publish', `topic/${site}`))).toEqual([['Deny', 'Resource']]);
  });

  it('drop out where a condition does not hold', () => {
    const when = (id: string) => allow('Publish', 'topic/a', { StringEquals: { 'iot:ClientId': id } });
    expect([ground(when('dev1')), ground(when('dev2'))]).toEqual([[['Allow', 'Resource', '0 a']], []]);
  });

  it.each([
    { reading: 'matchesNothing', of: [['Deny', 'NotResource', '1 a']] },
    { reading: 'statementInert', of: [] },
  ] as const)('with NotResource and a variable that does not resolve: $reading', ({ reading, of }) => {
    const not = { Effect: 'Deny', Action: 'iot:Publish', NotResource: [`${arn}topic/${site}`, `${arn}topic/a`] };
    const given = { switches: { unresolvedNotResource: reading } };
    expect(ground(not, { given })).toEqual(of);
    expect(ground(allow('Publish', [`topic/${site}`, 'topic/a']), { given })).toEqual([['Allow', 'Resource', '1 a']]);
    const resolved = { ...not, NotResource: [`${arn}topic/${thing}`] };
    expect(ground(resolved, { given })).toEqual([['Deny', 'NotResource', '0 dev1']]);
  });

  it('have a star for a value that the client chooses', () => {
    const own = allow('Publish', 'topic/${iot:ClientId}/x');
    expect(ground(own, { free: ['iot:clientid'] })).toEqual([['Allow', 'Resource', '0 */x']]);
    expect(ground(own)).toEqual([['Allow', 'Resource', '0 dev1/x']]);
  });

  it.each([
    { reading: 'literal', matched: false },
    { reading: 'glob', matched: true },
  ] as const)('take a star in a value for a $reading', ({ reading, matched }) => {
    const set = compilePolicies(
      [document([allow('Publish', `topic/${thing}`)])],
      withDefaults({ switches: { substitutedWildcards: reading } }),
    );
    const [one] = groundStatements(set, action('Publish'), { ...context, 'iot:Connection.Thing.ThingName': 'a*' });
    const glob = one!.resources[0]!.glob;
    expect([matches(glob, `${prefix}a*`), matches(glob, `${prefix}ab`)]).toEqual([true, matched]);
  });
});

describe('alphabets', () => {
  const letters = ({ codes }: Alphabet) => [...codes].map((code) => String.fromCodePoint(code)).join('');

  it('hold what MQTT gives a meaning, the letters in use and one that stands for all others', () => {
    expect(letters(alphabetOf([]))).toBe('x#$+/:aelrsuw');
    expect(letters(alphabetOf([globOf('b*?')], ['q']))).toBe('x#$+/:abelqrsuw');
    expect(alphabetOf([]).size).toBe(13);
  });

  it('choose a letter that reads well and occurs nowhere', () => {
    expect(letters(alphabetOf([globOf('x')])).at(0)).toBe('y');
    expect(letters(alphabetOf([], ['xyzwv'])).at(0)).toBe('t');
    const all = 'xyzwvutsrqponmkjihgfedcbaXYZWVUTSRQ0123456789';
    expect(letters(alphabetOf([], [all])).at(0)).toBe('α');
    expect(letters(alphabetOf([], [`${all}αβ`])).at(0)).toBe('γ');
  });

  it('hold both cases of a letter whose case is ignored', () => {
    const folded = new Int32Array([FOLD - 'q'.charCodeAt(0)]);
    expect(letters(alphabetOf([folded]))).toBe('x#$+/:Qaelqrsuw');
    const own = alphabetOf([folded]);
    const machine = globMachine([folded], own);
    expect(['q', 'Q', 'a', 'x'].map((text) => accepts(machine, own, text))).toEqual([true, true, false, false]);
  });

  it('write words as text, and take foreign letters for the one that stands for all others', () => {
    const own = alphabetOf([globOf('\u{1f600}')]);
    const face = own.index(0x1f600);
    expect(own.text([0, face])).toBe('x\u{1f600}');
    expect([own.index('x'.charCodeAt(0)), own.index(0x3b1)]).toEqual([0, 0]);
    expect(accepts(globMachine([globOf('?\u{1f600}')], own), own, 'α\u{1f600}')).toBe(true);
  });

  it('let no more be spent than there is', () => {
    const budget = { left: 2 };
    spend(budget, 2);
    expect(budget.left).toBe(0);
    expect(() => spend(budget, 1)).toThrow('used up its budget');
  });
});

describe('beginnings of languages', () => {
  const language = (...texts: readonly string[]) => ({ key: '', machine: nothing, heads: texts.map(literalGlob) });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 });
  const texts = fc.array(text, { maxLength: 3 });

  it('name every language one of whose beginnings goes on with another, or the other way round', () => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 6 }), texts, (owned, asked) => {
        const meets = (heads: readonly string[]) =>
          heads.some((one) => asked.some((other) => one.startsWith(other) || other.startsWith(one)));
        const heads = new Heads(owned.map((one) => language(...one)));
        expect([...heads.meeting(language(...asked))].sort()).toEqual(
          owned.flatMap((one, at) => (meets(one) ? [at] : [])),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('machines', () => {
  const alphabet = alphabetOf([globOf('abc')]);
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/'), maxLength: 6 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/'), maxLength: 5 });
  const joins: Readonly<Record<Join, (parts: readonly boolean[]) => boolean>> = {
    and: (parts) => parts.every(Boolean),
    or: (parts) => parts.some(Boolean),
    minus: ([first, ...others]) => first === true && !others.some(Boolean),
  };

  it.each(['and', 'or', 'minus'] as const)(
    'joined by %s take what the parts say, and know when all follows',
    (join) => {
      const part = fc.oneof(
        { weight: 6, arbitrary: pattern },
        { weight: 1, arbitrary: fc.constantFrom('nothing', 'everything') },
      );
      fc.assert(
        fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), word, word, (parts, first, rest) => {
          const machines = parts.map((one) =>
            one === 'nothing' ? nothing : one === 'everything' ? everything : globMachine([globOf(one)], alphabet),
          );
          const has = (one: string, text: string) =>
            one === 'everything' || (one !== 'nothing' && matches(globOf(one), text));
          const wanted = (text: string) => joins[join](parts.map((one) => has(one, text)));
          const machine = combine(alphabet, join, machines);
          expect(accepts(machine, alphabet, first)).toBe(wanted(first));
          let state = machine.start;
          for (const char of first) if (state !== -1) state = machine.step(state, alphabet.index(char.codePointAt(0)!));
          if (state === -1 || machine.all(state)) expect(wanted(first + rest)).toBe(state !== -1);
        }),
        { numRuns: 1000 },
      );
    },
  );

  const machineOf = (text: string) => globMachine([globOf(text)], alphabet);
  const after = (machine: Machine, text: string) =>
    [...text].reduce((state, char) => machine.step(state, alphabet.index(char.codePointAt(0)!)), machine.start);

  it.each([
    { reason: 'both have a star there', join: 'and', parts: ['a*', '*'], text: 'a', all: true },
    { reason: 'one of both asks for more', join: 'and', parts: ['a*', 'ab*'], text: 'a', all: false },
    { reason: 'one of two has a star there', join: 'or', parts: ['b', 'a*'], text: 'a', all: true },
    { reason: 'neither of two has', join: 'or', parts: ['ab', 'a?'], text: 'a', all: false },
    { reason: 'what is taken away ended before', join: 'minus', parts: ['a*', 'bc', 'b'], text: 'a', all: true },
    { reason: 'something is taken away later', join: 'minus', parts: ['a*', 'ab', 'b'], text: 'a', all: false },
    { reason: 'there is no star to take away from', join: 'minus', parts: ['a?', 'bc'], text: 'a', all: false },
  ] as const)('know whether all that follows is accepted: $reason', ({ join, parts, text, all }) => {
    const machine = combine(alphabet, join, parts.map(machineOf));
    expect(machine.all(after(machine, text))).toBe(all);
  });

  it.each([
    { reason: 'one of both is at its end', join: 'and', parts: ['ab', 'a*'], text: 'aa' },
    { reason: 'both of two are', join: 'or', parts: ['ab', 'ac'], text: 'aa' },
    { reason: 'all that follows is taken away', join: 'minus', parts: ['a*', 'b', 'ab*'], text: 'ab' },
    { reason: 'what is taken from is', join: 'minus', parts: ['ab', 'ac'], text: 'ac' },
  ] as const)('know when nothing follows: $reason', ({ join, parts, text }) => {
    const machine = combine(alphabet, join, parts.map(machineOf));
    expect(after(machine, text)).toBe(-1);
    expect([machine.accepts(-1), machine.all(-1)]).toEqual([false, false]);
  });

  it.each([
    { reason: 'beside a pattern that is met first', patterns: ['bcd', 'a*'] },
    { reason: 'beside a long one', patterns: ['b'.repeat(40), 'a*'] },
    { reason: 'in front of a long one', patterns: ['a*', 'b'.repeat(40)] },
  ])('know of a union when all that follows is accepted: $reason', ({ patterns }) => {
    const machine = globMachine(patterns.map(globOf), alphabet);
    expect(['a', 'ab', 'b', ''].map((text) => machine.all(after(machine, text)))).toEqual([true, true, false, false]);
  });

  it('know when a filter brings all that follows', () => {
    const machine = matchedTopics(globMachine(['a/#', 'a/b/+', 'b/+'].map(globOf), alphabet), alphabet);
    const all = ['a/c', 'a/b/c', 'b/c', 'a', ''].map((text) => machine.all(after(machine, text)));
    expect(all).toEqual([true, true, false, false, false]);
  });

  it('deliver a topic that ends in a slash where filters begin anew behind it', () => {
    const machine = matchedTopics(globMachine([globOf('*')], alphabet), alphabet);
    expect(['a/', 'a', ''].map((text) => accepts(machine, alphabet, text))).toEqual([true, true, false]);
  });

  it('leave out what cannot change the result', () => {
    const one = machineOf('a*');
    expect(combine(alphabet, 'or', [nothing, one])).toBe(one);
    expect(combine(alphabet, 'minus', [one, nothing])).toBe(one);
    expect(combine(alphabet, 'and', [one, nothing])).toBe(nothing);
    expect(combine(alphabet, 'minus', [nothing, one])).toBe(nothing);
    expect([nothing.step(-1, 0), nothing.all(-1), everything.all(0)]).toEqual([-1, false, true]);
  });

  it('are not taken to accept all that follows unless they say so', () => {
    const machine = lazyMachine<string>({
      alphabet,
      start: 'a',
      key: (state) => state,
      step: (state) => state,
      accepts: () => true,
    });
    expect(machine.all(machine.start)).toBe(false);
    expect(overlap(machine, machine).all(0)).toBe(false);
  });

  it('name no word where there is none, however long one looks', () => {
    for (const [left, right] of [
      ['a?', 'b?'],
      ['a*', 'aab'],
      ['aab', 'a*c'],
      ['*aa', '*ab'],
    ] as const) {
      const [a, b] = [machineOf(left), machineOf(right)];
      const found = shortestWord(combine(alphabet, 'and', [a, b]), alphabet, 1000);
      expect(found).toEqual(shortestWord(overlap(a, b), alphabet, 1000));
      expect(found.kind).toBe(left === 'a*' ? 'word' : 'none');
    }
  });

  it('tell states of three machines apart', () => {
    const long = (letter: string) => `${'?'.repeat(11)}${letter}*`;
    const machine = combine(alphabet, 'or', [machineOf(long('a')), machineOf('*b?'), machineOf(`?${long('c')}`)]);
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 8, maxLength: 14 });
    fc.assert(
      fc.property(texts, (text) => {
        const taken = [long('a'), '*b?', `?${long('c')}`].some((one) => matches(globOf(one), text));
        expect(accepts(machine, alphabet, text)).toBe(taken);
      }),
      { numRuns: 500 },
    );
  });

  it('of no parts take everything where all must agree, and else nothing', () => {
    const takes = (join: Join) => accepts(combine(alphabet, join, []), alphabet, 'a');
    expect((['and', 'or', 'minus'] as const).map(takes)).toEqual([true, false, false]);
  });

  it.each([
    { reason: 'letters in the order of the alphabet', text: '?', word: 'x' },
    { reason: 'the shorter one', text: 'ab*', word: 'ab' },
    { reason: 'the empty one', text: '*', word: '' },
  ])('name the shortest word: $reason', ({ text, word: shortest }) => {
    const machine = globMachine([globOf('abcd'), globOf(text)], alphabet);
    expect(shortestWord(machine, alphabet, 100)).toEqual({ kind: 'word', word: shortest });
  });

  it('name a word in both of two, and none where one is empty', () => {
    const [left, right] = [globMachine([globOf('a*c')], alphabet), globMachine([globOf('*b?')], alphabet)];
    expect(shortestWord(overlap(left, right), alphabet, 1000)).toEqual({ kind: 'word', word: 'abc' });
    expect([overlap(nothing, left).start, overlap(left, nothing).start]).toEqual([-1, -1]);
  });

  it('give up a search over as many states as it may visit, and no earlier', () => {
    const machine = globMachine([globOf('abc')], alphabet);
    expect(shortestWord(machine, alphabet, 3)).toEqual({ kind: 'word', word: 'abc' });
    expect(shortestWord(machine, alphabet, 1)).toEqual({ kind: 'undecided' });
  });

  // More positions than one word of bits has, with stars and letters on both sides of its end.
  it.each(Array.from({ length: 8 }, (_, at) => at + 28))('run over %i letters and a star', (length) => {
    const head = 'a'.repeat(length);
    const machine = globMachine([globOf(`${head}*b`), globOf(`${head.slice(1)}??*`), globOf('c*c')], alphabet);
    const takes = (text: string) => accepts(machine, alphabet, text);
    expect([`${head}b`, `${head}cab`, `${head}c`, 'cc', 'cabc'].filter(takes)).toEqual([
      `${head}b`,
      `${head}cab`,
      `${head}c`,
      'cc',
      'cabc',
    ]);
    expect([head, head.slice(1), `${head.slice(1)}b`, `b${head}b`, 'c', 'cb'].filter(takes)).toEqual([]);
  });

  it('take every union of long patterns as plain matching does', () => {
    const long = fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b', '*', '?'), minLength: 10, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 3 }), fc.array(word, { maxLength: 6 }), (texts, fills) => {
        const globs = texts.map(globOf);
        let fill = 0;
        const near = texts[0]!.replaceAll('?', 'c').replace(/\*/g, () => fills[fill++] ?? '');
        const machine = globMachine(globs, alphabet);
        for (const text of [near, near.slice(1), `${near}a`])
          expect(accepts(machine, alphabet, text)).toBe(globs.some((glob) => matches(glob, text)));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    { reason: 'the rest of plain text', text: 'abc', behind: 'ab', rest: ['c'] },
    { reason: 'nothing is left', text: 'abc', behind: 'abc', rest: [''] },
    { reason: 'a star goes on', text: 'a*', behind: 'abc', rest: ['*'] },
    { reason: 'text behind a star may begin anywhere', text: 'a*bc', behind: 'ab', rest: ['*bc', 'c'] },
    { reason: 'a text that is too short', text: 'ab', behind: 'abc', rest: [] },
    { reason: 'another letter', text: 'ax*', behind: 'abc', rest: [] },
    { reason: 'letters of two code units', text: '?\u{1f600}*', behind: '\u{1f600}\u{1f600}', rest: ['*'] },
  ])('know what remains of a pattern: $reason', ({ text, behind, rest }) => {
    expect(residuals(globOf(text), behind).map(showGlob).sort()).toEqual([...rest].sort());
  });

  it('deliver topics that begin with $ to wildcards where the broker does so', () => {
    const filters = globMachine(['+/a', '#'].map(globOf), alphabetOf([globOf('$a')]));
    const own = alphabetOf([globOf('$a')]);
    const topics = (skips?: boolean) => matchedTopics(filters, own, skips);
    const takes = (machine: Machine, text: string) => accepts(machine, own, text);
    expect([topics(), topics(true), topics(false)].map((one) => takes(one, '$a/a'))).toEqual([false, false, true]);
    expect(takes(topics(), 'a/a')).toBe(true);
  });
});
