import { createECDH, createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { KubeObject } from '../../operator/api/meta.ts';
import { API_VERSION } from '../../operator/api/meta.ts';
import { certificateRequest } from '../../operator/controllers/device/csr.ts';

/** Builders of small fleets: every field that a test does not care about has a plain value. */
const NAMESPACE = 'factory';
const ACCOUNT_ID = '123456789012';
const REGION = 'us-east-1';

export function object(kind: string, name: string, spec: object, metadata: object = {}): KubeObject {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace: NAMESPACE, ...metadata }, spec };
}

export function account(spec: object = {}): KubeObject {
  return object('AWSAccount', 'default', { accountId: ACCOUNT_ID, region: REGION, ...spec });
}

export function policyDocument(...topics: readonly string[]): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['iot:Connect'],
        Resource: [`arn:aws:iot:${REGION}:${ACCOUNT_ID}:client/\${iot:Connection.Thing.ThingName}`],
      },
      {
        Effect: 'Allow',
        Action: ['iot:Publish'],
        Resource: topics.map((topic) => `arn:aws:iot:${REGION}:${ACCOUNT_ID}:topic/${topic}`),
      },
    ],
  };
}

export function policy(name: string, spec: object = {}): KubeObject {
  return object('IoTPolicy', name, { document: policyDocument('telemetry/*'), ...spec });
}

export function group(name: string, spec: object = {}): KubeObject {
  return object('ThingGroup', name, spec);
}

export function thingType(name: string, spec: object = {}): KubeObject {
  return object('ThingType', name, spec);
}

export function profile(name: string, spec: object = {}): KubeObject {
  const behavior = {
    name: 'authorization-failures',
    metric: 'aws:num-authorization-failures',
    criteria: { comparisonOperator: 'less-than-equals', value: { count: 5 }, durationSeconds: 300 },
  };
  return object('SecurityProfile', name, { behaviors: [behavior], ...spec });
}

/** A new key each time, or the one that a seed stands for; only the request leaves this function. */
export function csr(commonName: string, seed?: string): string {
  const key = seed === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : keyOf(seed);
  return certificateRequest(key, commonName);
}

function keyOf(seed: string): KeyObject {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(createHash('sha256').update(seed).digest());
  const point = curve.getPublicKey();
  const part = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const key = { kty: 'EC', crv: 'P-256', d: curve.getPrivateKey('base64url'), x: part(1), y: part(33) };
  return createPrivateKey({ key, format: 'jwk' });
}

export function device(name: string, spec: object = {}): KubeObject {
  return object('Device', name, {
    policyRefs: [{ name: 'base' }],
    groupRefs: [{ name: 'presses' }],
    certificates: [{ name: 'a', csr: csr(name) }],
    ...spec,
  });
}

/** One account, policy, type and group, and `count` devices with a certificate each. */
export function smallFleet(count = 1): readonly KubeObject[] {
  const devices = Array.from({ length: count }, (_, i) =>
    device(`press-${i + 1}`, { thingTypeRef: { name: 'press' } }),
  );
  return [account(), policy('base'), thingType('press'), group('presses'), ...devices];
}
