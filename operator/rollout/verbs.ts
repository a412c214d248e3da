import { allowance } from './verb-rules.ts';

/**
 * What people ask of a rollout. A verb is an annotation whose value is an opaque token, the user's name and, for verbs
 * that must not hit a later revision by accident, the revision: `<token>[@<revision>] [(<remark>)] by <user>`. The operator
 * answers in status and never edits the annotation. A token that was answered stays answered.
 */
export const ROLLOUT_VERBS = [
  'abort',
  'brake',
  'pause',
  'deny',
  'promote-full',
  'promote',
  'resume',
  'approve',
  'arm',
  'retry',
  'acknowledge',
] as const;
export type RolloutVerb = (typeof ROLLOUT_VERBS)[number];

/** Verbs that people put on a Device. */
export const DEVICE_VERBS = ['hold', 'skip', 'contain', 'acknowledge', 'shrink-lifeline'] as const;

export const VERB_PREFIX = 'rollout.fleetward.dev/';

/** Verbs that decide about one revision and are ignored when they name another. */
const NEEDS_REVISION: ReadonlySet<string> = new Set(['approve', 'arm', 'deny', 'abort', 'brake', 'skip']);

export interface VerbValue {
  readonly token: string;
  readonly user: string;
  /** What it is about: the revision, for `acknowledge` the act, for `contain` the policy. */
  readonly subject: string | undefined;
  readonly remark: string | undefined;
}

export interface VerbRequest extends VerbValue {
  readonly verb: RolloutVerb;
}

export interface RefusedVerb {
  readonly annotation: string;
  /** Absent where the value could not be read. */
  readonly token?: string;
  readonly reason: string;
  readonly why: string;
}

export type ParsedVerb =
  | { readonly kind: 'request'; readonly request: VerbRequest }
  | ({ readonly kind: 'refused' } & RefusedVerb);

const VALUE =
  /^(?<token>[A-Za-z0-9][A-Za-z0-9_.:-]{0,63})(?:@(?<subject>[A-Za-z0-9_.:/@,-]{1,253}))?(?: \((?<remark>[^()\p{Cc}]{1,256})\))? by (?<user>[^\p{Cc}]{1,256})$/u;
const BY = ' by ';

/**
 * Undefined for anything that is not a verb's value. A user whose name contains another ` by ` is refused: nobody could
 * tell which name the admission policy has looked at. A remark stands in brackets and may say what it likes.
 */
export function parseVerbValue(value: string): VerbValue | undefined {
  const groups = VALUE.exec(value)?.groups;
  if (!groups?.token || !groups.user || groups.user.includes(BY)) return undefined;
  return { token: groups.token, user: groups.user, subject: groups.subject, remark: groups.remark };
}

/** The value of a verb's annotation. Throws a RangeError that names what does not fit. */
export function formatVerbValue({ token, subject, remark, user }: VerbValue): string {
  const about = subject === undefined ? '' : `@${subject}`;
  const said = remark === undefined ? '' : ` (${remark})`;
  const value = `${token}${about}${said}${BY}${user}`;
  if (parseVerbValue(value) !== undefined) return value;
  throw new RangeError(
    `"${value}" cannot be a verb: a token has at most 64 letters, digits and -_.:, a remark at most 256 characters without brackets, and a user name has no " by " in it`,
  );
}

/** Reads the verbs of an object's annotations; whatever is not a verb request is refused by name, never ignored. */
export function parseVerbs(annotations: Readonly<Record<string, string>>, revision: string): readonly ParsedVerb[] {
  const parsed: ParsedVerb[] = [];
  for (const [annotation, value] of Object.entries(annotations)) {
    if (!annotation.startsWith(VERB_PREFIX)) continue;
    parsed.push(parseVerb(annotation, value, revision));
  }
  return parsed.sort((a, b) => precedence(a) - precedence(b));
}

function parseVerb(annotation: string, value: string, revision: string): ParsedVerb {
  const refuse = (reason: string, why: string, token?: string): ParsedVerb => ({
    kind: 'refused',
    annotation,
    ...(token === undefined ? {} : { token }),
    reason,
    why,
  });
  const verb = ROLLOUT_VERBS.find((known) => annotation === `${VERB_PREFIX}${known}`);
  if (!verb) {
    return refuse('UnknownVerb', `${annotation} is no verb of a rollout; the verbs are ${ROLLOUT_VERBS.join(', ')}`);
  }
  const read = parseVerbValue(value);
  if (!read) {
    const about = NEEDS_REVISION.has(verb) ? '@<revision>' : verb === 'acknowledge' ? '@<act>' : '';
    return refuse('InvalidVerb', `the value of ${annotation} must be <token>${about} by <user>`);
  }
  const { token, subject } = read;
  if (verb === 'acknowledge') {
    if (subject !== undefined) return { kind: 'request', request: { verb, ...read } };
    return refuse('ActRequired', `${annotation} must name the act it means, as status.acts shows it`, token);
  }
  if (NEEDS_REVISION.has(verb) && subject === undefined) {
    const why = `${annotation} must name the revision it means: <token>@${revision} by <user>`;
    return refuse('RevisionRequired', why, token);
  }
  if (subject !== undefined && subject !== revision) {
    return refuse('StaleRevision', `${annotation} names revision ${subject}; this rollout is of ${revision}`, token);
  }
  return { kind: 'request', request: { verb, ...read } };
}

/** Mitigation holds come before all of these and are no verb. */
function precedence(parsed: ParsedVerb): number {
  return parsed.kind === 'refused' ? ROLLOUT_VERBS.length : ROLLOUT_VERBS.indexOf(parsed.request.verb);
}

/** What the answered verbs have made of the rollout; kept in its status. */
export interface VerbState {
  /** Last answered token of each verb, refused ones included. */
  readonly handled: Readonly<Partial<Record<RolloutVerb, string>>>;
  readonly abortedBy: string | undefined;
  readonly deniedBy: string | undefined;
  readonly approvedBy: string | undefined;
  /** Who takes it upon themselves that assets are changed which nobody can watch. */
  readonly armedBy: string | undefined;
  readonly pausedBy: string | undefined;
  /** Last wave, counted from 0, whose bake and pause were skipped. */
  readonly promotedThrough: number;
  readonly promotedFully: boolean;
  /** Last wave, counted from 0, after which somebody went on although evidence was missing. */
  readonly resumedThrough: number;
  /** So many failed assets somebody has looked at; one more is news. */
  readonly acceptedFailures: number;
  /** Ids of the security acts that somebody has acknowledged. */
  readonly acknowledged: readonly string[];
  readonly acknowledgedBy: string | undefined;
}

export const NO_VERBS: VerbState = {
  handled: {},
  abortedBy: undefined,
  deniedBy: undefined,
  approvedBy: undefined,
  armedBy: undefined,
  pausedBy: undefined,
  promotedThrough: -1,
  promotedFully: false,
  resumedThrough: -1,
  acceptedFailures: 0,
  acknowledged: [],
  acknowledgedBy: undefined,
};

/** The rollout as its status showed it when people asked: what they saw is what they decided about. */
export interface Situation {
  readonly revision: string;
  /** Undefined before the first pass. */
  readonly phase: string | undefined;
  readonly reason: string | undefined;
  /** It needs an approval that nobody has given or refused, whatever else stops it meanwhile. */
  readonly undecided: boolean;
  /** The wave under way, counted from 0; while a wave bakes, the one after it. */
  readonly wave: number;
  readonly failed: number;
  /** Assets that went back or wait for contact. */
  readonly left: number;
  /** Assets that the strategy lets be armed at the same time. */
  readonly maxArmed: number;
  /** A security act holds the rollout. */
  readonly held: boolean;
  /** Ids of those that are acknowledged on the rollout itself. */
  readonly acts: readonly string[];
  /** Whether the name in an annotation is known to be that of the user who set it. */
  readonly pinned: boolean;
  /** The same, whatever the change: what nobody can watch is decided by somebody who is known. */
  readonly vouched: boolean;
}

export interface VerbAnswer {
  readonly state: VerbState;
  /** Carried out in this pass. */
  readonly accepted: readonly VerbRequest[];
  readonly refused: readonly RefusedVerb[];
}

const MOST_ACTS = 20;

/**
 * Answers new requests. Those asked at the same time are taken from the weakest to the strongest, so that the strongest
 * has the last word. Pure: the same annotations over the same state change nothing.
 */
export function applyVerbs(state: VerbState, requests: readonly VerbRequest[], situation: Situation): VerbAnswer {
  let next = state;
  const accepted: VerbRequest[] = [];
  const refused: RefusedVerb[] = [];
  const order = (request: VerbRequest) => ROLLOUT_VERBS.indexOf(request.verb);
  for (const request of [...requests].sort((a, b) => order(b) - order(a))) {
    if (next.handled[request.verb] === request.token) continue;
    const { verb, token } = request;
    const denied = allowance(request, next, situation);
    if (denied === undefined) accepted.push(request);
    else refused.push({ annotation: `${VERB_PREFIX}${verb}`, token, ...denied });
    const after = denied === undefined ? applyVerb(next, request, situation) : next;
    next = { ...after, handled: { ...next.handled, [verb]: token } };
  }
  return { state: next, accepted, refused };
}

function applyVerb(state: VerbState, request: VerbRequest, situation: Situation): VerbState {
  const { user } = request;
  const { phase, reason, wave, failed } = situation;
  const resting = phase === 'Baking' || reason === 'PauseStep' || reason === 'InconclusiveEvidence';
  switch (request.verb) {
    case 'abort':
    case 'brake':
      return { ...state, abortedBy: state.abortedBy ?? user };
    case 'pause':
      return { ...state, pausedBy: user };
    case 'deny':
      return { ...state, deniedBy: state.deniedBy ?? user };
    case 'approve':
      return { ...state, approvedBy: state.approvedBy ?? user };
    case 'arm':
      return { ...state, armedBy: state.armedBy ?? user };
    case 'promote':
      if (reason === 'AssetFailed') return { ...state, acceptedFailures: failed };
      // The wave that rests is over: the next one is not promoted along with it.
      return { ...state, promotedThrough: Math.max(state.promotedThrough, resting ? wave - 1 : wave) };
    case 'promote-full':
      return { ...state, promotedFully: true, acceptedFailures: failed };
    case 'resume': {
      const missing = reason === 'InconclusiveEvidence' ? Math.max(state.resumedThrough, wave - 1) : -1;
      return { ...state, pausedBy: undefined, resumedThrough: Math.max(state.resumedThrough, missing) };
    }
    case 'retry':
      return { ...state, acceptedFailures: 0 };
    case 'acknowledge': {
      const acts = [...new Set([...state.acknowledged, request.subject ?? ''])];
      return { ...state, acknowledged: acts.slice(-MOST_ACTS), acknowledgedBy: user };
    }
    default:
      return request.verb satisfies never;
  }
}
