import type { ObjectKey } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { Family } from '../../rollout/family.ts';
import type { ReconcileContext } from '../../runtime/reconciler.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import type { ExternalDeps } from '../external/types.ts';
import { policyNamesFor } from '../iotpolicy/names.ts';
import type { Candidates } from './policies/candidates.ts';
import { policiesIn } from './revision.ts';
import type { Rollouts } from './service.ts';

export interface RolloutDeps extends ExternalDeps {
  readonly rollouts: Rollouts;
  /** Whether the name of the user in a verb is known to be true: pinned by admission, or put there by ourselves. */
  readonly usersPinned?: boolean;
  readonly enqueue: (key: ObjectKey, options: { readonly priority: number }) => void;
}

export interface Start {
  readonly deps: RolloutDeps;
  readonly key: ObjectKey;
  readonly rollout: PolicyRollout;
  readonly session: AccountSession;
  readonly context: ReconcileContext;
}

export function candidatesFor({ deps, rollout, session, context }: Start): Candidates {
  const { namespace = '' } = rollout.metadata;
  return {
    port: session.port,
    options: { priority: context.priority, signal: context.signal },
    markOf: ({ name }) => [deps.installation, namespace, 'IoTPolicy', name].join('/'),
    rollout: rollout.metadata.name,
  };
}

export function familiesOf({ deps, rollout }: Start): readonly Family[] {
  const policies = policiesIn(deps.cache, rollout);
  return rollout.spec.policies.map(({ policyName, candidateName, name }) => {
    const object = policies.find(({ metadata }) => metadata.name === name);
    const names = object === undefined ? [] : policyNamesFor(object).satisfiedBy;
    return {
      declared: policyName,
      candidate: candidateName,
      names: [...new Set([policyName, ...names, candidateName])],
    };
  });
}
