import type { Connection } from './connection.ts';
import type { RealmParts } from './parts.ts';
import type { SeenPacket } from './tap.ts';
import { isUnknownReserved, parseFilter } from './topics.ts';

type JudgeParts = Pick<RealmParts, 'authorizer' | 'telemetry' | 'unauthorizedSubscribe' | 'switches'>;

export interface Subscription {
  readonly topic: string;
  readonly qos: number;
}

/** `close`: the connection ends without an answer. `refused`: SUBACK 0x80 for this filter. */
export type Verdict = 'granted' | 'refused' | 'close';

const MAX_FILTERS_PER_PACKET = 8;
const MAX_FILTERS_PER_CONNECTION = 50;

/**
 * Judges SUBSCRIBE packets as a whole before any of their filters takes effect. aedes asks filter by filter, so the packet
 * that a filter came with is noted when it is parsed.
 */
export class SubscribeJudge {
  readonly #parts: JudgeParts;
  readonly #packets = new WeakMap<object, SeenPacket>();
  readonly #verdicts = new WeakMap<SeenPacket, ReadonlyMap<object, Verdict>>();

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  note(packet: SeenPacket): void {
    for (const subscription of packet.subscriptions ?? []) this.#packets.set(subscription, packet);
  }

  /** A filter without a packet belongs to a session that is restored: iot:Subscribe is not asked again. */
  verdict(connection: Connection, subscription: Subscription): Verdict {
    const packet = this.#packets.get(subscription);
    if (!packet) {
      connection.filters.set(subscription.topic, subscription.qos);
      return 'granted';
    }
    let verdicts = this.#verdicts.get(packet);
    if (!verdicts) {
      verdicts = this.#judge(connection, packet.subscriptions as readonly Subscription[]);
      this.#verdicts.set(packet, verdicts);
    }
    return verdicts.get(subscription) ?? 'close';
  }

  /** Whether this filter may be kept in the session; true for filters that no packet brought. */
  granted(subscription: Subscription): boolean {
    const packet = this.#packets.get(subscription);
    return !packet || this.#verdicts.get(packet)?.get(subscription) === 'granted';
  }

  #judge(connection: Connection, subscriptions: readonly Subscription[]): Map<object, Verdict> {
    const all = (verdict: Verdict) => new Map(subscriptions.map((s) => [s, verdict]));
    if (!this.#acceptable(connection, subscriptions)) {
      connection.reason ??= 'CLIENT_ERROR';
      return all('close');
    }
    const denied = subscriptions.filter(({ topic }) => !this.#allows(connection, topic));
    const granted = subscriptions.filter((s) => !denied.includes(s));
    if (denied.length > 0) this.#tell(connection, denied, false);
    if (denied.length > 0 && this.#parts.unauthorizedSubscribe === 'close') {
      connection.reason ??= 'AUTH_ERROR';
      return all('close');
    }
    for (const { topic, qos } of granted) connection.filters.set(topic, qos);
    if (granted.length > 0) this.#tell(connection, granted, true);
    return new Map(subscriptions.map((s) => [s, denied.includes(s) ? 'refused' : 'granted']));
  }

  /** For a shared subscription the page leaves open which text is judged. */
  #allows(connection: Connection, topic: string): boolean {
    const { authorizer, switches } = this.#parts;
    const parsed = parseFilter(topic);
    const isShared = parsed?.group !== undefined;
    const texts = [
      ...(!isShared || switches.sharedSubscription !== 'filter' ? [topic] : []),
      ...(isShared && switches.sharedSubscription !== 'whole' ? [parsed.filter] : []),
    ];
    return texts.every((text) => authorizer.allows(connection, 'iot:Subscribe', `topicfilter/${text}`));
  }

  #acceptable(connection: Connection, subscriptions: readonly Subscription[]): boolean {
    if (subscriptions.length > MAX_FILTERS_PER_PACKET) return false;
    if (subscriptions.some(({ topic, qos }) => qos > 1 || !this.#isFilter(topic))) return false;
    const added = new Set(subscriptions.map((s) => s.topic).filter((topic) => !connection.filters.has(topic)));
    return connection.filters.size + added.size <= MAX_FILTERS_PER_CONNECTION;
  }

  #isFilter(topic: string): boolean {
    const parsed = parseFilter(topic);
    if (!parsed) return false;
    return !this.#parts.switches.unknownReservedCloses || !isUnknownReserved(parsed.filter, 'subscribe');
  }

  #tell(connection: Connection, subscriptions: readonly Subscription[], allowed: boolean): void {
    this.#parts.telemetry.subscribed(
      connection,
      subscriptions.map((s) => s.topic),
      allowed,
    );
  }
}
