/**
 * An explicit-state model of things that share certificates, under the real `planAsset`, `unitRecord` and `judgeTogether`: every order
 * of calls, lost replies, late Detaches, contacts, verdicts of each thing, repeated and lost records, changes of who leads, crashes
 * and an abort. What one asset goes through by itself is in model.ts; this is what things do to each other through a certificate.
 *
 * `thingByThing` moves each thing by itself, as if it shared nothing: the model has to find what that breaks.
 */
import { type AssetInput, planAsset } from '../../../operator/rollout/asset.ts';
import type { AssetDecision, AssetRecord, AssetState, Direction, Verdict } from '../../../operator/rollout/types.ts';
import { judgeTogether, takeOver, unitRecord } from '../../../operator/rollout/unit.ts';
import { type Found, search } from './search.ts';

const SETTLE = 2;
const CALL_DEADLINE = 1;
const CHANGE = { baseline: 'B', candidate: 'K' };
const GONE: AssetRecord = {};

export interface UnitModelOptions {
  /** For each thing the certificates that it has. */
  readonly things: readonly (readonly number[])[];
  readonly thingByThing: boolean;
  /** How often the first loses its record, or somebody else becomes the first. */
  readonly mishaps: number;
  /** Nobody is ever out of contact. */
  readonly alwaysThere?: boolean;
  /** Whoever takes over goes on from what it has repeated. */
  readonly knows?: boolean;
  /** Replaces what the records say together, or the verdict over all: to show that the model finds them broken. */
  readonly record?: typeof unitRecord;
  readonly judge?: typeof judgeTogether;
}

/** What AWS stores, and until when the broker may still apply the opposite. */
interface Cell {
  readonly on: boolean;
  readonly staleUntil: number;
}

interface Thing {
  readonly record: AssetRecord;
  /** Its record repeats that of another one. */
  readonly copied: boolean;
  readonly direction: Direction;
  readonly state: AssetState;
  readonly inContact: boolean;
}

interface State {
  readonly now: number;
  /** By certificate. */
  readonly baseline: readonly Cell[];
  readonly candidate: readonly Cell[];
  readonly things: readonly Thing[];
  /** Who carries out the calls; everybody for its own where each thing moves by itself. */
  readonly lead: number;
  readonly late: { readonly certificate: number; readonly policy: string; readonly until: number } | undefined;
  readonly leaderSince: number;
  readonly aborted: boolean;
  readonly mishaps: number;
}

export function exploreUnit(options: UnitModelOptions): Found {
  const certificates = Math.max(...options.things.flat()) + 1;
  const first: State = {
    now: 10,
    baseline: Array.from({ length: certificates }, () => ({ on: true, staleUntil: 0 })),
    candidate: Array.from({ length: certificates }, () => ({ on: false, staleUntil: 0 })),
    things: options.things.map(() => ({
      record: GONE,
      copied: false,
      direction: 'forward',
      state: 'Queued',
      inContact: true,
    })),
    lead: 0,
    late: undefined,
    leaderSince: 0,
    aborted: false,
    mishaps: options.mishaps,
  };
  return search({
    first,
    keyOf,
    successors: (state) => (endOf(state, options) === undefined ? successors(state, options) : []),
    violated: locked,
    ending: (state) => endOf(state, options),
  });
}

/** The baseline gives what is kept, and so does the candidate: a certificate that may be seen with neither has lost it. */
function locked({ baseline, candidate, now }: State): string | undefined {
  const mayBeOff = ({ on, staleUntil }: Cell) => !on || staleUntil > now;
  const index = baseline.findIndex((cell, certificate) => mayBeOff(cell) && mayBeOff(candidate[certificate]!));
  return index === -1 ? undefined : `certificate ${index} may be without what it keeps`;
}

const OVER: ReadonlySet<AssetState> = new Set(['Succeeded', 'RolledBack']);

function endOf({ things, lead }: State, { thingByThing }: UnitModelOptions): string | undefined {
  if (!thingByThing) return OVER.has(things[lead]!.state) ? things[lead]!.state : undefined;
  return things.every(({ state }) => OVER.has(state)) ? things.map(({ state }) => state).join(' ') : undefined;
}

function keyOf(state: State): string {
  const ago = (time: number | undefined) =>
    time === undefined ? '-' : Math.max(-2, Math.min(2 * SETTLE + 1, state.now - time));
  const cell = ({ on, staleUntil }: Cell) => `${on ? 1 : 0}${Math.max(0, staleUntil - state.now)}`;
  const thing = ({ record, copied, direction, state: at, inContact }: Thing) => {
    const { attachedAt, detachedAt, openDetach: open } = record;
    const sent = open === undefined ? '' : `${open.certificateArn}${open.policy}${ago(open.sentAt)}`;
    return [ago(attachedAt), ago(detachedAt), sent, copied, direction, at, inContact].join();
  };
  const late =
    state.late === undefined ? '' : Object.values({ ...state.late, until: state.late.until - state.now }).join();
  return [
    state.baseline.map(cell).join(),
    state.candidate.map(cell).join(),
    state.things.map(thing).join(';'),
    state.lead,
    late,
    ago(state.leaderSince),
    state.aborted,
    state.mishaps,
  ].join('|');
}

type Successor = readonly [label: string, state: State, wrong?: string | undefined];

function* successors(state: State, options: UnitModelOptions): Iterable<Successor> {
  const now = state.now + 1;
  yield ['tick', { ...state, now, late: state.late !== undefined && now > state.late.until ? undefined : state.late }];
  if (state.late !== undefined) {
    const { certificate, policy } = state.late;
    yield ['late detach lands', put({ ...state, late: undefined }, { certificate, policy, on: false })];
  }
  if (!state.aborted) {
    const things = state.things.map((thing): Thing => ({ ...thing, direction: 'back' }));
    yield ['abort', { ...state, things, aborted: true }];
  }
  for (const [index, thing] of state.things.entries()) {
    // Who leaves while something is taken is brought to a verdict all the same: only before is it a reason to wait.
    if (index > 0 && options.alwaysThere !== true)
      yield [
        `t${index} ${thing.inContact ? 'leaves' : 'comes'}`,
        change(state, index, { inContact: !thing.inContact }),
      ];
  }
  if (!options.thingByThing) yield* mishaps(state);
  const actors = options.thingByThing ? state.things.keys() : [state.lead];
  for (const index of actors) yield* act(state, index, options);
}

function* mishaps(state: State): Iterable<Successor> {
  const { things, lead } = state;
  const { openDetach: _own, ...shared } = things[lead]!.record;
  for (const [index, thing] of things.entries()) {
    if (index === lead || JSON.stringify(thing.record) === JSON.stringify(shared)) continue;
    // A Detach of its own that may be on its way stays in its record.
    if (thing.record.openDetach !== undefined) continue;
    yield [`t${index} repeats`, change(state, index, { record: shared, copied: true })];
  }
  if (state.mishaps === 0) return;
  const fewer = { ...state, mishaps: state.mishaps - 1 };
  yield ['the record is lost', { ...change(fewer, lead, { record: GONE, copied: false }), leaderSince: state.now }];
  const next = (lead + 1) % things.length;
  const { direction, state: at } = things[lead]!;
  yield ['another one leads', { ...change(fewer, next, { direction, state: at }), lead: next }];
  yield ['crash', { ...fewer, leaderSince: state.now }];
}

function change(state: State, index: number, more: Partial<Thing>): State {
  return { ...state, things: state.things.map((thing, at) => (at === index ? { ...thing, ...more } : thing)) };
}

interface Edge {
  readonly certificate: number;
  readonly policy: string;
  readonly on: boolean;
}

function put(state: State, { certificate, policy, on }: Edge): State {
  const side = policy === CHANGE.baseline ? 'baseline' : 'candidate';
  const cells = state[side].map((cell, index) =>
    index !== certificate || cell.on === on ? cell : { on, staleUntil: state.now + SETTLE },
  );
  return { ...state, [side]: cells };
}

const VERDICTS: readonly Verdict[] = ['succeeded', 'failed', 'inconclusive'];

function* act(state: State, index: number, options: UnitModelOptions): Iterable<Successor> {
  const thing = state.things[index]!;
  if (OVER.has(thing.state) && thing.direction === 'forward') return;
  const whom = options.thingByThing ? [index] : [...state.things.keys()];
  if (thing.copied) {
    const decision = options.knows === true ? undefined : takeOver(thing.direction);
    if (decision !== undefined) yield* carryOut(state, { index, whom, decision, verdict: 'inconclusive' }, options);
    else yield [`t${index} goes on`, change(state, index, { copied: false })];
    return;
  }
  for (const failing of options.thingByThing ? [0] : whom) {
    for (const verdict of VERDICTS) {
      // One has this verdict, the others are well: what differs more is no other decision.
      const input = inputFor(state, { index, whom, failing: options.thingByThing ? index : failing, verdict }, options);
      yield* carryOut(state, { index, whom, decision: planAsset(input), verdict }, options);
    }
  }
}

interface Asked {
  readonly index: number;
  readonly whom: readonly number[];
  readonly failing: number;
  readonly verdict: Verdict;
}

function inputFor(state: State, { index, whom, failing, verdict }: Asked, options: UnitModelOptions): AssetInput {
  const own = [...new Set(whom.flatMap((each) => options.things[each]!))].sort();
  const findings = whom.map((each) => ({
    id: `t${each}`,
    permission: state.things[each]!.inContact
      ? ({ yes: true } as const)
      : ({ yes: false, why: 'not connected' } as const),
    expandedHealth: each === failing && verdict === 'failed' ? ('failing' as const) : ('healthy' as const),
    verdict: each === failing ? verdict : ('succeeded' as const),
    lifelineDenied: false,
    reason: '',
    why: '',
  }));
  const [first, ...more] = findings;
  const judged = (options.judge ?? judgeTogether)([first!, ...more], 'Masked');
  const { record } = state.things[index]!;
  const others = options.thingByThing ? [] : state.things.filter((_, at) => at !== index).map((other) => other.record);
  return {
    direction: state.things[index]!.direction,
    changes: [CHANGE],
    certificates: own.map((certificate) => ({
      certificateArn: `c${certificate}`,
      attached: new Set([
        ...(state.baseline[certificate]!.on ? ['B'] : []),
        ...(state.candidate[certificate]!.on ? ['K'] : []),
      ]),
      readAt: state.now,
    })),
    candidateDefaults: new Map([['K', 'new']]),
    flippedAt: undefined,
    record: (options.record ?? unitRecord)(record, others),
    mayContract: judged.permission,
    noDetachBefore: state.leaderSince + CALL_DEADLINE + 1,
    expandedHealth: judged.expandedHealth,
    verdict: judged.verdict,
    addsDeny: false,
    settleMs: SETTLE,
    silenceMs: SETTLE,
    now: state.now,
  };
}

interface Act {
  readonly index: number;
  readonly whom: readonly number[];
  readonly decision: AssetDecision;
  readonly verdict: Verdict;
}

function* carryOut(state: State, { index, decision, verdict }: Act, options: UnitModelOptions): Iterable<Successor> {
  const { now } = state;
  const { record } = state.things[index]!;
  switch (decision.kind) {
    case 'stamp':
      yield [`t${index} stamp`, change(state, index, { record: { attachedAt: now, detachedAt: now }, copied: false })];
      return;
    case 'read': {
      const { openDetach, ...rest } = record;
      // It is read until the Detach can no longer be on its way.
      if (openDetach !== undefined && openDetach.sentAt < now)
        yield [`t${index} read`, change(state, index, { record: rest })];
      return;
    }
    case 'done':
      if (decision.state === 'RollingBack')
        yield [`t${index} goes back`, change(state, index, { direction: 'back', state: 'RollingBack' })];
      else
        yield [
          `t${index} ${decision.state}`,
          change(state, index, { state: decision.state }),
          unproven(decision.state, verdict),
        ];
      return;
    case 'call': {
      const { policy, target, kind } = decision.call;
      const certificate = Number(target.slice(1));
      const on = kind === 'attach';
      const open = { certificateArn: target, policy, sentAt: now + CALL_DEADLINE };
      const sent = change(state, index, {
        state: decision.state,
        record: on ? { ...record, attachedAt: now } : { ...record, detachedAt: now, openDetach: open },
      });
      const wrong = on ? undefined : untimely(state, { index, policy, certificate }, options);
      const label = `t${index} ${kind} ${policy}@${target}`;
      const { openDetach: _answered, ...closed } = sent.things[index]!.record;
      yield [label, put(change(sent, index, { record: closed }), { certificate, policy, on }), wrong];
      yield [`${label} (reply lost)`, put(sent, { certificate, policy, on }), wrong];
      if (!on)
        yield [
          `${label} (still on its way)`,
          { ...sent, late: { certificate, policy, until: now + CALL_DEADLINE } },
          wrong,
        ];
      return;
    }
    default:
      return;
  }
}

function unproven(state: AssetState, verdict: Verdict): string | undefined {
  return state === 'Succeeded' && verdict !== 'succeeded' ? `succeeded although one is ${verdict}` : undefined;
}

/** The first that is taken, in a forward move, from things of which one may not lose anything. */
function untimely(
  state: State,
  { index, policy, certificate }: { readonly index: number; readonly policy: string; readonly certificate: number },
  { things }: UnitModelOptions,
): string | undefined {
  if (state.things[index]!.direction !== 'forward' || policy !== CHANGE.baseline) return undefined;
  if (state.baseline.some(({ on }) => !on)) return undefined;
  const gone = things.findIndex((own, each) => own.includes(certificate) && !state.things[each]!.inContact);
  return gone === -1 ? undefined : `certificate ${certificate} is contracted while t${gone} is not there`;
}
