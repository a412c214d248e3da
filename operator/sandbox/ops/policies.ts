import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import type { Policy, PolicyVersion } from '../state/identity.ts';
import { pageOf } from '../state/paging.ts';
import { SequencedMap } from '../state/sequenced.ts';
import { TAGS } from '../state/tags.ts';
import { checkDocument } from './policy-document.ts';
import { checkNewTags, compact, identityOf, tagAtCreate } from './support.ts';

const MAX_VERSIONS = 5;

export const policyArn = (context: CallContext, name: string): string => context.arn(`policy/${name}`);

export function policyNamed(context: CallContext, name: string): Policy {
  const policy = identityOf(context).policies.get(name);
  if (!policy) throw notFound(`Policy not found (name=${name})`);
  return policy;
}

function versionOf(policy: Policy, id: string): PolicyVersion {
  const version = policy.versions.find((v) => v.id === id);
  if (!version) throw notFound(`Policy version not found (name=${policy.name}, version=${id})`);
  return version;
}

export const defaultDocument = (policy: Policy): string => versionOf(policy, policy.defaultVersionId).document;

export function createPolicy(context: CallContext, name: string, document: string): Policy {
  const { policies } = identityOf(context);
  if (policies.has(name)) {
    const message = `Policy cannot be created - name already exists (name=${name})`;
    throw alreadyExists(message, name, policyArn(context, name));
  }
  checkDocument(context, document);
  const now = context.now();
  const policy: Policy = {
    name,
    createdAt: now,
    modifiedAt: now,
    versions: [{ id: '1', document, createdAt: now }],
    defaultVersionId: '1',
    nextVersion: 2,
    generation: 1,
    targets: new SequencedMap(),
    detachedAt: undefined,
  };
  policies.set(name, policy);
  context.changed({ kind: 'policy', operation: 'CREATED', policyName: name });
  return policy;
}

/** Adds a version; the mitigation that replaces a default version uses it too. */
export function addPolicyVersion(
  context: CallContext,
  policy: Policy,
  document: string,
  setAsDefault: boolean,
): PolicyVersion {
  checkDocument(context, document);
  if (policy.versions.length >= MAX_VERSIONS) {
    const message = `The policy ${policy.name} already has the maximum number of versions (${MAX_VERSIONS})`;
    throw awsError('VersionsLimitExceededException', message);
  }
  const version = { id: String(policy.nextVersion++), document, createdAt: context.now() };
  policy.versions = [...policy.versions, version];
  if (setAsDefault) policy.defaultVersionId = version.id;
  touched(context, policy);
  return version;
}

function touched(context: CallContext, policy: Policy): void {
  policy.modifiedAt = context.now();
  policy.generation++;
  context.changed({ kind: 'policy', operation: 'UPDATED', policyName: policy.name });
}

function deletePolicy(context: CallContext, policy: Policy): void {
  if (policy.targets.size > 0) {
    const message = `The policy cannot be deleted as the policy is attached to one or more principals (name=${policy.name})`;
    throw awsError('DeleteConflictException', message);
  }
  if (policy.versions.length > 1) {
    const message = `Cannot delete the policy because it has one or more policy versions attached to it (name=${policy.name})`;
    throw awsError('DeleteConflictException', message);
  }
  const wait = (policy.detachedAt ?? Number.NEGATIVE_INFINITY) + context.world.delays.policyDelete - context.now();
  if (wait > 0) {
    const message = `The policy was detached from a target a moment ago and cannot be deleted yet (name=${policy.name})`;
    throw awsError('DeleteConflictException', message);
  }
  identityOf(context).policies.delete(policy.name);
  context.slice(TAGS).drop(policyArn(context, policy.name));
  context.changed({ kind: 'policy', operation: 'DELETED', policyName: policy.name });
}

const dates = (policy: Policy) => ({
  creationDate: new Date(policy.createdAt),
  lastModifiedDate: new Date(policy.modifiedAt),
  generationId: `${policy.name}-${policy.generation}`,
});

export const policies = family('iot', {
  CreatePolicy(context, input) {
    const arn = policyArn(context, input.policyName);
    checkNewTags(input.tags);
    const policy = createPolicy(context, input.policyName, input.policyDocument);
    tagAtCreate(context, arn, input.tags);
    return { policyName: policy.name, policyArn: arn, policyDocument: input.policyDocument, policyVersionId: '1' };
  },

  GetPolicy(context, input) {
    const policy = policyNamed(context, input.policyName);
    return {
      policyName: policy.name,
      policyArn: policyArn(context, policy.name),
      policyDocument: defaultDocument(policy),
      defaultVersionId: policy.defaultVersionId,
      ...dates(policy),
    };
  },

  DeletePolicy(context, input) {
    deletePolicy(context, policyNamed(context, input.policyName));
    return {};
  },

  ListPolicies(context, input) {
    const page = pageOf(
      identityOf(context).policies,
      { token: input.marker, limit: input.pageSize ?? 25, descending: !input.ascendingOrder },
      context.world.paging,
      (policy) => ({ policyName: policy.name, policyArn: policyArn(context, policy.name) }),
    );
    return compact({ policies: page.items, nextMarker: page.next });
  },

  CreatePolicyVersion(context, input) {
    const policy = policyNamed(context, input.policyName);
    const version = addPolicyVersion(context, policy, input.policyDocument, input.setAsDefault ?? false);
    return {
      policyArn: policyArn(context, policy.name),
      policyDocument: version.document,
      policyVersionId: version.id,
      isDefaultVersion: policy.defaultVersionId === version.id,
    };
  },

  GetPolicyVersion(context, input) {
    const policy = policyNamed(context, input.policyName);
    const version = versionOf(policy, input.policyVersionId);
    return {
      policyArn: policyArn(context, policy.name),
      policyName: policy.name,
      policyDocument: version.document,
      policyVersionId: version.id,
      isDefaultVersion: version.id === policy.defaultVersionId,
      ...dates(policy),
      creationDate: new Date(version.createdAt),
    };
  },

  ListPolicyVersions(context, input) {
    const policy = policyNamed(context, input.policyName);
    return {
      policyVersions: [...policy.versions].reverse().map((version) => ({
        versionId: version.id,
        isDefaultVersion: version.id === policy.defaultVersionId,
        createDate: new Date(version.createdAt),
      })),
    };
  },

  SetDefaultPolicyVersion(context, input) {
    const policy = policyNamed(context, input.policyName);
    const version = versionOf(policy, input.policyVersionId);
    if (policy.defaultVersionId === version.id) return {};
    policy.defaultVersionId = version.id;
    touched(context, policy);
    return {};
  },

  DeletePolicyVersion(context, input) {
    const policy = policyNamed(context, input.policyName);
    const version = versionOf(policy, input.policyVersionId);
    if (version.id === policy.defaultVersionId) {
      const message = `Cannot delete the default version of a policy (name=${policy.name}, version=${version.id})`;
      throw awsError('DeleteConflictException', message);
    }
    policy.versions = policy.versions.filter((v) => v.id !== version.id);
    touched(context, policy);
    return {};
  },
});
