import { expect, it } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { ClosableClock } from '../../../operator/sandbox/closable-clock.ts';
import { createSandbox } from '../../../operator/sandbox/sandbox.ts';

it('fires what is due, forgets what was cancelled, and fires nothing once closed', async () => {
  const base = new VirtualClock();
  const clock = new ClosableClock(base);
  const fired: string[] = [];
  clock.after(10, () => fired.push('due'));
  clock.after(10, () => fired.push('cancelled')).cancel();
  clock.after(1000, () => fired.push('late'));
  await base.advance(10);
  clock.close();
  clock.after(10, () => fired.push('after the end'));
  await base.advance(10_000);
  expect(fired).toEqual(['due']);
  expect(base.next()).toBeUndefined();
});

it('a closed sandbox leaves no timer behind that would hold its process', async () => {
  const base = new VirtualClock();
  const sandbox = createSandbox({ clock: base, quotas: 'off' });
  sandbox.world.clock.after(7 * 24 * 3_600_000, () => undefined);
  await sandbox.close();
  expect(base.next()).toBeUndefined();
});
