import { describe, expect, test } from 'vitest';
import type { AssetState } from '../../../operator/rollout/types.ts';
import {
  type Finding,
  judgeTogether,
  leadOf,
  type Told,
  throughAll,
  unitProblem,
  unitRecord,
  unitsAmong,
} from '../../../operator/rollout/unit.ts';

const MASKED = 'Masked';

const things = (text: string) =>
  text.split(' ').map((each) => {
    const [id = '', certificates = ''] = each.split(':');
    return { id, certificates: [...certificates] };
  });

describe('what things that share certificates have through thing groups', () => {
  const through = (given: string, gathered = '', group?: string) => ({
    given: new Set(given),
    gathered: new Set(gathered),
    lent: [...given],
    ...(group === undefined ? {} : { spread: { group, parkAfter: 'settle' as const } }),
  });
  test.each([
    {
      reason: 'all have the same',
      all: [through('bk', 'k'), through('bk', 'k')],
      want: { given: 'bk', gathered: 'k' },
    },
    {
      reason: 'what one of them has not stays on the certificates for its sake',
      all: [through('bk', 'k'), through('b')],
      want: { given: 'b', gathered: '' },
    },
  ])('$reason', ({ all: [first, ...others], want }) => {
    const found = throughAll([first ?? through(''), ...others]);
    expect([...found.given].join('')).toBe(want.given);
    expect([...found.gathered].join('')).toBe(want.gathered);
  });

  test('while one of them waits for its group all do', () => {
    const found = throughAll([through('k'), through('b', '', 'hall')]);
    expect(found.spread).toEqual({ group: 'hall', parkAfter: 'settle' });
    expect([...found.lent].sort()).toEqual(['b', 'k']);
  });
});

describe('things that share certificates', () => {
  test.each([
    { reason: 'nobody shares: there is no unit', has: 'a:1 b:2 c:34', want: [] },
    { reason: 'one certificate on two things', has: 'a:1 b:1 c:2', want: [['a', 'b']] },
    { reason: 'a chain: the ends have nothing in common but the middle', has: 'a:1 b:12 c:2', want: [['a', 'b', 'c']] },
    { reason: 'the order in which they come does not matter', has: 'c:2 a:1 b:21', want: [['a', 'b', 'c']] },
    {
      reason: 'two pairs become one when something connects them',
      has: 'a:1 b:1 c:2 d:2 e:12',
      want: [['a', 'b', 'c', 'd', 'e']],
    },
    {
      reason: 'two pairs that nothing connects stay two',
      has: 'a:1 c:2 b:1 d:2',
      want: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
    { reason: 'a certificate that a thing names twice is no sharing', has: 'a:11 b:2', want: [] },
    { reason: 'a ring', has: 'a:12 b:23 c:31', want: [['a', 'b', 'c']] },
    { reason: 'a thing without certificates shares nothing', has: 'a: b:', want: [] },
  ])('$reason', ({ has, want }) => {
    expect(unitsAmong(things(has))).toEqual(want);
  });

  test('a large fleet in which every tenth thing shares is looked through in no time', () => {
    const fleet = Array.from({ length: 100_000 }, (_, i) => ({
      id: `t${i}`,
      certificates: [`c${i}`, ...(i % 10 === 0 ? [`c${i + 1}`] : [])],
    }));
    const units = unitsAmong(fleet);
    expect(units).toHaveLength(10_000);
    expect(units.every((unit) => unit.length === 2)).toBe(true);
  });
});

describe('who leads', () => {
  const told = (id: string, state: AssetState, more: Partial<Told> = {}): Told => ({ id, state, own: true, ...more });
  const led = (id: string, state: AssetState, leadBefore: string): Told => told(id, state, { own: false, leadBefore });
  test.each([
    { reason: 'nobody has begun: the first by name', has: [told('b', 'Queued'), told('a', 'Queued')], want: 'a' },
    {
      reason: 'who began goes on, although another name comes first now',
      has: [told('a', 'Queued'), told('b', 'Contracting'), led('c', 'Contracting', 'b')],
      want: 'b',
    },
    {
      reason: 'a repeated record leads nothing',
      has: [led('a', 'Contracting', 'b'), told('b', 'Contracting')],
      want: 'b',
    },
    {
      reason: 'the record of the first is lost: the others know who it was',
      has: [led('a', 'Observing', 'b'), told('b', 'Queued')],
      want: 'b',
    },
    {
      reason: 'the first is gone: the next by name takes over what it knew',
      has: [led('b', 'Observing', 'a'), led('c', 'Observing', 'a')],
      want: 'b',
    },
    {
      reason: 'two units became one while one went back: that one decides',
      has: [told('a', 'Contracting'), told('b', 'RollingBack')],
      want: 'b',
    },
    {
      reason: 'one under way comes before one that is done',
      has: [told('a', 'Succeeded'), told('b', 'Expanding')],
      want: 'b',
    },
    {
      reason: 'two of equal state: by name, on every replica the same',
      has: [told('b', 'Expanding'), told('a', 'Expanding')],
      want: 'a',
    },
  ])('$reason', ({ has, want }) => {
    expect(leadOf(has)).toBe(want);
    expect(leadOf([...has].reverse())).toBe(want);
  });
});

describe('what the records of a unit say together', () => {
  const open = (sentAt: number) => ({ certificateArn: 'c', policy: 'B', sentAt });
  test.each([
    { reason: 'nothing of nobody', has: [{}, {}], want: {} },
    {
      reason: 'what has not settled for one has not for the others: the latest counts',
      has: [
        { attachedAt: 1, detachedAt: 9 },
        { attachedAt: 5, switchedAt: 2 },
      ],
      want: { attachedAt: 5, detachedAt: 9, switchedAt: 2 },
    },
    {
      reason: 'the first has lost its record: what the others repeat may be older than what was done',
      has: [{}, { attachedAt: 5, detachedAt: 7 }],
      want: {},
    },
    {
      reason: 'a Detach that anybody sent may be on its way; of two the later',
      has: [{ openDetach: open(3) }, {}, { openDetach: open(4) }],
      want: { openDetach: open(4) },
    },
  ])('$reason', ({ has: [first = {}, ...others], want }) => {
    expect(unitRecord(first, others)).toEqual(want);
  });
});

describe('one verdict over a unit', () => {
  const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
    id,
    permission: { yes: true },
    expandedHealth: 'healthy',
    verdict: 'succeeded',
    lifelineDenied: false,
    reason: 'Evidence',
    why: 'seen',
    ...more,
  });
  const rows: readonly { reason: string; b: Partial<Finding>; want: object }[] = [
    {
      reason: 'each has its evidence: succeeded',
      b: {},
      want: { verdict: 'succeeded', expandedHealth: 'healthy', permission: { yes: true } },
    },
    {
      reason: 'one without evidence keeps the verdict open',
      b: { verdict: 'inconclusive', why: 'silent' },
      want: { verdict: 'inconclusive', why: 'b: silent' },
    },
    {
      reason: 'one that failed fails all, and is named',
      b: { verdict: 'failed', reason: 'Denied', why: 'refused' },
      want: { verdict: 'failed', reason: 'Denied', why: 'b: refused' },
    },
    {
      reason: 'failures of one while both policies are attached',
      b: { expandedHealth: 'failing', why: 'refused' },
      want: { expandedHealth: 'failing', why: 'b: refused' },
    },
    {
      reason: 'the lifeline of one denied is the lifeline of the unit denied',
      b: { verdict: 'failed', lifelineDenied: true },
      want: { lifelineDenied: true },
    },
    {
      reason: 'one that may not lose anything keeps all where they are, and is named',
      b: { permission: { yes: false, why: 'not connected' } },
      want: { permission: { yes: false, why: 'b, which moves with it: not connected' } },
    },
    {
      reason: 'the evidence of the other speaks where nothing changes for one',
      b: { reason: 'Acknowledged', why: 'shadow' },
      want: { reason: 'Acknowledged' },
    },
  ];
  test.each(rows)('$reason', ({ b, want }) => {
    const a = finding('a', want && 'reason' in want && want.reason === 'Acknowledged' ? { reason: MASKED } : {});
    expect(judgeTogether([a, finding('b', b)], MASKED)).toMatchObject(want);
  });
  test('a failure outweighs whoever is still silent', () => {
    const silent = finding('a', { verdict: 'inconclusive' });
    expect(judgeTogether([silent, finding('b', { verdict: 'failed' })], MASKED).verdict).toBe('failed');
  });
});

describe('a unit that could never move', () => {
  const bounds = { maxInFlight: 2, budgets: [1], sites: [new Map([['north', 1]])] };
  test.each([
    { reason: 'two where two may move', has: ['a', 'b'], more: {}, want: undefined },
    {
      reason: 'three where two may move: who, how many, and what to do',
      has: ['a', 'b', 'c'],
      more: {},
      want: /devices a, b, c share certificates.*3 at a time.*maxInFlight allows 2; raise it to 3, or give each Device/,
    },
    {
      reason: 'two of a site where one may move',
      has: ['a', 'b'],
      more: { sites: [new Map([['north', 2]])] },
      want: /2 of north at a time, where strategy.budgets\[0\].maxInFlight allows 1/,
    },
    {
      reason: 'two at two sites with one each',
      has: ['a', 'b'],
      more: {
        sites: [
          new Map([
            ['n', 1],
            ['s', 1],
          ]),
        ],
      },
      want: undefined,
    },
    {
      reason: 'more than a record can name, whatever the strategy says',
      has: Array.from({ length: 51 }, (_, i) => `t${i}`),
      more: { maxInFlight: Number.MAX_SAFE_INTEGER },
      want: /and 46 more share certificates.*at most 50/,
    },
  ])('$reason', ({ has, more, want }) => {
    const problem = unitProblem(has, { ...bounds, ...more });
    if (want === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(want);
  });
});
