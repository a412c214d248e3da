/** A way to the API server that can be cut, as a network does it. */
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { cluster } from './cluster.ts';

export interface Way extends AsyncDisposable {
  readonly kubeconfig: string;
  cut(): void;
  mend(): void;
}

export async function openWay(file: string, target = cluster().server, from = cluster().kubeconfig): Promise<Way> {
  const { port, hostname } = new URL(target);
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((near) => {
    if (!open) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const text = await readFile(from, 'utf8');
  await writeFile(file, text.replaceAll(target, `https://127.0.0.1:${address.port}`), { mode: 0o600 });
  const cut = () => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    kubeconfig: file,
    cut,
    mend: () => {
      open = true;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
