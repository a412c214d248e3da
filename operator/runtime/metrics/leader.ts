import type { Metrics } from '../metrics.ts';

export interface LeaderObserver {
  leading(yes: boolean): void;
  /** The lease had to be read before it could be renewed. */
  slowPath(): void;
}

/** The `leader_election_*` family, `name` being the lease. Register once per process. */
export function leaderMetrics(metrics: Metrics, name: string): LeaderObserver {
  const status = metrics.gauge({
    name: 'leader_election_master_status',
    help: '1 while this process leads, else 0.',
    labels: ['name'],
  });
  const slow = metrics.counter({
    name: 'leader_election_slowpath_total',
    help: 'Renewals that had to read the lease first.',
    labels: ['name'],
  });
  status.set({ name }, 0);
  slow.inc({ name }, 0);
  return { leading: (yes) => status.set({ name }, yes ? 1 : 0), slowPath: () => slow.inc({ name }) };
}
