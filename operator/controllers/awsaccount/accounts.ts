import type { AWSAccount } from '../../api/awsaccount.gen.ts';
import type { AwsClient } from '../../aws/client.ts';
import { verifyIdentity } from '../../aws/identity.ts';
import { createLimiter, type Limiter } from '../../aws/limiter.ts';
import { type AwsMetrics, type AwsPort, createPort } from '../../aws/port.ts';
import { createSnapshot, type Snapshot } from '../../aws/snapshot/snapshot.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toReconcileError, waiting } from '../../runtime/errors.ts';
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

interface Entry {
  readonly client: AwsClient;
  /** The fields that decide how AWS is reached: another value needs another client and a new proof. */
  readonly address: string;
  session: AccountSession | undefined;
  /** Generation of the AWSAccount that the session was made for. */
  generation: number | undefined;
  failed: { readonly error: unknown; readonly at: number } | undefined;
  verifying: Promise<AccountSession> | undefined;
}

interface Shared {
  readonly limiter: Limiter;
  readonly snapshot: Snapshot;
}

const DEFAULT_SETTLE: SettleTimes = { registry: 60_000, authorization: 600_000 };
/** Ten thousand devices must not each ask STS again after a refusal. */
const FAILURE_MS = 10_000;

export function createAccounts(options: AccountsOptions): Accounts {
  const { cache, clock, connect } = options;
  const entries = new Map<string, Entry>();
  const shared = new Map<string, Shared>();

  function entryOf(account: AWSAccount): Entry {
    const id = `${account.metadata.namespace ?? ''}/${account.metadata.name}`;
    const { region, roleArn, endpoint, accountId } = account.spec;
    const address = JSON.stringify([region, roleArn, endpoint, accountId, account.metadata.uid]);
    const known = entries.get(id);
    if (known?.address === address) return known;
    known?.client.close();
    const entry: Entry = {
      client: connect(account),
      address,
      session: undefined,
      generation: undefined,
      failed: undefined,
      verifying: undefined,
    };
    entries.set(id, entry);
    return entry;
  }

  async function prove(account: AWSAccount, entry: Entry, signal: AbortSignal | undefined): Promise<AccountSession> {
    const { namespace = '', name } = account.metadata;
    const identity = await verifyIdentity({
      client: entry.client,
      declared: account.spec.accountId,
      endpointGiven: options.endpointGiven,
      account: `${namespace}/${name}`,
      ...(signal === undefined ? {} : { signal }),
    });
    const { region } = account.spec;
    const key = `${identity.accountId}/${region}`;
    const rates = { share: account.spec.quotaShare, overrides: account.spec.quotaOverrides ?? {} };
    const limiter =
      shared.get(key)?.limiter ?? createLimiter({ clock, ...rates, unlimited: options.unlimited ?? false });
    limiter.configure(rates);
    const partial = options.endpointGiven || account.spec.endpoint !== undefined;
    const metrics = options.metrics === undefined ? {} : { metrics: options.metrics };
    const port = createPort({
      accountId: identity.accountId,
      region,
      client: entry.client,
      limiter,
      clock,
      partial,
      ...metrics,
    });
    const snapshot =
      shared.get(key)?.snapshot ?? createSnapshot({ port, clock, settleMs: options.settle ?? DEFAULT_SETTLE });
    shared.set(key, { limiter, snapshot });
    return {
      key,
      accountId: identity.accountId,
      region,
      partial,
      callerArn: identity.arn,
      note: identity.note,
      verifiedAt: clock.now(),
      port,
      limiter,
      snapshot,
      spec: account.spec,
      driftIntervalMs: durationMs(account.spec.driftInterval),
    };
  }

  function verify(account: AWSAccount, signal?: AbortSignal): Promise<AccountSession> {
    const entry = entryOf(account);
    entry.verifying ??= prove(account, entry, signal)
      .then((session) => {
        entry.session = session;
        entry.generation = account.metadata.generation;
        entry.failed = undefined;
        return session;
      })
      .catch((error: unknown) => {
        // Whoever we are now, it is not proven: nothing may be written until it is.
        entry.session = undefined;
        entry.failed = { error, at: clock.monotonic() };
        throw error;
      })
      .finally(() => {
        entry.verifying = undefined;
      });
    return entry.verifying;
  }

  return {
    verify,
    async session(namespace, name, { signal }) {
      const account = cache.get({ kind: 'AWSAccount', namespace, name }) as AWSAccount | undefined;
      if (account === undefined) {
        throw waiting(
          'AccountNotFound',
          `AWSAccount ${name} does not exist in namespace ${namespace}. Create it, or correct accountRef; this object goes on as soon as it appears.`,
        );
      }
      const entry = entryOf(account);
      if (entry.session !== undefined) {
        if (entry.generation !== account.metadata.generation) return verify(account, signal);
        return entry.session;
      }
      const failed = entry.failed;
      try {
        if (failed !== undefined && clock.monotonic() - failed.at < FAILURE_MS) throw failed.error;
        return await verify(account, signal);
      } catch (thrown) {
        const { reason, message } = toReconcileError(thrown);
        throw waiting('AccountNotReady', `AWSAccount ${name} is not ready (${reason}): ${message}`);
      }
    },
    verifiedKey: (namespace, name) => entries.get(`${namespace}/${name}`)?.session?.key,
    forget(namespace, name) {
      entries.get(`${namespace}/${name}`)?.client.close();
      entries.delete(`${namespace}/${name}`);
    },
    sessions: () => [...entries.values()].flatMap(({ session }) => session ?? []),
    close() {
      for (const { client } of entries.values()) client.close();
      entries.clear();
    },
  };
}
