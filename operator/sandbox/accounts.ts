import { createHash } from 'node:crypto';

/** A long-lived access key that the sandbox accepts. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  /** Name of the IAM user the key belongs to. */
  readonly userName?: string;
}

/** A role that may be assumed. Without any configured role every role ARN is accepted. */
export interface Role {
  readonly arn: string;
  readonly externalId?: string;
}

/** Who called, as far as the request told. */
export interface Caller {
  readonly accessKeyId: string;
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
  /** Empty for a user. */
  readonly sessionName: string;
}

interface Session extends Caller {
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expires: number;
}

export interface Key {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expires?: number;
}

export interface AccountOptions {
  readonly defaultAccount: string;
  readonly credentials: readonly Credential[];
  readonly roles: readonly Role[];
}

/** The access keys, roles and sessions of all accounts. */
export class Accounts {
  readonly defaultAccount: string;
  readonly roles: readonly Role[];
  readonly #credentials: ReadonlyMap<string, Credential>;
  readonly #sessions = new Map<string, Session>();

  constructor(options: AccountOptions) {
    this.defaultAccount = options.defaultAccount;
    this.roles = options.roles;
    this.#credentials = new Map(options.credentials.map((c) => [c.accessKeyId, c]));
  }

  key(accessKeyId: string): Key | undefined {
    return this.#sessions.get(accessKeyId) ?? this.#credentials.get(accessKeyId);
  }

  /**
   * The caller behind an access key. Where signatures are not checked any key is accepted: one that looks like an
   * account id (twelve digits) selects that account, any other the default account.
   */
  caller(accessKeyId: string | undefined): Caller {
    const id = accessKeyId ?? '';
    const session = this.#sessions.get(id);
    if (session) return session;
    const credential = this.#credentials.get(id);
    const accountId = credential?.accountId ?? (/^\d{12}$/.test(id) ? id : this.defaultAccount);
    const userName = credential?.userName ?? 'sandbox';
    return {
      accessKeyId: id,
      accountId,
      arn: `arn:aws:iam::${accountId}:user/${userName}`,
      userId: `AIDA${digest(accountId + userName).slice(0, 16)}`,
      sessionName: '',
    };
  }

  /** Creates the temporary credentials of an assumed role. */
  assume(
    role: { readonly accountId: string; readonly name: string },
    sessionName: string,
    expires: number,
    entropy: string,
  ): Session {
    const accessKeyId = `ASIA${digest(`${entropy}/id`).slice(0, 16)}`;
    const roleId = `AROA${digest(role.accountId + role.name).slice(0, 16)}`;
    const session: Session = {
      accessKeyId,
      secretAccessKey: createHash('sha256').update(`${entropy}/secret`).digest('base64').slice(0, 40),
      sessionToken: createHash('sha512').update(`${entropy}/token`).digest('base64'),
      accountId: role.accountId,
      arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${sessionName}`,
      userId: `${roleId}:${sessionName}`,
      sessionName,
      expires,
    };
    this.#sessions.set(accessKeyId, session);
    return session;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').toUpperCase();
}
