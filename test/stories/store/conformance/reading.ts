import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../operator/api/meta.ts';
import { ObjectCache } from '../../../../operator/runtime/cache/object-cache.ts';
import { systemClock } from '../../../../operator/runtime/clock.ts';
import { Reflector } from '../../../../operator/runtime/reflector/reflector.ts';
import type { Subject, SubjectOf } from './target.ts';
import { create, group, KIND, keyOf, namesOf, OWNER, refusalOf, watchUntil } from './target.ts';

/** The version a watch of everything that comes after starts from. */
async function now(s: Subject): Promise<string> {
  return (await s.store.list({ kind: KIND, namespace: s.namespace })).resourceVersion;
}

export function readingConformance(subjectOf: SubjectOf): void {
  describe('reading', () => {
    it('of a missing object is undefined', async () => {
      const s = subjectOf();
      expect(await s.store.get({ kind: KIND, namespace: s.namespace, name: s.fresh() })).toBeUndefined();
    });

    it('lists page by page what it lists at once, each object once', async () => {
      const s = subjectOf();
      const run = s.fresh('page');
      for (let i = 0; i < 7; i++) await create(s, s.fresh(), { labels: { run } });
      const query = { kind: KIND, namespace: s.namespace, labels: { run } };
      const all = await s.store.list(query);
      const paged: KubeObject[] = [];
      let next: string | undefined;
      let pages = 0;
      do {
        const page = await s.store.list({ ...query, limit: 3, ...(next === undefined ? {} : { continue: next }) });
        paged.push(...page.items);
        next = page.continue;
        pages++;
        expect(page.items.length).toBeLessThanOrEqual(3);
      } while (next !== undefined);
      expect(pages).toBe(3);
      expect(sorted(paged)).toEqual(sorted(all.items));
      expect(all.items).toHaveLength(7);
    });

    it('selects by labels, all of which must match, and by namespace', async () => {
      const s = subjectOf();
      const run = s.fresh('select');
      const both = await create(s, s.fresh(), { labels: { run, site: 'one' } });
      await create(s, s.fresh(), { labels: { run, site: 'two' } });
      const page = await s.store.list({ kind: KIND, labels: { run, site: 'one' } });
      expect(page.items.map((item) => item.metadata.name)).toEqual([both.metadata.name]);
      const elsewhere = await s.store.list({ kind: KIND, namespace: `${s.namespace}-x`, labels: { run } });
      expect(elsewhere.items).toEqual([]);
    });
  });

  describe('watching', () => {
    it('tells every change after the version of a list, in order', async () => {
      const s = subjectOf();
      const resourceVersion = await now(s);
      const run = s.fresh('run');
      const made = await create(s, s.fresh(), { labels: { run } });
      await create(s, made.metadata.name, { labels: { run }, spec: { description: 'two' } });
      await s.store.applyStatus(keyOf(made), { members: 1 }, OWNER);
      await s.store.delete(keyOf(made));
      const events = await watchUntil(s, { resourceVersion, labels: { run } }, (e) => e.at(-1)?.type === 'DELETED');
      const { name } = made.metadata;
      expect(namesOf(events)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
      const last = events.at(-1);
      expect(last?.type === 'DELETED' && last.object.status).toEqual({ members: 1 });
    });

    it('that is open hears of changes as they come', async () => {
      const s = subjectOf();
      const run = s.fresh('run');
      const heard = watchUntil(s, { resourceVersion: await now(s), labels: { run } }, (e) => e.length === 2);
      await create(s, s.fresh('first'), { labels: { run } });
      await create(s, s.fresh('second'), { labels: { run } });
      expect(namesOf(await heard).map((line) => line.split('-')[0])).toEqual(['ADDED first', 'ADDED second']);
    });

    it('by label sees an object enter and leave its selection', async () => {
      const s = subjectOf();
      const resourceVersion = await now(s);
      const run = s.fresh('run');
      const made = await create(s, s.fresh(), {});
      await create(s, made.metadata.name, { labels: { run } });
      await create(s, made.metadata.name, { labels: {} });
      const events = await watchUntil(s, { resourceVersion, labels: { run } }, (e) => e.length === 2);
      expect(events.map((event) => event.type)).toEqual(['ADDED', 'DELETED']);
    });

    it('ends without an error when it is told to', async () => {
      const s = subjectOf();
      const stop = new AbortController();
      const watch = s.store.watch({ kind: KIND, resourceVersion: await now(s), signal: stop.signal });
      const next = watch[Symbol.asyncIterator]().next();
      setImmediate(() => stop.abort());
      expect((await next).done).toBe(true);
    });

    it('from a version that is not kept any more is refused as gone', async () => {
      const s = subjectOf();
      await create(s);
      const refusal = await refusalOf(watchUntil(s, { resourceVersion: '1' }, () => true));
      expect(refusal.code).toBe('gone');
    });

    it('shows a finalized deletion as a change and then as the end', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.setFinalizer(keyOf(made), 'fleetward.dev/aws', true);
      const resourceVersion = await now(s);
      await s.store.delete(keyOf(made));
      await s.store.setFinalizer(keyOf(made), 'fleetward.dev/aws', false);
      const events = await watchUntil(s, { resourceVersion }, (e) => e.at(-1)?.type === 'DELETED');
      expect(events.map((event) => event.type)).toEqual(['MODIFIED', 'DELETED']);
    });

    it('keeps a cache equal to the store through creates, changes and deletes', async () => {
      const s = subjectOf();
      const run = s.fresh('run');
      const selection = { kind: KIND, namespace: s.namespace, labels: { run } };
      for (let i = 0; i < 3; i++) await create(s, s.fresh(), { labels: { run } });
      const cache = new ObjectCache();
      const reflector = new Reflector({
        store: s.store,
        selection,
        sink: cache.sink(KIND),
        clock: systemClock,
        random: Math.random,
        pageSize: 2,
      });
      const stop = new AbortController();
      const done = reflector.run(stop.signal);
      await cache.whenSynced();
      expect(cache.count(KIND)).toBe(3);
      const [victim] = [...cache.list(KIND)];
      const last = s.fresh('last');
      const arrived = new Promise<void>((resolve) => {
        cache.onChange(KIND, (change) => change.new?.metadata.name === last && resolve());
      });
      await s.store.delete(keyOf(victim!));
      await s.store.apply(group(s, last, { labels: { run }, spec: {} }), OWNER);
      await arrived;
      const { items } = await s.store.list(selection);
      expect(sorted([...cache.list(KIND)])).toEqual(sorted(items));
      stop.abort();
      await done;
    });
  });
}

const sorted = (items: readonly KubeObject[]): KubeObject[] =>
  [...items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
