import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { ConnectionInfo, OutgoingMessage } from '../broker-port.ts';
import type { Connection, DisconnectReason, Peer } from './connection.ts';
import { TopicEmitter } from './emitter.ts';
import { hooksOf } from './hooks.ts';
import { KeepAlive } from './keep-alive.ts';
import type { RealmParts } from './parts.ts';
import type { Ended } from './presence.ts';
import { Sessions } from './sessions.ts';
import { SubscribeJudge } from './subscribe-judge.ts';
import { ConnectionTable } from './table.ts';
import { type SeenPacket, tapClient } from './tap.ts';

/** aedes multiplies it by four and hands it to setInterval, which takes less than 2^31. There are no other nodes to hear of. */
const NO_HEARTBEAT_MS = 500_000_000;

/** Packets that a client may send before its CONNACK; MQTT allows that, and this keeps it bounded. */
const MAX_EARLY_PACKETS = 256;

/** The broker of one account and region: aedes, with AWS's rules in its hooks. */
export class Realm {
  readonly #parts: RealmParts;
  readonly #aedes: Aedes;
  readonly #sessions: Sessions;
  readonly #subscribes: SubscribeJudge;
  readonly #keepAlive: KeepAlive<Client>;
  readonly #table: ConnectionTable;
  readonly #ready: Promise<void>;

  constructor(parts: RealmParts) {
    this.#parts = parts;
    const { clock, realTime, retained, sessionExpiryMs, presence } = parts;
    this.#table = new ConnectionTable(presence);
    this.#table.endAll(clock.now());
    this.#subscribes = new SubscribeJudge(parts);
    this.#sessions = new Sessions(
      { clock, retained, expiryMs: sessionExpiryMs, sessions: presence.sessions },
      this.#subscribes,
      {
        ended: (clientId) => void this.#table.ended.delete(clientId),
        queued: (clientId, { topic, qos }) => parts.telemetry.queued(clientId, topic, qos),
      },
    );
    this.#keepAlive = new KeepAlive({ clock, realTime }, (client) => this.#end(client, 'MQTT_KEEP_ALIVE_TIMEOUT'));
    this.#aedes = new Aedes({
      mq: new TopicEmitter(),
      persistence: this.#sessions,
      heartbeatInterval: NO_HEARTBEAT_MS,
      queueLimit: MAX_EARLY_PACKETS,
      ...hooksOf(parts, this.#table, this.#subscribes),
    });
    this.#watch();
    this.#ready = this.#aedes.listen();
  }

  /** Takes a transport whose other end has proved to hold the certificate's key. */
  accept(stream: Duplex, peer: Peer): void {
    const client = this.#aedes.handle(stream);
    this.#table.peers.set(client, peer);
    stream.once('close', () => this.#table.forget(client));
    tapClient(client, {
      packet: (packet) => this.#seen(client, packet),
      oversized: () => this.#end(client, 'CLIENT_ERROR'),
    });
  }

  /** Goes on with sessions and connections that were restored. */
  resume(): void {
    this.#table.endAll(this.#parts.clock.now());
    this.#sessions.resume();
  }

  /** Live connections. */
  connections(): Connection[] {
    return [...this.#table.live.values()].flatMap((client) => this.#table.accepted.get(client) ?? []);
  }

  /** A connection, or a session that waits for the next one. */
  info(clientId: string): ConnectionInfo | undefined {
    return this.#described(clientId, this.#table.ended.get(clientId));
  }

  /** The same, and also how the last connection ended when nothing waits for the next one. */
  lastSeen(clientId: string): ConnectionInfo | undefined {
    return this.#described(clientId, this.#table.left.get(clientId));
  }

  #described(clientId: string, before: Ended | undefined): ConnectionInfo | undefined {
    const live = this.#table.liveConnection(clientId);
    const ended = live ? undefined : before;
    const connection = live ?? ended?.connection;
    if (!connection) return undefined;
    return {
      clientId,
      connected: live !== undefined,
      ...(connection.thingName !== undefined && { thingName: connection.thingName }),
      cleanSession: connection.cleanSession,
      sourceIp: connection.sourceIp,
      sourcePort: connection.sourcePort,
      keepAliveSeconds: connection.keepAliveSeconds,
      connectedAt: connection.connectedAt,
      ...(ended && { disconnectedAt: ended.at, disconnectReason: ended.reason }),
      sessionExpirySeconds: connection.cleanSession ? 0 : this.#parts.sessionExpiryMs / 1000,
    };
  }

  subscriptions(clientId: string): { topicFilter: string; qos: number }[] {
    const live = this.#table.liveConnection(clientId);
    if (live) return [...live.filters].map(([topicFilter, qos]) => ({ topicFilter, qos }));
    return this.#sessions.subscriptions(clientId).map(({ topic, qos }) => ({ topicFilter: topic, qos }));
  }

  /** False when there is neither a connection nor a session. */
  disconnect(
    clientId: string,
    options: { readonly cleanSession: boolean; readonly preventWill: boolean; readonly reason: DisconnectReason },
  ): boolean {
    const client = this.#table.live.get(clientId);
    if (client && options.preventWill) (client as Client & { will: unknown }).will = null;
    const known = client !== undefined || this.#sessions.has(clientId);
    if (client) this.#end(client, options.reason);
    if (options.cleanSession) this.#sessions.drop(clientId);
    return known;
  }

  publish(message: OutgoingMessage): void {
    this.#parts.touch();
    this.#aedes.publish(packetOf(message), () => {});
  }

  /** Delivers to one client whether or not it subscribed; its iot:Receive decides. */
  sendDirect(clientId: string, message: OutgoingMessage): boolean {
    const client = this.#table.live.get(clientId);
    if (!client) return false;
    this.#parts.touch();
    client.publish(packetOf(message), () => {});
    return true;
  }

  async close(): Promise<void> {
    await this.#ready;
    this.#keepAlive.stop();
    for (const connection of this.connections()) connection.reason ??= 'SERVER_INITIATED_DISCONNECT';
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    this.#sessions.stop();
  }

  #watch(): void {
    this.#aedes.on('client', (client) => {
      const connection = this.#table.accepted.get(client);
      if (!connection) return;
      this.#table.arrive(connection, client);
      if (!connection.cleanSession) this.#sessions.open(connection.clientId);
      this.#keepAlive.watch(client, connection);
      this.#parts.telemetry.connected(connection);
    });
    this.#aedes.on('clientDisconnect', (client) => this.#gone(client));
    this.#aedes.on('clientError', (client, error) => {
      const connection = this.#table.accepted.get(client);
      // Errors of the socket carry a code; the others say that a packet was wrong.
      if (connection) connection.reason ??= 'code' in error ? 'CONNECTION_LOST' : 'CLIENT_ERROR';
    });
    this.#aedes.on('unsubscribe', (filters, client) => {
      const connection = this.#table.accepted.get(client);
      // aedes also tells when a connection ends; AWS only when the client asked.
      if (!connection || client.closed) return;
      for (const filter of filters) connection.filters.delete(filter);
      this.#parts.telemetry.unsubscribed(connection, filters);
    });
  }

  #gone(client: Client): void {
    const connection = this.#table.accepted.get(client);
    this.#keepAlive.forget(client);
    if (!connection) return;
    if (connection.view) this.#parts.cache.release(connection.view);
    const { clientId } = connection;
    if (this.#table.live.get(clientId) === client) this.#table.live.delete(clientId);
    const reason = connection.reason ?? 'CONNECTION_LOST';
    this.#table.leave(connection, this.#parts.clock.now(), reason);
    if (!connection.cleanSession && this.#sessions.has(clientId)) {
      this.#table.ended.set(clientId, { connection, at: this.#parts.clock.now(), reason });
      this.#sessions.suspend(clientId);
    }
    this.#parts.telemetry.disconnected(connection, reason);
  }

  #seen(client: Client, packet: SeenPacket): void {
    this.#parts.touch();
    const connection = this.#table.accepted.get(client);
    if (connection) {
      connection.seenAt = this.#parts.clock.now();
      connection.seenReally = this.#parts.realTime.monotonic();
    }
    if (packet.cmd === 'subscribe') this.#subscribes.note(packet);
    else if (packet.cmd === 'pingreq' && connection) this.#parts.telemetry.pinged(connection);
    else if (packet.cmd === 'disconnect' && connection) connection.reason ??= 'CLIENT_INITIATED_DISCONNECT';
  }

  #end(client: Client, reason: DisconnectReason): void {
    this.#parts.touch();
    const connection = this.#table.accepted.get(client);
    if (connection) connection.reason ??= reason;
    client.close();
  }
}

function packetOf({ topic, payload, qos, retain }: OutgoingMessage) {
  return { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain, dup: false } as const;
}
