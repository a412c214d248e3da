import { Duplex } from 'node:stream';

/**
 * Two ends of a connection without a socket. Ending or destroying one end ends the other, as a closed TCP connection
 * would. `touched` is called for each chunk that passes, which is how the broker tells that something still moves.
 */
export function memoryPipe(touched: () => void): [Duplex, Duplex] {
  const left = new PipeEnd(touched);
  const right = new PipeEnd(touched);
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class PipeEnd extends Duplex {
  peer: PipeEnd | undefined;
  readonly #touched: () => void;
  #resume: (() => void) | undefined;

  constructor(touched: () => void) {
    super({ allowHalfOpen: false });
    this.#touched = touched;
    // Destroying an end with an error is how aedes closes a connection; nobody else has to know.
    this.on('error', () => {});
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#touched();
    const { peer } = this;
    if (!peer || peer.destroyed) done();
    else if (peer.push(chunk)) done();
    else peer.#resume = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.peer?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { peer } = this;
    this.#touched();
    if (peer && !peer.destroyed) {
      peer.push(null);
      process.nextTick(() => peer.destroy());
    }
    done(error);
  }
}
