import {
  allSettledAt,
  begun,
  expandSettledAt,
  firstMissing,
  firstSuperfluous,
  hasActed,
  isTouched,
  mayHaveBegun,
  nextSwitch,
  switchSettledAt,
} from './asset-edges.ts';
import type {
  AssetCall,
  AssetDecision,
  AssetRecord,
  AssetState,
  CandidateDefault,
  CertificateEdges,
  Direction,
  EdgeChange,
  PolicyChange,
  Spread,
  Switch,
  Through,
  Verdict,
} from './types.ts';

/**
 * The mechanics of one asset: which attachment changes next.
 *
 *   forward   B      ─attach K─►  B K  ─settle─ verify ─detach B─►  K   ─settle─ observe ─► succeeded | back
 *   back      K      ─attach B─►  B K  ─settle─ detach K ────────►  B   ─settle─ contact ─► rolled back | unrecovered
 *   home      K      ─attach B─►  B K  ─settle─ detach K ────────►  B                        (equal documents)
 *
 * Why it is safe: AWS may make our calls visible in any order until they have settled. Nothing is detached before what
 * must remain is known to be attached *and* has settled, so the visible set always contains the old or the new policies
 * whole. All certificates move together, whatever their status: an inactive one may become active tomorrow.
 */
export interface AssetInput {
  readonly direction: Direction;
  readonly certificates: readonly CertificateEdges[];
  readonly changes: readonly PolicyChange[];
  /** What changes at the asset beside documents; nothing on the way home. */
  readonly edges?: EdgeChange;
  /** Only where policies of the rollout reach the asset through thing groups. */
  readonly through?: Through | undefined;
  /** By candidate name. */
  readonly candidateDefaults: ReadonlyMap<string, CandidateDefault>;
  /** When a candidate's default version last moved: a flip has to settle like an attachment. */
  readonly flippedAt: number | undefined;
  readonly record: AssetRecord;
  /** May this asset lose a policy now? Contact, approval, pauses and holds are judged by the rollout, not here. */
  readonly mayContract: Permission;
  /** No Detach before this time: a Detach of the leader before us may still be on its way. */
  readonly noDetachBefore: number;
  /** What was observed while expanded and nothing was taken away yet. */
  readonly expandedHealth: 'healthy' | 'failing';
  /** What observation says once everything has settled. */
  readonly verdict: Verdict;
  /** Attaching the candidate is itself the contraction, because it denies. */
  readonly addsDeny: boolean;
  /** Contracted in one contact and judged at the next; how long the next one is waited for. */
  readonly armedMs?: number;
  /** Sessions of before that are to be ended when everything has settled; undefined under Wait. */
  readonly sessions?: { readonly mode: 'Reconnect' | 'Purge'; readonly older: readonly string[] };
  readonly settleMs: number;
  /** An asset silent for this long after its contraction has settled gets its baseline back. */
  readonly silenceMs: number;
  readonly now: number;
}

export type Permission = { readonly yes: true } | { readonly yes: false; readonly why: string };

export function planAsset(input: AssetInput): AssetDecision {
  return (
    lostRecord(input) ??
    openDetach(input) ??
    stranded(input) ??
    (input.direction === 'forward' ? forward(input) : swap(input))
  );
}

/** Between two policies without a record of when: the wait starts again, for nothing may be assumed to have settled. */
function lostRecord(input: AssetInput): AssetDecision | undefined {
  const { attachedAt, detachedAt } = input.record;
  if (attachedAt !== undefined || detachedAt !== undefined) return undefined;
  if (input.record.switchedAt !== undefined || !isTouched(input)) return undefined;
  return {
    kind: 'stamp',
    state: input.direction === 'forward' ? 'Expanding' : during(input.direction),
    why: 'the asset is between two policies and nothing says since when: the settle time starts again',
  };
}

/** Until a Detach has been read back we do not know what the asset carries, so nothing else may be taken away. */
function openDetach(input: AssetInput): AssetDecision | undefined {
  const open = input.record.openDetach;
  if (!open) return undefined;
  const edges = input.certificates.find((c) => c.certificateArn === open.certificateArn);
  if (!edges || edges.readAt > open.sentAt) return undefined;
  return {
    kind: 'read',
    state:
      input.direction !== 'forward' ? during(input.direction) : input.armedMs === undefined ? 'Contracting' : 'Armed',
    why: `the outcome of detaching ${open.policy} is not known yet: the attachments are read again before anything moves`,
  };
}

/** A certificate that carries neither side of a change has lost rights by an accident: the baseline comes back at once. */
function stranded(input: AssetInput): AssetDecision | undefined {
  const given = input.through?.given ?? new Set();
  for (const certificate of input.certificates) {
    for (const change of input.changes) {
      if ([change.baseline, change.candidate].some((name) => certificate.attached.has(name) || given.has(name)))
        continue;
      return {
        kind: 'call',
        state: 'RollingBack',
        call: { kind: 'attach', policy: change.baseline, target: certificate.certificateArn },
        why: `the certificate carries neither ${change.baseline} nor ${change.candidate}: the baseline comes back first`,
      };
    }
  }
  return undefined;
}

function forward(input: AssetInput): AssetDecision {
  const foreign = input.changes.find((change) => input.candidateDefaults.get(change.candidate) !== 'new');
  if (foreign) {
    return {
      kind: 'wait',
      state: 'Held',
      until: undefined,
      why: `the default version of ${foreign.candidate} is not the one of this rollout: nothing moves`,
    };
  }
  const attach = firstMissing(input);
  if (attach) return expand(input, attach);
  if (input.through?.spread !== undefined) return park(input, input.through.spread);
  const flip = nextSwitch(input);
  const detach = firstSuperfluous(input);
  if (flip || detach) {
    const settled = flip ? expandSettledAt(input) : switchSettledAt(input);
    const under = input.armedMs === undefined ? 'Contracting' : 'Armed';
    if (input.now < settled) return settling(begun(input) ? under : 'Expanding', settled);
    if (input.expandedHealth === 'failing') {
      return { kind: 'done', state: 'RollingBack', why: 'authorization failures while both policies were attached' };
    }
    return contract(input, flip ?? detach, input.armedMs === undefined ? 'Contracting' : 'Armed');
  }
  const settled = allSettledAt(input);
  if (!hasActed(input.record)) return foundThere(input);
  if (input.armedMs !== undefined) return armed(input, settled, input.armedMs);
  if (input.now < settled) return settling('Contracting', settled);
  return endSessions(input, settled) ?? observe(input, Math.max(settled, input.record.sessionsEndedAt ?? settled));
}

/**
 * Somebody else has brought it where the rollout leads, nobody knows when. On an unproven document, in another group or without a
 * certificate it is judged, once that is certainly in force; beside that there is nothing to judge.
 */
function foundThere({ changes, edges }: AssetInput): AssetDecision {
  if (changes.length > 0 || (edges?.switches ?? []).length > 0) {
    const why = 'it is already where the rollout leads and nothing says since when: the settle time starts again';
    return { kind: 'stamp', state: 'Expanding', why };
  }
  const why = 'it had all that the rollout leads to: nothing was done to it, and it proves nothing for others';
  return { kind: 'done', state: 'Succeeded', why, idle: true };
}

/** Nobody will be there to see the settle: the first bad news is enough, whenever it comes. */
function armed(input: AssetInput, settled: number, armedMs: number): AssetDecision {
  if (input.verdict === 'failed' || input.expandedHealth === 'failing') {
    return {
      kind: 'done',
      state: 'RollingBack',
      why: 'the first thing heard of it after the change is bad: it goes back',
    };
  }
  if (input.now >= settled && input.verdict === 'succeeded') {
    return { kind: 'done', state: 'Succeeded', why: 'positive evidence at its next contact' };
  }
  const until = settled + armedMs;
  if (input.now >= until) {
    return {
      kind: 'done',
      state: 'RollingBack',
      why: 'armed, and not heard of until the deadline: it gets its baseline back',
    };
  }
  return {
    kind: 'wait',
    state: 'Armed',
    until: input.now < settled ? settled : until,
    why: 'armed: judged at its next contact',
  };
}

function expand(input: AssetInput, call: AssetCall): AssetDecision {
  // A new deny bites when it is attached, so the same care applies as before a Detach.
  const bites = input.addsDeny && input.through?.given.has(call.policy) !== true;
  if (bites && !input.mayContract.yes) {
    return { kind: 'wait', state: 'Deferred', until: undefined, why: input.mayContract.why };
  }
  return { kind: 'call', state: 'Expanding', call, why: `attach ${call.policy} beside what is attached` };
}

/**
 * Both policies are on the certificates, and the group has not been handed over. What the new policy adds is judged now,
 * while the asset can still be taken back alone; what it takes is judged when the old one goes.
 */
function park(input: AssetInput, { group, parkAfter }: Spread): AssetDecision {
  const settled = expandSettledAt(input);
  if (parkAfter !== 'attach') {
    if (input.now < settled) return settling('Expanding', settled);
    if (input.expandedHealth === 'failing') {
      return { kind: 'done', state: 'RollingBack', why: 'authorization failures while both policies were attached' };
    }
    if (parkAfter === 'verdict' && input.verdict !== 'succeeded') return observe(input, settled);
  }
  const why = `it has both policies on its certificates; the old one goes when thing group ${group} has been handed over`;
  return { kind: 'wait', state: 'Deferred', until: undefined, why, parked: group };
}

/** A Detach needs a read made since everything settled that shows what must remain; a switch takes things away too. */
function contract(input: AssetInput, act: AssetCall | Switch | undefined, state: AssetState): AssetDecision {
  if (!input.mayContract.yes && input.direction === 'forward') {
    if (mayHaveBegun(input)) return halfWay(input, { state, why: input.mayContract.why });
    // Already begun on another certificate or policy: half of a contraction is no place to wait in.
    if (!begun(input)) return { kind: 'wait', state: 'Deferred', until: undefined, why: input.mayContract.why };
  }
  if (input.now < input.noDetachBefore) {
    return {
      kind: 'wait',
      state,
      until: input.noDetachBefore,
      why: 'a Detach of the leader before may still be on its way: none is sent until it cannot be',
    };
  }
  const target = act !== undefined && 'target' in act ? act.target : undefined;
  const read = input.certificates.filter((c) => target === undefined || c.certificateArn === target);
  // A read made before that Detach could have landed shows nothing.
  const since = Math.max(
    act !== undefined && 'id' in act ? expandSettledAt(input) : switchSettledAt(input),
    input.noDetachBefore,
  );
  if (read.length === 0 || read.some(({ readAt }) => readAt < since)) {
    return {
      kind: 'read',
      state,
      why: 'everything has settled: the attachments are read once more before one is taken away',
    };
  }
  if (act !== undefined && 'id' in act) return throwSwitch(input, act, state);
  if (act === undefined) return { kind: 'read', state, why: 'nothing is left to take away' };
  return { kind: 'call', state, call: act, why: `what replaces ${act.policy} is attached and has settled` };
}

/** It may be silent because of what it has lost: without news it gets that back, as one would that had lost all of it. */
function halfWay(
  input: AssetInput,
  { state, why }: { readonly state: AssetState; readonly why: string },
): AssetDecision {
  const deadline = switchSettledAt(input) + input.silenceMs;
  if (input.now < deadline) {
    const lost = 'the record was lost when something had been taken from it, and the rest is not taken unseen';
    return { kind: 'wait', state, until: deadline, why: `${why}; ${lost}` };
  }
  return {
    kind: 'done',
    state: 'RollingBack',
    why: 'half-way when the record was lost, and nothing more may be taken until the deadline: the asset gets its baseline back',
  };
}

function throwSwitch({ direction }: AssetInput, { id }: Switch, state: AssetState): AssetDecision {
  const make = direction === 'forward';
  const why = make ? `${id}: one call, whose way back is recorded` : `${id} is taken back`;
  return { kind: 'switch', state, id, make, why };
}

/**
 * Only after the settle: a session that is ended earlier may come back under the policies of before. Where AWS does not do
 * it, the silence deadline ends the waiting. Bad news comes first: who goes back keeps its session.
 */
function endSessions(input: AssetInput, settled: number): AssetDecision | undefined {
  const { sessions, record, now, verdict } = input;
  if (sessions === undefined || sessions.older.length === 0 || verdict === 'failed') return undefined;
  if ((record.sessionsEndedAt ?? Number.NEGATIVE_INFINITY) >= settled || now >= settled + input.silenceMs)
    return undefined;
  const purge = sessions.mode === 'Purge';
  return {
    kind: 'endSessions',
    state: 'Observing',
    clientIds: sessions.older,
    purge,
    why: `the change is in force for new sessions: ${purge ? 'the stored session of before is dropped' : 'the connection of before is closed'}`,
  };
}

function observe(input: AssetInput, settled: number): AssetDecision {
  switch (input.verdict) {
    case 'succeeded':
      return { kind: 'done', state: 'Succeeded', why: 'positive evidence after the change had settled' };
    case 'failed':
      return {
        kind: 'done',
        state: 'RollingBack',
        why: 'the evidence after the change is negative: the asset goes back',
      };
    case 'inconclusive': {
      const deadline = settled + input.silenceMs;
      if (input.now < deadline) {
        return {
          kind: 'wait',
          state: 'Observing',
          until: deadline,
          why: 'waiting for positive evidence: silence is not success',
        };
      }
      return { kind: 'done', state: 'RollingBack', why: 'silent until the deadline: the asset gets its baseline back' };
    }
    default:
      return input.verdict satisfies never;
  }
}

/** Back and home are the same swap: the declared policy first, settle, then the candidate goes. */
function swap(input: AssetInput): AssetDecision {
  const state = during(input.direction);
  const attach = firstMissing(input);
  if (attach) {
    return {
      kind: 'call',
      state,
      call: attach,
      why: `attach ${attach.policy} first, so that nothing is missing meanwhile`,
    };
  }
  const flip = nextSwitch(input);
  const detach = firstSuperfluous(input);
  if (flip || detach) {
    const settled = flip ? expandSettledAt(input) : switchSettledAt(input);
    return input.now < settled ? settling(state, settled) : contract(input, flip ?? detach, state);
  }
  const settled = allSettledAt(input);
  if (input.now < settled) return settling(state, settled);
  return {
    kind: 'done',
    state: input.direction === 'home' ? 'Succeeded' : 'RolledBack',
    why: 'the asset carries the declared policies alone, and that has settled',
  };
}

function during(direction: Direction): AssetState {
  return direction === 'home' ? 'Succeeded' : 'RollingBack';
}

/** Says until when, not for how long: words that change every minute would be written every minute, for each asset. */
function settling(state: AssetState, until: number): AssetDecision {
  const minute = new Date(Math.ceil(until / 60_000) * 60_000).toISOString().slice(0, 16);
  return { kind: 'wait', state, until, why: `AWS may apply the policies of before until ${minute}Z` };
}
