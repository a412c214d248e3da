import type { Device } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { API_VERSION } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { sameDocument } from '../../drift/document.ts';
import { standsFor } from '../../rollout/names.ts';
import { createPauser, type Pauser } from '../../runtime/pauser.ts';
import type { Cache, Reconciler, Result } from '../../runtime/reconciler.ts';
import { fromStore } from '../external/scope.ts';
import type { ExternalDeps } from '../external/types.ts';
import { declaredName } from '../iotpolicy/names.ts';
import { IN_PROGRESS } from '../iotpolicy/rollout.ts';
import { assetsInTurn, devicesOf } from './asset/assets.ts';
import { candidateFor, hasEnded, MOVES_POLICY, policyKey, revisionOf, rollbackWindowMs } from './names.ts';
import { lendingGroup } from './policies/lent.ts';
import { inPlaceAfter } from './policies/stance.ts';
import { isNeededBack } from './policies/way-back.ts';
import { hasOpenChange, strategyOf } from './strategy.ts';

/** Objects of one revision arrive one after the other; what comes within this time moves together. */
const GATHER_MS = 2_000;
const OWNER = 'fleetward-rollout';

/**
 * Makes rollouts out of changes that wait for one, account by account. Changes that share an asset become one rollout:
 * moved one by one they could take a right away that only their union keeps.
 */
export function createRolloutMaker(deps: ExternalDeps): Reconciler {
  return {
    async reconcile({ namespace, name: account }, { signal }): Promise<Result | undefined> {
      const early = waitingIn(deps, namespace, account);
      if (early.policies.length + early.devices.length === 0) return undefined;
      const soon = gatheredIn(deps, early, { namespace, account });
      if (soon > 0) return { requeueAfterMs: soon };
      const busy = await busyDevices(deps, { namespace, account }, createPauser(deps.clock, signal));
      // What waits now that others have had their turn.
      const waiting = waitingIn(deps, namespace, account);
      const left = gatheredIn(deps, waiting, { namespace, account });
      if (left > 0) return { requeueAfterMs: left };
      const { policies, devices } = waiting;
      const free = devices.filter(({ metadata }) => !busy.has(metadata.name));
      if (areUnasked(deps.cache, free, { namespace, account })) return { requeueAfterMs: GATHER_MS };
      for (const group of groupsOf(deps, { policies, devices: free }, { namespace, account })) {
        // An asset is in one rollout at a time: this one is made when the other has ended.
        if (!group.devices.isDisjointFrom(busy)) continue;
        await make(deps, { namespace, account }, group);
      }
      return undefined;
    },
  };
}

function waitingIn(deps: ExternalDeps, namespace: string, account: string): Waiting {
  const open = openDevices(deps, namespace, account);
  // A suspended one loses it later, and may have to get it back, or keep it after all.
  const leaving = new Set(open.flatMap(({ status }) => status?.pendingChange?.detach ?? []).map(standsFor));
  const policies = pendingIn(deps, namespace, account).filter((policy) => !isOnlyLost(deps.cache, policy, leaving));
  return { policies, devices: open.filter(({ spec }) => !spec.suspend) };
}

/** For how much longer what belongs together may still arrive. */
function gatheredIn(
  { cache, clock }: ExternalDeps,
  { policies, devices }: Waiting,
  account: { readonly namespace: string; readonly account: string },
): number {
  const retried = devices.length === 0 ? 0 : lastRetry(cache, account);
  return Math.max(newestOf([...policies, ...devices]), retried) + GATHER_MS - clock.now();
}

interface Waiting {
  readonly policies: readonly IoTPolicy[];
  readonly devices: readonly Device[];
}

function pendingIn({ cache }: ExternalDeps, namespace: string, account: string): readonly IoTPolicy[] {
  return [...(cache.list('IoTPolicy', namespace) as Iterable<IoTPolicy>)]
    .filter(({ spec, status, metadata }) => {
      const wanted = status?.pendingChange !== undefined && spec.accountRef.name === account;
      return wanted && metadata.deletionTimestamp === undefined && !spec.suspend;
    })
    .filter((policy) => activeFor({ cache }, policy) === undefined && lendingGroup(cache, policy) === undefined)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Nobody refers to it, and somebody is about to lose it, who may have to get it back as it is: its document changes afterwards. */
function isOnlyLost(cache: Cache, policy: IoTPolicy, leaving: ReadonlySet<string>): boolean {
  const { namespace = '', name } = policy.metadata;
  const declared = declaredName(policy);
  if (!leaving.has(declared) && !isNeededBack(cache, { namespace, policy: declared })) return false;
  return devicesOf(cache, namespace, policy.spec.accountRef.name, [name]).length === 0;
}

/** Devices whose rights the spec changes, and whose change was not tried and taken back. */
function openDevices({ cache }: ExternalDeps, namespace: string, account: string): readonly Device[] {
  const all = [...(cache.list('Device', namespace) as Iterable<Device>)];
  return all.filter((device) => hasOpenChange(cache, device, account));
}

/**
 * A rollout has just ended, and a policy of these Devices has not looked since whether its document waits for the next one.
 * What the spec takes from the Device and what the document gives it instead move together.
 */
function areUnasked(
  cache: Cache,
  devices: readonly Device[],
  { namespace, account }: { readonly namespace: string; readonly account: string },
): boolean {
  const names = namesOf(devices);
  return [...(cache.list('IoTPolicy', namespace) as Iterable<IoTPolicy>)].some((policy) => {
    const { metadata, spec, status } = policy;
    const said = status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
    if (said !== IN_PROGRESS || metadata.deletionTimestamp !== undefined || spec.suspend) return false;
    if (spec.accountRef.name !== account || activeFor({ cache }, policy) !== undefined) return false;
    return devicesOf(cache, namespace, account, [metadata.name]).some((device) => names.has(device.metadata.name));
  });
}

/** To whatever was taken back together it is said at once, and a policy takes it up a moment later than a Device. */
function lastRetry(
  cache: Cache,
  { namespace, account }: { readonly namespace: string; readonly account: string },
): number {
  const all = [...(cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>)];
  return all
    .filter(({ spec }) => spec.accountRef.name === account)
    .reduce((last, { status }) => Math.max(last, Date.parse(status?.verbs?.retriedAt ?? '') || 0), 0);
}

function newestOf(waiting: readonly (IoTPolicy | Device)[]): number {
  return waiting.reduce(
    (newest, { status }) => Math.max(newest, Date.parse(status?.pendingChange?.since ?? '') || 0),
    0,
  );
}

function activeFor({ cache }: Pick<ExternalDeps, 'cache'>, { metadata }: IoTPolicy): PolicyRollout | undefined {
  const key = policyKey(metadata.namespace, metadata.name);
  return (cache.byIndex('PolicyRollout', MOVES_POLICY, key) as readonly PolicyRollout[]).find((one) => !hasEnded(one));
}

async function busyDevices(
  { cache }: ExternalDeps,
  { namespace, account }: { readonly namespace: string; readonly account: string },
  pauser: Pauser,
): Promise<ReadonlySet<string>> {
  const busy = new Set<string>();
  for (const one of [...(cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>)]) {
    if (hasEnded(one) || one.spec.accountRef.name !== account) continue;
    for (const { metadata } of await assetsInTurn(cache, one, pauser)) busy.add(metadata.name);
  }
  return busy;
}

interface Group {
  readonly policies: readonly IoTPolicy[];
  readonly devices: ReadonlySet<string>;
  readonly changes: readonly PendingChange[];
}

type PendingChange = NonNullable<NonNullable<Device['status']>['pendingChange']>;

/** A rollout names this many changes of Devices. */
const MAX_CHANGES = 50;

/** Connected by shared assets; changes of Devices alone go together as far as one rollout can name them. */
function groupsOf(
  { cache }: ExternalDeps,
  waiting: Waiting,
  { namespace, account }: { readonly namespace: string; readonly account: string },
): readonly Group[] {
  let groups: Group[] = [];
  const join = (group: Group): void => {
    const touching = groups.filter(({ devices }) => !devices.isDisjointFrom(group.devices));
    const merged = [...touching, group].reduce((a, b) => ({
      policies: [...a.policies, ...b.policies],
      devices: a.devices.union(b.devices),
      changes: [...a.changes, ...b.changes],
    }));
    groups = [...groups.filter((other) => !touching.includes(other)), merged];
  };
  for (const policy of waiting.policies) {
    join({
      policies: [policy],
      devices: namesOf(devicesOf(cache, namespace, account, [policy.metadata.name])),
      changes: [],
    });
  }
  const byDigest = Map.groupBy(waiting.devices, ({ status }) => status?.pendingChange?.digest ?? '');
  const alone: Group[] = [];
  for (const devices of byDigest.values()) {
    const change = devices[0]?.status?.pendingChange;
    if (change === undefined) continue;
    const group = { policies: [], devices: namesOf(devices), changes: [change] };
    if (groups.some((other) => !other.devices.isDisjointFrom(group.devices))) join(group);
    else alone.push(group);
  }
  for (let from = 0; from < alone.length; from += MAX_CHANGES) {
    const some = alone.slice(from, from + MAX_CHANGES);
    groups.push({
      policies: [],
      devices: new Set(some.flatMap(({ devices }) => [...devices])),
      changes: some.flatMap(({ changes }) => changes),
    });
  }
  return groups.map((group) => ({ ...group, changes: group.changes.slice(0, MAX_CHANGES) }));
}

function namesOf(devices: readonly Device[]): ReadonlySet<string> {
  return new Set(devices.map(({ metadata }) => metadata.name));
}

async function make(
  { store, cache, clock }: ExternalDeps,
  { namespace, account }: { readonly namespace: string; readonly account: string },
  group: Group,
): Promise<void> {
  const { policies, changes } = group;
  const digests = policies.map(({ status }) => status?.pendingChange?.digest ?? '');
  const revision = revisionOf([...digests, ...changes.map(({ digest }) => digest)]);
  const base = `${policies[0]?.metadata.name ?? `${account}-devices`}-${revision}`;
  const all = [...(cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>)];
  let attempt = nextAttempt(all, base);
  while (isTaken(all, policies, attempt)) attempt += 1;
  const strategy = strategyOf(cache, { namespace, account, policies, changes });
  const document: PolicyRollout = {
    apiVersion: API_VERSION,
    kind: 'PolicyRollout',
    metadata: { name: attempt === 1 ? base : `${base}-${attempt}`, namespace },
    spec: {
      accountRef: { name: account },
      revision,
      attempt,
      policies: policies.map((policy, index) => ({
        name: policy.metadata.name,
        policyName: declaredName(policy),
        candidateName: candidateFor(declaredName(policy), digests[index] ?? '', attempt),
        digest: digests[index] ?? '',
        baseline: policy.status?.pendingChange?.baseline ?? '',
        document: JSON.stringify(policy.spec.document),
      })),
      ...(returns(cache, policies, clock.now()) && changes.length === 0 ? { fastTrack: true } : {}),
      ...(changes.length === 0 ? {} : { changes: changes.map(({ since: _since, ...change }) => change) }),
      ...(strategy === undefined ? {} : { strategy }),
    },
  };
  try {
    await store.apply(document, { owner: OWNER });
  } catch (thrown) {
    throw fromStore(thrown);
  }
}

/** Every policy returns to the document that its last proven rollout left, while that may still be done quickly. */
function returns(cache: Cache, policies: readonly IoTPolicy[], now: number): boolean {
  return (
    policies.length > 0 &&
    policies.every((policy) => {
      const { metadata, spec } = policy;
      const key = policyKey(metadata.namespace, metadata.name);
      const proven = (cache.byIndex('PolicyRollout', MOVES_POLICY, key) as readonly PolicyRollout[])
        .filter(({ status }) => status?.phase === 'Succeeded' && status.finishedAt !== undefined)
        .sort((a, b) => Date.parse(b.status?.finishedAt ?? '') - Date.parse(a.status?.finishedAt ?? ''));
      const [latest] = proven;
      const part = latest?.spec.policies.find(({ name }) => name === metadata.name);
      if (latest === undefined || part === undefined || !sameDocument(part.baseline, spec.document)) return false;
      if (inPlaceAfter(policy, latest) !== undefined) return false;
      return now - Date.parse(latest.status?.finishedAt ?? '') <= rollbackWindowMs(latest);
    })
  );
}

/**
 * Another rollout of the same document, with other policies beside it, still has its candidate in AWS, which cannot serve this
 * one: its brake was pulled, or would bring back something else.
 */
function isTaken(all: readonly PolicyRollout[], policies: readonly IoTPolicy[], attempt: number): boolean {
  const kept = all.filter(({ status }) => status?.cleanedAt === undefined);
  return policies.some((policy) => {
    const { digest = '', baseline = '' } = policy.status?.pendingChange ?? {};
    const name = candidateFor(declaredName(policy), digest, attempt);
    return kept.some(({ spec, status }) =>
      spec.policies.some(
        (each) =>
          each.candidateName === name && (status?.brakedAt !== undefined || !sameDocument(each.baseline, baseline)),
      ),
    );
  });
}

/** A try that has ended is history, and history keeps its name. */
function nextAttempt(all: readonly PolicyRollout[], base: string): number {
  const tries = all.filter(({ metadata }) => metadata.name === base || metadata.name.startsWith(`${base}-`));
  return tries.reduce((highest, { spec }) => Math.max(highest, spec.attempt ?? 1), 0) + 1;
}
