import { perform } from './acts.ts';
import { bringToAnEnd } from './ending.ts';
import type { Outcome, Planned, SimConfig } from './types.ts';
import { World } from './world.ts';

/** Runs one world from its first device to its last, and says what came of it. */
export async function simulate(config: SimConfig, schedule: readonly Planned[]): Promise<Outcome> {
  await using world = await World.create(config);
  const begin = world.fleet.clock.now();
  for (const { at, act } of schedule.toSorted((one, other) => one.at - other.at)) {
    await world.passTo(begin + at);
    if (world.oracle.violations.length > 0) return world.outcome();
    await perform(world, act);
    await world.quiesce();
    if (world.oracle.violations.length > 0) return world.outcome();
  }
  await bringToAnEnd(world);
  return world.outcome();
}
