import type { Device, DeviceStatusRolloutChange } from '../../../api/device.gen.ts';
import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { sameDocument } from '../../../drift/document.ts';
import type { Family } from '../../../rollout/family.ts';
import { declaredNameOf, standsFor } from '../../../rollout/names.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { AWS_NAME } from '../../external/claim.ts';
import { begunWith, waitingFor } from '../asset/assets.ts';
import { changeIn, familiesOfAll, type Whereabouts } from '../asset/families.ts';
import { MOVES_POLICY, policyKey } from '../names.ts';
import { later } from './stance.ts';

/**
 * Whether a rollout of changes at Devices has taken the policy from an asset, or is about to, and may have to give it back: as
 * it was, so it is neither deleted nor written to. Until then AWS may also still apply it to that asset. The declared name is
 * needed for whoever loses a candidate as well: it holds what was proven before that one.
 */
export function isNeededBack(
  cache: Cache,
  { namespace, policy, but }: { readonly namespace: string; readonly policy: string; readonly but?: string },
): boolean {
  return isTaken(cache, { namespace, but }, ({ detach = [] }) =>
    detach.some((name) => name === policy || standsFor(name) === policy),
  );
}

/** Whether it must not be deleted: as above, or because an asset that is put back into a group needs it on its certificates meanwhile. */
export function isKeptForTheWayBack(
  cache: Cache,
  { namespace, policy }: { readonly namespace: string; readonly policy: string },
): boolean {
  const isPin = ({ pins = [] }: DeviceStatusRolloutChange) => pins.includes(policy);
  return isNeededBack(cache, { namespace, policy }) || isTaken(cache, { namespace }, isPin);
}

/** The same of a thing group that assets have left. */
export function isGroupNeededBack(
  cache: Cache,
  { namespace, group }: { readonly namespace: string; readonly group: string },
): boolean {
  return isTaken(cache, { namespace }, ({ leave = [] }) => leave.includes(group));
}

/** Whether a rollout from which assets may still go back has begun with such a change. */
function isTaken(
  cache: Cache,
  { namespace, but }: { readonly namespace: string; readonly but?: string | undefined },
  takes: (change: DeviceStatusRolloutChange) => boolean,
): boolean {
  for (const rollout of cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>) {
    const { metadata, spec, status } = rollout;
    // From one that has succeeded nobody goes back, and all that it took has settled.
    const over = status?.phase === 'Succeeded' || status?.homedAt !== undefined;
    if (metadata.name === but || spec.changes === undefined || over) continue;
    const changes = begunWith(cache, rollout).flatMap((device) => device.status?.rollout?.change ?? []);
    if (changes.some(takes)) return true;
    if (status?.startedAt === undefined) continue;
    // Whose record was lost waits for it again, as whoever has not begun does, who still carries what goes.
    const unrecorded = waitingFor(cache, rollout).filter((device) => device.status?.rollout === undefined);
    if (unrecorded.flatMap((device) => device.status?.pendingChange ?? []).some(takes)) return true;
  }
  return false;
}

/**
 * What an asset goes back with: its own policies, `left` on it beside them, what a loss of state met between two of its names, and
 * what was undone with all that.
 */
export function familiesBack(
  where: Whereabouts,
  device: Device,
  {
    rollout,
    members,
    families,
    left = [],
  }: {
    readonly rollout: PolicyRollout;
    /** The Device, and all that share certificates with it. */
    readonly members: readonly Device[];
    readonly families: readonly Family[];
    readonly left?: readonly Family[];
  },
): readonly Family[] {
  const between = members.flatMap((each) => familiesBetween(changeIn(rollout, each), families));
  const halved = new Map(between.map((family) => [family.declared, family]));
  const whole = familiesOfAll(where, members, { rollout, families }).filter(({ declared }) => !halved.has(declared));
  const own = [...new Set([...whole, ...halved.values(), ...left])];
  return [...own, ...undoneWith(where.cache, rollout, { change: changeIn(rollout, device), own })];
}

/**
 * What is taken from the asset names a candidate beside its policy, or one that this rollout has not proven: it was on its way
 * between the two when the state was lost, and what it carried then is not what it had. It goes back to the declared name.
 */
function familiesBetween(
  change: DeviceStatusRolloutChange | undefined,
  families: readonly Family[],
): readonly Family[] {
  const taken = change?.detach ?? [];
  const known = new Map(families.map((family) => [family.declared, family]));
  return [...Map.groupBy(taken, standsFor)].flatMap(([declared, names]): Family | readonly Family[] => {
    const family = known.get(declared);
    const candidate = names.find((name) => name !== declared);
    if (candidate === undefined) return [];
    if (!names.includes(declared) && !names.includes(family?.candidate ?? '')) return [];
    return family ?? { declared, candidate, names };
  });
}

/**
 * What an asset that goes back gets by its declared name, although it had a candidate when the rollout took that from it. The
 * candidate came to it together with a document that this way back takes away again, for the one of before: beside that one
 * belongs what was proven with it, or what had moved between the two would be in neither.
 */
function undoneWith(
  cache: Cache,
  rollout: PolicyRollout,
  { change, own }: { readonly change: DeviceStatusRolloutChange | undefined; readonly own: readonly Family[] },
): readonly Family[] {
  const back = rollout.spec.policies.filter(({ policyName }) => own.some(({ declared }) => declared === policyName));
  return (change?.detach ?? []).flatMap((candidate) => {
    const declared = declaredNameOf(candidate);
    if (declared === undefined || own.some((family) => family.declared === declared)) return [];
    const { namespace } = rollout.metadata;
    const policies = cache.byIndex('IoTPolicy', AWS_NAME, declared) as readonly IoTPolicy[];
    const policy = policies.find(({ metadata }) => metadata.namespace === namespace);
    // Without its object nobody answers for the declared name.
    if (policy === undefined || policy.metadata.deletionTimestamp !== undefined) return [];
    const key = policyKey(namespace, policy.metadata.name);
    const [gave] = (cache.byIndex('PolicyRollout', MOVES_POLICY, key) as readonly PolicyRollout[])
      .filter(({ spec }) => spec.policies.some(({ candidateName }) => candidateName === candidate))
      .toSorted((a, b) => (later(a, b) ? -1 : 1));
    const isUndone = back.some(({ name, baseline }) => {
      const moved = gave?.spec.policies.find((each) => each.name === name);
      return moved !== undefined && sameDocument(baseline, moved.baseline) && !sameDocument(baseline, moved.document);
    });
    return isUndone ? [{ declared, candidate, names: [declared, candidate] }] : [];
  });
}
