import type { ObjectKey } from '../../api/meta.ts';
import type { Touched } from '../../aws/snapshot/snapshot.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { objectKey } from '../../runtime/controller/keys.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Runnable } from '../../runtime/manager/runnable.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { Priority } from '../../runtime/reconciler.ts';
import { CERTIFICATE_ID } from '../device/recover.ts';
import { AWS_NAME } from '../external/claim.ts';
import type { AccountSession, Accounts } from './accounts.ts';
import { createPrincipalSweep } from './principal-sweep.ts';

export interface ScannerOptions {
  readonly cache: Cache;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Logger;
  readonly enqueue: (key: ObjectKey, priority: number) => void;
  /** Asks things one by one which certificates they have, slowly, for ever. Default true. */
  readonly principalChecks?: boolean;
}

const TICK_MS = 5_000;

/**
 * Reads each account again at its drift interval and wakes exactly the objects whose facts changed: an idle fleet costs
 * pages, not devices.
 */
export function createScanner(options: ScannerOptions): Runnable {
  const { accounts, clock, log } = options;
  const sweep = createPrincipalSweep({ ...options, tickMs: TICK_MS });
  const scanning = new Set<string>();

  async function scan(session: AccountSession, signal: AbortSignal): Promise<void> {
    scanning.add(session.key);
    const started = clock.monotonic();
    try {
      const touched = await session.snapshot.refresh(signal);
      const woken = wake(options, session, touched);
      log.debug('Scanned the account', { account: session.key, ms: clock.monotonic() - started, changed: woken });
      for (const account of options.cache.list('AWSAccount')) options.enqueue(objectKey(account), Priority.drift);
    } catch (thrown) {
      if (!signal.aborted) log.warn('Failing to scan the account', { account: session.key, err: thrown });
    } finally {
      scanning.delete(session.key);
    }
  }

  return {
    name: 'scanner',
    async run(stop, kill) {
      const signal = AbortSignal.any([stop, kill]);
      while (!signal.aborted) {
        await sleep(clock, TICK_MS, signal).catch(() => undefined);
        if (signal.aborted) return;
        for (const session of unique(accounts.sessions())) {
          const age = session.snapshot.age('things');
          if (age === undefined || scanning.has(session.key)) continue;
          if (age >= session.driftIntervalMs) void scan(session, signal);
          else if (options.principalChecks !== false) await sweep.tick(session, signal);
        }
      }
    },
  };
}

/** Two AWSAccounts of one account share everything; the shorter interval counts. */
function unique(sessions: readonly AccountSession[]): readonly AccountSession[] {
  const byKey = new Map<string, AccountSession>();
  for (const session of sessions) {
    const known = byKey.get(session.key);
    if (known === undefined || session.driftIntervalMs < known.driftIntervalMs) byKey.set(session.key, session);
  }
  return [...byKey.values()];
}

/** What a policy is attached to, or taken from, goes first: that is where rights are won. */
function wake({ cache, accounts, enqueue }: ScannerOptions, session: AccountSession, touched: Touched): number {
  const woken = new Set<string>();
  const add = (kind: string, index: string, value: string, priority: number) => {
    for (const object of cache.byIndex(kind, index, value)) {
      const { accountRef } = object.spec as { readonly accountRef: { readonly name: string } };
      if (accounts.verifiedKey(object.metadata.namespace ?? '', accountRef.name) !== session.key) continue;
      woken.add(`${kind}/${object.metadata.namespace}/${object.metadata.name}`);
      enqueue(objectKey(object), priority);
    }
  };
  for (const target of touched.targets) {
    if (target.startsWith('group:')) add('ThingGroup', AWS_NAME, target.slice(6), Priority.change);
    else add('Device', CERTIFICATE_ID, target, Priority.change);
  }
  for (const certificate of touched.certificates) add('Device', CERTIFICATE_ID, certificate, Priority.change);
  for (const thing of touched.members) add('Device', AWS_NAME, thing, Priority.drift);
  for (const thing of touched.things) add('Device', AWS_NAME, thing, Priority.drift);
  return woken.size;
}
