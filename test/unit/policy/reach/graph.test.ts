import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicies, evaluate, type PolicyDocument, withDefaults } from '../../../../operator/policy/index.ts';
import {
  blastRadius,
  edgesBetween,
  type Fleet,
  type FleetDevice,
  graphOver,
  isolated,
  reachChange,
  reachedBy,
  reachGraph,
  whoReaches,
} from '../../../../operator/policy/reach/index.ts';
import { signatures } from '../../../../operator/policy/reach/signature.ts';
import { allow, arn, bound, deny, document, thing } from '../lint/build.ts';

const options = withDefaults({ exclusiveThings: false });
const site = '${iot:Connection.Thing.Attributes[site]}';
const hub = '${iot:Connection.Thing.Attributes[hub]}';

function device(
  name: string,
  policies: readonly number[],
  attributes: Readonly<Record<string, string>> = {},
): FleetDevice {
  return { name, thing: name, clientIds: [name], thingType: undefined, attributes, groups: [], policies };
}

const contextOf = ({ name, attributes }: FleetDevice) => ({
  'iot:ClientId': name,
  'iot:Connection.Thing.ThingName': name,
  ...Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [`iot:Connection.Thing.Attributes[${key}]`, value]),
  ),
});

/** Every filter that matches the topic. */
function filtersFor(topic: string): string[] {
  const grow = (levels: readonly string[]): string[] =>
    levels.reduce<string[]>((list, one) => list.flatMap((head) => [`${head}/${one}`, `${head}/+`]), ['']);
  const levels = topic.split('/');
  const heads = levels.flatMap((_, at) => grow(levels.slice(0, at)).map((head) => `${head}/#`));
  return [...grow(levels), ...heads].map((filter) => filter.slice(1));
}

/** Reach the slow way: every topic of a small world and every filter for it, each asked of the evaluator. */
function reachesSlowly(fleet: Fleet, from: FleetDevice, to: FleetDevice, universe: readonly string[]): boolean {
  const set = (one: FleetDevice) =>
    compilePolicies(
      one.policies.map((index) => fleet.documents[index]!),
      options,
    );
  const [sender, receiver] = [set(from), set(to)];
  const may = (policies: typeof sender, who: FleetDevice, action: string, resource: string): boolean =>
    evaluate(policies, { action, resource: arn + resource, context: contextOf(who) }).decision === 'allowed';
  if (!may(receiver, to, 'iot:Connect', `client/${to.name}`)) return false;
  return universe.some(
    (topic) =>
      may(sender, from, 'iot:Publish', `topic/${topic}`) &&
      may(receiver, to, 'iot:Receive', `topic/${topic}`) &&
      filtersFor(topic).some((filter) => may(receiver, to, 'iot:Subscribe', `topicfilter/${filter}`)),
  );
}

const names = ['p1', 'p2', 'hub', 'q'];
const sites = ['s', 't', 'hub', 'p1'];
const words = [...new Set([...names, ...sites, 'a', 'zz'])];
const deeper = (list: readonly string[]): string[] => list.flatMap((head) => words.map((one) => `${head}/${one}`));
const shallow = [...words, ...deeper(words)];
/** Stars run across levels, so some pairs share only topics that are longer than any pattern. */
const deep = () => [...deeper(deeper(words)), ...deeper(deeper(deeper(['p', 'p1', 'hub', 's'])))];

const level = fc.constantFrom('a', 'p1', 'hub', 's', '*', 'p*', '?1', thing, site, hub);
const text = fc.array(level, { minLength: 1, maxLength: 2 }).map((levels) => levels.join('/'));
const filterText = fc
  .array(fc.oneof(level, fc.constantFrom('+', '#')), { minLength: 1, maxLength: 2 })
  .map((levels) => levels.join('/'));
const statement = fc.oneof(
  text.map((one) => allow('Publish', `topic/${one}`)),
  filterText.map((one) => allow('Subscribe', `topicfilter/${one}`)),
  text.map((one) => allow('Receive', `topic/${one}`)),
  text.map((one) => deny('Publish', `topic/${one}`)),
  text.map((one) => deny('Receive', `topic/${one}`)),
  filterText.map((one) => deny('Subscribe', `topicfilter/${one}`)),
);
const trio = fc
  .tuple(text, filterText, text)
  .map(([out, filter, into]) => [
    allow('Publish', `topic/${out}`),
    allow('Subscribe', `topicfilter/${filter}`),
    allow('Receive', `topic/${into}`),
  ]);
const policies: fc.Arbitrary<readonly PolicyDocument[]> = fc
  .array(fc.tuple(trio, trio, fc.array(statement, { maxLength: 3 })), { minLength: 1, maxLength: 3 })
  .map((list) =>
    list.map(([first, second, more], at) => document([bound, ...first, ...second, ...more], '2012-10-17', `p${at}`)),
  );

const attributes = fc.record({ site: fc.constantFrom(...sites), hub: fc.constantFrom(...sites) }, { requiredKeys: [] });

describe('the reach graph', () => {
  it('agrees with asking the evaluator about every topic and filter of a small world', { timeout: 60_000 }, () => {
    let reached = 0;
    fc.assert(
      fc.property(
        policies,
        fc.array(attributes, { minLength: 4, maxLength: 4 }),
        fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
        (documents, values, which) => {
          const devices = names.map((name, at) => device(name, [which[at]! % documents.length], values[at]));
          const fleet = { documents, devices };
          const graph = reachGraph(fleet, options);
          for (const from of devices) {
            for (const to of devices) {
              if (from === to) continue;

              const fast = edgesBetween({ graph, sender: from, receiver: to }).some((edge) => edge.kind === 'topic');
              const slow = reachesSlowly(fleet, from, to, shallow) || (fast && reachesSlowly(fleet, from, to, deep()));
              if (slow) reached += 1;
              expect(
                fast,
                `${from.name} -> ${to.name}: ${JSON.stringify(documents.map((d) => d.statements.map((s) => [s.effect, s.actions[0]?.text, s.resources[0]?.text])))} ${JSON.stringify(devices.map((d) => [d.name, d.policies, d.attributes]))}`,
              ).toBe(slow);
            }
          }
        },
      ),
      { numRuns: 60, seed: 1 },
    );
    expect(reached).toBeGreaterThan(50);
  });

  const press = document(
    [
      bound,
      allow('Publish', `topic/plant/${site}/${thing}`),
      allow('Subscribe', `topicfilter/cmd/${thing}`),
      allow('Receive', `topic/cmd/${thing}`),
    ],
    '2012-10-17',
    'press',
  );
  const gateway = document(
    [
      bound,
      allow('Subscribe', `topicfilter/plant/${site}/#`),
      allow('Receive', `topic/plant/${site}/*`),
      allow('Publish', `topic/cmd/press-*`),
    ],
    '2012-10-17',
    'gateway',
  );
  const fleet: Fleet = {
    documents: [press, gateway],
    devices: [
      device('press-1', [0], { site: 'a' }),
      device('press-2', [0], { site: 'b' }),
      device('camera', [0], { site: 'a' }),
      device('gw', [1], { site: 'a' }),
    ],
  };
  const graph = reachGraph(fleet, options);
  const [press1, press2, camera, gw] = fleet.devices as [FleetDevice, FleetDevice, FleetDevice, FleetDevice];

  it('says who can write what a device hears, by the attribute that both read', () => {
    const senders = whoReaches(graph, gw).flatMap((contact) => contact.devices.map((one) => one.name));
    expect(senders.sort()).toEqual(['camera', 'press-1']);
  });

  it('tells names that fit a literal pattern from names that do not', () => {
    const heard = reachedBy(graph, gw).flatMap((contact) => contact.devices.map((one) => one.name));
    expect(heard.sort()).toEqual(['press-1', 'press-2']);
  });

  it('isolates what has no topic in common, in both directions', () => {
    expect(isolated(graph, press1, press2).isolated).toBe(true);
    expect(isolated(graph, press2, gw)).toMatchObject({ isolated: false, forward: [] });
    expect(isolated(graph, camera, press1).isolated).toBe(true);
  });

  it('follows a stolen certificate through devices that pass on what they hear', () => {
    expect(blastRadius(graph, camera)).toMatchObject({ direct: 1, transitive: 3, freeClientId: false });
    expect(blastRadius(graph, press2)).toMatchObject({ direct: 0, transitive: 0 });
  });

  it('knows that a certificate with an open Connect can act under other names', () => {
    const open = document(
      [allow('Connect', 'client/*'), allow('Publish', 'topic/say/${iot:ClientId}')],
      '2012-10-17',
      'open',
    );
    const listener = document(
      [bound, allow('Subscribe', 'topicfilter/say/boss'), allow('Receive', 'topic/say/boss')],
      '2012-10-17',
      'listener',
    );
    const two = { documents: [open, listener], devices: [device('guest', [0]), device('ear', [1])] };
    const result = blastRadius(reachGraph(two, options), two.devices[0]!);
    expect(result).toMatchObject({ direct: 1, freeClientId: true });
  });

  it('delivers direct messages past all subscriptions, within the topics that conditions name', () => {
    const sender = document(
      [bound, allow('SendDirectMessage', 'client/valve-*', { StringEquals: { 'iot:Topic': 'open' } })],
      '2012-10-17',
      'sender',
    );
    const hears = document([bound, allow('Receive', 'topic/open')], '2012-10-17', 'hears');
    const deaf = document([bound, allow('Receive', 'topic/close')], '2012-10-17', 'deaf');
    const devices = [device('s', [0]), device('valve-1', [1]), device('valve-2', [2]), device('pump', [1])];
    const built = reachGraph({ documents: [sender, hears, deaf], devices }, options);
    expect(
      devices
        .slice(1)
        .map((to) => edgesBetween({ graph: built, sender: devices[0]!, receiver: to }).map((edge) => edge.kind)),
    ).toEqual([['direct'], [], []]);
  });

  it('keeps together what is the same value inside one device', () => {
    const out = document([bound, allow('Publish', `topic/to/${hub}`)], '2012-10-17', 'out');
    const own = document(
      [bound, allow('Subscribe', `topicfilter/to/${thing}`), allow('Receive', `topic/to/${hub}`)],
      '2012-10-17',
      'own',
    );
    const devices = [
      device('n1', [0], { hub: 'm1' }),
      device('m1', [1], { hub: 'm1' }),
      device('m2', [1], { hub: 'm1' }),
    ];
    const built = reachGraph({ documents: [out, own], devices }, options);
    const reached = devices
      .slice(1)
      .map((to) => edgesBetween({ graph: built, sender: devices[0]!, receiver: to }).length);
    expect(reached).toEqual([1, 0]);
  });

  describe('devices that share more properties than can be combined freely', () => {
    const nine = [...'abcdefghi'];
    const all = nine.map((key) => `\${iot:Connection.Thing.Attributes[${key}]}`);
    const [a, b, ...others] = all;
    const talk = (action: string, kind: string) => [
      allow(action, `${kind}/${a}/${b}`),
      allow(action, `${kind}/z/${others.join('/')}`),
    ];
    const out = document([bound, ...talk('Publish', 'topic')], '2012-10-17', 'out');
    const into = document(
      [bound, ...talk('Subscribe', 'topicfilter'), ...talk('Receive', 'topic')],
      '2012-10-17',
      'into',
    );
    const own = (agrees: (at: number) => boolean) =>
      Object.fromEntries(nine.map((key, at) => [key, `${key}${agrees(at) ? 1 : 2}`]));
    const reach = (receivers: readonly FleetDevice[]) => {
      const devices = [
        device(
          'o1',
          [0],
          own(() => true),
        ),
        ...receivers,
      ];
      return { devices, graph: reachGraph({ documents: [out, into], devices }, options) };
    };

    it('are told apart by the values in which they do agree', () => {
      const { devices, graph } = reach([
        device(
          'both',
          [1],
          own((at) => at < 2),
        ),
        device(
          'all',
          [1],
          own(() => true),
        ),
        device(
          'one',
          [1],
          own((at) => at === 0),
        ),
      ]);
      const verdicts = devices.slice(1).map((one) => isolated(graph, devices[0]!, one).isolated);
      expect([verdicts, graph.approximate]).toEqual([[false, false, true], []]);
      expect(
        reachedBy(graph, devices[0]!)
          .flatMap((one) => one.devices.map(({ name }) => name))
          .sort(),
      ).toEqual(['all', 'both']);
      expect(blastRadius(graph, devices[0]!)).toMatchObject({ direct: 2, transitive: 2 });
    });

    it('reach each other in every way of agreeing where all may say hello', () => {
      const hello = document([bound, ...talk('Publish', 'topic'), allow('Publish', 'topic/hello')]);
      const hears = document([
        bound,
        ...talk('Receive', 'topic'),
        ...talk('Subscribe', 'topicfilter'),
        allow('Subscribe', 'topicfilter/hello'),
        allow('Receive', 'topic/hello'),
      ]);
      const mixed = (seed: number) =>
        Object.fromEntries(nine.map((key, at) => [key, `${key}${(seed * (at + 3) + at * at) % 4}`]));
      const list = (kind: string, policy: number, shift: number) =>
        Array.from({ length: 8 }, (_, at) => device(`${kind}-${at}`, [policy], mixed(at + shift)));
      const [senders, receivers] = [list('says', 0, 0), list('hears', 1, 5)];
      const graph = reachGraph({ documents: [hello, hears], devices: [...senders, ...receivers] }, options);
      const deaf = senders.flatMap((sender) =>
        receivers.filter((receiver) => edgesBetween({ graph, sender, receiver }).length === 0),
      );
      expect([deaf, graph.approximate]).toEqual([[], []]);
    });

    it('count as reachable, and are called approximate, where they agree in too many ways', () => {
      const receivers = Array.from({ length: 300 }, (_, bits) =>
        device(
          `r${bits}`,
          [1],
          own((at) => ((bits >> at) & 1) === 1),
        ),
      );
      const { devices, graph } = reach(receivers);
      const isolatedFrom = (bits: number) => isolated(graph, devices[0]!, receivers[bits]!).isolated;
      expect([isolatedFrom(0b11), isolatedFrom(0b101), isolatedFrom(0b1), isolatedFrom(0)]).toEqual([
        false,
        false,
        true,
        true,
      ]);
      expect(graph.approximate.join()).toContain('devices like o1 and r0 share more properties');
      expect(blastRadius(graph, devices[0]!).direct).toBe(290);
    });
  });

  it('counts all who talk to each other, lists some, and calls none of them isolated', () => {
    const topics = [allow(['Publish', 'Receive'], 'topic/chat'), allow('Subscribe', 'topicfilter/chat')];
    const devices = Array.from({ length: 30 }, (_, at) => device(`d${at}`, [0]));
    const chat = reachGraph({ documents: [document([bound, ...topics])], devices }, options);
    const [first, second] = devices as [FleetDevice, FleetDevice];
    expect(isolated(chat, first, second)).toMatchObject({ isolated: false, forward: [{}], backward: [{}] });
    expect(reachedBy(chat, first).map((one) => [one.count, one.devices.length])).toEqual([[29, 20]]);
    expect(whoReaches(chat, first)[0]!.devices).not.toContain(first);
    expect(blastRadius(chat, first)).toMatchObject({ direct: 29, transitive: 29 });
    expect(edgesBetween({ graph: chat, sender: first, receiver: first })).toEqual([]);
  });

  it('answers for a resource with more letters than a call takes arguments', () => {
    const endless = 'a'.repeat(130_000);
    const known = signatures([document([allow('Publish', `topic/${endless}`)])]);
    expect(known.of(endless)).not.toBe(known.of('d'));
  });

  it('finds every pair of certificates with policies of their own, whose topics begin with one another', () => {
    const own = (publish: string, receive: string) =>
      document([bound, allow('Publish', publish), allow('Subscribe', 'topicfilter/*'), allow('Receive', receive)]);
    const rows = [
      { name: 'writes-in-a', publish: 'topic/a/b/c', receive: 'topic/none' },
      { name: 'writes-beside', publish: 'topic/ab', receive: 'topic/none' },
      { name: 'hears-a', publish: 'topic/x', receive: 'topic/a/*' },
      { name: 'hears-one', publish: 'topic/y', receive: 'topic/a/b/c' },
      { name: 'hears-longer', publish: 'topic/z', receive: 'topic/a/b/c/d' },
      { name: 'hears-all', publish: 'topic/a/b/*', receive: 'topic/*' },
    ];
    const devices = rows.map((row, at) => device(row.name, [at]));
    const built = reachGraph({ documents: rows.map((row) => own(row.publish, row.receive)), devices }, options);
    const edges = built.edges.map((edge) => `${rows[edge.from]!.name} > ${rows[edge.to]!.name}: ${edge.topic}`);
    expect(edges).toEqual([
      'writes-in-a > hears-a: a/b/c',
      'writes-in-a > hears-one: a/b/c',
      'writes-in-a > hears-all: a/b/c',
      'writes-beside > hears-all: ab',
      'hears-a > hears-all: x',
      'hears-one > hears-all: y',
      'hears-longer > hears-all: z',
      'hears-all > hears-a: a/b/v',
      'hears-all > hears-one: a/b/c',
      'hears-all > hears-longer: a/b/c/d',
    ]);
  });

  it('shows what a proposal newly connects, and nothing else', () => {
    const wider = document(
      [
        bound,
        allow('Subscribe', 'topicfilter/plant/#'),
        allow('Receive', 'topic/plant/*'),
        allow('Publish', `topic/cmd/press-*`),
      ],
      '2012-10-17',
      'gateway',
    );
    const before = reachGraph(fleet, options, [press, wider]);
    const after = graphOver({ ...fleet, documents: [press, wider] }, before.classes, options, fleet.documents);
    const change = reachChange(before, after);
    expect(change.lost).toEqual([]);
    expect(change.gained.length).toBeGreaterThan(0);
    expect(edgesBetween({ graph: after, sender: press2, receiver: gw })).toHaveLength(1);
    expect(reachChange(before, before)).toEqual({ gained: [], lost: [] });
    expect(reachChange(after, before)).toEqual({ gained: [], lost: change.gained });
  });
});
