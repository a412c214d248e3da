import type { AWSAccount } from '../../../api/awsaccount.gen.ts';
import type { Device } from '../../../api/device.gen.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import type { Family } from '../../../rollout/family.ts';
import type { AssetSummary } from '../../../rollout/rollout.ts';
import type { Strategy } from '../../../rollout/strategy.ts';
import type { AssetState } from '../../../rollout/types.ts';
import { underWay } from '../../../rollout/types.ts';
import { parseVerbValue } from '../../../rollout/verbs.ts';
import { MASKED, NOTHING_DONE } from '../../../rollout/verdict.ts';
import { type Orderable, planWaves, waveOf } from '../../../rollout/waves.ts';
import type { Pauser } from '../../../runtime/pauser.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { sorted } from '../../../runtime/sorted.ts';
import { REFERS_TO, referenceKey } from '../../external/references.ts';
import { changeKey } from '../policies/stance.ts';
import { concerns, type Whereabouts } from './families.ts';
import { assetState, timeOf } from './record.ts';
import { UNABLE_AFTER_MS, UNABLE_TOLD_MS } from './unable.ts';
import { certificateIds, recordedUnit, type Units } from './units.ts';

export const HOLD_ANNOTATION = 'rollout.fleetward.dev/hold';
export const SKIP_ANNOTATION = 'rollout.fleetward.dev/skip';

/** The Devices whose certificates carry one of these policies, by name of the object: deleted and bare ones left out. */
export function devicesOf(
  cache: Cache,
  namespace: string,
  account: string,
  policies: readonly string[],
): readonly Device[] {
  return assetsAmong(carriersOf(cache, namespace, policies), account);
}

function assetsAmong(lists: readonly (readonly Device[])[], account: string): readonly Device[] {
  const [only = [], ...others] = lists;
  // Most often there is but one list, and in a large fleet it is long.
  const all = others.length === 0 ? only : [...new Set(lists.flat())];
  return all.filter((device) => isAsset(device, account)).sort(byName);
}

const byName = (a: Device, b: Device): number => (a.metadata.name < b.metadata.name ? -1 : 1);

/** As the cache finds them, some of them several times. */
function carriersOf(cache: Cache, namespace: string, policies: readonly string[]): readonly (readonly Device[])[] {
  const lists: (readonly Device[])[] = [];
  const add = (devices: readonly unknown[]): void => {
    if (devices.length > 0) lists.push(devices as readonly Device[]);
  };
  for (const policy of policies) {
    const reference = referenceKey('IoTPolicy', namespace, policy);
    add(cache.byIndex('Device', REFERS_TO, reference));
    for (const group of groupsBelow(cache, reference)) add(cache.byIndex('Device', REFERS_TO, group));
    for (const owner of cache.byIndex('AWSAccount', REFERS_TO, reference) as readonly AWSAccount[]) {
      add(cache.byIndex('Device', REFERS_TO, referenceKey('AWSAccount', namespace, owner.metadata.name)));
    }
  }
  return lists;
}

/** Thing groups that refer to the policy, with all below them, as references. */
function groupsBelow(cache: Cache, reference: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const { metadata } of cache.byIndex('ThingGroup', REFERS_TO, reference)) {
    const group = referenceKey('ThingGroup', metadata.namespace, metadata.name);
    if (seen.has(group)) continue;
    seen.add(group);
    groupsBelow(cache, group, seen);
  }
  return seen;
}

/** Index of Devices by the change that waits for a rollout, as `changeKey` writes it. */
export const PENDING_CHANGE = 'pendingChange';
/** Index of Devices by the rollout that has begun with them or carries out a change of theirs: `<namespace>/<rollout>`. */
export const IN_ROLLOUT = 'inRollout';

/**
 * Whom a rollout concerns: Devices of its policies, those that one of its changes waits for or is done to, and whoever it has
 * begun with, although neither the Device nor a thing group of it refers to the policy any more.
 */
export function assetsOf(cache: Cache, rollout: PolicyRollout): readonly Device[] {
  return assetsAmong(concernedBy(cache, rollout), rollout.spec.accountRef.name);
}

/**
 * The same with other work in between: what was written last is the last that the cache finds, so a large fleet is in no order.
 * By identity, which is the same wherever the cache finds it: a map of 100,000 names takes longer than all the rest.
 */
export async function assetsInTurn(cache: Cache, rollout: PolicyRollout, pauser: Pauser): Promise<readonly Device[]> {
  const found = new Set<Device>();
  for (const devices of concernedBy(cache, rollout)) {
    for (const device of devices) {
      if (pauser.isDue()) await pauser.pause();
      if (isAsset(device, rollout.spec.accountRef.name)) found.add(device);
    }
  }
  return sorted([...found], byName, pauser);
}

function concernedBy(cache: Cache, rollout: PolicyRollout): readonly (readonly Device[])[] {
  const { metadata, spec } = rollout;
  const { namespace = '' } = metadata;
  const names = spec.policies.map((policy) => policy.name);
  const begun = begunWith(cache, rollout);
  const waiting = waitingFor(cache, rollout);
  const lists = [...carriersOf(cache, namespace, names), waiting, begun, movedAlong(cache, begun)];
  return lists.filter((devices) => devices.length > 0);
}

/**
 * Whoever still shares a certificate with one that has begun, and was in its unit: it moves along although its own record was
 * lost and its spec asks for nothing, because all that it asked for is done.
 */
function movedAlong(cache: Cache, begun: readonly Device[]): readonly Device[] {
  return begun.flatMap((device) => {
    if (device.status?.rollout?.unit === undefined) return [];
    const [, ...others] = recordedUnit(cache, device);
    const own = new Set(certificateIds(device));
    return others.filter((other) => certificateIds(other).some((id) => own.has(id)));
  });
}

/** Whose changes it is to carry out. */
export function waitingFor(cache: Cache, { metadata, spec }: PolicyRollout): readonly Device[] {
  return (spec.changes ?? []).flatMap(({ digest }) => {
    const key = changeKey(metadata.namespace, spec.accountRef.name, digest);
    return cache.byIndex('Device', PENDING_CHANGE, key) as readonly Device[];
  });
}

/** Whom the rollout has begun with. */
export function begunWith(cache: Cache, { metadata: { namespace = '', name } }: PolicyRollout): readonly Device[] {
  return cache.byIndex('Device', IN_ROLLOUT, `${namespace}/${name}`) as readonly Device[];
}

/**
 * Of those, the ones that the rollout has anything to do with: where groups come into it not everybody who is below one has, and
 * to whom a policy is only about to be given it is not given for the sake of its document, least of all when that was taken back.
 */
export function concernedAmong(
  where: Whereabouts,
  rollout: PolicyRollout,
  { all, families, throughGroups }: Concern,
): readonly Device[] {
  const isAsked = ({ status }: Device) => throughGroups || status?.pendingChange?.attach !== undefined;
  if (!all.some(isAsked)) return all;
  const along = new Set(movedAlong(where.cache, begunWith(where.cache, rollout)));
  return all.filter((device) => !isAsked(device) || along.has(device) || concerns(where, rollout, device, families));
}

interface Concern {
  readonly all: readonly Device[];
  readonly families: readonly Family[];
  /** Thing groups refer to the policies: then it is asked of every device. */
  readonly throughGroups: boolean;
}

/** Something can be done to it: managed, of this account, and with a certificate that is known. */
export function isAsset({ metadata, spec, status }: Device, account: string): boolean {
  if (spec.accountRef.name !== account || metadata.deletionTimestamp !== undefined) return false;
  if (spec.managementPolicy !== 'Manage') return false;
  return status?.certificates?.some(({ certificateId }) => certificateId !== undefined) === true;
}

export interface SummaryInput {
  readonly rollout: PolicyRollout;
  readonly devices: readonly Device[];
  /** Those among them that share certificates: one asset each. */
  readonly units: Units;
  readonly strategy: Strategy;
  readonly started: ReadonlySet<string>;
  /** Whether a deferred asset would get further now. */
  readonly ready: (device: Device) => 'yes' | 'armable' | 'no';
  readonly arming: ReadonlySet<string>;
  readonly retriedAt: string | undefined;
  /** Whether an asset is on the candidate of a revision that was overtaken. */
  readonly unproven: (device: Device) => boolean;
  /** Whether other policies of the asset hide the change, as far as it was compared. */
  readonly masked: (device: Device) => boolean;
  /** Devices that are left where they are as long as they have not begun, and why; see `Pass.aside`. */
  readonly aside: ReadonlyMap<string, string>;
  /** Why these cannot begin, if that has been so for at least so long. */
  readonly unable: (devices: readonly Device[], forMs: number) => string | undefined;
  /** Why AWS refuses the first call to it. */
  readonly refused: (device: Device) => string | undefined;
  readonly pauser: Pauser;
  /** Only where thing groups carry policies of the rollout. */
  readonly groups?: GroupStages | undefined;
}

/** Members of thing groups go through the waves twice: onto both policies, and, when the groups are handed over, off the old one. */
export interface GroupStages {
  readonly handedOver: boolean;
  /** The waves of the first time; those of the second follow them. */
  readonly first: number;
  readonly isMember: (device: Device) => boolean;
}

/** One pass over the assets, in the order in which they move; those that came late are the last. */
export async function summarise(input: SummaryInput): Promise<readonly AssetSummary[]> {
  const { rollout, devices, strategy, units, pauser } = input;
  const spec = rollout.spec.strategy;
  const startedAt = timeOf(rollout.status?.startedAt);
  const joinedLate = (device: Device) =>
    startedAt !== undefined && Date.parse(device.metadata.creationTimestamp ?? '') > startedAt;
  const assets: { readonly device: Device; readonly members: readonly Device[] }[] = [];
  const orderables: Orderable[] = [];
  for (const device of devices) {
    if (pauser.isDue()) await pauser.pause();
    const members = units.get(device.metadata.name)?.members ?? [device];
    if (members[0]?.metadata.name !== device.metadata.name) continue;
    assets.push({ device, members });
    // Who was found done is no canary for those that move: the next one takes its place in the waves.
    if (members.every(joinedLate) || isIdle(device, rollout)) continue;
    const unproven = members.some(input.unproven);
    orderables.push({
      ...orderable(device, members, spec),
      unproven,
      masked: !unproven && provesNothing(members, input),
    });
  }
  await pauser.pause();
  const plan = planWaves(orderables, strategy);
  await pauser.pause();
  const position = new Map<string, number>();
  for (const [index, id] of plan.order.entries()) {
    if (pauser.isDue()) await pauser.pause();
    position.set(id, index);
  }
  const groupsOf = ({ metadata }: Device) => (spec?.budgets ?? []).map(({ label }) => metadata.labels?.[label]);
  const ordered: AssetSummary[] = [];
  const late: AssetSummary[] = [];
  const summary = (device: Device, members: readonly Device[], at: number | undefined): AssetSummary => {
    const retried = isRetried(device, input.retriedAt);
    const parked = isParked(device, rollout) && !retried;
    const state = stateOf(device, input, { retried, skipped: members.some((each) => isSkipped(each, rollout)) });
    const ready = state === 'Deferred' && !parked ? input.ready(device) : 'no';
    const last = strategy.waves.length - 1;
    const ownWave = Math.min(waveBegun(device, rollout) ?? (at === undefined ? last : waveOf(plan, at)), last);
    const [, ...others] = members;
    const unable =
      suspendedIn(device, state) ??
      (state === 'Deferred' ? input.refused(device) : unableIn(state, (forMs) => input.unable(members, forMs)));
    return {
      id: device.metadata.name,
      wave: stageWave(ownWave, device, input.groups),
      ownWave,
      state,
      ...(parked && state === 'Deferred' ? { parked } : {}),
      groups: groupsOf(device),
      things: members.length,
      ...(others.length === 0
        ? {}
        : { unit: { members: members.map(({ metadata }) => metadata.name), groups: others.map(groupsOf) } }),
      held: members.some((each) => isKeptStill(each, members.length) || staysOut(each, state, input.aside)),
      ...(unable === undefined ? {} : { unable }),
      reachable: ready === 'yes',
      armable: ready === 'armable',
      armed: isArmed(device, rollout) || input.arming.has(device.metadata.name),
      masked: verdictOf(device, rollout) === MASKED || isIdle(device, rollout),
      idle: isIdle(device, rollout),
      failure:
        !retried && device.status?.rollout?.name === rollout.metadata.name
          ? (device.status.rollout.failure ?? 'none')
          : 'none',
    };
  };
  for (const { device, members } of assets) {
    if (pauser.isDue()) await pauser.pause();
    const at = position.get(device.metadata.name);
    if (at === undefined) late.push(summary(device, members, at));
    else ordered[at] = summary(device, members, at);
  }
  return [...ordered, ...late];
}

function verdictOf({ status }: Device, { metadata }: PolicyRollout): string | undefined {
  return status?.rollout?.name === metadata.name ? status.rollout.verdict : undefined;
}

/** Its verdict says so, or will. */
function provesNothing(members: readonly Device[], { rollout, masked }: SummaryInput): boolean {
  return members.every((device) => {
    const verdict = verdictOf(device, rollout);
    return verdict === undefined ? masked(device) : verdict === MASKED;
  });
}

function isIdle(device: Device, rollout: PolicyRollout): boolean {
  return device.status?.rollout?.state === 'Succeeded' && verdictOf(device, rollout) === NOTHING_DONE;
}

/** A person keeps it where it is: no security act, and lifted by `release`. */
export function isHeldByHand({ metadata }: Device): boolean {
  return metadata.annotations?.[HOLD_ANNOTATION] !== undefined;
}

/**
 * Held by somebody; of those that share certificates a suspended one must not be moved by the others either. Whom a person
 * holds on its way back (`returning`) gets there all the same; whom a security act holds does not.
 */
export function isKeptStill(device: Device, things: number, returning = false): boolean {
  if (things > 1 && device.spec.suspend === true) return true;
  return device.status?.held !== undefined || (isHeldByHand(device) && !returning);
}

/** Not begun with: of a suspended one no record would ever say that it is under way, and its place would stay taken. */
function staysOut({ metadata, spec }: Device, state: AssetState, aside: ReadonlyMap<string, string>): boolean {
  if (state === 'Queued' && aside.has(metadata.name)) return true;
  return (state === 'Queued' || state === 'Deferred') && spec.suspend === true;
}

/** Nothing is read or done for it, on its way back neither: only who suspended it can let it go on. */
function suspendedIn({ metadata, spec }: Device, state: AssetState): string | undefined {
  if (spec.suspend !== true || !underWay(state)) return undefined;
  return `${metadata.name} gets no further: its Device is suspended in the middle, and keeps its place in the budget until spec.suspend is false`;
}

/** What is under way is named soon; what has not begun stands aside, and others have its place, when that goes on. */
function unableIn(state: AssetState, why: (forMs: number) => string | undefined): string | undefined {
  if (underWay(state)) {
    const told = why(UNABLE_TOLD_MS);
    if (told === undefined || state === 'Preflight') return told;
    return `${told} (it has begun and keeps its place in the budget until that is put right; abort brings it back)`;
  }
  return state === 'Queued' ? why(UNABLE_AFTER_MS) : undefined;
}

/** Its first part is done and judged; the second begins when its group has been handed over. */
export function isParked({ status }: Device, { metadata }: PolicyRollout): boolean {
  const record = status?.rollout;
  return record?.name === metadata.name && record.state === 'Deferred' && record.waitsForGroup !== undefined;
}

function stageWave(wave: number, device: Device, groups: GroupStages | undefined): number {
  if (groups === undefined) return wave;
  if (groups.handedOver && groups.isMember(device)) return groups.first + wave;
  return Math.min(wave, groups.first - 1);
}

/** Whoever has begun stays in its wave, whatever joins or leaves the fleet meanwhile: the same of both times. */
function waveBegun({ status }: Device, { metadata }: PolicyRollout): number | undefined {
  return status?.rollout?.name === metadata.name ? status.rollout.wave : undefined;
}

/** Its record says so from its first step until its verdict: it has a place in that budget and in no other, whoever takes over. */
export function isArmed({ status }: Device, { metadata }: PolicyRollout): boolean {
  return status?.rollout?.name === metadata.name && status.rollout.armed === true;
}

/** It went back, and somebody asked since to try again. */
export function isRetried({ status }: Device, retriedAt: string | undefined): boolean {
  const record = status?.rollout;
  return retriedAt !== undefined && record?.state === 'RolledBack' && (record.since ?? '') < retriedAt;
}

/** Left out of this rollout, by its revision: a skip says nothing about those to come. */
export function isSkipped({ metadata }: Device, { spec }: PolicyRollout): boolean {
  const value = metadata.annotations?.[SKIP_ANNOTATION];
  return value !== undefined && parseVerbValue(value)?.subject === spec.revision;
}

/** An asset that was told to start counts as under way before its own record says so. */
function stateOf(
  device: Device,
  { rollout, started, groups }: SummaryInput,
  { retried, skipped }: { readonly retried: boolean; readonly skipped: boolean },
): AssetState {
  const begins = retried || (groups?.handedOver === true && isParked(device, rollout));
  const state = begins ? 'Queued' : assetState(device, rollout.metadata.name);
  if (skipped && !underWay(state) && state !== 'Succeeded') return 'Excluded';
  return (state === 'Queued' || state === 'Deferred') && started.has(device.metadata.name) ? 'Preflight' : state;
}

/** The most critical of its things decides. */
function orderable(device: Device, members: readonly Device[], strategy: PolicyRollout['spec']['strategy']): Orderable {
  const { criticalityLabel } = strategy?.order ?? {};
  const criticality = ({ metadata }: Device) =>
    criticalityLabel === undefined ? 0 : Number(metadata.labels?.[criticalityLabel] ?? 0) || 0;
  return {
    id: device.metadata.name,
    cohort: cohortOf(device, strategy),
    criticality: members.reduce((most, each) => Math.max(most, criticality(each)), criticality(device)),
    things: members.length,
  };
}

/** Devices that fail alike: of one type, and alike in the labels that the strategy names. */
export function cohortOf({ metadata, spec }: Device, strategy: PolicyRollout['spec']['strategy']): string {
  const names = strategy?.order?.cohortLabels ?? ['fleetward.dev/cohort'];
  return `${spec.thingTypeRef?.name ?? ''}|${names.map((label) => metadata.labels?.[label] ?? '').join('|')}`;
}
