/**
 * Where keys that the operator makes itself are kept: a Secret in a cluster, files of mode 0600 in standalone mode. Only
 * ever asked by name.
 */
export interface SecretPort {
  read(id: SecretId): Promise<StoredSecret | undefined>;
  /** Creates it, or replaces one that carries the same mark; throws `terminal` `SecretExists` for anybody else's. */
  write(id: SecretId, secret: StoredSecret): Promise<void>;
}

export interface SecretId {
  readonly namespace: string;
  readonly name: string;
}

export interface StoredSecret {
  /** Ownership mark of the Device; a Secret without it is never overwritten. */
  readonly mark: string;
  /** `tls.key`, `tls.crt`, `tls.csr` in PEM. */
  readonly data: Readonly<Record<string, string>>;
}
