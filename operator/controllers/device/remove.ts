import type { Device } from '../../api/device.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { terminal, waiting } from '../../runtime/errors.ts';
import { certificateArn } from '../external/arn.ts';
import { OWNER_KEY } from '../external/ownership.ts';
import type { Scope } from '../external/types.ts';
import { depart } from './depart.ts';
import { thingName } from './desired.ts';
import { readPrincipals, readThing } from './reads.ts';
import { deleteCertificate, disarm, idOf, madeHere } from './retire.ts';

/** Detaching is asynchronous in AWS: https://docs.aws.amazon.com/iot/latest/apireference/API_DetachThingPrincipal.html */
const DETACH_AGAIN_MS = 3_000;

/**
 * From any partial state to gone: out of use for a settle time (see `depart`) → policies off → inactive → off the thing → thing deleted → certificates deleted. A status
 * that still holds a certificate is what keeps the next pass from forgetting it.
 */
export async function removeDevice(scope: Scope<Device>): Promise<void> {
  const name = thingName(scope.object);
  await readThing(scope);
  const thing = scope.session.snapshot.things.get(name);
  refuseOthers(scope, name, thing?.attributes[OWNER_KEY]);
  await depart(scope);
  const made: string[] = [];
  for (const entry of scope.object.status?.certificates ?? []) {
    const id = await idOf(scope, entry);
    if (id === undefined) continue;
    const free = await disarm(scope, id, { thingName: name, made: madeHere(entry) });
    if (free && madeHere(entry)) made.push(id);
  }
  if (thing !== undefined) await removeThing(scope, name, thing.version);
  for (const id of made) await deleteCertificate(scope, id);
}

function refuseOthers(scope: Scope<Device>, name: string, mark: string | undefined): void {
  if (mark === undefined || mark === scope.mark) return;
  throw terminal(
    'OwnedByOther',
    `Thing ${name} is marked as owned by ${mark}; it is not deleted. Set deletionPolicy to Retain to let this object go.`,
  );
}

async function removeThing(scope: Scope<Device>, name: string, version: number): Promise<void> {
  const left = await readPrincipals(scope);
  const ours = new Set((scope.object.status?.certificates ?? []).map(({ certificateId }) => certificateId));
  const strangers = left.filter((id) => !ours.has(id));
  if (strangers.length > 0 && scope.object.spec.attachments === 'Additive') {
    throw waiting(
      'ForeignPrincipals',
      `Thing ${name} still has certificates that are not ours (${strangers[0]?.slice(0, 12)}…). Detach them, or set deletionPolicy to Retain; it is tried again.`,
    );
  }
  for (const id of strangers) {
    // The edge goes with our thing; the certificate itself is not ours and stays as it is.
    await scope.call('DetachThingPrincipal', { thingName: name, principal: certificateArn(scope.session, id) });
  }
  if (left.length > 0) {
    throw waiting(
      'Detaching',
      `Thing ${name} is deleted as soon as AWS has detached its certificates.`,
      DETACH_AGAIN_MS,
    );
  }
  await ifFound(scope.call('DeleteThing', { thingName: name, expectedVersion: version }));
  const { things, principals } = scope.session.snapshot;
  things.wrote(name, undefined);
  principals.forget(name);
}
