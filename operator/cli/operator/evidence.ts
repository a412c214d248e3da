import type { EvidenceSink } from '../../controllers/policyrollout/told/evidence.ts';
import { evidenceFiles } from '../../controllers/policyrollout/told/evidence-files.ts';
import type { RolloutMetrics } from '../../controllers/policyrollout/told/metrics.ts';
import { lineFiles } from '../../runtime/log/line-files.ts';
import type { Logger } from '../../runtime/log.ts';

/** Below the state folder of standalone mode. */
export const EVIDENCE_FOLDER = 'evidence';

export interface EvidencePlaces {
  /** A folder on a volume, one file for each rollout. */
  readonly folder?: string | undefined;
  /** Takes the lines as well, one at a time. */
  readonly stdout?: ((line: string) => void) | undefined;
  readonly log: Logger;
}

/** The sinks of an operator's evidence, in the order in which they are written. */
export function evidenceSinks({ folder, stdout, log }: EvidencePlaces) {
  return (metrics: RolloutMetrics): readonly EvidenceSink[] => [
    ...(folder === undefined ? [] : [evidenceFiles(lineFiles(folder), log, () => metrics.evidenceLost())]),
    ...(stdout === undefined ? [] : [{ write: (_entry: unknown, line: string) => stdout(line) }]),
  ];
}
