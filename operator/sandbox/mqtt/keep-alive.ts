import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';

interface Clocks {
  /** The sandbox's. */
  readonly clock: Clock;
  readonly realTime: Clock;
}

/**
 * Ends connections that were silent for one and a half times their keep-alive, on the sandbox's clock. A client behind a
 * socket cannot know that this clock runs faster or jumps, so it has to be silent for as long in real time, too. A packet
 * only notes its times; the timer, when it fires, looks at the notes and waits for the rest.
 */
export class KeepAlive<C> {
  readonly #clocks: Clocks;
  readonly #expired: (client: C) => void;
  readonly #timers = new Map<C, Timer>();

  constructor(clocks: Clocks, expired: (client: C) => void) {
    this.#clocks = clocks;
    this.#expired = expired;
  }

  watch(client: C, connection: Connection): void {
    const limit = connection.keepAliveSeconds * 1500;
    const { clock } = this.#clocks;
    const rest = connection.seenAt + limit - clock.now();
    const wait = rest > 0 ? rest : limit;
    this.#timers.set(
      client,
      clock.after(wait, () => {
        if (this.#isSilent(connection, limit)) this.#expired(client);
        else this.watch(client, connection);
      }),
    );
  }

  #isSilent(connection: Connection, limit: number): boolean {
    const { clock, realTime } = this.#clocks;
    if (clock.now() - connection.seenAt < limit) return false;
    return connection.transport === 'memory' || realTime.monotonic() - connection.seenReally >= limit;
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
