import type { SecurityProfile } from '../../api/securityprofile.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { arnOf } from '../external/arn.ts';
import { resolveReference } from '../external/references.ts';
import type { ExternalKind, Scope } from '../external/types.ts';
import { applyProfile } from './apply.ts';
import { type DesiredProfile, diffProfile, type ProfileAction } from './diff.ts';
import { type ObservedProfile, observeProfile, profileName } from './observe.ts';
import { removeProfile } from './remove.ts';
import { type RawProfile, shapeOf } from './shape.ts';
import { profileStatus } from './status.ts';

export const profileKind: ExternalKind<SecurityProfile, DesiredProfile, ObservedProfile | undefined, ProfileAction> = {
  kind: 'SecurityProfile',
  marks: 'tag',
  noun: 'security profile',
  nameOf: profileName,
  resolve: resolveProfile,
  observe: observeProfile,
  existing: (observed) => (observed === undefined ? { exists: false } : { exists: true, mark: observed.mark }),
  diff: diffProfile,
  apply: applyProfile,
  remove: removeProfile,
  status: ({ observed }) => profileStatus(observed),
};

/** https://docs.aws.amazon.com/iot-device-defender/latest/devguide/detect-HowToHowTo.html */
const SCOPES: Readonly<Record<string, string>> = {
  AllThings: 'all/things',
  RegisteredThings: 'all/registered-things',
  UnregisteredThings: 'all/unregistered-things',
};

function resolveProfile({ object, deps, session }: Scope<SecurityProfile>): DesiredProfile {
  const targets = (object.spec.targets ?? []).flatMap(({ name, scope }) => {
    if (name !== undefined) {
      return resolveReference<ThingGroup>(deps.cache, object, { kind: 'ThingGroup', name }).status?.arn ?? [];
    }
    const resource = SCOPES[scope ?? ''];
    return resource === undefined ? [] : arnOf(session, resource);
  });
  return { ...shapeOf(object.spec as RawProfile), targets: [...new Set(targets)].sort() };
}
