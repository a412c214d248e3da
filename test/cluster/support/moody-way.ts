/** A way to the API server that answers in its place when told to: throttling, internal errors. */
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:https';
import { dirname, join } from 'node:path';

export interface Asked {
  readonly method: string;
  readonly path: string;
}

export interface MoodyWay extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Status to answer with instead of asking the server; undefined lets the request through. */
  mood(answer: (asked: Asked) => number | undefined): void;
  /** Requests that were answered in the server's place. */
  readonly refused: number;
}

/** Stands in front of the server with the server's own certificate, which lies beside the given authority file. */
export async function openMoodyWay(
  file: string,
  from: string,
  { server, caFile }: { readonly server: string; readonly caFile: string },
): Promise<MoodyWay> {
  const ca = await readFile(caFile);
  const key = await readFile(join(dirname(caFile), 'apiserver.key'));
  const agent = new Agent({ ca, keepAlive: true });
  const { hostname, port } = new URL(server);
  let answer: (asked: Asked) => number | undefined = () => undefined;
  let refused = 0;
  const front = createServer({ key, cert: ca }, (near, reply) => {
    const { method = 'GET', url = '/', headers } = near;
    const code = answer({ method, path: url });
    if (code !== undefined) {
      refused += 1;
      near.resume();
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Moody', message: 'not now', code };
      reply.writeHead(code, { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) });
      reply.end(JSON.stringify(status));
      return;
    }
    const far = request({ hostname, port, method, path: url, headers, agent }, (answered) => {
      reply.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(reply);
      answered.on('error', () => reply.destroy());
    });
    far.on('error', () => reply.destroy());
    near.on('error', () => far.destroy());
    reply.on('close', () => far.destroy());
    near.pipe(far);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const address = front.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const text = await readFile(from, 'utf8');
  await writeFile(file, text.replaceAll(server, `https://127.0.0.1:${address.port}`), { mode: 0o600 });
  return {
    kubeconfig: file,
    mood(next) {
      answer = next;
    },
    get refused() {
      return refused;
    },
    async [Symbol.asyncDispose]() {
      front.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}
