import type { AedesOptions, Client, PublishPacket } from 'aedes';
import type { Connection } from './connection.ts';
import { type ConnectRequest, judgeConnect } from './door.ts';
import type { RealmParts } from './parts.ts';
import type { SubscribeJudge } from './subscribe-judge.ts';
import type { ConnectionTable } from './table.ts';
import { isTopic, isUnknownReserved } from './topics.ts';

const MAX_PAYLOAD_BYTES = 131_072;
/** A client that leaves more than this unread is let go, so that it cannot fill the memory of the process. */
const MAX_UNREAD_BYTES = 8 * 1_048_576;

type Hooks = Required<
  Pick<AedesOptions, 'preConnect' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward' | 'published'>
>;

/** AWS's decisions in the places where aedes asks. All of them answer within the call. */
export function hooksOf(parts: RealmParts, table: ConnectionTable, subscribes: SubscribeJudge): Hooks {
  return {
    preConnect(client, packet, done) {
      const accepted = connect(parts, table, client, packet);
      // The keep-alive runs on the sandbox's clock (keep-alive.ts); aedes is told that there is none.
      if (accepted) packet.keepalive = 0;
      // An error ends the connection without a CONNACK, as AWS does.
      done(accepted ? null : new Error('connection refused'), accepted);
    },
    authorizePublish(client, packet, done) {
      const connection = client ? table.accepted.get(client) : undefined;
      if (!client || !connection) return done(client ? new Error('not connected') : null);
      // Judged when the client connected.
      if ((client as Client & { readonly will: unknown }).will === packet) return done(null);
      done(publishProblem(parts, connection, packet));
    },
    authorizeSubscribe(client, subscription, done) {
      const connection = table.accepted.get(client);
      const verdict = connection ? subscribes.verdict(connection, subscription) : 'close';
      if (verdict === 'close') done(new Error('subscription refused'));
      else done(null, verdict === 'granted' ? subscription : null);
    },
    authorizeForward(client, packet) {
      const connection = table.accepted.get(client);
      if (!connection) return null;
      if (client.conn.writableLength > MAX_UNREAD_BYTES) {
        connection.reason ??= 'CONNECTION_LOST';
        client.conn.destroy();
        return null;
      }
      const allowed = parts.authorizer.allows(connection, 'iot:Receive', `topic/${packet.topic}`);
      parts.telemetry.delivered(connection, packet.topic, allowed);
      return allowed ? packet : null;
    },
    published(packet, client, done) {
      const connection = client ? table.accepted.get(client) : undefined;
      if (connection && packet.topic.startsWith('$'))
        parts.reserved(connection, packet.topic, asBuffer(packet.payload));
      done(null);
    },
  };
}

function connect(parts: RealmParts, table: ConnectionTable, client: Client, packet: ConnectRequest): boolean {
  const peer = table.peers.get(client);
  if (!peer) return false;
  if (!parts.mayConnect(packet.clientId)) {
    parts.telemetry.connectThrottled(peer, packet.clientId);
    return false;
  }
  const view = parts.cache.open();
  const judged = judgeConnect(parts, peer, packet, view);
  if (typeof judged !== 'string') {
    // A second connection of the same client id ends the first.
    const before = table.liveConnection(judged.clientId);
    if (before) before.reason ??= 'DUPLICATE_CLIENTID';
    table.accepted.set(client, judged);
    return true;
  }
  if (view) parts.cache.release(view);
  if (judged === 'denied') parts.telemetry.connectRefused(peer, packet.clientId);
  return false;
}

function publishProblem(parts: RealmParts, connection: Connection, packet: PublishPacket): Error | null {
  const { topic, retain, qos } = packet;
  const bytes = Buffer.byteLength(packet.payload);
  const malformed = !isTopic(topic) || qos > 1 || bytes > MAX_PAYLOAD_BYTES;
  const isUnknown = parts.switches.unknownReservedCloses && isUnknownReserved(topic, 'publish');
  // Messages on reserved topics cannot be retained (reserved-topics).
  if (malformed || isUnknown || (retain && topic.startsWith('$'))) {
    connection.reason ??= 'CLIENT_ERROR';
    return new Error('the broker does not take this message');
  }
  const { authorizer } = parts;
  const allowed =
    authorizer.allows(connection, 'iot:Publish', `topic/${topic}`) &&
    (!retain || authorizer.allows(connection, 'iot:RetainPublish', `topic/${topic}`));
  parts.telemetry.published(connection, { topic, retain, bytes }, allowed);
  if (allowed) return null;
  connection.reason ??= 'AUTH_ERROR';
  return new Error('publish refused');
}

function asBuffer(payload: string | Buffer): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}
