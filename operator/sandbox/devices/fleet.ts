import type { Clock } from '../../runtime/clock.ts';
import type { Behaviour } from './behaviour.ts';
import { type DeviceEvent, SimulatedDevice, type SimulatedThing } from './device.ts';
import type { OpenLink } from './link.ts';

export interface SimulatedFleet {
  /** How many devices live. */
  readonly size: number;
  stop(): void;
}

/** Starts a device for every pair of a behaviour and a thing that fits it. */
export function startFleet(
  behaviours: readonly Behaviour[],
  things: readonly SimulatedThing[],
  world: { readonly clock: Clock; readonly open: OpenLink; readonly tell?: (event: DeviceEvent) => void },
): SimulatedFleet {
  const devices: SimulatedDevice[] = [];
  for (const behaviour of behaviours) {
    const fits = globOf(behaviour.things);
    things
      .filter((thing) => fits(thing.name))
      .forEach((thing, index) => {
        const device = new SimulatedDevice(behaviour, thing, { tell: () => {}, ...world });
        device.start(index * behaviour.stagger);
        devices.push(device);
      });
  }
  const stop = () => {
    for (const device of devices) device.stop();
  };
  return { size: devices.length, stop };
}

function globOf(pattern: string): (name: string) => boolean {
  const words = pattern.split('*').map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${words.join('.*')}$`);
  return (name) => expression.test(name);
}
