import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';

export interface PolicyNames {
  /** The AWS policy to attach where none of the others is. */
  readonly attach: string;
  /** Any of these satisfies the reference: the declared policy, and candidates while a rollout moves assets. */
  readonly satisfiedBy: readonly string[];
}

export function declaredName({ spec, metadata }: IoTPolicy): string {
  return spec.policyName ?? metadata.name;
}

/** The one answer to which AWS policies stand for a policy reference; rollouts speak through `status.awsNames`. */
export function policyNamesFor(policy: IoTPolicy): PolicyNames {
  const attach = declaredName(policy);
  return { attach, satisfiedBy: [...new Set([attach, ...(policy.status?.awsNames ?? [])])] };
}
