import type { AuthInfo, AuthResult } from '@aws-sdk/client-iot';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { connectionContext } from '../../../rollout/lifeline.ts';
import {
  type Agreement,
  type Answer,
  askable,
  controlProblem,
  lostAmong,
  type Question,
  weigh,
} from '../../../rollout/preflight.ts';
import { toReconcileError } from '../../../runtime/errors.ts';
import { certificateArn } from '../../external/arn.ts';
import type { CertificatePolicies } from '../analysis.ts';
import { USED_FOR_MS } from '../gates/signals.ts';
import type { Attempt } from './attempt.ts';
import { lifelineOf, subjectOf } from './lifeline.ts';
import type { Preflight } from './preflight-memory.ts';
import { preflightPlace } from './ready.ts';
import { assetIdentity } from './record.ts';
import { outlasting, sayInForce } from './sessions.ts';
import { strangerOn } from './strangers.ts';

/** TestAuthorization takes ten questions in a call, and AWS ten calls in a second. */
const IN_ONE_CALL = 10;
/** Used requests that are asked about, the latest first: with the lifeline two or three calls for each certificate. */
const MOST_USED = 20;

/**
 * Just before something is taken from an asset: may it afterwards do what is in its lifeline and what it lately did? Our
 * own evaluation decides, and AWS is asked whether it agrees. Only a plain contradiction by AWS stops; where AWS cannot
 * tell, or cannot be believed, that is said and our own evaluation stands.
 */
export async function preflight(attempt: Attempt): Promise<Preflight> {
  const { scope, rollouts, directive } = attempt;
  const now = scope.deps.clock.now();
  const place = preflightPlace(scope.key, directive.rollout);
  const known = rollouts.preflights.known(place, now);
  if (known !== undefined) return known;
  const found = { at: now, ...(await examine(attempt, now)) };
  rollouts.preflights.keep(place, found);
  return found;
}

async function examine(attempt: Attempt, now: number): Promise<Omit<Preflight, 'at'>> {
  const plan = { ...attempt.directive, signals: attempt.rollouts.signals, account: attempt.scope.session.key, now };
  const outlasts = outlasting(plan, attempt.scope.object);
  if (outlasts !== undefined) return stopped(outlasts);
  const said: string[] = [];
  for (const policies of attempt.directive.policies) {
    const stranger = await strangerOn(attempt, policies.certificateId);
    if (stranger !== undefined) return stopped(stranger);
    const questions = questionsOf(attempt, policies.certificateId, now);
    const [lost] = lostAmong(questions, policies);
    if (lost !== undefined && (lost.weight === 'lifeline' || attempt.directive.strategy.usedActions === 'Protect')) {
      return stopped(lostText(lost));
    }
    const agreement = await askAws(attempt, policies, questions);
    if (agreement.kind === 'contradicts') {
      const { action, resource } = agreement.question.request;
      return stopped(
        `AWS denies ${action} on ${resource} under the new policy, which our own evaluation permits: nothing is taken until both agree`,
      );
    }
    said.push(
      agreement.kind === 'agrees' ? `AWS agrees (${agreement.asked} requests)` : `AWS cannot tell: ${agreement.why}`,
    );
  }
  const renewal = sayInForce(plan, attempt.scope.object);
  if (renewal !== undefined) said.push(renewal);
  return { permission: { yes: true }, said: [...new Set(said)].join('; ').slice(0, 500) || 'nothing to ask' };
}

function stopped(why: string): Omit<Preflight, 'at'> {
  return { permission: { yes: false, why }, said: why.slice(0, 500) };
}

function lostText({ request, weight }: Question): string {
  const what = `${request.action} on ${request.resource}`;
  return weight === 'lifeline'
    ? `it would lose what it must never lose: ${what}; allow it in the document, nobody can override this`
    : `it would lose what it did in the last 14 days: ${what}; allow it, let the device stop, or set strategy.usedActions to Judge`;
}

function questionsOf(attempt: Attempt, certificateId: string, now: number): readonly Question[] {
  const { scope, rollouts, directive } = attempt;
  const rollout = scope.deps.cache.get({
    kind: 'PolicyRollout',
    namespace: scope.key.namespace,
    name: directive.rollout,
  }) as PolicyRollout | undefined;
  const asset = assetIdentity(scope.object, scope.session.key);
  const { signals } = rollouts;
  const used = signals.used(asset, now - USED_FOR_MS);
  const did = new Set(used.map(({ action, resource }) => `${action.toLowerCase()} ${resource}`));
  const connected = signals.contact(asset).connected;
  const lifeline =
    rollout === undefined
      ? []
      : lifelineOf({ cache: scope.deps.cache, session: scope.session, rollout }, scope.object, certificateId);
  const contextOf = (clientId: string) =>
    connectionContext(subjectOf(scope.deps.cache, scope.object, { clientId, certificateId }));
  return [
    ...lifeline.map(({ request }): Question => {
      const clientId = String(request.context['iot:ClientId'] ?? '');
      const own = request.action === 'iot:Connect' && connected;
      return {
        request,
        clientId,
        weight: 'lifeline',
        demonstrated: own || did.has(`${request.action.toLowerCase()} ${request.resource}`),
      };
    }),
    ...used.slice(0, MOST_USED).map(({ clientId, action, resource }): Question => {
      const request = { action, resource, context: contextOf(clientId) };
      return { request, clientId, weight: 'used', demonstrated: true };
    }),
  ];
}

/** First what AWS says of the policies of before, about what the device was seen to do; then of those of after. */
async function askAws(
  attempt: Attempt,
  policies: CertificatePolicies,
  questions: readonly Question[],
): Promise<Agreement> {
  if (attempt.directive.change?.set !== undefined) {
    return { kind: 'cannotTell', why: 'the thing itself changes, and AWS can only be asked about it as it is' };
  }
  const candidates = attempt.directive.families.map(({ candidate }) => candidate);
  const former = attempt.directive.families.flatMap(({ names, candidate }) =>
    names.filter((name) => name !== candidate),
  );
  const held = new Set(
    attempt.certificates.find(({ certificateArn }) => certificateArn.endsWith(policies.certificateId))?.attached,
  );
  const baselines = former.filter((name) => held.has(name));
  const askables = questions.filter((question) => askable(question) !== undefined);
  try {
    const control = await ask(attempt, policies.certificateId, {
      questions: askables.filter(({ demonstrated }) => demonstrated).slice(0, IN_ONE_CALL),
      skip: [...candidates.filter((name) => held.has(name)), ...policies.joined],
      add: [...baselines, ...policies.left],
    });
    const problem = controlProblem(control);
    if (problem !== undefined) return { kind: 'cannotTell', why: problem };
    return weigh(
      await ask(attempt, policies.certificateId, {
        questions: askables,
        skip: [...baselines, ...policies.left],
        add: [...candidates, ...policies.joined],
      }),
      policies.after,
    );
  } catch (thrown) {
    const error = toReconcileError(thrown);
    // Its turn comes, and an outage ends: asking is then worth the wait. A refusal is an answer.
    if (error.kind === 'throttled' || error.kind === 'transient') throw thrown;
    return { kind: 'cannotTell', why: error.message };
  }
}

interface Asked {
  readonly questions: readonly Question[];
  readonly skip: readonly string[];
  readonly add: readonly string[];
}

async function ask(
  { scope, rollouts }: Attempt,
  certificateId: string,
  { questions, skip, add }: Asked,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const alike of batches(questions)) {
    const input = {
      principal: certificateArn(scope.session, certificateId),
      clientId: alike[0]?.clientId,
      authInfos: alike.map(authInfo),
      policyNamesToSkip: [...skip],
      policyNamesToAdd: [...add],
    };
    const key = JSON.stringify(input);
    let said = rollouts.preflights.answers.known(key, scope.deps.clock.now());
    if (said === undefined) {
      const options = { ...scope.options, slot: `${scope.key.namespace}/${scope.key.name} preflight` };
      const { authResults = [] } = await scope.session.port.call('TestAuthorization', input, options);
      said = alike.map((_question, index) => saidOf(authResults[index]));
      rollouts.preflights.answers.keep(key, scope.deps.clock.now(), said);
    }
    for (const [index, question] of alike.entries()) answers.push({ question, said: said[index] ?? saidOf(undefined) });
  }
  return answers;
}

/** A call is about one client id. */
function batches(questions: readonly Question[]): readonly (readonly Question[])[] {
  const byClient = Map.groupBy(questions, ({ clientId }) => clientId);
  return [...byClient.values()].flatMap((alike) =>
    Array.from({ length: Math.ceil(alike.length / IN_ONE_CALL) }, (_, i) =>
      alike.slice(i * IN_ONE_CALL, (i + 1) * IN_ONE_CALL),
    ),
  );
}

function authInfo(question: Question): AuthInfo {
  return { actionType: askable(question), resources: [question.request.resource] };
}

function saidOf(result: AuthResult | undefined): Answer['said'] {
  if (result?.authDecision === 'ALLOWED') return 'allowed';
  if ((result?.missingContextValues ?? []).length > 0 || result?.authDecision === undefined) return 'unsure';
  return 'denied';
}
