import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { controlRequest, isControlPath } from './control.ts';
import { AwsError } from './errors.ts';
import { type Patience, patienceOf } from './patience.ts';
import type { Sandbox } from './sandbox.ts';
import { errorAnswer } from './wire/answer.ts';
import type { WireRequest, WireResponse } from './wire/http.ts';

export interface ServeOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** Default 127.0.0.1. The sandbox is not made to face a network. */
  readonly host?: string;
  /** Serve HTTPS with a certificate of the sandbox's authority for these hosts (default: localhost and the host). */
  readonly tls?: boolean | { readonly hosts: readonly string[] };
  /** Answer `/_sandbox/…` requests; default true. */
  readonly control?: boolean;
  /** Where `POST /_sandbox/snapshot` saves the state; without it that request is refused. */
  readonly stateFile?: string;
  /** How long clients are waited for. */
  readonly patience?: Partial<Patience>;
}

export interface Served {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Larger than the largest valid input (a policy document of 404,600 characters, escaped). */
const MAX_BODY_BYTES = 1_048_576;

export async function serve(sandbox: Sandbox, options: ServeOptions): Promise<Served> {
  const host = options.host ?? '127.0.0.1';
  const server = makeServer(sandbox, options, host);
  // Bounds for clients that send half a request, never read or open thousands of connections.
  const patience = patienceOf(options.patience);
  server.headersTimeout = patience.headersMs;
  server.requestTimeout = patience.requestMs;
  server.setTimeout(patience.silentMs);
  server.keepAliveTimeout = 60_000;
  server.maxConnections = 20_000;
  server.on('clientError', (_error, socket) => {
    socket.destroy();
  });
  // Whatever a client expects, it is answered here and not by Node.
  server.on('checkExpectation', (message, reply) => server.emit('request', message, reply));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  sandbox.world.endpoints.data ??= `${host}:${port}`;
  return { url, port, close: () => closeServer(server) };
}

function makeServer(sandbox: Sandbox, options: ServeOptions, host: string): Server {
  const listener = requestListener(sandbox, options);
  const { headersMs, handshakeMs } = patienceOf(options.patience);
  // A request without a host is answered by SigV4's rules, not with an error of Node's own.
  const limits = {
    maxHeaderSize: 16_384,
    requireHostHeader: false,
    connectionsCheckingInterval: Math.ceil(headersMs / 2),
  };
  if (!options.tls) return createServer(limits, listener);
  const hosts = typeof options.tls === 'object' ? options.tls.hosts : ['localhost', host];
  const handshake = { handshakeTimeout: handshakeMs };
  return createTlsServer(
    { ...limits, ...handshake, ...sandbox.world.authority.serverIdentity(hosts, Date.now()) },
    listener,
  );
}

function requestListener(sandbox: Sandbox, options: ServeOptions): RequestListener {
  const turns = new Turns();
  return (message, reply) => {
    // A broken connection must not become an unhandled error of the process.
    reply.on('error', () => reply.destroy());
    turns.take(message.socket, reply, () => {
      answerMessage(sandbox, options, message, reply).catch(() => reply.destroy());
    });
  };
}

/**
 * One request at a time on each connection. Node parses all that came in one piece, some fourteen hundred requests: a
 * client that sends them and never reads would have all their answers made and kept.
 */
class Turns {
  /** What waits on a connection that is busy. */
  readonly #waiting = new WeakMap<Socket, { readonly reply: ServerResponse; readonly start: () => void }[]>();

  take(socket: Socket, reply: ServerResponse, start: () => void): void {
    const waiting = this.#waiting.get(socket);
    if (waiting) waiting.push({ reply, start });
    else {
      this.#waiting.set(socket, []);
      this.#run(socket, reply, start);
    }
  }

  #run(socket: Socket, reply: ServerResponse, start: () => void): void {
    reply.once('close', () => {
      const next = socket.destroyed ? undefined : this.#waiting.get(socket)?.shift();
      if (next) this.#run(socket, next.reply, next.start);
      else this.#waiting.delete(socket);
    });
    start();
  }
}

async function answerMessage(
  sandbox: Sandbox,
  options: ServeOptions,
  message: IncomingMessage,
  reply: ServerResponse,
): Promise<void> {
  const body = await readBody(message);
  if (body === undefined) {
    const error = new AwsError('RequestEntityTooLargeException', `The body exceeds ${MAX_BODY_BYTES} bytes.`, {}, 413);
    send(reply, errorAnswer(undefined, '00000000-0000-4000-8000-000000000000', error).response, true);
    return;
  }
  const request = wireRequest(message, body);
  const toControl = options.control !== false && isControlPath(request.path);
  const response = toControl
    ? await controlRequest(sandbox, request, options.stateFile)
    : await sandbox.handle(request);
  send(reply, response, false);
}

function wireRequest(message: IncomingMessage, body: Uint8Array): WireRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    method: message.method ?? 'GET',
    path: message.url ?? '/',
    headers,
    body,
    remoteAddress: message.socket.remoteAddress ?? '',
  };
}

/** Undefined when the body is too large; the rest of it is not read. Rejects when the client goes away. */
function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(message.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else {
        message.pause();
        resolve(undefined);
      }
    });
    message.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    message.on('error', reject);
    message.on('close', () => reject(new Error('the client closed the connection')));
  });
}

function send(reply: ServerResponse, response: WireResponse, close: boolean): void {
  if (response.transport === 'reset') {
    reply.socket?.resetAndDestroy();
    return;
  }
  const { body } = response;
  reply.writeHead(response.status, {
    ...response.headers,
    'content-length': Buffer.byteLength(body),
    ...(close && { connection: 'close' }),
  });
  if (response.transport === 'truncate') {
    const half = Buffer.from(body).subarray(0, Math.floor(Buffer.byteLength(body) / 2));
    reply.write(half, () => reply.socket?.destroy());
    return;
  }
  // A text leaves with the headers in one write.
  reply.end(body);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
