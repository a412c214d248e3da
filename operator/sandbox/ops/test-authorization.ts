import type { AuthInfo } from '@aws-sdk/client-iot';
import { evaluate, keys, normaliseKey, type PolicySet } from '../../policy/index.ts';
import { type Authority, authorityOf, currentView, PolicySets } from '../authorization.ts';
import type { CallContext } from '../context.ts';
import { invalid } from '../errors.ts';
import { family } from '../operations.ts';
import type { Slice } from '../state/scope.ts';
import { defaultDocument, policyArn, policyNamed } from './policies.ts';

const ACTIONS = {
  CONNECT: 'iot:Connect',
  PUBLISH: 'iot:Publish',
  SUBSCRIBE: 'iot:Subscribe',
  RECEIVE: 'iot:Receive',
} as const;

/** Compiled policies of a scope; a snapshot does not hold them. */
export const POLICY_SETS: Slice<PolicySets> = {
  name: 'policy-sets',
  create: (scope) => new PolicySets(scope),
  save: () => null,
  load: () => {},
};

interface Subject {
  readonly authority: Authority;
  readonly names: readonly string[];
  readonly set: PolicySet;
}

/** What TestAuthorization cannot be told, but what AWS knows of each connection or that a statement need not have. */
const NOT_ASKED = [keys.isAttached, keys.connectAttributes, keys.lastWillTopic].map(normaliseKey);
const SPELLING = new Map(Object.values(keys).map((key) => [normaliseKey(key), key]));

/** Context keys that statements for the action read, and that nobody gave: a source address, an endpoint's name. */
function missingValues(set: PolicySet, action: string, given: Authority['context']): string[] {
  const known = new Set([...Object.keys(given).map(normaliseKey), ...NOT_ASKED]);
  const read = (set.byAction.get(action) ?? []).flatMap((statement) => statement.keys);
  return [...new Set(read)].filter((key) => !known.has(key)).map((key) => SPELLING.get(key) ?? key);
}

function decide(context: CallContext, { authority, names, set }: Subject, info: AuthInfo) {
  if (info.actionType === undefined) throw invalid('actionType must be given');
  const action = ACTIONS[info.actionType];
  const results = (info.resources ?? []).map((resource) =>
    evaluate(set, { action, resource, context: authority.context }),
  );
  const denying = results.find((r) => r.decision === 'explicitDeny');
  const policiesOf = (by: { readonly document: number } | undefined) => {
    const name = by && names[by.document];
    return name === undefined ? [] : [{ policyName: name, policyArn: policyArn(context, name) }];
  };
  const missingContextValues = missingValues(set, action, authority.context);
  const authInfo = { actionType: info.actionType, resources: [...(info.resources ?? [])] };
  if (denying) {
    const denied = { explicitDeny: { policies: policiesOf(denying.by) } };
    return { authInfo, denied, authDecision: 'EXPLICIT_DENY' as const, missingContextValues };
  }
  // One answer for all resources of an entry: it is allowed only when each of them is.
  if (results.length === 0 || results.some((r) => r.decision !== 'allowed')) {
    const denied = { implicitDeny: { policies: [] } };
    return { authInfo, denied, authDecision: 'IMPLICIT_DENY' as const, missingContextValues };
  }
  const allowed = { policies: results.flatMap((r) => policiesOf(r.by)) };
  return { authInfo, allowed, authDecision: 'ALLOWED' as const, missingContextValues };
}

export const authorizationTests = family('iot', {
  TestAuthorization(context, input) {
    const principal = input.principal ?? input.cognitoIdentityPoolId;
    if (principal === undefined) throw invalid('principal or cognitoIdentityPoolId must be given');
    const facts = { principal, clientId: input.clientId };
    const authority = authorityOf(context.scope, currentView(context.scope), facts, context.world.switches);
    const skipped = new Set(input.policyNamesToSkip ?? []);
    const names = [...new Set([...authority.policyNames, ...(input.policyNamesToAdd ?? [])])].filter(
      (n) => !skipped.has(n),
    );
    const documents = names.map((name) => defaultDocument(policyNamed(context, name)));
    const subject = { authority, names, set: context.slice(POLICY_SETS).of(documents) };
    return { authResults: input.authInfos.map((info) => decide(context, subject, info)) };
  },
});
