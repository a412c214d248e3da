import type { AWSAccountSignals } from '../../api/awsaccount.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { toReconcileError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Runnable } from '../../runtime/manager/runnable.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { AccountSession, Accounts } from '../awsaccount/accounts.ts';
import type { SignalBook } from '../policyrollout/gates/signals.ts';
import { hasEnded } from '../policyrollout/names.ts';
import { connectivityReader } from './connectivity-reader.ts';
import { logReader } from './log-reader.ts';
import { queueReader } from './queue-reader.ts';
import type { Reading, SignalReader } from './reading.ts';
import { violationReader } from './violation-reader.ts';

export interface SignalHubOptions {
  readonly cache: Cache;
  readonly accounts: Accounts;
  readonly book: SignalBook;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long SQS may hold a question open. Default 20 s. */
  readonly queueWaitSeconds?: number;
}

/** How often accounts are looked at for new or changed settings. */
const TICK_MS = 5_000;
const FAILED_AGAIN_MS = 15_000;

interface Listening {
  readonly stop: AbortController;
  readonly settings: string;
  readonly done: Promise<unknown>;
}

/**
 * Listens to each account as its AWSAccounts say, while this process leads. Each source is read on its own: one that
 * fails or is slow keeps none of the others waiting, and is told as stale.
 */
export function createSignalHub(options: SignalHubOptions): Runnable {
  const { accounts, clock } = options;
  const listening = new Map<string, Listening>();

  function follow(kill: AbortSignal): void {
    const wanted = new Map<string, { readonly settings: string; readonly signals: AWSAccountSignals }>();
    for (const session of accounts.sessions()) {
      const signals = session.spec.signals;
      // Several AWSAccounts of one account share its signals; the first that says what to listen to is followed.
      if (signals !== undefined && !wanted.has(session.key)) {
        wanted.set(session.key, { settings: JSON.stringify(signals), signals });
      }
    }
    for (const [key, { stop, settings }] of listening) {
      if (wanted.get(key)?.settings === settings) continue;
      stop.abort(new Error('listening as before is over'));
      listening.delete(key);
    }
    for (const [key, { settings, signals }] of wanted) {
      if (listening.has(key)) continue;
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, kill]);
      const readers = readersFor(signals, options.queueWaitSeconds ?? 20);
      const done = Promise.all(readers.map((reader) => listen(options, reader, { key, signal })));
      listening.set(key, { stop, settings, done });
    }
  }

  return {
    name: 'signals',
    async run(stop, kill) {
      const signal = AbortSignal.any([stop, kill]);
      while (!signal.aborted) {
        follow(signal);
        await sleep(clock, TICK_MS, signal).catch(() => undefined);
      }
      for (const one of listening.values()) one.stop.abort(new Error('the process ends'));
      await Promise.allSettled([...listening.values()].map(({ done }) => done));
      listening.clear();
    },
  };
}

function readersFor(signals: AWSAccountSignals, waitSeconds: number): readonly SignalReader[] {
  return [
    ...(signals.queueName === undefined ? [] : [queueReader(signals.queueName, { waitSeconds })]),
    ...(signals.logGroup === undefined ? [] : [logReader(signals.logGroup)]),
    ...(signals.connectivity ? [connectivityReader()] : []),
    ...(signals.violations ? [violationReader()] : []),
  ];
}

async function listen(
  options: SignalHubOptions,
  reader: SignalReader,
  { key, signal }: { readonly key: string; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, log, book } = options;
  let session: AccountSession | undefined;
  const reading: Reading = {
    session: () => session as AccountSession,
    book,
    clock,
    log,
    options: { signal },
    isWatched: () => isWatched(options, key),
  };
  let failing = false;
  // Until it was read once, what it does not say is no good news.
  book.report(key, reader.source, { readTo: 0, maxAgeMs: 0 });
  while (!signal.aborted) {
    session = options.accounts.sessions().find((one) => one.key === key && one.spec.signals !== undefined);
    if (session === undefined) break;
    let wait = FAILED_AGAIN_MS;
    try {
      wait = await reader.read(reading);
      if (failing) log.info('Listening again', { account: key, source: reader.source });
      failing = false;
    } catch (thrown) {
      if (signal.aborted) break;
      const { reason, message, delayMs } = toReconcileError(thrown);
      wait = Math.max(delayMs ?? 0, FAILED_AGAIN_MS);
      // Told once: what follows is an age that grows.
      if (!failing) log.warn('Failing to listen', { account: key, source: reader.source, reason, cause: message });
      failing = true;
    }
    await sleep(clock, wait, signal).catch(() => undefined);
  }
  book.forget(key, reader.source);
}

/** Whether some rollout of the account moves assets. */
function isWatched({ cache, accounts }: SignalHubOptions, key: string): boolean {
  for (const object of cache.list('PolicyRollout')) {
    const rollout = object as PolicyRollout;
    const { namespace = '' } = rollout.metadata;
    if (!hasEnded(rollout) && accounts.verifiedKey(namespace, rollout.spec.accountRef.name) === key) return true;
  }
  return false;
}
