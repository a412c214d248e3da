import { describe, expect, it } from 'vitest';
import { findAction } from '../../../../operator/policy/actions.ts';
import { compilePolicies } from '../../../../operator/policy/compile.ts';
import { globOf, matches, showGlob } from '../../../../operator/policy/glob.ts';
import { type GivenOptions, withDefaults } from '../../../../operator/policy/index.ts';
import { behindPrefix, groundStatements } from '../../../../operator/policy/reach/ground.ts';
import { allow, arn, deny, document, thing } from '../lint/build.ts';
import { site } from './devices.ts';

const publish = findAction('iot:Publish')!;
const context = { 'iot:ClientId': 'dev1', 'iot:Connection.Thing.ThingName': 'dev1' };
const prefix = `${arn}topic/`;

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
    return groundStatements(set, publish, where, ...args).map(({ mode, effect, resources }) => [
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
    const [one] = groundStatements(set, publish, { ...context, 'iot:Connection.Thing.ThingName': 'a*' });
    const glob = one!.resources[0]!.glob;
    expect([matches(glob, `${prefix}a*`), matches(glob, `${prefix}ab`)]).toEqual([true, matched]);
  });
});
