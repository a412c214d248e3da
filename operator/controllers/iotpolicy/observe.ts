import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { hasReason, ifFound } from '../../aws/classify.ts';
import { sameDocument } from '../../drift/document.ts';
import { readMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import { rejectedIn } from '../policyrollout/policies/mirror.ts';
import { readCarriers, readOrphans } from './carriers.ts';
import type { DesiredPolicy } from './desired.ts';
import { appliedUntil } from './last-carried.ts';
import { declaredName } from './names.ts';
import type { PolicyVersion } from './plan.ts';

export interface ObservedPolicy {
  readonly arn: string;
  readonly mark: string | undefined;
  readonly defaultVersionId: string;
  readonly document: string;
  readonly versions: readonly PolicyVersion[];
  readonly targets: number;
  /** Whether something carries a candidate of a rollout that is known. */
  readonly moved: boolean;
  /** Who carries the policy or a candidate of it, read now; only where the document differs from the wanted one. */
  readonly carriers: readonly string[];
  /** Nothing carries it any more, and AWS may still apply it to whoever did. */
  readonly appliedUntil: number | undefined;
  /** Candidates in AWS that no record tells of and that something still carries: a restore brought no status. */
  readonly orphans: readonly string[];
  /** Documents that went back, as our tags in AWS tell; only where no rollout of the wanted one is known. */
  readonly rejected: readonly string[];
}

/** Read directly each time: policies are few, and nothing of them may be judged from an old answer. */
export async function observePolicy(
  scope: Scope<IoTPolicy>,
  desired: DesiredPolicy,
): Promise<ObservedPolicy | undefined> {
  const policyName = declaredName(scope.object);
  const found = await ifFound(scope.call('GetPolicy', { policyName }));
  if (found?.policyArn === undefined) return undefined;
  const { policyVersions = [] } = await scope.call('ListPolicyVersions', { policyName });
  const { targets } = scope.session.snapshot;
  const current = sameDocument(found.policyDocument, desired.document);
  const versions: PolicyVersion[] = [];
  for (const { versionId = '', isDefaultVersion = false, createDate } of policyVersions) {
    const document = isDefaultVersion
      ? found.policyDocument
      : current
        ? undefined
        : (await ifFound(scope.call('GetPolicyVersion', { policyName, policyVersionId: versionId })))?.policyDocument;
    versions.push({ versionId, isDefault: isDefaultVersion, createdAt: createDate?.getTime() ?? 0, document });
  }
  const moved = desired.names.some((name) => name !== policyName && targets.count(name) > 0);
  const carriers = current || scope.deps.rollouts === undefined ? [] : await readCarriers(scope, desired);
  return {
    arn: found.policyArn,
    mark: await readMark(scope, found.policyArn),
    defaultVersionId: found.defaultVersionId ?? '',
    document: found.policyDocument ?? '',
    versions,
    targets: targets.count(policyName),
    moved,
    carriers,
    appliedUntil: appliedUntil(scope, moved || carriers.length > 0 || (current && targets.count(policyName) > 0)),
    orphans: await readOrphans(scope, desired),
    rejected: current || desired.tried ? [] : await readRejected(scope, found.policyArn),
  };
}

async function readRejected(scope: Scope<IoTPolicy>, resourceArn: string): Promise<readonly string[]> {
  try {
    const { tags = [] } = await scope.call('ListTagsForResource', { resourceArn });
    return rejectedIn(tags);
  } catch (thrown) {
    if (hasReason(thrown, 'Unsupported') || hasReason(thrown, 'NotFound')) return [];
    throw thrown;
  }
}
