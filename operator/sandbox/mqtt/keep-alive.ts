import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';

/**
 * Ends connections that were silent for one and a half times their keep-alive, on the sandbox's clock. A packet only
 * notes its time; the timer, when it fires, looks at the note and waits for the rest.
 */
export class KeepAlive<C> {
  readonly #clock: Clock;
  readonly #expired: (client: C) => void;
  readonly #timers = new Map<C, Timer>();

  constructor(clock: Clock, expired: (client: C) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  watch(client: C, connection: Connection): void {
    const limit = connection.keepAliveSeconds * 1500;
    const wait = connection.seenAt + limit - this.#clock.now();
    this.#timers.set(
      client,
      this.#clock.after(wait, () => {
        if (this.#clock.now() - connection.seenAt >= limit) this.#expired(client);
        else this.watch(client, connection);
      }),
    );
  }

  forget(client: C): void {
    this.#timers.get(client)?.cancel();
    this.#timers.delete(client);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
