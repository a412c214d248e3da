/**
 * The metrics of Device Defender by how their datapoints come about.
 * - `count`: what the broker counts in a window; the windows of a duration are added up.
 * - `size`, `addresses`: what the broker saw in a window, one datapoint each.
 * - `absence`: minutes since the device was connected last.
 * - `traffic`: what a device reports about its traffic since the report before; added up over a duration.
 * - `gauge`, `ports`, `peers`: the state that a device reports, one datapoint for each report.
 */
type Source = 'count' | 'size' | 'addresses' | 'absence' | 'traffic' | 'gauge' | 'ports' | 'peers';

const COMPARISONS = ['less-than', 'less-than-equals', 'greater-than', 'greater-than-equals'];
const CIDR_SETS = ['in-cidr-set', 'not-in-cidr-set'];
const PORT_SETS = ['in-port-set', 'not-in-port-set'];
const SETS = ['in-set', 'not-in-set'];

export interface Metric {
  readonly source: Source;
  readonly operators: readonly string[];
  /** Behaviors of it may have durationSeconds. */
  readonly hasDuration: boolean;
  /** ML Detect takes it (dd-detect-ml). */
  readonly isLearnable: boolean;
  /** A TOPIC_FILTER dimension narrows it (scoping-security-behavior). */
  readonly hasDimension: boolean;
}

const metric = (source: Source, operators: readonly string[], more: Partial<Metric> = {}): Metric => ({
  source,
  operators,
  hasDuration: false,
  isLearnable: true,
  hasDimension: false,
  ...more,
});
const counted = { hasDuration: true };
const scoped = { hasDuration: true, hasDimension: true };
const unlearned = { isLearnable: false };

/** Cloud-side and device-side metrics (detect-cloud-side-metrics, detect-device-side-metrics). */
const METRICS: Readonly<Record<string, Metric>> = {
  'aws:message-byte-size': metric('size', COMPARISONS, { hasDimension: true }),
  'aws:num-messages-sent': metric('count', COMPARISONS, scoped),
  'aws:num-messages-received': metric('count', COMPARISONS, scoped),
  'aws:num-authorization-failures': metric('count', COMPARISONS, scoped),
  'aws:num-connection-attempts': metric('count', COMPARISONS, counted),
  'aws:num-disconnects': metric('count', COMPARISONS, counted),
  'aws:disconnect-duration': metric('absence', ['less-than', 'less-than-equals'], unlearned),
  'aws:source-ip-address': metric('addresses', CIDR_SETS, { hasDimension: true, ...unlearned }),
  'aws:all-bytes-out': metric('traffic', COMPARISONS, counted),
  'aws:all-bytes-in': metric('traffic', COMPARISONS, counted),
  'aws:all-packets-out': metric('traffic', COMPARISONS, counted),
  'aws:all-packets-in': metric('traffic', COMPARISONS, counted),
  'aws:num-listening-tcp-ports': metric('gauge', COMPARISONS, counted),
  'aws:num-listening-udp-ports': metric('gauge', COMPARISONS, counted),
  'aws:num-established-tcp-connections': metric('gauge', COMPARISONS, counted),
  'aws:listening-tcp-ports': metric('ports', PORT_SETS, unlearned),
  'aws:listening-udp-ports': metric('ports', PORT_SETS, unlearned),
  'aws:destination-ip-addresses': metric('peers', CIDR_SETS, unlearned),
};

/** Custom metrics by their type (dd-detect-custom-metrics). */
const CUSTOM: Readonly<Record<string, Metric>> = {
  number: metric('gauge', COMPARISONS, counted),
  'number-list': metric('gauge', SETS, unlearned),
  'string-list': metric('gauge', SETS, unlearned),
  'ip-address-list': metric('gauge', CIDR_SETS, unlearned),
};

/** Devices report it; everything else the broker sees. */
export const isReported = ({ source }: Metric): boolean => ['traffic', 'gauge', 'ports', 'peers'].includes(source);

export const isComparison = (operator: string): boolean => COMPARISONS.includes(operator);

/** `customType` is the type of a custom metric of this name; undefined when there is none. */
export function metricOf(name: string, customType: string | undefined): Metric | undefined {
  if (name.startsWith('aws:')) return Object.hasOwn(METRICS, name) ? METRICS[name] : undefined;
  return customType !== undefined && Object.hasOwn(CUSTOM, customType) ? CUSTOM[customType] : undefined;
}
