import { conditionTime } from '../../api/conditions.ts';
import type { Decision } from '../../drift/decide.ts';
import { driftStatus } from '../../drift/status.ts';
import { defined } from './equal.ts';
import { REQUESTED_AT } from './progress.ts';
import type { Claim, ExternalObject, Scope, StatusOf } from './types.ts';

export interface StatusInput<O extends ExternalObject> {
  readonly scope: Scope<O>;
  /** The kind's own fields. */
  readonly own: Partial<StatusOf<O>>;
  readonly decision: Decision<unknown>;
  readonly name: string;
  /** True when something is still to be applied: then drift is not judged yet. */
  readonly pending: boolean;
}

/** Everything but the conditions. */
export function nextStatus<O extends ExternalObject>(input: StatusInput<O>): StatusOf<O> {
  const { scope, own, decision, name } = input;
  const { object, session, deps } = scope;
  const previous = object.status;
  const now = conditionTime(deps.clock.now());
  const requested = object.metadata.annotations?.[REQUESTED_AT];
  const drift = driftStatus(decision.show, previous?.drift, now);
  const claim: Claim = {
    accountId: session.accountId,
    region: session.region,
    name,
    since: sameClaim(previous?.claim, session, name) ? (previous?.claim?.since ?? now) : now,
  };
  const common = {
    ...previous,
    observedGeneration: object.metadata.generation,
    lastHandledReconcileAt: requested ?? previous?.lastHandledReconcileAt,
    claim: object.spec.managementPolicy === 'Manage' ? claim : undefined,
    drift,
    lastWriteTime: scope.wrote ? now : previous?.lastWriteTime,
  };
  return defined({ ...common, ...own }) as StatusOf<O>;
}

function sameClaim(claim: Claim | undefined, session: { accountId: string; region: string }, name: string): boolean {
  return claim?.accountId === session.accountId && claim.region === session.region && claim.name === name;
}
