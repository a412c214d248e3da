import type { KubeObject } from '../../api/meta.ts';
import type { Work } from './apply.ts';
import type { Refusal } from './plan.ts';
import type { Fetched } from './tree.ts';

/** A revision in the making, kept from one reconcile to the next because paced creations take longer than one. */
export interface InFlight {
  readonly revision: string;
  readonly generation: number | undefined;
  readonly work: Work;
  readonly total: number;
  readonly refused: readonly Refusal[];
  readonly remove: readonly KubeObject[];
  /** Every object of the revision as stored: uid to generation. */
  readonly seen: Map<string, number>;
  readonly count: number;
  readonly digest: string;
  readonly skipped: number;
}

/**
 * What a process knows about one source beside its status. Only saves work: after a restart everything is found again
 * by loading the tree once and comparing.
 */
export interface Memory {
  fetched: Fetched | undefined;
  /** Of the spec under which it was fetched. */
  generation: number | undefined;
  /** Monotonic ms. */
  nextFetchAt: number;
  failures: number;
  inFlight: InFlight | undefined;
  /** The revision that is applied and verified: while nothing moves, the tree is not loaded again. */
  done: Pick<InFlight, 'revision' | 'generation' | 'seen' | 'count' | 'digest' | 'skipped'> | undefined;
  /** Why the present revision could not be applied; the same files would fail the same way. */
  bad: string | undefined;
  /** Labels and annotations beyond Git's that one apply has shown to be somebody else's: uid to their names. */
  readonly extras: Map<string, string>;
  /** Objects whose spec fields of others are kept, as they were when that was found: uid to `keptMark`. */
  readonly kept: Map<string, string>;
}

export function newMemory(): Memory {
  return {
    fetched: undefined,
    generation: undefined,
    nextFetchAt: Number.NEGATIVE_INFINITY,
    failures: 0,
    inFlight: undefined,
    done: undefined,
    bad: undefined,
    extras: new Map(),
    kept: new Map(),
  };
}

/** Names of everything in the metadata maps. */
export function metadataNames(object: KubeObject): string {
  const { labels, annotations } = object.metadata;
  return [...Object.keys(labels ?? {}).sort(), '|', ...Object.keys(annotations ?? {}).sort()].join(' ');
}

/** True while every object of the finished revision is stored as it was left. */
export function isIntact(seen: ReadonlyMap<string, number>, inventory: Iterable<KubeObject>): boolean {
  let matching = 0;
  for (const { metadata } of inventory) {
    const generation = seen.get(metadata.uid ?? '');
    if (generation === undefined || metadata.deletionTimestamp !== undefined) continue;
    if (generation !== (metadata.generation ?? 0)) return false;
    matching++;
  }
  return matching === seen.size;
}
