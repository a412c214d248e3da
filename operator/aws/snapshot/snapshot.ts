import type { Clock } from '../../runtime/clock.ts';
import { Priority } from '../../runtime/reconciler.ts';
import type { AwsPort } from '../port.ts';
import { readCertificates, readMembers, readTargets, readThings } from './bulk.ts';
import { createEdges, type Edges } from './edges.ts';
import { createEntities, type Entities } from './entities.ts';
import { type CertificateFacts, sameCertificate, sameThing, type ThingFacts } from './facts.ts';
import { createPrincipals, type Principals } from './principals.ts';

export type Relation = 'things' | 'certificates' | 'targets' | 'members';
const RELATIONS: readonly Relation[] = ['things', 'certificates', 'targets', 'members'];

/** Names whose facts differ from what the snapshot held before. */
export interface Touched {
  readonly things: ReadonlySet<string>;
  readonly certificates: ReadonlySet<string>;
  /** Keys as `targetKey` makes them. */
  readonly targets: ReadonlySet<string>;
  /** Things whose memberships changed. */
  readonly members: ReadonlySet<string>;
}

/**
 * What exists in one account and region, by list calls: its cost is pages, not devices. One per verified account and
 * region, shared by all controllers; our own writes show in it at once.
 */
export interface Snapshot {
  readonly things: Entities<ThingFacts>;
  readonly certificates: Entities<CertificateFacts>;
  /** policy → target key */
  readonly targets: Edges;
  /** group → thing */
  readonly members: Edges;
  readonly principals: Principals;
  readonly loaded: boolean;
  /** Milliseconds since this relation was last read in full; undefined before the first time. */
  age(relation: Relation): number | undefined;
  /** Reads everything once; concurrent callers share one read. */
  load(signal?: AbortSignal): Promise<void>;
  /** Reads everything again and tells what changed. */
  refresh(signal?: AbortSignal): Promise<Touched>;
}

export interface SnapshotOptions {
  readonly port: Pick<AwsPort, 'call'>;
  readonly clock: Clock;
  /** For how long a list may lag behind our own writes. */
  readonly settleMs: { readonly registry: number; readonly authorization: number };
}

export function createSnapshot({ port, clock, settleMs }: SnapshotOptions): Snapshot {
  const now = () => clock.monotonic();
  const registry = { now, settleMs: settleMs.registry };
  const things = createEntities<ThingFacts>({ ...registry, same: sameThing });
  const certificates = createEntities<CertificateFacts>({ ...registry, same: sameCertificate });
  const targets = createEdges({ now, settleMs: settleMs.authorization });
  const members = createEdges(registry);
  const readAt = new Map<Relation, number>();
  let running: Promise<Touched> | undefined;

  async function one(relation: Relation, read: () => Promise<ReadonlySet<string>>): Promise<ReadonlySet<string>> {
    const started = now();
    const changed = await read();
    readAt.set(relation, started);
    return changed;
  }

  async function readAll(signal: AbortSignal | undefined): Promise<Touched> {
    const bulk = { port, options: { priority: Priority.drift, ...(signal === undefined ? {} : { signal }) } };
    const [changedThings, changedCertificates, changedTargets, changedMembers] = await Promise.all([
      one('things', () => readThings(bulk, things.sweep())),
      one('certificates', () => readCertificates(bulk, certificates.sweep())),
      one('targets', () => readTargets(bulk, targets.sweep())),
      one('members', () => readMembers(bulk, members.sweep())),
    ]);
    return {
      things: changedThings,
      certificates: changedCertificates,
      targets: changedTargets,
      members: changedMembers,
    };
  }

  function refresh(signal?: AbortSignal): Promise<Touched> {
    running ??= readAll(signal).finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    things,
    certificates,
    targets,
    members,
    principals: createPrincipals(now),
    get loaded() {
      return readAt.size === RELATIONS.length;
    },
    age(relation) {
      const at = readAt.get(relation);
      return at === undefined ? undefined : now() - at;
    },
    async load(signal) {
      if (readAt.size < RELATIONS.length) await refresh(signal);
    },
    refresh,
  };
}
