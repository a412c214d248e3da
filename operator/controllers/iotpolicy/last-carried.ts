import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { readStrategy } from '../../rollout/from-spec.ts';
import { keyText } from '../../runtime/controller/keys.ts';
import { durationMs } from '../external/duration.ts';
import type { Scope } from '../external/types.ts';

/**
 * Until when AWS may still apply the policy to whoever has lost it a moment ago, somebody else's doing included: a new document
 * would reach him by no rollout. Undefined when that is over, or never was. What an earlier process knew is in the status.
 */
export function appliedUntil(scope: Scope<IoTPolicy>, isCarried: boolean): number | undefined {
  const { deps, key, object } = scope;
  if (deps.rollouts === undefined) return undefined;
  const now = deps.clock.now();
  const before = (object.status?.targets ?? 0) > 0;
  const goneAt = deps.rollouts.lastCarried.goneAt(keyText(key), { isCarried, before, now });
  if (goneAt === undefined) return undefined;
  const until = goneAt + readStrategy(object.spec.strategy, durationMs).strategy.settleMs;
  return now < until ? until : undefined;
}
