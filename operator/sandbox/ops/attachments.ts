import type { CallContext } from '../context.ts';
import { awsError, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOf, pageOfList } from '../state/paging.ts';
import { defaultDocument, policyArn, policyNamed } from './policies.ts';
import { compact, identityOf, registryOf } from './support.ts';

const MAX_PER_PRINCIPAL = 10;
const MAX_PER_GROUP = 2;

export type Target =
  | { readonly kind: 'certificate'; readonly id: string }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'identity' };

/** What a principal or target names: a certificate or thing group of this account, or a Cognito identity. */
export function readTarget(context: CallContext, target: string): Target {
  const resource = context.scope.resourceOf(target);
  if (resource?.startsWith('cert/')) return { kind: 'certificate', id: resource.slice('cert/'.length) };
  if (resource?.startsWith('thinggroup/')) return { kind: 'group', name: resource.slice('thinggroup/'.length) };
  if (/^[a-z]{2}(-[a-z]+)+-\d:[0-9a-f-]{36}$/.test(target)) return { kind: 'identity' };
  throw invalid(`Invalid target or principal: ${target.slice(0, 200)}`);
}

function existing(context: CallContext, text: string): Target {
  const target = readTarget(context, text);
  if (target.kind === 'certificate' && !identityOf(context).certificates.has(target.id)) {
    throw notFound(`The certificate given in the principal does not exist (certificateId=${target.id})`);
  }
  if (target.kind === 'group' && !registryOf(context).groups.has(target.name)) {
    throw notFound(`Thing group ${target.name} not found`);
  }
  return target;
}

/** Repeating an attachment succeeds. */
export function attachPolicy(context: CallContext, policyName: string, targetText: string): void {
  const identity = identityOf(context);
  const policy = policyNamed(context, policyName);
  const target = existing(context, targetText);
  const attached = identity.links(targetText).policies;
  if (attached.includes(policyName)) return;
  if (target.kind === 'group' && registryOf(context).groups.get(target.name)?.query) {
    throw invalid(`Policies cannot be attached to the dynamic thing group ${target.name}`);
  }
  const limit = target.kind === 'group' ? MAX_PER_GROUP : MAX_PER_PRINCIPAL;
  if (attached.length >= limit) {
    throw awsError('LimitExceededException', `The maximum number of policies attached to the target is ${limit}`);
  }
  identity.setPolicies(targetText, [...attached, policyName]);
  policy.targets.set(identity.canonical(targetText), true);
  context.changed({ kind: 'policy-attachment', policyName, target: targetText, attached: true });
}

/** Detaching what is not attached, or a policy that does not exist, succeeds. */
export function detachPolicy(context: CallContext, policyName: string, targetText: string): void {
  const identity = identityOf(context);
  readTarget(context, targetText);
  const attached = identity.links(targetText).policies;
  if (!attached.includes(policyName)) return;
  identity.setPolicies(
    targetText,
    attached.filter((name) => name !== policyName),
  );
  const policy = identity.policies.get(policyName);
  policy?.targets.delete(targetText);
  if (policy) policy.detachedAt = context.now();
  context.changed({ kind: 'policy-attachment', policyName, target: targetText, attached: false });
}

/** Policies on the target itself, then, when asked, those inherited from groups and their ancestors. */
function policiesOf(context: CallContext, targetText: string, recursive: boolean): string[] {
  const identity = identityOf(context);
  const own = identity.links(targetText).policies;
  if (!recursive) return [...own];
  const target = readTarget(context, targetText);
  const groups =
    target.kind === 'group'
      ? registryOf(context).lineage(target.name).slice(1)
      : identity.links(targetText).things.flatMap((thing) => groupsOf(context, thing));
  return [...new Set([...own, ...groups.flatMap((g) => identity.links(context.arn(`thinggroup/${g}`)).policies)])];
}

/** Static groups of a thing and all their ancestors. Dynamic groups carry no policies. */
export function groupsOf(context: CallContext, thingName: string): string[] {
  const registry = registryOf(context);
  const direct = registry.things.get(thingName)?.groups ?? [];
  return [...new Set(direct.flatMap((name) => registry.lineage(name)))];
}

const summary = (context: CallContext, name: string) => ({ policyName: name, policyArn: policyArn(context, name) });

function effective(context: CallContext, principal: string | undefined, thingName: string | undefined) {
  const identity = identityOf(context);
  if (thingName !== undefined && !registryOf(context).things.has(thingName)) {
    throw notFound(`Thing ${thingName} not found`);
  }
  if (principal !== undefined) existing(context, principal);
  const own = principal === undefined ? [] : identity.links(principal).policies;
  const groups = thingName === undefined ? [] : groupsOf(context, thingName);
  const inherited = groups.flatMap((g) => identity.links(context.arn(`thinggroup/${g}`)).policies);
  return [...new Set([...own, ...inherited])];
}

export const attachments = family('iot', {
  AttachPolicy(context, input) {
    attachPolicy(context, input.policyName, input.target);
    return {};
  },
  DetachPolicy(context, input) {
    detachPolicy(context, input.policyName, input.target);
    return {};
  },
  // The older pair names the same relation for principals only.
  AttachPrincipalPolicy(context, input) {
    attachPolicy(context, input.policyName, input.principal);
    return {};
  },
  DetachPrincipalPolicy(context, input) {
    policyNamed(context, input.policyName);
    detachPolicy(context, input.policyName, input.principal);
    return {};
  },

  ListAttachedPolicies(context, input) {
    existing(context, input.target);
    const names = policiesOf(context, input.target, input.recursive ?? false);
    const page = pageOfList(names, { token: input.marker, limit: input.pageSize ?? 25 }, context.world.paging);
    return compact({ policies: page.items.map((name) => summary(context, name)), nextMarker: page.next });
  },

  ListPrincipalPolicies(context, input) {
    existing(context, input.principal);
    const names = policiesOf(context, input.principal, false);
    const page = pageOfList(names, { token: input.marker, limit: input.pageSize ?? 25 }, context.world.paging);
    return compact({ policies: page.items.map((name) => summary(context, name)), nextMarker: page.next });
  },

  ListTargetsForPolicy(context, input) {
    const { targets } = policyNamed(context, input.policyName);
    const request = { token: input.marker, limit: input.pageSize ?? 25 };
    const page = pageOf(targets, request, context.world.paging, (_, target) => target);
    return compact({ targets: page.items, nextMarker: page.next });
  },

  ListPolicyPrincipals(context, input) {
    const { targets } = policyNamed(context, input.policyName);
    const request = { token: input.marker, limit: input.pageSize ?? 25 };
    const page = pageOf(targets, request, context.world.paging, (_, target) =>
      readTarget(context, target).kind === 'group' ? undefined : target,
    );
    return compact({ principals: page.items, nextMarker: page.next });
  },

  GetEffectivePolicies(context, input) {
    const names = effective(context, input.principal ?? input.cognitoIdentityPoolId, input.thingName);
    return {
      effectivePolicies: names.map((name) => ({
        ...summary(context, name),
        policyDocument: defaultDocument(policyNamed(context, name)),
      })),
    };
  },
});
