import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../operator/api/meta.ts';
import { API_VERSION } from '../../operator/api/meta.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import type { Admission } from '../../operator/runtime/store/admission.ts';
import { admitEverything } from '../../operator/runtime/store/admission.ts';
import type { LocalStore } from '../../operator/runtime/store/local/local-store.ts';
import { openLocalStore } from '../../operator/runtime/store/local/open.ts';
import type { WatchEvent } from '../../operator/runtime/store.ts';

export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

export function temporaryFolder(prefix = 'fleetward-state-'): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TemporaryStore extends AsyncDisposable {
  readonly store: LocalStore;
  readonly folder: string;
}

/** A local store in a folder that goes with it. */
export async function temporaryStore(
  options: { readonly admission?: Admission; readonly clock?: Clock } = {},
): Promise<TemporaryStore> {
  const folder = temporaryFolder();
  const { admission = admitEverything, clock = systemClock } = options;
  const store = await openLocalStore({ folder: folder.path, admission, clock });
  return {
    store,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

/** A document to apply; `metadata` adds to name and namespace. */
export function document(
  kind: string,
  name: string,
  content: { readonly spec?: unknown; readonly metadata?: Partial<KubeObject['metadata']> } = {},
): KubeObject {
  const metadata = { name, namespace: 'factory', ...content.metadata };
  const base = { apiVersion: API_VERSION, kind, metadata };
  return content.spec === undefined ? base : { ...base, spec: content.spec };
}

/** Takes `count` events (bookmarks aside, unless asked for) and ends the watch. */
export async function takeEvents(
  events: AsyncIterable<WatchEvent>,
  count: number,
  options: { readonly bookmarks?: boolean } = {},
): Promise<WatchEvent[]> {
  const taken: WatchEvent[] = [];
  if (count === 0) return taken;
  for await (const event of events) {
    if (event.type === 'BOOKMARK' && !options.bookmarks) continue;
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}
