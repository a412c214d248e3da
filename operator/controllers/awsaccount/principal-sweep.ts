import type { Device } from '../../api/device.gen.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { ifFound } from '../../aws/classify.ts';
import { certificateIdOf } from '../../aws/snapshot/facts.ts';
import type { Clock } from '../../runtime/clock.ts';
import { objectKey } from '../../runtime/controller/keys.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { Priority } from '../../runtime/reconciler.ts';
import type { AccountSession, Accounts } from './accounts.ts';

export interface SweepOptions {
  readonly cache: Cache;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Logger;
  readonly enqueue: (key: ObjectKey, priority: number) => void;
  readonly tickMs: number;
}

export interface PrincipalSweep {
  /** Asks the next few things of this account. */
  tick(session: AccountSession, signal: AbortSignal): Promise<void>;
}

/** Part of the budget of that one call; the rest is for devices that are being set up. */
const SHARE = 0.25;
/** No thing is asked again sooner, however small the fleet. */
const REST_MS = 60 * 60_000;

/**
 * Which certificates a thing has can only be asked thing by thing, so it is asked slowly and without end:
 * 100,000 things take about half a day at the default quota.
 */
export function createPrincipalSweep(options: SweepOptions): PrincipalSweep {
  const { cache, accounts, clock, log } = options;
  const cursors = new Map<string, Iterator<unknown>>();

  function next(session: AccountSession): Device | undefined {
    const cursor = cursors.get(session.key) ?? cache.list('Device')[Symbol.iterator]();
    cursors.set(session.key, cursor);
    const step = cursor.next();
    if (step.done === true) {
      cursors.delete(session.key);
      return undefined;
    }
    return step.value as Device;
  }

  function due(session: AccountSession, device: Device): boolean {
    const { metadata, spec, status } = device;
    if (status?.thingId === undefined || spec.suspend || metadata.deletionTimestamp !== undefined) return false;
    if (accounts.verifiedKey(metadata.namespace ?? '', spec.accountRef.name) !== session.key) return false;
    const asked = session.snapshot.principals.askedAt(spec.thingName ?? metadata.name);
    return asked === undefined || clock.monotonic() - asked >= REST_MS;
  }

  async function ask(session: AccountSession, device: Device, signal: AbortSignal): Promise<void> {
    const thingName = device.spec.thingName ?? device.metadata.name;
    const call = { priority: Priority.resync, signal };
    const answer = await ifFound(session.port.call('ListThingPrincipals', { thingName, maxResults: 250 }, call));
    const ids = (answer?.principals ?? []).map(certificateIdOf);
    session.snapshot.principals.saw(thingName, ids);
    const ours = (device.status?.certificates ?? []).filter(({ activated }) => activated === true);
    const expected = ours.flatMap(({ certificateId }) => certificateId ?? []);
    if (expected.length === ids.length && expected.every((id) => ids.includes(id))) return;
    options.enqueue(objectKey(device), Priority.change);
  }

  return {
    async tick(session, signal) {
      const perSecond = session.limiter.rate('ListThingPrincipals') * SHARE;
      let left = Math.max(1, Math.floor((perSecond * options.tickMs) / 1000));
      // One round over the fleet per tick at most, or an idle fleet would spin here.
      for (let looked = cache.count('Device'); looked > 0 && left > 0 && !signal.aborted; looked -= 1) {
        const device = next(session);
        if (device === undefined) return;
        if (!due(session, device)) continue;
        left -= 1;
        try {
          await ask(session, device, signal);
        } catch (thrown) {
          log.debug('Failing to ask a thing for its certificates', { err: thrown });
          return;
        }
      }
    },
  };
}
