import type { Device } from '../../../api/device.gen.ts';
import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import type { PolicyRollout, PolicyRolloutPolicy } from '../../../api/policyrollout.gen.ts';
import { sameDocument } from '../../../drift/document.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { hasEnded, MOVES_POLICY, policyKey } from '../names.ts';

/** What rollouts say about the document that the declared name of a policy holds now. */
export type Stance =
  /** No rollout speaks: the spec does. */
  | { readonly kind: 'free' }
  /** A rollout moves the assets: the declared name keeps what was last proven. */
  | ({ readonly kind: 'moving' } & Part)
  /** Every asset is on the candidate: the declared name takes the document once nothing carries it. */
  | ({ readonly kind: 'moved' } & Part)
  /** This document was tried and went back, then or before others: the declared name keeps what was last proven. */
  | ({
      readonly kind: 'rejected';
      readonly keeps: string;
      /** Another document was proven since, and the declared name takes that once nothing carries it. */
      readonly moved: boolean;
    } & Part);

/** Reason of an aborted rollout whose commit was taken back: nothing speaks against trying it once more. */
export const REVERTED = 'Reverted';

export function stanceOf(cache: Cache, policy: IoTPolicy): Stance {
  const parts = newestFirst(cache, policy);
  const active = parts.find(({ rollout }) => !hasEnded(rollout));
  if (active !== undefined) return { kind: 'moving', ...active };
  const [latest] = parts;
  const tried = parts.find((part) => asks(policy, part));
  if (latest === undefined || tried === undefined) return { kind: 'free' };
  const since = inPlaceAfter(policy, latest.rollout);
  const isProven = latest.rollout.status?.phase === 'Succeeded' && since === undefined;
  if (tried === latest && isProven) return { kind: 'moved', ...tried };
  if (tried.rollout.status?.phase !== 'Aborted' || isOpen(tried.rollout)) return { kind: 'free' };
  const moved = isProven && latest.rollout.status?.cleanedAt === undefined;
  return { kind: 'rejected', ...tried, keeps: since ?? leftBy(latest), moved };
}

/** What the declared name got at once, while nothing carried the policy, after this rollout, if that was the last one. */
export function inPlaceAfter({ status }: IoTPolicy, { metadata }: PolicyRollout): string | undefined {
  return status?.inPlace?.after === metadata.name ? status.inPlace.document : undefined;
}

/** The last rollout of the policy, and what the declared name holds by its doing. */
export function lastRollout(
  cache: Cache,
  policy: IoTPolicy,
): { readonly name: string; readonly document: string } | undefined {
  const [latest] = newestFirst(cache, policy);
  return latest === undefined ? undefined : { name: latest.rollout.metadata.name, document: leftBy(latest) };
}

function leftBy({ rollout, policy }: Part): string {
  return rollout.status?.phase === 'Succeeded' ? policy.document : policy.baseline;
}

/** Whether some rollout of the document that the spec asks for is known. */
export function wasTried(cache: Cache, policy: IoTPolicy): boolean {
  return partsOf(cache, policy).some((part) => asks(policy, part));
}

interface Part {
  readonly rollout: PolicyRollout;
  readonly policy: PolicyRolloutPolicy;
}

/** What rollouts, whether they have ended or not, did with the policy. */
function partsOf(cache: Cache, { metadata: { namespace, name } }: IoTPolicy): readonly Part[] {
  const all = cache.byIndex('PolicyRollout', MOVES_POLICY, policyKey(namespace, name)) as readonly PolicyRollout[];
  return all.flatMap((rollout) => {
    const policy = rollout.spec.policies.find((each) => each.name === name);
    return policy === undefined ? [] : [{ rollout, policy }];
  });
}

function newestFirst(cache: Cache, policy: IoTPolicy): readonly Part[] {
  return partsOf(cache, policy).toSorted((a, b) => (later(a.rollout, b.rollout) ? -1 : 1));
}

function asks({ spec }: IoTPolicy, { policy }: Part): boolean {
  return sameDocument(policy.document, spec.document);
}

/** Index of PolicyRollouts by the changes of Devices they carry out: `<namespace>/<account>/<digest>`. */
export const CARRIES_CHANGE = 'carriesChange';

export function changeKey(namespace: string | undefined, account: string, digest: string): string {
  return `${namespace ?? ''}/${account}/${digest}`;
}

/** The rollout that tried a change of the Device and took it back; undefined when none did or somebody asked to retry. */
export function rejectedBy(
  cache: Cache,
  { metadata, spec, status }: Device,
  digest = status?.pendingChange?.digest,
): string | undefined {
  if (digest === undefined) return undefined;
  const key = changeKey(metadata.namespace, spec.accountRef.name, digest);
  const [latest] = (cache.byIndex('PolicyRollout', CARRIES_CHANGE, key) as readonly PolicyRollout[]).toSorted((a, b) =>
    later(a, b) ? -1 : 1,
  );
  if (latest === undefined || latest.status?.phase !== 'Aborted') return undefined;
  return isOpen(latest) ? undefined : latest.metadata.name;
}

/** Candidates of the rollouts that have begun with a change of the Device and from which it may still have to go back. */
export function candidatesBeside(cache: Cache, { metadata, spec }: Device, digest: string): readonly string[] {
  const key = changeKey(metadata.namespace, spec.accountRef.name, digest);
  return (cache.byIndex('PolicyRollout', CARRIES_CHANGE, key) as readonly PolicyRollout[])
    .filter((rollout) => !hasEnded(rollout) || rollout.status?.phase === 'Aborted')
    .flatMap((rollout) => rollout.spec.policies.map(({ candidateName }) => candidateName));
}

/** A word to try again that was said before the rollout came back was for single assets of it: the abort came later, and stands. */
function isOpen({ status }: PolicyRollout): boolean {
  const { reason, finishedAt = '', verbs } = status ?? {};
  return reason === REVERTED || (verbs?.retriedAt ?? '') > finishedAt;
}

/** Names in AWS that stand for the policy: candidates count until they are deleted. */
export function candidatesOf(cache: Cache, policy: IoTPolicy): readonly string[] {
  const kept = partsOf(cache, policy).filter(({ rollout }) => rollout.status?.cleanedAt === undefined);
  return kept.map((part) => part.policy.candidateName);
}

export function later(a: PolicyRollout, b: PolicyRollout): boolean {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (left !== right) return left > right;
  return (a.spec.attempt ?? 1) > (b.spec.attempt ?? 1);
}
