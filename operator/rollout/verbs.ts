/**
 * What people ask of a rollout. A verb is an annotation whose value is an opaque token, the user's name and, for verbs
 * that must not hit a later revision by accident, the revision: `<token>[@<revision>] by <user>`. The operator answers in
 * status and never edits the annotation. A token that was handled is a no-op for ever.
 */
export const ROLLOUT_VERBS = [
  'abort',
  'pause',
  'deny',
  'promote-full',
  'promote',
  'resume',
  'approve',
  'retry',
  'brake',
  'acknowledge',
] as const;
export type RolloutVerb = (typeof ROLLOUT_VERBS)[number];

export const VERB_PREFIX = 'rollout.fleetward.dev/';

/** Verbs that decide about one revision and are ignored when they name another. */
const NEEDS_REVISION: ReadonlySet<RolloutVerb> = new Set(['approve', 'deny', 'abort', 'brake']);

export interface VerbRequest {
  readonly verb: RolloutVerb;
  readonly token: string;
  readonly user: string;
  readonly revision: string | undefined;
}

export type ParsedVerb =
  | { readonly kind: 'request'; readonly request: VerbRequest }
  | { readonly kind: 'refused'; readonly annotation: string; readonly reason: string; readonly why: string };

const VALUE = /^(?<token>[A-Za-z0-9_.:-]{1,64})(?:@(?<revision>[A-Za-z0-9_.:/@-]{1,128}))? by (?<user>\S{1,256})$/;

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
  const refuse = (reason: string, why: string): ParsedVerb => ({ kind: 'refused', annotation, reason, why });
  const verb = ROLLOUT_VERBS.find((known) => annotation === `${VERB_PREFIX}${known}`);
  if (!verb) {
    return refuse('UnknownVerb', `${annotation} is no verb of a rollout; the verbs are ${ROLLOUT_VERBS.join(', ')}`);
  }
  const groups = VALUE.exec(value)?.groups;
  if (!groups?.token || !groups.user) {
    return refuse(
      'InvalidVerb',
      `the value of ${annotation} must be <token>${NEEDS_REVISION.has(verb) ? '@<revision>' : ''} by <user>`,
    );
  }
  if (NEEDS_REVISION.has(verb) && groups.revision === undefined) {
    return refuse('RevisionRequired', `${annotation} must name the revision it means: <token>@${revision} by <user>`);
  }
  if (groups.revision !== undefined && groups.revision !== revision) {
    return refuse('StaleRevision', `${annotation} names revision ${groups.revision}; this rollout is of ${revision}`);
  }
  return { kind: 'request', request: { verb, token: groups.token, user: groups.user, revision: groups.revision } };
}

/** Mitigation holds come before all of these and are no verb. */
function precedence(parsed: ParsedVerb): number {
  return parsed.kind === 'refused' ? ROLLOUT_VERBS.length : ROLLOUT_VERBS.indexOf(parsed.request.verb);
}

/** What the handled verbs have made of the rollout; kept in its status. */
export interface VerbState {
  /** Last handled token of each verb. */
  readonly handled: Readonly<Partial<Record<RolloutVerb, string>>>;
  readonly abortedBy: string | undefined;
  readonly deniedBy: string | undefined;
  readonly approvedBy: string | undefined;
  readonly pausedBy: string | undefined;
  /** How many pauses and bakes `promote` has skipped; the planner compares it with the wave. */
  readonly promotedThrough: number;
  readonly promotedFully: boolean;
}

export const NO_VERBS: VerbState = {
  handled: {},
  abortedBy: undefined,
  deniedBy: undefined,
  approvedBy: undefined,
  pausedBy: undefined,
  promotedThrough: -1,
  promotedFully: false,
};

/** Applies new requests in order of precedence. Pure: the same annotations over the same state change nothing. */
export function applyVerbs(state: VerbState, requests: readonly VerbRequest[], wave: number): VerbState {
  let next = state;
  for (const request of requests) {
    if (next.handled[request.verb] === request.token) continue;
    next = { ...applyVerb(next, request, wave), handled: { ...next.handled, [request.verb]: request.token } };
  }
  return next;
}

function applyVerb(state: VerbState, request: VerbRequest, wave: number): VerbState {
  switch (request.verb) {
    case 'abort':
    case 'brake':
      return { ...state, abortedBy: state.abortedBy ?? request.user };
    case 'pause':
      return { ...state, pausedBy: request.user };
    case 'deny':
      return { ...state, deniedBy: state.deniedBy ?? request.user };
    case 'approve':
      return state.deniedBy === undefined ? { ...state, approvedBy: request.user } : state;
    case 'promote':
      return { ...state, promotedThrough: Math.max(state.promotedThrough, wave) };
    case 'promote-full':
      return { ...state, promotedFully: true };
    case 'resume':
      return { ...state, pausedBy: undefined };
    case 'retry':
    case 'acknowledge':
      // Both need facts from AWS: the controller acts on them, here only the token is answered.
      return state;
    default:
      return request.verb satisfies never;
  }
}
