import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateRequest } from '../operator/controllers/device/csr.ts';

const ACCOUNT = '123456789012';
const PER_FILE = 1_000;

const shared = `apiVersion: fleetward.dev/v1alpha1
kind: AWSAccount
metadata: { name: default }
spec: { accountId: "${ACCOUNT}", region: us-east-1 }
---
apiVersion: fleetward.dev/v1alpha1
kind: IoTPolicy
metadata: { name: base }
spec:
  document:
    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Action: [iot:Connect]
        Resource: ["arn:aws:iot:us-east-1:${ACCOUNT}:client/\${iot:Connection.Thing.ThingName}"]
---
apiVersion: fleetward.dev/v1alpha1
kind: ThingGroup
metadata: { name: presses }
spec: {}
`;

/** Devices with a P-256 request, one policy and one group. Each request has a key of its own, as in a real fleet. */
export function writeTree(folder: string, devices: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'shared.yaml'), shared);
  for (let from = 0; from < devices; from += PER_FILE) {
    const documents = Array.from({ length: Math.min(PER_FILE, devices - from) }, (_, i) => manifest(from + i));
    writeFileSync(join(folder, `devices-${String(from / PER_FILE).padStart(3, '0')}.yaml`), documents.join('---\n'));
  }
}

function manifest(index: number): string {
  const name = `press-${String(index).padStart(6, '0')}`;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const csr = certificateRequest(privateKey, name).trimEnd().replaceAll('\n', '\n        ');
  return `apiVersion: fleetward.dev/v1alpha1
kind: Device
metadata: { name: ${name} }
spec:
  policyRefs: [{ name: base }]
  groupRefs: [{ name: presses }]
  certificates:
    - name: a
      csr: |
        ${csr}
`;
}
