import type { MetricValue } from '@aws-sdk/client-iot';
import type { Timer } from '../../../../runtime/clock.ts';
import type { World } from '../../../context.ts';
import { REGISTRY } from '../../../state/registry.ts';
import type { Scope } from '../../../state/scope.ts';
import { SETTINGS } from '../../../state/settings.ts';
import { endViolation, openViolation } from '../alarms.ts';
import { VIOLATIONS, type Violation } from '../violation-state.ts';
import { collect, cut } from './collect.ts';
import { MetricsExport } from './export.ts';
import { isNormal, numberOf, threshold } from './judge.ts';
import { isReported } from './metrics.ts';
import { type Plan, planFor, type Rule, type Wanted } from './plan.ts';
import type { Actor, DeviceEvent } from './port.ts';
import { DETECT, METRIC_RETENTION, type Point, type Streak, type Watched, WINDOW, watched } from './state.ts';

/** An alarm whose device gave no datapoint for this long is invalidated. AWS publishes no figure. */
const SILENCE = 3_600_000;

interface Judged {
  readonly name: string;
  readonly device: Watched;
  readonly rule: Rule;
  readonly points: readonly Point[];
}

const ruleKey = ({ profile, behavior }: Rule) => `${profile}/${behavior.name ?? ''}`;

/** Device Defender Detect of one account and region: gathers metrics, cuts them into windows and judges behaviors. */
export class Watch {
  readonly #world: World;
  readonly #scope: Scope;
  readonly #plans = new Map<string, Plan>();
  #timer: Timer | undefined;

  constructor(world: World, scope: Scope) {
    this.#world = world;
    this.#scope = scope;
  }

  /** Something changed that may decide what is watched. */
  replan(): void {
    this.#plans.clear();
    if (this.#isOn() && !this.#timer) this.#arm();
  }

  note(who: Actor, event: DeviceEvent): void {
    if (!this.#isOn()) return;
    const name = who.thingName ?? who.clientId;
    const { wanted } = this.#plan(name);
    if (wanted.size === 0) return;
    const device = watched(this.#scope.slice(DETECT), name);
    device.clientId = who.clientId;
    device.isActive = true;
    for (const one of wanted.values()) collect(device, one, who, event);
  }

  report(name: string, values: ReadonlyMap<string, MetricValue>): boolean {
    const at = this.#world.clock.now();
    const device = watched(this.#scope.slice(DETECT), name);
    if (device.reportedAt !== undefined && at - device.reportedAt < WINDOW) return false;
    device.reportedAt = at;
    for (const { key, name: metric } of this.#plan(name).wanted.values()) {
      const value = values.get(metric);
      if (value) keep(device, key, { at, value });
    }
    return true;
  }

  #isOn(): boolean {
    return this.#scope.slice(SETTINGS).profilesByTarget.size > 0;
  }

  #plan(name: string): Plan {
    const known = this.#plans.get(name) ?? planFor(this.#scope, name);
    this.#plans.set(name, known);
    return known;
  }

  /** Windows end at full five minutes of the clock. */
  #arm(): void {
    const now = this.#world.clock.now();
    const next = (Math.floor(now / WINDOW) + 1) * WINDOW;
    this.#timer = this.#world.clock.after(next - now, () => {
      this.#timer = undefined;
      this.#turn(next);
      if (this.#isOn()) this.#arm();
    });
  }

  #turn(at: number): void {
    const { devices } = this.#scope.slice(DETECT);
    this.#findConnected();
    const judged: Judged[] = [];
    const exported = new MetricsExport();
    for (const [name, device] of devices) {
      const plan = this.#plan(name);
      this.#cut(device, plan, at);
      const rules = plan.rules.filter((rule) => rule.behavior.criteria?.comparisonOperator !== undefined);
      for (const rule of rules) judged.push({ name, device, rule, points: due(device, rule, at) });
      this.#train(plan, device, at);
      for (const { topic, wanted } of plan.exports) {
        exported.add(topic, name, wanted, recent(device, wanted, at - WINDOW, at));
      }
      this.#invalidate(device, new Set(rules.map(ruleKey)), at);
      if (plan.wanted.size === 0 && device.streaks.size === 0) devices.delete(name);
    }
    exported.publish(this.#world, this.#scope);
    const limits = limitsOf(judged);
    for (const one of judged) this.#judge(one, limits.get(ruleKey(one.rule)), at);
  }

  /** Things that were connected before anything watched them, and have been silent since. */
  #findConnected(): void {
    const { broker } = this.#world.ports;
    if (!broker) return;
    const detect = this.#scope.slice(DETECT);
    for (const name of this.#scope.slice(REGISTRY).things.keys()) {
      if (!detect.devices.has(name) && broker.connection(this.#scope, name)?.connected) watched(detect, name);
    }
  }

  #cut(device: Watched, { wanted }: Plan, at: number): void {
    const info = this.#world.ports.broker?.lastSeen(this.#scope, device.clientId);
    const isConnected = info?.connected ?? false;
    if (isConnected) device.connectedAt = at;
    else if (info?.disconnectedAt !== undefined) device.connectedAt = info.disconnectedAt;
    for (const one of wanted.values()) {
      const isAbsence = one.metric.source === 'absence' && device.connectedAt !== undefined;
      const point = isAbsence
        ? { at, value: { count: Math.floor((at - (device.connectedAt ?? at)) / 60_000) } }
        : isConnected || device.isActive
          ? cut(one, device.seen.get(one.key), at)
          : undefined;
      if (point) keep(device, one.key, point);
    }
    device.seen.clear();
    device.isActive = false;
  }

  #train({ rules }: Plan, device: Watched, at: number): void {
    const { training } = this.#scope.slice(DETECT);
    for (const rule of rules) {
      if (!rule.behavior.criteria?.mlDetectionConfig) continue;
      const known = training.get(ruleKey(rule)) ?? { since: at, points: 0 };
      known.points += recent(device, rule.wanted, at - WINDOW, at).length;
      training.set(ruleKey(rule), known);
    }
  }

  #judge({ name, device, rule, points }: Judged, limit: number | undefined, at: number): void {
    const { criteria } = rule.behavior;
    if (!criteria || (criteria.statisticalThreshold && limit === undefined)) return;
    const key = ruleKey(rule);
    const streak = device.streaks.get(key) ?? { bad: 0, good: 0, violationId: undefined, lastAt: at };
    for (const point of points) {
      device.streaks.set(key, streak);
      streak.lastAt = at;
      const isGood = isNormal(criteria, point, limit);
      streak.bad = isGood ? 0 : streak.bad + 1;
      streak.good = isGood ? streak.good + 1 : 0;
      this.#apply(name, rule, streak, point);
    }
  }

  #apply(name: string, { profile, behavior }: Rule, streak: Streak, { value, at }: Point): void {
    const { consecutiveDatapointsToAlarm: toAlarm = 1, consecutiveDatapointsToClear: toClear = 1 } =
      behavior.criteria ?? {};
    const open = this.#openOne(streak);
    if (open && streak.bad > 0) Object.assign(open, { value, lastAt: at });
    else if (open && streak.good >= toClear) {
      endViolation(this.#world, this.#scope, open, { ending: 'alarm-cleared', value });
      streak.violationId = undefined;
    } else if (!open && streak.bad >= toAlarm) {
      const opening = { thingName: name, profile, behavior, value };
      streak.violationId = openViolation(this.#world, this.#scope, opening).id;
    }
  }

  #openOne({ violationId }: Streak): Violation | undefined {
    if (violationId === undefined) return undefined;
    return this.#scope.slice(VIOLATIONS).find(({ id, endedAt }) => id === violationId && endedAt === undefined);
  }

  /** Alarms of behaviors that do not apply to the device any more, or of a device that has been silent. */
  #invalidate(device: Watched, keys: ReadonlySet<string>, at: number): void {
    for (const [key, streak] of device.streaks) {
      if (keys.has(key) && at - streak.lastAt < SILENCE) continue;
      const open = this.#openOne(streak);
      if (open) endViolation(this.#world, this.#scope, open, { ending: 'alarm-invalidated', value: undefined });
      device.streaks.delete(key);
    }
  }
}

function keep(device: Watched, key: string, point: Point): void {
  const points = device.points.get(key) ?? [];
  points.push(point);
  const oldest = point.at - METRIC_RETENTION;
  if ((points[0]?.at ?? 0) < oldest)
    points.splice(
      0,
      points.findIndex(({ at }) => at >= oldest),
    );
  device.points.set(key, points);
}

/** Datapoints of the time that ends at `to`. A window is dated by its end, a report by its arrival. */
function recent(device: Watched, { key, metric }: Wanted, from: number, to: number): readonly Point[] {
  const points = device.points.get(key) ?? [];
  const isIn = isReported(metric) ? (at: number) => at >= from && at < to : (at: number) => at > from && at <= to;
  const last = points.findLastIndex(({ at }) => at < from);
  return points.slice(last + 1).filter(({ at }) => isIn(at));
}

/** The datapoints of a behavior that became known by `at`: one for a duration that ends now, or one for each report. */
function due(device: Watched, { behavior, wanted }: Rule, at: number): readonly Point[] {
  const { source } = wanted.metric;
  const isSummed = source === 'count' || source === 'traffic';
  const duration = isSummed ? (behavior.criteria?.durationSeconds ?? 300) * 1000 : WINDOW;
  if (at % duration !== 0) return [];
  const points = recent(device, wanted, at - duration, at);
  if (!isSummed || points.length === 0) return points;
  const count = points.reduce((sum, { value }) => sum + (numberOf(value) ?? 0), 0);
  return [{ at, value: { count } }];
}

/** Limits of statistical thresholds: a percentile over all devices that gave the profile a datapoint (detect-behaviors). */
function limitsOf(judged: readonly Judged[]): Map<string, number> {
  const values = new Map<string, { readonly statistic: string; readonly numbers: number[] }>();
  for (const { rule, points } of judged) {
    const statistic = rule.behavior.criteria?.statisticalThreshold?.statistic;
    if (statistic === undefined) continue;
    const known = values.get(ruleKey(rule)) ?? { statistic, numbers: [] };
    known.numbers.push(...points.flatMap(({ value }) => numberOf(value) ?? []));
    values.set(ruleKey(rule), known);
  }
  const limits = new Map<string, number>();
  for (const [key, { statistic, numbers }] of values) {
    const limit = threshold(statistic, numbers);
    if (limit !== undefined) limits.set(key, limit);
  }
  return limits;
}
