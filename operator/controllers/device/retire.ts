import type { Device, DeviceStatusCertificate } from '../../api/device.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { certificateArn } from '../external/arn.ts';
import type { Scope } from '../external/types.ts';
import { setPolicy, setStatus } from './edges.ts';
import { readCertificate, readPolicies } from './reads.ts';
import { findLost } from './recover.ts';

/**
 * Takes one certificate that left the spec out of use: policies off, inactive, off its thing. It is deleted only where the
 * Device's deletion policy says so and we made it; one that others brought is only detached.
 */
export async function retireCertificate(scope: Scope<Device>, thingName: string, name: string): Promise<void> {
  const entry = scope.object.status?.certificates?.find((record) => record.name === name);
  const id = entry === undefined ? undefined : await idOf(scope, entry);
  if (entry !== undefined && id !== undefined) {
    const free = await disarm(scope, id, { thingName, made: madeHere(entry) });
    if (free && scope.object.spec.deletionPolicy === 'Delete' && madeHere(entry)) await deleteCertificate(scope, id);
  }
  await forget(scope, name);
}

/** Certificates of ours carry the hash of their key; a registered or adopted one is somebody else's. */
export function madeHere({ publicKeySha256 }: DeviceStatusCertificate): boolean {
  return publicKeySha256 !== undefined;
}

export async function idOf(scope: Scope<Device>, entry: DeviceStatusCertificate): Promise<string | undefined> {
  if (entry.certificateId !== undefined) return entry.certificateId;
  if (entry.pendingSince === undefined || entry.publicKeySha256 === undefined) return undefined;
  return (await findLost(scope, entry.publicKeySha256, entry.pendingSince))?.id;
}

export interface Disarm {
  readonly thingName: string;
  readonly made: boolean;
}

/**
 * Works from any partial state; a certificate that other things use too keeps its policies and its status. True when there are
 * none.
 */
export async function disarm(scope: Scope<Device>, id: string, { thingName, made }: Disarm): Promise<boolean> {
  await readCertificate(scope, id);
  if (scope.session.snapshot.certificates.get(id) === undefined) return true;
  const things = await thingsOf(scope, id);
  const hasOthers = (names: readonly string[]) => names.some((name) => name !== thingName);
  const shared = hasOthers(things);
  if (!shared) await takeOutOfUse(scope, id, made);
  if (things.includes(thingName)) {
    await ifFound(scope.call('DetachThingPrincipal', { thingName, principal: certificateArn(scope.session, id) }));
    scope.session.snapshot.principals.wrote(thingName, id, false);
  }
  if (!shared) return true;
  // The last of those that leave it in the same moment takes it out of use.
  if (hasOthers(await thingsOf(scope, id))) return false;
  await takeOutOfUse(scope, id, made);
  return true;
}

async function takeOutOfUse(scope: Scope<Device>, id: string, made: boolean): Promise<void> {
  await readPolicies(scope, id);
  const attached = scope.session.snapshot.targets.at(id);
  const ours = made ? attached : attached.filter((policy) => scope.object.status?.policies?.includes(policy));
  for (const policy of ours) await setPolicy(scope, { id, policy, present: false });
  if (made && scope.session.snapshot.certificates.get(id)?.status === 'ACTIVE') await setStatus(scope, id, 'INACTIVE');
}

/** The things that a certificate is attached to, as AWS tells now. */
export async function thingsOf(scope: Scope<Device>, id: string): Promise<readonly string[]> {
  const principal = certificateArn(scope.session, id);
  const { things = [] } = await scope.call('ListPrincipalThings', { principal, maxResults: 250 });
  return things;
}

export async function deleteCertificate(scope: Scope<Device>, id: string): Promise<void> {
  await ifFound(scope.call('DeleteCertificate', { certificateId: id }));
  scope.session.snapshot.certificates.wrote(id, undefined);
}

async function forget(scope: Scope<Device>, name: string): Promise<void> {
  const certificates = (scope.object.status?.certificates ?? []).filter((record) => record.name !== name);
  await scope.save({ certificates });
}
