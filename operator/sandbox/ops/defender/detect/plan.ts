import type { Behavior, MetricDimension } from '@aws-sdk/client-iot';
import { REGISTRY } from '../../../state/registry.ts';
import type { Scope } from '../../../state/scope.ts';
import { SETTINGS } from '../../../state/settings.ts';
import { DEFENDER } from '../state.ts';
import { type Metric, metricOf } from './metrics.ts';

/** A metric, perhaps of certain topics only, as a profile asks for it. */
export interface Wanted {
  readonly key: string;
  readonly name: string;
  readonly metric: Metric;
  readonly dimension: MetricDimension | undefined;
  /** Topic filters of the dimension; undefined without one. */
  readonly filters: readonly string[] | undefined;
  readonly isExcluding: boolean;
}

export interface Rule {
  readonly profile: string;
  readonly behavior: Behavior;
  readonly wanted: Wanted;
}

/** A metric whose datapoints a profile publishes on a topic. */
export interface Export {
  readonly topic: string;
  readonly wanted: Wanted;
}

export interface Plan {
  readonly wanted: ReadonlyMap<string, Wanted>;
  readonly rules: readonly Rule[];
  readonly exports: readonly Export[];
}

export const keyOf = (metric: string, dimension?: MetricDimension): string =>
  dimension?.dimensionName === undefined
    ? metric
    : `${metric}|${dimension.dimensionName}|${dimension.operator ?? 'IN'}`;

function wantedOf(scope: Scope, name: string, dimension: MetricDimension | undefined): Wanted | undefined {
  const { metrics, dimensions } = scope.slice(DEFENDER);
  const metric = metricOf(name, metrics.get(name)?.type);
  if (!metric) return undefined;
  const filters = dimension?.dimensionName === undefined ? undefined : dimensions.get(dimension.dimensionName)?.values;
  const isExcluding = dimension?.operator === 'NOT_IN';
  return { key: keyOf(name, dimension), name, metric, dimension, filters, isExcluding };
}

/** Targets that a device belongs to; a group's profile watches the things of its child groups too. */
function targetsOf(scope: Scope, name: string): string[] {
  const registry = scope.slice(REGISTRY);
  const thing = registry.things.get(name);
  const all = scope.arn('all/things');
  if (!thing) return [all, scope.arn('all/unregistered-things')];
  const groups = [...new Set(thing.groups.flatMap((group) => registry.lineage(group)))];
  return [all, scope.arn('all/registered-things'), ...groups.map((group) => scope.arn(`thinggroup/${group}`))];
}

/** What is watched of one device. */
export function planFor(scope: Scope, name: string): Plan {
  const { securityProfiles, profilesByTarget } = scope.slice(SETTINGS);
  const names = new Set(targetsOf(scope, name).flatMap((target) => profilesByTarget.get(target) ?? []));
  const wanted = new Map<string, Wanted>();
  const rules: Rule[] = [];
  const exports: Export[] = [];
  const want = (metric: string | undefined, dimension: MetricDimension | undefined): Wanted | undefined => {
    const found = wantedOf(scope, metric ?? '', dimension);
    if (found) wanted.set(found.key, found);
    return found;
  };
  for (const profileName of names) {
    const profile = securityProfiles.get(profileName);
    const topic = profile?.exportConfig?.mqttTopic;
    const exported = (found: Wanted | undefined, isExported: boolean | undefined) => {
      if (found && isExported && topic !== undefined) exports.push({ topic, wanted: found });
    };
    for (const behavior of profile?.behaviors ?? []) {
      const found = want(behavior.metric, behavior.metricDimension);
      if (found) rules.push({ profile: profileName, behavior, wanted: found });
      exported(found, behavior.exportMetric);
    }
    for (const { metric, metricDimension, exportMetric } of profile?.metricsV2 ?? []) {
      exported(want(metric, metricDimension), exportMetric);
    }
    for (const metric of profile?.metrics ?? []) want(metric, undefined);
  }
  return { wanted, rules, exports };
}
