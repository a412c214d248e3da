import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../operator/runtime/clock.ts';
import type { KubeClientOptions } from '../../operator/runtime/kube/client.ts';
import { KubeClient } from '../../operator/runtime/kube/client.ts';
import type { KubeConfigOptions } from '../../operator/runtime/kube/config.ts';
import { PooledKubeConfig } from '../../operator/runtime/kube/config.ts';
import { CertificateAuthority, createAuthorityMaterial } from '../../operator/sandbox/x509/authority.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** True once the other side has gone away. */
  readonly closed: () => boolean;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

export interface ClientParts extends KubeConfigOptions, Partial<KubeClientOptions> {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

/** A TLS server on loopback that plays an API server, with a certificate of its own making. */
export class TlsServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly protocols = new Set<string>();
  connections = 0;
  handler: Handler;
  #authority = newAuthority();
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Duplex>();
  readonly #clients: KubeClient[] = [];

  private constructor(handler: Handler) {
    this.handler = handler;
    // Like an API server it would rather speak HTTP/2; a client that asks for it is refused, as none of ours may.
    this.#server = createSecureServer({ ...this.#identity(), allowHTTP1: true }, (request, response) => {
      this.protocols.add(request.httpVersion);
      if (request.httpVersion !== '1.1') response.stream.close();
      else void this.#answer(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
    this.#server.on('secureConnection', () => this.connections++);
    this.#server.on('connection', (socket) => this.#sockets.add(socket));
  }

  static async start(handler: Handler): Promise<TlsServer> {
    const server = new TlsServer(handler);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get caPem(): string {
    return this.#authority.certificatePem;
  }

  /** From now on certificates come from another authority; open connections stay. */
  changeAuthority(): void {
    this.#authority = newAuthority();
    this.#server.setSecureContext(this.#identity());
  }

  client(parts: ClientParts = {}): KubeClient {
    const { token = 'test-token', tokenFile, caFile, clock = systemClock, answerMs, ...rest } = parts;
    const config = new PooledKubeConfig({ clock, ...(answerMs === undefined ? {} : { answerMs }) });
    const ca = caFile === undefined ? { caData: Buffer.from(this.caPem).toString('base64') } : { caFile };
    const user = tokenFile === undefined ? { token } : { authProvider: { name: 'tokenFile', config: { tokenFile } } };
    config.loadFromClusterAndUser(
      { name: 'test', server: this.url, skipTLSVerify: false, ...ca },
      { name: 'u', ...user },
    );
    const client = new KubeClient({ config, clock, random: () => 0.5, ...rest });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #identity(): { key: string; cert: string } {
    return this.#authority.serverIdentity(['127.0.0.1'], Date.now());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://server');
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    let closed = false;
    response.on('close', () => {
      closed = true;
    });
    const { method = '', headers } = request;
    const seen = { method, path: url.pathname, query: url.searchParams, headers, body, closed: () => closed };
    this.requests.push(seen);
    await this.handler(seen, response);
  }
}

const newAuthority = () => new CertificateAuthority(createAuthorityMaterial(Date.now()));

export function sendJson(response: ServerResponse, code: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** metav1.Status as the API server sends it. */
export function status(code: number, reason: string, message: string, details: unknown = {}): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message, details };
}
