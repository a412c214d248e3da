import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLimiter } from '../../../operator/aws/limiter.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';

/** Lets `count` callers ask for one call each, as the port does; answers when each got its turn, in milliseconds. */
async function turns(callers: readonly { readonly slot: string; readonly priority: number }[], tps: number) {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock, share: 1, overrides: { AttachPolicy: tps } });
  const at = new Map<string, number>();
  const ask = ({ slot, priority }: { slot: string; priority: number }) => {
    const delay = limiter.reserve('AttachPolicy', priority, slot);
    if (delay === 0) at.set(slot, clock.monotonic());
    else clock.after(delay, () => ask({ slot, priority }));
  };
  for (const caller of callers) ask(caller);
  await clock.advance(600_000);
  return at;
}

const many = (count: number, priority: number, name = 'a') =>
  Array.from({ length: count }, (_, i) => ({ slot: `${name}${i}`, priority }));

describe('call budget', () => {
  test('a rate is the published quota times our share, overridden where AWS raised it', () => {
    const limiter = createLimiter({ clock: new VirtualClock(), overrides: { AttachPolicy: 50 } });
    expect(limiter.rate('AttachPolicy')).toBe(25);
    expect(limiter.rate('CreateThing')).toBe(50);
    expect(limiter.rate('CreateDimension')).toBe(2.5);
    limiter.configure({ share: 1 });
    expect(limiter.rate('CreateThing')).toBe(100);
  });

  test('callers are served at the rate, in the order in which they came', async () => {
    const at = await turns(many(100, 0), 10);
    expect(at.size).toBe(100);
    const times = [...at.values()];
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(times.at(-1)).toBeGreaterThanOrEqual(9_000);
    expect(times.at(-1)).toBeLessThan(10_500);
  });

  test('a change by a person overtakes a thousand resyncs that came before', async () => {
    const at = await turns([...many(1_000, -100), { slot: 'person', priority: 0 }], 10);
    expect(at.get('person')).toBeLessThan(500);
  });

  test('a security act finds a token even when everything else has just been spent', () => {
    const limiter = createLimiter({ clock: new VirtualClock(), share: 1, overrides: { DetachPolicy: 10 } });
    let served = 0;
    while (limiter.reserve('DetachPolicy', 0, `s${served}`) === 0) served += 1;
    expect(served).toBeLessThan(10);
    expect(limiter.reserve('DetachPolicy', 100, 'security')).toBe(0);
  });

  test('never more calls than the bucket holds plus what the time brings, whatever is asked', async () => {
    const caller = fc.record({ priority: fc.constantFrom(-100, -50, 0, 100), slot: fc.uuid() });
    await fc.assert(
      fc.asyncProperty(fc.array(caller, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), async (callers, tps) => {
        const times = [...(await turns(callers, tps)).values()].sort((a, b) => a - b);
        expect(times.length).toBe(new Set(callers.map(({ slot }) => slot)).size);
        for (const [i, time] of times.entries()) {
          const inWindow = times.slice(0, i + 1).filter((t) => t > time - 1_000).length;
          // One second deep, one second's supply, and rounding of delays to whole milliseconds.
          expect(inWindow).toBeLessThanOrEqual(2 * tps + 1);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a throttle by AWS halves the rate, and a quiet minute brings it back', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ clock, share: 1 });
    limiter.throttled('CreateThing');
    expect(limiter.rate('CreateThing')).toBe(50);
    limiter.throttled('CreateThing');
    expect(limiter.rate('CreateThing')).toBe(25);
    for (let i = 0; i < 20; i += 1) limiter.throttled('CreateThing');
    expect(limiter.rate('CreateThing')).toBeGreaterThan(0);
    await clock.advance(60_000);
    expect(limiter.rate('CreateThing')).toBe(100);
  });

  test('asking again keeps the place: it neither costs others theirs nor goes to the end', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ clock, share: 1, overrides: { OpenTunnel: 1 } });
    expect(limiter.reserve('OpenTunnel', 0, 'first')).toBe(0);
    for (let i = 0; i < 50; i += 1) expect(limiter.reserve('OpenTunnel', 0, 'eager')).toBe(1_000);
    expect(limiter.reserve('OpenTunnel', 0, 'patient')).toBe(2_000);
    await clock.advance(1_000);
    expect(limiter.reserve('OpenTunnel', 0, 'eager')).toBe(0);
    expect(limiter.reserve('OpenTunnel', 0, 'patient')).toBe(1_000);
  });

  test('a place that nobody claims does not hold up the line', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ clock, share: 1, overrides: { OpenTunnel: 1 } });
    expect(limiter.reserve('OpenTunnel', 0, 'first')).toBe(0);
    expect(limiter.reserve('OpenTunnel', 0, 'gone')).toBeGreaterThan(0);
    expect(limiter.reserve('OpenTunnel', 0, 'waits')).toBeGreaterThan(1_000);
    await clock.advance(2_000);
    expect(limiter.reserve('OpenTunnel', 0, 'waits')).toBe(0);
  });
});
