import type { FleetSource } from '../../api/fleetsource.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { KINDS } from '../../api/kinds.gen.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { DriftNotice } from '../../controllers/external/types.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Cache } from '../../runtime/reconciler.ts';

/** AWS keeps this many versions of a policy. */
const POLICY_VERSIONS = 5;
const FETCH_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export interface DriftMetrics {
  drifted(notice: DriftNotice): void;
  /** Somebody keeps setting back what we set right. */
  conflict(kind: string): void;
}

/** What AWS has that the objects do not say, by kind and class; never by object. */
export function driftMetrics(metrics: Metrics, cache: Cache): DriftMetrics {
  metrics.gauge({
    name: 'fleetward_drift',
    help: 'Objects that differ from AWS now, by the worst class of their differences.',
    labels: ['kind', 'class'],
    collect(series) {
      series.reset();
      for (const kind of KINDS) {
        for (const object of cache.list(kind) as Iterable<KubeObject & Drifting>) {
          const found = object.status?.drift?.class;
          if (found !== undefined) series.add({ kind, class: found });
        }
      }
    },
  });
  const corrected = metrics.counter({
    name: 'fleetward_drift_corrected_total',
    help: 'Differences that were set back, each field counted.',
    labels: ['kind', 'class'],
  });
  const conflicts = metrics.counter({
    name: 'fleetward_writer_conflicts_total',
    help: 'Times that corrections were paused because somebody keeps setting them back.',
    labels: ['kind'],
  });
  return {
    drifted({ object, changes, corrected: isCorrected }) {
      if (!isCorrected) return;
      for (const change of changes) corrected.inc({ kind: object.kind, class: change.class });
    },
    conflict: (kind) => conflicts.inc({ kind }),
  };
}

interface Drifting {
  readonly status?: { readonly drift?: { readonly class: string } };
}

/** How many versions the fullest policy of each AWSAccount may still get. An account without a policy has no series. */
export function policyMetrics(metrics: Metrics, cache: Cache): void {
  metrics.gauge({
    name: 'fleetward_policy_version_slots_free',
    help: 'Versions that AWS still takes of the policy that has the most.',
    labels: ['account'],
    collect(series) {
      series.reset();
      const most = new Map<string, number>();
      for (const { spec, status } of cache.list('IoTPolicy') as Iterable<IoTPolicy>) {
        const account = spec.accountRef.name;
        if (status?.versions !== undefined) most.set(account, Math.max(most.get(account) ?? 0, status.versions));
      }
      for (const [account, versions] of most) series.set({ account }, POLICY_VERSIONS - versions);
    },
  });
}

/** Returns what is told of each fetch: `success` or the reason of the failure, and how long it took. */
export function sourceMetrics(metrics: Metrics, cache: Cache): (result: string, seconds: number) => void {
  metrics.gauge({
    name: 'fleetward_source_info',
    help: 'The revision that each FleetSource has applied.',
    labels: ['source', 'revision'],
    collect(series) {
      series.reset();
      for (const { metadata, status } of cache.list('FleetSource') as Iterable<FleetSource>) {
        if (status?.revision === undefined) continue;
        series.set({ source: `${metadata.namespace ?? ''}/${metadata.name}`, revision: status.revision }, 1);
      }
    },
  });
  const seconds = metrics.histogram({
    name: 'fleetward_git_fetch_duration_seconds',
    help: 'Time of asking a source for its revision and its files.',
    labels: ['result'],
    buckets: FETCH_SECONDS,
  });
  return (result, took) => seconds.observe({ result }, took);
}
