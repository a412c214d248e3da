import type { Client } from 'aedes';
import type { Connection, DisconnectReason, Peer } from './connection.ts';

interface Ended {
  readonly connection: Connection;
  readonly at: number;
  readonly reason: DisconnectReason;
}

/** Who is connected, by aedes' client and by client id. */
export class ConnectionTable {
  readonly peers = new Map<Client, Peer>();
  /** From the moment a CONNECT was accepted until its transport is gone. */
  readonly accepted = new Map<Client, Connection>();
  /** Live connections only. */
  readonly live = new Map<string, Client>();
  /** How the last connection of a session that still waits ended. */
  readonly ended = new Map<string, Ended>();

  liveConnection(clientId: string): Connection | undefined {
    const client = this.live.get(clientId);
    return client && this.accepted.get(client);
  }

  forget(client: Client): void {
    this.peers.delete(client);
    this.accepted.delete(client);
  }
}
