import { READY, statusOf } from '../../api/conditions.ts';
import { type Condition, type KubeObject, keyOf } from '../../api/meta.ts';
import type { Clock } from '../clock.ts';
import type { Counter, Histogram, Metrics } from '../metrics.ts';
import type { Cache, CacheChange } from '../reconciler.ts';

const GROUP = ['kind', 'type', 'status', 'reason'] as const;

/** One second to a day. */
const BUCKETS = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 43_200, 86_400];

export interface ConditionMetrics {
  /** Counts the conditions of all objects of `kind` from now on. Call before the cache starts. */
  watch(cache: Cache, kind: string): void;
}

/** Objects of one kind with the same condition in the same state for the same reason. */
interface Group {
  readonly labels: Readonly<Record<(typeof GROUP)[number], string>>;
  count: number;
  /** Since when, in ms, for states that want attention; undefined where a fleet in order would fill it. */
  readonly since: Map<string, number> | undefined;
}

/**
 * The `operator_status_condition_*` family, by kind and reason instead of by object: a fleet of 100,000 devices must not
 * make 300,000 series. Kept up to date change by change, so that a scrape does not go through the fleet.
 */
export function conditionMetrics(metrics: Metrics, clock: Clock): ConditionMetrics {
  const groups = new Map<string, Group>();
  const terminating = new Map<string, Map<string, number>>();
  gauges(metrics, clock, { groups, terminating });
  const moves = transitions(metrics);
  return {
    watch(cache, kind) {
      terminating.set(kind, new Map());
      cache.onChange(kind, (change) => {
        if (change.old) remove(groups, change.old);
        if (change.new) add(groups, change.new);
        noteDeletion(terminating, change);
        if (!change.initial && change.old && change.new) moves(change.old, change.new);
      });
    },
  };
}

function gauges(
  metrics: Metrics,
  clock: Clock,
  state: { readonly groups: Map<string, Group>; readonly terminating: Map<string, Map<string, number>> },
): void {
  metrics.gauge({
    name: 'operator_status_condition_count',
    help: 'Objects by kind and by type, status and reason of a condition.',
    labels: GROUP,
    collect(gauge) {
      gauge.reset();
      for (const { labels, count } of state.groups.values()) gauge.set(labels, count);
    },
  });
  metrics.gauge({
    name: 'operator_status_condition_current_status_seconds',
    help: 'How long the object that has waited longest is in this state; states that want attention only.',
    labels: GROUP,
    collect(gauge) {
      gauge.reset();
      for (const { labels, since } of state.groups.values()) {
        if (since !== undefined && since.size > 0) gauge.set(labels, age(since, clock));
      }
    },
  });
  metrics.gauge({
    name: 'operator_termination_current_time_seconds',
    help: 'How long the object that has been going longest is being deleted, by kind; 0 when none is.',
    labels: ['kind'],
    collect(gauge) {
      for (const [kind, since] of state.terminating) gauge.set({ kind }, age(since, clock));
    },
  });
}

function transitions(metrics: Metrics): (old: KubeObject, now: KubeObject) => void {
  const total: Counter = metrics.counter({
    name: 'operator_status_condition_transitions_total',
    help: 'Changes of the status of a condition, by what it became.',
    labels: GROUP,
  });
  const seconds: Histogram = metrics.histogram({
    name: 'operator_status_condition_transition_seconds',
    help: 'How long a condition stood before its status changed, by what it became.',
    labels: ['kind', 'type', 'status'],
    buckets: BUCKETS,
  });
  return (old, now) => {
    const before = new Map(conditionsOf(old).map((condition) => [condition.type, condition]));
    for (const condition of conditionsOf(now)) {
      const was = before.get(condition.type);
      if (was?.status === condition.status) continue;
      const { type, status, reason } = condition;
      total.inc({ kind: now.kind, type, status, reason });
      const stood = was && (Date.parse(condition.lastTransitionTime) - Date.parse(was.lastTransitionTime)) / 1000;
      if (stood !== undefined && stood >= 0) seconds.observe({ kind: now.kind, type, status }, stood);
    }
  };
}

function add(groups: Map<string, Group>, object: KubeObject): void {
  for (const condition of conditionsOf(object)) {
    const { type, status, reason } = condition;
    const id = groupId(object.kind, condition);
    const group = groups.get(id) ?? {
      labels: { kind: object.kind, type, status, reason },
      count: 0,
      since: wantsAttention(condition) ? new Map() : undefined,
    };
    groups.set(id, group);
    group.count += 1;
    group.since?.set(keyOf(object), Date.parse(condition.lastTransitionTime) || 0);
  }
}

function remove(groups: Map<string, Group>, object: KubeObject): void {
  for (const condition of conditionsOf(object)) {
    const id = groupId(object.kind, condition);
    const group = groups.get(id);
    if (!group) continue;
    group.count -= 1;
    group.since?.delete(keyOf(object));
    if (group.count <= 0) groups.delete(id);
  }
}

function noteDeletion(terminating: Map<string, Map<string, number>>, change: CacheChange): void {
  const object = change.new ?? change.old;
  if (!object) return;
  const since = change.new?.metadata.deletionTimestamp;
  const going = terminating.get(object.kind);
  if (since === undefined) going?.delete(keyOf(object));
  else going?.set(keyOf(object), Date.parse(since));
}

function age(since: ReadonlyMap<string, number>, clock: Clock): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (const ms of since.values()) oldest = Math.min(oldest, ms);
  return oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, (clock.now() - oldest) / 1000);
}

/** True is how they should be: a fleet in order would fill the list. */
const GOOD: ReadonlySet<string> = new Set([
  'Applied',
  'Analyzed',
  'Approved',
  'Progressing',
  'Healthy',
  'Succeeded',
  'PolicyApplied',
  'PolicyHealthy',
  'Connected',
]);

const wantsAttention = (condition: Condition): boolean =>
  condition.type === READY ? condition.status !== 'True' : condition.status === 'True' && !GOOD.has(condition.type);

const conditionsOf = (object: KubeObject): readonly Condition[] => statusOf(object).conditions ?? [];

const groupId = (kind: string, { type, status, reason }: Condition): string => `${kind}\n${type}\n${status}\n${reason}`;
