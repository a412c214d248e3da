/** One measured figure. `ratio` is value / baseline in the direction that `better` names. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** What the figure is compared with: a goal from the docs, or another program measured in the same run. */
  readonly baseline?: { readonly name: string; readonly value: number };
  readonly ratio?: number;
}
