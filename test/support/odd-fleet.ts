import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IoT } from '@aws-sdk/client-iot';
import { csr } from './fleet.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/odd-fleet');
export const ODD_REGION = 'eu-central-1';

/**
 * Manifests in the ways that people write them: devices first, JSON beside YAML, lists, nested folders, AWS names that
 * Kubernetes would not take, an account and a namespace of their own, and a certificate that the maker registered.
 */
export async function oddFleet(folder: string, iot: IoT): Promise<void> {
  cpSync(FIXTURE, folder, { recursive: true });
  const { certificateId = '' } = await iot.createCertificateFromCsr({
    certificateSigningRequest: csr('maker'),
    setAsActive: true,
  });
  const devices = join(folder, 'deep/er/Z-Devices.yml');
  writeFileSync(devices, readFileSync(devices, 'utf8').replace('CERTIFICATE_ID', certificateId));
}
