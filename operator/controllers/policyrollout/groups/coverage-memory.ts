import type { Clock } from '../../../runtime/clock.ts';

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
  /** This member does not, `at` this time: what its record tells of before says nothing of what it gets from now on. */
  bare(member: string, at: number): void;
  /**
   * It does: for how long that has been seen, where its record is older than the time when it did not; undefined where its
   * record tells. `now` by the monotonic clock.
   */
  backFor(member: string, recordedAt: number, now: number): number | undefined;
}

/** A member of a thing group, wherever it is asked of. */
export function memberKey(account: string, group: string, thing: string): string {
  return `${account} ${group} ${thing}`;
}

/** For how long the member has carried it: by its record or, where that tells of before it was without, by what was seen since. */
export function carriedFor(
  coverage: CoverageMemory | undefined,
  { member, attachedAt }: { readonly member: string; readonly attachedAt: number },
  clock: Clock,
): number {
  return coverage?.backFor(member, attachedAt, clock.monotonic()) ?? clock.now() - attachedAt;
}

interface Sight {
  readonly bareAt: number;
  /** First seen to carry it again, by the monotonic clock. */
  readonly since?: number;
}

export function createCoverageMemory(): CoverageMemory {
  const since = new Map<string, number>();
  const sights = new Map<string, Sight>();
  return {
    coveredFor(group, now) {
      const first = since.get(group) ?? now;
      since.set(group, first);
      return now - first;
    },
    broken: (group) => void since.delete(group),
    bare: (member, at) => void sights.set(member, { bareAt: at }),
    backFor(member, recordedAt, now) {
      const sight = sights.get(member);
      if (sight === undefined) return undefined;
      if (recordedAt >= sight.bareAt) {
        sights.delete(member);
        return undefined;
      }
      const first = sight.since ?? now;
      sights.set(member, { ...sight, since: first });
      return now - first;
    },
  };
}
