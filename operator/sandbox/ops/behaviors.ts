import type { Behavior } from '@aws-sdk/client-iot';
import { invalid } from '../errors.ts';

type Criteria = NonNullable<Behavior['criteria']>;
type ListField = 'cidrs' | 'ports' | 'numbers' | 'strings';

const MAX_BEHAVIORS = 100;
const MAX_VALUES = 1000;
const DURATIONS = [300, 600, 900, 1800, 3600];
const LIST_FIELDS: readonly ListField[] = ['cidrs', 'ports', 'numbers', 'strings'];

const COMPARISONS = ['less-than', 'less-than-equals', 'greater-than', 'greater-than-equals'];
const CIDR_SETS = ['in-cidr-set', 'not-in-cidr-set'];
const PORT_SETS = ['in-port-set', 'not-in-port-set'];

/** Metrics of Device Defender and the operators that each takes; custom metrics are not listed. */
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  'aws:message-byte-size': COMPARISONS,
  'aws:num-messages-sent': COMPARISONS,
  'aws:num-messages-received': COMPARISONS,
  'aws:num-authorization-failures': COMPARISONS,
  'aws:num-connection-attempts': COMPARISONS,
  'aws:num-disconnects': COMPARISONS,
  'aws:disconnect-duration': ['less-than', 'less-than-equals'],
  'aws:source-ip-address': CIDR_SETS,
  'aws:all-bytes-out': COMPARISONS,
  'aws:all-bytes-in': COMPARISONS,
  'aws:all-packets-out': COMPARISONS,
  'aws:all-packets-in': COMPARISONS,
  'aws:num-listening-tcp-ports': COMPARISONS,
  'aws:num-listening-udp-ports': COMPARISONS,
  'aws:num-established-tcp-connections': COMPARISONS,
  'aws:listening-tcp-ports': PORT_SETS,
  'aws:listening-udp-ports': PORT_SETS,
  'aws:destination-ip-addresses': CIDR_SETS,
};

/** Refuses behaviors that CreateSecurityProfile refuses. */
export function checkBehaviors(behaviors: readonly Behavior[]): void {
  if (behaviors.length > MAX_BEHAVIORS) throw invalid(`A profile can have at most ${MAX_BEHAVIORS} behaviors`);
  const names = new Set(behaviors.map((b) => b.name));
  if (names.size < behaviors.length) throw invalid('Behavior names must be unique within a profile');
  const learned = behaviors.filter((b) => b.criteria?.mlDetectionConfig).length;
  const ruled = behaviors.filter((b) => b.criteria?.comparisonOperator).length;
  if (learned > 0 && ruled > 0) throw invalid('A profile uses either rules or machine learning, not both');
  const values = behaviors.reduce((sum, b) => sum + valueCount(b.criteria), 0);
  if (values > MAX_VALUES) throw invalid(`A profile can have at most ${MAX_VALUES} values in its behaviors`);
  for (const behavior of behaviors) checkBehavior(behavior);
}

function valueCount(criteria: Criteria | undefined): number {
  const value = criteria?.value ?? {};
  return LIST_FIELDS.reduce((sum, field) => sum + (value[field]?.length ?? 0), value.count === undefined ? 0 : 1);
}

function checkBehavior(behavior: Behavior): void {
  const { name = '', metric = '', criteria } = behavior;
  const operators = Object.hasOwn(OPERATORS, metric) ? OPERATORS[metric] : undefined;
  if (metric.startsWith('aws:') && !operators) throw invalid(`Behavior ${name}: unknown metric ${metric}`);
  if (!criteria) return;
  const { comparisonOperator: operator, durationSeconds: duration } = criteria;
  if (duration !== undefined && !DURATIONS.includes(duration)) {
    throw invalid(`Behavior ${name}: durationSeconds must be one of ${DURATIONS.join(', ')}`);
  }
  if (operator === undefined) {
    if (criteria.value) throw invalid(`Behavior ${name}: a value needs a comparisonOperator`);
    return;
  }
  if (operators && !operators.includes(operator)) {
    throw invalid(`Behavior ${name}: operator ${operator} does not fit metric ${metric}`);
  }
  checkValue(name, operator, criteria);
}

function checkValue(name: string, operator: string, criteria: Criteria): void {
  if (criteria.statisticalThreshold) {
    if (!COMPARISONS.includes(operator)) throw invalid(`Behavior ${name}: a statistical threshold needs a comparison`);
    return;
  }
  const value = criteria.value ?? {};
  const wanted: readonly (ListField | 'count' | 'number')[] = COMPARISONS.includes(operator)
    ? ['count', 'number']
    : CIDR_SETS.includes(operator)
      ? ['cidrs']
      : PORT_SETS.includes(operator)
        ? ['ports']
        : ['strings', 'numbers'];
  if (!wanted.some((field) => value[field] !== undefined)) {
    throw invalid(`Behavior ${name}: operator ${operator} needs a value of ${wanted.join(' or ')}`);
  }
}
