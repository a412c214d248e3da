import type { Change } from '../../drift/types.ts';
import type { ExternalObject } from './types.ts';

/**
 * Whether the spec moved or AWS did. A difference that was shown before and still stands stays drift, also when the spec
 * changes elsewhere in between: an unrelated edit must not undo what somebody contained.
 */
export function causeOf(
  object: ExternalObject,
  settled: boolean,
  field: string,
  want: string | undefined,
): Change<unknown>['cause'] {
  if (settled) return 'drift';
  const shown = object.status?.drift?.fields?.find((entry) => entry.field === field);
  return shown !== undefined && shown.want === want ? 'drift' : 'spec';
}
