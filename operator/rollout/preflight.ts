import { evaluate, type PolicySet, type Request } from '../policy/index.ts';

/** A request that the asset must be able to make after the change. */
export interface Question {
  readonly request: Request;
  /** Under which client id it is made. */
  readonly clientId: string;
  readonly weight: 'lifeline' | 'used';
  /** The device was seen to be allowed it: what AWS says of it now can be checked against that. */
  readonly demonstrated: boolean;
}

/** What TestAuthorization said of one question. */
export interface Answer {
  readonly question: Question;
  readonly said: 'allowed' | 'denied' | 'unsure';
}

export type Agreement =
  | { readonly kind: 'agrees'; readonly asked: number }
  | { readonly kind: 'contradicts'; readonly question: Question }
  | { readonly kind: 'cannotTell'; readonly why: string };

/** Action types that TestAuthorization knows. */
const ASKABLE: Readonly<Record<string, 'CONNECT' | 'PUBLISH' | 'SUBSCRIBE' | 'RECEIVE'>> = {
  'iot:connect': 'CONNECT',
  'iot:publish': 'PUBLISH',
  'iot:subscribe': 'SUBSCRIBE',
  'iot:receive': 'RECEIVE',
};

/** What a call of TestAuthorization can carry of a request; undefined when it has no words for it. */
export function askable({ request }: Question): 'CONNECT' | 'PUBLISH' | 'SUBSCRIBE' | 'RECEIVE' | undefined {
  // Domain, network, will and session are facts of a connection, and the call has no place for them.
  const told = ['aws:sourceip', 'iot:domainname', 'iot:connectattributes', 'iot:lastwilltopic'];
  if (Object.keys(request.context).some((key) => told.includes(key.toLowerCase()))) return undefined;
  return ASKABLE[request.action.toLowerCase()];
}

/** Questions that the policies after the change answer with no, although those of before say yes. */
export function lostAmong(
  questions: readonly Question[],
  { before, after }: { readonly before: PolicySet; readonly after: PolicySet },
): readonly Question[] {
  return questions.filter(({ request }) => {
    if (evaluate(after, request).decision === 'allowed') return false;
    return evaluate(before, request).decision === 'allowed';
  });
}

/**
 * Whether AWS may be believed about this asset: asked about what the asset was seen to do under the policies of before, it
 * has to say yes. Undefined when it may.
 */
export function controlProblem(control: readonly Answer[]): string | undefined {
  if (control.length === 0)
    return 'nothing is known that this device was allowed, so nothing to check its answers against';
  const wrong = control.find(({ said }) => said !== 'allowed');
  if (wrong === undefined) return undefined;
  const { action, resource } = wrong.question.request;
  return `it denies ${action} on ${resource}, which the device was seen to be allowed`;
}

/** Only a plain no to what our own evaluation permits is a contradiction; a missing value is none. */
export function weigh(answers: readonly Answer[], after: PolicySet): Agreement {
  const no = answers.find(
    ({ said, question }) => said === 'denied' && evaluate(after, question.request).decision === 'allowed',
  );
  if (no !== undefined) return { kind: 'contradicts', question: no.question };
  const asked = answers.filter(({ said }) => said !== 'unsure').length;
  if (asked === 0) return { kind: 'cannotTell', why: 'none of the questions can be put to it' };
  return { kind: 'agrees', asked };
}
