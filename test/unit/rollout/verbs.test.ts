import { describe, expect, test } from 'vitest';
import {
  applyVerbs,
  formatVerbValue,
  NO_VERBS,
  parseVerbs,
  parseVerbValue,
  type Situation,
  type VerbRequest,
  type VerbState,
} from '../../../operator/rollout/verbs.ts';

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
    want: { kind: 'request', request: { user: 'ann@example.com', subject: 'main/abc' } },
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
    reason: 'people may say why',
    key: 'abort',
    value: 't1@main/abc (press-2 is silent) by Ann Lee',
    want: { kind: 'request', request: { user: 'Ann Lee', remark: 'press-2 is silent' } },
  },
  {
    reason: 'two users in one value: the admission policy has looked at one of them only',
    key: 'approve',
    value: 't1@main/abc by bob by ann',
    want: { kind: 'refused', reason: 'InvalidVerb' },
  },
  {
    reason: 'a remark may say what it likes: the user is who stands behind it',
    key: 'approve',
    value: 't1@main/abc (fine by bob) by ann',
    want: { kind: 'request', request: { user: 'ann', remark: 'fine by bob' } },
  },
  {
    reason: 'a second remark is a user with a strange name, and that name is two',
    key: 'approve',
    value: 't1@main/abc by bob (fine) by ann',
    want: { kind: 'refused', reason: 'InvalidVerb' },
  },
  {
    reason: 'control characters would write into terminals and logs',
    key: 'pause',
    value: 't1 by ann\u001b[2J',
    want: { kind: 'refused', reason: 'InvalidVerb' },
  },
  {
    reason: 'an acknowledgement names an act, not a revision',
    key: 'acknowledge',
    value: 't1@policy/base/4 by ann',
    want: { kind: 'request', request: { subject: 'policy/base/4' } },
  },
  {
    reason: 'an acknowledgement of whatever there is acknowledges what nobody has seen',
    key: 'acknowledge',
    value: 't1 by ann',
    want: { kind: 'refused', reason: 'ActRequired', token: 't1' },
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
  subject: 'r',
  remark: undefined,
});

const moving: Situation = {
  revision: 'r',
  phase: 'Progressing',
  reason: 'WaveStep',
  undecided: false,
  wave: 1,
  failed: 0,
  left: 0,
  maxArmed: 0,
  vouched: true,
  held: false,
  acts: [],
  pinned: true,
};
const at = (phase: string | undefined, reason?: string, more: Partial<Situation> = {}): Situation => ({
  ...moving,
  phase,
  reason,
  ...more,
});
const ask = (now: Situation, ...requests: readonly VerbRequest[]): VerbState =>
  applyVerbs(NO_VERBS, requests, now).state;

describe('values', () => {
  test('what is written is what is read', () => {
    const value = { token: 't1', subject: '5f2c9a1e', remark: 'looked at it', user: 'kim@example.com' };
    expect(parseVerbValue(formatVerbValue(value))).toEqual(value);
  });

  test('what could not be read again is not written', () => {
    expect(() => formatVerbValue({ token: 't1', subject: undefined, remark: 'a (b)', user: 'kim' })).toThrow(
      RangeError,
    );
    expect(() => formatVerbValue({ token: 'two words', subject: undefined, remark: undefined, user: 'kim' })).toThrow(
      RangeError,
    );
  });
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

  test('a token that was answered is a no-op', () => {
    const paused = ask(moving, request('pause'));
    const resumed = applyVerbs(paused, [request('resume')], moving).state;
    expect(applyVerbs(resumed, [request('pause')], moving)).toEqual({ state: resumed, accepted: [], refused: [] });
    expect(applyVerbs(resumed, [request('pause', 't2', 'bob')], moving).state.pausedBy).toBe('bob');
  });

  test('a refused token stays refused when things have changed meanwhile', () => {
    const early = applyVerbs(NO_VERBS, [request('approve')], at('Pending', 'LifelineViolation'));
    expect(early.refused).toMatchObject([{ token: 't1', reason: 'NotAllowed' }]);
    const later = applyVerbs(early.state, [request('approve')], at('AwaitingApproval', 'WaitingForApproval'));
    expect(later.state.approvedBy).toBeUndefined();
  });

  test('abort is sticky: nothing lifts it, and a second one changes nothing', () => {
    const aborted = ask(moving, request('abort'));
    const more = [request('resume'), request('promote-full'), request('approve'), request('abort', 't2', 'bob')];
    const after = applyVerbs(aborted, more, at('Aborting', 'AbortRequested'));
    expect(after.state.abortedBy).toBe('ann');
    expect(after.refused.map(({ reason }) => reason)).toEqual(['Aborting', 'Aborting', 'Aborting']);
  });

  test('a denied revision cannot be approved afterwards', () => {
    const denied = ask(at('AwaitingApproval'), request('deny'));
    const after = applyVerbs(denied, [request('approve')], at('AwaitingApproval'));
    expect(after.state.approvedBy).toBeUndefined();
    expect(after.refused).toMatchObject([{ reason: 'Aborting' }]);
  });

  test('approve and deny at once: denied', () => {
    expect(ask(at('AwaitingApproval'), request('approve'), request('deny')).deniedBy).toBe('ann');
  });

  test('pause and deny at once: paused, and denied when the pause is lifted', () => {
    const both = ask(at('AwaitingApproval'), request('deny'), request('pause'));
    expect(both).toMatchObject({ pausedBy: 'ann', deniedBy: 'ann' });
    const lifted = applyVerbs(both, [request('resume', 't2')], at('Paused', 'UserRequested'));
    expect(lifted).toMatchObject({ refused: [], state: { pausedBy: undefined, deniedBy: 'ann' } });
  });

  test('pause and resume at once: paused, whatever the order', () => {
    expect(ask(moving, request('resume'), request('pause')).pausedBy).toBe('ann');
    const paused = ask(moving, request('pause', 't0'));
    const both = [request('pause', 't2', 'bob'), request('resume', 't2', 'kim')];
    expect(applyVerbs(paused, both, at('Paused', 'UserRequested')).state.pausedBy).toBe('bob');
  });

  test('promote-full and then abort: aborted', () => {
    const hurried = ask(moving, request('promote-full'));
    expect(applyVerbs(hurried, [request('abort')], moving).state).toMatchObject({
      promotedFully: true,
      abortedBy: 'ann',
    });
  });

  test('promote in a wave skips the bake of that wave, not of the ones after', () => {
    expect(ask(at('Progressing', 'WaveStep', { wave: 1 }), request('promote')).promotedThrough).toBe(1);
  });

  test('promote in a bake ends that bake, not the next one', () => {
    expect(ask(at('Baking', 'Baking', { wave: 1 }), request('promote')).promotedThrough).toBe(0);
  });

  test('promote after a failed asset accepts that failure and no bake; the next failure is news', () => {
    const state = ask(at('Paused', 'AssetFailed', { failed: 1 }), request('promote'));
    expect(state).toMatchObject({ acceptedFailures: 1, promotedThrough: -1 });
  });

  test('promote-full accepts the failures up to now, not those to come', () => {
    expect(ask(at('Paused', 'AssetFailed', { failed: 1 }), request('promote-full'))).toMatchObject({
      promotedFully: true,
      acceptedFailures: 1,
    });
  });

  test('resume ends a pause for missing evidence, and leaves the bake', () => {
    const state = ask(at('Paused', 'InconclusiveEvidence', { wave: 2 }), request('resume'));
    expect(state).toMatchObject({ resumedThrough: 1, promotedThrough: -1 });
  });

  test('retry starts the count of failures anew', () => {
    const accepted = ask(at('Paused', 'AssetFailed', { failed: 2 }), request('promote'));
    expect(applyVerbs(accepted, [request('retry')], at('Progressing', 'WaveStep', { left: 2 })).state).toMatchObject({
      acceptedFailures: 0,
    });
  });

  test('an acknowledgement counts for the act it names and for no later one', () => {
    const held = at('Paused', 'DefenderMitigation', { acts: ['r'] });
    expect(ask(held, request('acknowledge'))).toMatchObject({ acknowledged: ['r'], acknowledgedBy: 'ann' });
    const other = applyVerbs(NO_VERBS, [request('acknowledge')], at('Paused', 'DefenderMitigation', { acts: ['x'] }));
    expect(other).toMatchObject({ refused: [{ reason: 'OtherAct' }], state: { acknowledged: [] } });
  });
});

const ALL = ['abort', 'brake', 'pause', 'deny', 'promote-full', 'promote', 'resume', 'approve', 'retry'] as const;
const ENDED = ['Succeeded', 'Aborted', 'Superseded'] as const;

describe('where a verb may be used', () => {
  const edges: readonly { readonly now: Situation; readonly allowed: readonly string[]; readonly reason: string }[] = [
    { reason: 'before the first pass', now: at(undefined), allowed: ['abort', 'brake', 'pause'] },
    {
      reason: 'while analysis refuses the change',
      now: at('Pending', 'LifelineViolation'),
      allowed: ['abort', 'brake', 'pause'],
    },
    {
      reason: 'while it waits for approval',
      now: at('AwaitingApproval', 'WaitingForApproval'),
      allowed: ['abort', 'brake', 'pause', 'deny', 'approve'],
    },
    {
      reason: 'while assets move',
      now: moving,
      allowed: ['abort', 'brake', 'pause', 'promote-full', 'promote'],
    },
    {
      reason: 'between the waves of the first time and those of the second',
      now: at('Progressing', 'GroupHandover'),
      allowed: ['abort', 'brake', 'pause', 'promote-full'],
    },
    {
      reason: 'while assets move and some were left behind',
      now: at('Progressing', 'WaveStep', { left: 1 }),
      allowed: ['abort', 'brake', 'pause', 'promote-full', 'promote', 'retry'],
    },
    {
      reason: 'in a bake',
      now: at('Baking', 'Baking'),
      allowed: ['abort', 'brake', 'pause', 'promote-full', 'promote'],
    },
    {
      reason: 'paused while it waits for approval: who would refuse need not resume it first',
      now: at('Paused', 'UserRequested', { undecided: true }),
      allowed: ['abort', 'brake', 'pause', 'deny', 'promote-full'],
    },
    {
      reason: 'paused with nothing left to approve',
      now: at('Paused', 'UserRequested'),
      allowed: ['abort', 'brake', 'pause', 'promote-full'],
    },
    {
      reason: 'without evidence',
      now: at('Paused', 'InconclusiveEvidence'),
      allowed: ['abort', 'brake', 'pause', 'promote-full', 'promote', 'resume'],
    },
    {
      reason: 'after a failure',
      now: at('Paused', 'AssetFailed', { failed: 1, left: 1 }),
      allowed: ['abort', 'brake', 'pause', 'promote-full', 'promote', 'retry'],
    },
    {
      reason: 'after a restored asset stayed silent',
      now: at('Paused', 'RecoveryFailed'),
      allowed: ['abort', 'brake', 'pause', 'promote-full'],
    },
    {
      reason: 'while a security act holds it: retry is refused',
      now: at('Paused', 'DefenderMitigation', { held: true, acts: ['x'], left: 1 }),
      allowed: ['abort', 'brake', 'pause', 'promote-full'],
    },
    { reason: 'while it goes back', now: at('Aborting', 'AbortRequested', { left: 1 }), allowed: ['abort', 'brake'] },
    { reason: 'after it succeeded', now: at('Succeeded', 'Completed'), allowed: [] },
    { reason: 'after it was aborted', now: at('Aborted', 'AbortRequested'), allowed: ['retry'] },
    { reason: 'after another took over', now: at('Superseded', 'Superseded'), allowed: [] },
  ];
  test.each(edges)('$reason: $allowed', ({ now, allowed }) => {
    const can = ALL.filter((verb) => applyVerbs(NO_VERBS, [request(verb)], now).refused.length === 0);
    expect([...can].sort()).toEqual([...allowed].sort());
  });

  test('whatever is refused says why and is answered for good', () => {
    for (const phase of ENDED) {
      for (const verb of ALL) {
        const { state, refused, accepted } = applyVerbs(NO_VERBS, [request(verb)], at(phase));
        expect(state.handled[verb]).toBe('t1');
        expect(refused.length + accepted.length).toBe(1);
        expect(refused.every(({ why }) => why.length > 10)).toBe(true);
      }
    }
  });

  test('a widening is not approved by a name for which nobody vouches', () => {
    const now = at('AwaitingApproval', 'WaitingForApproval', { pinned: false });
    const { state, refused } = applyVerbs(NO_VERBS, [request('approve')], now);
    expect(state.approvedBy).toBeUndefined();
    expect(refused).toMatchObject([{ reason: 'UserNotPinned', why: expect.stringContaining('approvedRevision: r') }]);
  });
});
