import { describe, expect, it } from 'vitest';
import { examplesOf } from '../../../../operator/policy/reach/examples.ts';
import { classify, type FleetDevice, reachGraph, whoReaches } from '../../../../operator/policy/reach/index.ts';
import { allow, bound, document, thing } from '../lint/build.ts';
import { device, hub, site } from './devices.ts';

const options = { exclusiveThings: false };
const type = '${iot:Connection.Thing.ThingTypeName}';

const says = (...topics: readonly string[]) => topics.map((topic) => allow('Publish', `topic/${topic}`));
const hears = (...topics: readonly string[]) => [
  allow(
    'Subscribe',
    topics.map((topic) => `topicfilter/${topic}`),
  ),
  allow(
    'Receive',
    topics.map((topic) => `topic/${topic}`),
  ),
];

/** Who reaches whom, by the names of devices. */
function reached(policies: readonly (readonly unknown[])[], devices: readonly FleetDevice[]): string[] {
  const graph = reachGraph({ documents: policies.map((one) => document(one)), devices }, options);
  expect(graph.approximate).toEqual([]);
  return devices.flatMap((to) =>
    whoReaches(graph, to).flatMap((contact) => contact.devices.map((from) => `${from.name} > ${to.name}`)),
  );
}

interface Row {
  readonly reason: string;
  /** Devices with policy 0 send, those with policy 1 and more hear. */
  readonly policies: readonly (readonly unknown[])[];
  readonly devices: readonly FleetDevice[];
  readonly pairs: readonly string[];
}

const certificate = (name: string, policy: number, more: Partial<FleetDevice>): FleetDevice => ({
  ...device(name, [policy]),
  ...more,
});

/** A sender whose name or site stands in a topic that the literal patterns of two listeners take or do not take. */
const literal = (text: string, topic: string) => ({
  policies: [
    [bound, ...says(topic)],
    [bound, ...hears('none'), allow('Subscribe', 'topicfilter/*'), allow('Receive', `topic/${text}`)],
  ],
});

const rows: readonly Row[] = [
  {
    reason: 'things of one type',
    policies: [
      [bound, ...says(`type/${type}`)],
      [bound, ...hears(`type/${type}`)],
    ],
    devices: [
      certificate('press-1', 0, { thingType: 'press' }),
      certificate('pump-1', 0, { thingType: 'pump' }),
      certificate('panel', 1, { thingType: 'press' }),
    ],
    pairs: ['press-1 > panel'],
  },
  {
    reason: 'a type that a condition names',
    policies: [
      [bound, allow('Publish', 'topic/in', { StringEquals: { 'iot:Connection.Thing.ThingTypeName': 'press' } })],
      [bound, ...hears('in')],
    ],
    devices: [
      certificate('press-1', 0, { thingType: 'press' }),
      certificate('pump-1', 0, { thingType: 'pump' }),
      device('panel', [1]),
    ],
    pairs: ['press-1 > panel'],
  },
  {
    reason: 'a certificate without a thing has neither type nor attributes',
    policies: [[...says(`type/${type}`, `site/${site}`)], [bound, ...hears('type/*', 'site/*')]],
    devices: [
      certificate('loose', 0, { thing: undefined, thingType: 'press', attributes: { site: 'berlin' } }),
      certificate('press-1', 0, { thingType: 'press' }),
      device('press-2', [0], { site: 'berlin' }),
      device('panel', [1]),
    ],
    pairs: ['press-1 > panel', 'press-2 > panel'],
  },
  {
    reason: 'a certificate without a thing has no thing name, whatever it is called',
    policies: [
      [bound, ...says('cmd/*')],
      [allow('Connect', ['client/c-1', 'client/c-2']), ...hears(`cmd/${thing}`)],
    ],
    devices: [device('boss', [0]), device('c-1', [1]), certificate('c-2', 1, { thing: undefined, clientIds: ['c-2'] })],
    pairs: ['boss > c-1'],
  },
  {
    reason: 'an attribute that has the name of something every object has',
    policies: [
      [bound, ...says('at/${iot:Connection.Thing.Attributes[constructor]}')],
      [bound, ...hears('at/*')],
    ],
    devices: [device('plain', [0]), device('built', [0], { constructor: 'acme' }), device('ear', [1])],
    pairs: ['built > ear'],
  },
  {
    reason: 'an attribute in brackets behind another key is no attribute',
    policies: [
      [bound, ...says('at/${iot:Other[site]}')],
      [bound, ...hears('at/*')],
    ],
    devices: [device('a', [0], { site: 's' }), device('ear', [1])],
    pairs: [],
  },
  {
    reason: 'a key of an attribute that is not closed names none',
    policies: [
      [bound, allow('Publish', 'topic/in', { StringEquals: { 'iot:Connection.Thing.Attributes[site': 'berlin' } })],
      [bound, ...hears('in')],
    ],
    devices: [device('a', [0], { site: 'berlin' }), device('ear', [1])],
    pairs: [],
  },
  {
    reason: 'the name of a thing, not of the record about it',
    policies: [
      [bound, ...says('cmd/press-1')],
      [bound, ...hears(`cmd/${thing}`)],
    ],
    devices: [
      device('boss', [0]),
      certificate('record', 1, { thing: 'press-1', clientIds: ['record'] }),
      certificate('press-1', 1, { thing: 'press-2', clientIds: ['press-2'] }),
    ],
    pairs: ['boss > record'],
  },
  {
    reason: 'the client ID of a certificate without a thing, or else its name',
    policies: [
      [bound, ...says('cmd/c-1', 'cmd/c-3')],
      [allow('Connect', 'client/c-1'), ...hears('cmd/${iot:ClientId}')],
      [allow('Connect', 'client/c-2'), ...hears('cmd/${iot:ClientId}')],
      [allow('Connect', 'client/c-3'), ...hears('cmd/${iot:ClientId}')],
    ],
    devices: [
      device('boss', [0]),
      certificate('record', 1, { thing: undefined, clientIds: ['c-1'] }),
      certificate('c-1', 2, { thing: undefined, clientIds: ['c-2'] }),
      certificate('c-3', 3, { thing: undefined, clientIds: [] }),
    ],
    pairs: ['boss > record', 'boss > c-3'],
  },
  {
    reason: 'a device that lacks an attribute is none that has it',
    policies: [
      [bound, ...says(`at/${site}`)],
      [bound, ...hears('at/*')],
    ],
    devices: [device('with', [0], { site: 'berlin' }), device('without', [0]), device('ear', [1])],
    pairs: ['with > ear'],
  },
  {
    reason: 'a device that has an attribute is none that lacks it',
    policies: [
      [bound, ...says(`at/${site}`)],
      [bound, ...hears('at/*')],
    ],
    devices: [device('without', [0]), device('with', [0], { site: 'berlin' }), device('ear', [1])],
    pairs: ['with > ear'],
  },
  {
    reason: 'the same text in another attribute',
    policies: [
      [bound, ...says(`hub/${hub}`, `site/${site}`)],
      [bound, ...hears('hub/gold')],
    ],
    devices: [
      device('first', [0], { hub: 'gold', site: 's' }),
      device('second', [0], { hub: 's', site: 'gold' }),
      device('ear', [1]),
    ],
    pairs: ['first > ear'],
  },
  {
    reason: 'two values that policies spell out',
    policies: [
      [bound, ...says(`hub/${hub}`)],
      [bound, ...hears('hub/gold')],
      [bound, ...hears('hub/silver')],
    ],
    devices: [
      device('first', [0], { hub: 'gold' }),
      device('second', [0], { hub: 'silver' }),
      device('third', [0], { hub: 'tin' }),
      device('ear', [1]),
      device('eye', [2]),
    ],
    pairs: ['first > ear', 'second > eye'],
  },
  {
    reason: 'a star that ends in the middle of a value two levels on',
    ...literal('a*c', `aq/${site}`),
    devices: [device('c', [0], { site: 'xc' }), device('d', [0], { site: 'xd' }), device('ear', [1])],
    pairs: ['c > ear'],
  },
  {
    reason: 'a star that begins in the middle of a value two levels back',
    ...literal('a*c', `${site}/qc`),
    devices: [device('c', [0], { site: 'ax' }), device('d', [0], { site: 'bax' }), device('ear', [1])],
    pairs: ['c > ear'],
  },
  {
    reason: 'stars on both sides of a piece of a value',
    ...literal('a*mm*c', `aq/${site}/qc`),
    devices: [device('c', [0], { site: 'xmmx' }), device('d', [0], { site: 'xmx' }), device('ear', [1])],
    pairs: ['c > ear'],
  },
  {
    reason: 'a question mark in a piece behind a star',
    ...literal('a*c?d', `aq/${site}`),
    devices: [device('c', [0], { site: 'xc1d' }), device('d', [0], { site: 'xc1e' }), device('ear', [1])],
    pairs: ['c > ear'],
  },
  {
    reason: 'a colon in a topic',
    policies: [
      [bound, ...says(`hub/${hub}`)],
      [bound, ...hears('hub/a:b')],
    ],
    devices: [
      device('first', [0], { hub: 'a:b' }),
      device('second', [0], { hub: 'ab' }),
      device('third', [0], { hub: 'b:a' }),
      device('ear', [1]),
    ],
    pairs: ['first > ear'],
  },
  {
    reason: 'an attribute in a condition alone',
    policies: [
      [allow('Publish', 'topic/in', { StringEquals: { 'iot:Connection.Thing.Attributes[site]': 'gold' } })],
      [allow('Connect', 'client/ear'), ...hears('in')],
    ],
    devices: [device('first', [0], { site: 'gold' }), device('second', [0], { site: 'tin' }), device('ear', [1])],
    pairs: ['first > ear'],
  },
  {
    reason: 'text in front of a value, on another level than the name that it is',
    policies: [
      [bound, ...says(`to/gw-${site}`)],
      [bound, ...hears(`*/${thing}`)],
    ],
    devices: [
      device('f', [0], { site: 'berlin' }),
      device('g', [0], { site: 'rome' }),
      device('gw-berlin', [1]),
      device('gw-paris', [1]),
    ],
    pairs: ['f > gw-berlin'],
  },
  {
    reason: 'text behind a value, with more levels behind it',
    policies: [
      [bound, ...says(`to/${site}-gw/x`)],
      [bound, ...hears(`to/${thing}/*`)],
    ],
    devices: [
      device('f', [0], { site: 'berlin' }),
      device('g', [0], { site: 'rome' }),
      device('berlin-gw', [1]),
      device('paris-gw', [1]),
    ],
    pairs: ['f > berlin-gw'],
  },
  {
    reason: 'text on either side of a value and in front of it alone',
    policies: [
      [bound, ...says(`to/a${site}b`, `to/ab${site}`)],
      [bound, ...hears(`to/${thing}`)],
    ],
    devices: [
      device('f', [0], { site: 'k' }),
      device('g', [0], { site: 'l' }),
      ...['akb', 'abk', 'alb', 'amb', 'abm'].map((name) => device(name, [1])),
    ],
    pairs: ['f > akb', 'f > abk', 'g > alb'],
  },
  {
    reason: 'an attribute of the receiver that is any level of the sender',
    policies: [
      [bound, ...says('at/*')],
      [bound, ...hears(`at/${site}`)],
    ],
    devices: [device('f', [0]), device('t', [1], { site: 'berlin' }), device('u', [1])],
    pairs: ['f > t'],
  },
  {
    reason: 'names of the length that question marks ask for',
    ...literal('cmd/??', `cmd/${thing}`),
    devices: [...['a', 'ab', 'abc', 'abcd'].map((name) => device(name, [0])), device('listener', [1])],
    pairs: ['ab > listener'],
  },
  {
    reason: 'sites of the length that question marks ask for, behind text',
    ...literal('cmd/gw-??', `cmd/gw-${site}`),
    devices: [
      ...['a', 'ab', 'abc', 'abcd'].map((one) => device(`from-${one}`, [0], { site: one })),
      device('listener', [1]),
    ],
    pairs: ['from-ab > listener'],
  },
  {
    reason: 'question marks beside text in one level',
    ...literal('cmd/a?', `cmd/${thing}`),
    devices: [...['a', 'ab', 'abc', 'bb'].map((name) => device(name, [0])), device('listener', [1])],
    pairs: ['ab > listener'],
  },
  {
    reason: 'a name that is the attribute of whoever hears it',
    policies: [
      [bound, ...says(`to/${thing}`)],
      [bound, ...hears(`to/${hub}`)],
    ],
    devices: [
      device('n1', [0]),
      device('n2', [0]),
      device('m1', [1], { hub: 'n1' }),
      device('m2', [1], { hub: 'other' }),
    ],
    pairs: ['n1 > m1'],
  },
  {
    reason: 'one attribute of the receiver and not another',
    policies: [
      [bound, ...says(`at/${site}`)],
      [bound, ...hears(`at/${hub}`, `other/${site}`)],
    ],
    devices: [
      device('f', [0], { site: 'q' }),
      device('g', [0], { site: 'r' }),
      device('by-hub', [1], { hub: 'q', site: 'y' }),
      device('by-site', [1], { hub: 'y', site: 'q' }),
    ],
    pairs: ['f > by-hub'],
  },
  {
    reason: 'one attribute of the sender and not another',
    policies: [
      [bound, ...says(`at/${hub}`, `other/${site}`)],
      [bound, ...hears(`at/${site}`)],
    ],
    devices: [
      device('by-hub', [0], { hub: 'q', site: 'y' }),
      device('by-site', [0], { hub: 'y', site: 'q' }),
      device('t', [1], { site: 'q' }),
      device('u', [1], { site: 'r' }),
    ],
    pairs: ['by-hub > t'],
  },
  {
    reason: 'three values in all, fewer than two devices with two properties may have',
    policies: [
      [bound, ...says(`in/${thing}`)],
      [bound, ...hears(`in/${site}`)],
    ],
    devices: [device('n1', [0]), device('m1', [1], { site: 'q' })],
    pairs: [],
  },
  {
    reason: 'three values of one length and one beginning',
    policies: [
      [bound, ...says(`in/${thing}`, 'q/????', 'r/a*')],
      [bound, ...hears(`in/${site}`)],
    ],
    devices: [device('ax1', [0]), device('ax2', [1], { site: 'ax3' })],
    pairs: [],
  },
  {
    reason: 'three values of one length and one end',
    policies: [
      [bound, ...says(`in/${thing}`, 'q/????', 'r/*a')],
      [bound, ...hears(`in/${site}`)],
    ],
    devices: [device('1xa', [0]), device('2xa', [1], { site: '3xa' })],
    pairs: [],
  },
];

describe('values of devices in topics', () => {
  it.each(rows)('are told apart: $reason', ({ policies, devices, pairs }) => {
    expect(reached(policies, devices)).toEqual(pairs);
  });

  it('are given as examples that do not depend on the order of statements', () => {
    const [first, second] = [says(`a/${site}`), says(`b/${hub}`)];
    const listener = [bound, ...hears('a/*', 'b/*')];
    const devices = [device('n1', [0], { hub: 'h1', site: 's1' }), device('ear', [1])];
    const topics = (own: readonly unknown[]) =>
      reachGraph({ documents: [document([bound, ...own]), document(listener)], devices }, options).edges.map(
        (edge) => edge.topic,
      );
    expect(topics([...second, ...first])).toEqual(topics([...first, ...second]));
  });

  it('are given as examples that a device can have, one for the sender and another for the receiver', () => {
    const [name, long] = ['n'.repeat(128), `x${'s'.repeat(199)}`];
    const fleet = {
      documents: [document([bound, ...says(`to/${thing}`, `x*/${site}`)])],
      devices: [device(name, [0], { site: long })],
    };
    const classes = classify(fleet);
    const examples = examplesOf(fleet, classes);
    for (const [slot, value] of [name, long].entries()) {
      const signature = classes.list[0]!.signatures[slot]!;
      const [sender, receiver] = (['sender', 'receiver'] as const).map((role) => examples.value(signature, role, 0));
      expect([sender, receiver === value, receiver!.length]).toEqual([value, false, value.length]);
    }
  });

  const numbered = (count: number, make: (at: number) => FleetDevice) =>
    Array.from({ length: count }, (_, at) => make(at));
  it.each([
    {
      reason: 'values that are one text with a prefix of the policy',
      policies: [
        [bound, ...says(`to/gw-${site}`)],
        [bound, ...hears(`to/${thing}`)],
      ],
      devices: [
        device('from', [0], { site: 's0' }),
        ...numbered(127, (at) => device(`f${at}`, [0], { site: `s${at + 1}` })),
        ...numbered(128, (at) => device(`gw-s${at}`, [1])),
      ],
    },
    {
      reason: 'names beside an attribute that no device has',
      policies: [[bound, ...says(`to/${thing}*`, `at/${site}`)]],
      devices: numbered(256, (at) => device(`dev${at}`, [0])),
    },
  ])('are told apart up to 256 of them: $reason', ({ policies, devices }) => {
    const fleet = { documents: policies.map((one) => document(one)), devices };
    expect(classify(fleet).coarse).toBe(false);
    expect(classify({ ...fleet, devices: [...devices, device('gw-last', [0], { site: 'last' })] }).coarse).toBe(true);
  });

  it('are no parts of one another where only client IDs go on behind them', () => {
    const own = document([allow('Connect', `client/${thing}-*`), ...says(`to/${thing}`)]);
    const devices = numbered(300, (at) => device(`dev${at}`, [0]));
    expect(classify({ documents: [own], devices }).coarse).toBe(false);
  });
});
