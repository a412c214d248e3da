/** aedes hands a message on over a few turns of the event loop; after this many without anything moving, it is at rest. */
const QUIET_TURNS = 6;

/** Tells when nothing moves any more. */
export class Rest {
  #moves = 0;
  #running = 0;

  touch(): void {
    this.#moves++;
  }

  /** Counts as moving until the task is over, however it ends. */
  during(task: Promise<unknown>): void {
    this.#running++;
    const over = () => {
      this.#running--;
      this.touch();
    };
    task.then(over, over);
  }

  async reached(): Promise<void> {
    let quiet = 0;
    while (quiet < QUIET_TURNS) {
      const before = this.#moves;
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#moves === before && this.#running === 0 ? quiet + 1 : 0;
    }
  }
}
