import { terminal, waiting } from '../../runtime/errors.ts';
import type { Existing, ExternalObject, Scope } from './types.ts';

export const OWNER_KEY = 'fleetward.dev/owner';

export function ownerMark(installation: string, object: ExternalObject): string {
  return [installation, object.metadata.namespace ?? '', object.kind, object.metadata.name].join('/');
}

/** Whether the object may be written: it is ours, or may be taken over, or does not exist and may be made. */
export function checkOwnership<O extends ExternalObject>(
  scope: Scope<O>,
  existing: Existing,
  what: { readonly noun: string; readonly name: string },
): void {
  const { object, mark } = scope;
  const name = `${what.noun} ${what.name}`;
  if (!existing.exists) {
    if (object.spec.adoption === 'Adopt' && object.status?.arn === undefined) {
      throw waiting(
        'NothingToAdopt',
        `${name} does not exist in AWS, and adoption is Adopt. It is looked for again; set adoption to AdoptOrCreate to have it made.`,
      );
    }
    return;
  }
  if (existing.mark === mark) return;
  if (existing.mark !== undefined) refuseForeign(scope, existing.mark, name);
  // Our status proves that we made or adopted it; somebody only removed the mark.
  if (object.status?.claim?.name === what.name) return;
  if (existing.mark === undefined && object.spec.adoption === 'Create') {
    throw terminal(
      'AlreadyExists',
      `${name} exists in AWS already and is not marked as ours; it is left untouched. Set adoption to AdoptOrCreate to take it over, or choose another name.`,
    );
  }
}

function refuseForeign<O extends ExternalObject>(scope: Scope<O>, mark: string, name: string): void {
  const [installation, namespace, kind, owner] = mark.split('/');
  if (installation !== scope.deps.installation) {
    throw terminal(
      'OwnedByOther',
      `${name} is marked as owned by another installation (${mark}); it is left untouched. Remove it there first, with deletionPolicy Retain and its mark taken off.`,
    );
  }
  // Our own mark under another name is an object that was renamed in Git, unless that object is still there.
  const other = scope.deps.cache.get({ kind: kind ?? '', namespace: namespace ?? '', name: owner ?? '' });
  if (other !== undefined) {
    throw terminal(
      'OwnedByOther',
      `${name} belongs to ${kind} ${namespace}/${owner}; it is left untouched. Delete one of the two objects.`,
    );
  }
}
