import { Readable } from 'node:stream';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Retained } from '../state/retained.ts';
import type { Session, StoredPacket } from './presence.ts';
import { refused, type Settled, settled } from './settled.ts';
import { FilterTree, matchesFilter, parseFilter } from './topics.ts';

export interface SessionOwner {
  readonly id: string;
}

interface Subscription {
  readonly topic: string;
  readonly qos: number;
}

/** Messages that one absent device may leave waiting; AWS publishes no figure, this keeps the memory bounded. */
const MAX_QUEUED = 10_000;
const MAX_QUEUED_BYTES = 32 * 1_048_576;

const toPacket = ({ topic, payload, qos }: { topic: string; payload: Uint8Array; qos: number }) => ({
  cmd: 'publish',
  topic,
  payload: Buffer.from(payload),
  qos,
  retain: true,
});

/**
 * Persistent sessions, their queued messages and the retained messages of one account and region, in the form that aedes
 * asks its persistence in. A session outlives its connection by `expiryMs` on the sandbox's clock (default of AWS: one
 * hour, mqtt page "persistent sessions").
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #expiryMs: number;
  readonly #retained: Retained;
  readonly #grants: { granted(subscription: Subscription): boolean };
  readonly #ended: (clientId: string) => void;
  readonly #queuedFor: (clientId: string, packet: StoredPacket) => void;
  readonly #sessions: Map<string, Session>;
  readonly #timers = new Map<Session, Timer>();
  #tree = new FilterTree<Session>();

  /** `ended` is called when a session is over, `queued` for each message that a device without a connection will get. Filters that `grants` does not know as granted are not kept. */
  constructor(
    parts: {
      readonly clock: Clock;
      readonly expiryMs: number;
      readonly retained: Retained;
      readonly sessions: Map<string, Session>;
    },
    grants: { granted(subscription: Subscription): boolean },
    on: {
      readonly ended: (clientId: string) => void;
      readonly queued: (clientId: string, packet: StoredPacket) => void;
    },
  ) {
    this.#clock = parts.clock;
    this.#expiryMs = parts.expiryMs;
    this.#retained = parts.retained;
    this.#sessions = parts.sessions;
    this.#grants = grants;
    this.#ended = on.ended;
    this.#queuedFor = on.queued;
    this.resume();
  }

  /** Goes on with the sessions that are there, as after a restore. Their clients are not connected. */
  resume(): void {
    this.stop();
    this.#tree = new FilterTree();
    for (const session of [...this.#sessions.values()]) {
      for (const [topic, qos] of session.subscriptions) this.#route(session, topic, qos);
      session.endsAt ??= this.#clock.now() + this.#expiryMs;
      if (session.endsAt <= this.#clock.now()) this.drop(session.clientId);
      else this.#expire(session, session.endsAt);
    }
  }

  has(clientId: string): boolean {
    return this.#sessions.has(clientId);
  }

  subscriptions(clientId: string): Subscription[] {
    const stored = this.#sessions.get(clientId)?.subscriptions ?? [];
    return [...stored].map(([topic, qos]) => ({ topic, qos }));
  }

  queued(clientId: string): number {
    return this.#sessions.get(clientId)?.queue.length ?? 0;
  }

  /** A client without cleanSession is connected: the session is there and does not expire. */
  open(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session) this.#expire(session, undefined);
    else this.#sessions.set(clientId, { clientId, subscriptions: new Map(), queue: [], bytes: 0, endsAt: undefined });
  }

  /** The connection of a session ended. */
  suspend(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session) this.#expire(session, this.#clock.now() + this.#expiryMs);
  }

  drop(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (!session) return;
    this.#expire(session, undefined);
    for (const topic of session.subscriptions.keys()) this.#unroute(session, topic);
    this.#sessions.delete(clientId);
    this.#ended(clientId);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #expire(session: Session, at: number | undefined): void {
    this.#timers.get(session)?.cancel();
    this.#timers.delete(session);
    session.endsAt = at;
    if (at === undefined) return;
    const timer = this.#clock.after(at - this.#clock.now(), () => this.drop(session.clientId));
    this.#timers.set(session, timer);
  }

  // From here on: the interface of aedes' persistence. It insists on an async `setup`.

  async setup(): Promise<void> {}

  addSubscriptions({ id }: SessionOwner, subscriptions: readonly Subscription[]): Settled<void> {
    const session = this.#sessions.get(id);
    for (const subscription of session ? subscriptions : []) {
      if (!session || !this.#grants.granted(subscription)) continue;
      session.subscriptions.set(subscription.topic, subscription.qos);
      this.#route(session, subscription.topic, subscription.qos);
    }
    return settled(undefined);
  }

  removeSubscriptions({ id }: SessionOwner, topics: readonly string[]): Settled<void> {
    const session = this.#sessions.get(id);
    for (const topic of session ? topics : []) {
      session?.subscriptions.delete(topic);
      if (session) this.#unroute(session, topic);
    }
    return settled(undefined);
  }

  subscriptionsByClient({ id }: SessionOwner): Settled<Subscription[]> {
    return settled(this.subscriptions(id));
  }

  /** aedes asks this when a client connects with cleanSession. */
  cleanSubscriptions({ id }: SessionOwner): Settled<void> {
    this.drop(id);
    return settled(undefined);
  }

  subscriptionsByTopic(topic: string): Settled<{ clientId: string }[]> {
    return settled([...this.#tree.match(topic)].map(({ clientId }) => ({ clientId })));
  }

  outgoingEnqueue({ clientId }: { readonly clientId: string }, packet: StoredPacket): Settled<void> {
    const session = this.#sessions.get(clientId);
    if (session && session.queue.length < MAX_QUEUED && session.bytes < MAX_QUEUED_BYTES) {
      session.queue.push(copyOf(packet));
      session.bytes += packet.payload.length;
      if (session.endsAt !== undefined) this.#queuedFor(clientId, packet);
    }
    return settled(undefined);
  }

  outgoingEnqueueCombi(receivers: readonly { readonly clientId: string }[], packet: StoredPacket): Settled<void> {
    for (const receiver of receivers) this.outgoingEnqueue(receiver, packet);
    return settled(undefined);
  }

  /** Notes the packet id under which a queued message was sent. A shared subscription's messages are not queued. */
  outgoingUpdate({ id }: SessionOwner, packet: StoredPacket): Settled<void> {
    const waiting = this.#sessions.get(id)?.queue.find((q) => sameMessage(q, packet));
    if (waiting) waiting.messageId = packet.messageId;
    return settled(undefined);
  }

  outgoingClearMessageId({ id }: SessionOwner, packet: StoredPacket): Settled<StoredPacket | undefined> {
    const session = this.#sessions.get(id);
    const queue = session?.queue ?? [];
    const at = queue.findIndex((q) =>
      packet.messageId === undefined ? sameMessage(q, packet) : q.messageId === packet.messageId,
    );
    const [gone] = at < 0 ? [] : queue.splice(at, 1);
    if (session && gone) session.bytes -= gone.payload.length;
    return settled(gone);
  }

  outgoingStream({ id }: SessionOwner): Readable {
    return Readable.from([...(this.#sessions.get(id)?.queue ?? [])]);
  }

  storeRetained(packet: StoredPacket): Settled<void> {
    const { topic, payload, qos } = packet;
    if (payload.length === 0) this.#retained.delete(topic);
    else this.#retained.set(topic, { topic, payload, qos, at: this.#clock.now() });
    return settled(undefined);
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    const plain = filters.flatMap((text) => {
      const parsed = parseFilter(text);
      return parsed && parsed.group === undefined ? [parsed.filter] : [];
    });
    if (this.#retained.size === 0 || plain.length === 0) return Readable.from([]);
    const exact = plain.filter((filter) => !/[+#]/.test(filter));
    const found = exact.flatMap((filter) => this.#retained.get(filter) ?? []);
    const wild = plain.filter((filter) => /[+#]/.test(filter));
    for (const message of wild.length === 0 ? [] : this.#retained.values()) {
      if (!exact.includes(message.topic) && wild.some((f) => matchesFilter(f, message.topic))) found.push(message);
    }
    return Readable.from(found.map(toPacket));
  }

  // The will lives in its connection: this broker has no other nodes that would have to publish it.
  putWill(): Settled<void> {
    return settled(undefined);
  }

  delWill(): Settled<void> {
    return settled(undefined);
  }

  streamWill(): Readable {
    return Readable.from([]);
  }

  // QoS 2 never gets as far as being stored.
  incomingGetPacket(): Settled<never> {
    return refused(new Error('QoS 2 is not supported'));
  }

  cleanIncoming(): Settled<void> {
    return settled(undefined);
  }

  #route(session: Session, topic: string, qos: number): void {
    const parsed = parseFilter(topic);
    if (parsed?.group !== undefined || !parsed) return;
    if (qos > 0) this.#tree.add(parsed.filter, session);
    else this.#tree.remove(parsed.filter, session);
  }

  #unroute(session: Session, topic: string): void {
    const parsed = parseFilter(topic);
    if (parsed && parsed.group === undefined) this.#tree.remove(parsed.filter, session);
  }
}

const sameMessage = (a: StoredPacket, b: StoredPacket) =>
  a.brokerId === b.brokerId && a.brokerCounter === b.brokerCounter;

/** Its own copy: aedes changes the packet it delivers. */
function copyOf({ cmd, topic, payload, qos, retain, brokerId, brokerCounter }: StoredPacket): StoredPacket {
  return { cmd, topic, payload, qos, retain, brokerId, brokerCounter, messageId: undefined };
}
