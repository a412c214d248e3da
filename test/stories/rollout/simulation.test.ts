import { expect, test } from 'vitest';
import { createWorld } from './world.ts';

const SEEDS = Number(process.env.SIM_SEEDS ?? 3);
const STEPS = Number(process.env.SIM_STEPS ?? 60);

test.each(Array.from({ length: SEEDS }, (_, i) => i + Number(process.env.SIM_FIRST ?? 1)))(
  'seed %i: crashes, silence, verbs and new documents in any order take no right that an asset keeps',
  async (seed) => {
    await using world = await createWorld(seed, 2);
    const told: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      told.push(await world.step());
      expect(await world.violations(), told.join(', ')).toEqual([]);
    }
    await world.settle();
    expect(await world.violations()).toEqual([]);
    for (const name of world.fleet.names) expect(await world.fleet.attached(name), told.join(', ')).toEqual(['base']);
  },
  300_000,
);
