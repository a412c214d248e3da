import type { Device } from '../../../api/device.gen.ts';
import type { Permission } from '../../../rollout/asset.ts';
import { tooShort } from '../../../rollout/contacts.ts';
import type { Strategy } from '../../../rollout/strategy.ts';
import { objectKey } from '../../../runtime/controller/keys.ts';
import { type AssetIdentity, type SignalBook, USED_FOR_MS } from '../gates/signals.ts';
import type { Rollouts } from '../service.ts';
import { assetIdentity } from './record.ts';
import { UNABLE_AFTER_MS, whyUnable } from './unable.ts';
import { unitIdentity } from './units.ts';

/** `short`: nothing but the length of its contacts keeps it from being watched. */
export type Watch = Permission & { readonly short?: true };

/** Who is armed is armed while it is there, not when it has just left. */
const HERE_MS = 60_000;

interface Moment {
  readonly contactWithinMs: number;
  readonly settleMs: number;
  /** Contracted in this contact and judged at the next: its length does not matter. */
  readonly armed?: boolean;
  /** Client ids under which its certificates may be used: its own, and those of things that share one with it. */
  readonly declared?: readonly string[];
  readonly now: number;
}

/** An asset that cannot be watched keeps all it has. */
export function watchable(
  signals: SignalBook,
  asset: AssetIdentity,
  { contactWithinMs, settleMs, armed, declared = asset.clientIds, now }: Moment,
): Watch {
  if (!signals.isKnown(asset)) {
    return no(
      `no client id of it is known (declared: ${asset.clientIds.join(', ') || 'none'}); name one in clientIds, or wait until it connects`,
    );
  }
  const [undeclared] = signals.undeclared({ ...asset, clientIds: declared }, now - USED_FOR_MS);
  if (undeclared !== undefined) {
    return no(
      `its certificate is used under the client id ${undeclared}, which is not declared: add it to clientIds, or stop who uses it`,
    );
  }
  const healths = signals.healths(asset);
  const stale = healths.find(({ health }) => health === 'stale');
  if (stale !== undefined) {
    return no(
      `the signal ${stale.name} is out of date, so a loss would not be seen; see the operator's log for why it cannot be read`,
    );
  }
  if (healths.length > 0 && healths.every(({ health }) => health === 'unavailable')) {
    const whys = healths.map(({ name, why }) => `${name}: ${why ?? 'unavailable'}`).join('; ');
    return no(`AWS gives no signal of it, so a loss would not be seen (${whys}); see signals of its AWSAccount`);
  }
  const contact = signals.contact(asset);
  const within = (ms: number) => contact.connected || (contact.lastAt !== undefined && now - contact.lastAt <= ms);
  if (within(armed === true ? HERE_MS : contactWithinMs)) {
    const short = armed === true ? undefined : tooShort(signals.contacts(asset, contactWithinMs), settleMs);
    if (short === undefined) return { yes: true };
    const why = `${short}: nothing is taken from it that nobody would see it miss`;
    return within(HERE_MS) ? { ...no(why), short: true } : no(why);
  }
  const since =
    contact.lastAt === undefined ? 'not heard of yet' : `last heard of at ${new Date(contact.lastAt).toISOString()}`;
  const { past } = signals.contacts(asset, contactWithinMs);
  const habit = past.length === 0 ? undefined : tooShort({ current: undefined, past }, settleMs);
  const seldom = habit === undefined ? '' : `; ${habit}`;
  return no(`the device is not connected (${since}): nothing is taken from it until it is${seldom}`);
}

const no = (why: string): Permission => ({ yes: false, why });

export interface Readiness {
  readonly rollouts: Rollouts;
  /** Name of the PolicyRollout. */
  readonly rollout: string;
  readonly account: string;
  readonly strategy: Pick<Strategy, 'contactWithinMs' | 'settleMs'>;
  readonly now: number;
}

/** Whether a deferred asset, with all that move with it, would get further now: by itself, or only when it is armed. */
export function readiness(given: Readiness, members: readonly Device[]): 'yes' | 'armable' | 'no' {
  const { clientIds: declared } = unitIdentity(members, given.account);
  const each = members.map((device) => readinessOf(given, device, declared));
  const [first = 'no'] = each;
  // Things that share certificates are not armed: each of them would have to be there at the same moment.
  return each.length === 1 ? first : each.every((one) => one === 'yes') ? 'yes' : 'no';
}

function readinessOf(
  { rollouts, rollout, account, strategy, now }: Readiness,
  device: Device,
  declared: readonly string[],
): 'yes' | 'armable' | 'no' {
  if (whyUnable(rollouts, [device], { now, forMs: UNABLE_AFTER_MS }) !== undefined) return 'no';
  const refusal = rollouts.unable.refusal(objectKey(device), rollout);
  if (refusal !== undefined && now < refusal.until) return 'no';
  const place = preflightPlace(device.metadata, rollout);
  const moment = { ...strategy, declared, now };
  const watch = watchable(rollouts.signals, assetIdentity(device, account), moment);
  if (!watch.yes) return watch.short === true ? 'armable' : 'no';
  return rollouts.preflights.known(place, now)?.permission.yes === false ? 'no' : 'yes';
}

export function preflightPlace(
  { namespace = '', name }: { readonly namespace?: string; readonly name: string },
  rollout: string,
): string {
  return `${namespace}/${name} ${rollout}`;
}
