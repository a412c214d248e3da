import { describe, expect, it } from 'vitest';
import { withDefaults } from '../../../../operator/policy/index.ts';
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
import { device, hub, site } from './devices.ts';

const options = withDefaults({ exclusiveThings: false });

describe('the reach graph', () => {
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

  it('follows each of the devices that pass on, however alike their values look', () => {
    const starts = document([bound, allow('Publish', 'topic/all')]);
    const relays = document([
      bound,
      allow('Subscribe', 'topicfilter/all'),
      allow('Receive', 'topic/all'),
      allow('Publish', `topic/x/${site}/${hub}`),
    ]);
    const ends = document([
      bound,
      allow('Subscribe', `topicfilter/x/${site}/${hub}`),
      allow('Receive', `topic/x/${site}/${hub}`),
    ]);
    const values = [
      { hub: 'k', site: 'lm' },
      { hub: 'kl', site: 'm' },
    ];
    const devices = [
      device('start', [0]),
      ...values.map((one, at) => device(`relay-${at}`, [1], one)),
      ...values.map((one, at) => device(`end-${at}`, [2], one)),
      device('elsewhere', [2], { hub: 'k', site: 'm' }),
    ];
    const built = reachGraph({ documents: [starts, relays, ends], devices }, options);
    expect(blastRadius(built, devices[0]!)).toMatchObject({ direct: 2, transitive: 4 });
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

  it.each([
    {
      reason: 'a pattern that begins with its own client ID',
      connect: [allow('Connect', 'client/dev1*')],
      heard: ['dev1', 'dev10'],
      free: true,
    },
    {
      reason: 'a pattern whose shortest name is its own client ID',
      name: 'x',
      connect: [allow('Connect', 'client/*')],
      heard: ['boss', 'dev10'],
      free: true,
    },
    {
      reason: 'a condition that holds for longer names only',
      connect: [allow('Connect', 'client/*', { StringLike: { 'iot:ClientId': 'dev1*' } })],
      heard: ['dev1', 'dev10'],
      free: true,
    },
    {
      reason: 'a second client ID that the policy spells out',
      connect: [allow('Connect', ['client/dev1', 'client/boss'])],
      heard: ['dev1', 'boss'],
      unheard: ['dev10'],
      free: true,
    },
    {
      reason: 'a second client ID that another statement takes back',
      connect: [allow('Connect', ['client/dev1', 'client/boss']), deny('Connect', 'client/boss')],
      heard: ['dev1'],
      unheard: ['boss'],
      free: false,
    },
    {
      reason: 'its own client ID alone',
      connect: [allow('Connect', ['client/dev1', 'client/dev1'])],
      heard: ['dev1'],
      unheard: ['dev10', 'boss'],
      free: false,
    },
    {
      reason: 'names longer than any client ID',
      connect: [allow('Connect', ['client/dev1', `client/boss${'?'.repeat(125)}`, `client/${'b'.repeat(129)}`])],
      heard: ['dev1'],
      unheard: ['boss'],
      free: false,
    },
    {
      reason: 'the longest client IDs',
      connect: [allow('Connect', ['client/dev1', `client/boss${'?'.repeat(124)}`])],
      heard: ['dev1', 'boss'],
      free: true,
    },
    {
      reason: 'a Deny on all names but its own',
      connect: [
        allow('Connect', 'client/*'),
        { Effect: 'Deny', Action: 'iot:Connect', NotResource: `${arn}client/dev1` },
      ],
      heard: ['dev1'],
      unheard: ['dev10', 'boss'],
      free: false,
    },
    {
      reason: 'more client IDs than are looked at one by one',
      connect: [
        allow(
          'Connect',
          [...'abcdefghi'].map((id) => `client/${id}`),
        ),
      ],
      heard: ['a', 'boss'],
      free: true,
    },
    {
      reason: 'whatever it calls itself',
      connect: [allow('Connect', 'client/${iot:ClientId}')],
      heard: ['dev1', 'boss'],
      free: true,
    },
    {
      reason: 'a pattern too intricate to search through',
      connect: [allow('Connect', `client/*a${'?'.repeat(13)}b`)],
      heard: ['a', 'boss'],
      free: true,
    },
    {
      reason: 'eight of them',
      connect: [
        allow(
          'Connect',
          [...'abcdefgh'].map((id) => `client/${id}`),
        ),
      ],
      heard: ['a', 'h'],
      unheard: ['boss'],
      free: true,
    },
  ])(
    'who may connect under $reason acts under those names',
    ({ name = 'dev1', connect, heard, unheard = [], free }) => {
      const says = document([...connect, allow('Publish', 'topic/say/${iot:ClientId}')]);
      const hears = (word: string) =>
        document([bound, allow('Subscribe', `topicfilter/say/${word}`), allow('Receive', `topic/say/${word}`)]);
      const all = [...heard, ...unheard];
      const devices = [device(name, [0]), ...all.map((word, at) => device(`ear-${word}`, [at + 1]))];
      const built = reachGraph({ documents: [says, ...all.map(hears)], devices }, options);
      const reached = devices.slice(1).filter((to) => !isolated(built, devices[0]!, to).isolated);
      expect(reached.map((one) => one.name)).toEqual(heard.map((word) => `ear-${word}`));
      expect(blastRadius(built, devices[0]!)).toMatchObject({ direct: heard.length, freeClientId: free });
    },
  );

  it.each([
    { reason: 'exclusively attached, it is the thing under any client ID', exclusiveThings: true, reached: 1 },
    { reason: 'attached as usual, another client ID is no thing', exclusiveThings: false, reached: 0 },
  ])('a thing that connects under another name: $reason', ({ exclusiveThings, reached }) => {
    const says = document([bound, allow('Publish', 'topic/in/*')]);
    const hears = document([
      allow('Connect', 'client/other-*'),
      allow('Subscribe', `topicfilter/in/${thing}`),
      allow('Receive', `topic/in/${thing}`),
    ]);
    const devices = [device('a', [0]), device('b', [1])];
    const built = reachGraph({ documents: [says, hears], devices }, { exclusiveThings });
    expect(edgesBetween({ graph: built, sender: devices[0]!, receiver: devices[1]! })).toHaveLength(reached);
  });

  it('tells two devices apart whose rights are the same texts, but spread over their sessions otherwise', () => {
    const as = (id: string) => ({ StringEquals: { 'iot:ClientId': id } });
    const connect = (id: string) => allow('Connect', [`client/${id}`, 'client/boss']);
    const deaf = document([
      connect('deaf'),
      allow('Receive', 'topic/a/*', as('deaf')),
      allow('Receive', 'topic/a/b', as('boss')),
    ]);
    const hears = document([
      connect('hears'),
      allow('Subscribe', 'topicfilter/a/*', as('boss')),
      allow('Receive', 'topic/a/b', as('boss')),
    ]);
    const says = document([bound, allow('Publish', 'topic/a/b')]);
    const devices = [device('says', [0]), device('deaf', [1]), device('hears', [2])];
    const built = reachGraph({ documents: [says, deaf, hears], devices }, options);
    expect(reachedBy(built, devices[0]!).flatMap((one) => one.devices.map(({ name }) => name))).toEqual(['hears']);
  });

  it('a device that may not connect publishes over HTTPS and hears nothing', () => {
    const talk = [allow(['Publish', 'Receive'], 'topic/a'), allow('Subscribe', 'topicfilter/a')];
    const devices = [device('apart', [0]), device('connected', [1])];
    const built = reachGraph({ documents: [document(talk), document([bound, ...talk])], devices }, options);
    const kinds = (from: number, to: number) =>
      edgesBetween({ graph: built, sender: devices[from]!, receiver: devices[to]! }).map((edge) => edge.kind);
    expect([kinds(0, 1), kinds(1, 0)]).toEqual([['topic'], []]);
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

  const joins = [
    {
      reason: 'one text that is a site for the one and a hub for the other',
      publish: `topic/at/${site}`,
      hears: `at/${hub}`,
      from: device('f', [0], { site: 'q1' }),
      reached: device('t', [1], { hub: 'q1' }),
      other: device('u', [1], { hub: 'q2' }),
    },
    {
      reason: 'a value that is the name of another device but for a prefix that the policy writes',
      publish: `topic/to/gw-${site}`,
      hears: `to/${thing}`,
      from: device('f', [0], { site: 'berlin' }),
      reached: device('gw-berlin', [1]),
      other: device('gw-paris', [1]),
    },
    {
      reason: 'a name that begins with another name and a star behind it',
      publish: `topic/to/${thing}*`,
      hears: `to/${thing}`,
      from: device('dev1', [0]),
      reached: device('dev10', [1]),
      other: device('dev2', [1]),
    },
    {
      reason: 'two values beside each other that are one value of another device',
      publish: `topic/to/${site}${hub}`,
      hears: `to/${thing}`,
      from: device('f', [0], { site: 'berlin', hub: '7' }),
      reached: device('berlin7', [1]),
      other: device('berlin8', [1]),
    },
  ];
  it.each(joins)('compares $reason', ({ publish, hears, from, reached, other }) => {
    const out = document([bound, allow('Publish', publish)]);
    const into = document([bound, allow('Subscribe', `topicfilter/${hears}`), allow('Receive', `topic/${hears}`)]);
    const devices = [from, reached, other];
    const built = reachGraph({ documents: [out, into], devices }, options);
    expect(reachedBy(built, from).flatMap((one) => one.devices)).toEqual([reached]);
    expect(whoReaches(built, reached).flatMap((one) => one.devices)).toEqual([from]);
    expect(whoReaches(built, other)).toEqual([]);
    expect(built.approximate).toEqual([]);
  });

  it.each([
    { count: 256, approximate: [] },
    { count: 257, approximate: [expect.stringContaining('too many values may be parts of one another')] },
  ])('says so where $count names may be parts of one another', ({ count, approximate }) => {
    const own = document([bound, allow('Publish', `topic/to/${thing}*`)]);
    const devices = Array.from({ length: count }, (_, at) => device(`dev${at}`, [0]));
    expect(reachGraph({ documents: [own], devices }, options).approximate).toEqual(approximate);
  });

  it('tells apart whom an attribute names, asked from either end', () => {
    const out = document([bound, allow('Publish', `topic/to/${hub}`)]);
    const own = document([bound, allow('Subscribe', `topicfilter/to/${thing}`), allow('Receive', `topic/to/${thing}`)]);
    const devices = [
      device('n1', [0], { hub: 'm1' }),
      device('n2', [0], { hub: 'm2' }),
      device('m1', [1]),
      device('m2', [1]),
    ];
    const built = reachGraph({ documents: [out, own], devices }, options);
    const names = (list: ReturnType<typeof whoReaches>) => list.flatMap((one) => one.devices.map(({ name }) => name));
    expect(names(reachedBy(built, devices[0]!))).toEqual(['m1']);
    expect(names(whoReaches(built, devices[3]!))).toEqual(['n2']);
  });

  it('a value that repeats inside one device is compared by each of its names', () => {
    const talk = [`s/${site}`, `h/${hub}`];
    const all = document([
      bound,
      ...['Publish', 'Receive'].map((action) =>
        allow(
          action,
          talk.map((one) => `topic/${one}`),
        ),
      ),
      allow(
        'Subscribe',
        talk.map((one) => `topicfilter/${one}`),
      ),
    ]);
    const devices = [device('a', [0], { site: 'q1', hub: 'q1' }), device('b', [0], { site: 'q1', hub: 'q2' })];
    const built = reachGraph({ documents: [all], devices }, options);
    const { forward, backward } = isolated(built, devices[0]!, devices[1]!);
    expect([forward.length, backward.length]).toEqual([1, 1]);
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
      expect(senders.map((one) => blastRadius(graph, one).direct)).toEqual(senders.map(() => receivers.length));
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
      expect(blastRadius(graph, devices[0]!)).toMatchObject({ direct: 290, transitive: 290 });
      const louder = document(
        [bound, ...talk('Publish', 'topic'), allow('Publish', 'topic/*')],
        '2012-10-17',
        'louder',
      );
      const after = graphOver({ documents: [louder, into], devices }, graph.classes, options, [out, into]);
      const change = reachChange(graph, after);
      expect(change.lost).toEqual([]);
      expect(change.gained.map((edge) => edge.same.length)).toContain(0);
      expect(blastRadius(after, devices[0]!)).toMatchObject({ direct: 300, transitive: 300 });
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
