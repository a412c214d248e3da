import { describe, expect, test } from 'vitest';
import { planAsset } from '../../../operator/rollout/asset.ts';
import { type GroupInput, planGroup } from '../../../operator/rollout/group.ts';
import { exploreGroupDocument, type GroupDocumentOptions } from './group-document-model.ts';

const tighten = { gives: [], denies: [], parkAfter: 'attach' } as const;
const mixed = { gives: ['new'], denies: [], parkAfter: 'settle' } as const;
const deny = { gives: ['old'], denies: ['old'], parkAfter: 'verdict' } as const;

describe('a changed document of a policy on a thing group, in every order of its steps', () => {
  const rows: readonly (GroupDocumentOptions & { readonly reason: string })[] = [
    { reason: 'a tightening of one member, with a thing that joins', members: 1, joiners: 1, crashes: 1, ...tighten },
    { reason: 'a mixed change of one member, with a thing that joins', members: 1, joiners: 1, crashes: 1, ...mixed },
    { reason: 'a new deny for one member, with a thing that joins', members: 1, joiners: 1, crashes: 1, ...deny },
    { reason: 'a mixed change of two members', members: 2, joiners: 0, crashes: 1, ...mixed },
  ];
  test.each(rows)(
    '$reason: nobody notices before its turn, nobody is ever without, everybody comes back',
    (row) => {
      const { violations, states, endings } = exploreGroupDocument(row);
      expect(violations).toEqual([]);
      expect(states).toBeGreaterThan(500);
      for (const ending of endings) expect(['aborted: P with -', 'forward: K with -']).toContain(ending);
      expect([...endings]).toContain('aborted: P with -');
    },
    240_000,
  );

  const broken: readonly (Partial<GroupDocumentOptions> & { readonly reason: string; readonly found: RegExp })[] = [
    {
      reason: 'the group changes before its members have both policies',
      found: /notices before its turn|loses what it waits with/,
      group: (input) => planGroup({ ...input, members: { covered: true } }),
    },
    {
      reason: 'the old policy leaves the group before the new one has settled there',
      found: /may be without what it keeps/,
      joiners: 1,
      group: (input) => planGroup({ ...input, settleMs: 0 }),
    },
    {
      reason: 'on the way back the new policy leaves the group before the old one has settled there',
      found: /may be without what it keeps/,
      joiners: 1,
      group: (input) => planGroup({ ...input, settleMs: input.direction === 'back' ? 0 : input.settleMs }),
    },
    {
      reason: 'a Detach that may still land is forgotten',
      found: /the group is empty/,
      crashes: 1,
      group: ({ record: { openDetach: _open, ...record }, ...input }) =>
        planGroup({ ...input, record, noDetachBefore: 0, settleMs: 0 }),
    },
    {
      reason: 'members that join meanwhile are not lent the old policy',
      found: /notices before its turn|loses what it waits with/,
      joiners: 1,
      group: (input) => planGroup({ ...input, members: { covered: true } }),
      asset: (input) =>
        planAsset(
          input.through === undefined ? input : { ...input, through: { ...input.through, given: new Set(['K']) } },
        ),
    },
  ];
  test.each(broken)(
    'the model finds it when $reason',
    ({ found, reason: _reason, ...more }) => {
      const { violations } = exploreGroupDocument({ members: 1, joiners: 0, crashes: 0, ...mixed, ...more });
      expect(violations[0]).toMatch(found);
    },
    120_000,
  );
});

describe('a thing group that is full', () => {
  const there: GroupInput = {
    group: 'hall',
    direction: 'forward',
    attached: new Set(['B', 'O']),
    readAt: 100,
    changes: [
      { baseline: 'B', candidate: 'K' },
      { baseline: 'O', candidate: 'K' },
    ],
    candidateDefaults: new Map([['K', 'new']]),
    flippedAt: undefined,
    record: { attachedAt: 0 },
    members: { covered: true },
    noDetachBefore: 0,
    settleMs: 10,
    now: 100,
  };
  const back: GroupInput = {
    ...there,
    direction: 'back',
    attached: new Set(['O', 'K']),
    changes: [
      { baseline: 'B', candidate: 'O' },
      { baseline: 'B', candidate: 'K' },
    ],
  };
  const rows: readonly { readonly reason: string; readonly input: GroupInput; readonly says: object }[] = [
    {
      reason: 'of two names of the policy one goes when the members have both',
      input: there,
      says: { kind: 'detach', policy: 'O' },
    },
    {
      reason: 'none goes before that',
      input: { ...there, members: { covered: false, why: 'one has not' } },
      says: { kind: 'wait', why: 'one has not' },
    },
    {
      reason: 'none goes while the other may not be in force yet',
      input: { ...there, record: { attachedAt: 95 } },
      says: { kind: 'wait', until: 105 },
    },
    {
      reason: 'where nothing says since when, the settle time begins now',
      input: { ...there, record: {} },
      says: { kind: 'stamp' },
    },
    {
      reason: 'none goes while a Detach of the leader before may still arrive',
      input: { ...there, noDetachBefore: 120 },
      says: { kind: 'wait', until: 120 },
    },
    { reason: 'on the way back one goes as well', input: back, says: { kind: 'detach', policy: 'K' } },
    {
      reason: 'a policy that is none of the rollout never goes',
      input: { ...there, attached: new Set(['B', 'other']), changes: [{ baseline: 'B', candidate: 'K' }] },
      says: { kind: 'wait', why: expect.stringContaining('no place for K: take one off') },
    },
  ];
  test.each(rows)('$reason', ({ input, says }) => {
    expect(planGroup(input)).toMatchObject(says);
  });
});
