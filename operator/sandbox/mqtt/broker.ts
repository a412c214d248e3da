import type { Duplex } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import type { BrokerPort } from '../broker-port.ts';
import { patienceOf } from '../patience.ts';
import type { BrokerCache, PropagationOptions } from '../propagation.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Scope } from '../state/scope.ts';
import type { Connection } from './connection.ts';
import { deviceHttpServer, sniff } from './https.ts';
import { MemoryDevice, type MemoryDeviceOptions } from './memory-device.ts';
import { memoryPipe } from './memory-pipe.ts';
import { Realms } from './realms.ts';
import { Rest } from './rest.ts';
import { listenTls, type MqttListenOptions, type MqttServed, peerOf } from './tls.ts';

export interface BrokerOptions {
  /** How policy changes reach the broker. Default: at once with `delays: 'instant'`, else each after its own delay. */
  readonly propagation?: Partial<PropagationOptions>;
  /** How long a session outlives its connection; default one hour, as on AWS. */
  readonly sessionExpiryMs?: number;
  /** What an unauthorised SUBSCRIBE gets: the connection closed (default) or SUBACK 0x80. */
  readonly unauthorizedSubscribe?: 'close' | 'suback';
  /**
   * Refuses certificates in mode SNI_ONLY that come without a server name, as AWS does. Default false: a client that is
   * told an address instead of a name sends none.
   */
  readonly requireSni?: boolean;
  /** Real time, which programs behind sockets count their keep-alive in; default the system's clock. */
  readonly realTime?: Clock;
  /** How long a certificate that is no longer active keeps its connections ("a few minutes"); default with the policy cache. */
  readonly certificateDelayMs?: number;
}

/** Where a connection without a socket comes from. */
export interface MemoryPeer {
  readonly certificateId: string;
  /** Default 127.0.0.1. */
  readonly sourceIp?: string;
  /** Scope of the certificate; default: the first account and region that knows it. */
  readonly scope?: Scope;
}

export interface Broker {
  readonly port: BrokerPort;
  /** The device's end of a connection without a socket. The certificate counts as proved. Closed at once when AWS would refuse it. */
  connect(peer: MemoryPeer): Duplex;
  /** A minimal MQTT device on such a connection, for simulations: every call is settled by `settle`. */
  device(options: MemoryDeviceOptions): MemoryDevice;
  /** Live connections of a scope. */
  connections(scope?: Scope): readonly Connection[];
  /** The caches that decisions are made with. */
  cache(scope?: Scope): BrokerCache;
  /** Resolves when nothing moves any more: every message is delivered, every closed connection gone. Only then move the clock. */
  settle(): Promise<void>;
  /** Serves MQTT over mutual TLS on loopback. */
  listen(options?: MqttListenOptions): Promise<MqttServed>;
  close(): Promise<void>;
}

/** Starts a broker for the sandbox's devices and makes its HTTP data plane reach them. Nothing is listened on before `listen`. */
export function createBroker(sandbox: Sandbox, options: BrokerOptions = {}): Broker {
  const rest = new Rest();
  const realms = new Realms(sandbox, options, rest);
  const port: BrokerPort = {
    connection: (scope, clientId) => realms.of(scope).realm.info(clientId),
    lastSeen: (scope, clientId) => realms.of(scope).realm.lastSeen(clientId),
    subscriptions: (scope, clientId) => realms.of(scope).realm.subscriptions(clientId),
    disconnect: (scope, clientId, how) =>
      realms.of(scope).realm.disconnect(clientId, { ...how, reason: 'API_INITIATED_DISCONNECT' }),
    publish: (scope, message) => realms.of(scope).realm.publish(message),
    standIn: (scope, thingName) => realms.standIn(scope, thingName),
    sendDirect: (scope, clientId, message) => realms.of(scope).realm.sendDirect(clientId, message),
  };
  sandbox.world.ports.broker = port;
  const served: MqttServed[] = [];
  const connect = ({ certificateId, sourceIp = '127.0.0.1', scope }: MemoryPeer): Duplex => {
    const [ours, theirs] = memoryPipe(() => rest.touch());
    realms.admit(ours, { certificateId, sourceIp, sourcePort: 0, transport: 'memory', serverName: undefined }, scope);
    return theirs;
  };
  return {
    port,
    connect,
    device: (device) => new MemoryDevice(connect(device), device),
    connections: (scope = sandbox.scope()) => realms.of(scope).realm.connections(),
    cache: (scope = sandbox.scope()) => realms.of(scope).cache,
    settle: () => rest.reached(),
    async listen(listenOptions = {}) {
      const { requestMs } = patienceOf(listenOptions.patience);
      const http = deviceHttpServer((socket, request) => realms.answer(peerOf(socket), request), requestMs);
      const server = await listenTls(sandbox.world.authority, listenOptions, (socket, peer) => {
        if (!peer || !realms.recognise(peer)) socket.destroy();
        else
          sniff(socket, (protocol) =>
            protocol === 'mqtt' ? realms.admit(socket, peer) : http.emit('connection', socket),
          );
      });
      served.push(server);
      sandbox.world.endpoints.mqtt ??= `${server.host}:${server.port}`;
      return server;
    },
    async close() {
      sandbox.world.ports.broker = undefined;
      await realms.close();
      await Promise.all(served.map((s) => s.close()));
    },
  };
}
