import type { DeviceLifeline, DeviceStatusLifeline } from '../api/device.gen.ts';
import { mergeLifelines } from './lifeline.ts';

/**
 * What an asset must never lose is not up to the commit that takes it away: what once was in its lifeline counts until its
 * removal has been approved, and in every rollout that was made before that.
 */

/** Where nothing is remembered: whatever of this the asset may do now counts as its lifeline. */
const EVERYTHING: DeviceLifeline = {
  jobs: true,
  classicShadow: true,
  tunnels: true,
  persistentSession: true,
  namedShadows: ['*'],
  roleAliases: ['*'],
};

/** Each thing that a lifeline asks for, in words; equal lifelines have equal lists. */
export function lifelineItems(lifeline: DeviceLifeline): readonly string[] {
  const { jobs, classicShadow, tunnels, persistentSession } = lifeline;
  const switches = Object.entries({ jobs, classicShadow, tunnels, persistentSession });
  const named = (what: string, names: readonly string[] | undefined) => (names ?? []).map((name) => `${what} ${name}`);
  return [
    ...switches.flatMap(([name, on]) => (on === true ? [name] : [])),
    ...named('namedShadows', lifeline.namedShadows),
    ...named('roleAliases', lifeline.roleAliases),
    ...named('willTopics', lifeline.willTopics),
    ...named('domains', lifeline.domains),
    ...named('sourceNetworks', lifeline.sourceNetworks),
    ...(lifeline.allow ?? []).flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => `allow ${action} ${resource}`)),
    ),
  ].sort();
}

/** Of an asset in use that was ours before and of which no record is left. */
export function assumedLifeline(): DeviceStatusLifeline {
  return { kept: textOf(EVERYTHING), assumed: true };
}

export interface MemoryInput {
  readonly previous: DeviceStatusLifeline | undefined;
  /** What the specs ask for now: account, type, device and its policies. */
  readonly now: DeviceLifeline;
  /** Removals that people consent to. */
  readonly approvals: readonly { readonly digest: string; readonly by: string; readonly token: string }[];
  readonly at: string;
  /** Eight digits of what is removed: an approval can only mean that. */
  readonly digestOf: (removed: readonly string[]) => string;
}

/** Pure: what is remembered of the lifeline after a look at the specs. */
export function rememberLifeline({
  previous,
  now,
  approvals,
  at,
  digestOf,
}: MemoryInput): DeviceStatusLifeline | undefined {
  const kept = previous === undefined ? {} : keptLifeline(previous);
  const assumed = previous?.assumed === true;
  const wanted = lifelineItems(now);
  const removed = lifelineItems(kept).filter((item) => !wanted.includes(item));
  const { before, since, approvedBy, token } = previous ?? {};
  const earlier = {
    ...(before === undefined ? {} : { before }),
    ...(since === undefined ? {} : { since }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(token === undefined ? {} : { token }),
  };
  if (removed.length === 0) {
    if (wanted.length === 0 && before === undefined) return undefined;
    return { kept: textOf(now), ...earlier };
  }
  const digest = digestOf(removed);
  // What comes back and is removed once more needs a word of its own.
  const approved = approvals.find((each) => each.digest === digest && each.token !== token);
  if (approved !== undefined) {
    const { by, token: used } = approved;
    return { kept: textOf(now), before: textOf(kept), since: at, approvedBy: by, token: used };
  }
  const shown = removed.map((item) => item.slice(0, MOST_CHARACTERS)).slice(0, MOST_SHOWN);
  const pending = { removed: shown, digest, ...(assumed ? { assumed } : {}) };
  return { kept: textOf(mergeLifelines([kept, now])), ...earlier, ...pending };
}

const MOST_SHOWN = 20;
const MOST_CHARACTERS = 512;

/** What counts beside the specs for a rollout made at that time: one made before a removal was approved does not profit. */
export function rememberedFor(
  memory: DeviceStatusLifeline | undefined,
  madeAt: string | undefined,
): readonly DeviceLifeline[] {
  if (memory === undefined) return [];
  const { since } = memory;
  const early = madeAt !== undefined && since !== undefined && Date.parse(madeAt) <= Date.parse(since);
  return [keptLifeline(memory), ...(early && memory.before !== undefined ? [parsed(memory.before)] : [])];
}

function keptLifeline({ kept }: DeviceStatusLifeline): DeviceLifeline {
  return parsed(kept);
}

/** A status that cannot be read is no reason to protect less. */
function parsed(text: string): DeviceLifeline {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as DeviceLifeline) : EVERYTHING;
  } catch {
    return EVERYTHING;
  }
}

/** Only what is asked for, in a fixed order. */
function textOf(lifeline: DeviceLifeline): string {
  const whole = mergeLifelines([lifeline]);
  const entries = Object.entries(whole).filter(
    ([, value]) => value === true || (Array.isArray(value) && value.length > 0),
  );
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}
