/**
 * An explicit-state model of a policy that moves by its thing group: attach, detach and membership calls, each visible at
 * once or late, in any order; members come and go and certificates are rotated meanwhile. It answers whether a sequence of
 * steps ever leaves a certificate of a member without what it keeps.
 */
import { type Found, search } from './search.ts';

const SETTLE = 2;

/** One step of the group's way, as the ThingGroup controller takes them. */
export type GroupStep =
  | { readonly kind: 'attach' | 'detach'; readonly policy: 'B' | 'K'; readonly to: 'group' | 'members' }
  | { readonly kind: 'settle' };

const fan = (kind: 'attach' | 'detach', policy: 'B' | 'K'): GroupStep => ({ kind, policy, to: 'members' });
const group = (kind: 'attach' | 'detach', policy: 'B' | 'K'): GroupStep => ({ kind, policy, to: 'group' });
const settle: GroupStep = { kind: 'settle' };

/**
 * Fan out, hand the group over while it is never empty, contract member by member, gather. Every listing of the members is
 * made anew, so a member that came meanwhile is served by what the group carries.
 */
export const NEVER_EMPTY: readonly GroupStep[] = [
  fan('attach', 'B'),
  settle,
  fan('attach', 'B'),
  group('attach', 'K'),
  settle,
  group('detach', 'B'),
  settle,
  fan('detach', 'B'),
  settle,
];

/** What suggests itself: everybody gets a copy, the group is emptied, the assets move, the group is filled again. */
export const EMPTIED_FIRST: readonly GroupStep[] = [
  fan('attach', 'B'),
  settle,
  group('detach', 'B'),
  settle,
  fan('attach', 'K'),
  settle,
  fan('detach', 'B'),
  settle,
  group('attach', 'K'),
  settle,
  fan('detach', 'K'),
];

/** The group order without waiting between the new policy and the end of the old one. */
export const UNSETTLED: readonly GroupStep[] = NEVER_EMPTY.filter(
  (step, index) => !(step.kind === 'settle' && index === 4),
);

type Cell = readonly [on: boolean, staleUntil: number];
type Edges = Readonly<Record<'B' | 'K', Cell>>;

interface State {
  readonly now: number;
  readonly at: number;
  readonly since: number;
  readonly group: Edges;
  readonly certificates: readonly Edges[];
  /** How many more certificates may come: a thing that joins, or a new certificate of a member. */
  readonly joiners: number;
  readonly fanned: number;
}

const NONE: Edges = { B: [false, 0], K: [false, 0] };

/** Certificates that are there from the start, and one more that comes at any moment. Keeps: what B and K both give. */
export function exploreGroup(steps: readonly GroupStep[], certificates: number, joiners = 1): Found {
  const first: State = {
    now: 10,
    at: 0,
    since: 10,
    group: { B: [true, 0], K: [false, 0] },
    certificates: Array.from({ length: certificates }, () => NONE),
    joiners,
    fanned: 0,
  };
  return search({
    first,
    keyOf,
    successors: (state) => successors(state, steps),
    violated(state) {
      const bare = state.certificates.findIndex((own) => !covered(state, own));
      return bare < 0 ? undefined : `certificate ${bare} may carry neither`;
    },
    ending: () => undefined,
  });
}

function keyOf({ now, at, since, group: held, certificates, joiners, fanned }: State): string {
  const cell = ([on, until]: Cell) => `${on ? 1 : 0}${Math.max(0, until - now)}`;
  const edges = (all: Edges) => `${cell(all.B)}${cell(all.K)}`;
  return [at, Math.min(SETTLE, now - since), edges(held), certificates.map(edges).join(), joiners, fanned].join('|');
}

function* successors(state: State, steps: readonly GroupStep[]): Iterable<readonly [string, State]> {
  yield ['tick', { ...state, now: state.now + 1 }];
  if (state.joiners > 0)
    yield [
      'a certificate comes',
      { ...state, joiners: state.joiners - 1, certificates: [...state.certificates, NONE] },
    ];
  const step = steps[state.at];
  if (step === undefined) return;
  const { now } = state;
  const onward = { ...state, at: state.at + 1, since: now, fanned: 0 };
  if (step.kind === 'settle') {
    if (now - state.since >= SETTLE) yield ['settled', onward];
    return;
  }
  const set = (edges: Edges): Edges => {
    const on = step.kind === 'attach';
    return edges[step.policy][0] === on ? edges : { ...edges, [step.policy]: [on, now + SETTLE] };
  };
  if (step.to === 'group') {
    yield [`${step.kind} ${step.policy} group`, { ...onward, group: set(state.group) }];
    return;
  }
  // One member after the other; whoever joins while it goes on is served or not, as the listing was.
  const next = state.certificates.findIndex((edges, index) => index >= state.fanned && set(edges) !== edges);
  if (next < 0) yield ['all served', onward];
  else {
    const certificates = state.certificates.map((edges, index) => (index === next ? set(edges) : edges));
    yield [`${step.kind} ${step.policy} c${next}`, { ...state, certificates, fanned: next + 1, since: now }];
  }
}

/** In every visible combination one of the two policies reaches the certificate, by itself or by the group. */
function covered({ now, group: held }: State, own: Edges): boolean {
  const sure = ([on, until]: Cell) => on && until <= now;
  return [own.B, own.K, held.B, held.K].some(sure);
}
