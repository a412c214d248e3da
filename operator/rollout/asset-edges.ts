import type { AssetInput } from './asset.ts';
import type { AssetCall, AssetRecord, CertificateEdges, EdgeChange, Switch } from './types.ts';

/** What one asset carries against what it is to carry, and since when that is in force. */
const NONE: EdgeChange = { attach: [], detach: [], pins: [], switches: [] };

interface Sides {
  /** To be on every certificate before anything is taken away. */
  readonly wanted: readonly string[];
  /** To be taken away in the end. */
  readonly left: readonly string[];
}

/**
 * Pins bridge a switch: they come before it and go after it, whichever way it is thrown. What a group gives need not be on
 * the certificates; before a group is handed over both policies are.
 */
function sidesOf(input: AssetInput): Sides {
  const { wanted, left } = ownSides(input);
  const { through } = input;
  if (through === undefined) return { wanted, left };
  if (through.spread !== undefined && input.direction === 'forward') {
    // Where the group has given up the old policy already, whoever joins it never had that.
    const bridges = input.changes.flatMap(({ baseline, candidate }) => {
      if (through.given.has(baseline)) return [baseline, candidate];
      return through.given.has(candidate) ? [] : [candidate];
    });
    return {
      wanted: [...new Set([...bridges, ...(input.edges?.attach ?? []), ...(input.edges?.pins ?? [])])],
      left: [],
    };
  }
  return {
    wanted: wanted.filter((policy) => !through.given.has(policy)),
    left: [...left, ...wanted.filter((policy) => through.gathered.has(policy))],
  };
}

function ownSides({ direction, changes, edges = NONE }: AssetInput): Sides {
  const forward = direction === 'forward';
  const thrown = edges.switches.every(({ made }) => made === forward);
  const before = [...changes.map(({ baseline }) => baseline), ...edges.detach];
  const after = [...changes.map(({ candidate }) => candidate), ...edges.attach];
  const [to, from] = forward ? [after, before] : [before, after];
  return {
    wanted: thrown ? to : [...to, ...edges.pins],
    left: thrown ? [...from, ...edges.pins.filter((pin) => !to.includes(pin))] : from,
  };
}

/** The next policy that some certificate still has to get. */
export function firstMissing(input: AssetInput): AssetCall | undefined {
  return firstEdge(input.certificates, sidesOf(input).wanted, false);
}

/** The next policy that some certificate still has to lose. */
export function firstSuperfluous(input: AssetInput): AssetCall | undefined {
  return firstEdge(input.certificates, sidesOf(input).left, true);
}

export function nextSwitch({ direction, edges = NONE }: AssetInput): Switch | undefined {
  return edges.switches.find(({ made }) => made !== (direction === 'forward'));
}

/** Whether we have taken something from the asset already. What somebody else took is no reason to take the rest. */
export function begun({ certificates, changes, edges = NONE, record }: AssetInput): boolean {
  if (edges.switches.some(({ made }) => made)) return true;
  const before = [...changes.map(({ baseline }) => baseline), ...edges.detach];
  return hasTaken(record) && firstEdge(certificates, before, false) !== undefined;
}

/**
 * Begun, and by whom is not known: the record was lost, and all that it says since is when that was noticed. We may have taken
 * what is missing, or somebody else.
 */
export function mayHaveBegun(input: AssetInput): boolean {
  const { attachedAt, detachedAt } = input.record;
  return detachedAt !== undefined && detachedAt === attachedAt && begun(input);
}

/** Where the record was lost it says so from when that was noticed. */
export function hasTaken({ detachedAt, startedAt = Number.NEGATIVE_INFINITY }: AssetRecord): boolean {
  return detachedAt !== undefined && detachedAt >= startedAt;
}

/** Whether this rollout has done anything to the asset, as far as its record tells. */
export function hasActed({
  attachedAt,
  detachedAt,
  switchedAt,
  startedAt = Number.NEGATIVE_INFINITY,
}: AssetRecord): boolean {
  return [attachedAt, detachedAt, switchedAt].some((at) => at !== undefined && at >= startedAt);
}

/** Whether the asset is anywhere else than where it was before the rollout. */
export function isTouched({
  certificates,
  changes,
  edges = NONE,
  through,
}: Pick<AssetInput, 'certificates' | 'changes' | 'edges' | 'through'>): boolean {
  if (edges.switches.some(({ made }) => made)) return true;
  const has = (attached: ReadonlySet<string>, policy: string) => attached.has(policy) || through?.given.has(policy);
  return certificates.some(
    ({ attached }) =>
      changes.some((c) => attached.has(c.candidate) || !has(attached, c.baseline)) ||
      edges.attach.some((policy) => attached.has(policy)) ||
      edges.detach.some((policy) => !attached.has(policy)),
  );
}

/** When all that was attached is certainly in force, so that a switch may be thrown. */
export function expandSettledAt(input: AssetInput): number {
  return Math.max(input.record.attachedAt ?? -Infinity, input.flippedAt ?? -Infinity) + input.settleMs;
}

/** When switches are in force too, so that a policy may be taken away. */
export function switchSettledAt(input: AssetInput): number {
  return Math.max(expandSettledAt(input), (input.record.switchedAt ?? -Infinity) + input.settleMs);
}

/** When every call made so far is certainly in force, so that what is observed can be judged. */
export function allSettledAt(input: AssetInput): number {
  return Math.max(switchSettledAt(input), (input.record.detachedAt ?? -Infinity) + input.settleMs);
}

function firstEdge(
  certificates: readonly CertificateEdges[],
  policies: readonly string[],
  present: boolean,
): AssetCall | undefined {
  for (const { certificateArn, attached } of certificates) {
    for (const policy of policies) {
      if (attached.has(policy) !== present) continue;
      return { kind: present ? 'detach' : 'attach', policy, target: certificateArn };
    }
  }
  return undefined;
}
