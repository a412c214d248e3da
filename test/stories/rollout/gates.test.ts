import { describe, expect, test } from 'vitest';
import { gatesWorld, telemetry } from './gates-world.ts';
import { grants, MINUTE, NARROW } from './support.ts';

describe('what the operator hears over the wire', () => {
  test('queue and logs carry a rollout: contact, preflight with AWS, evidence, verdict', async () => {
    await using world = await gatesWorld();
    await world.pass(3);
    await world.change(NARROW);
    await world.pass(60, world.is('press-1', 'Succeeded', 'RolledBack'));
    expect(await world.record('press-1')).toMatchObject({
      state: 'Succeeded',
      verdict: 'EvidencePassed',
      preflight: expect.stringMatching(/^AWS agrees \(\d requests\)$/),
      used: expect.arrayContaining(['iot:publish arn:aws:iot:us-east-1:123456789012:topic/telemetry/press-1']),
    });
    // What was taken note of is gone from the queue.
    expect(world.calls('ReceiveMessage')).toBeGreaterThan(0);
    expect(world.calls('DeleteMessageBatch')).toBeGreaterThan(0);
  }, 120_000);
});
