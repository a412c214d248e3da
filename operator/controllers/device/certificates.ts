import { X509Certificate } from 'node:crypto';
import { conditionTime } from '../../api/conditions.ts';
import type { Device, DeviceStatusCertificate } from '../../api/device.gen.ts';
import { hasReason } from '../../aws/classify.ts';
import { terminal, waiting } from '../../runtime/errors.ts';
import { arnOf } from '../external/arn.ts';
import type { Scope } from '../external/types.ts';
import type { DesiredCertificate, DesiredDevice } from './desired.ts';
import { completeSecret, requestFromSecret } from './issued.ts';
import { requestKeyHash } from './keys.ts';
import { describe, findLost } from './recover.ts';

interface Made {
  readonly record: DeviceStatusCertificate;
  /** Undefined when a certificate made before was found again. */
  readonly pem: string | undefined;
}

interface Request {
  readonly name: string;
  readonly request: string;
  readonly hash: string;
}

/**
 * Crash-safe creation. AWS makes a new certificate at each call, so an answer that is lost must be found again:
 *
 *   mark (time, public key) in status ──► CreateCertificateFromCsr, inactive ──► id in status ──► …
 *        │ killed here: nothing was made        │ killed here: found by its public key
 *
 * All certificates of a Device share the two status writes. Answers the ids by certificate name.
 */
export async function createCertificates(
  scope: Scope<Device>,
  desired: DesiredDevice,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = desired.certificates.filter(({ name }) => names.includes(name));
  const made = new Map<string, Made>();
  const toIssue: Request[] = [];
  for (const certificate of wanted) {
    const request = await requestOf(scope, desired, certificate);
    if (request === undefined) {
      made.set(certificate.name, await register(scope, certificate));
      continue;
    }
    const hash = requestKeyHash(request);
    const found = await findMade(scope, certificate.name, hash);
    if (found !== undefined) made.set(certificate.name, found);
    else toIssue.push({ name: certificate.name, request, hash });
  }
  if (toIssue.length > 0) await mark(scope, toIssue);
  for (const request of toIssue) made.set(request.name, await issue(scope, request));
  await record(scope, made);
  for (const { name, source } of wanted) {
    const { pem, record: entry } = made.get(name) ?? {};
    if (source.kind === 'issued' && pem !== undefined) await completeSecret(scope, source.secretName, pem);
    if (entry?.arn !== undefined) see(scope, entry);
  }
  return new Map([...made].map(([name, entry]) => [name, entry.record.certificateId ?? '']));
}

async function requestOf(
  scope: Scope<Device>,
  desired: DesiredDevice,
  { source }: DesiredCertificate,
): Promise<string | undefined> {
  if (source.kind === 'csr') return source.csr;
  if (source.kind === 'issued') return requestFromSecret(scope, source.secretName, desired.thingName);
  return undefined;
}

/** Only a mark without an id says that an answer may have been lost. */
async function findMade(scope: Scope<Device>, name: string, hash: string): Promise<Made | undefined> {
  const entry = recordsOf(scope).find((known) => known.name === name);
  if (entry?.pendingSince === undefined) return undefined;
  const found = await findLost(scope, hash, entry.pendingSince);
  if (found === undefined) return undefined;
  scope.log.info('Continuing with a certificate whose creation was interrupted', { certificate: found.id });
  return { record: entryOf(name, { ...found, hash }), pem: found.pem };
}

async function mark(scope: Scope<Device>, toIssue: readonly Request[]): Promise<void> {
  // The turn first: a mark without a call behind it would send the next pass looking for nothing.
  const call = { ...scope.options, slot: `${scope.object.metadata.uid ?? scope.key.name}` };
  for (let turns = 0; turns < toIssue.length; turns += 1) {
    await scope.session.port.admit('CreateCertificateFromCsr', turns === 0 ? call : scope.options);
  }
  const pendingSince = conditionTime(scope.deps.clock.now());
  const marks = toIssue.map(({ name, hash }) => ({ name, pendingSince, publicKeySha256: hash }));
  await saveRecords(scope, marks);
}

async function issue(scope: Scope<Device>, { name, request, hash }: Request): Promise<Made> {
  const input = { certificateSigningRequest: request, setAsActive: false };
  const answer = await scope.call('CreateCertificateFromCsr', input, { admitted: true });
  const { certificateId: id, certificateArn: arn, certificatePem: pem } = answer;
  if (id === undefined)
    throw waiting(
      'NoCertificateId',
      `AWS made certificate ${name} without telling its id; it is looked for by its key.`,
      1_000,
    );
  return {
    record: entryOf(name, { id, arn: arn ?? arnOf(scope.session, `cert/${id}`), status: 'INACTIVE', hash, pem }),
    pem,
  };
}

/** A certificate of somebody else's authority: its id follows from its content, so nothing can be made twice. */
async function register(scope: Scope<Device>, { name, source }: DesiredCertificate): Promise<Made> {
  if (source.kind === 'id') {
    throw waiting(
      'CertificateNotFound',
      `Certificate ${source.id} (${name}) is not registered in this account and region. It is looked for again; register it, or correct certificateId.`,
    );
  }
  if (source.kind !== 'pem') throw terminal('InvalidCertificate', `Certificate ${name} has no source.`);
  const { pem } = source;
  const made = await registerPem(scope, source);
  const arn = made.arn ?? arnOf(scope.session, `cert/${made.id}`);
  return { record: entryOf(name, { ...made, arn, hash: undefined, pem }), pem };
}

interface Registered {
  readonly id: string;
  readonly arn: string | undefined;
  readonly status: string;
}

/** The id is taken from the answer: an endpoint that is not AWS's own may reckon it otherwise. */
async function registerPem(
  scope: Scope<Device>,
  { pem, id }: Extract<DesiredCertificate['source'], { readonly kind: 'pem' }>,
): Promise<Registered> {
  try {
    const answer = await scope.call('RegisterCertificateWithoutCA', { certificatePem: pem, status: 'INACTIVE' });
    return { id: answer.certificateId ?? id, arn: answer.certificateArn, status: 'INACTIVE' };
  } catch (thrown) {
    if (!hasReason(thrown, 'AlreadyExists')) throw thrown;
    const existing = existingId(thrown) ?? id;
    const found = await describe(scope, existing);
    return { id: existing, arn: found?.arn, status: found?.status ?? 'INACTIVE' };
  }
}

/** AWS names what exists already in its refusal. */
function existingId(thrown: unknown): string | undefined {
  const { cause } = thrown as { readonly cause?: { readonly resourceId?: unknown } };
  return typeof cause?.resourceId === 'string' && cause.resourceId !== '' ? cause.resourceId : undefined;
}

interface Entry {
  readonly id: string;
  readonly arn: string;
  readonly status: string;
  readonly hash: string | undefined;
  readonly pem: string | undefined;
}

function entryOf(name: string, { id, arn, status, hash, pem }: Entry): DeviceStatusCertificate {
  return {
    name,
    certificateId: id,
    arn,
    status,
    ...(hash === undefined ? {} : { publicKeySha256: hash }),
    ...expiry(pem),
  };
}

function expiry(pem: string | undefined): { readonly expiresAt?: string } {
  if (pem === undefined) return {};
  try {
    return { expiresAt: conditionTime(Date.parse(new X509Certificate(pem).validTo)) };
  } catch {
    // Only for people to look at: an unreadable certificate must not stop its own creation.
    return {};
  }
}

async function record(scope: Scope<Device>, made: ReadonlyMap<string, Made>): Promise<void> {
  await saveRecords(
    scope,
    [...made.values()].map(({ record: entry }) => entry),
  );
}

function recordsOf(scope: Scope<Device>): readonly DeviceStatusCertificate[] {
  return scope.object.status?.certificates ?? [];
}

async function saveRecords(scope: Scope<Device>, entries: readonly DeviceStatusCertificate[]): Promise<void> {
  const names = new Set(entries.map(({ name }) => name));
  const others = recordsOf(scope).filter(({ name }) => !names.has(name));
  const thingId = scope.notes.get('thingId');
  await scope.save({
    ...(thingId === undefined ? {} : { thingId }),
    certificates: [...others, ...entries].sort((a, b) => (a.name < b.name ? -1 : 1)),
  });
}

function see(
  scope: Scope<Device>,
  { certificateId = '', arn = '', status = 'INACTIVE' }: DeviceStatusCertificate,
): void {
  const facts = { arn, status, createdAt: scope.deps.clock.now() };
  scope.session.snapshot.certificates.wrote(certificateId, facts);
}

/** A crash between the certificate and its Secret: the certificate is public and AWS keeps it. */
export async function fillSecret(
  scope: Scope<Device>,
  desired: DesiredDevice,
  name: string,
  id: string,
): Promise<void> {
  const source = desired.certificates.find((certificate) => certificate.name === name)?.source;
  const found = await describe(scope, id);
  if (source?.kind === 'issued' && found !== undefined) await completeSecret(scope, source.secretName, found.pem);
}
