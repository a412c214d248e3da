/**
 * An explicit-state model of a changed document of a policy on a thing group, under the real `planAsset` and `planGroup`:
 * every order in which AWS may make calls visible, things that join at any moment, a call of a dead leader that lands late,
 * an abort with its brake at any moment. Exhaustive, not random. One settle time is two ticks.
 */
import { type AssetInput, planAsset } from '../../../operator/rollout/asset.ts';
import { type GroupDecision, type GroupInput, planGroup } from '../../../operator/rollout/group.ts';
import type { AssetDecision, Direction, Spread, Through } from '../../../operator/rollout/types.ts';
import { type Found, search } from './search.ts';

const SETTLE = 2;
const DEADLINE = 1;

export interface GroupDocumentOptions {
  readonly members: number;
  readonly joiners: number;
  readonly crashes: number;
  /** What the new policy gives beside `keep`, which both give; the old one gives `old`. */
  readonly gives: readonly string[];
  readonly denies: readonly string[];
  readonly parkAfter: Spread['parkAfter'];
  /** Replaced to show that the model finds broken mechanics. */
  readonly asset?: (input: AssetInput) => AssetDecision;
  readonly group?: (input: GroupInput) => GroupDecision;
}

interface Cell {
  readonly on: boolean;
  readonly staleUntil: number;
}

interface Times {
  readonly attachedAt?: number;
  readonly detachedAt?: number;
  readonly openDetach?: { readonly policy: string; readonly sentAt: number };
}

type Phase = 'queued' | 'moving' | 'parked' | 'done';

interface Member {
  readonly P: Cell;
  readonly K: Cell;
  readonly times: Times;
  readonly phase: Phase;
  /** What it had when the rollout came to know it: the old policy alone, both, or the new one alone. */
  readonly had: 'old' | 'both' | 'new';
}

interface State {
  readonly now: number;
  readonly P: Cell;
  readonly K: Cell;
  readonly times: Times;
  /** true: the candidate serves its new document. */
  readonly serves: Cell;
  readonly flippedAt: number | undefined;
  readonly members: readonly Member[];
  readonly joiners: number;
  readonly crashes: number;
  readonly late: { readonly policy: 'P' | 'K'; readonly until: number } | undefined;
  readonly leaderSince: number;
  readonly aborted: boolean;
}

const OFF: Cell = { on: false, staleUntil: 0 };
const ON: Cell = { on: true, staleUntil: 0 };

export function exploreGroupDocument(options: GroupDocumentOptions): Found {
  const model = new Model(options);
  const first = model.start();
  return search({
    first,
    keyOf,
    successors: (state) => model.successors(state),
    violated: (state) => model.violated(state),
    ending: (state, moves) => (!moves && model.isQuiet(state) ? model.ending(state) : undefined),
  });
}

function keyOf(state: State): string {
  const ago = (at: number | undefined) => (at === undefined ? '-' : Math.min(SETTLE + 1, state.now - at));
  const cell = ({ on, staleUntil }: Cell) => `${on ? 1 : 0}${Math.max(0, staleUntil - state.now)}`;
  const times = (t: Times) =>
    `${ago(t.attachedAt)}${ago(t.detachedAt)}${t.openDetach?.policy ?? ''}${ago(t.openDetach?.sentAt)}`;
  const members = state.members.map((m) => `${cell(m.P)}${cell(m.K)}${times(m.times)}${m.phase}${m.had}`).sort();
  const late = state.late === undefined ? '' : `${state.late.policy}${state.late.until - state.now}`;
  const rest = [ago(state.flippedAt), state.joiners, state.crashes, late, ago(state.leaderSince), state.aborted];
  return [cell(state.P), cell(state.K), times(state.times), cell(state.serves), members.join(), ...rest].join('|');
}

class Model {
  readonly #options: GroupDocumentOptions;

  constructor(options: GroupDocumentOptions) {
    this.#options = options;
  }

  start(): State {
    const member = (): Member => ({ P: OFF, K: OFF, times: {}, phase: 'queued', had: 'old' });
    const members = Array.from({ length: this.#options.members }, member);
    const { joiners, crashes } = this.#options;
    const rest = { times: {}, serves: ON, flippedAt: undefined, members, joiners, crashes, late: undefined };
    return { now: 10, P: ON, K: OFF, ...rest, leaderSince: 0, aborted: false };
  }

  *successors(state: State): Iterable<readonly [string, State]> {
    const { late } = state;
    // A call under way lands before its deadline or never.
    const expired = late !== undefined && state.now >= late.until ? undefined : late;
    yield ['tick', { ...state, now: state.now + 1, late: expired }];
    if (late !== undefined) {
      yield [
        `the late Detach of ${late.policy} lands`,
        { ...state, [late.policy]: this.#set(state[late.policy], false, state.now), late: undefined },
      ];
    }
    if (state.joiners > 0) {
      // It has no more than what is certain by then.
      const certain = state.P.on && state.P.staleUntil <= state.now && late?.policy !== 'P';
      const had = !certain ? 'new' : state.K.on || state.K.staleUntil > state.now ? 'both' : 'old';
      const joiner: Member = { P: OFF, K: OFF, times: {}, phase: 'queued', had };
      yield ['a thing joins', { ...state, joiners: state.joiners - 1, members: [...state.members, joiner] }];
    }
    if (!state.aborted) {
      const serves = this.#set(state.serves, false, state.now);
      yield ['abort', { ...state, aborted: true, serves, flippedAt: state.now }];
    }
    for (const [index, member] of state.members.entries()) yield* this.#member(state, member, index);
    yield* this.#group(state);
  }

  /** One at a time forward, all at once back. */
  *#member(state: State, member: Member, index: number): Iterable<readonly [string, State]> {
    const through = this.#through(state);
    const goes =
      state.aborted ||
      member.phase === 'moving' ||
      (state.members.every(({ phase }) => phase !== 'moving') &&
        (member.phase === 'queued' || (member.phase === 'parked' && through.spread === undefined)));
    if (!goes) return;
    const decision = (this.#options.asset ?? planAsset)(this.#assetInput(state, member, through));
    const put = (more: Partial<Member>): State => ({
      ...state,
      members: state.members.map((each, i) => (i === index ? { ...each, ...more } : each)),
    });
    const { now } = state;
    switch (decision.kind) {
      case 'call': {
        const { policy, kind } = decision.call;
        const on = kind === 'attach';
        const times = { ...member.times, [on ? 'attachedAt' : 'detachedAt']: now };
        const name = policy as 'P' | 'K';
        yield [
          `${kind} ${policy} m${index}`,
          put({ [name]: this.#set(member[name], on, now), times, phase: 'moving' }),
        ];
        return;
      }
      case 'stamp':
        yield [`stamp m${index}`, put({ times: { attachedAt: now, detachedAt: now }, phase: 'moving' })];
        return;
      case 'wait':
        if (decision.parked !== undefined && member.phase !== 'parked')
          yield [`park m${index}`, put({ phase: 'parked' })];
        else if (decision.parked === undefined && member.phase !== 'moving')
          yield [`begin m${index}`, put({ phase: 'moving' })];
        return;
      case 'done':
        if (member.phase !== 'done') yield [`done m${index}`, put({ phase: 'done' })];
        return;
      default:
    }
  }

  *#group(state: State): Iterable<readonly [string, State]> {
    const direction: Direction = state.aborted ? 'back' : 'forward';
    if (direction === 'forward' && this.#handedOver(state)) return;
    const { now, times } = state;
    const covered = state.members.every(
      ({ P, K, phase, times: { attachedAt = 99 } }) =>
        phase === 'done' || (phase === 'parked' && P.on && K.on && now >= attachedAt + SETTLE),
    );
    const decision = (this.#options.group ?? planGroup)({
      group: 'g',
      direction,
      attached: new Set([...(state.P.on ? ['P'] : []), ...(state.K.on ? ['K'] : [])]),
      readAt: now,
      changes: [{ baseline: 'P', candidate: 'K' }],
      candidateDefaults: new Map([['K', state.serves.on ? 'new' : 'brake']]),
      flippedAt: state.flippedAt,
      record: {
        ...times,
        ...(times.openDetach === undefined
          ? {}
          : { openDetach: { ...times.openDetach, sentAt: times.openDetach.sentAt + DEADLINE } }),
      },
      members: covered ? { covered } : { covered, why: '' },
      noDetachBefore: state.leaderSince + DEADLINE + 1,
      settleMs: SETTLE,
      now,
    });
    if (decision.kind === 'stamp') {
      yield ['stamp group', { ...state, times: { ...times, attachedAt: now } }];
      return;
    }
    if (decision.kind !== 'attach' && decision.kind !== 'detach') return;
    const { openDetach: _closed, ...closed } = times;
    const policy = decision.policy as 'P' | 'K';
    const on = decision.kind === 'attach';
    const written = { ...closed, [on ? 'attachedAt' : 'detachedAt']: now };
    const label = `${decision.kind} ${policy} group`;
    yield [label, { ...state, [policy]: this.#set(state[policy], on, now), times: written }];
    if (on || state.crashes === 0 || state.late !== undefined) return;
    const open = { ...written, openDetach: { policy, sentAt: now } };
    const crashed = {
      crashes: state.crashes - 1,
      leaderSince: now,
      times: open,
      late: { policy, until: now + DEADLINE },
    };
    yield [`${label}, and the leader dies`, { ...state, ...crashed }];
  }

  #handedOver({ P, K, times, now }: State): boolean {
    const { attachedAt = -99, detachedAt = -99, openDetach } = times;
    if (openDetach !== undefined && now <= openDetach.sentAt + DEADLINE) return false;
    return K.on && !P.on && now >= Math.max(attachedAt, detachedAt) + SETTLE;
  }

  #through(state: State): Through {
    const { P, K, times, now, aborted } = state;
    const open = times.openDetach !== undefined && now <= times.openDetach.sentAt + DEADLINE;
    const certain = !open && now >= (times.attachedAt ?? -99) + SETTLE;
    const goal = aborted ? 'P' : 'K';
    const given = new Set(['P', 'K'].filter((name) => state[name as 'P' | 'K'].on && (name !== goal || certain)));
    const home = P.on === (goal === 'P') && K.on === (goal === 'K');
    const gathered = new Set(home && given.has(goal) ? [goal] : []);
    const waits = !aborted && !this.#handedOver(state);
    const { parkAfter } = this.#options;
    return { given, gathered, lent: [], spread: waits ? { group: 'g', parkAfter } : undefined };
  }

  #assetInput(state: State, { P, K, times }: Member, through: Through): AssetInput {
    const { openDetach: _none, ...assetTimes } = times;
    const attached = new Set([...(P.on ? ['P'] : []), ...(K.on ? ['K'] : [])]);
    return {
      direction: state.aborted ? 'back' : 'forward',
      certificates: [{ certificateArn: 'c', attached, readAt: state.now }],
      changes: [{ baseline: 'P', candidate: 'K' }],
      through,
      candidateDefaults: new Map([['K', state.serves.on ? 'new' : 'brake']]),
      flippedAt: state.flippedAt,
      record: { ...assetTimes },
      mayContract: { yes: true },
      noDetachBefore: state.leaderSince,
      expandedHealth: 'healthy',
      verdict: 'succeeded',
      addsDeny: this.#options.denies.length > 0,
      settleMs: SETTLE,
      silenceMs: 9,
      now: state.now,
    };
  }

  #set(cell: Cell, on: boolean, now: number): Cell {
    return cell.on === on ? cell : { on, staleUntil: now + SETTLE };
  }

  violated(state: State): string | undefined {
    for (const [index, member] of state.members.entries()) {
      for (const rights of this.#visible(state, member)) {
        if (!rights.has('keep')) return `m${index} may be without what it keeps`;
        const { had, phase } = member;
        const lost = !rights.has('old') && (had === 'old' || this.#options.denies.length === 0);
        const alters = (had !== 'new' && lost) || (had === 'old' && rights.has('new'));
        if (phase === 'queued' && alters) return `m${index} notices before its turn`;
        const owed = had !== 'new' && this.#options.denies.length === 0 && !rights.has('old');
        if (phase === 'parked' && owed) return `m${index} loses what it waits with`;
      }
    }
    if (!state.P.on && !state.K.on) return 'the group is empty';
    return undefined;
  }

  /** In every combination in which AWS may apply what was changed a moment ago. */
  *#visible(state: State, { P, K }: Member): Iterable<ReadonlySet<string>> {
    const values = ({ on, staleUntil }: Cell) => (staleUntil > state.now ? [true, false] : [on]);
    for (const own of values(P)) {
      for (const ofGroup of values(state.P)) {
        for (const ownK of values(K)) {
          for (const groupK of values(state.K))
            for (const serves of values(state.serves)) yield this.#rights(own || ofGroup, ownK || groupK, serves);
        }
      }
    }
  }

  #rights(old: boolean, candidate: boolean, serves: boolean): ReadonlySet<string> {
    const { gives, denies } = this.#options;
    const allowed = [
      ...(old || (candidate && !serves) ? ['keep', 'old'] : []),
      ...(candidate && serves ? ['keep', ...gives] : []),
    ];
    return new Set(allowed.filter((right) => !(candidate && serves && denies.includes(right))));
  }

  /** Nothing is still on its way. */
  isQuiet({ late, now, P, K, serves, members }: State): boolean {
    const cells = [P, K, serves, ...members.flatMap((m) => [m.P, m.K])];
    return late === undefined && cells.every(({ staleUntil }) => staleUntil <= now);
  }

  ending({ P, K, members, aborted }: State): string {
    const on = (p: Cell, k: Cell) => `${p.on ? 'P' : ''}${k.on ? 'K' : ''}` || '-';
    const all = [...new Set(members.map((m) => on(m.P, m.K)))].sort();
    return `${aborted ? 'aborted' : 'forward'}: ${on(P, K)} with ${all.join(',')}`;
  }
}
