import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { BrokerCache } from '../../../operator/sandbox/propagation.ts';
import { IDENTITY } from '../../../operator/sandbox/state/identity.ts';
import { flat, seeded, uuid } from '../../../operator/sandbox/state/ids.ts';
import { ListLag } from '../../../operator/sandbox/state/lag.ts';
import { type Paging, pageOf, pageOfList } from '../../../operator/sandbox/state/paging.ts';
import { Scope } from '../../../operator/sandbox/state/scope.ts';
import { SequencedMap } from '../../../operator/sandbox/state/sequenced.ts';

const full: Paging = { mode: 'full', maxScan: 1000, random: Math.random };

describe('SequencedMap', () => {
  it('keeps the order of insertion through any sets and deletes, and pages like its entries', () => {
    const command = fc.record({ key: fc.nat(30).map(String), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 300 }), fc.integer({ min: 1, max: 9 }), (commands, limit) => {
        const map = new SequencedMap<number>();
        const model = new Map<string, number>();
        commands.forEach(({ key, remove }, index) => {
          if (remove) expect(map.delete(key)).toBe(model.delete(key));
          else {
            map.set(key, index);
            model.set(key, index);
          }
        });
        expect([...map.entries()]).toEqual([...model]);
        expect(map.size).toBe(model.size);
        for (const descending of [false, true]) {
          const seen: string[] = [];
          let token: string | undefined;
          do {
            const page = pageOf(map, { token, limit, descending }, full, (_, key) => key);
            expect(page.items.length).toBeLessThanOrEqual(limit);
            seen.push(...page.items);
            token = page.next;
          } while (token !== undefined);
          expect(seen).toEqual(descending ? [...model.keys()].reverse() : [...model.keys()]);
        }
      }),
    );
  });

  it('stays small when entries come and go', () => {
    const map = new SequencedMap<number>();
    for (let i = 0; i < 100_000; i++) {
      map.set(String(i), i);
      if (i >= 10) map.delete(String(i - 10));
    }
    expect([...map.keys()]).toHaveLength(10);
    const start = performance.now();
    for (let i = 0; i < 1000; i++) pageOf(map, { token: undefined, limit: 5 }, full, (v) => v);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('pages', () => {
  it('end a scan that finds nothing with an empty page and a token', () => {
    const map = new SequencedMap<number>();
    for (let i = 0; i < 25; i++) map.set(String(i), i);
    const paging = { ...full, maxScan: 10 };
    const first = pageOf(map, { token: undefined, limit: 5 }, paging, (v) => (v === 24 ? v : undefined));
    expect(first.items).toEqual([]);
    const second = pageOf(map, { token: first.next, limit: 5 }, paging, (v) => (v === 24 ? v : undefined));
    const third = pageOf(map, { token: second.next, limit: 5 }, paging, (v) => (v === 24 ? v : undefined));
    expect([third.items, third.next]).toEqual([[24], undefined]);
  });

  it.each([
    '',
    'x',
    'ZncxLg',
    Buffer.from('fw1.-1').toString('base64url'),
    Buffer.from('fw1.1e99').toString('base64url'),
  ])('refuse the token %j', (token) => {
    const read = () => pageOfList([1], { token, limit: 1 }, full);
    if (token === 'ZncxLg') expect(read().items).toEqual([1]);
    else expect(read).toThrow('token');
  });
});

describe('list lag', () => {
  it('hides what was added and shows what was removed for a while', () => {
    const lag = new ListLag();
    lag.note('g', 'a', true, 0);
    lag.note('g', 'b', false, 0);
    expect(lag.hidden('g', 'a', 99, 100)).toBe(true);
    expect(lag.hidden('g', 'a', 100, 100)).toBe(false);
    expect(lag.ghosts('g', 99, 100)).toEqual(['b']);
    expect(lag.ghosts('g', 100, 100)).toEqual([]);
  });
});

describe('ids', () => {
  it('are version 4 UUIDs and the same for the same seed', () => {
    const random = seeded(5);
    const ids = Array.from({ length: 100 }, () => uuid(random));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(100);
    expect(uuid(seeded(5))).toBe(ids[0]);
    expect(flat('abc')).toBe('abc');
  });
});

describe('the broker’s caches', () => {
  const MINUTE = 60_000;
  const target = 'arn:aws:iot:us-east-1:123456789012:cert/c';

  function world(
    mode: 'instant' | 'fixed' | 'random' | 'adversarial',
    random = () => 0.5,
    newConnectionsSeeAtOnce = false,
  ) {
    const clock = new VirtualClock(0);
    const scope = new Scope('123456789012', 'us-east-1', []);
    const cache = new BrokerCache(scope, clock, {
      mode,
      delay: [6 * MINUTE, 8 * MINUTE],
      newConnectionsSeeAtOnce,
      random,
    });
    const identity = scope.slice(IDENTITY);
    const setPolicies = (names: readonly string[]) => {
      const before = identity.links(target).policies;
      identity.setPolicies(target, names);
      const changed = [...names.filter((n) => !before.includes(n)), ...before.filter((n) => !names.includes(n))];
      for (const policyName of changed) {
        cache.observe({ kind: 'policy-attachment', policyName, target, attached: names.includes(policyName) });
      }
    };
    return { clock, cache, setPolicies };
  }

  it('read what was never read before as it is now', () => {
    const { cache, setPolicies } = world('fixed');
    setPolicies(['a']);
    expect(cache.policiesOf(target)).toEqual(['a']);
  });

  it('turn over after the longest delay when fixed, whatever happens meanwhile', async () => {
    const { cache, clock, setPolicies } = world('fixed');
    expect(cache.policiesOf(target)).toEqual([]);
    setPolicies(['a']);
    await clock.advance(5 * MINUTE);
    setPolicies([]);
    setPolicies(['a']);
    await clock.advance(3 * MINUTE - 1);
    expect(cache.policiesOf(target)).toEqual([]);
    expect(cache.nextTurnover()).toBe(8 * MINUTE);
    await clock.advance(1);
    expect(cache.policiesOf(target)).toEqual(['a']);
    expect(cache.nextTurnover()).toBeUndefined();
  });

  it('let a later change overtake an earlier one when adversarial', async () => {
    const draws = [0.9, 0.1];
    const { cache, clock, setPolicies } = world('adversarial', () => draws.shift() ?? 0);
    setPolicies(['old']);
    cache.policiesOf(target);
    setPolicies(['old', 'new']);
    await clock.advance(MINUTE);
    setPolicies(['new']);
    await clock.advance(6 * MINUTE);
    // The detach of the old policy is visible, the earlier attachment of the new one not yet.
    expect(cache.policiesOf(target)).toEqual([]);
    await clock.advance(MINUTE);
    expect(cache.policiesOf(target)).toEqual(['new']);
  });

  it('draw each delay between the bounds when random', async () => {
    const { cache, clock, setPolicies } = world('random', () => 0.25);
    cache.policiesOf(target);
    setPolicies(['a']);
    await clock.advance(6.5 * MINUTE - 1);
    expect(cache.policiesOf(target)).toEqual([]);
    await clock.advance(1);
    expect(cache.policiesOf(target)).toEqual(['a']);
  });

  it('are empty when instant, and for a new connection where that is switched on', () => {
    const instant = world('instant');
    instant.cache.policiesOf(target);
    instant.setPolicies(['a']);
    expect(instant.cache.policiesOf(target)).toEqual(['a']);
    const fresh = world('fixed', () => 0, true);
    fresh.cache.policiesOf(target);
    fresh.setPolicies(['a']);
    const own = fresh.cache.open();
    expect(own?.policiesOf(target)).toEqual(['a']);
    expect(fresh.cache.policiesOf(target)).toEqual([]);
    expect(world('fixed').cache.open()).toBeUndefined();
  });
});
