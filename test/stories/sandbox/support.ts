import { generateKeyPairSync, sign } from 'node:crypto';
import { IoT } from '@aws-sdk/client-iot';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { createSandbox, type SandboxOptions } from '../../../operator/sandbox/index.ts';
import type { LedgerEntry } from '../../../operator/sandbox/ledger.ts';
import type { ServiceName } from '../../../operator/sandbox/wire/services.ts';
import { table } from '../../../operator/sandbox/wire/table.ts';
import * as der from '../../../operator/sandbox/x509/der.ts';

export const REGION = 'us-east-1';
const keys = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

/** A sandbox under a virtual clock and an unmodified SDK client that calls it in process. Quotas are off unless given. */
export function startSandbox(options: SandboxOptions = {}) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const sandbox = createSandbox({ clock, quotas: 'off', ...options });
  sandbox.ledger.subscribe(checkDeclared);
  const client = (region = REGION, accessKeyId = keys.accessKeyId) =>
    new IoT({
      region,
      credentials: { ...keys, accessKeyId },
      requestHandler: sandbox.requestHandler() as never,
      maxAttempts: 1,
    });
  return { clock, sandbox, client, iot: client() };
}

const UNDECLARED_EVERYWHERE = [
  'ok',
  'ThrottlingException',
  'SerializationException',
  'ValidationException',
  'NotImplementedException',
];

/**
 * Every answer of every contract test is held against the service's model: an operation may only fail with an error
 * that AWS declares for it, or a recovery path would be tested against an error that never comes.
 */
function checkDeclared({ service, operation, outcome, status }: LedgerEntry): void {
  const declared = table(service as ServiceName).operations[operation]?.errors ?? [];
  const known = UNDECLARED_EVERYWHERE.includes(outcome) || declared.includes(outcome) || outcome.startsWith('Injected');
  if (!known) throw new Error(`${operation} failed with ${outcome} (${status}), which its model does not declare`);
}

/** The name and status of the error that a call ends with; fails when it succeeds. */
export async function failure(
  call: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    const thrown = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name: thrown.name, status: thrown.$metadata?.httpStatusCode, message: thrown.message };
  }
  throw new Error('the call succeeded');
}

export const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:Connect'], Resource: ['*'] }],
});

/** A PEM signing request made with node:crypto, as a device would. */
export function makeCsr(commonName = 'device', kind: 'P-256' | 'P-384' | 'RSA-1024' = 'P-256'): string {
  const { privateKey, publicKey } =
    kind === 'RSA-1024'
      ? generateKeyPairSync('rsa', { modulusLength: 1024 })
      : generateKeyPairSync('ec', { namedCurve: kind });
  const subject = der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8(commonName))));
  const info = der.sequence(
    der.integer(Buffer.from([0])),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.context(0),
  );
  const algorithm = der.sequence(der.oid(kind === 'RSA-1024' ? '1.2.840.113549.1.1.11' : '1.2.840.10045.4.3.2'));
  return der.pem('CERTIFICATE REQUEST', der.sequence(info, algorithm, der.bits(sign('sha256', info, privateKey))));
}

/** Reads every page of a list call. */
export async function allPages<T>(
  call: (token: string | undefined) => Promise<{ items: readonly T[] | undefined; next: string | undefined }>,
): Promise<{ items: T[]; pages: number }> {
  const items: T[] = [];
  let pages = 0;
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const page = await call(token);
    items.push(...(page.items ?? []));
    token = page.next;
    pages++;
    if (pages > 10_000) throw new Error('the list does not end');
  }
  return { items, pages };
}
