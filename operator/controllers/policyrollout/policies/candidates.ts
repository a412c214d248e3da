import type { PolicyRolloutPolicy } from '../../../api/policyrollout.gen.ts';
import { ifFound } from '../../../aws/classify.ts';
import type { AwsPort, CallOptions } from '../../../aws/port.ts';
import { sameDocument } from '../../../drift/document.ts';
import type { CandidateDefault } from '../../../rollout/types.ts';
import { terminal } from '../../../runtime/errors.ts';
import { OWNER_KEY } from '../../external/ownership.ts';
import { STATE_TAG } from './tags.ts';

/** Tags that mirror what a lost state could not tell: whose candidate it is and where its brake is. */
const ROLLOUT_TAG = 'fleetward.dev/rollout';
const BRAKE_TAG = 'fleetward.dev/brake';
/** The document of before is what a candidate is made with. */
const BRAKE_VERSION = '1';

export interface Candidates {
  readonly port: AwsPort;
  readonly options: CallOptions;
  /** Our mark of the IoTPolicy that a candidate belongs to. */
  readonly markOf: (policy: PolicyRolloutPolicy) => string;
  readonly rollout: string;
}

/** Which document AWS serves under the candidate's name, read now. */
export async function readCandidate(candidates: Candidates, policy: PolicyRolloutPolicy): Promise<State> {
  return (await readServed(candidates, policy)).state;
}

type State = CandidateDefault | 'unfinished';

/** A candidate gets both its versions within this time, unless the process ends in between. */
const MADE_WITHIN_MS = 60_000;

/** The same, and when its default was last changed by somebody else, as far as AWS tells; undefined when nobody did. */
export async function readServed(
  candidates: Candidates,
  policy: PolicyRolloutPolicy,
): Promise<{ readonly state: State; readonly touchedAt: number | undefined }> {
  const { port, options } = candidates;
  const found = await ifFound(port.call('GetPolicy', { policyName: policy.candidateName }, options));
  if (found === undefined) return { state: 'absent', touchedAt: undefined };
  const changedAt = found.lastModifiedDate?.getTime() ?? 0;
  const madeAt = found.creationDate?.getTime() ?? changedAt;
  const touchedAt = changedAt > madeAt + MADE_WITHIN_MS ? changedAt : undefined;
  return { state: await stateOf(candidates, policy, found.policyDocument), touchedAt };
}

async function stateOf(
  candidates: Candidates,
  { candidateName: policyName, document, baseline }: PolicyRolloutPolicy,
  served: string | undefined,
): Promise<State> {
  if (sameDocument(served, document)) return 'new';
  if (!sameDocument(served, baseline)) return 'foreign';
  const { port, options } = candidates;
  // Made, and the process ended before it got its second version; nobody pulled a brake that has nothing to brake.
  const { policyVersions = [] } = await port.call('ListPolicyVersions', { policyName }, options);
  if (policyVersions.length > 1) return 'brake';
  // A default moves forward only while nothing carries the policy: whoever does would get it all at once.
  const targets = await listTargets(candidates, policyName);
  return targets.length > 0 ? 'brake' : 'unfinished';
}

async function listTargets({ port, options }: Candidates, policyName: string): Promise<readonly string[]> {
  const listed = await ifFound(port.call('ListTargetsForPolicy', { policyName, pageSize: 10 }, options));
  return listed?.targets ?? [];
}

/** Which version AWS serves, for naming what somebody else has done. */
export async function defaultVersion({ port, options }: Candidates, policy: PolicyRolloutPolicy): Promise<string> {
  const found = await ifFound(port.call('GetPolicy', { policyName: policy.candidateName }, options));
  return found?.defaultVersionId ?? 'none';
}

/** Brings a candidate into being: the document of before as version 1, the new one as its default. */
export async function ensureCandidate(candidates: Candidates, policy: PolicyRolloutPolicy): Promise<CandidateDefault> {
  const { port, options } = candidates;
  const policyName = policy.candidateName;
  const state = await readCandidate(candidates, policy);
  if (state === 'absent') {
    const tags = [
      { Key: OWNER_KEY, Value: candidates.markOf(policy) },
      { Key: ROLLOUT_TAG, Value: candidates.rollout },
      { Key: BRAKE_TAG, Value: BRAKE_VERSION },
      { Key: STATE_TAG, Value: 'started' },
    ];
    await port.call('CreatePolicy', { policyName, policyDocument: policy.baseline, tags }, options);
  } else if (state !== 'unfinished') {
    return state;
  }
  await checkOurs(candidates, policy);
  await port.call('CreatePolicyVersion', { policyName, policyDocument: policy.document, setAsDefault: true }, options);
  const after = await readCandidate(candidates, policy);
  return after === 'unfinished' ? 'absent' : after;
}

/**
 * Before anything has begun: a candidate of the same document may be there from an earlier rollout of which nothing is known
 * here any more. Its version 1 is what was there before that one, and the brake would bring that back. While nothing carries
 * it, it goes, and is made anew.
 */
export async function discardStale(candidates: Candidates, policy: PolicyRolloutPolicy): Promise<void> {
  // Any other default is told of, and left to people.
  if ((await readCandidate(candidates, policy)) !== 'new') return;
  if ((await brakeHolds(candidates, policy)) === 'before') return;
  await checkOurs(candidates, policy);
  await deleteCandidate(candidates, policy);
}

/** Whether version 1 is what was there before this rollout, another document, or gone. */
async function brakeHolds(
  { port, options }: Candidates,
  { candidateName: policyName, baseline }: PolicyRolloutPolicy,
): Promise<'before' | 'another' | 'absent'> {
  const first = { policyName, policyVersionId: BRAKE_VERSION };
  const found = await ifFound(port.call('GetPolicyVersion', first, options));
  if (found === undefined) return 'absent';
  return sameDocument(found.policyDocument, baseline) ? 'before' : 'another';
}

async function checkOurs({ port, options, markOf }: Candidates, policy: PolicyRolloutPolicy): Promise<void> {
  const found = await ifFound(port.call('GetPolicy', { policyName: policy.candidateName }, options));
  if (found?.policyArn === undefined) return;
  const listed = await ifFound(port.call('ListTagsForResource', { resourceArn: found.policyArn }, options));
  const mark = listed?.tags?.find(({ Key }) => Key === OWNER_KEY)?.Value;
  if (mark === undefined || mark === markOf(policy)) return;
  throw terminal(
    'CandidateTaken',
    `Policy ${policy.candidateName} in AWS is marked as owned by ${mark}; the rollout touches nothing. Delete that policy, or rename the IoTPolicy.`,
  );
}

/** The emergency brake of one policy: one write gives every asset on the candidate what it had. */
export interface BrakeCall {
  readonly operation: 'SetDefaultPolicyVersion' | 'CreatePolicyVersion';
  send(): Promise<unknown>;
}

/**
 * Version 1, which was made for this. Where nothing is known any more of the rollout that made the candidate, and assets are on
 * it, version 1 is what was there before that one: then the document of before comes as a version of its own.
 */
export async function brakeOf(candidates: Candidates, policy: PolicyRolloutPolicy): Promise<BrakeCall> {
  const { port, options } = candidates;
  const { candidateName: policyName, baseline: policyDocument } = policy;
  if ((await brakeHolds(candidates, policy)) !== 'another') {
    const operation = 'SetDefaultPolicyVersion';
    const input = { policyName, policyVersionId: BRAKE_VERSION };
    return { operation, send: () => ifFound(port.call(operation, input, options)) };
  }
  const operation = 'CreatePolicyVersion';
  const input = { policyName, policyDocument, setAsDefault: true };
  return { operation, send: () => ifFound(port.call(operation, input, options)) };
}

/**
 * Deletes a candidate that nothing carries any more, and says what keeps it otherwise. One whose default somebody else has set is
 * left: deleting it would undo what may be the answer to an incident.
 */
export async function deleteCandidate(
  candidates: Candidates,
  policy: PolicyRolloutPolicy,
): Promise<'deleted' | 'foreign' | { readonly targets: readonly string[] }> {
  const { port, options } = candidates;
  const state = await readCandidate(candidates, policy);
  if (state === 'absent') return 'deleted';
  if (state === 'foreign') return 'foreign';
  const policyName = policy.candidateName;
  const targets = await listTargets(candidates, policyName);
  if (targets.length > 0) return { targets };
  const { policyVersions = [] } = (await ifFound(port.call('ListPolicyVersions', { policyName }, options))) ?? {};
  for (const { versionId, isDefaultVersion } of policyVersions) {
    if (isDefaultVersion) continue;
    await ifFound(port.call('DeletePolicyVersion', { policyName, policyVersionId: versionId }, options));
  }
  await ifFound(port.call('DeletePolicy', { policyName }, options));
  return 'deleted';
}
