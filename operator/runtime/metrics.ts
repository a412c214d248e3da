import * as prom from 'prom-client';

/** Label values of one series. Every declared label must be given. */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  /** Default 1. */
  inc(labels?: Labels, by?: number): void;
  /** One series, looked up once: for what is counted on hot paths. */
  bind(labels: Labels): { inc(by?: number): void };
}

export interface Gauge {
  set(labels: Labels, value: number): void;
  /** Default 1; negative to lower. */
  add(labels: Labels, by?: number): void;
  /** One series, looked up once. Not for gauges that are reset. */
  bind(labels: Labels): { add(by: number): void };
  /** Forgets all series, for gauges that are written anew on each scrape. */
  reset(): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
  /** One series, looked up once; it exists from then on, with a count of zero. */
  bind(labels: Labels): { observe(value: number): void };
}

export interface MetricOptions {
  /** `snake_case`, with the unit at the end; counters end in `_total`. */
  readonly name: string;
  /** One line for people. */
  readonly help: string;
  /** Names of the labels, in the order of the documentation. Default none. */
  readonly labels?: readonly string[];
  /**
   * Most series this metric may have; label sets beyond it are counted together, each label saying `other`. Default 500.
   * A series per device would cost more than the fleet itself.
   */
  readonly maxSeries?: number;
}

export interface GaugeOptions extends MetricOptions {
  /** Called when metrics are scraped, to set what is only known then. */
  readonly collect?: (gauge: Gauge) => void;
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, in the metric's unit, rising. */
  readonly buckets: readonly number[];
}

/** What `docs/metrics.md` is checked against. */
export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
}

const OVERFLOW = 'other';

/**
 * All metrics of one process (or of one test). The only module that knows the metrics library. Names are registered once;
 * a second registration under a name is a mistake and throws.
 */
export class Metrics {
  readonly #registry = new prom.Registry();
  readonly #descriptions: MetricDescription[] = [];

  readonly contentType: string = this.#registry.contentType;

  counter(options: MetricOptions): Counter {
    const metric = new prom.Counter(this.#base(options, 'counter'));
    const bound = limitSeries(options);
    // A metric without labels exists from the first scrape on; one with labels after its first series is named.
    return {
      inc: (labels, by = 1) => metric.inc(bound(labels), by),
      bind(labels) {
        const series = metric.labels(bound(labels));
        series.inc(0);
        return { inc: (by = 1) => series.inc(by) };
      },
    };
  }

  gauge(options: GaugeOptions): Gauge {
    const { collect } = options;
    const bound = limitSeries(options);
    const metric = new prom.Gauge({
      ...this.#base(options, 'gauge'),
      ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
    });
    const gauge: Gauge = {
      set: (labels, value) => metric.set(bound(labels), value),
      add: (labels, by = 1) => metric.inc(bound(labels), by),
      bind(labels) {
        const series = metric.labels(bound(labels));
        series.inc(0);
        return { add: (by) => series.inc(by) };
      },
      reset: () => {
        metric.reset();
        bound.reset();
      },
    };
    return gauge;
  }

  histogram(options: HistogramOptions): Histogram {
    const metric = new prom.Histogram({ ...this.#base(options, 'histogram'), buckets: [...options.buckets] });
    const bound = limitSeries(options);
    return {
      observe: (labels, value) => metric.observe(bound(labels), value),
      bind(labels) {
        const safe = bound(labels);
        // An observation of 0 would count; this makes the series without one.
        metric.zero(safe);
        return metric.labels(safe);
      },
    };
  }

  /** CPU, memory, heap, garbage collection and `nodejs_eventloop_lag_*` of this process. Once per process. */
  collectProcess(): void {
    prom.collectDefaultMetrics({ register: this.#registry });
  }

  /** The text that Prometheus scrapes. */
  expose(): Promise<string> {
    return this.#registry.metrics();
  }

  /** What is registered here, process metrics excepted. */
  describe(): readonly MetricDescription[] {
    return this.#descriptions;
  }

  #base(options: MetricOptions, type: MetricDescription['type']) {
    const { name, help, labels = [] } = options;
    this.#descriptions.push({ name, help, type, labels });
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

interface SeriesLimit {
  (labels: Labels | undefined): Record<string, string>;
  reset(): void;
}

function limitSeries(options: MetricOptions): SeriesLimit {
  const names = options.labels ?? [];
  const most = options.maxSeries ?? 500;
  const seen = new Set<string>();
  const overflow = Object.fromEntries(names.map((name) => [name, OVERFLOW]));
  const limit = (labels: Labels | undefined): Record<string, string> => {
    if (names.length === 0) return {};
    const series = names.map((name) => labels?.[name] ?? '').join('\u0000');
    if (!seen.has(series)) {
      if (seen.size >= most) return { ...overflow };
      seen.add(series);
    }
    return { ...labels };
  };
  return Object.assign(limit, { reset: () => seen.clear() });
}
