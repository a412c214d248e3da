import type { KubeObject } from '../../operator/api/meta.ts';
import type { ListPage, ListQuery, Store, WatchEvent, WatchQuery } from '../../operator/runtime/store.ts';
import { StoreError } from '../../operator/runtime/store.ts';
import { document } from './store.ts';

/** An object as a server would hand it out. */
export function stored(name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject {
  return document('Device', name, { spec: {}, metadata: { uid, resourceVersion } });
}

/** One watch that the reflector opened; the test plays the server. */
export interface OpenWatch {
  readonly query: WatchQuery;
  send(...events: WatchEvent[]): void;
  end(): void;
  fail(error: unknown): void;
}

/**
 * The other side of a reflector, played by a test: lists are answered by `onList`, watches are kept in `watches` and
 * stay open until the test or the reflector ends them.
 */
export class ScriptedServer implements Pick<Store, 'list' | 'watch'> {
  readonly lists: ListQuery[] = [];
  readonly watches: OpenWatch[] = [];
  onList: (query: ListQuery, call: number) => ListPage | Promise<ListPage>;

  constructor(onList: ScriptedServer['onList'] = () => ({ items: [], resourceVersion: '1' })) {
    this.onList = onList;
  }

  get lastWatch(): OpenWatch {
    const last = this.watches.at(-1);
    if (!last) throw new Error('no watch was opened');
    return last;
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.lists.push(query);
    return this.onList(query, this.lists.length);
  }

  async *watch(query: WatchQuery): AsyncGenerator<WatchEvent> {
    const queue: (WatchEvent | 'end' | { readonly error: unknown })[] = [];
    let wake = () => {};
    const push = (item: (typeof queue)[number]) => {
      queue.push(item);
      wake();
    };
    this.watches.push({
      query,
      send: (...events) => events.forEach(push),
      end: () => push('end'),
      fail: (error) => push({ error }),
    });
    query.signal.addEventListener('abort', () => push('end'), { once: true });
    for (;;) {
      const item = queue.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (item === 'end') return;
      else if ('error' in item) throw item.error;
      else yield item;
    }
  }
}

export const gone = (): StoreError => new StoreError('gone', 'too old resource version');
