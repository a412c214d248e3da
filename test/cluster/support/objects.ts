/** Manifests of stories, as text that kubectl and Git take. */
const API_VERSION = 'fleetward.dev/v1alpha1';

export function manifest(kind: string, name: string, spec: unknown, metadata: object = {}): string {
  return `${JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name, ...metadata }, spec })}\n`;
}

/** Several of them in one text. */
export const documents = (...all: readonly string[]): string => all.join('---\n');

export const REGION = { accountId: '123456789012', region: 'us-east-1' } as const;

export const account = (name = 'default', more: object = {}): string =>
  manifest('AWSAccount', name, { ...REGION, ...more });

/** A policy that lets its device connect, or what else is said. */
export function policy(name: string, action = 'iot:Connect', more: object = {}): string {
  const Resource = [`arn:aws:iot:${REGION.region}:${REGION.accountId}:*`];
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: [action], Resource }] };
  return manifest('IoTPolicy', name, { ...more, document });
}

/** A device with a certificate that is issued here. */
export const issued = (name: string, more: object = {}): string =>
  manifest('Device', name, { certificates: [{ name: 'a', issued: { secretName: name } }], ...more });
