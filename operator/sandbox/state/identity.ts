import { pem } from '../x509/der.ts';
import type { Slice } from './scope.ts';
import { SequencedMap } from './sequenced.ts';

export type CertificateStatus =
  | 'ACTIVE'
  | 'INACTIVE'
  | 'REVOKED'
  | 'PENDING_TRANSFER'
  | 'PENDING_ACTIVATION'
  | 'REGISTER_INACTIVE';

export interface Certificate {
  readonly id: string;
  /** Its principal name: one string that everything attached to the certificate shares. */
  readonly arn: string;
  /** DER, one character per byte: less than half of what PEM text takes. */
  readonly der: string;
  readonly createdAt: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly caCertificateId: string | undefined;
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  status: CertificateStatus;
  modifiedAt: number;
  /** Raised by one per status change (DescribeCertificate's customerVersion). */
  version: number;
}

export function pemOf(certificate: Certificate): string {
  return pem('CERTIFICATE', Buffer.from(certificate.der, 'latin1'));
}

/** A certificate of CreateProvisioningClaim: good for one template, for five minutes, and listed nowhere. */
export interface Claim {
  readonly status: 'ACTIVE';
  readonly templateName: string;
  readonly endsAt: number;
}

export interface CaCertificate {
  readonly id: string;
  readonly pem: string;
  readonly subject: string;
  readonly createdAt: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  status: 'ACTIVE' | 'INACTIVE';
  autoRegistration: boolean;
  registrationConfig: Readonly<Record<string, unknown>> | undefined;
  modifiedAt: number;
  version: number;
}

export interface PolicyVersion {
  readonly id: string;
  readonly document: string;
  readonly createdAt: number;
}

export interface Policy {
  readonly name: string;
  readonly createdAt: number;
  versions: readonly PolicyVersion[];
  defaultVersionId: string;
  nextVersion: number;
  modifiedAt: number;
  generation: number;
  /** Principals and group ARNs it is attached to. */
  readonly targets: SequencedMap<true>;
  /** Time of the last detach: deletion is refused for a while after it. */
  detachedAt: number | undefined;
}

/** What hangs on one principal or group ARN. */
export interface Links {
  policies: readonly string[];
  things: readonly string[];
}

const NOTHING: Links = { policies: [], things: [] };

/** Certificates and policies of one account and region, and what is attached to what. */
export class Identity {
  readonly certificates = new SequencedMap<Certificate>();
  readonly caCertificates = new SequencedMap<CaCertificate>();
  readonly policies = new SequencedMap<Policy>();
  readonly claims = new Map<string, Claim>();
  registrationCode: string | undefined;
  readonly #links = new Map<string, Links>();

  /** Status of a certificate that a device may come with, claims among them. */
  statusAtDoor(id: string): CertificateStatus | undefined {
    return (this.certificates.get(id) ?? this.claims.get(id))?.status;
  }

  /** The stored text of a certificate's ARN, so that its many mentions take the memory of one. */
  canonical(target: string): string {
    return this.certificates.get(target.slice(target.lastIndexOf('/') + 1))?.arn ?? target;
  }

  links(target: string): Readonly<Links> {
    return this.#links.get(target) ?? NOTHING;
  }

  setPolicies(target: string, policies: readonly string[]): void {
    this.#setLinks(target, { policies, things: this.links(target).things });
  }

  setThings(target: string, things: readonly string[]): void {
    this.#setLinks(target, { policies: this.links(target).policies, things });
  }

  *targets(): IterableIterator<[string, Links]> {
    yield* this.#links;
  }

  #setLinks(target: string, links: Links): void {
    if (links.policies.length === 0 && links.things.length === 0) this.#links.delete(target);
    else this.#links.set(this.canonical(target), links);
  }
}

function recode(text: string, from: BufferEncoding, to: BufferEncoding): string {
  return Buffer.from(text, from).toString(to);
}

interface Saved {
  readonly certificates: readonly Certificate[];
  readonly caCertificates: readonly CaCertificate[];
  /** Targets in order of attaching, which the lists tell. */
  readonly policies: readonly (Omit<Policy, 'targets'> & { readonly targets?: readonly string[] })[];
  readonly links: readonly (readonly [string, Links])[];
  readonly registrationCode?: string;
  readonly claims?: readonly (readonly [string, Claim])[];
}

export const IDENTITY: Slice<Identity> = {
  name: 'identity',
  create: () => new Identity(),
  save: (identity): Saved => ({
    certificates: [...identity.certificates.values()].map((c) => ({ ...c, der: recode(c.der, 'latin1', 'base64') })),
    caCertificates: [...identity.caCertificates.values()],
    policies: [...identity.policies.values()].map((policy) => ({ ...policy, targets: [...policy.targets.keys()] })),
    links: [...identity.targets()],
    claims: [...identity.claims],
    ...(identity.registrationCode !== undefined && { registrationCode: identity.registrationCode }),
  }),
  load(identity, saved) {
    const from = saved as Saved;
    for (const certificate of from.certificates) {
      identity.certificates.set(certificate.id, { ...certificate, der: recode(certificate.der, 'base64', 'latin1') });
    }
    for (const ca of from.caCertificates) identity.caCertificates.set(ca.id, { ...ca });
    for (const policy of from.policies) {
      const targets = new SequencedMap<true>();
      for (const target of policy.targets ?? []) targets.set(identity.canonical(target), true);
      identity.policies.set(policy.name, { ...policy, detachedAt: policy.detachedAt, targets });
    }
    for (const [target, links] of from.links) {
      const shared = identity.canonical(target);
      identity.setPolicies(shared, links.policies);
      identity.setThings(shared, links.things);
      for (const name of links.policies) identity.policies.get(name)?.targets.set(shared, true);
    }
    identity.registrationCode = from.registrationCode;
    for (const [id, claim] of from.claims ?? []) identity.claims.set(id, claim);
  },
};
