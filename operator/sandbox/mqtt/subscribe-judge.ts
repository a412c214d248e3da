import type { Authorizer } from './authorizer.ts';
import type { Connection } from './connection.ts';
import type { SeenPacket } from './tap.ts';
import type { Telemetry } from './telemetry.ts';
import { parseFilter } from './topics.ts';

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
  readonly #authorizer: Authorizer;
  readonly #telemetry: Telemetry;
  readonly #unauthorized: 'close' | 'suback';
  readonly #packets = new WeakMap<object, SeenPacket>();
  readonly #verdicts = new WeakMap<SeenPacket, ReadonlyMap<object, Verdict>>();

  constructor(authorizer: Authorizer, telemetry: Telemetry, unauthorized: 'close' | 'suback') {
    this.#authorizer = authorizer;
    this.#telemetry = telemetry;
    this.#unauthorized = unauthorized;
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
    const denied = subscriptions.filter(
      ({ topic }) => !this.#authorizer.allows(connection, 'iot:Subscribe', `topicfilter/${topic}`),
    );
    const granted = subscriptions.filter((s) => !denied.includes(s));
    if (denied.length > 0) this.#tell(connection, denied, false);
    if (denied.length > 0 && this.#unauthorized === 'close') {
      connection.reason ??= 'AUTH_ERROR';
      return all('close');
    }
    for (const { topic, qos } of granted) connection.filters.set(topic, qos);
    if (granted.length > 0) this.#tell(connection, granted, true);
    return new Map(subscriptions.map((s) => [s, denied.includes(s) ? 'refused' : 'granted']));
  }

  #acceptable(connection: Connection, subscriptions: readonly Subscription[]): boolean {
    if (subscriptions.length > MAX_FILTERS_PER_PACKET) return false;
    if (subscriptions.some(({ topic, qos }) => qos > 1 || !parseFilter(topic))) return false;
    const added = new Set(subscriptions.map((s) => s.topic).filter((topic) => !connection.filters.has(topic)));
    return connection.filters.size + added.size <= MAX_FILTERS_PER_CONNECTION;
  }

  #tell(connection: Connection, subscriptions: readonly Subscription[], allowed: boolean): void {
    this.#telemetry.subscribed(
      connection,
      subscriptions.map((s) => s.topic),
      allowed,
    );
  }
}
