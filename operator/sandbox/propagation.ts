import type { Clock } from '../runtime/clock.ts';
import { type AuthorityView, currentView, type ThingFacts } from './authorization.ts';
import type { Change } from './state/changes.ts';
import { Heap } from './state/heap.ts';
import type { Scope, Slice } from './state/scope.ts';

/**
 * How changes reach the broker.
 * - `instant`: at once. `fixed`: after the longest delay. `random`: each after its own delay between the bounds.
 * - `adversarial`: each after either the shortest or the longest, so that later changes overtake earlier ones.
 */
export interface PropagationOptions {
  readonly mode: 'instant' | 'fixed' | 'random' | 'adversarial';
  /** Shortest and longest delay in milliseconds. */
  readonly delay: readonly [number, number];
  /** A new connection reads everything fresh; existing ones still wait. */
  readonly newConnectionsSeeAtOnce: boolean;
  readonly random: () => number;
}

/** A view that tells when its answers may have changed. */
export interface VersionedView extends AuthorityView {
  /** While this stays the same, so does every answer. */
  version(): number;
}

/** A set of which each member is refreshed by itself: two attachments of one certificate may arrive in either order. */
interface CachedSet {
  readonly shown: Set<string>;
  readonly pending: Map<string, number>;
}

interface CachedValue<V> {
  value: V;
  pending: number | undefined;
}

/** What the broker has read and still goes by, entry by entry. */
interface CacheEntries {
  readonly policies: Map<string, CachedSet>;
  readonly groups: Map<string, CachedSet>;
  readonly documents: Map<string, CachedValue<string | undefined>>;
  readonly things: Map<string, CachedValue<ThingFacts | undefined>>;
}

const newEntries = (): CacheEntries => ({
  policies: new Map(),
  groups: new Map(),
  documents: new Map(),
  things: new Map(),
});

interface Saved {
  readonly sets: Readonly<Record<'policies' | 'groups', readonly unknown[][]>>;
  readonly values: Readonly<Record<'documents' | 'things', readonly unknown[][]>>;
}

/**
 * A snapshot has the entries that still show what is no more: a policy that was tightened a minute ago is not in effect
 * just because the sandbox was started anew. What is current would be read the same.
 */
export const BROKER_CACHE: Slice<CacheEntries> = {
  name: 'broker-cache',
  create: newEntries,
  save({ policies, groups, documents, things }): Saved {
    const sets = (cache: Map<string, CachedSet>) =>
      [...cache].flatMap(([key, { shown, pending }]) => (pending.size > 0 ? [[key, [...shown], [...pending]]] : []));
    const values = (cache: Map<string, CachedValue<unknown>>) =>
      [...cache].flatMap(([key, { value, pending }]) => (pending === undefined ? [] : [[key, value ?? null, pending]]));
    return {
      sets: { policies: sets(policies), groups: sets(groups) },
      values: { documents: values(documents), things: values(things) },
    };
  },
  load(entries, saved) {
    const { sets, values } = saved as Saved;
    for (const name of ['policies', 'groups'] as const) {
      for (const [key, shown, pending] of sets[name] as [string, string[], [string, number][]][]) {
        entries[name].set(key, { shown: new Set(shown), pending: new Map(pending) });
      }
    }
    for (const name of ['documents', 'things'] as const) {
      const cache = entries[name] as Map<string, CachedValue<unknown>>;
      for (const [key, value, pending] of values[name] as [string, unknown, number][]) {
        cache.set(key, { value: value ?? undefined, pending });
      }
    }
  },
};

/**
 * The broker's caches of one account and region: what it has read once it goes on using until the entry turns over
 * (iot-policies: six to eight minutes). Separate entries for each attachment, each policy's default version, each
 * membership and each thing's attributes. What was never read is read fresh.
 */
export class BrokerCache implements VersionedView {
  readonly #scope: Scope;
  readonly #opened = new Set<BrokerCache>();
  /** Times at which entries turn over. */
  readonly #due = new Heap<undefined>();
  #turnovers = 0;
  readonly #current: AuthorityView;
  readonly #clock: Clock;
  readonly #options: PropagationOptions;
  readonly #policies: Map<string, CachedSet>;
  readonly #groups: Map<string, CachedSet>;
  readonly #documents: Map<string, CachedValue<string | undefined>>;
  readonly #things: Map<string, CachedValue<ThingFacts | undefined>>;

  constructor(scope: Scope, clock: Clock, options: PropagationOptions, entries: CacheEntries = newEntries()) {
    this.#policies = entries.policies;
    this.#groups = entries.groups;
    this.#documents = entries.documents;
    this.#things = entries.things;
    for (const at of this.#waiting()) this.#due.push(at, undefined);
    this.#scope = scope;
    this.#current = currentView(scope);
    this.#clock = clock;
    this.#options = options;
  }

  /** To be called after each change of the scope (`sandbox.onChange`). */
  observe(change: Change): void {
    if (this.#options.mode === 'instant') return;
    for (const own of this.#opened) own.observe(change);
    switch (change.kind) {
      case 'policy-attachment':
        this.#expireMember(this.#policies.get(change.target), change.policyName);
        return;
      case 'membership':
        this.#expireMember(this.#groups.get(change.thingName), change.groupName);
        return;
      case 'policy':
        this.#expire(this.#documents.get(change.policyName));
        return;
      case 'thing':
      case 'thing-type-association':
        this.#expire(this.#things.get(change.thingName));
        return;
      case 'restored':
        for (const at of this.#waiting()) this.#due.push(at, undefined);
        return;
      default:
        return;
    }
  }

  policiesOf(target: string): readonly string[] {
    return this.#readSet(this.#policies, target, this.#current.policiesOf(target));
  }

  groupsOf(thingName: string): readonly string[] {
    return this.#readSet(this.#groups, thingName, this.#current.groupsOf(thingName));
  }

  document(policyName: string): string | undefined {
    return this.#readValue(this.#documents, policyName, () => this.#current.document(policyName));
  }

  thing(thingName: string): ThingFacts | undefined {
    return this.#readValue(this.#things, thingName, () => {
      const thing = this.#current.thing(thingName);
      return thing && { typeName: thing.typeName, attributes: thing.attributes };
    });
  }

  /** Read when a connection is made, hence not cached. */
  thingsOf(principal: string): ReadonlyMap<string, boolean> {
    return this.#current.thingsOf(principal);
  }

  /**
   * With `newConnectionsSeeAtOnce`: caches of one connection's own. They are empty, so it reads everything as it is now,
   * and what other connections have read stays as it is. `release` them when the connection is gone.
   */
  open(): BrokerCache | undefined {
    if (!this.#options.newConnectionsSeeAtOnce || this.#options.mode === 'instant') return undefined;
    const own = new BrokerCache(this.#scope, this.#clock, this.#options);
    this.#opened.add(own);
    return own;
  }

  release(own: BrokerCache): void {
    this.#opened.delete(own);
  }

  /** Another number whenever an answer of these caches may be another than before: a change, or an entry that turned over. */
  version(): number {
    const now = this.#clock.now();
    for (let due = this.#due.peek(); due && due.at <= now; due = this.#due.peek()) {
      this.#due.pop();
      this.#turnovers++;
    }
    return this.#scope.revision + this.#turnovers;
  }

  /** When the next waiting entry turns over; undefined when none waits. */
  nextTurnover(): number | undefined {
    const times = [...[...this.#opened].flatMap((own) => own.nextTurnover() ?? []), ...this.#waiting()];
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
  }

  *#waiting(): Generator<number> {
    for (const set of [...this.#policies.values(), ...this.#groups.values()]) yield* set.pending.values();
    for (const { pending } of [...this.#documents.values(), ...this.#things.values()]) {
      if (pending !== undefined) yield pending;
    }
  }

  #readSet(cache: Map<string, CachedSet>, key: string, current: readonly string[]): readonly string[] {
    if (this.#options.mode === 'instant') return current;
    const known = cache.get(key);
    if (!known) {
      cache.set(key, { shown: new Set(current), pending: new Map() });
      return current;
    }
    const now = this.#clock.now();
    for (const [member, at] of known.pending) {
      if (at > now) continue;
      known.pending.delete(member);
      if (current.includes(member)) known.shown.add(member);
      else known.shown.delete(member);
    }
    return [...known.shown];
  }

  #readValue<V>(cache: Map<string, CachedValue<V>>, key: string, read: () => V): V {
    if (this.#options.mode === 'instant') return read();
    const known = cache.get(key);
    if (!known) {
      const value = read();
      cache.set(key, { value, pending: undefined });
      return value;
    }
    if (known.pending !== undefined && known.pending <= this.#clock.now()) {
      known.value = read();
      known.pending = undefined;
    }
    return known.value;
  }

  // A change while one already waits does not put the turnover off: the entry is read anew when it is due.
  #expireMember(set: CachedSet | undefined, member: string): void {
    if (!set || set.pending.has(member)) return;
    const at = this.#dueTime();
    set.pending.set(member, at);
    this.#due.push(at, undefined);
  }

  #expire(entry: { pending: number | undefined } | undefined): void {
    if (!entry || entry.pending !== undefined) return;
    entry.pending = this.#dueTime();
    this.#due.push(entry.pending, undefined);
  }

  #dueTime(): number {
    const [shortest, longest] = this.#options.delay;
    const now = this.#clock.now();
    switch (this.#options.mode) {
      case 'instant':
        return now;
      case 'fixed':
        return now + longest;
      case 'random':
        return now + shortest + this.#options.random() * (longest - shortest);
      case 'adversarial':
        return now + (this.#options.random() < 0.5 ? shortest : longest);
    }
  }
}
