import { describe, expect, test } from 'vitest';
import { type AssetInput, planAsset } from '../../../operator/rollout/asset.ts';

const SETTLE = 10;
const [ONE, TWO] = ['cert-1', 'cert-2'];

/** Expanded at 0 and settled at 10: the next thing to do is to take B from the certificates. */
function input(more: Partial<AssetInput> = {}): AssetInput {
  const edges = (certificateArn: string) => ({ certificateArn, attached: new Set(['B', 'K']), readAt: 15 });
  return {
    direction: 'forward',
    certificates: [edges(ONE), edges(TWO)],
    changes: [{ baseline: 'B', candidate: 'K' }],
    candidateDefaults: new Map([['K', 'new']]),
    flippedAt: undefined,
    record: { attachedAt: 0 },
    mayContract: { yes: true },
    noDetachBefore: 0,
    expandedHealth: 'healthy',
    verdict: 'inconclusive',
    addsDeny: false,
    settleMs: SETTLE,
    silenceMs: 1_000,
    now: 15,
    ...more,
  };
}

const read = (certificateArn: string, attached: readonly string[], readAt: number) => ({
  certificateArn,
  attached: new Set(attached),
  readAt,
});

const half: Partial<AssetInput> = {
  certificates: [read(ONE, ['K'], 15), read(TWO, ['B', 'K'], 15)],
  mayContract: { yes: false, why: 'nothing was heard of it' },
};

describe('R7: before a Detach', () => {
  const rows: readonly { readonly reason: string; readonly given: Partial<AssetInput>; readonly want: object }[] = [
    {
      reason: 'read since it settled, with what must remain: it is sent',
      given: {},
      want: { kind: 'call', call: { kind: 'detach', policy: 'B', target: ONE } },
    },
    {
      reason: 'a read from before it settled shows what AWS may have shown of before',
      given: { certificates: [read(ONE, ['B', 'K'], 9), read(TWO, ['B', 'K'], 15)] },
      want: { kind: 'read' },
    },
    {
      reason: 'the read shows that what must remain is gone: it comes first',
      given: { certificates: [read(ONE, ['B'], 15), read(TWO, ['B', 'K'], 15)] },
      want: { kind: 'call', call: { kind: 'attach', policy: 'K', target: ONE } },
    },
    {
      reason: 'what must remain has another default than the one that was proven or is to be',
      given: { candidateDefaults: new Map([['K', 'foreign']]) },
      want: { kind: 'wait', state: 'Held' },
    },
    {
      reason: 'one is open on another certificate of the asset',
      given: {
        record: { attachedAt: 0, detachedAt: 14, openDetach: { certificateArn: TWO, policy: 'B', sentAt: 20 } },
      },
      want: { kind: 'read' },
    },
    {
      reason: 'one of the leader before may still be on its way',
      given: { noDetachBefore: 30 },
      want: { kind: 'wait', until: 30 },
    },
    {
      reason: 'the document moved a moment ago, which has to settle like an attachment',
      given: { flippedAt: 12 },
      want: { kind: 'wait', until: 22 },
    },
    {
      reason: 'somebody else took it from one certificate while the device is away: the rest stays',
      given: { ...half, record: { startedAt: 0, attachedAt: 0 } },
      want: { kind: 'wait', state: 'Deferred' },
    },
    {
      reason: 'what an earlier rollout took is no beginning of this one',
      given: { ...half, record: { startedAt: 0, attachedAt: 0, detachedAt: -5 } },
      want: { kind: 'wait', state: 'Deferred' },
    },
    {
      reason: 'we took it from one certificate and the device is gone: half of it is no place to wait in',
      given: { ...half, record: { startedAt: 0, attachedAt: 0, detachedAt: 12 } },
      want: { kind: 'call', call: { kind: 'detach', policy: 'B', target: TWO } },
    },
  ];
  test.each(rows)('$reason', ({ given, want }) => {
    expect(planAsset(input(given))).toMatchObject(want);
  });
});
