import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { hasReason, ifFound } from '../../../aws/classify.ts';
import type { Candidates } from './candidates.ts';

/** On the declared policy: eight digits of each document that was tried and went back, newest last. */
const REJECTED_TAG = 'fleetward.dev/rejected';
/** A tag's value holds 256 characters. */
const KEPT = 20;

/** What the tags of a policy say of documents that went back. */
export function rejectedIn(tags: readonly Partial<Record<'Key' | 'Value', string | undefined>>[]): readonly string[] {
  const value = tags.find(({ Key }) => Key === REJECTED_TAG)?.Value ?? '';
  return value.split('.').filter((digest) => digest !== '');
}

/**
 * Beside our own status, which a restore may lose: a document that went back is not tried again because nobody remembers,
 * and one that was proven since is. An endpoint without tags keeps none.
 */
export async function mirrorVerdict(
  { port, options }: Candidates,
  { spec }: PolicyRollout,
  verdict: 'rejected' | 'proven',
): Promise<void> {
  for (const { policyName, digest } of spec.policies) {
    const found = await ifFound(port.call('GetPolicy', { policyName }, options));
    if (found?.policyArn === undefined) continue;
    const resourceArn = found.policyArn;
    try {
      const { tags = [] } = await port.call('ListTagsForResource', { resourceArn }, options);
      const before = rejectedIn(tags);
      const others = before.filter((each) => each !== digest.slice(0, 8));
      const after = verdict === 'rejected' ? [...others, digest.slice(0, 8)].slice(-KEPT) : others;
      if (after.join('.') === before.join('.')) continue;
      const mirrored = { Key: REJECTED_TAG, Value: after.join('.') };
      await port.call('TagResource', { resourceArn, tags: [mirrored] }, options);
    } catch (thrown) {
      if (!hasReason(thrown, 'Unsupported')) throw thrown;
    }
  }
}
