import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { admitEverything } from '../../../operator/runtime/store/admission.ts';
import type { LocalStore } from '../../../operator/runtime/store/local/local-store.ts';
import { openLocalStore } from '../../../operator/runtime/store/local/open.ts';
import { StoreError } from '../../../operator/runtime/store.ts';
import { mayMount, smallFileSystem } from '../../support/machine.ts';
import { document, takeEvents, temporaryFolder } from '../../support/store.ts';

const OWNER = { owner: 'test' };
const big = (name: string, fill = 'x') => document('Device', name, { spec: { padding: fill.repeat(20_000) } });

/** Writes new objects until the store refuses; returns the names that were confirmed, and the refusal. */
async function writeUntilFull(store: LocalStore): Promise<{ names: string[]; refusal: StoreError }> {
  const names: string[] = [];
  for (let i = 0; i < 1_000; i++) {
    try {
      const { metadata } = await store.apply(big(`object-${i}`), OWNER);
      names.push(metadata.name);
    } catch (thrown) {
      if (thrown instanceof StoreError) return { names, refusal: thrown };
      throw thrown;
    }
  }
  throw new Error('the disk never filled up');
}

async function expectLastGoodState(store: LocalStore, names: readonly string[]): Promise<void> {
  const { items } = await store.list({ kind: 'Device' });
  expect(items.map((item) => item.metadata.name).sort()).toEqual([...names].sort());
}

describe('a full disk under the state folder', () => {
  it('refuses the write, keeps the last good state, tells no watch, and goes on when there is room', async () => {
    using folder = temporaryFolder();
    const options = { folder: folder.path, admission: admitEverything, clock: systemClock };
    const store = await openLocalStore({ ...options, maxPages: 100 });
    const { names, refusal } = await writeUntilFull(store);
    expect(refusal.code).toBe('full');
    expect(refusal.message).toContain(folder.path);
    expect(names.length).toBeGreaterThan(5);
    await expectLastGoodState(store, names);
    const { resourceVersion } = await store.list({ kind: 'Device' });
    const stop = new AbortController();
    const heard = takeEvents(store.watch({ kind: 'Device', resourceVersion, signal: stop.signal }), 1);

    // A batch of which one write does not fit is refused as a whole, and changes nothing in memory either.
    const small = document('Device', names[0]!, { spec: { small: true } });
    const batch = await Promise.allSettled([store.apply(big('too-much'), OWNER), store.apply(small, { owner: 'b' })]);
    expect(batch.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    await expectLastGoodState(store, names);

    await store.delete({ kind: 'Device', namespace: 'factory', name: names[0]! });
    await store.apply(big('after-there-was-room', 'y'), OWNER);
    expect((await heard)[0]).toMatchObject({ type: 'DELETED' });
    await store.close();
    const reopened = await openLocalStore(options);
    await expectLastGoodState(reopened, [...names.slice(1), 'after-there-was-room']);
    await reopened.close();
  });

  it.skipIf(!mayMount())('on a real file system of 3 MB (needs the right to mount)', async () => {
    using folder = smallFileSystem('3m');
    const ballast = join(folder.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(1_500_000));
    const options = { folder: folder.path, admission: admitEverything, clock: systemClock };
    const store = await openLocalStore(options);
    const { names, refusal } = await writeUntilFull(store);
    expect(refusal.code).toBe('full');
    await expectLastGoodState(store, names);
    expect((await writeUntilFull(store)).names).not.toContain('object-1000');
    rmSync(ballast);
    await store.apply(big('after-there-was-room'), OWNER);
    await store.close();
    const reopened = await openLocalStore(options);
    expect(await reopened.get({ kind: 'Device', namespace: 'factory', name: names[0]! })).toBeDefined();
    expect(await reopened.get({ kind: 'Device', namespace: 'factory', name: 'after-there-was-room' })).toBeDefined();
    await reopened.close();
  });
});
