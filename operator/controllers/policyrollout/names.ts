import { createHash } from 'node:crypto';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { candidateName } from '../../rollout/names.ts';
import type { RolloutPhase } from '../../rollout/rollout.ts';
import { durationMs } from '../external/duration.ts';

/** Index of PolicyRollouts by the IoTPolicies they move: `<namespace>/<name>`. */
export const MOVES_POLICY = 'movesPolicy';

export function policyKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Aborted', 'Superseded'] satisfies readonly RolloutPhase[]);

export function hasEnded(rollout: PolicyRollout): boolean {
  return ENDED.has(rollout.status?.phase ?? '');
}

/** How long superseded documents stay in AWS when nothing else is said. */
const DEFAULT_WINDOW_MS = 24 * 3_600_000;

/** For so long after its end the way back from a rollout is quick. */
export function rollbackWindowMs({ spec }: PolicyRollout): number {
  const window = spec.strategy?.rollbackWindow;
  return window === undefined ? DEFAULT_WINDOW_MS : durationMs(window);
}

/** A candidate of a further try has a name of its own: a default at the brake version is never moved forward again. */
export function candidateFor(declared: string, digest: string, attempt: number): string {
  if (attempt === 1) return candidateName(declared, digest);
  return candidateName(declared, createHash('sha256').update(`${digest}#${attempt}`).digest('hex'));
}

/** What people say when they mean this change: eight digits. */
export function revisionOf(digests: readonly string[]): string {
  const [only = ''] = digests;
  if (digests.length === 1) return only.slice(0, 8);
  return createHash('sha256')
    .update([...digests].sort().join('\n'))
    .digest('hex')
    .slice(0, 8);
}
