import { describe, expect, it } from 'vitest';
import { withDefaults } from '../../../../operator/policy/index.ts';
import { classify, graphOver, type ReachGraph, reachGraph } from '../../../../operator/policy/reach/index.ts';
import { allow, arn, bound, deny, document, thing } from '../lint/build.ts';
import { device } from './devices.ts';

const options = withDefaults({ exclusiveThings: false });

const seen = ({ edges }: ReachGraph) => edges.map(({ kind, topic }) => `${kind} ${topic}`);

/** The edges from a device with the first policy to one with the second. */
function between(sender: readonly unknown[], receiver: readonly unknown[]): ReachGraph {
  const documents = [document([bound, ...sender]), document([bound, ...receiver])];
  return reachGraph({ documents, devices: [device('s', [0]), device('valve-1', [1])] }, options);
}

const direct = (operator: string, value: string) =>
  allow('SendDirectMessage', 'client/valve-*', { [operator]: { 'iot:Topic': value } });
const anyDirect = allow('SendDirectMessage', 'client/valve-*');

describe('edges of the reach graph', () => {
  it.each([
    {
      reason: 'on any topic',
      sender: [anyDirect],
      receiver: [allow('Receive', 'topic/*')],
      edges: ['direct x'],
    },
    {
      reason: 'to whoever may receive nothing',
      sender: [anyDirect],
      receiver: [],
      edges: [],
    },
    {
      reason: 'on a topic that the condition names among all that may be received',
      sender: [direct('StringEquals', 'open')],
      receiver: [allow('Receive', 'topic/*')],
      edges: ['direct open'],
    },
    {
      reason: 'on a topic that a pattern in the condition takes',
      sender: [direct('StringLike', 'cmd/*')],
      receiver: [allow('Receive', 'topic/*')],
      edges: ['direct cmd/x'],
    },
    {
      reason: 'on a topic of the length that question marks ask for',
      sender: [direct('StringLike', 'cmd/??')],
      receiver: [allow('Receive', 'topic/*')],
      edges: ['direct cmd/xx'],
    },
    {
      reason: 'not on a topic that a condition takes and the receiver may not get',
      sender: [direct('StringLike', 'cmd/*')],
      receiver: [allow('Receive', 'topic/state/*')],
      edges: [],
    },
    {
      reason: 'not on a topic longer than any, received or named in a condition',
      sender: [anyDirect],
      receiver: [allow('Receive', `topic/${'?'.repeat(257)}`)],
      edges: [],
    },
    {
      reason: 'on the longest topic',
      sender: [direct('StringLike', `${'?'.repeat(256)}`)],
      receiver: [allow('Receive', 'topic/*')],
      edges: [`direct ${'x'.repeat(256)}`],
    },
    {
      reason: 'not on a topic that a condition names and none can be called',
      sender: [direct('StringLike', `${'?'.repeat(257)}`)],
      receiver: [allow('Receive', 'topic/*')],
      edges: [],
    },
    {
      reason: 'not to clients that the statement leaves out',
      sender: [allow('SendDirectMessage', 'client/pump-*')],
      receiver: [allow('Receive', 'topic/*')],
      edges: [],
    },
    {
      reason: 'not where a Deny takes it back',
      sender: [anyDirect, deny('SendDirectMessage', 'client/valve-1')],
      receiver: [allow('Receive', 'topic/*')],
      edges: [],
    },
    {
      reason: 'beside what a subscription brings',
      sender: [anyDirect, allow('Publish', 'topic/state')],
      receiver: [allow('Subscribe', 'topicfilter/state'), allow('Receive', 'topic/*')],
      edges: ['topic state', 'direct x'],
    },
  ])('direct messages: $reason', ({ sender, receiver, edges }) => {
    expect(seen(between(sender, receiver))).toEqual(edges);
  });

  it.each([
    {
      reason: 'what is received but not subscribed to',
      receiver: [allow('Subscribe', 'topicfilter/other'), allow('Receive', 'topic/a/b')],
      edges: [],
    },
    {
      reason: 'what is subscribed to but not received',
      receiver: [allow('Subscribe', 'topicfilter/a/b'), allow('Receive', 'topic/other')],
      edges: [],
    },
    {
      reason: 'a filter with + in place of a level',
      receiver: [allow('Subscribe', 'topicfilter/a/+'), allow('Receive', 'topic/*')],
      edges: ['topic a/b'],
    },
    {
      reason: 'a filter with + is a level, not two',
      receiver: [allow('Subscribe', 'topicfilter/+'), allow('Receive', 'topic/*')],
      edges: [],
    },
    {
      reason: 'a filter with # behind a level',
      receiver: [allow('Subscribe', 'topicfilter/a/#'), allow('Receive', 'topic/*')],
      edges: ['topic a/b'],
    },
    {
      reason: 'a filter with # behind the topic itself',
      receiver: [allow('Subscribe', 'topicfilter/a/b/#'), allow('Receive', 'topic/*')],
      edges: [],
    },
    {
      reason: 'a Deny of the topic does not stop the filter',
      receiver: [
        allow('Subscribe', 'topicfilter/*'),
        deny('Subscribe', 'topicfilter/a/b'),
        allow('Receive', 'topic/*'),
      ],
      edges: ['topic a/b'],
    },
    {
      reason: 'a Deny of what is received stops it',
      receiver: [allow('Subscribe', 'topicfilter/*'), allow('Receive', 'topic/*'), deny('Receive', 'topic/a/*')],
      edges: [],
    },
    {
      reason: 'all topics but one, by NotResource',
      receiver: [
        allow('Subscribe', 'topicfilter/*'),
        { Effect: 'Allow', Action: 'iot:Receive', NotResource: `${arn}topic/c` },
      ],
      edges: ['topic a/b'],
    },
    {
      reason: 'all topics but this one, by NotResource',
      receiver: [
        allow('Subscribe', 'topicfilter/*'),
        { Effect: 'Allow', Action: 'iot:Receive', NotResource: `${arn}topic/a/*` },
      ],
      edges: [],
    },
    {
      reason: 'a Deny on all topics but this one',
      receiver: [
        allow('Subscribe', 'topicfilter/*'),
        allow('Receive', 'topic/*'),
        { Effect: 'Deny', Action: 'iot:Receive', NotResource: `${arn}topic/a/b` },
      ],
      edges: ['topic a/b'],
    },
    {
      reason: 'a Deny on all topics but others',
      receiver: [
        allow('Subscribe', 'topicfilter/*'),
        allow('Receive', 'topic/*'),
        { Effect: 'Deny', Action: 'iot:Receive', NotResource: [`${arn}topic/a/c`, `${arn}topic/b`] },
      ],
      edges: [],
    },
    {
      reason: 'a pattern over the whole ARN',
      receiver: [allow('Subscribe', '*'), allow('Receive', 'arn:aws:iot:*:*:topic/a/*')],
      edges: ['topic a/b'],
    },
    {
      reason: 'a star that swallows the kind of resource',
      receiver: [allow('Subscribe', 'arn:aws:iot:*/b'), allow('Receive', 'arn:aws:iot:us-east-1:*b')],
      edges: ['topic a/b'],
    },
    {
      reason: 'a resource of another account',
      receiver: [allow('Subscribe', '*'), allow('Receive', 'arn:aws:iot:us-east-1:999999999999:topic/a/b')],
      edges: [],
    },
    {
      reason: 'a condition that does not hold',
      receiver: [
        allow('Subscribe', '*'),
        allow('Receive', 'topic/a/b', { StringEquals: { 'iot:Connection.Thing.ThingName': 'other' } }),
      ],
      edges: [],
    },
    {
      reason: 'an attribute that the device lacks',
      receiver: [allow('Subscribe', '*'), allow('Receive', 'topic/a/${iot:Connection.Thing.Attributes[site]}')],
      edges: [],
    },
    {
      reason: 'a Deny with an attribute that the device lacks takes nothing back',
      receiver: [
        allow('Subscribe', '*'),
        allow('Receive', '*'),
        deny('Receive', ['topic/a/${iot:Connection.Thing.Attributes[site]}', 'topic/c']),
      ],
      edges: ['topic a/b'],
    },
  ])('messages on a/b: $reason', ({ receiver, edges }) => {
    expect(seen(between([allow('Publish', 'topic/a/b')], receiver))).toEqual(edges);
  });

  it('are there, and said to be approximate, where the search for a common topic is given up', () => {
    const intricate = (first: string, last: string) => `topic/*${first}${'?'.repeat(13)}${last}`;
    const graph = between(
      [allow('Publish', intricate('a', 'b'))],
      [allow('Subscribe', 'topicfilter/*'), allow('Receive', intricate('c', 'd'))],
    );
    expect(seen(graph)).toEqual(['topic (not determined)']);
    expect(graph.approximate).toEqual([expect.stringMatching(/given up.*counts as reachable/)]);
  });

  it('lead to a thing under its own name alone, unless certificates are said to be attached exclusively', () => {
    const documents = [
      document([bound, allow('Publish', 'topic/in/*')]),
      document([
        allow('Connect', 'client/other-*'),
        allow('Subscribe', `topicfilter/in/${thing}`),
        allow('Receive', `topic/in/${thing}`),
      ]),
    ];
    const fleet = { documents, devices: [device('a', [0]), device('b', [1])] };
    expect(reachGraph(fleet).edges).toEqual([]);
    expect(seen(reachGraph(fleet, { exclusiveThings: true }))).toEqual(['topic in/b']);
  });

  it('are the same over classes that were made before', () => {
    const fleet = {
      documents: [document([bound, allow('Publish', 'topic/a'), allow('Receive', 'topic/a'), allow('Subscribe', '*')])],
      devices: [device('a', [0]), device('b', [0])],
    };
    expect(graphOver(fleet, classify(fleet), options).edges).toEqual(reachGraph(fleet, options).edges);
  });

  describe('between devices that share more properties than can be told apart', () => {
    const nine = [...'abcdefghi'];
    const levels = nine.map((key) => `\${iot:Connection.Thing.Attributes[${key}]}`).join('/');
    const into = document([bound, allow('Subscribe', `topicfilter/${levels}`), allow('Receive', `topic/${levels}`)]);
    const own = (agrees: (at: number) => boolean) =>
      Object.fromEntries(nine.map((key, at) => [key, `${key}${agrees(at) ? 1 : 2}`]));
    const receivers = Array.from({ length: 300 }, (_, bits) =>
      device(
        `r${bits}`,
        [1],
        own((at) => ((bits >> at) & 1) === 1),
      ),
    );
    const graphOf = (sender: readonly unknown[]) => {
      const from = device(
        'from',
        [0],
        own(() => true),
      );
      return reachGraph({ documents: [document([bound, ...sender]), into], devices: [from, ...receivers] }, options);
    };

    it('say that a way of agreeing was not tried', () => {
      const graph = graphOf([allow('Publish', `topic/${levels}`)]);
      expect(graph.edges).toEqual([
        { from: 0, to: 1, same: [], ways: 11, untried: true, kind: 'topic', topic: '(not determined)' },
      ]);
    });

    it('count the ways that were not tried', () => {
      const [first] = levels.split('/');
      const hearing = document([
        bound,
        allow('Subscribe', `topicfilter/one/${first}`),
        allow('Receive', `topic/one/${first}`),
        allow('Connect', 'client/none', { StringEquals: { 'iot:ClientId': levels } }),
      ]);
      const sender = document([
        bound,
        allow('Publish', `topic/one/${first}`),
        allow('Connect', 'client/none', { StringEquals: { 'iot:ClientId': levels } }),
      ]);
      const from = device(
        'from',
        [0],
        own(() => true),
      );
      const { edges } = reachGraph({ documents: [sender, hearing], devices: [from, ...receivers] }, options);
      expect(edges.map(({ untried, ways }) => [untried, ways])).toEqual([
        [true, 11],
        [false, 11],
      ]);
    });

    it('are none from a device that may only be refused', () => {
      const { edges, approximate } = graphOf([deny(['Publish', 'SendDirectMessage'], `topic/${levels}`)]);
      expect([edges, approximate]).toEqual([[], []]);
    });
  });
});
