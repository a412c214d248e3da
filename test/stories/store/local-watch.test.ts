import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import type { LocalStore } from '../../../operator/runtime/store/local/local-store.ts';
import { StoreError } from '../../../operator/runtime/store.ts';
import { document, takeEvents, temporaryStore } from '../../support/store.ts';

const OWNER = { owner: 'test' };
const forever = new AbortController().signal;
const write = (store: LocalStore, name: string, n = 0) => store.apply(document('Device', name, { spec: { n } }), OWNER);

describe('a watch of the local store', () => {
  it('gets at once what changed while its reader was busy', async () => {
    await using opened = await temporaryStore({ clock: new VirtualClock() });
    const watch = opened.store.watch({ kind: 'Device', resourceVersion: '0', signal: forever });
    await write(opened.store, 'a');
    await watch.next();
    await write(opened.store, 'b');
    expect((await watch.next()).value).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } });
  });

  it('says every 30 s that it is alive, with the version it has reached', async () => {
    const clock = new VirtualClock();
    await using opened = await temporaryStore({ clock });
    await write(opened.store, 'a');
    const watch = opened.store.watch({ kind: 'ThingGroup', resourceVersion: '0', signal: forever });
    const next = watch.next();
    await clock.advance(29_999);
    await clock.advance(1);
    expect((await next).value).toEqual({ type: 'BOOKMARK', resourceVersion: '1' });
  });

  it('keeps up with a burst far larger than what is kept for late comers', async () => {
    await using opened = await temporaryStore();
    const heard = takeEvents(opened.store.watch({ kind: 'Device', resourceVersion: '0', signal: forever }), 6_000);
    await Promise.all(Array.from({ length: 6_000 }, (_, i) => write(opened.store, `device-${i}`)));
    const names = (await heard).map((event) => event.type !== 'BOOKMARK' && event.object.metadata.name);
    expect(names).toEqual(Array.from({ length: 6_000 }, (_, i) => `device-${i}`));
  });

  it.each([
    { version: '5', reason: 'it is too long ago' },
    { version: '1000000', reason: 'it is in the future: the state folder was restored from a backup' },
    { version: 'nonsense', reason: 'it is no version' },
  ])('from version $version is refused as gone, because $reason', async ({ version }) => {
    await using opened = await temporaryStore();
    await Promise.all(Array.from({ length: 4_000 }, (_, i) => write(opened.store, `device-${i}`)));
    const watch = opened.store.watch({ kind: 'Device', resourceVersion: version, signal: forever });
    await expect(watch.next()).rejects.toMatchObject({ code: 'gone' });
  });

  it('shows the very objects that the store holds, so that caches keep no second copy', async () => {
    await using opened = await temporaryStore();
    const written = await write(opened.store, 'a');
    const watch = opened.store.watch({ kind: 'Device', resourceVersion: '0', signal: forever });
    const { value } = await watch.next();
    expect(value?.type === 'ADDED' && value.object).toBe(written);
    expect((await opened.store.list({ kind: 'Device' })).items[0]).toBe(written);
  });
});

describe('a batch of the local store', () => {
  it('that cannot be written is refused, and the next one is written', async () => {
    await using opened = await temporaryStore();
    const unwritable = document('Device', 'a', { spec: { n: 1n } });
    const results = await Promise.allSettled([opened.store.apply(unwritable, OWNER), write(opened.store, 'b')]);
    for (const result of results) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(StoreError);
    }
    expect((await write(opened.store, 'b', 2)).metadata.resourceVersion).toBe('1');
  });

  it('applies its writes in order, each on what the one before it left', async () => {
    await using opened = await temporaryStore();
    const key = { kind: 'Device', namespace: 'factory', name: 'a' };
    const [first, , , last] = await Promise.all([
      write(opened.store, 'a', 1),
      write(opened.store, 'a', 2),
      opened.store.delete(key),
      write(opened.store, 'a', 3),
    ]);
    expect(last.spec).toEqual({ n: 3 });
    expect(last.metadata.generation).toBe(1);
    expect(last.metadata.uid).not.toBe(first.metadata.uid);
    const events = await takeEvents(opened.store.watch({ kind: 'Device', resourceVersion: '0', signal: forever }), 4);
    expect(events.map((event) => event.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED', 'ADDED']);
  });

  it('lists one moment through all pages, and says so when too many lists are open', async () => {
    await using opened = await temporaryStore();
    for (let i = 0; i < 4; i++) await write(opened.store, `device-${i}`);
    const first = await opened.store.list({ kind: 'Device', limit: 2 });
    await opened.store.delete({ kind: 'Device', namespace: 'factory', name: 'device-3' });
    await write(opened.store, 'device-9');
    const token = first.continue ?? '';
    const second = await opened.store.list({ kind: 'Device', limit: 2, continue: token });
    expect(second.items.map((item) => item.metadata.name)).toEqual(['device-2', 'device-3']);
    expect(second.resourceVersion).toBe(first.resourceVersion);
    const again = await opened.store.list({ kind: 'Device', limit: 2 });
    for (let i = 0; i < 20; i++) await opened.store.list({ kind: 'Device', limit: 2 });
    await expect(opened.store.list({ kind: 'Device', limit: 2, continue: again.continue ?? '' })).rejects.toMatchObject(
      { code: 'gone' },
    );
  });
});
