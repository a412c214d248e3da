import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IoT } from '@aws-sdk/client-iot';
import type { Sandbox } from '../../operator/sandbox/index.ts';
import { type Broker, createBroker } from '../../operator/sandbox/mqtt/broker.ts';
import { families } from '../../operator/sandbox/ops/index.ts';
import { CertificateAuthority, createAuthorityMaterial } from '../../operator/sandbox/x509/authority.ts';
import { pem } from '../../operator/sandbox/x509/der.ts';
import { newKeyAndRequest } from '../stories/sandbox-mqtt/csr.ts';

const DAY_MS = 86_400_000;
const EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iot:*"],"Resource":["*"]}]}';

function certificateFor(authority: CertificateAuthority, key: KeyObject): string {
  const publicKeyInfo = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const validity = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
  return pem('CERTIFICATE', authority.issue({ subject: { commonName: 'judge' }, publicKeyInfo, ...validity }));
}

/** What the Python judge cannot make itself, in a file; returns its path. */
export async function writeMaterial(folder: string): Promise<string> {
  const ca = createAuthorityMaterial(Date.now());
  const keys = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const operations = families.flatMap(({ service, handlers }) =>
    Object.keys(handlers).map((name) => `${service}:${name}`),
  );
  const material = {
    csr: newKeyAndRequest('judge').csr,
    ca: ca.certificatePem,
    signed: certificateFor(new CertificateAuthority(ca), keys[0]!),
    foreign: certificateFor(new CertificateAuthority(createAuthorityMaterial(Date.now())), keys[1]!),
    operations,
  };
  const path = join(folder, 'material.json');
  await writeFile(path, JSON.stringify(material));
  return path;
}

/** A device that is connected while the judge looks at connections: client and thing `connected`, subscribed to `a/+`. */
export async function connectDevice(sandbox: Sandbox, iot: IoT): Promise<Broker> {
  await iot.createThing({ thingName: 'connected' });
  const csr = newKeyAndRequest('connected').csr;
  const made = await iot.createCertificateFromCsr({ certificateSigningRequest: csr, setAsActive: true });
  await iot.createPolicy({ policyName: 'connected', policyDocument: EVERYTHING });
  await iot.attachPolicy({ policyName: 'connected', target: made.certificateArn });
  await iot.attachThingPrincipal({ thingName: 'connected', principal: made.certificateArn });
  await iot.setV2LoggingOptions({ roleArn: 'arn:aws:iam::123456789012:role/logs', defaultLogLevel: 'INFO' });
  const broker = createBroker(sandbox);
  broker.device({ certificateId: made.certificateId ?? '', clientId: 'connected' }).subscribe('a/+');
  await broker.settle();
  return broker;
}
