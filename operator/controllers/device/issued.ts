import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Device } from '../../api/device.gen.ts';
import { terminal } from '../../runtime/errors.ts';
import type { StoredSecret } from '../external/secrets.ts';
import type { Scope } from '../external/types.ts';
import { certificateRequest, newPrivateKey } from './csr.ts';
import type { DesiredDevice } from './desired.ts';
import { publicKeyHash } from './keys.ts';

/** `key`: the private key is there, its certificate is not yet. */
export type SecretState = 'absent' | 'key' | 'complete';

const KEY = 'tls.key';
const CERTIFICATE = 'tls.crt';

/** What the Secrets of the certificates made here hold, by certificate name. */
export async function secretState(
  scope: Scope<Device>,
  desired: DesiredDevice,
): Promise<ReadonlyMap<string, SecretState>> {
  const states = new Map<string, SecretState>();
  for (const { name, source } of desired.certificates) {
    if (source.kind !== 'issued') continue;
    const secret = await readSecret(scope, source.secretName);
    states.set(name, secret === undefined ? 'absent' : secret.data[CERTIFICATE] === undefined ? 'key' : 'complete');
    const record = scope.object.status?.certificates?.find((entry) => entry.name === name);
    if (record?.certificateId === undefined) continue;
    const problem = keyProblem(secret, record.publicKeySha256);
    if (problem === undefined) continue;
    throw terminal(
      'KeyLost',
      `Secret ${source.secretName} ${problem}; the key of certificate ${name} is never issued again while that certificate exists. Restore the Secret, or replace the certificate: add one under a new name and remove ${name}.`,
    );
  }
  return states;
}

/** What is wrong with the Secret of an existing certificate: a device that gets another's key cannot connect. */
function keyProblem(secret: StoredSecret | undefined, publicKeySha256: string | undefined): string | undefined {
  if (secret === undefined) return 'is gone';
  const pem = secret.data[KEY];
  if (pem === undefined) return `has no ${KEY}`;
  if (publicKeySha256 === undefined) return undefined;
  try {
    return publicKeyHash(createPublicKey(pem)) === publicKeySha256 ? undefined : `holds another key in ${KEY}`;
  } catch {
    return `holds no private key in ${KEY}`;
  }
}

/** The request for a certificate whose key is kept in a Secret, made and written first if need be. */
export async function requestFromSecret(scope: Scope<Device>, secretName: string, commonName: string): Promise<string> {
  const stored = await readSecret(scope, secretName);
  const pem = stored?.data[KEY];
  if (pem !== undefined) return certificateRequest(createPrivateKey(pem), commonName);
  const key = await newPrivateKey();
  const data = { [KEY]: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
  await scope.deps.secrets.write(idOf(scope, secretName), { mark: scope.mark, data });
  return certificateRequest(key, commonName);
}

export async function completeSecret(scope: Scope<Device>, secretName: string, certificatePem: string): Promise<void> {
  const stored = await readSecret(scope, secretName);
  if (stored === undefined || stored.data[CERTIFICATE] !== undefined) return;
  const data = { ...stored.data, [CERTIFICATE]: certificatePem };
  await scope.deps.secrets.write(idOf(scope, secretName), { mark: scope.mark, data });
}

async function readSecret(scope: Scope<Device>, secretName: string): Promise<StoredSecret | undefined> {
  const stored = await scope.deps.secrets.read(idOf(scope, secretName));
  if (stored === undefined || stored.mark === scope.mark) return stored;
  throw terminal(
    'SecretExists',
    `Secret ${secretName} exists and is not ours; it is never overwritten. Name another Secret under certificates[].issued, or remove this one.`,
  );
}

function idOf(scope: Scope<Device>, name: string) {
  return { namespace: scope.key.namespace, name };
}
