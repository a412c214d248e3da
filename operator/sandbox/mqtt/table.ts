import type { Client } from 'aedes';
import type { Connection, DisconnectReason, Peer } from './connection.ts';
import type { ConnectionFacts, Ended, Presence } from './presence.ts';

/** Client ids are chosen by clients; beyond this many the oldest are forgotten. */
const MAX_LEFT = 200_000;

/** Who is connected, by aedes' client and by client id. */
export class ConnectionTable {
  readonly peers = new Map<Client, Peer>();
  /** From the moment a CONNECT was accepted until its transport is gone. */
  readonly accepted = new Map<Client, Connection>();
  /** Live connections only. */
  readonly live = new Map<string, Client>();
  readonly #presence: Presence;

  constructor(presence: Presence) {
    this.#presence = presence;
  }

  get ended(): Map<string, Ended> {
    return this.#presence.ended;
  }

  get left(): ReadonlyMap<string, Ended> {
    return this.#presence.left;
  }

  arrive(connection: Connection, client: Client): void {
    this.live.set(connection.clientId, client);
    this.ended.delete(connection.clientId);
    this.#presence.connected.set(connection.clientId, connection);
  }

  /** After a restore: the connections ended with the broker that had them. */
  endAll(now: number): void {
    const { connected, sessions } = this.#presence;
    for (const connection of connected.values()) {
      if (this.live.has(connection.clientId)) continue;
      const how = { connection, at: now, reason: 'SERVER_INITIATED_DISCONNECT' } as const;
      this.leave(connection, how.at, how.reason);
      if (sessions.has(connection.clientId)) this.ended.set(connection.clientId, how);
    }
  }

  liveConnection(clientId: string): Connection | undefined {
    const client = this.live.get(clientId);
    return client && this.accepted.get(client);
  }

  leave(connection: ConnectionFacts, at: number, reason: DisconnectReason): void {
    const { clientId } = connection;
    // The newest at the end, so that the oldest is forgotten first.
    const { left, connected } = this.#presence;
    if (connected.get(clientId) === connection) connected.delete(clientId);
    left.delete(clientId);
    left.set(clientId, { connection, at, reason });
    const oldest = left.keys().next();
    if (left.size > MAX_LEFT && !oldest.done) left.delete(oldest.value);
  }

  forget(client: Client): void {
    this.peers.delete(client);
    this.accepted.delete(client);
  }
}
