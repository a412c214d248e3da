import type { Behavior, MetricToRetain } from '@aws-sdk/client-iot';
import type { CallContext } from '../context.ts';
import { invalid } from '../errors.ts';
import { isComparison, type Metric, metricOf } from './defender/detect/metrics.ts';
import { DEFENDER } from './defender/state.ts';

type Criteria = NonNullable<Behavior['criteria']>;
type ListField = 'cidrs' | 'ports' | 'numbers' | 'strings';

const MAX_BEHAVIORS = 100;
const MAX_VALUES = 1000;
const DURATIONS = [300, 600, 900, 1800, 3600];
const STATISTICS = ['p0', 'p0.1', 'p0.01', 'p1', 'p10', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'p100'];
const LIST_FIELDS: readonly ListField[] = ['cidrs', 'ports', 'numbers', 'strings'];

/** Refuses behaviors that CreateSecurityProfile refuses. */
export function checkBehaviors(context: CallContext, behaviors: readonly Behavior[]): void {
  const [first] = problemsOf(context, behaviors);
  if (first !== undefined) throw invalid(first);
}

/** Everything that is wrong with behaviors (API_ValidateSecurityProfileBehaviors). */
export function problemsOf(context: CallContext, behaviors: readonly Behavior[]): string[] {
  const names = new Set(behaviors.map((b) => b.name));
  const learned = behaviors.filter((b) => b.criteria?.mlDetectionConfig).length;
  const ruled = behaviors.filter((b) => b.criteria?.comparisonOperator).length;
  const values = behaviors.reduce((sum, b) => sum + valueCount(b.criteria), 0);
  return [
    ...(behaviors.length > MAX_BEHAVIORS ? [`A profile can have at most ${MAX_BEHAVIORS} behaviors`] : []),
    ...(names.size < behaviors.length ? ['Behavior names must be unique within a profile'] : []),
    ...(learned > 0 && ruled > 0 ? ['A profile uses either rules or machine learning, not both'] : []),
    ...(values > MAX_VALUES ? [`A profile can have at most ${MAX_VALUES} values in its behaviors`] : []),
    ...behaviors.flatMap((behavior) => {
      const problem = problemOf(context, behavior);
      return problem === undefined ? [] : [`Behavior ${behavior.name ?? ''}: ${problem}`];
    }),
  ];
}

/** Refuses metrics to retain that there are not. */
export function checkRetained(context: CallContext, metrics: readonly MetricToRetain[]): void {
  for (const { metric, metricDimension } of metrics) {
    const found = lookUp(context, metric ?? '');
    if (typeof found === 'string') throw invalid(found);
    const name = metricDimension?.dimensionName;
    if (name !== undefined && !context.slice(DEFENDER).dimensions.has(name))
      throw invalid(`Dimension ${name} not found`);
  }
}

function valueCount(criteria: Criteria | undefined): number {
  const value = criteria?.value ?? {};
  return LIST_FIELDS.reduce((sum, field) => sum + (value[field]?.length ?? 0), value.count === undefined ? 0 : 1);
}

function lookUp(context: CallContext, name: string): Metric | string {
  const type = context.slice(DEFENDER).metrics.get(name)?.type;
  return (
    metricOf(name, type) ?? (name.startsWith('aws:') ? `unknown metric ${name}` : `custom metric ${name} not found`)
  );
}

function problemOf(
  context: CallContext,
  { metric: name = '', metricDimension, criteria }: Behavior,
): string | undefined {
  const metric = lookUp(context, name);
  if (typeof metric === 'string') return metric;
  const dimension = metricDimension?.dimensionName;
  if (dimension !== undefined && !metric.hasDimension) return `metric ${name} takes no dimension`;
  if (dimension !== undefined && !context.slice(DEFENDER).dimensions.has(dimension)) {
    return `dimension ${dimension} not found`;
  }
  // Without criteria the metric is collected, and nothing is judged.
  if (!criteria) return undefined;
  if (criteria.mlDetectionConfig && !metric.isLearnable) return `metric ${name} cannot be used with machine learning`;
  return durationProblem(name, metric, criteria) ?? operatorProblem(name, metric, criteria);
}

/** A duration is for what adds up over time; of message sizes only a percentile is taken over it. */
function durationProblem(name: string, { source, hasDuration }: Metric, criteria: Criteria): string | undefined {
  const { durationSeconds: duration, statisticalThreshold } = criteria;
  if (duration === undefined) return undefined;
  if (!DURATIONS.includes(duration)) return `durationSeconds must be one of ${DURATIONS.join(', ')}`;
  if (hasDuration || (source === 'size' && statisticalThreshold)) return undefined;
  return `metric ${name} takes no durationSeconds`;
}

function operatorProblem(name: string, { operators }: Metric, criteria: Criteria): string | undefined {
  const { comparisonOperator: operator, statisticalThreshold, value } = criteria;
  if (operator === undefined) return value ? 'a value needs a comparisonOperator' : undefined;
  if (!operators.includes(operator)) return `operator ${operator} does not fit metric ${name}`;
  if (!statisticalThreshold) return valueProblem(operator, value ?? {});
  if (!isComparison(operator)) return 'a statistical threshold needs a comparison';
  const { statistic = '' } = statisticalThreshold;
  return STATISTICS.includes(statistic) ? undefined : `statistic must be one of ${STATISTICS.join(', ')}`;
}

function valueProblem(operator: string, value: NonNullable<Criteria['value']>): string | undefined {
  const wanted: readonly (ListField | 'count' | 'number')[] = isComparison(operator)
    ? ['count', 'number']
    : operator.endsWith('cidr-set')
      ? ['cidrs']
      : operator.endsWith('port-set')
        ? ['ports']
        : ['strings', 'numbers'];
  if (wanted.some((field) => value[field] !== undefined)) return undefined;
  return `operator ${operator} needs a value of ${wanted.join(' or ')}`;
}
