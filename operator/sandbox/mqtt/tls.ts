import { hash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { type Patience, patienceOf } from '../patience.ts';
import type { CertificateAuthority } from '../x509/authority.ts';
import type { Peer } from './connection.ts';

export interface MqttListenOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** How long clients are waited for. */
  readonly patience?: Partial<Patience>;
}

export interface MqttServed {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 20_000;

/**
 * Serves TLS that asks for a client certificate. The handshake proves that the client holds the certificate's key; who
 * signed it does not matter, as on AWS: `accept` decides by the certificate's id.
 */
export async function listenTls(
  authority: CertificateAuthority,
  options: MqttListenOptions,
  accept: (socket: TLSSocket, peer: Peer | undefined) => void,
): Promise<MqttServed> {
  const host = options.host ?? '127.0.0.1';
  const server = createServer(
    {
      ...authority.serverIdentity(['localhost', host], Date.now()),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: patienceOf(options.patience).handshakeMs,
      ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt', 'x-amzn-http-ca', 'http/1.1'],
    },
    (socket) => {
      socket.on('error', () => socket.destroy());
      socket.setNoDelay(true);
      accept(socket, peerOf(socket));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  // A failed handshake is the client's business.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** AWS's certificate id: SHA-256 of the certificate's DER. Undefined without a certificate. */
export function peerOf(socket: TLSSocket): Peer | undefined {
  // Not getPeerCertificate: it takes the whole certificate apart.
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  const serverName = (socket as TLSSocket & { readonly servername?: string | false }).servername;
  return {
    certificateId: hash('sha256', certificate.raw, 'hex'),
    sourceIp: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    sourcePort: socket.remotePort ?? 0,
    transport: 'socket',
    certificate: certificate.raw,
    serverName: serverName || undefined,
  };
}
