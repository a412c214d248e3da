import type { AWSAccount } from '../../api/awsaccount.gen.ts';
import type { AwsClient } from '../../aws/client.ts';
import { type Identity, verifyIdentity } from '../../aws/identity.ts';
import { createLimiter, type Limiter } from '../../aws/limiter.ts';
import { type AwsMetrics, type AwsPort, createPort } from '../../aws/port.ts';
import { createSnapshot, type Snapshot } from '../../aws/snapshot/snapshot.ts';
import { type Backoff, backoffDelay } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { conflict, type ReconcileError, throttled, toReconcileError, waiting } from '../../runtime/errors.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { durationMs } from '../external/duration.ts';

/** One verified account and region, as one AWSAccount object reaches it. */
export interface AccountSession {
  /** `<account>/<region>`: budget, snapshot and claims are kept by this, however many objects name it. */
  readonly key: string;
  readonly accountId: string;
  readonly region: string;
  /** Who we are there; undefined when the endpoint could not say. */
  readonly callerArn: string | undefined;
  /** The endpoint is not AWS's own and may lack calls. */
  readonly partial: boolean;
  /** What was assumed because the endpoint could not say. */
  readonly note: string | undefined;
  readonly verifiedAt: number;
  readonly port: AwsPort;
  readonly limiter: Limiter;
  readonly snapshot: Snapshot;
  readonly spec: AWSAccount['spec'];
  readonly driftIntervalMs: number;
}

export interface SettleTimes {
  /** Things, certificates, memberships: how long lists may lag behind our own writes. Default 60 s. */
  readonly registry: number;
  /** Policy attachments. Default 10 min: AWS says 6 to 8. */
  readonly authorization: number;
}

export interface AccountsOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Makes the client an AWSAccount asks for; refuses roles and endpoints that the operator's settings forbid. */
  readonly connect: (account: AWSAccount) => AwsClient;
  /** True when `--endpoint` names one endpoint for every account. */
  readonly endpointGiven: boolean;
  /** No call budgets: for the sandbox with its quotas off. */
  readonly unlimited?: boolean;
  readonly settle?: SettleTimes;
  readonly metrics?: AwsMetrics;
}

export interface Accounts {
  /** The session of an AWSAccount, verified before it is handed out. Throws `waiting` while there is none. */
  session(namespace: string, name: string, call: { readonly signal?: AbortSignal }): Promise<AccountSession>;
  /** The key of a session verified in this process. */
  verifiedKey(namespace: string, name: string): string | undefined;
  /** Asks AWS again who we are; the controller of AWSAccount does so at every scan. */
  verify(account: AWSAccount, signal?: AbortSignal): Promise<AccountSession>;
  forget(namespace: string, name: string): void;
  sessions(): readonly AccountSession[];
  close(): void;
}

interface Failed {
  readonly error: ReconcileError;
  /** Devices are told the same until then, without asking. */
  readonly until: number;
  /** How often in a row we were told to ask less. */
  readonly throttles: number;
}

interface Entry {
  readonly client: AwsClient;
  /** The fields that decide how AWS is reached: another value needs another client and a new proof. */
  readonly address: string;
  session: AccountSession | undefined;
  /** Generation of the AWSAccount that the session was made for. */
  generation: number | undefined;
  failed: Failed | undefined;
  verifying: Promise<AccountSession> | undefined;
}

/** What all AWSAccounts of one account and region share. */
interface Shared {
  readonly limiter: Limiter;
  readonly snapshot: Snapshot;
  /** The latest proven way there: bulk reads go on when the AWSAccount that began them is gone. */
  port: AwsPort;
}

const DEFAULT_SETTLE: SettleTimes = { registry: 60_000, authorization: 600_000 };
/** Ten thousand devices must not each ask STS again after a refusal. */
const FAILURE_MS = 10_000;
/** STS has no budget of ours that would slow down by itself. A minute at most: everything of the account waits for it. */
const THROTTLED: Backoff = { baseMs: 2_000, maxMs: 60_000, factor: 2, jitter: 0.25 };

export function createAccounts(options: AccountsOptions): Accounts {
  return new AccountTable(options);
}

class AccountTable implements Accounts {
  readonly #options: AccountsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #shared = new Map<string, Shared>();
  #closed = false;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  async session(
    namespace: string,
    name: string,
    { signal }: { readonly signal?: AbortSignal },
  ): Promise<AccountSession> {
    const { cache, clock } = this.#options;
    const account = cache.get({ kind: 'AWSAccount', namespace, name }) as AWSAccount | undefined;
    if (account === undefined) {
      throw waiting(
        'AccountNotFound',
        `AWSAccount ${name} does not exist in namespace ${namespace}. Create it, or correct accountRef; this object goes on as soon as it appears.`,
      );
    }
    const { session, generation, failed } = this.#entryOf(account);
    if (session !== undefined && generation === account.metadata.generation) return session;
    try {
      if (failed !== undefined && clock.monotonic() < failed.until) throw failed.error;
      return await this.verify(account, signal);
    } catch (thrown) {
      const { reason, message } = toReconcileError(thrown);
      throw waiting('AccountNotReady', `AWSAccount ${name} is not ready (${reason}): ${message}`);
    }
  }

  verify(account: AWSAccount, signal?: AbortSignal): Promise<AccountSession> {
    const entry = this.#entryOf(account);
    const { error, until, throttles } = entry.failed ?? { until: 0, throttles: 0 };
    const leftMs = until - this.#options.clock.monotonic();
    // Whatever wakes the account meanwhile does not make STS any less busy.
    if (error !== undefined && throttles > 0 && leftMs > 0)
      return Promise.reject(throttled(error.message, leftMs, error));
    entry.verifying ??= this.#prove(account, entry, signal).finally(() => {
      entry.verifying = undefined;
    });
    return entry.verifying;
  }

  verifiedKey(namespace: string, name: string): string | undefined {
    return this.#entries.get(`${namespace}/${name}`)?.session?.key;
  }

  sessions(): readonly AccountSession[] {
    return [...this.#entries.values()].flatMap(({ session }) => session ?? []);
  }

  forget(namespace: string, name: string): void {
    this.#entries.get(`${namespace}/${name}`)?.client.close();
    this.#entries.delete(`${namespace}/${name}`);
  }

  close(): void {
    this.#closed = true;
    for (const { client } of this.#entries.values()) client.close();
    this.#entries.clear();
  }

  #entryOf(account: AWSAccount): Entry {
    const id = `${account.metadata.namespace ?? ''}/${account.metadata.name}`;
    const { region, roleArn, endpoint, accountId, signals } = account.spec;
    const address = JSON.stringify([region, roleArn, endpoint, signals?.endpoints, accountId, account.metadata.uid]);
    const known = this.#entries.get(id);
    if (known?.address === address) return known;
    // Whoever is still at work must not open connections that nobody would end.
    if (this.#closed) throw conflict('Stopping', 'This process is ending its work: no account is reached any more');
    known?.client.close();
    const client = this.#options.connect(account);
    const entry: Entry = {
      client,
      address,
      session: undefined,
      generation: undefined,
      failed: undefined,
      verifying: undefined,
    };
    this.#entries.set(id, entry);
    return entry;
  }

  async #prove(account: AWSAccount, entry: Entry, signal: AbortSignal | undefined): Promise<AccountSession> {
    const { namespace = '', name } = account.metadata;
    try {
      const identity = await verifyIdentity({
        client: entry.client,
        declared: account.spec.accountId,
        endpointGiven: this.#options.endpointGiven,
        account: `${namespace}/${name}`,
        ...(signal === undefined ? {} : { signal }),
      });
      entry.session = this.#open(account, entry.client, identity);
      entry.generation = account.metadata.generation;
      entry.failed = undefined;
      return entry.session;
    } catch (error) {
      entry.failed = this.#failed(toReconcileError(error), entry.failed);
      const { kind } = entry.failed.error;
      // An outage says nothing about who we are; a refusal does, and then nothing may be written until it is proven again.
      if (kind !== 'transient' && kind !== 'throttled') entry.session = undefined;
      throw entry.failed.error;
    }
  }

  #failed(error: ReconcileError, before: Failed | undefined): Failed {
    const { clock, random } = this.#options;
    if (error.kind !== 'throttled') return { error, until: clock.monotonic() + FAILURE_MS, throttles: 0 };
    const throttles = (before?.throttles ?? 0) + 1;
    const waitMs = Math.max(error.delayMs ?? 0, backoffDelay(THROTTLED, throttles, random));
    return { error: throttled(error.message, waitMs, error), until: clock.monotonic() + waitMs, throttles };
  }

  #open(account: AWSAccount, client: AwsClient, identity: Identity): AccountSession {
    const { clock, endpointGiven, metrics } = this.#options;
    const { region, endpoint, quotaShare, quotaOverrides = {}, driftInterval } = account.spec;
    const { accountId } = identity;
    const key = `${accountId}/${region}`;
    const limiter = this.#limiter(key);
    limiter.configure({ share: quotaShare, overrides: quotaOverrides });
    const partial = endpointGiven || endpoint !== undefined;
    const port = createPort({
      accountId,
      region,
      client,
      limiter,
      clock,
      partial,
      ...(metrics === undefined ? {} : { metrics }),
    });
    const { snapshot } = this.#share(key, limiter, port);
    return {
      key,
      accountId,
      region,
      partial,
      callerArn: identity.arn,
      note: identity.note,
      verifiedAt: clock.now(),
      port,
      limiter,
      snapshot,
      spec: account.spec,
      driftIntervalMs: durationMs(driftInterval),
    };
  }

  #limiter(key: string): Limiter {
    const { clock, unlimited = false } = this.#options;
    return this.#shared.get(key)?.limiter ?? createLimiter({ clock, unlimited });
  }

  #share(key: string, limiter: Limiter, port: AwsPort): Shared {
    const known = this.#shared.get(key);
    if (known !== undefined) {
      known.port = port;
      return known;
    }
    const { clock, settle = DEFAULT_SETTLE } = this.#options;
    const latest: Pick<AwsPort, 'call'> = { call: (...call) => shared.port.call(...call) };
    const shared: Shared = { limiter, port, snapshot: createSnapshot({ port: latest, clock, settleMs: settle }) };
    this.#shared.set(key, shared);
    return shared;
  }
}
