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

  const type = '${iot:Connection.Thing.ThingTypeName}';
  const office = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
  const elsewhere = { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
  const own = { thing: 'thing-1', clientIds: ['client-1'], attributes: { site: 'north', short: 'x' } };
  const rows = [
    {
      reason: 'a right that only a condition opens',
      before: [bound],
      after: [bound, allow('Publish', 'topic/a', office)],
      gained: ['iot:Publish topic/a 10.0.0.0'],
    },
    {
      reason: 'a right that only a condition of a Deny spares',
      before: [bound, allow('Publish', 'topic/a'), deny('Publish', 'topic/a', elsewhere)],
      after: [bound],
      lost: ['iot:Publish topic/a 10.0.0.0'],
    },
    {
      reason: 'a Deny that holds under a condition',
      before: [bound, allow('Publish', 'topic/a')],
      after: [bound, allow('Publish', 'topic/a'), deny('Publish', 'topic/a', office)],
      lost: ['iot:Publish topic/a 10.0.0.0'],
    },
    {
      reason: 'a condition that is replaced by one that cannot be met',
      before: [bound, allow('Publish', 'topic/a', office)],
      after: [bound, allow('Publish', 'topic/a', { StringEquals: { 'iot:ClientId': 'another' } })],
      lost: ['iot:Publish topic/a 10.0.0.0'],
    },
    {
      reason: 'an action that is checked on no resource of its own',
      before: [bound],
      after: [bound, allow('ListRetainedMessages', '*')],
      gained: ['iot:ListRetainedMessages *'],
    },
    {
      reason: 'a client ID that was not its own, in the context of the example as well',
      before: [allow('Connect', 'client/client-1')],
      after: [allow('Connect', ['client/client-1', 'client/boss'])],
      gained: ['iot:Connect client/boss'],
      clientId: 'boss',
    },
    {
      reason: 'what stays under a client ID of its own',
      before: [allow('Connect', 'client/client-1'), allow('Publish', 'topic/of/${iot:ClientId}')],
      after: [allow('Connect', 'client/client-1')],
      lost: ['iot:Publish topic/of/client-1'],
      clientId: 'client-1',
    },
    {
      reason: 'values of the device by their names, but no single letters',
      before: [bound],
      after: [bound, allow('Publish', `topic/${thing}/${type}/${site}/\${iot:Connection.Thing.Attributes[short]}`)],
      gained: ['iot:Publish topic/<name>/<type>/<site>/x'],
    },
    {
      reason: 'a topic with a colon',
      before: [bound],
      after: [bound, allow('Publish', 'topic/a:b:c')],
      gained: ['iot:Publish topic/a:b:c'],
    },
    {
      reason: 'the same meaning in other words is no change',
      before: [bound, allow('Publish', ['topic/a/*', 'topic/b'])],
      after: [bound, allow('Publish', 'topic/b'), allow('Publish', ['topic/a/*', 'topic/a/c'])],
    },
    {
      reason: 'a right under a name that no request can have',
      before: [bound],
      after: [bound, allow('Publish', 'topic/a/+')],
    },
  ];
  it.each(rows)('$reason', ({ before, after, gained = [], lost = [], clientId }) => {
    const device: FleetDevice = { name: 'cert', ...own, thingType: 'sensor', groups: [], policies: [0] };
    const result = distance({ documents: [document(before)], devices: [device] }, [document(after)]);
    const text = ({ action, pattern, example }: (typeof result.groups)[number]['gained'][number]) =>
      [action, pattern, ...[example.context['aws:SourceIp'] ?? []].flat()].join(' ');
    const changes = gained.length + lost.length;
    expect(result).toMatchObject({ unchanged: changes === 0 ? 1 : 0, undecided: [] });
    expect(result.groups.flatMap((group) => group.gained.map(text))).toEqual(gained);
    expect(result.groups.flatMap((group) => group.lost.map(text))).toEqual(lost);
    if (clientId === undefined) return;
    const [change] = result.groups.flatMap((group) => [...group.gained, ...group.lost]);
    expect(change!.example.context['iot:ClientId']).toBe(clientId);
  });

  it.each([
    { reason: 'the thing name where no client ID is listed', thing: 'thing-1', clientId: 'thing-1' },
    { reason: 'the name of a certificate without a thing', thing: undefined, clientId: 'cert' },
  ])('a device connects under $reason', ({ thing: name, clientId }) => {
    const device: FleetDevice = { ...one('cert', [0]), thing: name, clientIds: [] };
    const after = [document([allow('Publish', ['topic/${iot:ClientId}', `topic/${site}`])])];
    const { groups } = distance({ documents: [document([bound])], devices: [device] }, after);
    const [change] = groups[0]!.gained;
    expect(change!.pattern).toBe('topic/<name>');
    expect(change!.example.context).toStrictEqual({
      'iot:ClientId': clientId,
      ...(name !== undefined && { 'iot:Connection.Thing.ThingName': name }),
    });
  });

  it('puts devices for which the change means the same in one group, the largest first', () => {
    const wide = document([bound, allow('Publish', `topic/${thing}/*`)], '2012-10-17', 'wide');
    const narrow = document([bound, allow('Publish', `topic/${thing}/up`)], '2012-10-17', 'narrow');
    const silent = document([bound], '2012-10-17', 'silent');
    const documents = [wide, narrow, silent, wide];
    const devices = [
      one('n1', [1], {}, ['few', 'all']),
      ...Array.from({ length: 6 }, (_, at) => [
        one(`w${at}`, [0], {}, ['first', 'all']),
        one(`v${at}`, [2, 3], {}, at === 0 ? ['first'] : ['second']),
      ]).flat(),
      one('s', [2], {}, ['all']),
      one('x', [2], {}, ['second']),
    ];
    const result = distance({ documents, devices }, [silent, silent, silent, silent]);
    expect(result.unchanged).toBe(2);
    expect(
      result.groups.map((group) => [group.count, group.devices.map(({ name }) => name).join(), group.wholeGroups]),
    ).toEqual([
      [12, 'w0,v0,w1,v1,w2,v2,w3,v3,w4,v4', ['first']],
      [1, 'n1', ['few']],
    ]);
  });

  it('compares a device again when only the second of its documents changes', () => {
    const first = document([bound]);
    const fleet = { documents: [first, document([allow('Publish', 'topic/a')])], devices: [one('d', [0, 1])] };
    const { groups } = distance(fleet, [first, document([allow('Publish', 'topic/b')])]);
    expect(groups.map(({ gained, lost }) => [gained, lost].map((list) => list.map(({ pattern }) => pattern)))).toEqual([
      [['topic/b'], ['topic/a']],
    ]);
  });

  it('says where a search was given up', () => {
    const hostile = (tail: string) => document([bound, allow('Publish', `topic/*a${'?'.repeat(16)}${tail}`)]);
    const { undecided } = distance({ documents: [hostile('b')], devices: [one('d', [0])] }, [hostile('c')]);
    expect(undecided).toEqual(['iot:Publish: the search was given up; the change may be larger than shown']);
  });
});
