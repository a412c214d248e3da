import type { Right } from './rights.ts';
import type { Planned, SimConfig } from './types.ts';
import { allBut, at, CALM, commit, fleetOf, git, MINUTE, NARROW, NARROWER, verb, WIDE, wait } from './words.ts';

/** What the simulation once found, as the fewest acts that show it. */
export interface Regression {
  readonly reason: string;
  readonly config?: Partial<SimConfig>;
  readonly schedule: readonly Planned[];
}

const blank = (minutes: number, of: 'declared' | 'candidate', forMinutes: number): Planned =>
  at(minutes, { kind: 'blank', of, forMs: forMinutes * MINUTE });

/** The first device is heard of no more: past its deadline it gets back what it had. */
const silent = (minutes: number): Planned => at(minutes, { kind: 'offline', device: 0, forMs: 75 * MINUTE });

const two = [
  { name: 'base', grant: allBut('status') },
  { name: 'more', grant: { allow: ['status'], deny: [] } },
] as const;

/** The first gives up a right, and the second gives another. */
const HANDED = [
  { name: 'base', grant: allBut('status', 'debug') },
  { name: 'more', grant: { allow: ['status', 'extra'], deny: [] } },
] as const;

const hall = (...more: readonly Right[]) => ({ allow: [...more, 'extra' as const], deny: [] });

/** For so long after its end a rollout keeps its candidates. */
const LONG_WINDOW = { strategy: { ...CALM.strategy, rollbackWindow: '3h' } } as const;

const lost = (minutes: number): Planned => at(minutes, { kind: 'loseRecord', device: 0 });

const EXTRA_IN_MORE = [
  { name: 'base', grant: allBut('extra', 'receive') },
  { name: 'more', grant: { allow: ['status', 'extra'], deny: [] } },
] as const;

/** A rollout moves `extra` from the second to the first and is overtaken; the next one takes the second away. */
const EXTRA_MOVED: readonly Planned[] = [
  commit(2, [
    { name: 'base', grant: allBut('receive') },
    { name: 'more', grant: { allow: ['status'], deny: [] } },
  ]),
  at(24, { kind: 'references', device: 0, names: ['base'] }),
  commit(25, [
    { name: 'base', grant: WIDE },
    { name: 'more', grant: { allow: ['status', 'debug'], deny: [] } },
  ]),
  verb(50, 'approve'),
];

export const REGRESSIONS: readonly Regression[] = [
  {
    reason: 'a default blanked while an asset goes back: nothing is detached beside it',
    schedule: [git(2, NARROW), silent(13), blank(30, 'declared', 60), wait(95)],
  },
  {
    reason: 'a default set right a moment ago may give nothing yet: what it replaces stays until AWS applies it',
    schedule: [git(2, NARROW), silent(13), blank(30, 'declared', 31), wait(95)],
  },
  {
    reason: 'a blanked default is never what a rollout goes back to',
    schedule: [blank(2, 'declared', 30), git(12, NARROWER), wait(60)],
  },
  {
    reason: 'a candidate that somebody blanked is not deleted with the rest',
    schedule: [git(2, NARROW), verb(4, 'abort'), blank(17, 'candidate', 60), wait(60)],
  },
  {
    reason: 'an asset that was held in the middle counts as in flight until it has a verdict',
    config: fleetOf(3),
    schedule: [
      git(2, NARROW),
      at(58, { kind: 'quarantine', device: 1, forMs: 30 * MINUTE }),
      at(87, { kind: 'loseRecord', device: 0 }),
      wait(120),
    ],
  },
  {
    reason: 'a part of a change comes back, the rest is given up: nobody stays on a candidate',
    config: { ...fleetOf(2), policies: two },
    schedule: [
      commit(2, [
        { name: 'base', grant: allBut('status', 'debug') },
        { name: 'more', grant: { allow: ['status', 'extra'], deny: [] } },
      ]),
      commit(50, [two[0], { name: 'more', grant: { allow: ['status', 'debug', 'extra'], deny: [] } }]),
      verb(70, 'abort'),
    ],
  },
  {
    reason: 'a policy whose default was set right a moment ago is nothing to lean on when references go',
    config: {
      policies: [
        { name: 'base', grant: WIDE },
        { name: 'more', grant: { allow: ['status'], deny: [] } },
      ],
    },
    schedule: [
      at(2, { kind: 'blank', of: 'declared', policy: 'base', forMs: 30 * MINUTE }),
      at(33, { kind: 'references', device: 0, names: ['base'] }),
      wait(60),
    ],
  },
  {
    reason: 'an asset whose record is lost on the way home comes home with the others',
    schedule: [git(2, NARROW), lost(42)],
  },
  {
    reason:
      'an asset that was held and whose record is lost goes back when the hold is lifted, though the rollout has ended',
    config: fleetOf(2),
    schedule: [
      git(2, NARROW),
      at(20, { kind: 'inactive', device: 0, forMs: 60 * MINUTE }),
      lost(35),
      git(45, WIDE, 'revert'),
    ],
  },
  {
    reason: 'a reference that goes while its policy is on the way back: the asset comes home from both candidates',
    config: {
      policies: [
        { name: 'base', grant: WIDE },
        { name: 'more', grant: { allow: ['status'], deny: [] } },
      ],
    },
    schedule: [
      commit(2, [
        { name: 'base', grant: NARROW },
        { name: 'more', grant: { allow: ['extra'], deny: [] } },
      ]),
      silent(13),
      at(53, { kind: 'references', device: 0, names: ['base'] }),
      wait(95),
    ],
  },
  {
    reason: 'a group whose members are not known any more after a loss of state changes under nobody’s feet',
    config: {
      ...fleetOf(2),
      policies: [{ name: 'base', grant: NARROW }],
      groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: { allow: ['status'], deny: [] } }] }],
    },
    schedule: [
      at(2, {
        kind: 'groupPolicies',
        policies: [{ name: 'hall-other', grant: { allow: ['status', 'debug'], deny: ['extra'] } }],
      }),
      at(10, { kind: 'loseState' }),
    ],
  },
  {
    reason:
      'after a loss of state the brake brings back what was there before this rollout, and not before the one that is forgotten',
    config: { groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }] },
    schedule: [
      git(2, NARROW),
      at(3, { kind: 'groupDocument', grant: hall() }),
      at(95, { kind: 'loseState' }),
      verb(105, 'abort'),
    ],
  },
  {
    reason:
      'what was lent by a rollout that is forgotten, and came back with another, is no loan any more: it is named',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall() }] }] },
    schedule: [
      at(2, { kind: 'groupDocument', grant: hall('status', 'subscribe', 'receive') }),
      verb(3, 'approve'),
      at(31, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
      at(33, { kind: 'loseState' }),
      verb(34, 'approve'),
      verb(95, 'abort'),
      wait(200),
    ],
  },
  {
    reason: 'a word to retry single assets does not bring back what was aborted afterwards',
    schedule: [git(2, NARROW), silent(13), verb(95, 'retry'), verb(96, 'abort')],
  },
  {
    reason: 'an asset that another rollout has when the others come home follows when that one is over',
    config: {
      ...fleetOf(3),
      policies: [
        { name: 'base', grant: WIDE },
        { name: 'more', grant: { allow: ['status'], deny: [] } },
      ],
    },
    schedule: [
      commit(2, [{ name: 'base', grant: { allow: ['connect', 'telemetry', 'subscribe', 'receive'], deny: [] } }]),
      at(62, { kind: 'references', device: 2, names: ['base'] }),
    ],
  },
  {
    reason:
      'a policy whose default changed a moment ago may still deny what it denied before: nobody gets it back until AWS applies the new one',
    config: {
      ...fleetOf(2),
      uses: ['status', 'extra', 'subscribe'],
      propagation: 'random',
      groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }],
    },
    schedule: [
      at(2, { kind: 'groupDocument', grant: { allow: ['extra'], deny: ['extra'] } }),
      at(4, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
      at(60, { kind: 'groupPolicies', policies: [{ name: 'hall-wide', grant: hall('debug') }] }),
    ],
  },
  {
    reason: 'a policy that only denies is what was asked for, and no security act: assets come home to it',
    config: { ...fleetOf(2), policies: two },
    schedule: [commit(2, [two[0], { name: 'more', grant: { allow: [], deny: ['debug'] } }])],
  },
  {
    reason: 'what an earlier rollout took meanwhile is no beginning of this one: who is away keeps the rest',
    config: {
      lives: ['weekly'],
      groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall() }] }],
    },
    schedule: [
      at(3, { kind: 'groupPolicies', policies: [{ name: 'hall-other', grant: { allow: ['status'], deny: [] } }] }),
      git(20, allBut('extra')),
      at(30, { kind: 'groupDocument', grant: { allow: ['extra', 'subscribe'], deny: [] } }),
      at(164, { kind: 'groupPolicies', policies: [{ name: 'hall-other', grant: { allow: ['status'], deny: [] } }] }),
      wait(200),
    ],
  },
  {
    reason: 'an aborted rollout is tidied up although a later one keeps its assets on its own candidate',
    config: { strategy: { ...CALM.strategy, homing: 'Stay' } },
    schedule: [git(2, NARROW), verb(4, 'abort'), blank(17, 'candidate', 60), git(30, NARROWER), wait(150)],
  },
  {
    reason: 'whoever a rollout has begun with stays its own, although its group refers to another policy by now',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }] },
    schedule: [
      at(2, { kind: 'groupDocument', grant: { allow: ['extra', 'receive'], deny: [] } }),
      at(9, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
      git(12, allBut('receive')),
      at(60, { kind: 'groupPolicies', policies: [{ name: 'hall-wide', grant: hall('debug') }] }),
      at(75, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
    ],
  },
  {
    reason: 'what a group asked for and no more does before it got it comes to nobody',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }] },
    schedule: [
      git(2, allBut('receive')),
      at(20, {
        kind: 'groupPolicies',
        policies: [{ name: 'hall-tight', grant: { allow: ['extra'], deny: ['status'] } }],
      }),
      at(25, { kind: 'groupPolicies', policies: [{ name: 'hall-other', grant: hall() }] }),
    ],
  },
  {
    reason: 'a member that comes back late keeps what its group, changed meanwhile, has lent to it anew',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }] },
    schedule: [
      at(2, { kind: 'groupDocument', grant: { allow: ['extra', 'receive'], deny: [] } }),
      at(5, { kind: 'quarantine', device: 0, forMs: 70 * MINUTE }),
      at(32, { kind: 'groupDocument', grant: hall('debug') }),
      git(57, allBut('receive')),
      at(58, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
      wait(150),
    ],
  },
  {
    reason: 'what is being taken from an asset keeps its document until that is over: AWS may still apply it',
    config: { groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }] },
    schedule: [
      at(2, { kind: 'groupDocument', grant: { allow: ['extra'], deny: ['extra'] } }),
      at(2.01, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
    ],
  },
  {
    reason: 'what somebody blanks beside a rollout is no part of what its assets end with',
    config: { groups: [{ name: 'hall', policies: [{ name: 'hall-other', grant: hall('debug') }] }] },
    schedule: [git(2, NARROW), at(5, { kind: 'blank', of: 'declared', policy: 'hall-other', forMs: 60 * MINUTE })],
  },
  {
    reason: 'a proven candidate that an asset is losing, and may have to get back, is not deleted meanwhile',
    config: { policies: two },
    schedule: [
      commit(2, [two[0], { name: 'more', grant: { allow: ['extra'], deny: [] } }]),
      at(3, { kind: 'references', device: 0, names: ['base'] }),
      silent(50),
      wait(150),
    ],
  },
  {
    reason: 'a document and a reference that go in one rollout are owed to nobody',
    config: { ...fleetOf(2), policies: [{ name: 'base', grant: WIDE }, two[1]] },
    schedule: [
      at(2, { kind: 'references', device: 1, names: ['base'] }),
      commit(2.01, [{ name: 'base', grant: allBut('status') }, two[1]]),
      wait(90),
    ],
  },
  {
    reason:
      'one that shares a certificate and has seen a session of before end does not hear the opposite from the first',
    config: {
      seed: 4713,
      lives: ['steady', 'persistent'],
      certificates: [1, 1],
      strategy: { ...CALM.strategy, maxInFlight: 2, homing: 'Stay' },
      reconnectPercent: 1,
      shared: [{ device: 1, with: 0, how: 'first' }],
    },
    schedule: [git(2, NARROW)],
  },
  {
    reason:
      'a policy on loan from a group comes to one of the shared certificates after the other, and nothing is refused meanwhile',
    config: {
      lives: ['steady', 'steady'],
      certificates: [1, 2],
      strategy: { ...CALM.strategy, maxInFlight: 2 },
      shared: [{ device: 1, with: 0, how: 'last' }],
      groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }],
    },
    schedule: [
      at(2, { kind: 'offline', device: 1, forMs: 100 * MINUTE }),
      at(30, { kind: 'groupDocument', grant: { allow: ['extra'], deny: ['status'] } }),
      wait(60),
    ],
  },
  {
    reason: 'a proven rollout that has taken a policy off certificates as well writes its new document and comes home',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall() }] }] },
    schedule: [
      at(2, { kind: 'groupPolicies', policies: [{ name: 'hall-wide', grant: hall('debug') }] }),
      at(14, { kind: 'groupDocument', grant: hall('receive') }),
    ],
  },
  {
    reason: 'who joins gets nothing of a change of its group that was taken back, before that or afterwards',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }] },
    schedule: [
      at(2, { kind: 'groupPolicies', policies: [{ name: 'hall-other', grant: hall('status') }] }),
      at(3, { kind: 'join', life: 'steady' }),
      verb(5, 'abort'),
      at(60, { kind: 'join', life: 'steady' }),
    ],
  },
  {
    reason: 'a group that is to drop a policy when a rollout has ended drops it before the policy changes',
    config: {
      ...fleetOf(2),
      groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }],
    },
    schedule: [
      at(2, { kind: 'groupDocument', grant: { allow: ['status'], deny: [] } }),
      git(2.01, allBut('receive')),
      at(4, { kind: 'groupPolicies', policies: [{ name: 'hall-other', grant: hall() }] }),
      git(20, allBut('subscribe')),
      wait(200),
    ],
  },
  {
    reason: 'what somebody else took from a certificate is no reason to take the rest from who is away',
    config: { certificates: [2], strategy: { ...CALM.strategy, settleTime: '20m' } },
    schedule: [
      git(2, NARROW),
      at(2.5, { kind: 'offline', device: 0, forMs: 75 * MINUTE }),
      at(3, { kind: 'foreignDetach', device: 0 }),
      wait(60),
    ],
  },
  {
    reason:
      'whose it was is not known after a loss of state: from who is away nothing more is taken for it, and it goes back',
    config: { certificates: [2], strategy: { ...CALM.strategy, settleTime: '20m' } },
    schedule: [
      git(2, NARROW),
      at(2.5, { kind: 'offline', device: 0, forMs: 175 * MINUTE }),
      at(3, { kind: 'foreignDetach', device: 0 }),
      at(60, { kind: 'loseState' }),
      wait(150),
    ],
  },
  {
    reason: 'a proven candidate that a group keeps is lent to its members at once where nobody gains or loses a right',
    config: {
      ...fleetOf(2),
      strategy: { ...CALM.strategy, homing: 'Stay' },
      groups: [{ name: 'hall', policies: [{ name: 'hall-other', grant: hall() }] }],
    },
    schedule: [
      at(2, { kind: 'groupDocument', grant: { allow: ['status', 'extra'], deny: [] } }),
      at(180, { kind: 'groupPolicies', policies: [{ name: 'hall-wide', grant: hall('debug') }] }),
      wait(240),
    ],
  },
  {
    reason: 'who goes back keeps what it got meanwhile as long as a policy that gave it the same is blanked',
    config: { groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall() }] }] },
    schedule: [
      at(2, {
        kind: 'groupPolicies',
        policies: [{ name: 'hall-other', grant: { allow: ['status', 'receive'], deny: [] } }],
      }),
      at(10.5, { kind: 'blank', of: 'declared', policy: 'base', forMs: 60 * MINUTE }),
      at(18, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
      wait(95),
    ],
  },
  {
    reason:
      'a group whose policy changes again while the rollout before could still be taken back follows the new one alone',
    config: {
      ...LONG_WINDOW,
      groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall('receive') }] }],
    },
    schedule: [
      at(2, { kind: 'groupDocument', grant: hall('debug') }),
      at(140, { kind: 'groupDocument', grant: hall('subscribe') }),
      wait(240),
    ],
  },
  {
    reason:
      'a rollout that was overtaken is tidied up although a group, whose change went back, lends its policy to the members anew',
    config: {
      ...fleetOf(2),
      policies: [{ name: 'base', grant: allBut('status') }],
      groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug', 'receive') }] }],
    },
    schedule: [
      at(2, { kind: 'groupDocument', grant: hall('debug') }),
      git(2.01, allBut('status', 'subscribe')),
      at(20, { kind: 'groupDocument', grant: hall('receive') }),
      at(36, { kind: 'groupDocument', grant: hall() }),
      at(37, { kind: 'groupPolicies', policies: [{ name: 'hall-other', grant: hall('status') }] }),
      verb(60, 'abort'),
      verb(62, 'abort'),
    ],
  },
  {
    reason: 'whoever blanks a policy and gets no answer looks whether AWS did it, and takes it back in the end',
    schedule: [
      git(2, NARROW),
      at(3, {
        kind: 'fault',
        rule: {
          operation: 'CreatePolicyVersion',
          effect: { kind: 'error', name: 'InternalFailureException', status: 500, when: 'after' },
          count: 1,
          skip: 0,
        },
      }),
      blank(4, 'declared', 30),
    ],
  },
  ...[
    { reason: 'is superseded', act: at(60, { kind: 'groupDocument', grant: hall('subscribe') }) },
    { reason: 'is aborted', act: verb(60, 'abort') },
  ].map(({ reason, act }) => ({
    reason: `a group on a candidate that no record tells of, whose rollout ${reason} before it has begun, does not stay there`,
    config: {
      policies: [two[0]],
      groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall('receive') }] }],
    },
    schedule: [
      at(2, { kind: 'groupDocument', grant: hall('debug') }),
      at(30, { kind: 'loseState' }),
      at(30.01, { kind: 'groupDocument', grant: hall('status') }),
      act,
      wait(61),
    ],
  })),
  {
    reason:
      'a group that carries two names of its policy when the state is lost, and gets another document, has a place for it',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall('receive') }] }] },
    schedule: [
      at(2, { kind: 'groupDocument', grant: hall('debug') }),
      at(18, { kind: 'loseState' }),
      at(18.01, { kind: 'groupDocument', grant: hall('subscribe') }),
    ],
  },
  {
    reason: 'a reference that has gone when the state is lost takes nothing from who is away',
    config: { policies: two },
    schedule: [
      at(1, { kind: 'offline', device: 0, forMs: 100 * MINUTE }),
      at(20, { kind: 'references', device: 0, names: ['base'] }),
      at(40, { kind: 'loseState' }),
      wait(60),
    ],
  },
  {
    reason: 'a policy that a group is to give again stays on its members until the group has it',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: hall('debug') }] }] },
    schedule: [
      at(2, { kind: 'groupPolicies', policies: [{ name: 'hall-other', grant: { allow: ['status'], deny: [] } }] }),
      at(3, { kind: 'groupDocument', grant: hall('status') }),
      at(40, { kind: 'inactive', device: 0, forMs: 60 * MINUTE }),
      git(57, allBut('extra')),
      at(58, { kind: 'groupPolicies', policies: [{ name: 'hall-wide', grant: hall('debug') }] }),
      wait(250),
    ],
  },
  {
    reason: 'a proven member that is given back what its group is about to give it again keeps it until then',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall('receive') }] }] },
    schedule: [at(2, { kind: 'groupDocument', grant: hall('debug') }), verb(65, 'abort'), wait(66)],
  },
  {
    reason: 'a reference that goes and a document that gives the same instead, both behind a rollout, go in one',
    config: { policies: [{ name: 'base', grant: WIDE }, two[1]] },
    schedule: [
      git(2, allBut('status')),
      at(10, { kind: 'references', device: 0, names: ['base'] }),
      git(15, allBut('debug')),
      wait(120),
    ],
  },
  {
    reason:
      'a candidate that is kept when the state is lost, and whose document is asked for again, brings back what is there by then',
    config: LONG_WINDOW,
    schedule: [
      git(2, NARROW),
      git(80, NARROWER),
      at(160, { kind: 'loseState' }),
      git(170, NARROW),
      verb(172, 'approve'),
      verb(200, 'abort'),
    ],
  },
  {
    reason: 'a brake that was pulled on two policies, whose commit came back, ends no later rollout of one of them',
    config: { ...LONG_WINDOW, policies: [{ name: 'base', grant: WIDE }, two[1]] },
    schedule: [
      commit(2, [
        { name: 'base', grant: NARROW },
        { name: 'more', grant: { allow: ['status', 'receive'], deny: [] } },
      ]),
      at(25, { kind: 'document', how: 'revert', grants: [{ name: 'base', grant: WIDE }, two[1]] }),
      commit(80, [{ name: 'base', grant: NARROW }, two[1]]),
      wait(100),
    ],
  },
  {
    reason:
      'a rollout that was overtaken is over although assets stay on a candidate that it shares with the one that came after',
    config: {
      policies: [
        { name: 'base', grant: allBut('extra') },
        { name: 'more', grant: { allow: ['status', 'extra'], deny: [] } },
      ],
      strategy: { ...CALM.strategy, homing: 'Stay' },
    },
    schedule: [
      [2, allBut('extra', 'debug')] as const,
      // What the first one has asked of `more` the second one asks as well.
      [3, allBut('extra', 'debug', 'status')] as const,
    ].map(([minutes, grant]) => {
      const grants = [
        { name: 'base', grant },
        { name: 'more', grant: { allow: ['status' as const], deny: [] } },
      ];
      return at(minutes, { kind: 'document', how: 'new', grants });
    }),
  },
  {
    reason:
      'what an asset carries between two policies when the state is lost is not what it had: a reference that goes leaves no candidate when it comes back',
    config: { ...fleetOf(2), policies: two },
    schedule: [
      commit(2, HANDED),
      at(4, { kind: 'references', device: 0, names: ['base'] }),
      at(6, { kind: 'loseState' }),
      at(9, { kind: 'document', how: 'revert', grants: two }),
    ],
  },
  {
    reason: 'what was between two policies when the state was lost comes back as it was before, whoever takes it later',
    config: { policies: two },
    schedule: [
      commit(2, HANDED),
      at(4, { kind: 'references', device: 0, names: ['base'] }),
      at(6, { kind: 'loseState' }),
      at(9, { kind: 'document', how: 'revert', grants: two }),
      verb(45, 'abort'),
    ],
  },
  {
    reason:
      'a right that an overtaken rollout moved from one policy to another is in one of them on the way back from the next, which gives up the other',
    config: { policies: EXTRA_IN_MORE },
    schedule: [...EXTRA_MOVED, verb(75, 'abort'), wait(100)],
  },
  {
    reason: 'what an overtaken rollout moved, and the next takes away, comes back though the record of that is lost',
    config: { policies: EXTRA_IN_MORE },
    schedule: [...EXTRA_MOVED, lost(62), verb(75, 'abort'), wait(100)],
  },
  {
    reason:
      'what a group is only to give, and its members carry, is moved there by its rollout: no Device takes it off again',
    config: { ...fleetOf(2), groups: [{ name: 'hall', policies: [{ name: 'hall-tight', grant: hall() }] }] },
    schedule: [
      at(2, {
        kind: 'groupPolicies',
        policies: [{ name: 'hall-other', grant: { allow: ['status', 'receive'], deny: [] } }],
      }),
      verb(26, 'abort'),
      at(60, { kind: 'groupDocument', grant: { allow: ['receive'], deny: [] } }),
      at(61, { kind: 'groupPolicies', policies: [{ name: 'hall-tight', grant: hall() }] }),
      at(62, { kind: 'groupDocument', grant: { allow: ['status'], deny: [] } }),
    ],
  },
  {
    reason: 'what a device that was not heard of after its way back is to lose gets no new document before it goes',
    config: { ...fleetOf(2), policies: two, strategy: { ...CALM.strategy, stragglers: 'Leave', onFailure: 'Pause' } },
    schedule: [
      commit(2, HANDED),
      at(13, { kind: 'offline', device: 0, forMs: 150 * MINUTE }),
      at(30, { kind: 'references', device: 0, names: ['base'] }),
      commit(100, [
        { name: 'base', grant: allBut('status', 'extra') },
        { name: 'more', grant: { allow: ['status', 'receive'], deny: [] } },
      ]),
      wait(220),
    ],
  },
  {
    reason:
      'a candidate that somebody blanked gives nothing for a moment after that is lifted: no brake takes what the other one gives meanwhile',
    config: {
      // In this world it is the first of the two.
      seed: 4712,
      policies: [
        { name: 'base', grant: WIDE },
        { name: 'more', grant: { allow: ['status'], deny: [] } },
      ],
    },
    schedule: [
      commit(2, [
        { name: 'base', grant: allBut('status') },
        { name: 'more', grant: { allow: ['status', 'debug', 'subscribe'], deny: [] } },
      ]),
      blank(24, 'candidate', 10),
      verb(35, 'abort'),
      wait(70),
    ],
  },
  {
    reason:
      'a policy that somebody took from its last device is rolled out to nobody, and gets its document when AWS applies it nowhere',
    config: { policies: [{ name: 'base', grant: WIDE }, two[1]] },
    schedule: [
      at(3, { kind: 'offline', device: 0, forMs: 43.5 * MINUTE }),
      blank(15.64, 'declared', 81.02),
      commit(57.14, [
        { name: 'base', grant: allBut('debug', 'status', 'receive') },
        { name: 'more', grant: { allow: ['debug', 'extra'], deny: ['subscribe'] } },
      ]),
      at(112.12, { kind: 'references', device: 0, names: ['base'] }),
      at(120.98, { kind: 'foreignDetach', device: 0 }),
      wait(150),
    ],
  },
];
