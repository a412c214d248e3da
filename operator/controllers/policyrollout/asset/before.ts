import { evaluate } from '../../../policy/index.ts';
import { connectionContext } from '../../../rollout/lifeline.ts';
import type { ObservedRequest } from '../gates/signals.ts';
import type { Attempt } from './attempt.ts';
import { subjectOf } from './lifeline.ts';

/**
 * Whether the policies of before allowed a request as it was observed, under its own client id and from its own address.
 * What they denied as well is no fault of the change: a device that provokes denials so can bring nobody back. Undefined
 * when they are not known.
 */
export function allowedBefore({ scope, directive }: Attempt): (request: ObservedRequest) => boolean | undefined {
  return ({ clientId, action, resource, sourceIp }) => {
    // What changes of the thing itself is already as it shall be in its object: what it was before is not told by it.
    if (directive.policies.length === 0 || directive.change?.set !== undefined) return undefined;
    return directive.policies.some(({ certificateId, before }) => {
      const context = {
        ...connectionContext(subjectOf(scope.deps.cache, scope.object, { clientId, certificateId })),
        ...(sourceIp === undefined ? {} : { 'aws:SourceIp': sourceIp }),
      };
      return evaluate(before, { action, resource, context }).decision === 'allowed';
    });
  };
}
