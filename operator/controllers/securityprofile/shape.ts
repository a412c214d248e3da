import { sameJson } from '../external/equal.ts';

/** The parts of a profile that are compared one by one, without what AWS fills in by itself. */
export interface ProfileShape {
  readonly description: string;
  readonly behaviors: readonly unknown[];
  readonly alertTargets: unknown;
  readonly additionalMetricsToRetain: readonly unknown[];
  readonly metricsExportConfig: unknown;
}

export interface RawProfile {
  readonly description?: string | undefined;
  readonly behaviors?: readonly object[] | undefined;
  readonly alertTargets?: object | undefined;
  readonly additionalMetricsToRetain?: readonly object[] | undefined;
  readonly metricsExportConfig?: object | undefined;
}

/** Values that mean the same as leaving the field out: https://docs.aws.amazon.com/iot/latest/apireference/API_Behavior.html */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  operator: 'IN',
  suppressAlerts: false,
  exportMetric: false,
  consecutiveDatapointsToAlarm: 1,
  consecutiveDatapointsToClear: 1,
};

export function shapeOf(raw: RawProfile): ProfileShape {
  return {
    description: raw.description ?? '',
    behaviors: byText(raw.behaviors ?? []),
    alertTargets: emptyToUndefined(normal(raw.alertTargets)),
    additionalMetricsToRetain: byText(raw.additionalMetricsToRetain ?? []),
    metricsExportConfig: emptyToUndefined(normal(raw.metricsExportConfig)),
  };
}

function emptyToUndefined(value: unknown): unknown {
  return sameJson(value, {}) ? undefined : value;
}

/** Order means nothing in these lists; names and metrics are unique within them. */
function byText(values: readonly object[]): readonly unknown[] {
  return values.map(normal).sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal).sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
  if (typeof value !== 'object' || value === null) return value;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const inner = normal((value as Record<string, unknown>)[key]);
    if (inner !== undefined && inner !== null && inner !== DEFAULTS[key]) out[key] = inner;
  }
  return out;
}
