import { hasReason } from '../../aws/classify.ts';
import { OWNER_KEY } from './ownership.ts';
import type { ExternalObject, Scope } from './types.ts';

/** The tag that marks an AWS object as ours, as create calls take it. */
export function ownerTags(mark: string): { Key: string; Value: string }[] {
  return [{ Key: OWNER_KEY, Value: mark }];
}

/**
 * Whose mark an AWS object carries. Read before the first write of each process, and whenever we have no record of the
 * object; in between our own status is proof enough.
 */
export async function readMark<O extends ExternalObject>(
  scope: Scope<O>,
  arn: string | undefined,
): Promise<string | undefined> {
  if (arn === undefined) return undefined;
  const { object } = scope;
  if (object.status?.arn === arn && object.status.claim !== undefined) return scope.mark;
  try {
    const { tags } = await scope.call('ListTagsForResource', { resourceArn: arn });
    return tags?.find(({ Key }) => Key === OWNER_KEY)?.Value;
  } catch (thrown) {
    if (hasReason(thrown, 'NotFound')) return undefined;
    if (!hasReason(thrown, 'Unsupported')) throw thrown;
    // An endpoint without tags: our own record, and what we were told to take over, must do.
    const ours = object.status?.claim !== undefined || object.spec.adoption !== 'Create';
    return ours ? scope.mark : undefined;
  }
}

export async function writeMark<O extends ExternalObject>(scope: Scope<O>, arn: string): Promise<void> {
  try {
    await scope.call('TagResource', { resourceArn: arn, tags: ownerTags(scope.mark) });
  } catch (thrown) {
    if (!hasReason(thrown, 'Unsupported')) throw thrown;
  }
}
