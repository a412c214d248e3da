import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEdges } from '../../../operator/aws/snapshot/edges.ts';
import { createEntities } from '../../../operator/aws/snapshot/entities.ts';
import { targetKey } from '../../../operator/aws/snapshot/facts.ts';

function timed(settleMs = 1_000) {
  const time = { now: 0 };
  return { time, options: { now: () => time.now, settleMs } };
}

function listed(edges: ReturnType<typeof createEdges>, rows: readonly (readonly [string, string])[]) {
  const sweep = edges.sweep();
  for (const [left, right] of rows) sweep.row(left, right);
  return [...sweep.end()].sort();
}

describe('edges read by list calls', () => {
  test('what somebody else attached shows at once, and names whom it concerns', () => {
    const { options } = timed();
    const edges = createEdges(options);
    expect(
      listed(edges, [
        ['base', 'c1'],
        ['base', 'c2'],
      ]),
    ).toEqual(['c1', 'c2']);
    expect(
      listed(edges, [
        ['base', 'c1'],
        ['star', 'c1'],
        ['base', 'c2'],
      ]),
    ).toEqual(['c1']);
    expect(edges.at('c1')).toEqual(['base', 'star']);
    expect(edges.count('base')).toBe(2);
    expect([...edges.from('base')].sort()).toEqual(['c1', 'c2']);
  });

  test('a list that does not show our own write yet is late, not drift', () => {
    const { time, options } = timed();
    const edges = createEdges(options);
    edges.wrote('base', 'c1', true);
    time.now = 500;
    expect(listed(edges, [])).toEqual([]);
    expect(edges.at('c1')).toEqual(['base']);
    time.now = 2_000;
    expect(listed(edges, [])).toEqual(['c1']);
    expect(edges.at('c1')).toEqual([]);
  });

  test('a direct read counts until a write of ours or a list says otherwise', () => {
    const { time, options } = timed();
    const edges = createEdges(options);
    expect(edges.seenAt('c1')).toBeUndefined();
    time.now = 5;
    edges.saw('c1', ['base']);
    time.now = 10;
    expect(listed(edges, [['base', 'c1']])).toEqual([]);
    expect(edges.seenAt('c1')).toBe(5);
    expect(listed(edges, [])).toEqual(['c1']);
    expect(edges.seenAt('c1')).toBeUndefined();
    edges.saw('c1', ['base']);
    edges.wrote('star', 'c1', true);
    expect(edges.seenAt('c1')).toBeUndefined();
  });

  test('our own write hides nothing that it does not explain', () => {
    const { options } = timed();
    const edges = createEdges(options);
    edges.wrote('base', 'c1', true);
    expect(listed(edges, [['star', 'c1']])).toEqual(['c1']);
    expect(edges.at('c1')).toEqual(['base', 'star']);
  });

  test('a write made while a list is under way survives it, however short the settle time', () => {
    const { options } = timed(0);
    const edges = createEdges(options);
    const sweep = edges.sweep();
    edges.wrote('base', 'c1', true);
    sweep.end();
    expect(edges.at('c1')).toEqual(['base']);
  });

  test('a direct read beats everything', () => {
    const { options } = timed();
    const edges = createEdges(options);
    edges.wrote('base', 'c1', true);
    edges.saw('c1', ['b', 'a', 'a']);
    expect(edges.at('c1')).toEqual(['a', 'b']);
    expect(edges.count('base')).toBe(0);
  });

  test('counts and lists always agree', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('wrote'),
        l: fc.constantFrom('p', 'q'),
        r: fc.constantFrom('1', '2', '3'),
        on: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('saw'),
        l: fc.constantFrom('p', 'q'),
        r: fc.constantFrom('1', '2', '3'),
        on: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('list'),
        l: fc.constantFrom('p', 'q'),
        r: fc.constantFrom('1', '2', '3'),
        on: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { time, options } = timed(3);
        const edges = createEdges(options);
        for (const { kind, l, r, on } of steps) {
          time.now += 1;
          if (kind === 'wrote') edges.wrote(l, r, on);
          else if (kind === 'saw') edges.saw(r, on ? [l] : []);
          else listed(edges, on ? [[l, r]] : []);
        }
        for (const left of ['p', 'q']) {
          const rights = ['1', '2', '3'].filter((right) => edges.at(right).includes(left));
          expect(edges.count(left)).toBe(rights.length);
          expect([...edges.from(left)].sort()).toEqual(rights);
        }
      }),
    );
  });
});

describe('entities read by list calls', () => {
  const same = (a: number | undefined, b: number | undefined) => a === b;

  function listedOnce(entities: ReturnType<typeof createEntities<number>>, rows: Record<string, number>) {
    const sweep = entities.sweep();
    for (const [name, fact] of Object.entries(rows)) sweep.row(name, fact);
    return [...sweep.end()].sort();
  }

  test('tells what appeared, changed and went', () => {
    const { options } = timed();
    const entities = createEntities<number>({ ...options, same });
    expect(listedOnce(entities, { a: 1, b: 1 })).toEqual(['a', 'b']);
    expect(listedOnce(entities, { a: 2, c: 1 })).toEqual(['a', 'b', 'c']);
    expect([...entities.names()].sort()).toEqual(['a', 'c']);
  });

  test('shows the state before our write as late, and another state as a change by somebody else', () => {
    const { options } = timed();
    const entities = createEntities<number>({ ...options, same });
    listedOnce(entities, { a: 1 });
    entities.wrote('a', 2);
    expect(listedOnce(entities, { a: 1 })).toEqual([]);
    expect(entities.get('a')).toBe(2);
  });

  test('what we made is not gone because a list does not show it yet, nor back because it still does', () => {
    const { time, options } = timed();
    const entities = createEntities<number>({ ...options, same });
    listedOnce(entities, { old: 1 });
    time.now = 10;
    entities.wrote('new', 1);
    entities.wrote('old', undefined);
    time.now = 20;
    expect(listedOnce(entities, { old: 1 })).toEqual([]);
    expect([...entities.names()]).toEqual(['new']);
    time.now = 5_000;
    expect(listedOnce(entities, { old: 1 })).toEqual(['new', 'old']);
  });
});

test.each([
  ['arn:aws:iot:us-east-1:123456789012:cert/abc', 'abc', 'certificates by id'],
  ['arn:aws:iot:us-east-1:123456789012:thinggroup/presses', 'group:presses', 'groups apart from certificates'],
  ['us-east-1:0d2b-cognito', 'us-east-1:0d2b-cognito', 'Cognito identities as they are'],
])('target %s is kept as %s: %s', (target, key) => {
  expect(targetKey(target)).toBe(key);
});
