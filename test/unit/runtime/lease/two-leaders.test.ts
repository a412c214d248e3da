import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Process, world } from './world.ts';

const PROCESSES = ['a', 'b', 'c'] as const;
const who = fc.nat(PROCESSES.length - 1);
const act = fc.oneof(
  fc.record({ kind: fc.constant('pause' as const), who }),
  fc.record({ kind: fc.constant('resume' as const), who }),
  fc.record({ kind: fc.constant('cut' as const), who }),
  fc.record({ kind: fc.constant('mend' as const), who }),
  fc.record({ kind: fc.constant('slow' as const), who, ms: fc.constantFrom(0, 300, 2_000, 4_900, 6_000) }),
  fc.record({ kind: fc.constant('restart' as const), who }),
  fc.record({ kind: fc.constant('leave' as const), who }),
  fc.record({ kind: fc.constant('clock' as const), ms: fc.constantFrom(-3_600_000, -5_000, 5_000, 3_600_000) }),
);
const story = fc.array(fc.record({ act, thenMs: fc.integer({ min: 0, max: 20_000 }) }), { maxLength: 14 });

it('never has two leaders, however processes pause, lose the network, lag, restart and have their clocks set', async () => {
  let terms = 0;
  await fc.assert(
    fc.asyncProperty(
      story,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (steps, numbers) => {
        const { clock, process, lease } = world();
        const random = () => numbers.next().value ?? 0.5;
        let life = 0;
        const born = (index: number) => process(`${PROCESSES[index]}-${life++}`, random).start();
        const processes: Process[] = PROCESSES.map((_, index) => born(index));
        for (const step of [...steps, { act: undefined, thenMs: 60_000 }]) {
          if (step.act) apply(step.act, processes, { clock, born });
          // Lost leaders start again, as their supervisor would have them do.
          for (let left = step.thenMs; left > 0; left -= 500) {
            await clock.advance(Math.min(500, left));
            const leading = processes.filter((p) => p.elector.isLeader());
            expect(leading.map((p) => p.identity).length).toBeLessThan(2);
            for (const [index, p] of processes.entries()) if (p.ended instanceof Error) processes[index] = born(index);
          }
        }
        terms += lease.current?.record.transitions ?? 0;
      },
    ),
    { numRuns: 150 },
  );
  // Without changes of leadership the property would hold for nothing. About 110 are usual.
  expect(terms).toBeGreaterThan(30);
});

function apply(
  what: NonNullable<typeof act extends fc.Arbitrary<infer T> ? T : never>,
  processes: Process[],
  world: { clock: { adjust(ms: number): void }; born: (index: number) => Process },
): void {
  if (what.kind === 'clock') {
    world.clock.adjust(what.ms);
    return;
  }
  const target = processes[what.who]!;
  switch (what.kind) {
    case 'pause':
      return target.pause();
    case 'resume':
      return target.resume();
    case 'cut':
      target.reachable = false;
      return;
    case 'mend':
      target.reachable = true;
      return;
    case 'slow':
      target.latencyMs = what.ms;
      return;
    case 'leave':
      return target.stop.abort();
    case 'restart':
      target.stop.abort();
      processes[what.who] = world.born(what.who);
      return;
    default:
      what satisfies never;
  }
}
