/**
 * A result that is there already, for aedes' persistence interface. aedes only chains callbacks on what the persistence
 * returns; running them at once keeps a message from overtaking another one at a microtask boundary, where aedes' own
 * check for duplicates would drop the later of the two.
 */
export interface Settled<T> {
  then<R>(done: (value: T) => R, failed?: (error: Error) => unknown): Settled<R>;
  finally(done: () => void): Settled<T>;
}

export function settled<T>(value: T): Settled<T> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: see above.
    then: (done) => settled(done(value)),
    finally(done) {
      done();
      return settled(value);
    },
  };
}

export function refused(error: Error): Settled<never> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: see above.
    then(_done, failed) {
      failed?.(error);
      return refused(error);
    },
    finally(done) {
      done();
      return refused(error);
    },
  };
}
