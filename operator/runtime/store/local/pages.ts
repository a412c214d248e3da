import { randomUUID } from 'node:crypto';
import type { KubeObject } from '../../../api/meta.ts';
import type { ListPage } from '../../store.ts';
import { StoreError } from '../../store.ts';

/** Lists that are being paged at the same time; the oldest makes room, and its reader is told `gone`. */
const OPEN_LISTS = 16;

/** Pages of one list show one moment, however long the reader takes: they hold references, not copies. */
export class Pages {
  readonly #open = new Map<string, { readonly items: readonly KubeObject[]; readonly resourceVersion: string }>();

  first(items: readonly KubeObject[], resourceVersion: string, limit: number | undefined): ListPage {
    if (limit === undefined || items.length <= limit) return { items, resourceVersion };
    const id = randomUUID();
    this.#open.set(id, { items, resourceVersion });
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= OPEN_LISTS) break;
      this.#open.delete(oldest);
    }
    return { items: items.slice(0, limit), resourceVersion, continue: `${id}:${limit}` };
  }

  next(token: string, limit: number | undefined): ListPage {
    const [id = '', start = ''] = token.split(':');
    const list = this.#open.get(id);
    const from = Number(start);
    if (!list || !Number.isInteger(from)) {
      throw new StoreError('gone', 'The continue token is not known any more: list again from the start');
    }
    const to = limit === undefined ? list.items.length : from + limit;
    const page = { items: list.items.slice(from, to), resourceVersion: list.resourceVersion };
    if (to < list.items.length) return { ...page, continue: `${id}:${to}` };
    this.#open.delete(id);
    return page;
  }
}
