import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DelayOption } from '../../../operator/sandbox/delays.ts';
import { loadSnapshot, saveSnapshot } from '../../../operator/sandbox/snapshot.ts';
import { MINUTE } from '../sandbox-mqtt/bed.ts';
import { begin, COMMANDS, connect, look, run, type Step, startWorld, type World } from './snapshot-script.ts';

const step: fc.Arbitrary<Step> = fc.record({
  command: fc.constantFrom(...(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])),
  a: fc.nat(3),
  b: fc.nat(3),
});

async function restored(world: World, delays: DelayOption): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  try {
    const file = join(folder, 'state');
    await saveSnapshot(world.sandbox, file);
    const again = startWorld(delays, world.clock.now());
    await loadSnapshot(again.sandbox, file);
    const { certificates, lamps, opened } = world;
    return { ...again, certificates, lamps, opened };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What the lamps get when they come back to their sessions. */
async function comeBack(world: World): Promise<unknown[]> {
  const lamps = [connect(world, 0), connect(world, 1)];
  await world.broker.settle();
  const heard = lamps.map(({ connack, received }) => [
    connack?.sessionPresent,
    received.map(({ topic, payload }) => [topic, payload.toString()]),
  ]);
  for (const device of lamps) device.disconnect();
  await world.broker.settle();
  return heard;
}

// What is decided by chance after the restore: ids.
const withoutIds = (seen: Record<string, unknown>): unknown =>
  JSON.parse(JSON.stringify(seen).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id'));

it.each([
  { delays: 'instant', reason: 'the same answers at once, from the devices’ side too, and hours later' },
  { delays: 'realistic', reason: 'what was on its way arrives, so that hours later nobody could tell' },
] as const)(
  'after any script a restored sandbox gives with $delays delays $reason',
  { timeout: 300_000 },
  async (to) => {
    const { delays } = to;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }), async (steps) => {
        const before = startWorld(delays);
        await begin(before);
        await run(before, steps);
        // The connections of the process that ends are not compared: a story of its own looks at those.
        for (const device of before.devices.values()) device.disconnect();
        await before.broker.settle();
        const after = await restored(before, delays);
        if (delays === 'instant') expect(await look(after)).toEqual(await look(before));
        expect(await comeBack(after)).toEqual(await comeBack(before));
        for (const world of [before, after]) for (let i = 0; i < 24; i++) await world.pass(10 * MINUTE);
        expect(withoutIds(await look(after))).toEqual(withoutIds(await look(before)));
        await Promise.all([before.broker.close(), after.broker.close()]);
      }),
      { numRuns: Number(process.env.FLEETWARD_RUNS ?? 8), endOnFailure: !process.env.FLEETWARD_SHRINK },
    );
  },
);
