import { expect, test } from 'vitest';
import { API_VERSION, type KubeObject } from '../../../operator/api/meta.ts';
import { applySlice, type Work } from '../../../operator/controllers/fleetsource/apply.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { type Store, StoreError } from '../../../operator/runtime/store.ts';

const device = (name: string, uid?: string): KubeObject => ({
  apiVersion: API_VERSION,
  kind: 'Device',
  metadata: { name, namespace: 'factory', ...(uid === undefined ? {} : { uid }) },
});

function setUp(
  options: { createsPerSecond?: number; sliceMs?: number; answer?: (name: string) => Error | undefined } = {},
) {
  const clock = new VirtualClock();
  const applied: { name: string; at: number }[] = [];
  const store: Pick<Store, 'apply'> = {
    async apply(document) {
      const error = options.answer?.(document.metadata.name);
      if (error) throw error;
      applied.push({ name: document.metadata.name, at: clock.monotonic() });
      return document;
    },
  };
  const run = (work: Work) =>
    applySlice(
      work,
      {
        store: store as Store,
        clock,
        signal: new AbortController().signal,
        concurrency: 4,
        createsPerSecond: options.createsPerSecond ?? 0,
        sliceMs: options.sliceMs ?? 10_000,
        onForeign: () => 'remove',
      },
      () => {},
    );
  return { clock, applied, run };
}

const work = (...pending: KubeObject[]): Work => ({ pending, refused: [], stale: 0, applied: 0 });
const many = (n: number) => Array.from({ length: n }, (_, i) => device(`d${i}`));

test('creations keep to their pace, in order, and the slice ends with the rest pending', async () => {
  const { clock, applied, run } = setUp({ createsPerSecond: 10, sliceMs: 2_000 });
  const job = work(...many(100));
  const done = run(job);
  await clock.advance(5_000);
  await done;
  expect(applied.length).toBeGreaterThanOrEqual(20);
  expect(applied.length).toBeLessThanOrEqual(26);
  expect(applied.map(({ name }) => name)).toEqual(many(applied.length).map(({ metadata }) => metadata.name));
  for (const [i, { at }] of applied.entries()) expect(at).toBeGreaterThanOrEqual(i * 100);
  expect(job.pending.map(({ metadata }) => metadata.name)[0]).toBe(`d${applied.length}`);
});

test('changes of existing objects are not paced', async () => {
  const { applied, run } = setUp({ createsPerSecond: 1 });
  await run(work(...Array.from({ length: 50 }, (_, i) => device(`d${i}`, `uid-${i}`))));
  expect(applied).toHaveLength(50);
});

test.each([
  ['invalid', 'is refused alone'],
  ['forbidden', 'is refused alone'],
  ['notFound', 'is refused alone: the namespace is missing'],
] as const)('an object answered with %s %s', async (code, _what) => {
  const { applied, run } = setUp({ answer: (name) => (name === 'd1' ? new StoreError(code, 'no') : undefined) });
  const job = work(...many(5));
  expect(await run(job)).toBeUndefined();
  expect(applied).toHaveLength(4);
  expect(job.refused).toEqual([{ object: 'Device/factory/d1', message: 'no' }]);
});

test.each(['throttled', 'unavailable', 'full', 'unauthorized'] as const)(
  'a store that answers %s stops the slice and loses nothing',
  async (code) => {
    const { applied, run } = setUp({ answer: (name) => (name === 'd2' ? new StoreError(code, 'later') : undefined) });
    const job = work(...many(20));
    expect(await run(job)).toMatchObject({ code });
    expect(applied.length + job.pending.length).toBe(20);
    expect(job.pending.map(({ metadata }) => metadata.name)).toContain('d2');
  },
);

test('an object replaced meanwhile counts as stale: the next plan sees it as it is', async () => {
  const { run } = setUp({ answer: () => new StoreError('conflict', 'other uid') });
  const job = work(device('d', 'old'));
  await run(job);
  expect(job).toMatchObject({ stale: 1, refused: [], pending: [] });
});
