import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filtersFor } from '../../../operator/policy/delivery.ts';
import { type DeliverySide, findUndelivered } from '../../../operator/policy/delivery-search.ts';
import { globOf, matches } from '../../../operator/policy/glob.ts';
import type { GroundStatement } from '../../../operator/policy/ground.ts';
import { compilePolicies, parsePolicyValue, withDefaults } from '../../../operator/policy/index.ts';
import { isValid, validityOf } from '../../../operator/policy/valid.ts';
import { filterMatches } from '../../policy/oracle.ts';

const { document } = parsePolicyValue({
  Version: '2012-10-17',
  Statement: ['Allow', 'Deny'].map((Effect) => ({ Effect, Action: 'iot:*', Resource: '*' })),
});
const [allowing, denying] = compilePolicies(document === undefined ? [] : [document], withDefaults()).statements;
if (allowing === undefined || denying === undefined) throw new Error('no statements');

interface Rule {
  readonly deny: boolean;
  readonly negated: boolean;
  readonly patterns: readonly string[];
}
interface Rules {
  readonly subscribe: readonly Rule[];
  readonly receive: readonly Rule[];
}

const grounded = (rules: readonly Rule[]): GroundStatement[] =>
  rules.map(({ deny, negated, patterns }) => ({
    statement: deny ? denying : allowing,
    conjuncts: [{ negated, globs: patterns.map(globOf) }],
  }));
const sideOf = ({ subscribe, receive }: Rules): DeliverySide => ({
  subscribe: grounded(subscribe),
  receive: grounded(receive),
});

const globs = new Map<string, ReturnType<typeof globOf>>();
const known = (pattern: string): ReturnType<typeof globOf> => {
  const glob = globs.get(pattern) ?? globOf(pattern);
  globs.set(pattern, glob);
  return glob;
};

const allows = (rules: readonly Rule[], name: string): boolean => {
  const hit = rules.filter(({ negated, patterns }) => patterns.some((one) => matches(known(one), name)) !== negated);
  return hit.some((one) => !one.deny) && !hit.some((one) => one.deny);
};
const valid = validityOf('topic', 7);
const texts = (letters: readonly string[], length: number): string[] =>
  length === 0 ? [''] : ['', ...texts(letters, length - 1).flatMap((rest) => letters.map((letter) => letter + rest))];
const unique = (list: readonly string[]): string[] => [...new Set(list)].sort((a, b) => a.length - b.length);
const topics = unique(texts(['a', 'b', '/', '$', 'x'], 3)).filter((topic) => isValid(valid, topic));
const filters = unique(texts(['a', 'b', '/', '$', 'x', '+', '#'], 3)).filter((one) =>
  isValid(validityOf('topicfilter', 7), one),
);

const bringing = new Map(topics.map((topic) => [topic, filters.filter((filter) => filterMatches(filter, topic))]));

/** By trying every filter: `+` inside longer ones is out of reach here, so only topics of at most three letters are compared. */
const delivers = (rules: Rules, topic: string): boolean =>
  allows(rules.receive, topic) && (bringing.get(topic) ?? []).some((filter) => allows(rules.subscribe, filter));

const search = (here: Rules, there: Rules, left = 1e5, skipDollar = true) =>
  findUndelivered(sideOf(here), sideOf(there), { valid, budget: { left }, skipDollar });

const allow = (...patterns: string[]): Rule => ({ deny: false, negated: false, patterns });
const deny = (...patterns: string[]): Rule => ({ deny: true, negated: false, patterns });
const allowBut = (...patterns: string[]): Rule => ({ deny: false, negated: true, patterns });

const rules = (subscribe: readonly Rule[], receive: readonly Rule[] = [allow('*')]): Rules => ({ subscribe, receive });

describe('a topic that reaches one side only', () => {
  it('is a shortest one, by trying all short topics with all short filters', () => {
    const pattern = fc.constantFrom(
      '*',
      'a',
      'a/*',
      '*a',
      'a/+',
      '+',
      '#',
      'a/#',
      '+/a',
      '*/b',
      'a?',
      '?',
      '?/#',
      '$*',
      '$',
      'b',
      'a/b',
      '/',
      '*/+',
      '??',
      '*#',
      '*+*',
      'a*b',
    );
    const rule = fc.record({
      deny: fc.boolean(),
      negated: fc.integer({ min: 0, max: 4 }).map((one) => one === 0),
      patterns: fc.array(pattern, { minLength: 1, maxLength: 2 }),
    });
    const side = fc.record({
      subscribe: fc.tuple(pattern, fc.array(rule, { maxLength: 2 })).map(([one, more]) => [allow(one), ...more]),
      receive: fc.tuple(pattern, fc.array(rule, { maxLength: 2 })).map(([one, more]) => [allow('*', one), ...more]),
    });
    let different = 0;
    fc.assert(
      fc.property(side, side, (here, there) => {
        const first = topics.find((topic) => delivers(here, topic) && !delivers(there, topic));
        const found = search(here, there);
        if (first !== undefined) {
          different += 1;
          expect(found).toMatchObject({ kind: 'word' });
          if (found.kind === 'word') expect(found.word.length).toBeLessThanOrEqual(first.length);
        }
        if (found.kind !== 'word') expect(found).toEqual({ kind: 'covered' });
        else if (found.word.length <= 3)
          expect([delivers(here, found.word), delivers(there, found.word)]).toEqual([true, false]);
      }),
      { numRuns: 150, seed: 11 },
    );
    expect(different).toBeGreaterThan(45);
  });

  it.each<readonly [reason: string, here: Rules, there: Rules, word: string | undefined]>([
    ['a filter brings its own topic', rules([allow('a/b')]), rules([]), 'a/b'],
    ['+ brings one level', rules([allow('a/+/b')]), rules([allow('a/x/b')]), 'a//b'],
    ['# brings all that follows, but not the level above', rules([allow('a/#')]), rules([]), 'a/'],
    ['a wildcard at the first level skips $', rules([allow('#'), allow('$a')]), rules([allow('#')]), '$a'],
    ['Receive stops the flow', rules([allow('a/*')], [allow('a/b/*')]), rules([]), 'a/b/'],
    ['a Deny on Receive holds', rules([allow('a/*')]), rules([allow('a/*')], [allow('*'), deny('a/b')]), 'a/b'],
    [
      'a Deny on a filter is passed by a wider one',
      rules([allow('a/*')]),
      rules([allow('a/*'), deny('a/b')]),
      undefined,
    ],
    ['a Deny on all filters holds', rules([allow('a/*')]), rules([allow('a/*'), deny('a/*')]), 'a/'],
    ['other filters that bring the same', rules([allow('a/b')]), rules([allow('+/b')]), undefined],
    ['all filters but some', rules([allowBut('a', '+', '#')]), rules([allow('?*')]), undefined],
    [
      'all topics but none, beside none at all: an exception whose variable did not resolve',
      rules([allow('*')], [allowBut(), allowBut('*')]),
      rules([]),
      'x',
    ],
    ['what is granted twice', rules([allow('a/b')], [allow('a/*')]), rules([allow('a/*')]), undefined],
    [
      'patterns of more than one word of the vector',
      rules([allow(`${'a'.repeat(40)}/+`)]),
      rules([allow(`${'a'.repeat(40)}/x`)]),
      `${'a'.repeat(40)}/`,
    ],
    [
      'positions whose words of the vector read alike when written one behind the other (2, 640 and 264, 0)',
      rules([allow('*')], [allow('a', 'bbbb', `b${'c'.repeat(29)}`, 'a', 'a')]),
      rules([allow('*')], [allow('a', `b${'c'.repeat(29)}`)]),
      'bbbb',
    ],
    [
      'a topic that # brings here and nothing brings there, behind one that # brings on both sides',
      rules([allow('?/y')], [allow('?/y', 'cc')]),
      rules([allow('?/#'), deny('b/*', '+/*')], [allow('?/y')]),
      'b/y',
    ],
    ['the plainest letter is a pattern’s own', rules([allow('?')]), rules([allow('*')], [allow('x', '/')]), 'y'],
    ['$ begins no level but the first, on this side', rules([allow('a$')]), rules([]), 'a$'],
    [
      '$ begins no level but the first, on the other',
      rules([allow('a$')], [allow('a*')]),
      rules([allow('+')]),
      undefined,
    ],
    ['eight levels at most', rules([allow('*/1/2/3/4/5/6/7/8')], [allow('a*')]), rules([]), undefined],
    [
      'more levels where those of a rule do not count',
      rules([allow('*/1/2/3/4/5/6/7/8'), deny('+*')]),
      rules([]),
      '$aws/rules/1/2/3/4/5/6/7/8',
    ],
    ['256 bytes', rules([allow('a'.repeat(256))]), rules([]), 'a'.repeat(256)],
    ['257 bytes are too many', rules([allow('a'.repeat(257))]), rules([]), undefined],
    ['256 bytes of two to a letter', rules([allow('é'.repeat(128))]), rules([]), 'é'.repeat(128)],
    ['258 bytes are too many, though they are 129 letters', rules([allow('é'.repeat(129))]), rules([]), undefined],
    ['the shortest is counted in bytes', rules([allow('éé/', 'abcd')]), rules([]), 'abcd'],
  ])('%s', (_reason, here, there, word) => {
    expect(search(here, there)).toEqual(word === undefined ? { kind: 'covered' } : { kind: 'word', word });
  });

  it('skips $ or not, by the switch', () => {
    const [all, own] = [rules([allow('#')]), rules([allow('#'), allow('$a')])];
    expect(search(own, all, 1e5, false)).toEqual({ kind: 'covered' });
    expect(search(all, rules([]), 1e5, false)).toMatchObject({ kind: 'word' });
  });

  it('gives up at the budget, and spends little where all filters are granted elsewhere', () => {
    const [wide, other] = [rules([allow('*a*b*c*')]), rules([allow('*c*b*a*')])];
    expect(search(wide, other, 5)).toEqual({ kind: 'exceeded' });
    expect(search(wide, other)).toMatchObject({ kind: 'word' });
    const budget = { left: 1000 };
    findUndelivered(sideOf(wide), sideOf(rules([allow('*')])), { valid, budget, skipDollar: true });
    expect(1000 - budget.left).toBeLessThan(20);
    expect(1000 - budget.left).toBeGreaterThanOrEqual(0);
  });
});

describe('the filters that bring a topic', () => {
  it.each<readonly [topic: string, skipDollar: boolean, filters: readonly string[]]>([
    ['a', true, ['a', '+', '#']],
    ['a/b', true, ['a/b', 'a/+', '+/b', '+/+', '#', 'a/#', '+/#']],
    ['$a/b', true, ['$a/b', '$a/+', '$a/#']],
    ['$a', false, ['$a', '+', '#']],
    ['a/$b', true, ['a/$b', 'a/+', '+/$b', '+/+', '#', 'a/#', '+/#']],
  ])('%s', (topic, skipDollar, found) => {
    expect(filtersFor(topic, skipDollar)).toEqual(found);
  });

  it('stay few where a topic has many levels', () => {
    expect(filtersFor(Array.from({ length: 14 }, () => 'a').join('/'), true)).toHaveLength(2 ** 12 + 2 ** 12 - 1);
  });
});
