import { describe, expect, it } from 'vitest';
import { sleep, systemClock, VirtualClock } from '../../../../operator/runtime/clock.ts';

describe('sleep', () => {
  it('ends when its time has come, not before', async () => {
    const clock = new VirtualClock();
    let awake = false;
    void sleep(clock, 100).then(() => {
      awake = true;
    });
    await clock.advance(99);
    expect(awake).toBe(false);
    await clock.advance(1);
    expect(awake).toBe(true);
  });

  it('is cut short by its signal, with the reason, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const sleeping = sleep(clock, 100, abort.signal);
    abort.abort(new Error('stopping'));
    await expect(sleeping).rejects.toThrow('stopping');
    expect(clock.next()).toBeUndefined();
  });

  it('does not begin under a signal that has aborted', async () => {
    const clock = new VirtualClock();
    await expect(sleep(clock, 100, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    expect(clock.next()).toBeUndefined();
  });
});

describe('the virtual clock', () => {
  it('fires timers by time, then by age, also those set by others on the way', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.after(20, () => fired.push('b'));
    clock.after(10, () => {
      fired.push('a');
      clock.after(5, () => fired.push('a2'));
    });
    clock.after(20, () => fired.push('c'));
    clock.after(30, () => fired.push('never')).cancel();
    await clock.advance(30);
    expect(fired).toEqual(['a', 'a2', 'b', 'c']);
  });

  it('keeps monotonic time and timers when somebody sets the wall clock', async () => {
    const clock = new VirtualClock(1_000_000);
    let fired = 0;
    clock.after(100, () => {
      fired = clock.monotonic();
    });
    clock.adjust(-500_000);
    expect([clock.now(), clock.monotonic()]).toEqual([500_000, 0]);
    await clock.advance(100);
    expect(fired).toBe(100);
  });
});

it('the system clock does not turn waits beyond 24 days into none', async () => {
  let fired = false;
  const timer = systemClock.after(60 * 86_400_000, () => {
    fired = true;
  });
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  timer.cancel();
  expect(fired).toBe(false);
});
