import type { Slice } from '../state/scope.ts';
import type { Connection, DisconnectReason } from './connection.ts';

/** A packet as aedes keeps it: a message that waits for its acknowledgement. */
export interface StoredPacket {
  readonly cmd: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly brokerId: string;
  readonly brokerCounter: number;
  messageId?: number | undefined;
}

/** A persistent session. */
export interface Session {
  readonly clientId: string;
  readonly subscriptions: Map<string, number>;
  queue: StoredPacket[];
  /** Payload bytes in the queue. */
  bytes: number;
  /** When it is over unless its client comes back; undefined while the client is connected. */
  endsAt: number | undefined;
}

/** What is told of a connection, now and when it is over. */
export type ConnectionFacts = Pick<
  Connection,
  'clientId' | 'thingName' | 'cleanSession' | 'sourceIp' | 'sourcePort' | 'keepAliveSeconds' | 'connectedAt'
>;

export interface Ended {
  readonly connection: ConnectionFacts;
  readonly at: number;
  readonly reason: DisconnectReason;
}

/** Who is connected to the broker of one account and region, who was, and what waits for them. */
export interface Presence {
  readonly sessions: Map<string, Session>;
  readonly connected: Map<string, ConnectionFacts>;
  /** How the last connection of a session that still waits ended. */
  readonly ended: Map<string, Ended>;
  /** How the last connection of a client id ended, session or not: the fleet index tells. */
  readonly left: Map<string, Ended>;
}

const newPresence = (): Presence => ({
  sessions: new Map(),
  connected: new Map(),
  ended: new Map(),
  left: new Map(),
});

interface Saved {
  readonly sessions: readonly unknown[][];
  readonly connected: readonly ConnectionFacts[];
  readonly ended: readonly Ended[];
  readonly left: readonly Ended[];
}

const factsOf = (connection: ConnectionFacts): ConnectionFacts => ({
  clientId: connection.clientId,
  thingName: connection.thingName,
  cleanSession: connection.cleanSession,
  sourceIp: connection.sourceIp,
  sourcePort: connection.sourcePort,
  keepAliveSeconds: connection.keepAliveSeconds,
  connectedAt: connection.connectedAt,
});

const endedOf = ({ connection, at, reason }: Ended): Ended => ({ connection: factsOf(connection), at, reason });

export const PRESENCE: Slice<Presence> = {
  name: 'presence',
  create: newPresence,
  save: ({ sessions, connected, ended, left }): Saved => ({
    sessions: [...sessions.values()].map(({ clientId, subscriptions, queue, endsAt }) => [
      clientId,
      [...subscriptions],
      queue.map((packet) => ({ ...packet, payload: packet.payload.toString('base64') })),
      endsAt ?? null,
    ]),
    connected: [...connected.values()].map(factsOf),
    ended: [...ended.values()].map(endedOf),
    left: [...left.values()].map(endedOf),
  }),
  load(presence, saved) {
    const from = saved as Saved;
    for (const row of from.sessions) loadSession(presence, row);
    for (const connection of from.connected) presence.connected.set(connection.clientId, connection);
    for (const ended of from.ended) presence.ended.set(ended.connection.clientId, ended);
    for (const ended of from.left) presence.left.set(ended.connection.clientId, ended);
  },
};

function loadSession({ sessions }: Presence, row: readonly unknown[]): void {
  const [clientId, subscriptions, packets, endsAt] = row as [
    string,
    [string, number][],
    (StoredPacket & { payload: unknown })[],
    number | null,
  ];
  const queue = packets.map((packet) => ({ ...packet, payload: Buffer.from(String(packet.payload), 'base64') }));
  const bytes = queue.reduce((sum, { payload }) => sum + payload.length, 0);
  sessions.set(clientId, {
    clientId,
    subscriptions: new Map(subscriptions),
    queue,
    bytes,
    endsAt: endsAt ?? undefined,
  });
}
