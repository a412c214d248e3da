import { isValid, validityOf } from '../../policy/index.ts';

/** AWS's quota of slashes in a topic or filter, `$aws/rules/<rule>/` and `$share/<group>/` not counted. */
const MAX_SLASHES = 7;
const topicNames = validityOf('topic', MAX_SLASHES);
const topicFilters = validityOf('topicfilter', MAX_SLASHES);
const clientIds = validityOf('client', MAX_SLASHES);

export const isTopic = (topic: string): boolean => isValid(topicNames, topic);
export const isClientId = (id: string): boolean => isValid(clientIds, id);

export interface ParsedFilter {
  /** Group of a shared subscription. */
  readonly group: string | undefined;
  readonly filter: string;
}

/** Splits `$share/<group>/<filter>`; undefined when the text is no filter that the broker accepts. */
export function parseFilter(text: string): ParsedFilter | undefined {
  if (!text.startsWith('$share/')) return isValid(topicFilters, text) ? { group: undefined, filter: text } : undefined;
  const end = text.indexOf('/', '$share/'.length);
  const group = text.slice('$share/'.length, end < 0 ? undefined : end);
  const filter = end < 0 ? '' : text.slice(end + 1);
  if (group === '' || /[+#]/.test(group) || !isValid(topicFilters, filter)) return undefined;
  return { group, filter };
}

/** Families of reserved topics that clients publish on (reserved-topics); events and rules are AWS's own to publish or hear. */
const PUBLISHED = [
  'things',
  'rules',
  'certificates',
  'provisioning-templates',
  'commands',
  'device_location',
  'sitewise',
];
const SUBSCRIBED = [
  'things',
  'events',
  'certificates',
  'provisioning-templates',
  'commands',
  'device_location',
  'sitewise',
];

/** Whether a topic or filter begins with `$` and belongs to no service that clients use that way. */
export function isUnknownReserved(text: string, use: 'publish' | 'subscribe'): boolean {
  if (!text.startsWith('$')) return false;
  const [root, family = ''] = text.split('/');
  const known = use === 'publish' ? PUBLISHED : [...SUBSCRIBED, '+', '#'];
  return root !== '$aws' || !known.includes(family);
}

interface Level<T> {
  readonly next: Map<string, Level<T>>;
  readonly entries: Set<T>;
}

const newLevel = <T>(): Level<T> => ({ next: new Map(), entries: new Set() });

/**
 * Filters by level. AWS differs from the MQTT specification: `a/#` does not match `a` itself. As in the specification, a
 * wildcard at the first level does not match topics that begin with `$`.
 */
export class FilterTree<T> {
  readonly #root: Level<T> = newLevel();

  add(filter: string, entry: T): void {
    let level = this.#root;
    for (const word of filter.split('/')) {
      let next = level.next.get(word);
      if (!next) {
        next = newLevel();
        level.next.set(word, next);
      }
      level = next;
    }
    level.entries.add(entry);
  }

  remove(filter: string, entry: T): void {
    const path: [Level<T>, string][] = [];
    let level = this.#root;
    for (const word of filter.split('/')) {
      const next = level.next.get(word);
      if (!next) return;
      path.push([level, word]);
      level = next;
    }
    level.entries.delete(entry);
    for (const [parent, word] of path.reverse()) {
      const child = parent.next.get(word);
      if (!child || child.entries.size > 0 || child.next.size > 0) return;
      parent.next.delete(word);
    }
  }

  /** Entries of every filter that matches, each once, in the order in which the tree finds them. */
  match(topic: string): Set<T> {
    const found = new Set<T>();
    const words = topic.split('/');
    const visit = (level: Level<T>, at: number): void => {
      const word = words[at];
      if (word === undefined) {
        for (const entry of level.entries) found.add(entry);
        return;
      }
      const exact = level.next.get(word);
      if (exact) visit(exact, at + 1);
      if (at === 0 && topic.startsWith('$')) return;
      const any = level.next.get('+');
      if (any) visit(any, at + 1);
      for (const entry of level.next.get('#')?.entries ?? []) found.add(entry);
    };
    visit(this.#root, 0);
    return found;
  }
}

/** Whether one filter matches one topic, by the same rules. */
export function matchesFilter(filter: string, topic: string): boolean {
  const tree = new FilterTree<true>();
  tree.add(filter, true);
  return tree.match(topic).size > 0;
}
