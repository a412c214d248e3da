import type { Client } from 'aedes';
import type { Connection, DisconnectReason, Peer } from './connection.ts';

export interface Ended {
  readonly connection: Connection;
  readonly at: number;
  readonly reason: DisconnectReason;
}

/** Client ids are chosen by clients; beyond this many the oldest are forgotten. */
const MAX_LEFT = 200_000;

/** Who is connected, by aedes' client and by client id. */
export class ConnectionTable {
  readonly peers = new Map<Client, Peer>();
  /** From the moment a CONNECT was accepted until its transport is gone. */
  readonly accepted = new Map<Client, Connection>();
  /** Live connections only. */
  readonly live = new Map<string, Client>();
  /** How the last connection of a session that still waits ended. */
  readonly ended = new Map<string, Ended>();
  /** How the last connection of a client id ended, session or not: the fleet index tells. */
  readonly left = new Map<string, Ended>();

  liveConnection(clientId: string): Connection | undefined {
    const client = this.live.get(clientId);
    return client && this.accepted.get(client);
  }

  leave(connection: Connection, at: number, reason: DisconnectReason): void {
    const { clientId } = connection;
    // The newest at the end, so that the oldest is forgotten first.
    this.left.delete(clientId);
    this.left.set(clientId, { connection, at, reason });
    const oldest = this.left.keys().next();
    if (this.left.size > MAX_LEFT && !oldest.done) this.left.delete(oldest.value);
  }

  forget(client: Client): void {
    this.peers.delete(client);
    this.accepted.delete(client);
  }
}
