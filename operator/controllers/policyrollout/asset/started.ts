import type { Device } from '../../../api/device.gen.ts';
import type { AssetState } from '../../../rollout/types.ts';
import { isRetried } from './assets.ts';
import { assetState } from './record.ts';

/** Whom this process has told to start, or to be armed; each takes a place in the budget of the account. */
export interface Told {
  readonly started: Set<string>;
  readonly arming: Set<string>;
}

export interface Moment {
  /** Name of the PolicyRollout. */
  readonly rollout: string;
  /** Whether a deferred asset would get further now. */
  readonly ready: (device: Device) => 'yes' | 'armable' | 'no';
  /** Thing groups carry the candidates alone, and that has settled. */
  readonly handedOver: boolean;
  /** When somebody last asked to try again what went back. */
  readonly retriedAt: string | undefined;
  /** Whether people have left it out, or one that moves with it. */
  readonly skipped: (device: Device) => boolean;
  /** Whether its own reconcile has not come as far as the rollout for long, or that of one that moves with it. */
  readonly unable: (device: Device) => boolean;
  /** Whether its step is being taken at this moment: what comes of that its record will say. */
  readonly isIn: (device: Device) => boolean;
  /** Takes back what it was told, so that it does not begin after all when its place has gone to another. */
  readonly withdraw: (device: Device) => void;
  /** Whether somebody keeps it where it is, or one that moves with it. */
  readonly kept: (device: Device) => boolean;
  /** Whether another rollout, which was faster, has begun with it and is not done. */
  readonly elsewhere: (device: Device) => boolean;
}

/**
 * Keeps whom was told to start and may still do so unseen. Of all others the record speaks, or none ever will: of whoever is no
 * asset of the rollout any more, was left out or is in another one, and of a suspended Device.
 */
export function forgetShown(told: Told, devices: readonly Device[], moment: Moment): void {
  const { started, arming } = told;
  if (started.size + arming.size === 0) return;
  const gone = new Set([...started, ...arming]);
  for (const device of devices) {
    const { name } = device.metadata;
    if (!gone.has(name)) continue;
    if (isAwaited(device, arming.has(name), moment)) gone.delete(name);
    else if (NOT_BEGUN.has(assetState(device, moment.rollout))) moment.withdraw(device);
  }
  forget(told, gone);
}

/** Takes back what they were told, and gives their places in the budget free. */
export function forget({ started, arming }: Told, names: Iterable<string>): void {
  for (const name of names) {
    started.delete(name);
    arming.delete(name);
  }
}

/** In them it does something only when it is told to start. */
const NOT_BEGUN: ReadonlySet<AssetState> = new Set(['Queued', 'Deferred', 'RolledBack']);

function isAwaited(device: Device, arming: boolean, moment: Moment): boolean {
  const { rollout, ready, handedOver, retriedAt, kept } = moment;
  const record = device.status?.rollout;
  // One that has begun and lost its record is found by what it carries, when it is not suspended any more.
  if (device.spec.suspend === true || moment.skipped(device) || moment.elsewhere(device)) return false;
  const unable = () => !moment.isIn(device) && moment.unable(device);
  if (record?.name !== rollout || record.state === 'Queued') return !unable();
  if (record.state === 'RolledBack') return isRetried(device, retriedAt) && !unable();
  if (record.state !== 'Deferred') return false;
  if (moment.isIn(device)) return true;
  // By its own word it has not gone on; before it said so it might not have seen that it is held.
  if (kept(device)) return false;
  if (record.waitsForGroup !== undefined) return handedOver && !unable();
  return ready(device) === 'yes' || (arming && ready(device) === 'armable');
}
