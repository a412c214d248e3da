/**
 * Why a difference between AWS and the spec matters.
 *
 * widened     somebody can do more than the spec grants
 * mitigation  a security act: quarantine, blank policy, deactivated certificate; held, never undone by itself
 * narrowed    somebody can do less: perhaps an incident is being contained, so it is reported first
 * missing     something of ours is not there
 * changed     a value differs, without more or fewer rights
 * foreign     something beside ours, that we neither made nor own
 */
export type DriftClass = 'widened' | 'mitigation' | 'narrowed' | 'missing' | 'changed' | 'foreign';

/** Worst first: the order of the list in status, and of correction. */
export const DRIFT_CLASSES: readonly DriftClass[] = [
  'widened',
  'mitigation',
  'narrowed',
  'missing',
  'changed',
  'foreign',
];

/** One difference, with the act that would end it. */
export interface Change<Action> {
  /** A path such as `attributes.site` or `certificates[a].policies[base]`. */
  readonly field: string;
  readonly class: DriftClass;
  /** `spec`: the spec moved (or was never applied); `drift`: AWS moved behind our back. */
  readonly cause: 'spec' | 'drift';
  readonly want?: string;
  readonly got?: string;
  /** Absent where nothing of ours may end the difference: it is only shown. */
  readonly action?: Action;
  /** The facts this rests on, to be read directly before acting; absent when they were read directly already. */
  readonly confirm?: string | readonly string[];
}
