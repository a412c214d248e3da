import { describe, expect, test } from 'vitest';
import { type AssetInput, planAsset } from '../../../operator/rollout/asset.ts';
import type { Direction } from '../../../operator/rollout/types.ts';

/** One minute is one step; a call is certainly in force after ten, and until then perhaps. */
const SETTLE = 10;
const LONG_AGO = -1_000;
const CERTIFICATE = 'cert';

interface Fact {
  on: boolean;
  since: number;
}

type Plan = (input: AssetInput) => ReturnType<typeof planAsset>;

/**
 * An asset that loses B, gets K and moves from one group to another; P is what the old group gave. Every minute asks
 * whether what both sides give is given for certain, in whatever order AWS shows the calls of the last ten minutes.
 */
function walk(abortAt: number | undefined, plan: Plan = planAsset) {
  const facts: Record<'B' | 'K' | 'P' | 'move', Fact> = {
    B: { on: true, since: LONG_AGO },
    K: { on: false, since: LONG_AGO },
    P: { on: false, since: LONG_AGO },
    move: { on: false, since: LONG_AGO },
  };
  const record: { attachedAt?: number; detachedAt?: number; switchedAt?: number } = {};
  const acts: string[] = [];
  const violations: string[] = [];
  let direction: Direction = 'forward';
  let now = 0;
  const certain = ({ on, since }: Fact, wanted = true) => on === wanted && now - since >= SETTLE;
  for (; now < 200; now += 1) {
    if (now === abortAt) direction = 'back';
    for (let calls = 0; calls < 10; calls += 1) {
      const attached = new Set((['B', 'K', 'P'] as const).filter((name) => facts[name].on));
      const decision = plan({
        direction,
        certificates: [{ certificateArn: CERTIFICATE, attached, readAt: now }],
        changes: [],
        edges: { attach: ['K'], detach: ['B'], pins: ['P'], switches: [{ id: 'move', made: facts.move.on }] },
        candidateDefaults: new Map(),
        flippedAt: undefined,
        record: { ...record },
        mayContract: { yes: true },
        noDetachBefore: 0,
        expandedHealth: 'healthy',
        verdict: now > 60 ? 'succeeded' : 'inconclusive',
        addsDeny: false,
        settleMs: SETTLE,
        silenceMs: 1_000,
        now,
      });
      if (decision.kind === 'done') return { acts, violations, facts, state: decision.state };
      if (decision.kind === 'wait') break;
      if (decision.kind === 'stamp') Object.assign(record, { attachedAt: now, detachedAt: now });
      if (decision.kind === 'switch') {
        facts.move = { on: decision.make, since: now };
        record.switchedAt = now;
        acts.push(`${now} ${decision.make ? 'move' : 'move back'}`);
      }
      if (decision.kind === 'call') {
        const { kind, policy } = decision.call;
        facts[policy as 'B'] = { on: kind === 'attach', since: now };
        record[kind === 'attach' ? 'attachedAt' : 'detachedAt'] = now;
        acts.push(`${now} ${kind} ${policy}`);
      }
    }
    if (!certain(facts.B) && !certain(facts.K)) violations.push(`${now}: what B and K both give`);
    const groups = certain(facts.move, false) || certain(facts.move) || certain(facts.P);
    if (!groups) violations.push(`${now}: what both groups give`);
  }
  return { acts, violations, facts, state: 'never' };
}

describe('R3: what changes at an asset beside documents', () => {
  test('comes before what goes, and each settles before the next is taken away', () => {
    const { acts, state, violations } = walk(undefined);
    expect(acts).toEqual(['0 attach K', '0 attach P', '10 move', '20 detach B', '20 detach P']);
    expect(state).toBe('Succeeded');
    expect(violations).toEqual([]);
  });

  test.each(Array.from({ length: 61 }, (_, minute) => minute))(
    'taken back at minute %i nothing is missing',
    (minute) => {
      const { facts, state, violations } = walk(minute);
      expect(violations).toEqual([]);
      expect(state).toBe('RolledBack');
      const on = Object.entries(facts).filter(([, fact]) => fact.on);
      expect(on.map(([name]) => name)).toEqual(['B']);
    },
  );

  const broken: readonly { readonly reason: string; readonly plan: Plan }[] = [
    { reason: 'nothing settles', plan: (input) => planAsset({ ...input, settleMs: 0 }) },
    {
      reason: 'no pins',
      plan: ({ edges, ...input }) => planAsset({ ...input, edges: { ...edges!, pins: [] } }),
    },
    {
      reason: 'a switch counts as settled at once',
      plan: (input) => {
        const { switchedAt: _forgotten, ...record } = input.record;
        return planAsset({ ...input, record });
      },
    },
  ];
  test.each(broken)('this walk finds broken mechanics: $reason', ({ plan }) => {
    const minutes = [undefined, ...Array.from({ length: 61 }, (_, minute) => minute)];
    expect(minutes.flatMap((minute) => walk(minute, plan).violations).length).toBeGreaterThan(0);
  });
});
