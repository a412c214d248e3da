import { createPublicKey } from 'node:crypto';
import type { Device, DeviceStatusCertificate } from '../../api/device.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { certificateIdOf } from '../../aws/snapshot/facts.ts';
import { assumedLifeline } from '../../rollout/lifeline-memory.ts';
import { terminal } from '../../runtime/errors.ts';
import { OWNER_KEY } from '../external/ownership.ts';
import type { Scope } from '../external/types.ts';
import type { CertificateSource, DesiredCertificate, DesiredDevice } from './desired.ts';
import { certificateKeyHash, publicKeyHash, requestKeyHash } from './keys.ts';
import { readPrincipals } from './reads.ts';

/** Index of Devices by the certificate ids in their status. */
export const CERTIFICATE_ID = 'certificateId';

/** Clocks of AWS and of this machine may differ by this much when creation dates are compared. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * Our own state is gone (a new state folder, a restored cluster), but the thing stands: its certificates are recognised by
 * their public keys or ids, and none is made again.
 */
export async function recoverCertificates(scope: Scope<Device>, desired: DesiredDevice): Promise<void> {
  const { status, spec } = scope.object;
  if (scope.notes.has('recovered')) return;
  const lost = desired.certificates.filter(({ name }) => !status?.certificates?.some((record) => record.name === name));
  scope.notes.set('recovered', 'true');
  if (lost.length === 0) return;
  const wanted = await hashes(scope, lost);
  const found: DeviceStatusCertificate[] = [];
  const strangers: string[] = [];
  let byId = false;
  for (const id of await readPrincipals(scope)) {
    const described = await describe(scope, id);
    const given = desired.certificates.find(({ source }) => 'id' in source && source.id === id);
    const name = given?.name ?? (described === undefined ? undefined : wanted.get(described.hash));
    if (name === undefined) strangers.push(id);
    byId ||= given?.source.kind === 'id';
    // What others brought is judged by its state in AWS alone.
    if (name !== undefined && described !== undefined && given?.source.kind !== 'id') {
      found.push(recordOf(name, described, given === undefined));
    }
  }
  if (spec.managementPolicy === 'Manage') refuseSecondIssue(scope, desired, { lost, found, strangers });
  const ours = found.length > 0 || (byId && isMarked(scope, desired));
  // What it must never lose was recorded with the rest: until somebody says otherwise it is all that it may do.
  const lifeline = ours && status?.lifeline === undefined ? { lifeline: assumedLifeline() } : {};
  const certificates = found.length > 0 ? { certificates: [...(status?.certificates ?? []), ...found] } : {};
  if (ours) await scope.save({ ...lifeline, ...certificates });
}

function isMarked({ session, mark }: Scope<Device>, { thingName }: DesiredDevice): boolean {
  return session.snapshot.things.get(thingName)?.attributes[OWNER_KEY] === mark;
}

interface Recovery {
  readonly lost: readonly DesiredCertificate[];
  readonly found: readonly DeviceStatusCertificate[];
  /** On the thing, and accounted for by no entry of the spec. */
  readonly strangers: readonly string[];
}

/**
 * Where the key was kept with the state that is lost, a certificate of ours cannot be recognised. One on our own thing
 * that nothing accounts for is taken for it: the device in the field uses it, and must not be given a second one.
 */
function refuseSecondIssue(scope: Scope<Device>, desired: DesiredDevice, { lost, found, strangers }: Recovery): void {
  const thing = scope.session.snapshot.things.get(desired.thingName);
  const [stranger] = strangers;
  if (stranger === undefined || thing?.attributes[OWNER_KEY] !== scope.mark) return;
  for (const { name, source } of lost) {
    if (source.kind !== 'issued' || found.some((record) => record.name === name)) continue;
    throw terminal(
      'KeyLost',
      `Secret ${source.secretName} does not hold the key of certificate ${stranger} on thing ${desired.thingName}, which no entry of this Device accounts for; the key of ${name} is never issued again beside it. Restore the Secret. Or replace the certificate: add an entry of another name with certificateId: ${stranger}, wait until the device has the new key, then remove that entry.`,
    );
  }
}

async function hashes(scope: Scope<Device>, wanted: readonly DesiredCertificate[]): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  for (const { name, source } of wanted) {
    const hash = await keyHashOf(scope, source);
    if (hash !== undefined) out.set(hash, name);
  }
  return out;
}

/** The hash of the public key that a certificate of ours must have; undefined where no key was ever made. */
async function keyHashOf(scope: Scope<Device>, source: CertificateSource): Promise<string | undefined> {
  if (source.kind === 'csr') return requestKeyHash(source.csr);
  if (source.kind !== 'issued') return undefined;
  const stored = await scope.deps.secrets.read({ namespace: scope.key.namespace, name: source.secretName });
  const key = stored?.mark === scope.mark ? stored.data['tls.key'] : undefined;
  if (key === undefined) return undefined;
  return publicKeyHash(createPublicKey(key));
}

export interface DescribedCertificate {
  readonly id: string;
  readonly arn: string;
  readonly status: string;
  readonly hash: string;
  readonly pem: string;
}

export async function describe(scope: Scope<Device>, id: string): Promise<DescribedCertificate | undefined> {
  const answer = await ifFound(scope.call('DescribeCertificate', { certificateId: id }));
  const { certificateArn = '', certificatePem = '', status = 'UNKNOWN' } = answer?.certificateDescription ?? {};
  if (certificatePem === '') return undefined;
  try {
    return { id, arn: certificateArn, status, hash: certificateKeyHash(certificatePem), pem: certificatePem };
  } catch {
    // Not every endpoint keeps real certificates; one that cannot be read is not the one we look for.
    return undefined;
  }
}

/**
 * A certificate is made active only after it was put on its thing, so one that is found there was active once: where it is
 * not active now, somebody has taken it out of use, and it stays so until a person says otherwise.
 */
function recordOf(
  name: string,
  { id, arn, status, hash }: DescribedCertificate,
  madeHere: boolean,
): DeviceStatusCertificate {
  const key = madeHere ? { publicKeySha256: hash } : {};
  return { name, certificateId: id, arn, status, ...key, activated: true };
}

/**
 * After a crash or a lost answer between "create" and "recorded": the certificate with that public key among those made
 * since the mark. Certificates that any Device has recorded are skipped, and ours was never made active.
 */
export async function findLost(
  scope: Scope<Device>,
  hash: string,
  since: string,
): Promise<DescribedCertificate | undefined> {
  const oldest = Date.parse(since) - CLOCK_SKEW_MS;
  let marker: string | undefined;
  do {
    const input = { pageSize: 250, ascendingOrder: false, ...(marker === undefined ? {} : { marker }) };
    const page = await scope.call('ListCertificates', input);
    const made = page.certificates ?? [];
    for (const { certificateId, status, creationDate } of made) {
      if (certificateId === undefined || status !== 'INACTIVE' || (creationDate?.getTime() ?? 0) < oldest) continue;
      if (scope.deps.cache.byIndex('Device', CERTIFICATE_ID, certificateId).length > 0) continue;
      const described = await describe(scope, certificateIdOf(certificateId));
      if (described?.hash === hash) return described;
    }
    const last = made.at(-1)?.creationDate?.getTime();
    marker = last !== undefined && last < oldest ? undefined : page.nextMarker || undefined;
  } while (marker !== undefined);
  return undefined;
}
