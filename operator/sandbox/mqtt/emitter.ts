import { FilterTree, parseFilter } from './topics.ts';

export interface Routed {
  readonly topic: string;
}

type Listener = (packet: Routed, done: () => void) => void;

interface Group {
  readonly members: Listener[];
  next: number;
}

type Entry = { readonly kind: 'one'; readonly listener: Listener } | { readonly kind: 'group'; readonly group: Group };

/**
 * Routes packets to listeners by AWS's topic rules, in the place of aedes' own emitter. Every delivery starts within
 * the call, so that time can only move between whole deliveries.
 */
export class TopicEmitter {
  readonly concurrency = 0;
  readonly #tree = new FilterTree<Entry>();
  readonly #entries = new Map<string, Map<Listener, Entry>>();
  readonly #groups = new Map<string, Entry & { kind: 'group' }>();

  on(topic: string, listener: Listener, done?: () => void): this {
    // aedes' messages between the nodes of a cluster; there is one node.
    if (!topic.startsWith('$SYS/')) this.#add(topic, listener);
    // Not within the call: aedes notes that a session is restored only after it has started to restore it.
    if (done) queueMicrotask(done);
    return this;
  }

  removeListener(topic: string, listener: Listener, done?: () => void): this {
    this.#remove(topic, listener);
    done?.();
    return this;
  }

  emit(packet: Routed, done: (error?: Error) => void = () => {}): this {
    if (!packet.topic.startsWith('$SYS/')) {
      for (const entry of this.#tree.match(packet.topic)) listenerOf(entry)?.(packet, () => {});
    }
    // aedes waits for slow receivers here; a sandbox lets each receiver buffer within its own bound instead.
    done();
    return this;
  }

  close(done: () => void): this {
    done();
    return this;
  }

  #add(topic: string, listener: Listener): void {
    const parsed = parseFilter(topic);
    if (!parsed) return;
    if (parsed.group === undefined) {
      const entry = { kind: 'one', listener } as const;
      const known = this.#entries.get(topic) ?? new Map<Listener, Entry>();
      known.set(listener, entry);
      this.#entries.set(topic, known);
      this.#tree.add(parsed.filter, entry);
      return;
    }
    let entry = this.#groups.get(topic);
    if (!entry) {
      entry = { kind: 'group', group: { members: [], next: 0 } };
      this.#groups.set(topic, entry);
      this.#tree.add(parsed.filter, entry);
    }
    entry.group.members.push(listener);
  }

  #remove(topic: string, listener: Listener): void {
    const parsed = parseFilter(topic);
    if (!parsed) return;
    if (parsed.group === undefined) {
      const known = this.#entries.get(topic);
      const entry = known?.get(listener);
      if (!known || !entry) return;
      known.delete(listener);
      if (known.size === 0) this.#entries.delete(topic);
      this.#tree.remove(parsed.filter, entry);
      return;
    }
    const entry = this.#groups.get(topic);
    const at = entry?.group.members.indexOf(listener) ?? -1;
    if (!entry || at < 0) return;
    entry.group.members.splice(at, 1);
    if (entry.group.members.length > 0) return;
    this.#groups.delete(topic);
    this.#tree.remove(parsed.filter, entry);
  }
}

/** One member of a shared subscription takes each message, in turn. */
function listenerOf(entry: Entry): Listener | undefined {
  if (entry.kind === 'one') return entry.listener;
  const { group } = entry;
  return group.members[group.next++ % group.members.length];
}
