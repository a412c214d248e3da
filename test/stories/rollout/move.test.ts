import { describe, expect, test } from 'vitest';
import { NARROW, rolloutFleet } from './support.ts';

describe('a changed document', () => {
  test('reaches the assets one at a time and comes home to the declared name', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    let most = 0;
    await fleet.live(120, {
      until: async () => {
        const { status } = await fleet.rollout().catch(() => ({ status: undefined }));
        most = Math.max(most, status?.counters?.inFlight ?? 0);
        return status?.homedAt !== undefined;
      },
    });
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Succeeded', class: 'tightens', counters: { total: 2, succeeded: 2 } });
    expect(most).toBe(1);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    const { policyDocument = '' } = await fleet.aws.send('GetPolicy', { policyName: 'base' });
    expect(JSON.parse(policyDocument)).toEqual(NARROW);
  }, 60_000);
});
