import { describe, expect, it } from 'vitest';
import { distance } from '../../../../operator/policy/distance/index.ts';
import { compilePolicies, evaluate, withDefaults } from '../../../../operator/policy/index.ts';
import type { FleetDevice } from '../../../../operator/policy/reach/index.ts';
import { allow, bound, deny, document, thing } from '../lint/build.ts';

const site = '${iot:Connection.Thing.Attributes[site]}';
const one = (
  name: string,
  policies: readonly number[],
  attributes: Readonly<Record<string, string>> = {},
  groups: readonly string[] = [],
): FleetDevice => ({
  name,
  thing: name,
  clientIds: [name],
  thingType: undefined,
  attributes,
  groups,
  policies,
});

describe('least-privilege distance', () => {
  it('names what devices gain and lose, and only those that do', () => {
    const before = [document([bound, allow('Publish', `topic/dt/${thing}/*`)]), document([bound])];
    const after = [
      document([bound, allow('Publish', `topic/dt/${thing}/t`), allow('GetThingShadow', `thing/${thing}`)]),
      before[1]!,
    ];
    const fleet = { documents: before, devices: [one('a1', [0]), one('a2', [0]), one('b1', [1])] };
    const result = distance(fleet, after);
    expect(result).toMatchObject({ unchanged: 1, undecided: [] });
    expect(
      result.groups.map((group) => [
        group.count,
        group.gained.map((c) => `${c.action} ${c.pattern}`),
        group.lost.map((c) => c.action),
      ]),
    ).toEqual([[2, ['iot:GetThingShadow thing/<name>'], ['iot:Publish']]]);
  });

  it('sees a Deny that meets only devices with a certain attribute', () => {
    const before = [document([bound, allow('Publish', `topic/${site}/*`)])];
    const after = [document([bound, allow('Publish', `topic/${site}/*`), deny('Publish', 'topic/north/*')])];
    const devices = [one('n1', [0], { site: 'north' }, ['old']), one('s1', [0], { site: 'south' }), one('x', [0])];
    const result = distance({ documents: before, devices }, after);
    expect(result.unchanged).toBe(2);
    expect(result.groups).toHaveLength(1);
    expect(result.groups[0]).toMatchObject({ count: 1, wholeGroups: ['old'], gained: [] });
  });

  it('shows examples that the two sides really decide differently', () => {
    const before = [document([bound, allow('Subscribe', `topicfilter/a/*`), deny('Subscribe', 'topicfilter/a/b/*')])];
    const after = [document([bound, allow('Subscribe', 'topicfilter/*'), deny('Subscribe', 'topicfilter/a/*')])];
    const options = withDefaults({ exclusiveThings: false });
    const { groups } = distance({ documents: before, devices: [one('d', [0])] }, after);
    const [old, next] = [compilePolicies(before, options), compilePolicies(after, options)];
    for (const { example } of groups[0]!.gained)
      expect([evaluate(old, example).decision, evaluate(next, example).decision]).toEqual(['implicitDeny', 'allowed']);
    for (const { example } of groups[0]!.lost)
      expect([evaluate(old, example).decision, evaluate(next, example).decision]).toEqual(['allowed', 'explicitDeny']);
    expect(groups[0]!.gained.length * groups[0]!.lost.length).toBe(1);
  });
});
