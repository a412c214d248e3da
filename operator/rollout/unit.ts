import type { AssetInput, Permission } from './asset.ts';
import {
  type AssetDecision,
  type AssetRecord,
  type AssetState,
  type Direction,
  type Through,
  underWay,
  type Verdict,
} from './types.ts';

/** A thing with the certificates that are attached to it. */
export interface Thing {
  readonly id: string;
  readonly certificates: readonly string[];
}

/**
 * Things that share a certificate, directly or through others that do: whatever is done to one of them is done to all. Each unit has
 * two things or more, by name; a thing that shares with nobody is in none.
 */
export function unitsAmong(things: Iterable<Thing>): readonly (readonly string[])[] {
  const above = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let next = above.get(root); next !== undefined; next = above.get(root)) root = next;
    if (root !== id) above.set(id, root);
    return root;
  };
  const owners = new Map<string, string>();
  const sharing = new Set<string>();
  for (const { id, certificates } of things) {
    for (const certificate of certificates) {
      const owner = owners.get(certificate);
      if (owner === undefined) owners.set(certificate, id);
      if (owner === undefined || owner === id) continue;
      sharing.add(owner).add(id);
      const [one, other] = [rootOf(owner), rootOf(id)];
      if (one !== other) above.set(one, other);
    }
  }
  const units = Map.groupBy([...sharing].sort(), rootOf);
  return [...units.values()].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

/** What the record of one thing says of the unit, in the rollout that moves it now. */
export interface Told {
  readonly id: string;
  /** Queued where its record speaks of another rollout, or of none. */
  readonly state: AssetState;
  /** Whether its record is its own; the others of a unit repeat what that of the first says. */
  readonly own: boolean;
  /** Whom it has seen lead. */
  readonly leadBefore?: string | undefined;
}

/**
 * Which thing of a unit carries out the calls. Whoever began goes on: its record is the one that tells what was done. Where two units
 * become one, the one that goes back decides, then the one that is under way. Without any record it is the first by name.
 */
export function leadOf(things: readonly Told[]): string {
  const rank = ({ state, own }: Told): number => {
    if (!own || state === 'Queued') return 3;
    if (state === 'RollingBack' || state === 'Unrecovered') return 0;
    return underWay(state) ? 1 : 2;
  };
  const sorted = [...things].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  const [first] = sorted;
  if (first === undefined) throw new Error('a unit has things');
  if (rank(first) < 3) return first.id;
  const known = sorted.find(({ leadBefore }) => sorted.some(({ id }) => id === leadBefore));
  return known?.leadBefore ?? first.id;
}

/**
 * The latest that any of their records says: what has not settled for one has not for the others. Only where the first knows
 * something itself: what the others repeat may be older than what was done, and is no record of it.
 */
export function unitRecord(first: AssetRecord, others: readonly AssetRecord[]): AssetRecord {
  const all = [first, ...others];
  const latest = (pick: (record: AssetRecord) => number | undefined): number | undefined => {
    const times = all.flatMap((record) => pick(record) ?? []);
    return times.length === 0 ? undefined : Math.max(...times);
  };
  const openDetach = all
    .flatMap(({ openDetach: open }) => open ?? [])
    .sort((a, b) => b.sentAt - a.sentAt)
    .at(0);
  const knows = first.attachedAt ?? first.detachedAt ?? first.switchedAt;
  const found = {
    ...(knows === undefined
      ? {}
      : {
          attachedAt: latest(({ attachedAt }) => attachedAt),
          detachedAt: latest(({ detachedAt }) => detachedAt),
          switchedAt: latest(({ switchedAt }) => switchedAt),
        }),
    sessionsEndedAt: latest(({ sessionsEndedAt }) => sessionsEndedAt),
    openDetach,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** What the new first does before anything else: the record that it has is a copy, and may be older than what was done. */
export function takeOver(direction: Direction): AssetDecision {
  const back = direction === 'back' ? 'RollingBack' : 'Succeeded';
  const why = 'another one of those that share its certificates led before: the settle time starts again';
  return { kind: 'stamp', state: direction === 'forward' ? 'Expanding' : back, why };
}

/**
 * What all of them have through their thing groups. A policy that one of them is not given has to be on the certificates; one that
 * is on them for the sake of another is none that a group gives back to all.
 */
export function throughAll(all: readonly [Through, ...Through[]]): Through {
  const [first, ...others] = all;
  const common = (pick: (each: Through) => ReadonlySet<string>) =>
    new Set([...pick(first)].filter((name) => others.every((each) => pick(each).has(name))));
  return {
    given: common(({ given }) => given),
    gathered: common(({ gathered }) => gathered),
    lent: [...new Set(all.flatMap(({ lent }) => lent))],
    spread: all.find(({ spread }) => spread !== undefined)?.spread,
  };
}

/** What is known of one thing of a unit. */
export interface Finding {
  readonly id: string;
  readonly permission: Permission;
  readonly expandedHealth: AssetInput['expandedHealth'];
  readonly verdict: Verdict;
  readonly lifelineDenied: boolean;
  readonly reason: string;
  readonly why: string;
}

/**
 * One verdict over all things: the first that may not lose anything keeps all where they are, one that fails brings all back, and
 * only when each has its own evidence have they succeeded. `lackingReason` is no evidence of anything and speaks for none.
 */
export function judgeTogether(findings: readonly [Finding, ...Finding[]], lackingReason: string): Omit<Finding, 'id'> {
  const [first] = findings;
  const bad = findings.find(({ verdict, expandedHealth }) => verdict === 'failed' || expandedHealth === 'failing');
  const open = findings.find(({ verdict }) => verdict === 'inconclusive');
  const told = bad ?? open ?? findings.find(({ reason }) => reason !== lackingReason) ?? first;
  const stopped = findings.find(({ permission }) => !permission.yes);
  const names = findings.map(({ id }) => id);
  return {
    permission: stopped === undefined ? first.permission : named(stopped),
    expandedHealth: findings.some(({ expandedHealth }) => expandedHealth === 'failing') ? 'failing' : 'healthy',
    verdict: findings.some(({ verdict }) => verdict === 'failed') ? 'failed' : (open?.verdict ?? 'succeeded'),
    lifelineDenied: findings.some(({ lifelineDenied }) => lifelineDenied),
    reason: told.reason,
    why:
      bad === undefined && open === undefined ? `${told.why} (each of ${names.join(', ')})` : `${told.id}: ${told.why}`,
  };
}

function named({ id, permission }: Finding): Permission {
  return permission.yes ? permission : { yes: false, why: `${id}, which moves with it: ${permission.why}` };
}

/** Why a unit could never move under these bounds; undefined when it can. `sites`: for each budget how many of its things count there. */
export function unitProblem(
  things: readonly string[],
  {
    maxInFlight,
    budgets,
    sites,
  }: {
    readonly maxInFlight: number;
    readonly budgets: readonly number[];
    readonly sites: readonly ReadonlyMap<string, number>[];
  },
): string | undefined {
  const who = `${shown(things)} share certificates, so they move as one`;
  if (things.length > MOST_THINGS) {
    return `${who}: ${things.length} at a time, where a record names at most ${MOST_THINGS}; give each Device a certificate of its own`;
  }
  if (things.length > maxInFlight) {
    return `${who}: ${things.length} at a time, where strategy.maxInFlight allows ${maxInFlight}; raise it to ${things.length}, or give each Device a certificate of its own`;
  }
  for (const [index, most] of budgets.entries()) {
    for (const [site, count] of sites[index] ?? []) {
      if (count <= most) continue;
      return `${who}: ${count} of ${site} at a time, where strategy.budgets[${index}].maxInFlight allows ${most}; raise it to ${count}, or give each Device a certificate of its own`;
    }
  }
  return undefined;
}

const SHOWN = 5;
/** What the status of a Device names at most. */
const MOST_THINGS = 50;

function shown(things: readonly string[]): string {
  const more = things.length > SHOWN ? ` and ${things.length - SHOWN} more` : '';
  return `devices ${things.slice(0, SHOWN).join(', ')}${more}`;
}
