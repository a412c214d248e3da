import type { Situation, VerbRequest, VerbState } from './verbs.ts';

/** Why a verb is not carried out, and what would be right. */
export interface Refusal {
  readonly reason: string;
  readonly why: string;
}

type Rule = (request: VerbRequest, state: VerbState, now: Situation) => Refusal | undefined;

const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Aborted', 'Superseded']);
/** Reasons of a pause that a person may end by saying `promote`. */
const PROMOTED: ReadonlySet<string> = new Set(['PauseStep', 'InconclusiveEvidence', 'AssetFailed']);

const no = (why: string, reason = 'NotAllowed'): Refusal => ({ reason, why });

function running(verb: string, { phase }: Situation): Refusal | undefined {
  if (phase === undefined || !ENDED.has(phase)) return undefined;
  return no(`the rollout has ended (${phase}), so there is nothing to ${verb}`, 'Ended');
}

function notAborting(verb: string, state: VerbState, { phase }: Situation): Refusal | undefined {
  const { abortedBy, deniedBy, pausedBy } = state;
  // A pause wins over a denial, which counts when the pause is lifted.
  const first = verb === 'pause' || (verb === 'resume' && pausedBy !== undefined);
  if (phase !== 'Aborting' && abortedBy === undefined && (deniedBy === undefined || first)) return undefined;
  return no(`the rollout is being aborted, which wins over ${verb}`, 'Aborting');
}

const steered: Rule = (request, state, now) =>
  running(request.verb, now) ?? notAborting(request.verb, state, now) ?? undefined;

/** A pause lies over the question; whoever would say no need not set the rollout going for that. */
function isPausedBefore({ phase, undecided }: Situation): boolean {
  return phase === 'Paused' && undecided;
}

const approve: Rule = (request, state, now) => {
  const gone = steered(request, state, now);
  if (gone) return gone;
  if (now.phase !== 'AwaitingApproval' && state.approvedBy === undefined) {
    if (isPausedBefore(now)) return no('the rollout is paused: resume it, and approve what it asks for then');
    return no(`nothing waits for approval (${now.phase ?? 'not looked at yet'}); approve what you have seen, then`);
  }
  if (now.pinned) return undefined;
  return no(
    `nobody vouches for the name in an annotation here, because the admission policy is not installed: approve in Git, with spec.approvedRevision: ${now.revision} in the IoTPolicy`,
    'UserNotPinned',
  );
};

const promote: Rule = (request, state, now) => {
  const gone = steered(request, state, now);
  if (gone) return gone;
  // Every wave of the first time is over, and those of the second have not begun: it would hurry them all.
  if (now.reason === 'GroupHandover')
    return no('thing groups are handed over, which no wave waits for: promote the next one when it has begun');
  if (now.phase === 'Baking' || now.phase === 'Progressing') return undefined;
  if (now.phase === 'Paused' && PROMOTED.has(now.reason ?? '')) return undefined;
  return no(`${now.phase ?? 'not started'} (${now.reason ?? '-'}) is nothing that ${request.verb} ends`);
};

const RULES: Readonly<Record<VerbRequest['verb'], Rule>> = {
  abort: (request, _state, now) => running(request.verb, now),
  brake: (request, _state, now) => running(request.verb, now),
  pause: steered,
  deny: (request, state, now) => {
    const ended = running(request.verb, now);
    if (ended) return ended;
    if (now.phase === 'AwaitingApproval' || isPausedBefore(now) || state.deniedBy !== undefined) return undefined;
    return no('nothing waits for approval any more: abort it instead');
  },
  'promote-full': (request, state, now) => {
    const gone = steered(request, state, now);
    if (gone) return gone;
    const moving = now.phase === 'Progressing' || now.phase === 'Baking' || now.phase === 'Paused';
    return moving ? undefined : no(`${now.phase ?? 'not started'}: nothing moves yet that could be hurried`);
  },
  promote,
  resume: (request, state, now) => {
    const gone = steered(request, state, now);
    if (gone) return gone;
    if (state.pausedBy !== undefined || now.reason === 'InconclusiveEvidence') return undefined;
    return no(
      now.phase === 'Paused'
        ? `the pause (${now.reason ?? '-'}) is not one that resume ends; the message of the rollout says what does`
        : 'the rollout is not paused',
    );
  },
  approve,
  arm: (request, state, now) => {
    const gone = steered(request, state, now);
    if (gone) return gone;
    if (now.maxArmed === 0)
      return no('its strategy arms nobody (maxArmed is 0): such assets stay deferred', 'NotAllowed');
    if (now.vouched) return undefined;
    return no(
      'nobody vouches for the name in an annotation here, because the admission policy is not installed: nobody is armed',
      'UserNotPinned',
    );
  },
  retry: (_request, state, now) => {
    if (now.held) return no('a security act holds the rollout: acknowledge it first', 'Mitigated');
    if (now.phase === 'Aborted') return undefined;
    if (now.phase === 'Succeeded' || now.phase === 'Superseded') {
      return no(`the rollout has ended (${now.phase}): there is nothing to retry`, 'Ended');
    }
    if (now.phase === 'Aborting' || state.abortedBy !== undefined) {
      return no('the rollout is being aborted: retry when it is Aborted', 'Aborting');
    }
    if (now.phase === 'Pending' && now.reason !== undefined) {
      return no(`the change cannot start (${now.reason}): do what its message says first`, 'Stalled');
    }
    return now.left > 0 ? undefined : no('no asset went back and none is deferred: there is nothing to retry');
  },
  acknowledge: ({ subject }, _state, now) => {
    if (subject !== undefined && now.acts.includes(subject)) return undefined;
    const held =
      now.acts.length === 0
        ? 'no act is acknowledged on this rollout: status.acts says where'
        : `what holds it is ${now.acts.join(', ')}`;
    return no(`${subject ?? 'nothing'} is acknowledged, but ${held}`, 'OtherAct');
  },
};

/** Whether the verb may be used now, by the table of verbs in docs/rollouts.md; undefined when it may. */
export function allowance(request: VerbRequest, state: VerbState, now: Situation): Refusal | undefined {
  return RULES[request.verb](request, state, now);
}
