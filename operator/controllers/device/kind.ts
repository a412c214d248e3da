import type { Device } from '../../api/device.gen.ts';
import { OWNER_KEY } from '../external/ownership.ts';
import type { ExternalKind } from '../external/types.ts';
import { isHeldByHand } from '../policyrollout/asset/assets.ts';
import { stepAsset } from '../policyrollout/asset/step.ts';
import { applyDevice } from './apply.ts';
import { containDevice } from './contain.ts';
import { comeBack, hasDeparted } from './depart.ts';
import { type DesiredDevice, resolveDevice, thingName } from './desired.ts';
import { type DeviceAction, diffDevice } from './diff.ts';
import { type ObservedDevice, observeDevice } from './observe.ts';
import { confirmDevice } from './reads.ts';
import { removeDevice } from './remove.ts';
import { deviceProgress, deviceStatus } from './status.ts';

export const deviceKind: ExternalKind<Device, DesiredDevice, ObservedDevice, DeviceAction> = {
  kind: 'Device',
  marks: 'attribute',
  noun: 'thing',
  nameOf: thingName,
  resolve: resolveDevice,
  observe: observeDevice,
  existing: ({ thing }) =>
    thing === undefined ? { exists: false } : { exists: true, mark: thing.attributes[OWNER_KEY] },
  urgent: containDevice,
  diff: diffDevice,
  confirm: confirmDevice,
  apply: applyDevice,
  remove: removeDevice,
  keep: { owes: hasDeparted, giveBack: comeBack },
  unfinished: deviceProgress,
  status: deviceStatus,
  gone: ({ rollouts }, key) => rollouts?.unable.forget(key),
  stopped: ({ rollouts, clock }, key, why) => rollouts?.unable.stop(key, { now: clock.now(), why }),
  follow: async (scope, { desired, observed, held }) => {
    const { rollouts } = scope.deps;
    if (rollouts === undefined) return undefined;
    return stepAsset(scope, rollouts, { desired, observed, held: held !== undefined || isHeldByHand(scope.object) });
  },
};
