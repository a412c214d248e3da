import type { Device } from '../../../api/device.gen.ts';
import { membersOf } from '../../../rollout/rollout.ts';
import { connectStorm, STORM_WINDOW_MS } from '../../../rollout/storm.ts';
import type { AssetState } from '../../../rollout/types.ts';
import { keyText, objectKey } from '../../../runtime/controller/keys.ts';
import { cohortOf } from '../asset/assets.ts';
import { assetIdentity } from '../asset/record.ts';
import type { Pass } from '../pass.ts';
import type { AssetIdentity } from './signals.ts';

/** Controls looked at for one verdict: enough to tell an outage from a fault, few enough for any fleet. */
const SAMPLE = 30;
/** Moved assets looked at for a storm. */
const MOVED = 1_000;

const UNTOUCHED: ReadonlySet<AssetState> = new Set(['Queued', 'Stable', 'Excluded', 'Deferred']);
const MOVED_STATES: ReadonlySet<AssetState> = new Set(['Contracting', 'Observing', 'Succeeded']);

type Facts = Pick<Pass, 'assets' | 'devices' | 'rollout' | 'session' | 'deps' | 'strategy' | 'now'>;

/** Assets of each cohort that the rollout has not touched, found once for a pass. */
export function controlsIn({ assets, devices, rollout, session }: Facts): (device: Device) => readonly AssetIdentity[] {
  let byCohort: Map<string, AssetIdentity[]> | undefined;
  const spec = rollout.spec.strategy;
  function gather(): Map<string, AssetIdentity[]> {
    const found = new Map<string, AssetIdentity[]>();
    const touched = new Set(assets.filter((asset) => !UNTOUCHED.has(asset.state)).flatMap(membersOf));
    for (const device of devices) {
      // What was expanded is touched, though it lost nothing yet: a deferred asset counts only where it carries the baseline alone.
      if (touched.has(device.metadata.name) || wasTouched(device, rollout.metadata.name)) continue;
      const cohort = cohortOf(device, spec);
      const known = found.get(cohort) ?? [];
      if (known.length < SAMPLE) known.push(assetIdentity(device, session.key));
      found.set(cohort, known);
    }
    return found;
  }
  return (device) => {
    byCohort ??= gather();
    return byCohort.get(cohortOf(device, spec)) ?? [];
  };
}

function wasTouched({ status }: Device, rollout: string): boolean {
  return status?.rollout?.name === rollout && status.rollout.attachedAt !== undefined;
}

/** Not all of a large fleet: those that moved last are at its end. */
function lastMoved(assets: Facts['assets']): Facts['assets'] {
  const moved: Facts['assets'][number][] = [];
  for (let at = assets.length - 1; at >= 0 && moved.length < MOVED; at -= 1) {
    const asset = assets[at];
    if (asset !== undefined && MOVED_STATES.has(asset.state)) moved.push(asset);
  }
  return moved;
}

/** Why the rollout is in a connect storm, or undefined. */
export function stormIn({ assets, devices, rollout, session, deps, strategy, now }: Facts): string | undefined {
  const { signals } = deps.rollouts;
  const since = now - STORM_WINDOW_MS;
  const rate = (device: Device) => ({
    device: device.metadata.name,
    ...signals.attempts(assetIdentity(device, session.key), since),
    before: deps.rollouts.preflights.calm(keyText(objectKey(device))),
  });
  const moved = lastMoved(assets);
  if (moved.length < 2) return undefined;
  const names = new Set(moved.flatMap(membersOf));
  const untouched: Device[] = [];
  for (const device of devices) {
    if (untouched.length === SAMPLE) break;
    if (!wasTouched(device, rollout.metadata.name)) untouched.push(device);
  }
  return connectStorm({
    moved: devices.filter(({ metadata }) => names.has(metadata.name)).map(rate),
    untouched: untouched.map(rate),
    leastDevices: strategy.failureThreshold + 1,
  });
}
