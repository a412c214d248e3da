import { describe, expect, it } from 'vitest';
import { AcceleratedClock } from '../../../../operator/runtime/accelerated-clock.ts';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';

const START = Date.UTC(2026, 0, 1);

describe('a clock that runs faster than another', () => {
  it('passes a minute in a tenth of a second at 600 times', async () => {
    const base = new VirtualClock(START);
    const clock = new AcceleratedClock(600, base);
    await base.advance(100);
    expect(clock.now()).toBe(START + 60_000);
    expect(clock.monotonic()).toBe(60_000);
  });

  it('fires a timer when its own time has come, not the time of the other', async () => {
    const base = new VirtualClock(START);
    const clock = new AcceleratedClock(600, base);
    const fired: number[] = [];
    clock.after(60_000, () => fired.push(clock.now()));
    await base.advance(99);
    expect(fired).toEqual([]);
    await base.advance(1);
    expect(fired).toEqual([START + 60_000]);
  });

  it('keeps what has passed when the rate changes, and waiting timers follow the new rate', async () => {
    const base = new VirtualClock(START);
    const clock = new AcceleratedClock(1, base);
    let fired = 0;
    clock.after(600_000, () => {
      fired += 1;
    });
    await base.advance(60_000);
    clock.rate = 540;
    expect(clock.now()).toBe(START + 60_000);
    await base.advance(999);
    expect(fired).toBe(0);
    await base.advance(1);
    expect(fired).toBe(1);
    clock.rate = 1;
    await base.advance(1_000_000);
    expect(fired).toBe(1);
  });

  it('never goes backwards, whichever way the rate turns', async () => {
    const base = new VirtualClock(START);
    const clock = new AcceleratedClock(3, base);
    let last = clock.monotonic();
    for (const rate of [7, 0.25, 1, 600, 1 / 3]) {
      clock.rate = rate;
      await base.advance(13);
      expect(clock.monotonic()).toBeGreaterThan(last);
      last = clock.monotonic();
    }
  });

  it('forgets a timer that was cancelled, also after the rate changed', async () => {
    const base = new VirtualClock(START);
    const clock = new AcceleratedClock(1, base);
    let fired = false;
    const timer = clock.after(1000, () => {
      fired = true;
    });
    clock.rate = 100;
    timer.cancel();
    await base.advance(10_000);
    expect(fired).toBe(false);
    expect(base.next()).toBeUndefined();
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a rate of %s: time would stand still or jump',
    (rate) => {
      expect(() => new AcceleratedClock(rate)).toThrow(RangeError);
    },
  );
});
