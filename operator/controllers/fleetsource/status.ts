import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { conditionTime, type Progress, setProgress } from '../../api/conditions.ts';
import type { FleetSource, FleetSourceStatus } from '../../api/fleetsource.gen.ts';
import { counted } from '../../report/count.ts';
import type { SourceError } from '../../source/git/errors.ts';
import type { Refusal } from './plan.ts';
import { REQUESTED_AT } from './verbs.ts';

const MAX_LISTED = 20;
const MAX_LINE = 1024;

/** What one attempt came to. Everything the status shows follows from it. */
export type Outcome =
  | { readonly kind: 'suspended' }
  | { readonly kind: 'unreadable'; readonly error: SourceError }
  | {
      readonly kind: 'invalid';
      readonly revision: string;
      readonly errors: readonly string[];
      /** Of all mistakes; `errors` may be cut. */
      readonly total: number;
      readonly skipped: number;
    }
  | { readonly kind: 'empty'; readonly revision: string; readonly skipped: number }
  | { readonly kind: 'guarded'; readonly revision: string; readonly removed: number; readonly limit: number }
  | { readonly kind: 'applying'; readonly revision: string; readonly done: number; readonly total: number }
  | { readonly kind: 'refused'; readonly revision: string; readonly refused: readonly Refusal[]; readonly kept: number }
  | {
      readonly kind: 'applied';
      readonly revision: string;
      readonly count: number;
      readonly digest: string;
      readonly skipped: number;
      /** The remote could not be asked; what is applied is the last good revision. */
      readonly unreadable?: SourceError | undefined;
    };

/** The whole new status; equal to the old one when the attempt found nothing new. */
export function statusAfter(source: FleetSource, outcome: Outcome, now: number): FleetSourceStatus {
  const old = source.status ?? {};
  const { generation } = source.metadata;
  const progress = outcome.kind === 'suspended' ? standstill(source) : progressOf(source, outcome);
  const conditions = setProgress(old.conditions ?? [], progress, { generation, now });
  const requested = source.metadata.annotations?.[REQUESTED_AT];
  const handled = outcome.kind !== 'suspended' && outcome.kind !== 'applying' ? requested : undefined;
  return {
    ...old,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions,
    ...(handled === undefined ? {} : { lastHandledReconcileAt: handled.slice(0, 128) }),
    ...details(old, outcome, now),
  };
}

function details(old: FleetSourceStatus, outcome: Outcome, now: number): FleetSourceStatus {
  switch (outcome.kind) {
    case 'suspended':
    case 'unreadable':
      return {};
    case 'invalid':
      return { ...attempted(outcome), ...listed(outcome.errors, outcome.total), skipped: outcome.skipped };
    case 'empty':
      return { ...attempted(outcome), ...listed([]), skipped: outcome.skipped };
    case 'guarded':
    case 'applying':
      return { ...attempted(outcome), ...listed([]) };
    case 'refused':
      return { ...attempted(outcome), ...listed(outcome.refused.map((r) => `${r.object}: ${r.message}`)) };
    case 'applied': {
      const same = old.revision === outcome.revision && old.inventory?.digest === outcome.digest;
      return {
        ...attempted(outcome),
        ...listed([]),
        revision: outcome.revision,
        inventory: { count: outcome.count, digest: outcome.digest },
        skipped: outcome.skipped,
        lastAppliedTime: same && old.lastAppliedTime ? old.lastAppliedTime : conditionTime(now),
      };
    }
    default:
      return outcome satisfies never;
  }
}

function progressOf(source: FleetSource, outcome: Exclude<Outcome, { kind: 'suspended' }>): Progress {
  const stays = source.status?.revision ? `; ${source.status.revision} stays applied` : '; nothing is applied yet';
  switch (outcome.kind) {
    case 'unreadable': {
      const { reason, message, retriable } = outcome.error;
      const next = retriable
        ? ' and the remote is asked again'
        : '. Correct it, then it is tried again at the next interval';
      return { kind: retriable ? 'reconciling' : 'stalled', reason, message: `${message}${stays}${next}` };
    }
    case 'invalid': {
      const [first = ''] = outcome.errors;
      const more = outcome.total > 1 ? ` (and ${outcome.total - 1} more, see status.errors)` : '';
      const message = `${outcome.revision} has ${counted(outcome.total, 'mistake')} and nothing of it was applied${stays}: ${first}${more}`;
      return { kind: 'stalled', reason: 'InvalidManifests', message };
    }
    case 'empty': {
      const foreign = outcome.skipped > 0 ? ` (${outcome.skipped} objects of other kinds were skipped)` : '';
      const message = `${outcome.revision} has no Fleetward objects at path "${source.spec.path}"${foreign}. An empty source removes nothing${stays}; check spec.path and spec.ref`;
      return { kind: 'stalled', reason: 'EmptySource', message };
    }
    case 'guarded': {
      const message = `${outcome.revision} would remove ${outcome.removed} objects, more than the ${outcome.limit} that pruneGuard allows, so nothing of it was applied${stays}. If it is meant: kubectl annotate fleetsource ${source.metadata.name} fleetward.dev/allow-prune=${outcome.revision}`;
      return { kind: 'stalled', reason: 'PruneGuard', message };
    }
    case 'applying': {
      const message = `Applying ${outcome.revision}: ${outcome.done} of ${outcome.total} changes are done`;
      return { kind: 'reconciling', reason: 'Applying', message };
    }
    case 'refused': {
      const [first] = outcome.refused;
      const kept = outcome.kept > 0 ? `, and ${counted(outcome.kept, 'object')} that left Git stay until it is` : '';
      const message = `${counted(outcome.refused.length, 'object')} of ${outcome.revision} was refused; the rest is applied${kept}. First: ${first?.object}: ${first?.message}`;
      return { kind: 'stalled', reason: 'ObjectsRefused', message };
    }
    case 'applied': {
      if (outcome.unreadable) {
        const message = `${outcome.unreadable.message}; the last good revision ${outcome.revision} stays applied`;
        return { kind: 'reconciling', reason: outcome.unreadable.reason, message };
      }
      return {
        kind: 'ready',
        reason: 'Applied',
        message: `Applied ${outcome.revision}: ${counted(outcome.count, 'object')}`,
      };
    }
    default:
      return outcome satisfies never;
  }
}

/** Suspending says nothing new about what is applied: Ready stays as it was, with its reason. */
function standstill(source: FleetSource): Progress {
  const ready = source.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return { kind: 'ready', reason: ready.reason, message: ready.message };
  const message = 'Suspended: nothing is fetched or applied until spec.suspend is false';
  return { kind: 'stalled', reason: 'Suspended', message };
}

function attempted(outcome: { readonly revision: string }): FleetSourceStatus {
  return { lastAttemptedRevision: outcome.revision };
}

function listed(errors: readonly string[], total = errors.length): FleetSourceStatus {
  return { errors: errors.slice(0, MAX_LISTED).map((line) => line.slice(0, MAX_LINE)), errorCount: total };
}

const DIGEST_SLICE = 5_000;

/**
 * One value for a set of objects, whatever their order: two revisions with the same names have the same digest. The
 * keys' hashes are combined by exclusive or, so that a large fleet needs no sort and can be taken in slices.
 */
export async function inventoryDigest(keys: Iterable<string>): Promise<string> {
  const sum = Buffer.alloc(32);
  let taken = 0;
  for (const key of keys) {
    if (++taken % DIGEST_SLICE === 0) await setImmediate();
    const digest = createHash('sha256').update(key).digest();
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) ^ (digest[i] ?? 0);
  }
  return `sha256:${sum.toString('hex')}`;
}
