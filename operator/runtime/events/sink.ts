import type { ObjectKey } from '../../api/meta.ts';
import type { Store } from '../store.ts';
import type { EventDocument } from './document.ts';

/** Where events go. `write` makes an event, or brings its count up to date when it is there. Throws StoreError. */
export interface EventSink {
  write(event: EventDocument): Promise<void>;
}

export interface StoreSinkOptions {
  readonly store: Store;
  /** Field manager. Default `fleetward-events`. */
  readonly owner?: string;
  /**
   * Events kept; older ones are deleted. For the local store, where nothing else ever takes them away. Absent for an API
   * server, which drops events by itself after an hour and where deleting needs a permission.
   */
  readonly keep?: number;
}

/** Events as objects of the store: those of the API server, or beside the devices in the state folder. */
export function storeEventSink(options: StoreSinkOptions): EventSink {
  const { store, keep, owner = 'fleetward-events' } = options;
  let kept: Promise<Set<string>> | undefined;
  return {
    async write(event) {
      await store.apply(event, { owner });
      if (keep === undefined) return;
      kept ??= storedEvents(store);
      const names = await kept;
      names.add(nameOf(event.metadata));
      for (const oldest of names) {
        if (names.size <= keep) break;
        names.delete(oldest);
        await store.delete(keyOfName(oldest));
      }
    },
  };
}

/** What an earlier process left, oldest first. */
async function storedEvents(store: Store): Promise<Set<string>> {
  const found: { readonly name: string; readonly time: string }[] = [];
  let next: string | undefined;
  do {
    const page = await store.list({ kind: 'Event', limit: 500, ...(next === undefined ? {} : { continue: next }) });
    for (const object of page.items) {
      const { eventTime } = object as Partial<EventDocument>;
      found.push({ name: nameOf(object.metadata), time: eventTime ?? '' });
    }
    next = page.continue;
  } while (next !== undefined);
  found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return new Set(found.map((event) => event.name));
}

const nameOf = (metadata: { readonly namespace?: string; readonly name: string }): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

function keyOfName(name: string): ObjectKey {
  const slash = name.indexOf('/');
  return { kind: 'Event', namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}
