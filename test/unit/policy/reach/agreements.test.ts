import { describe, expect, it } from 'vitest';
import { agreements, fleetValues } from '../../../../operator/policy/reach/agreements.ts';
import { classify } from '../../../../operator/policy/reach/classes.ts';
import type { FleetDevice } from '../../../../operator/policy/reach/index.ts';
import { allow, bound, document } from '../lint/build.ts';

type Attributes = Readonly<Record<string, string>>;

const variable = (name: string): string => `\${iot:Connection.Thing.Attributes[${name}]}`;

/** Ways in which senders and receivers of one kind each may agree, as `sender's property=receiver's property`. */
function waysBetween(
  senders: readonly Attributes[],
  receivers: readonly Attributes[],
  policies: readonly [number, number] = [0, 1],
) {
  const names = [...new Set([...senders, ...receivers].flatMap((one) => Object.keys(one)))].sort();
  const reads = document([bound, allow('Publish', `topic/${names.map(variable).join('/')}`)]);
  const device = (name: string, policy: number, attributes: Attributes): FleetDevice => {
    const own = { name, thing: name, clientIds: [name], attributes, policies: [policy] };
    return { ...own, thingType: undefined, groups: [] };
  };
  const fleet = {
    documents: [reads, reads],
    devices: [
      ...senders.map((one, at) => device(`from-${at}`, policies[0], one)),
      ...receivers.map((one, at) => device(`to-${at}`, policies[1], one)),
    ],
  };
  const classes = classify(fleet);
  const [from, to] = [0, fleet.devices.length - 1].map((at) => classes.list[classes.of[at]!]!);
  const { list, compared, complete } = agreements(from!, to!, fleetValues(fleet, classes));
  const label = (slot: number): string => ['name', ...names][slot]!;
  const text = (same: (typeof list)[number]): string =>
    same.map((pair) => `${label(pair.from)}=${label(pair.to)}`).join(' ');
  return { ways: list.map(text), compared: text([...compared]), complete };
}

interface Row {
  readonly reason: string;
  readonly senders: readonly Attributes[];
  readonly receivers: readonly Attributes[];
  readonly ways: readonly string[];
}

const rows: readonly Row[] = [
  {
    reason: 'no value in common leaves nothing to tell apart',
    senders: [{ site: 's1' }],
    receivers: [{ site: 's2' }],
    ways: [''],
  },
  {
    reason: 'one value, the same on both sides, always agrees',
    senders: [{ site: 's1' }],
    receivers: [{ site: 's1' }],
    ways: ['site=site'],
  },
  {
    reason: 'several values of senders',
    senders: [{ site: 's1' }, { site: 's2' }],
    receivers: [{ site: 's2' }],
    ways: ['', 'site=site'],
  },
  {
    reason: 'several values of receivers',
    senders: [{ site: 's1' }],
    receivers: [{ site: 's2' }, { site: 's1' }],
    ways: ['', 'site=site'],
  },
  {
    reason: 'an attribute that names another device',
    senders: [{ hub: 'to-0' }],
    receivers: [{ hub: 'x' }, { hub: 'y' }],
    ways: ['', 'hub=name'],
  },
  {
    reason: 'a device that is named by an attribute of another',
    senders: [{ hub: 'x' }, { hub: 'y' }],
    receivers: [{ hub: 'from-1' }],
    ways: ['', 'name=hub'],
  },
  {
    reason: 'one text as the value of two different properties',
    senders: [{ site: 'q' }, { site: 'r' }],
    receivers: [{ hub: 'q' }],
    ways: ['', 'site=hub'],
  },
  { reason: 'a property that neither has agrees in nothing', senders: [{}], receivers: [{}], ways: [''] },
  {
    reason: 'a property that one of them lacks',
    senders: [{}],
    receivers: [{ site: 's' }, { site: 't' }],
    ways: [''],
  },
  {
    reason: 'a value that repeats inside the sender is compared once',
    senders: [
      { hub: 'q', site: 'q' },
      { hub: 'r', site: 'r' },
    ],
    receivers: [{ site: 'q' }],
    ways: ['', 'hub=site'],
  },
  {
    reason: 'a value that repeats inside the receiver is compared once',
    senders: [{ site: 'q' }, { site: 'r' }],
    receivers: [{ hub: 'q', site: 'q' }],
    ways: ['', 'site=hub'],
  },
  {
    reason: 'two properties agree each alone and together',
    senders: [
      { hub: 'h1', site: 's1' },
      { hub: 'h2', site: 's2' },
    ],
    receivers: [{ hub: 'h1', site: 's2' }],
    ways: ['', 'hub=hub', 'site=site', 'hub=hub site=site'],
  },
  {
    reason: 'two different values of one device are not both the one of the other',
    senders: [
      { hub: 'r', site: 'q' },
      { hub: 'q', site: 'r' },
    ],
    receivers: [{ site: 'q' }, { site: 'r' }],
    ways: ['', 'hub=site', 'site=site'],
  },
  {
    reason: 'what always agrees is in every way',
    senders: [{ line: 'l', site: 's1' }],
    receivers: [
      { line: 'l', site: 's1' },
      { line: 'l', site: 's2' },
    ],
    ways: ['line=line', 'line=line site=site'],
  },
];

const letters = [...'abcdefghi'];
/** `agrees`: one character for each property, `1` where the value is the one that all senders have. */
const bits = (agrees: string): Attributes =>
  Object.fromEntries([...agrees].map((bit, at) => [letters[at]!, `${letters[at]}${bit}`]));
const same = (agrees: string): string =>
  letters
    .filter((_, at) => agrees[at] === '1')
    .map((one) => `${one}=${one}`)
    .join(' ');

describe('the ways in which values of two devices may agree', () => {
  it.each(rows)('$reason', ({ senders, receivers, ways }) => {
    expect(waysBetween(senders, receivers)).toMatchObject({ ways, complete: true });
  });

  it('names are not compared among devices of one kind', () => {
    const [first, ...others] = [{ site: 's1' }, { site: 's2' }];
    expect(waysBetween([first!], others, [0, 0])).toEqual({
      ways: ['', 'site=site'],
      compared: 'site=site',
      complete: true,
    });
  });

  it('what always agrees is compared as well', () => {
    const line = { line: 'l' };
    const receivers = [
      { ...line, site: 's1' },
      { ...line, site: 's2' },
    ];
    expect(waysBetween([{ ...line, site: 's1' }], receivers).compared).toBe('line=line site=site');
  });

  it('up to six properties are tried in every combination', () => {
    const { ways, complete } = waysBetween([bits('111111')], [bits('000000'), bits('111111')]);
    expect([ways.length, new Set(ways).size, complete]).toEqual([64, 64, true]);
  });

  it('of more properties the combinations that occur, the smallest first', () => {
    const receivers = [bits('1111111'), bits('0000000'), bits('0010010'), bits('0100000')];
    expect(waysBetween([bits('1111111')], receivers)).toMatchObject({
      ways: ['', same('0100000'), same('0010010'), same('1111111')],
      complete: true,
    });
  });

  const combinations = Array.from({ length: 256 }, (_, value) => bits(`${value.toString(2).padStart(8, '0')}0`));
  it('256 ways are tried', () => {
    const { ways, complete } = waysBetween([bits('111111111')], combinations);
    expect([new Set(ways).size, complete]).toEqual([256, true]);
  });

  it('of 257 ways, none and each agreement alone', () => {
    const result = waysBetween([bits('111111111')], [...combinations, bits('111111111')]);
    const alone = letters.map((one) => `${one}=${one}`);
    expect(result).toEqual({ ways: ['', ...alone], compared: alone.join(' '), complete: false });
  });

  // 500 combinations on one side, 25 on the other; values that the other side does not have count as one.
  const crossed = (a: number, b: number): Attributes[] =>
    Array.from({ length: a * b }, (_, at) => ({
      ...bits('1111111'),
      a: `p${at % a}`,
      b: `q${Math.floor(at / a)}`,
    }));
  const diagonal = (size: number): Attributes[] =>
    Array.from({ length: size }, (_, at) => ({
      ...bits(at % 2 === 0 ? '1111111' : '0000000'),
      a: `p${at}`,
      b: `q${at}`,
    }));
  it.each([
    { reason: '500 combinations of senders', senders: crossed(20, 25), receivers: diagonal(25), complete: true },
    { reason: '520 combinations of senders', senders: crossed(20, 26), receivers: diagonal(26), complete: false },
    { reason: '500 combinations of receivers', senders: diagonal(25), receivers: crossed(20, 25), complete: true },
    { reason: '520 combinations of receivers', senders: diagonal(26), receivers: crossed(20, 26), complete: false },
    {
      reason: 'senders with 600 values that no receiver has',
      senders: diagonal(600).map((one) => ({ ...one, b: 'q1' })),
      receivers: diagonal(25),
      complete: true,
    },
    {
      reason: 'receivers with 600 values that no sender has',
      senders: diagonal(25),
      receivers: diagonal(600).map((one) => ({ ...one, b: 'q1' })),
      complete: true,
    },
  ])('$reason: complete is $complete', ({ senders, receivers, complete }) => {
    expect(waysBetween(senders, receivers).complete).toBe(complete);
  });

  it('a value that neither of two devices shares with the other kind is no agreement', () => {
    const { ways } = waysBetween(
      [bits('1111111'), { ...bits('1111111'), a: 'only-sender' }],
      [bits('1111111'), { ...bits('0000000'), a: 'only-receiver' }],
    );
    expect(ways).toEqual(['', same('0111111'), same('1111111')]);
  });

  it.each([
    { reason: '20,000 devices', count: 19_999, complete: true },
    { reason: 'one more', count: 20_000, complete: false },
  ])('the ways that occur are looked for among $reason: $complete', ({ count, complete }) => {
    const receivers = Array.from({ length: count }, (_, at) => bits(at % 2 === 0 ? '1111111' : '0000000'));
    expect(waysBetween([bits('1111111')], receivers).complete).toBe(complete);
  });
});
