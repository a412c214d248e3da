import type { Device, DeviceStatusRolloutChange } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { allowsNothing, documentDrift, isBlank, type PolicyPlace, sameDocument } from '../../drift/document.ts';
import { type AssetState, inFlight } from '../../rollout/types.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { partitionOf } from '../external/arn.ts';
import { begunWith, isAsset, waitingFor } from './asset/assets.ts';
import { assetState } from './asset/record.ts';

/** Where resources of the account live. */
export function placeOf({ accountId, region }: { readonly accountId: string; readonly region: string }): PolicyPlace {
  return { account: accountId, region, partition: partitionOf(region) };
}

/** The IoTPolicies a rollout moves, as far as they still exist. */
export function policiesIn(cache: Cache, rollout: PolicyRollout): readonly IoTPolicy[] {
  const { namespace = '' } = rollout.metadata;
  return rollout.spec.policies.flatMap(({ name }) => {
    const found = cache.get({ kind: 'IoTPolicy', namespace, name }) as IoTPolicy | undefined;
    return found === undefined || found.metadata.deletionTimestamp !== undefined ? [] : [found];
  });
}

/**
 * What became of the change in Git meanwhile. `reverted`: a policy of it permits again what it did before, which is an abort
 * and no rollout of its own; what is left of the change gets one that starts from what was proven, for no other rollout would
 * take the assets off the candidate of the policy that came back. `superseded`: other documents are wanted.
 */
export function revisionChange(
  cache: Cache,
  rollout: PolicyRollout,
  place: PolicyPlace,
): 'same' | 'superseded' | 'reverted' {
  const fates = [...fatesOfDocuments(cache, rollout, place), ...fatesOfChanges(cache, rollout)];
  if (fates.every((fate) => fate === 'same')) return 'same';
  return fates.includes('reverted') ? 'reverted' : 'superseded';
}

/**
 * What a policy may hold for an asset to be left with it alone. The candidate: the new document, nothing else. The declared
 * name: what it held before, the new document, or what Git asks for by now; never what a security act put there.
 */
export function expectedDocuments(cache: Cache, rollout: PolicyRollout): ReadonlyMap<string, readonly string[]> {
  const policies = policiesIn(cache, rollout);
  return new Map<string, readonly string[]>(
    rollout.spec.policies.flatMap(({ name, policyName, candidateName, baseline, document }) => {
      const wanted = policies.find(({ metadata }) => metadata.name === name)?.spec.document;
      const asked = [document, ...(wanted === undefined ? [] : [JSON.stringify(wanted)])];
      // What Git asks for is no security act, whatever it allows; what was found in AWS and says nothing at all may be one.
      const proven = isBlank(baseline) && !allowsNothing(document) ? [] : [baseline];
      return [[candidateName, [document]] as const, [policyName, [...proven, ...asked]] as const];
    }),
  );
}

type Fate = ReturnType<typeof revisionChange>;

function fatesOfDocuments(cache: Cache, rollout: PolicyRollout, place: PolicyPlace): readonly Fate[] {
  const policies = policiesIn(cache, rollout);
  return rollout.spec.policies.map(({ name, baseline, document }): Fate => {
    const spec = policies.find(({ metadata }) => metadata.name === name)?.spec;
    // A policy that is being deleted keeps its assets where they were.
    if (spec === undefined) return 'reverted';
    if (sameDocument(spec.document, document)) return 'same';
    return documentDrift(baseline, JSON.stringify(spec.document), place) === 'same' ? 'reverted' : 'superseded';
  });
}

/** Whether a policy of it permits again what it did before; what became of its changes of Devices is not asked. */
export function isDocumentTakenBack(cache: Cache, rollout: PolicyRollout, place: PolicyPlace): boolean {
  return fatesOfDocuments(cache, rollout, place).includes('reverted');
}

/** Whether Git has taken back what this rollout did to the Device: a document for all, a change for whose it is. */
export function takenBack(cache: Cache, rollout: PolicyRollout, place: PolicyPlace): (device: Device) => boolean {
  if (isDocumentTakenBack(cache, rollout, place)) return () => true;
  return (device) => {
    const { rollout: record, pendingChange } = device.status ?? {};
    if (record?.name !== rollout.metadata.name || record.change === undefined) return false;
    return fateOf({ done: record.change, state: assetState(device, record.name) }, pendingChange) === 'reverted';
  };
}

/** What became of the changes of Devices: by whom this rollout has begun with, or else by whether anybody still waits. */
function fatesOfChanges(cache: Cache, rollout: PolicyRollout): readonly Fate[] {
  const { spec, metadata } = rollout;
  if (spec.changes === undefined || spec.changes.length === 0) return [];
  const own = (device: Device) => isAsset(device, spec.accountRef.name);
  const begun = begunWith(cache, rollout).filter(
    (device) => device.status?.rollout?.change !== undefined && own(device),
  );
  const waits = waitingFor(cache, rollout).some(own);
  if (begun.length === 0) return waits || rollout.status?.startedAt !== undefined ? [] : ['reverted'];
  return begun.map((device) => {
    const { rollout: record, pendingChange } = device.status ?? {};
    return fateOf({ done: record?.change ?? {}, state: assetState(device, metadata.name) }, pendingChange);
  });
}

/** Somebody wants the opposite of what is done: it was taken back. Anything else but the same is another change. */
function fateOf(
  { done, state }: { readonly done: Partial<DeviceStatusRolloutChange>; readonly state: AssetState },
  wanted: DeviceStatusRolloutChange | undefined,
): Fate {
  // Nobody waits for what is done, nor for what one does that has lost its record in the middle and goes on with the others.
  if (wanted === undefined) return state === 'Succeeded' || inFlight(state) ? 'same' : 'reverted';
  if (wanted.digest === done.digest) return 'same';
  const within = (part: readonly string[] = [], whole: readonly string[] = []) =>
    part.every((each) => whole.includes(each));
  const opposite =
    within(wanted.attach, done.detach) &&
    within(wanted.detach, done.attach) &&
    within(wanted.join, done.leave) &&
    within(wanted.leave, done.join) &&
    within(wanted.set, done.set) &&
    (wanted.retire ?? []).length === 0;
  return opposite ? 'reverted' : 'superseded';
}
