import type { Device } from '../../../api/device.gen.ts';
import { isRetried } from './assets.ts';

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
}

/**
 * Keeps whom was told to start and may still do so unseen. Of all others the record speaks, or none ever will: of whoever is no
 * asset of the rollout any more or was left out, and of a suspended Device.
 */
export function forgetShown(told: Told, devices: readonly Device[], moment: Moment): void {
  const { started, arming } = told;
  if (started.size + arming.size === 0) return;
  const gone = new Set([...started, ...arming]);
  for (const device of devices) {
    const { name } = device.metadata;
    if (gone.has(name) && isAwaited(device, arming.has(name), moment)) gone.delete(name);
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

function isAwaited(device: Device, arming: boolean, moment: Moment): boolean {
  const { rollout, ready, handedOver, retriedAt } = moment;
  const record = device.status?.rollout;
  // One that has begun and lost its record is found by what it carries, when it is not suspended any more.
  if (device.spec.suspend === true || moment.skipped(device)) return false;
  if (record?.name !== rollout || record.state === 'Queued') return true;
  if (record.state === 'RolledBack') return isRetried(device, retriedAt);
  if (record.state !== 'Deferred') return false;
  if (record.waitsForGroup !== undefined) return handedOver;
  return ready(device) === 'yes' || (arming && ready(device) === 'armable');
}
