import type { Device } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { API_VERSION } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { Reconciler, Result } from '../../runtime/reconciler.ts';
import { fromStore } from '../external/scope.ts';
import type { ExternalDeps } from '../external/types.ts';
import { declaredName } from '../iotpolicy/names.ts';
import { devicesOf } from './assets.ts';
import { candidateFor, hasEnded, MOVES_POLICY, policyKey, revisionOf } from './names.ts';

/** Objects of one revision arrive one after the other; what comes within this time moves together. */
const GATHER_MS = 2_000;
const OWNER = 'fleetward-rollout';

/**
 * Makes rollouts out of changes that wait for one, account by account. Changes that share an asset become one rollout:
 * moved one by one they could take a right away that only their union keeps.
 */
export function createRolloutMaker(deps: ExternalDeps): Reconciler {
  return {
    async reconcile({ namespace, name: account }): Promise<Result | undefined> {
      const waiting = pendingIn(deps, namespace, account);
      if (waiting.length === 0) return undefined;
      const newest = Math.max(...waiting.map(({ status }) => Date.parse(status?.pendingChange?.since ?? '') || 0));
      const left = newest + GATHER_MS - deps.clock.now();
      if (left > 0) return { requeueAfterMs: left };
      const busy = busyDevices(deps, namespace, account);
      for (const group of groupsOf(deps, waiting, { namespace, account })) {
        // An asset is in one rollout at a time: this one is made when the other has ended.
        if (group.devices.some((device) => busy.has(device))) continue;
        await make(deps, { namespace, account }, group.policies);
      }
      return undefined;
    },
  };
}

function pendingIn({ cache }: ExternalDeps, namespace: string, account: string): readonly IoTPolicy[] {
  return [...(cache.list('IoTPolicy', namespace) as Iterable<IoTPolicy>)]
    .filter(({ spec, status, metadata }) => {
      const wanted = status?.pendingChange !== undefined && spec.accountRef.name === account;
      return wanted && metadata.deletionTimestamp === undefined && !spec.suspend;
    })
    .filter((policy) => activeFor({ cache }, policy) === undefined)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function activeFor({ cache }: Pick<ExternalDeps, 'cache'>, { metadata }: IoTPolicy): PolicyRollout | undefined {
  const key = policyKey(metadata.namespace, metadata.name);
  return (cache.byIndex('PolicyRollout', MOVES_POLICY, key) as readonly PolicyRollout[]).find((one) => !hasEnded(one));
}

function busyDevices({ cache }: ExternalDeps, namespace: string, account: string): ReadonlySet<string> {
  const active = [...(cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>)].filter(
    (one) => !hasEnded(one),
  );
  const names = active.flatMap(({ spec }) => spec.policies.map(({ name }) => name));
  return new Set(devicesOf(cache, namespace, account, names).map(({ metadata }) => metadata.name));
}

interface Group {
  readonly policies: readonly IoTPolicy[];
  readonly devices: readonly string[];
}

/** Connected by shared assets. */
function groupsOf(
  { cache }: ExternalDeps,
  policies: readonly IoTPolicy[],
  { namespace, account }: { readonly namespace: string; readonly account: string },
): readonly Group[] {
  let groups: Group[] = [];
  for (const policy of policies) {
    const devices = devicesOf(cache, namespace, account, [policy.metadata.name]).map((d: Device) => d.metadata.name);
    const touching = groups.filter((group) => group.devices.some((device) => devices.includes(device)));
    const merged: Group = {
      policies: [...touching.flatMap((group) => group.policies), policy],
      devices: [...new Set([...touching.flatMap((group) => group.devices), ...devices])],
    };
    groups = [...groups.filter((group) => !touching.includes(group)), merged];
  }
  return groups;
}

async function make(
  { store, cache }: ExternalDeps,
  { namespace, account }: { readonly namespace: string; readonly account: string },
  policies: readonly IoTPolicy[],
): Promise<void> {
  const digests = policies.map(({ status }) => status?.pendingChange?.digest ?? '');
  const revision = revisionOf(digests);
  const [first] = policies;
  if (first === undefined) return;
  const base = `${first.metadata.name}-${revision}`;
  const attempt = nextAttempt([...(cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>)], base);
  const strategy = strictest(policies);
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
      ...(strategy === undefined ? {} : { strategy }),
    },
  };
  try {
    await store.apply(document, { owner: OWNER });
  } catch (thrown) {
    throw fromStore(thrown);
  }
}

/** A try that has ended is history, and history keeps its name. */
function nextAttempt(all: readonly PolicyRollout[], base: string): number {
  const tries = all.filter(({ metadata }) => metadata.name === base || metadata.name.startsWith(`${base}-`));
  return tries.reduce((highest, { spec }) => Math.max(highest, spec.attempt ?? 1), 0) + 1;
}

/** Of several policies the one that moves the fewest at a time decides. */
function strictest(policies: readonly IoTPolicy[]): IoTPolicy['spec']['strategy'] {
  const given = policies.flatMap(({ spec }) => (spec.strategy?.type === 'Waves' ? [spec.strategy] : []));
  return given.sort((a, b) => (a.maxInFlight ?? 1) - (b.maxInFlight ?? 1))[0];
}
