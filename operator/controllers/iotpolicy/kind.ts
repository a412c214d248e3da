import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { partitionOf } from '../external/arn.ts';
import type { ExternalKind } from '../external/types.ts';
import { applyPolicy } from './apply.ts';
import { type DesiredPolicy, diffPolicy, type PolicyAction } from './diff.ts';
import { declaredName } from './names.ts';
import { type ObservedPolicy, observePolicy } from './observe.ts';
import { removePolicy } from './remove.ts';
import { policyStatus } from './status.ts';

export const policyKind: ExternalKind<IoTPolicy, DesiredPolicy, ObservedPolicy | undefined, PolicyAction> = {
  kind: 'IoTPolicy',
  marks: 'tag',
  noun: 'policy',
  counters: ['targets'],
  nameOf: declaredName,
  resolve: ({ object, session }) => ({
    document: JSON.stringify(object.spec.document),
    place: { account: session.accountId, region: session.region, partition: partitionOf(session.region) },
  }),
  observe: observePolicy,
  existing: (observed) => (observed === undefined ? { exists: false } : { exists: true, mark: observed.mark }),
  diff: diffPolicy,
  apply: applyPolicy,
  remove: removePolicy,
  status: policyStatus,
};
