import { expect, test } from 'vitest';
import type { Pauser } from '../../../operator/runtime/pauser.ts';
import { sorted } from '../../../operator/runtime/sorted.ts';
import { seeded } from '../../../operator/sandbox/state/ids.ts';

interface Item {
  readonly key: number;
  readonly place: number;
}

const byKey = (a: Item, b: Item): number => a.key - b.key;

function pauserOf(pause: () => Promise<void>): Pauser {
  return { isDue: () => true, isAborted: () => false, pause };
}
const restless = pauserOf(() => Promise.resolve());

const itemsOf = (count: number, keyOf: (place: number) => number): readonly Item[] =>
  Array.from({ length: count }, (_, place) => ({ key: keyOf(place), place }));

const random = seeded(7);

test.each([
  { reason: 'nothing at all', items: [] },
  { reason: 'one', items: itemsOf(1, () => 5) },
  { reason: 'a few out of order', items: itemsOf(10, (place) => -place) },
  { reason: 'many in order', items: itemsOf(9_000, (place) => place) },
  { reason: 'many the wrong way round', items: itemsOf(9_000, (place) => -place) },
  {
    reason: 'those that were written last behind the others',
    items: itemsOf(9_000, (place) => (place + 4_500) % 9_000),
  },
  { reason: 'many in no order, with equals among them', items: itemsOf(11_001, () => Math.floor(random() * 3_000)) },
])('$reason: as toSorted would have it, equals in the order in which they came', async ({ items }) => {
  const before = [...items];
  expect(await sorted(items, byKey, restless)).toEqual(items.toSorted(byKey));
  expect(items).toEqual(before);
});

test('other work runs in between, and an abort ends it', async () => {
  const items = itemsOf(9_000, () => random());
  let pauses = 0;
  const counting = pauserOf(async () => {
    pauses += 1;
    if (pauses === 20) throw new Error('aborted');
  });
  await expect(sorted(items, byKey, counting)).rejects.toThrow('aborted');
});
