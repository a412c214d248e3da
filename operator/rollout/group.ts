import type { AssetRecord, CandidateDefault, Direction, PolicyChange } from './types.ts';

/**
 * The mechanics of one thing group that carries policies of a rollout: it is never empty.
 *
 *   forward   B   ─members have B and K─  attach K ─►  B K  ─settle─ members again ─ detach B ─►  K  ─settle─ done
 *   back      K   ─attach B─►  B K  ─settle─ detach K ─►  B  ─settle─ done                    (home is the same way)
 *
 * Why it is safe: whoever is in the group, joins it or gets a new certificate has B or K at every moment, and nobody
 * notices that the group changes, because what it gives its members have themselves.
 */
export interface GroupInput {
  readonly group: string;
  readonly direction: Direction;
  /** What the group carries; read now. */
  readonly attached: ReadonlySet<string>;
  readonly readAt: number;
  /** Of the policies that the group carries. */
  readonly changes: readonly PolicyChange[];
  /** By candidate name. */
  readonly candidateDefaults: ReadonlyMap<string, CandidateDefault>;
  readonly flippedAt: number | undefined;
  readonly record: Pick<AssetRecord, 'attachedAt' | 'detachedAt'> & {
    readonly openDetach?: { readonly policy: string; readonly sentAt: number } | undefined;
  };
  /** Whether every member, listed now, has both policies on its certificates, in force, or was proven on the new one. */
  readonly members: { readonly covered: true } | { readonly covered: false; readonly why: string };
  readonly noDetachBefore: number;
  readonly settleMs: number;
  readonly now: number;
}

export type GroupDecision =
  | { readonly kind: 'attach' | 'detach'; readonly policy: string; readonly why: string }
  /** Between two policies and nothing says since when: write it down as now. */
  | { readonly kind: 'stamp'; readonly why: string }
  | { readonly kind: 'wait'; readonly until: number | undefined; readonly why: string }
  | { readonly kind: 'done' };

/** AWS attaches this many policies to a thing group: https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
export const GROUP_SLOTS = 2;

export function planGroup(input: GroupInput): GroupDecision {
  const { group, direction, attached, changes, record, now } = input;
  const forward = direction === 'forward';
  const open = record.openDetach;
  if (open !== undefined && input.readAt <= open.sentAt) {
    const why = `the outcome of detaching ${open.policy} from thing group ${group} is not known yet`;
    return { kind: 'wait', until: open.sentAt + 1, why };
  }
  const bare = changes.find(({ baseline, candidate }) => !attached.has(baseline) && !attached.has(candidate));
  if (bare !== undefined) {
    const why = `thing group ${group} carries neither ${bare.baseline} nor ${bare.candidate}: its ThingGroup sets that right first`;
    return { kind: 'wait', until: undefined, why };
  }
  const foreign = changes.find(({ candidate }) => input.candidateDefaults.get(candidate) !== 'new');
  if (forward && foreign !== undefined) {
    const why = `the default version of ${foreign.candidate} is not the one of this rollout: thing group ${group} keeps what it has`;
    return { kind: 'wait', until: undefined, why };
  }
  const [to, from] = forward ? (['candidate', 'baseline'] as const) : (['baseline', 'candidate'] as const);
  const missing = changes.find((change) => !attached.has(change[to]))?.[to];
  const left = changes.find((change) => attached.has(change[from]))?.[from];
  if (missing === undefined && left === undefined) return settled(input, record.detachedAt) ?? { kind: 'done' };
  if (forward && !input.members.covered) return { kind: 'wait', until: undefined, why: input.members.why };
  const isFull = missing !== undefined && attached.size >= GROUP_SLOTS;
  if (missing !== undefined && !isFull) {
    return { kind: 'attach', policy: missing, why: `thing group ${group} gets ${missing} beside what it carries` };
  }
  const goes = isFull ? spare(input, { to, from, missing }) : left;
  if (goes === undefined) {
    const why = `thing group ${group} carries ${attached.size} of ${GROUP_SLOTS} policies and has no place for ${missing}: take one off`;
    return { kind: 'wait', until: undefined, why };
  }
  const { attachedAt } = record;
  if (attachedAt === undefined) {
    return { kind: 'stamp', why: `thing group ${group} is between two policies and nothing says since when` };
  }
  const waits = settled(input, Math.max(attachedAt, input.flippedAt ?? -Infinity));
  if (waits !== undefined) return waits;
  if (now < input.noDetachBefore) {
    const why = 'a Detach of the leader before may still be on its way: none is sent until it cannot be';
    return { kind: 'wait', until: input.noDetachBefore, why };
  }
  const why = isFull
    ? `thing group ${group} needs a place for ${missing}`
    : `what replaces ${goes} on thing group ${group} has settled`;
  return { kind: 'detach', policy: goes, why };
}

type Side = 'baseline' | 'candidate';

/**
 * A full group may carry two names of the policy, as after a loss of state in the middle of a handover: one of them goes first,
 * and the other stays until what is missing is there. Forward the members have both.
 */
function spare(
  { attached, changes }: GroupInput,
  { to, from, missing }: { readonly to: Side; readonly from: Side; readonly missing: string | undefined },
): string | undefined {
  const names = changes.filter((change) => change[to] === missing && attached.has(change[from]));
  return names.length > 1 ? names.at(-1)?.[from] : undefined;
}

function settled({ group, settleMs, now }: GroupInput, since: number | undefined): GroupDecision | undefined {
  const until = (since ?? -Infinity) + settleMs;
  if (now >= until) return undefined;
  const minutes = Math.max(1, Math.ceil((until - now) / 60_000));
  return {
    kind: 'wait',
    until,
    why: `AWS may apply the policies of before on thing group ${group} for ${minutes} min`,
  };
}
