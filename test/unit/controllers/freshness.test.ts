import { describe, expect, test } from 'vitest';
import { createFreshness } from '../../../operator/controllers/external/freshness.ts';
import type { ExternalObject } from '../../../operator/controllers/external/types.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';

const key = { kind: 'Device', namespace: 'factory', name: 'a' };
const seen = (resourceVersion: string, uid = 'u') =>
  ({ metadata: { name: 'a', uid, resourceVersion } }) as unknown as ExternalObject;

function written(version: string) {
  const clock = new VirtualClock();
  const fresh = createFreshness<ExternalObject>(clock);
  fresh.wrote(key, seen(version));
  return { clock, fresh };
}

describe('an object read back after our own write', () => {
  test.each<readonly [ExternalObject, boolean, string]>([
    [seen('9'), true, 'the cache does not show the write yet'],
    [seen('10'), false, 'it shows the write'],
    [seen('11'), false, 'it shows a later one'],
    [seen('9', 'other'), false, 'the name belongs to another object now'],
    [seen('abc'), false, 'versions that are no numbers cannot be compared, and must not hold an object up for ever'],
  ])('%j waits: %s, because %s', (object, waits) => {
    expect(written('10').fresh.behind(key, object) !== undefined).toBe(waits);
  });

  test('is waited for no longer than ten seconds: a store that was restored never shows it', async () => {
    const { clock, fresh } = written('10');
    await clock.advance(10_000);
    expect(fresh.behind(key, seen('9'))).toBeUndefined();
  });

  test('is not waited for when nothing was written', () => {
    expect(createFreshness<ExternalObject>(new VirtualClock()).behind(key, seen('1'))).toBeUndefined();
  });
});
