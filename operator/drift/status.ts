import { worstFirst } from './decide.ts';
import type { Change, DriftClass } from './types.ts';

/** The form drift has in every kind's status. */
export interface DriftStatus {
  readonly class: DriftClass;
  readonly since: string;
  readonly total: number;
  readonly fields?: readonly DriftField[];
}

export interface DriftField {
  readonly field: string;
  readonly class: DriftClass;
  readonly want?: string;
  readonly got?: string;
}

const SHOWN = 20;
const VALUE = 256;

/** `since` stays while the same worst class stays; a worse or another class is news. */
export function driftStatus(
  changes: readonly Change<unknown>[],
  previous: DriftStatus | undefined,
  now: string,
): DriftStatus | undefined {
  const sorted = worstFirst(changes);
  const worst = sorted[0];
  if (worst === undefined) return undefined;
  return {
    class: worst.class,
    since: previous?.class === worst.class ? previous.since : now,
    total: sorted.length,
    fields: sorted.slice(0, SHOWN).map(fieldOf),
  };
}

function fieldOf(change: Change<unknown>): DriftField {
  return {
    field: clip(change.field),
    class: change.class,
    ...(change.want === undefined ? {} : { want: clip(change.want) }),
    ...(change.got === undefined ? {} : { got: clip(change.got) }),
  };
}

function clip(text: string): string {
  return text.length > VALUE ? `${text.slice(0, VALUE - 1)}…` : text;
}

/** One line for messages and events: `widened attributes.site (want a, got b); …`. */
export function driftText(changes: readonly Change<unknown>[], limit = 3): string {
  const parts = worstFirst(changes)
    .slice(0, limit)
    .map(({ class: kind, field, want, got }) => {
      const values = [want === undefined ? '' : `want ${clip(want)}`, got === undefined ? '' : `got ${clip(got)}`];
      const shown = values.filter((value) => value !== '').join(', ');
      return shown === '' ? `${kind} ${field}` : `${kind} ${field} (${shown})`;
    });
  const rest = changes.length - parts.length;
  return rest > 0 ? `${parts.join('; ')}; and ${rest} more` : parts.join('; ');
}
