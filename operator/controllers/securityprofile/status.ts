import type { SecurityProfileStatus } from '../../api/securityprofile.gen.ts';
import type { ObservedProfile } from './observe.ts';

export function profileStatus(observed: ObservedProfile | undefined): Partial<SecurityProfileStatus> {
  if (observed === undefined) return {};
  const { arn, version, behaviors, targets } = observed;
  return { arn, version, behaviors: behaviors.length, targets: targets.length };
}
