/**
 * A small explicit-state model of one asset under the real `planAsset`: every order in which AWS may make calls visible,
 * every lost reply, crash, lost record, late Detach of a dead leader, abort and brake. Exhaustive, not random.
 *
 * One settle time is three ticks, longer than a call can be under way. A call changes what is stored at once; what the broker applies may be the old value for
 * up to three ticks, each edge and each default version on its own.
 */
import { type AssetInput, planAsset } from '../../../operator/rollout/asset.ts';
import type {
  AssetDecision,
  AssetRecord,
  CandidateDefault,
  Direction,
  PolicyChange,
  Verdict,
} from '../../../operator/rollout/types.ts';
import { type Found, search } from './search.ts';

const SETTLE = 3;
const CALL_DEADLINE = 1;
const SILENCE = 3;

export interface ModelChange extends PolicyChange {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly denies: readonly string[];
}

export interface ModelOptions {
  readonly certificates: number;
  readonly changes: readonly ModelChange[];
  readonly addsDeny: boolean;
  readonly crashes: number;
  /** Whether an abort flips the candidates' default versions, or only sends the asset back by attachment. */
  readonly brake: boolean;
  /** Replaces the planner: to show that the model finds broken mechanics. */
  readonly plan?: (input: AssetInput) => AssetDecision;
}

interface Cell {
  /** What AWS stores. */
  readonly on: boolean;
  /** Until when the broker may still apply the opposite. */
  readonly staleUntil: number;
}

interface Late {
  readonly edge: number;
  readonly until: number;
}

interface State {
  readonly now: number;
  /** certificate × (baseline, candidate of each change). */
  readonly edges: readonly Cell[];
  /** true: the candidate serves its new document. */
  readonly defaults: readonly Cell[];
  readonly view: { readonly on: readonly boolean[]; readonly readAt: readonly number[] };
  readonly record: AssetRecord;
  readonly direction: Direction;
  readonly flippedAt: number | undefined;
  readonly leaderSince: number;
  readonly late: Late | undefined;
  readonly aborted: boolean;
  readonly crashes: number;
  readonly done: string | undefined;
}

export function explore(options: ModelOptions): Found {
  const model = new Model(options);
  const first = model.start();
  return search({
    first,
    keyOf: key,
    successors: (state) => (state.done === undefined ? model.successors(state) : []),
    violated: (state) => model.violated(state),
    ending: ({ done }) => done,
  });
}

/** States that differ only by how long ago things happened, beyond what matters, are one. */
function key(state: State): string {
  const ago = (time: number | undefined): number | string =>
    time === undefined ? '-' : Math.min(2 * SETTLE + 1, state.now - time);
  return JSON.stringify([
    state.edges.map((c) => [c.on, Math.max(0, c.staleUntil - state.now)]),
    state.defaults.map((c) => [c.on, Math.max(0, c.staleUntil - state.now)]),
    state.view.on,
    state.view.readAt.map(ago),
    ago(state.record.attachedAt),
    ago(state.record.detachedAt),
    state.record.openDetach
      ? [state.record.openDetach.certificateArn, state.record.openDetach.policy, ago(state.record.openDetach.sentAt)]
      : '',
    state.direction,
    ago(state.flippedAt),
    ago(state.leaderSince),
    state.late ? [state.late.edge, Math.max(0, state.late.until - state.now)] : '',
    state.aborted,
    state.crashes,
    state.done,
  ]);
}

class Model {
  readonly #options: ModelOptions;
  readonly #required: readonly string[];

  constructor(options: ModelOptions) {
    this.#options = options;
    const denied = new Set(options.changes.flatMap((c) => c.denies));
    const after = new Set(options.changes.flatMap((c) => c.after).filter((right) => !denied.has(right)));
    this.#required = options.changes.flatMap((c) => c.before).filter((right) => after.has(right));
  }

  start(): State {
    const edges: Cell[] = [];
    for (let c = 0; c < this.#options.certificates; c += 1) {
      for (const _ of this.#options.changes) edges.push({ on: true, staleUntil: 0 }, { on: false, staleUntil: 0 });
    }
    return {
      now: 100,
      edges,
      defaults: this.#options.changes.map(() => ({ on: true, staleUntil: 0 })),
      view: { on: edges.map((e) => e.on), readAt: new Array<number>(this.#options.certificates).fill(100) },
      record: {},
      direction: 'forward',
      flippedAt: undefined,
      leaderSince: 0,
      late: undefined,
      aborted: false,
      crashes: this.#options.crashes,
      done: undefined,
    };
  }

  *successors(state: State): Iterable<readonly [string, State]> {
    yield ['tick', this.#landed({ ...state, now: state.now + 1 })];
    if (state.late) yield ['late detach lands', this.#setEdge({ ...state, late: undefined }, state.late.edge, false)];
    if (!state.aborted) yield ['abort', this.#abort(state)];
    if (state.crashes > 0) {
      const restarted = this.#read({ ...state, leaderSince: state.now, crashes: state.crashes - 1 });
      yield ['crash', restarted];
      yield ['crash and lost record', { ...restarted, record: {} }];
    }
    for (const verdict of ['succeeded', 'failed', 'inconclusive'] as const) {
      for (const mayContract of [true, false]) yield* this.#step(state, verdict, mayContract);
    }
  }

  /** A late Detach that has not landed by its deadline never does. */
  #landed(state: State): State {
    return state.late && state.now > state.late.until ? { ...state, late: undefined } : state;
  }

  #abort(state: State): State {
    if (!this.#options.brake) return { ...state, direction: 'back', aborted: true };
    const defaults = state.defaults.map(() => ({ on: false, staleUntil: state.now + SETTLE }));
    return { ...state, defaults, flippedAt: state.now, direction: 'back', aborted: true };
  }

  *#step(state: State, verdict: Verdict, mayContract: boolean): Iterable<readonly [string, State]> {
    const decision = (this.#options.plan ?? planAsset)(this.#input(state, verdict, mayContract));
    switch (decision.kind) {
      case 'wait':
        return;
      case 'read':
        yield ['read', this.#read(state)];
        return;
      case 'stamp':
        yield ['stamp', { ...state, record: { ...state.record, attachedAt: state.now, detachedAt: state.now } }];
        return;
      case 'done':
        if (decision.state === 'RollingBack') yield ['go back', { ...state, direction: 'back' }];
        else if (decision.state === 'Succeeded' && state.direction === 'forward') {
          yield ['succeeded', { ...state, done: 'Succeeded' }];
          yield ['go home', { ...state, direction: 'home' }];
        } else yield ['done', { ...state, done: `${decision.state} ${state.direction}` }];
        return;
      case 'call':
        yield* this.#call(state, decision.call.kind, this.#edge(decision.call.target, decision.call.policy), decision);
        return;
      case 'switch':
        throw new Error('no switch in this model');
      case 'endSessions':
        throw new Error('sessions are ended by no strategy of this model');
      default:
        decision satisfies never;
    }
  }

  *#call(
    state: State,
    kind: 'attach' | 'detach',
    edge: number,
    decision: AssetDecision & { readonly kind: 'call' },
  ): Iterable<readonly [string, State]> {
    const label = `${kind} ${decision.call.policy}@${decision.call.target}`;
    const record: AssetRecord =
      kind === 'attach'
        ? { ...state.record, attachedAt: state.now }
        : {
            ...state.record,
            detachedAt: state.now,
            openDetach: { certificateArn: decision.call.target, policy: decision.call.policy, sentAt: state.now },
          };
    const sent = { ...state, record };
    const effective = this.#setEdge(sent, edge, kind === 'attach');
    yield [label, kind === 'attach' ? this.#seen(effective, edge, true) : effective];
    yield [`${label} (reply lost)`, effective];
    yield [`${label} (refused)`, sent];
    if (kind === 'detach' && state.crashes > 0) {
      const late = { edge, until: state.now + CALL_DEADLINE };
      yield [
        `${label} (leader dies, still on its way)`,
        this.#read({ ...sent, late, leaderSince: state.now, crashes: state.crashes - 1 }),
      ];
    }
  }

  #seen(state: State, edge: number, on: boolean): State {
    return { ...state, view: { ...state.view, on: state.view.on.map((was, index) => (index === edge ? on : was)) } };
  }

  #read(state: State): State {
    const view = { on: state.edges.map((e) => e.on), readAt: state.view.readAt.map(() => state.now) };
    const { openDetach, ...rest } = state.record;
    const record = openDetach && openDetach.sentAt < state.now ? rest : state.record;
    return { ...state, view, record };
  }

  #setEdge(state: State, edge: number, on: boolean): State {
    const edges = state.edges.map((cell, index) =>
      index !== edge || cell.on === on ? cell : { on, staleUntil: state.now + SETTLE },
    );
    return { ...state, edges };
  }

  #edge(target: string, policy: string): number {
    const certificate = Number(target.slice(1));
    const change = this.#options.changes.findIndex((c) => c.baseline === policy || c.candidate === policy);
    const side = this.#options.changes[change]!.baseline === policy ? 0 : 1;
    return certificate * this.#options.changes.length * 2 + change * 2 + side;
  }

  #input(state: State, verdict: Verdict, mayContract: boolean): AssetInput {
    const { changes } = this.#options;
    const width = changes.length * 2;
    return {
      direction: state.direction,
      changes,
      certificates: state.view.readAt.map((readAt, c) => ({
        certificateArn: `c${c}`,
        readAt,
        attached: new Set(
          changes.flatMap((change, index) => [
            ...(state.view.on[c * width + index * 2] ? [change.baseline] : []),
            ...(state.view.on[c * width + index * 2 + 1] ? [change.candidate] : []),
          ]),
        ),
      })),
      candidateDefaults: new Map(
        changes.map((c, index): [string, CandidateDefault] => [
          c.candidate,
          state.defaults[index]!.on ? 'new' : 'brake',
        ]),
      ),
      flippedAt: state.flippedAt,
      record: state.record,
      mayContract: mayContract ? { yes: true } : { yes: false, why: 'no contact' },
      noDetachBefore: state.leaderSince + CALL_DEADLINE + 1,
      expandedHealth: verdict === 'failed' ? 'failing' : 'healthy',
      verdict,
      addsDeny: this.#options.addsDeny,
      settleMs: SETTLE,
      silenceMs: SILENCE,
      now: state.now,
    };
  }

  /** Whatever the broker may apply now contains what the asset had and keeps. */
  violated(state: State): string | undefined {
    const { changes } = this.#options;
    const width = changes.length * 2;
    for (let c = 0; c < this.#options.certificates; c += 1) {
      const cells = [...state.edges.slice(c * width, (c + 1) * width), ...state.defaults];
      for (const visible of combinations(cells, state.now)) {
        const lost = this.#lost(visible);
        if (lost !== undefined) return `certificate ${c} may be without ${lost}`;
      }
    }
    return undefined;
  }

  #lost(visible: readonly boolean[]): string | undefined {
    const { changes } = this.#options;
    const allowed = new Set<string>();
    const denied = new Set<string>();
    for (const [index, change] of changes.entries()) {
      const isNew = visible[changes.length * 2 + index];
      if (visible[index * 2]) for (const right of change.before) allowed.add(right);
      if (!visible[index * 2 + 1]) continue;
      for (const right of isNew ? change.after : change.before) allowed.add(right);
      if (isNew) for (const right of change.denies) denied.add(right);
    }
    return this.#required.find((right) => !allowed.has(right) || denied.has(right));
  }
}

function* combinations(cells: readonly Cell[], now: number): Iterable<readonly boolean[]> {
  const uncertain = cells.flatMap((cell, index) => (cell.staleUntil > now ? [index] : []));
  for (let mask = 0; mask < 2 ** uncertain.length; mask += 1) {
    const visible = cells.map((cell) => cell.on);
    for (const [bit, index] of uncertain.entries()) if (mask & (1 << bit)) visible[index] = !visible[index];
    yield visible;
  }
}
