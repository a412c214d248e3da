import type { Timer } from '../../../runtime/clock.ts';
import { ownCall } from '../../call.ts';
import type { Sandbox } from '../../sandbox.ts';
import type { Change } from '../../state/changes.ts';
import type { Scope } from '../../state/scope.ts';
import { settleAudits } from './audit-runs.ts';
import { DEFENDER } from './state.ts';

const isAboutSchedules = (change: Change) =>
  change.kind === 'restored' || (change.kind === 'other' && /scheduledaudit\/|accountaudit/.test(change.resource));

/** Runs scheduled audits when they are due, so that they see the account as it is at that time. Returns how to stop. */
export function startAudits(sandbox: Sandbox): () => void {
  const timers = new WeakMap<Scope, Timer>();
  const arm = (scope: Scope): void => {
    timers.get(scope)?.cancel();
    const due = [...scope.slice(DEFENDER).scheduled.values()].map(({ nextRun }) => nextRun);
    if (due.length === 0) return;
    const { clock } = sandbox.world;
    const run = () => {
      settleAudits(ownCall(sandbox.world, scope, 'ScheduledAudit'));
      arm(scope);
    };
    timers.set(scope, clock.after(Math.max(0, Math.min(...due) - clock.now()), run));
  };
  return sandbox.onChange((change, scope) => {
    if (isAboutSchedules(change)) arm(scope);
  });
}
