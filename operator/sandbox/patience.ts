/** Real time that a client is given before its connection is closed: it protects the process, not the model. */
export interface Patience {
  /** For the TLS handshake. */
  readonly handshakeMs: number;
  /** For the headers of a request. */
  readonly headersMs: number;
  /** For a whole request; also between two requests to the devices' endpoint. */
  readonly requestMs: number;
  /** Without a byte read or written, as by a client that never reads its answer. */
  readonly silentMs: number;
}

const DEFAULT: Patience = { handshakeMs: 10_000, headersMs: 10_000, requestMs: 30_000, silentMs: 300_000 };

export const patienceOf = (given: Partial<Patience> = {}): Patience => ({ ...DEFAULT, ...given });
