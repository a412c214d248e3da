import type { SecurityProfile } from '../../api/securityprofile.gen.ts';
import { terminal } from '../../runtime/errors.ts';
import type { Scope } from '../external/types.ts';
import { observeProfile, profileName } from './observe.ts';

export async function removeProfile(scope: Scope<SecurityProfile>): Promise<void> {
  const securityProfileName = profileName(scope.object);
  const found = await observeProfile(scope);
  if (found === undefined) return;
  if (found.mark !== undefined && found.mark !== scope.mark) {
    throw terminal(
      'OwnedByOther',
      `Security profile ${securityProfileName} is marked as owned by ${found.mark}; it is not deleted. Set deletionPolicy to Retain to let this object go.`,
    );
  }
  for (const target of found.targets) {
    await scope.call('DetachSecurityProfile', { securityProfileName, securityProfileTargetArn: target });
  }
  await scope.call('DeleteSecurityProfile', { securityProfileName, expectedVersion: found.version });
}
