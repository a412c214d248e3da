import { describe, expect, it } from 'vitest';
import { edgesBetween, type FleetDevice, reachGraph } from '../../../../operator/policy/reach/index.ts';
import { allow, bound, deny, document, thing } from '../lint/build.ts';
import { device, hub, site } from './devices.ts';

const says = (topic: string) => [bound, allow('Publish', `topic/${topic}`)];
const hears = (filter: string, topic = filter) => [
  bound,
  allow('Subscribe', `topicfilter/${filter}`),
  allow('Receive', `topic/${topic}`),
];
const addresses = [bound, allow('SendDirectMessage', 'client/valve-*')];
const takes = (...topics: string[]) => [
  bound,
  allow(
    'Receive',
    topics.map((topic) => `topic/${topic}`),
  ),
];

const directOn = (condition: Parameters<typeof allow>[2]) => [
  bound,
  allow('SendDirectMessage', 'client/valve-*', condition),
];
/** No search looks at all its topics. */
const intricate = `*a${'?'.repeat(17)}b`;

interface Row {
  readonly reason: string;
  readonly from: readonly unknown[];
  readonly to: readonly unknown[];
  readonly devices?: readonly FleetDevice[];
}

const f = device('f', [0]);
const askedOf = ({ from, to, devices = [f, device('valve-1', [1])] }: Row) => {
  const graph = reachGraph({ documents: [document(from), document(to)], devices });
  const [sender, receiver] = [devices.find(({ policies }) => policies[0] === 0)!, devices.at(-1)!];
  return { reached: edgesBetween({ graph, sender, receiver }).length > 0, notes: graph.approximate };
};

describe('devices that are not isolated', () => {
  it.each<Row>([
    {
      reason: 'a colon in front of a variable is a part of the level',
      from: says(`to/x:${site}`),
      to: hears(`to/${thing}`),
      devices: [device('f', [0], { site: 's' }), device('x:s', [1])],
    },
    {
      reason: 'a Deny takes back the shortest topic of a direct message and not the others',
      from: [...addresses, deny('SendDirectMessage', 'client/*', { StringLike: { 'iot:Topic': 'a/*' } })],
      to: takes('a/*', 'firmware/update'),
    },
    {
      reason: 'the search for the topic of a direct message is given up',
      from: addresses,
      to: takes(intricate),
    },
    {
      reason: 'that search is given up, and direct messages are allowed by their topic',
      from: directOn({ StringLike: { 'iot:Topic': 'cmd/*' } }),
      to: takes(intricate),
    },
    {
      reason: 'that search is given up, and direct messages must have a topic',
      from: directOn({ StringNotEquals: { 'iot:Topic': '' } }),
      to: takes(intricate),
    },
    {
      reason: 'it may receive whatever is sent, without a topic in the policy',
      from: addresses,
      to: [bound, allow('Receive', '*')],
    },
    {
      reason: 'a Deny takes back the topics of a direct message that begin like the shortest',
      from: [...addresses, deny('SendDirectMessage', 'client/*', { StringLike: { 'iot:Topic': 'a*' } })],
      to: takes('a?', 'b?'),
    },
  ])('$reason', (row) => {
    expect(askedOf(row).reached).toBe(true);
  });

  it('a search that is given up says so, and reaches nobody whom no message may be sent to', () => {
    const to = takes(intricate);
    expect(askedOf({ reason: '', from: addresses, to }).notes).toEqual([
      'a search for the topic of a direct message was given up; the pair counts as reachable',
    ]);
    const others = [bound, allow('SendDirectMessage', 'client/pump-*')];
    expect(askedOf({ reason: '', from: others, to }).reached).toBe(false);
  });
});

describe('an answer that may take a device for isolated says so', () => {
  it.each<Row & { readonly note: string }>([
    {
      reason: 'an attribute that is the filter #',
      from: says('plant/z'),
      to: hears(`plant/${site}`, 'plant/*'),
      devices: [f, device('r0', [1], { site: 'a' }), device('r1', [1], { site: '#' })],
      note: 'attributes of devices hold slashes or #',
    },
    {
      reason: 'an attribute of two levels',
      from: says(`to/${hub}`),
      to: hears(`to/${site}/*`),
      devices: [device('f', [0], { hub: 'a/b' }), device('r', [1], { site: 'a' })],
      note: 'attributes of devices hold slashes or #',
    },
    {
      reason: 'topics of direct messages under conditions that no tried topic meets',
      from: [bound, allow('SendDirectMessage', 'client/*', { StringLike: { 'iot:Topic': 'b/*' } })],
      to: takes('a/*'),
      note: 'only some topics were tried',
    },
  ])('$reason', (row) => {
    expect(askedOf(row).notes.join()).toContain(row.note);
  });

  it('not where a topic that a condition names gets through, or where nobody may be addressed', () => {
    const named = directOn({ StringEquals: { 'iot:Topic': 'a/go' } });
    expect(askedOf({ reason: '', from: named, to: takes('a/*') })).toEqual({ reached: true, notes: [] });
    const others = [bound, allow('SendDirectMessage', 'client/pump-*')];
    expect(askedOf({ reason: '', from: others, to: takes('a/*') })).toEqual({ reached: false, notes: [] });
  });

  it('not where no policy reads an attribute', () => {
    const devices = [device('f', [0], { hub: 'a/b' }), device('r', [1], { site: '#' })];
    expect(askedOf({ reason: '', from: says('a'), to: hears('b'), devices }).notes).toEqual([]);
  });
});
