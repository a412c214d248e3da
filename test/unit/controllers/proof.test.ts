import { describe, expect, test } from 'vitest';
import type { Pass } from '../../../operator/controllers/policyrollout/pass.ts';
import { proven } from '../../../operator/controllers/policyrollout/proof.ts';
import type { RolloutDecision } from '../../../operator/rollout/rollout.ts';

const END: RolloutDecision = { kind: 'finish', phase: 'Succeeded', reason: 'Completed', why: '2 assets' };

/** Two assets with a certificate each; AWS answers with these targets, page by page. */
function passWith(targets: Readonly<Record<string, readonly string[]>>, states: readonly string[]): [Pass, string[]] {
  const woken: string[] = [];
  const call = async (_operation: string, input: { readonly policyName: string; readonly marker?: string }) => {
    const all = targets[input.policyName] ?? [];
    const at = Number(input.marker ?? 0);
    const next = at + 1 < all.length ? { nextMarker: String(at + 1) } : {};
    return { targets: all.slice(at, at + 1).map((id) => `arn:aws:iot:us-east-1:123456789012:cert/${id}`), ...next };
  };
  const pass = {
    assets: states.map((state, index) => ({ id: `press-${index + 1}`, state })),
    devices: states.map((_, index) => ({
      kind: 'Device',
      metadata: { name: `press-${index + 1}`, namespace: 'factory' },
      status: { certificates: [{ certificateId: `c${index + 1}` }] },
    })),
    families: [{ declared: 'base', candidate: 'base@new', names: ['base', 'base@old', 'base@new'] }],
    session: { port: { call } },
    context: { priority: 0, signal: new AbortController().signal },
    deps: { enqueue: (key: { readonly name: string }) => void woken.push(key.name) },
  };
  return [pass as unknown as Pass, woken];
}

describe('R8: a success is not believed without a fresh list', () => {
  const rows = [
    {
      reason: 'nobody is on a policy of before',
      targets: { 'base@new': ['c1', 'c2'] },
      states: ['Succeeded', 'Succeeded'],
      ends: true,
    },
    {
      reason: 'a proven asset carries the declared policy again',
      targets: { base: ['c2'] },
      states: ['Succeeded', 'Succeeded'],
      ends: false,
    },
    {
      reason: 'a candidate of a revision of before counts as well',
      targets: { 'base@old': ['c2'] },
      states: ['Succeeded', 'Succeeded'],
      ends: false,
    },
    {
      reason: 'it is on the second page of the list',
      targets: { base: ['x', 'y', 'c2'] },
      states: ['Succeeded', 'Succeeded'],
      ends: false,
    },
    {
      reason: 'a straggler keeps what it has, as the strategy says',
      targets: { base: ['c2'] },
      states: ['Succeeded', 'Deferred'],
      ends: true,
    },
    {
      reason: 'a certificate of somebody else is not in scope',
      targets: { base: ['stranger'] },
      states: ['Succeeded', 'Succeeded'],
      ends: true,
    },
  ];
  test.each(rows)('$reason', async ({ targets, states, ends }) => {
    const [pass, woken] = passWith(targets as never, states);
    const decision = await proven(pass, END);
    expect(decision.kind).toBe(ends ? 'finish' : 'wait');
    expect(woken).toEqual(ends ? [] : ['press-2']);
    if (!ends) expect(decision).toMatchObject({ reason: 'TargetsLeft', why: expect.stringContaining('press-2') });
  });

  test('other decisions ask nothing', async () => {
    const [pass] = passWith({ base: ['c1'] }, ['Succeeded']);
    const aborted: RolloutDecision = { kind: 'finish', phase: 'Aborted', reason: 'Denied', why: '' };
    expect(await proven(pass, aborted)).toBe(aborted);
  });
});
