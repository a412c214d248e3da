import type { Device } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { DEFAULT_STRATEGY, SETTLE_FLOOR_MS } from '../../rollout/strategy.ts';
import { type AssetState, inFlight } from '../../rollout/types.ts';
import { waiting } from '../../runtime/errors.ts';
import { durationMs } from '../external/duration.ts';
import type { Scope } from '../external/types.ts';
import { assetIdentity, exactTime } from '../policyrollout/asset/record.ts';
import { thingName } from './desired.ts';
import { setStatus } from './edges.ts';
import { readCertificate } from './reads.ts';
import { madeHere, thingsOf } from './retire.ts';

/** A device that waits for its turn is looked at again after this. */
const TURN_MS = 30_000;
/** A certificate younger than this, of a device that was never heard of, is one that nobody has installed yet. */
const NEW_MS = 24 * 60 * 60_000;

/**
 * Deleting a Device takes all rights from an asset in the field, so it goes as other changes of rights do: in the budget of
 * its policies, one call that can be taken back first, a settle time, and only then what cannot be. Throws as long as it has
 * to be waited.
 */
export async function depart(scope: Scope<Device>): Promise<void> {
  const { object, deps } = scope;
  const { departure } = object.status ?? {};
  const now = deps.clock.now();
  const { settleMs, maxInFlight } = limitsOf(scope);
  if (departure === undefined) {
    if (!(await isInUse(scope))) return;
    const before = othersUnderWay(scope, now - settleMs);
    if (before.length >= maxInFlight) {
      const message = `Thing ${thingName(object)} is in use and waits with its deletion: ${before.slice(0, 3).join(', ')} come first, and at most ${maxInFlight} may be under way.`;
      throw waiting('DeletionWaits', message, TURN_MS);
    }
    await deactivate(scope);
  }
  const since = Date.parse(scope.object.status?.departure?.since ?? '');
  const due = since + settleMs;
  if (now >= due) return;
  const message = `The certificates of thing ${thingName(object)} are inactive since ${new Date(since).toISOString()}; it is deleted at ${new Date(due).toISOString()}. To take that back, set deletionPolicy of this object to Retain.`;
  throw waiting('DeletionSettles', message, Math.max(1_000, due - now));
}

/**
 * That nobody has heard of a device says little: it may be off until Monday, or nobody listens. It is in use as long as a
 * certificate of it is in force, but for one that is new.
 */
async function isInUse(scope: Scope<Device>): Promise<boolean> {
  const { object, deps, session } = scope;
  if (deps.rollouts?.signals.contact(assetIdentity(object, session.key)).lastAt !== undefined) return true;
  const ids = (object.status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []);
  const factsOf = (id: string) => session.snapshot.certificates.get(id);
  const isNew = (id: string): boolean => deps.clock.now() - (factsOf(id)?.createdAt ?? 0) < NEW_MS;
  const old = ids.filter((id) => !isNew(id));
  if (old.some((id) => factsOf(id)?.status === 'ACTIVE')) return true;
  // Lists are late, or not read yet after a start: somebody may have made it active a moment ago, and its age is known now.
  for (const id of old) await readCertificate(scope, id);
  return old.some((id) => !isNew(id) && factsOf(id)?.status === 'ACTIVE');
}

/** Written down before the calls: only what we have made inactive is ever made active again. */
async function deactivate(scope: Scope<Device>): Promise<void> {
  const active: { readonly name: string; readonly id: string }[] = [];
  for (const entry of scope.object.status?.certificates ?? []) {
    const id = entry.certificateId;
    if (id === undefined || !madeHere(entry)) continue;
    await readCertificate(scope, id);
    if (scope.session.snapshot.certificates.get(id)?.status !== 'ACTIVE') continue;
    // Other things live on it: they must not lose it because this one goes.
    const others = (await thingsOf(scope, id)).some((thing) => thing !== thingName(scope.object));
    if (!others) active.push({ name: entry.name, id });
  }
  const departure = { since: exactTime(scope.deps.clock.now()), certificates: active.map(({ name }) => name) };
  await scope.save({ departure });
  for (const { id } of active) await setStatus(scope, id, 'INACTIVE');
  scope.log.info('Made the certificates of a device inactive before its deletion', { thing: thingName(scope.object) });
}

/** The deletion was taken back: what it has made inactive works again, and everything else was never touched. */
export async function comeBack(scope: Scope<Device>): Promise<void> {
  const { departure, certificates = [] } = scope.object.status ?? {};
  for (const name of departure?.certificates ?? []) {
    const id = certificates.find((entry) => entry.name === name)?.certificateId;
    if (id === undefined) continue;
    await readCertificate(scope, id);
    if (scope.session.snapshot.certificates.get(id)?.status === 'INACTIVE') await setStatus(scope, id, 'ACTIVE');
  }
}

/** Whether there is something to give back before the object may go. */
export function hasDeparted({ status }: Device): boolean {
  return (status?.departure?.certificates ?? []).length > 0;
}

/** The most careful of its policies decides. */
function limitsOf({ object, deps }: Scope<Device>): { readonly settleMs: number; readonly maxInFlight: number } {
  const { namespace = '' } = object.metadata;
  const strategies = (object.spec.policyRefs ?? []).flatMap(({ name }) => {
    const policy = deps.cache.get({ kind: 'IoTPolicy', namespace, name }) as IoTPolicy | undefined;
    return policy?.spec.strategy ?? [];
  });
  const settle = strategies.map(({ settleTime }) =>
    settleTime === undefined ? DEFAULT_STRATEGY.settleMs : durationMs(settleTime),
  );
  return {
    settleMs: Math.max(SETTLE_FLOOR_MS, ...(strategies.length === 0 ? [DEFAULT_STRATEGY.settleMs] : settle)),
    maxInFlight: Math.min(...(strategies.length === 0 ? [1] : strategies.map(({ maxInFlight = 1 }) => maxInFlight))),
  };
}

/** Devices of the account that a rollout moves or that are leaving themselves; of those that wait, the first by name. */
function othersUnderWay({ object, deps }: Scope<Device>, since: number): readonly string[] {
  const { namespace, name } = object.metadata;
  const found: string[] = [];
  for (const other of deps.cache.list('Device', namespace) as Iterable<Device>) {
    const { metadata, spec, status } = other;
    if (metadata.name === name || spec.accountRef.name !== object.spec.accountRef.name) continue;
    const moves = status?.rollout?.armed !== true && inFlight((status?.rollout?.state ?? 'Stable') as AssetState);
    const goes = metadata.deletionTimestamp !== undefined && spec.deletionPolicy === 'Delete';
    const leaves = goes && Date.parse(status?.departure?.since ?? '') > since;
    // Two that look at the same moment would both find the way free.
    const first = goes && status?.departure === undefined && metadata.name < name;
    if (moves || leaves || first) found.push(metadata.name);
  }
  return found.sort();
}
