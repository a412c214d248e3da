import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { DeviceAnswer, DeviceRequest } from './device-http.ts';

/** A payload of 128 KB, with room for a shadow document's frame. */
const MAX_BODY_BYTES = 131_072 + 1024;
/** A client that says nothing after its handshake is let go; real time, because it protects the process. */
const FIRST_BYTES_MS = 30_000;

/** Tells HTTPS from MQTT on one port: an MQTT connection begins with 0x10, a request with a letter. */
export function sniff(socket: TLSSocket, take: (protocol: 'http' | 'mqtt') => void): void {
  const late = () => socket.destroy();
  socket.setTimeout(FIRST_BYTES_MS, late);
  socket.once('readable', () => {
    const chunk = socket.read() as Buffer | null;
    socket.setTimeout(0);
    socket.off('timeout', late);
    if (!chunk) {
      socket.destroy();
      return;
    }
    socket.unshift(chunk);
    const first = chunk[0] ?? 0;
    take(first >= 0x41 && first <= 0x5a ? 'http' : 'mqtt');
  });
}

/**
 * An HTTP server that is handed its connections; `answer` gets the socket that a request came by. Node enforces its own
 * limits of time only for servers that listen, so a connection has a time limit for each request here.
 */
export function deviceHttpServer(
  answer: (socket: TLSSocket, request: DeviceRequest) => Promise<DeviceAnswer>,
  requestMs: number,
): Server {
  const timers = new WeakMap<Socket, NodeJS.Timeout>();
  const wait = (socket: Socket) => {
    clearTimeout(timers.get(socket));
    timers.set(
      socket,
      setTimeout(() => socket.destroy(), requestMs),
    );
  };
  const server = createServer({ maxHeaderSize: 16_384 }, (message, reply) => {
    const { socket } = message;
    reply.on('error', () => reply.destroy());
    const respond = ({ status, body }: DeviceAnswer) => {
      reply.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
      reply.end(body, () => wait(socket));
    };
    bodyOf(message)
      .then((body) => {
        clearTimeout(timers.get(socket));
        if (!body) return { status: 413, body: Buffer.from('{"message":"The payload is too large"}') };
        const { method = 'GET', url = '/', headers } = message;
        return answer(socket as TLSSocket, { method, path: url, headers, body });
      })
      .then(respond)
      .catch(() => reply.destroy());
  });
  server.on('connection', (socket: Socket) => {
    wait(socket);
    socket.once('close', () => clearTimeout(timers.get(socket)));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
