import { type Change, DRIFT_CLASSES, type DriftClass } from './types.ts';

export interface DriftSettings {
  /** Only `Manage` writes; anything unknown is treated as `Observe`. */
  readonly managementPolicy: string;
  readonly driftPolicy: string;
  /** Ids of the reported acts that a person asked to set back (`restoreId`). */
  readonly restore: ReadonlySet<string>;
  readonly idOf: (change: Change<unknown>) => string;
}

export interface Decision<Action> {
  /** To be applied now, in the order given. */
  readonly act: readonly Change<Action>[];
  /** To be shown in status: what is and stays different, worst first. */
  readonly show: readonly Change<Action>[];
  /** The security act that holds the object, when there is one. */
  readonly held: Change<Action> | undefined;
}

/**
 * Which differences are set right and which are only shown. A security act holds the whole object: whoever contained it
 * must not be undone by a well-meant repair of something else on the same asset.
 */
export function decide<Action>(changes: readonly Change<Action>[], settings: DriftSettings): Decision<Action> {
  const restored = (change: Change<Action>) => settings.restore.has(settings.idOf(change));
  const held = changes.find((change) => change.class === 'mitigation' && !restored(change));
  if (settings.managementPolicy !== 'Manage' || held !== undefined) {
    const show = settings.driftPolicy === 'Ignore' ? changes.filter((c) => c === held) : changes;
    return { act: [], show: worstFirst(show), held };
  }
  const act: Change<Action>[] = [];
  const show: Change<Action>[] = [];
  for (const change of changes) {
    const fate = fateOf(change, settings.driftPolicy, restored(change));
    if (fate === 'act') act.push(change);
    if (fate === 'show') show.push(change);
  }
  return { act, show: worstFirst(show), held: undefined };
}

/** The same decision while a fight pauses corrections: only what widens access is still taken away. */
export function paused<Action>({ act, show, held }: Decision<Action>): Decision<Action> {
  const urgent = (change: Change<Action>) => change.class === 'widened';
  return { act: act.filter(urgent), show: worstFirst([...show, ...act.filter((change) => !urgent(change))]), held };
}

function fateOf(change: Change<unknown>, driftPolicy: string, restored: boolean): 'act' | 'show' | 'ignore' {
  if (change.action === undefined) return driftPolicy === 'Ignore' ? 'ignore' : 'show';
  if (change.cause === 'spec' || restored) return 'act';
  switch (driftPolicy) {
    case 'Ignore':
      return 'ignore';
    case 'Correct':
      return change.class === 'narrowed' || change.class === 'foreign' ? 'show' : 'act';
    default:
      return 'show';
  }
}

export function worstFirst<C extends { readonly class: DriftClass; readonly field: string }>(
  changes: readonly C[],
): readonly C[] {
  const rank = (change: C) => DRIFT_CLASSES.indexOf(change.class);
  return [...changes].sort((a, b) => rank(a) - rank(b) || (a.field < b.field ? -1 : a.field > b.field ? 1 : 0));
}

/**
 * Names one reported act, so that a request to set it back can only mean that act: the same difference made again later
 * has another `since` and with it another id.
 */
export function restoreId(change: Pick<Change<unknown>, 'field' | 'class' | 'got'>, since: string): string {
  const text = [change.class, change.field, change.got ?? '', since].join('\n');
  // FNV-1a: an identifier for people to copy, not a defence; whoever may annotate may also see the id.
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
