import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { ownerTags, writeMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import type { PolicyAction } from './diff.ts';
import { declaredName } from './names.ts';
import type { ObservedPolicy } from './observe.ts';
import type { PolicyStep } from './plan.ts';

/**
 * Whether it worked is never taken from having called: the policy is read back afterwards, and the next pass begins with
 * what AWS shows then.
 */
export async function applyPolicy(
  scope: Scope<IoTPolicy>,
  { observed, actions }: { readonly observed: ObservedPolicy | undefined; readonly actions: readonly PolicyAction[] },
): Promise<void> {
  for (const action of actions) {
    if (action.kind === 'mark') {
      if (observed !== undefined) await writeMark(scope, observed.arn);
      continue;
    }
    for (const step of action.steps) await applyStep(scope, step);
  }
}

async function applyStep(scope: Scope<IoTPolicy>, step: PolicyStep): Promise<void> {
  const policyName = declaredName(scope.object);
  switch (step.kind) {
    case 'create':
      await scope.call('CreatePolicy', { policyName, policyDocument: step.document, tags: ownerTags(scope.mark) });
      return;
    case 'prune':
      await scope.call('DeletePolicyVersion', { policyName, policyVersionId: step.versionId });
      return;
    case 'createVersion': {
      // Two calls, so that a lost answer leaves a version nobody uses, which the next pass finds and makes the default.
      const made = await scope.call('CreatePolicyVersion', {
        policyName,
        policyDocument: step.document,
        setAsDefault: false,
      });
      await scope.call('SetDefaultPolicyVersion', { policyName, policyVersionId: made.policyVersionId });
      return;
    }
    case 'setDefault':
      await scope.call('SetDefaultPolicyVersion', { policyName, policyVersionId: step.versionId });
      return;
    default:
      step satisfies never;
  }
}
