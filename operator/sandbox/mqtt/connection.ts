import type { BrokerCache } from '../propagation.ts';
import type { Subject } from './authorizer.ts';

/** Why a connection ended, in the words of AWS's lifecycle events. */
export type DisconnectReason =
  | 'AUTH_ERROR'
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'CLIENT_ERROR'
  | 'CONNECTION_LOST'
  | 'DUPLICATE_CLIENTID'
  | 'FORBIDDEN_ACCESS'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_INITIATED_DISCONNECT'
  | 'API_INITIATED_DISCONNECT';

/** The other end of a transport, known before any packet was read. */
export interface Peer {
  readonly certificateId: string;
  readonly sourceIp: string;
  readonly sourcePort: number;
  /** A client behind a socket is a program of its own, which counts its keep-alive in real time. */
  readonly transport: 'socket' | 'memory';
  /** DER of the certificate, for one that nobody registered yet. */
  readonly certificate?: Buffer | undefined;
  /** Host that the client asked for by SNI. */
  readonly serverName: string | undefined;
}

/** One accepted MQTT connection. */
export interface Connection extends Subject {
  /** Caches of its own, where new connections see changes at once. */
  readonly view: BrokerCache | undefined;
  readonly clientId: string;
  readonly certificateId: string;
  readonly thingName: string | undefined;
  readonly exclusive: boolean;
  readonly cleanSession: boolean;
  readonly sourcePort: number;
  readonly keepAliveSeconds: number;
  readonly connectedAt: number;
  readonly sessionIdentifier: string;
  readonly transport: Peer['transport'];
  /** Times of the last control packet, for the keep-alive: on the sandbox's clock and in real time. */
  seenAt: number;
  seenReally: number;
  /** Set by whoever ends the connection; without one it was lost. */
  reason: DisconnectReason | undefined;
  readonly filters: Map<string, number>;
}
