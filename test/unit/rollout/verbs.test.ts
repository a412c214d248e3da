import { describe, expect, test } from 'vitest';
import { applyVerbs, NO_VERBS, parseVerbs, type VerbRequest } from '../../../operator/rollout/verbs.ts';

const rows: readonly {
  readonly reason: string;
  readonly key: string;
  readonly value: string;
  readonly want: unknown;
}[] = [
  {
    reason: 'a pause',
    key: 'pause',
    value: 't1 by ann',
    want: { kind: 'request', request: { verb: 'pause', token: 't1', user: 'ann' } },
  },
  {
    reason: 'a mail address is a user',
    key: 'pause',
    value: 't1 by ann@example.com',
    want: { kind: 'request', request: { user: 'ann@example.com' } },
  },
  {
    reason: 'approval of this revision',
    key: 'approve',
    value: 't1@main/abc by ann@example.com',
    want: { kind: 'request', request: { user: 'ann@example.com', revision: 'main/abc' } },
  },
  {
    reason: 'approval without a revision could hit a later one',
    key: 'approve',
    value: 't1 by ann',
    want: { kind: 'refused', reason: 'RevisionRequired' },
  },
  {
    reason: 'approval of another revision is ignored with a reason',
    key: 'approve',
    value: 't1@main/old by ann',
    want: { kind: 'refused', reason: 'StaleRevision' },
  },
  {
    reason: 'an unknown verb is named',
    key: 'explode',
    value: 't1 by ann',
    want: { kind: 'refused', reason: 'UnknownVerb' },
  },
  {
    reason: 'a value without a user says who could have set it: nobody',
    key: 'pause',
    value: 'now',
    want: { kind: 'refused', reason: 'InvalidVerb' },
  },
];

const request = (verb: VerbRequest['verb'], token = 't1', user = 'ann'): VerbRequest => ({
  verb,
  token,
  user,
  revision: 'r',
});

describe('verbs', () => {
  test.each(rows)('$reason', (row) => {
    expect(parseVerbs({ [`rollout.fleetward.dev/${row.key}`]: row.value }, 'main/abc')).toMatchObject([row.want]);
  });

  test('other annotations are none of ours', () => {
    expect(parseVerbs({ 'kubectl.kubernetes.io/restartedAt': 'x', 'fleetward.dev/owner': 'y' }, 'r')).toEqual([]);
  });

  test('abort comes before everything else that was asked at once', () => {
    const parsed = parseVerbs(
      {
        'rollout.fleetward.dev/resume': 't by ann',
        'rollout.fleetward.dev/promote-full': 't by ann',
        'rollout.fleetward.dev/abort': 't@r by ann',
      },
      'r',
    );
    expect(parsed.map((p) => (p.kind === 'request' ? p.request.verb : p.reason))).toEqual([
      'abort',
      'promote-full',
      'resume',
    ]);
  });

  test('a handled token is a no-op for ever', () => {
    const paused = applyVerbs(NO_VERBS, [request('pause')], 0);
    const resumed = applyVerbs(paused, [request('resume')], 0);
    expect(applyVerbs(resumed, [request('pause')], 0)).toEqual(resumed);
    expect(applyVerbs(resumed, [request('pause', 't2', 'bob')], 0).pausedBy).toBe('bob');
  });

  test('abort is sticky: resume does not lift it', () => {
    const aborted = applyVerbs(NO_VERBS, [request('abort')], 0);
    expect(applyVerbs(aborted, [request('resume'), request('promote-full')], 0).abortedBy).toBe('ann');
  });

  test('a denied revision cannot be approved afterwards', () => {
    const denied = applyVerbs(NO_VERBS, [request('deny')], 0);
    expect(applyVerbs(denied, [request('approve')], 0).approvedBy).toBeUndefined();
  });

  test('promote skips the wave it was asked in, not the ones after', () => {
    expect(applyVerbs(NO_VERBS, [request('promote')], 1).promotedThrough).toBe(1);
  });
});
