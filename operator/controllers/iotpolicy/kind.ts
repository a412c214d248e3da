import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { ExternalKind } from '../external/types.ts';
import { applyPolicy } from './apply.ts';
import type { DesiredPolicy } from './desired.ts';
import { resolvePolicy } from './desired.ts';
import { diffPolicy, type PolicyAction } from './diff.ts';
import { declaredName } from './names.ts';
import { type ObservedPolicy, observePolicy } from './observe.ts';
import { removePolicy } from './remove.ts';
import { rolloutProgress } from './rollout.ts';
import { policyStatus } from './status.ts';

export const policyKind: ExternalKind<IoTPolicy, DesiredPolicy, ObservedPolicy | undefined, PolicyAction> = {
  kind: 'IoTPolicy',
  marks: 'tag',
  noun: 'policy',
  counters: ['targets'],
  nameOf: declaredName,
  resolve: resolvePolicy,
  observe: observePolicy,
  existing: (observed) => (observed === undefined ? { exists: false } : { exists: true, mark: observed.mark }),
  diff: diffPolicy,
  apply: applyPolicy,
  remove: removePolicy,
  unfinished: rolloutProgress,
  status: policyStatus,
  follow: async ({ deps }, { observed }) =>
    observed?.appliedUntil === undefined ? undefined : Math.max(1_000, observed.appliedUntil - deps.clock.now()),
};
