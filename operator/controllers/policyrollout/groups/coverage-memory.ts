/**
 * Since when the members of a thing group have been seen, without a break, to carry what the group is to get or to lose. It is
 * asked where no record tells when a member got it: after a loss of state, or when somebody else attached it. Lost with the
 * process: what is not known has happened just now.
 */
export interface CoverageMemory {
  /** How long ago they were first seen so. `now` by the monotonic clock. */
  coveredFor(group: string, now: number): number;
  /** Some member does not carry it. */
  broken(group: string): void;
}

export function createCoverageMemory(): CoverageMemory {
  const since = new Map<string, number>();
  return {
    coveredFor(group, now) {
      const first = since.get(group) ?? now;
      since.set(group, first);
      return now - first;
    },
    broken: (group) => void since.delete(group),
  };
}
