import type { Device } from '../../../api/device.gen.ts';
import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { DEFAULT_STRATEGY } from '../../../rollout/strategy.ts';
import { type AssetState, inFlight } from '../../../rollout/types.ts';
import type { Gauge, Metrics } from '../../../runtime/metrics.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { hasEnded } from '../names.ts';

/** Labels are bounded: the policy, never the device. */
export interface RolloutMetrics {
  /** An asset left a stage after so many seconds. */
  stage(stage: string, seconds: number): void;
  verdict(verdict: string, signal: string): void;
  /** Assets were sent back: what set it off. */
  rollback(trigger: string): void;
  restored(seconds: number): void;
  lifelineViolation(): void;
  /** An asset was denied what it did not use before. */
  blocked(): void;
  ended(outcome: string, seconds: { readonly total: number; readonly paused: number }): void;
  evidence(kind: string): void;
  evidenceLost(): void;
}

const MINUTES = [60, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 604_800];
const RESTORE = [10, 30, 60, 120, 300, 480, 600, 900, 1_800, 3_600];

/** Gauges are read off the objects when somebody asks; nothing is kept for them. */
export function rolloutMetrics(metrics: Metrics, cache: Cache): RolloutMetrics {
  gauges(metrics, cache);
  const histogram = (name: string, help: string, label: string, buckets = MINUTES) =>
    metrics.histogram({ name: `fleetward_${name}`, help, labels: [label], buckets });
  const counter = (name: string, help: string, labels: readonly string[]) =>
    metrics.counter({ name: `fleetward_${name}`, help, labels });
  const total = histogram('rollout_duration_seconds', 'From the first asset to the end.', 'outcome');
  const moving = histogram('rollout_progression_seconds', 'The same without pauses by people.', 'outcome');
  const pauses = histogram('rollout_manual_pause_seconds', 'Time that people had it paused.', 'outcome');
  const stages = histogram('asset_switch_duration_seconds', 'Time of one asset in one stage.', 'stage');
  const restore = metrics.histogram({
    name: 'fleetward_rollback_restore_seconds',
    help: 'From turning an asset round to hearing of it again.',
    buckets: RESTORE,
  });
  const verdicts = counter('asset_verdict_total', 'Verdicts on assets.', ['verdict', 'signal']);
  const rollbacks = counter('rollback_total', 'Times that assets were sent back.', ['trigger']);
  const violations = counter('lifeline_violation_total', 'Changes and assets that a lifeline stopped.', []);
  const blocked = counter('tightening_blocked_total', 'Assets that were denied what they did not use before.', []);
  const entries = counter('evidence_entries_total', 'Entries of evidence logs.', ['kind']);
  const lost = counter('evidence_lost_total', 'Entries that could not be written. Above zero the logs have holes.', []);
  return {
    stage: (stage, seconds) => stages.observe({ stage }, seconds),
    verdict: (verdict, signal) => verdicts.inc({ verdict, signal }),
    rollback: (trigger) => rollbacks.inc({ trigger }),
    restored: (seconds) => restore.observe({}, seconds),
    lifelineViolation: () => violations.inc(),
    blocked: () => blocked.inc(),
    ended(outcome, seconds) {
      total.observe({ outcome }, seconds.total);
      pauses.observe({ outcome }, seconds.paused);
      moving.observe({ outcome }, Math.max(0, seconds.total - seconds.paused));
    },
    evidence: (kind) => entries.inc({ kind }),
    evidenceLost: () => lost.inc(),
  };
}

function gauges(metrics: Metrics, cache: Cache): void {
  const rollouts = () => cache.list('PolicyRollout') as Iterable<PolicyRollout>;
  const open = () => [...rollouts()].filter((rollout) => !hasEnded(rollout));
  const policyOf = ({ spec }: PolicyRollout) => spec.policies[0]?.name ?? '';
  const gauge = (name: string, help: string, labels: readonly string[], fill: (gauge: Gauge) => void) =>
    metrics.gauge({
      name: `fleetward_${name}`,
      help,
      labels,
      collect(series) {
        series.reset();
        fill(series);
      },
    });
  gauge('rollout_info', 'Rollouts that have not ended.', ['policy', 'phase', 'diff_class'], (series) => {
    for (const rollout of open()) {
      const { phase = 'Pending', class: diff = 'unknown' } = rollout.status ?? {};
      series.add({ policy: policyOf(rollout), phase, diff_class: diff });
    }
  });
  gauge('rollout_assets', 'Assets of rollouts that have not ended, by state.', ['policy', 'state'], (series) => {
    for (const rollout of open()) {
      const { total: _total, homed: _homed, ...states } = rollout.status?.counters ?? {};
      for (const [state, count] of Object.entries(states)) series.add({ policy: policyOf(rollout), state }, count);
    }
  });
  gauge('rollout_inflight', 'Assets between their first change and their verdict.', ['policy'], (series) => {
    for (const rollout of open()) series.add({ policy: policyOf(rollout) }, rollout.status?.counters?.inFlight ?? 0);
  });
  gauge('rollout_inflight_limit', 'maxInFlight of rollouts that have not ended.', ['policy'], (series) => {
    for (const rollout of open()) series.set({ policy: policyOf(rollout) }, rollout.spec.strategy?.maxInFlight ?? 1);
  });
  gauge('rollout_failures_left', 'Assets that may still fail before all go back.', ['policy'], (series) => {
    for (const rollout of open()) {
      const { failureThreshold = DEFAULT_STRATEGY.failureThreshold } = rollout.spec.strategy ?? {};
      series.set({ policy: policyOf(rollout) }, failureThreshold - (rollout.status?.counters?.failed ?? 0));
    }
  });
  gauge(
    'unrecovered_assets',
    'Assets that were restored and not heard of since. Somebody has to go and look.',
    [],
    (series) => {
      series.set({}, 0);
      for (const { status } of rollouts()) series.add({}, status?.counters?.unrecovered ?? 0);
    },
  );
  gauge('mitigation_held', 'Objects that a security act holds.', ['kind'], (series) => {
    for (const kind of ['Device', 'IoTPolicy', 'PolicyRollout']) series.set({ kind }, 0);
    for (const { status } of open()) if ((status?.acts ?? []).length > 0) series.add({ kind: 'PolicyRollout' });
    for (const policy of cache.list('IoTPolicy') as Iterable<IoTPolicy>) {
      if (policy.status?.held !== undefined) series.add({ kind: 'IoTPolicy' });
    }
    for (const device of cache.list('Device') as Iterable<Device>) {
      if (device.status?.held !== undefined) series.add({ kind: 'Device' });
    }
  });
  gauge('rollback_unconfirmed_assets', 'Assets on their way back that were not heard of yet.', [], (series) => {
    series.set({}, 0);
    for (const device of cache.list('Device') as Iterable<Device>) {
      const state = device.status?.rollout?.state as AssetState | undefined;
      if (state === 'RollingBack' && inFlight(state)) series.add({});
    }
  });
}

export const noMetrics: RolloutMetrics = {
  stage: () => undefined,
  verdict: () => undefined,
  rollback: () => undefined,
  restored: () => undefined,
  lifelineViolation: () => undefined,
  blocked: () => undefined,
  ended: () => undefined,
  evidence: () => undefined,
  evidenceLost: () => undefined,
};
