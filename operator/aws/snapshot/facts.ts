/** What list calls tell about one thing. Shared and frozen in spirit: replace, never change in place. */
export interface ThingFacts {
  readonly arn: string;
  readonly typeName: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** Rises by one with each update; what `expectedVersion` is compared with. */
  readonly version: number;
}

export interface CertificateFacts {
  readonly arn: string;
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/**
 * Who a policy can be attached to, as a short key: the certificate id, `group:<name>`, or the principal as AWS writes it
 * (a Cognito identity).
 */
export function targetKey(target: string): string {
  const certificate = target.indexOf(':cert/');
  if (certificate >= 0) return own(target.slice(certificate + 6));
  const group = target.indexOf(':thinggroup/');
  if (group >= 0) return groupKey(target.slice(group + 12));
  return target;
}

export function groupKey(name: string): string {
  return `group:${name}`;
}

/** The id in a certificate ARN (or the id itself). */
export function certificateIdOf(arnOrId: string): string {
  return own(arnOrId.slice(arnOrId.lastIndexOf('/') + 1));
}

/** A slice keeps its whole parent string in memory; 100,000 of them are worth a copy. */
function own(slice: string): string {
  return Buffer.from(slice, 'latin1').toString('latin1');
}

export function sameThing(a: ThingFacts | undefined, b: ThingFacts | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.version === b.version && a.typeName === b.typeName && sameRecord(a.attributes, b.attributes);
}

export function sameCertificate(a: CertificateFacts | undefined, b: CertificateFacts | undefined): boolean {
  return a?.status === b?.status && a?.arn === b?.arn;
}

function sameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
