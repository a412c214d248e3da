import type { Device, DeviceStatusRollout } from '../../../api/device.gen.ts';
import type { AssetDecision, CertificateEdges, Through } from '../../../rollout/types.ts';
import { judgeTogether, throughAll } from '../../../rollout/unit.ts';
import { MASKED } from '../../../rollout/verdict.ts';
import { objectKey } from '../../../runtime/controller/keys.ts';
import { readPolicies } from '../../device/reads.ts';
import { certificateArn } from '../../external/arn.ts';
import { sameJson } from '../../external/equal.ts';
import type { Scope } from '../../external/types.ts';
import { assetConditions } from '../conditions.ts';
import { DETACH_DEADLINE_MS, type Directive, type Rollouts } from '../service.ts';
import { isKeptStill } from './assets.ts';
import { type Attempt, pick, usedBy } from './attempt.ts';
import { preflight } from './preflight.ts';
import type { Preflight } from './preflight-memory.ts';
import { assetIdentity, assetState, exactTime } from './record.ts';
import { keepSubscriptions } from './subscriptions.ts';
import { throughGroups } from './through.ts';
import { UNABLE_AFTER_MS, whyUnable } from './unable.ts';
import { certificateIds } from './units.ts';
import { type Judged, judgeAsset } from './verdict.ts';

/**
 * Things that share certificates. The first of a unit does for all what it does for itself elsewhere: its record alone tells what
 * was done, it asks and judges each thing under its own names, and the others repeat what it says. So the certificates have one
 * writer, and a crash leaves one record to go on from.
 */

/** The other Devices of the unit, as the cache shows them. */
export function others(scope: Scope<Device>, { unit = [] }: Directive): readonly Device[] {
  const { kind, namespace, name } = scope.key;
  return unit
    .filter((other) => other !== name)
    .flatMap((other) => (scope.deps.cache.get({ kind, namespace, name: other }) as Device | undefined) ?? []);
}

/** The certificates of the others that the first has not itself, by direct reads. */
export async function readOthers(
  scope: Scope<Device>,
  devices: readonly Device[],
  known: readonly CertificateEdges[],
): Promise<readonly CertificateEdges[]> {
  const { snapshot } = scope.session;
  const edges: CertificateEdges[] = [];
  for (const id of new Set(devices.flatMap(certificateIds))) {
    if (known.some(({ certificateArn }) => certificateArn.endsWith(`/${id}`))) continue;
    // AWS does not list it any more: there is nothing to attach to.
    if (snapshot.certificates.get(id) === undefined) continue;
    await readPolicies(scope, id);
    edges.push(edgesAt(scope, id, scope.deps.clock.now()));
  }
  return edges;
}

/** What each of them has through thing groups, under its own name, as far as all have it. */
export async function throughGroupsOfAll(
  scope: Scope<Device>,
  directive: Directive,
  options: Parameters<typeof throughGroups>[2],
): Promise<Through | undefined> {
  const own = await throughGroups(scope, directive, options);
  if (own === undefined) return undefined;
  const all = [own];
  for (const object of others(scope, directive)) {
    const found = await throughGroups({ ...scope, object, key: objectKey(object) }, directive, options);
    if (found !== undefined) all.push(found);
  }
  // Whoever has left the groups since is owed nothing of what they give.
  const [first = own, ...more] = all.filter(({ given }) => given.size > 0);
  return throughAll([first, ...more]);
}

/** What the snapshot shows on a certificate, as of `readAt`. */
export function edgesAt({ session }: Scope<Device>, id: string, readAt: number): CertificateEdges {
  return {
    certificateArn: certificateArn(session, id),
    attached: new Set(session.snapshot.targets.at(id)),
    readAt,
  };
}

/** The same attempt as it is for each of the others: under its own names, with the times of the first. Only to look and to judge. */
export function ledBy(attempt: Attempt): readonly Attempt[] {
  const { scope, rollouts, directive } = attempt;
  return others(scope, directive).map((device) => {
    const key = objectKey(device);
    const object = withRecord(device, scope.object.status?.rollout, directive.rollout);
    return { ...attempt, scope: { ...scope, object, key }, directive: rollouts.directiveFor(key) ?? directive };
  });
}

function withRecord(device: Device, record: DeviceStatusRollout | undefined, rollout: string): Device {
  const { rollout: own, ...status } = device.status ?? {};
  if (record === undefined) return { ...device, status };
  const { used: _used, ...shared } = record;
  const used = own?.name === rollout ? own.used : undefined;
  return { ...device, status: { ...status, rollout: { ...shared, ...(used === undefined ? {} : { used }) } } };
}

/** Who of the unit keeps all of it where it is; said with its name. */
export function heldAmong({ scope, directive }: Attempt): string | undefined {
  const found = others(scope, directive).find((device) => isKeptStill(device, 2));
  if (found === undefined) return undefined;
  const why = found.status?.held?.detail ?? (found.spec.suspend ? 'it is suspended' : 'a person holds it');
  return `${found.metadata.name}, which shares a certificate: ${why}`;
}

/**
 * Nobody is changed before all of the unit have written down that they are in it, with what they used up to then: a verdict on them
 * needs it, and other rollouts count them.
 */
export function waitsForNotes({ scope, directive, rollouts }: Attempt): AssetDecision | undefined {
  if (directive.unit === undefined || directive.direction !== 'forward') return undefined;
  const all = String([...directive.unit].sort());
  const missing = others(scope, directive).filter(({ status }) => {
    const { name, state, unit = [] } = status?.rollout ?? {};
    return name !== directive.rollout || state === 'RolledBack' || String([...unit].sort()) !== all;
  });
  if (missing.length === 0) return undefined;
  const names = missing.map(({ metadata }) => metadata.name).slice(0, 5);
  const shares = `it shares a certificate with ${names.join(', ')}, and they have not taken note of the rollout yet`;
  const unable = whyUnable(rollouts, missing, { now: scope.deps.clock.now(), forMs: UNABLE_AFTER_MS });
  // Nothing is done before they have: the place goes to others.
  const [state, why] = unable === undefined ? (['Preflight', shares] as const) : (['Deferred', unable] as const);
  return { kind: 'wait', state, until: undefined, why };
}

/** One verdict over all. */
export async function judgeUnit(attempt: Attempt): Promise<Judged> {
  const own = await judgeAsset(attempt);
  const led = ledBy(attempt);
  if (led.length === 0) return own;
  const findings = [{ id: attempt.scope.key.name, ...own }];
  for (const other of led) findings.push({ id: other.scope.key.name, ...(await judgeAsset(other)) });
  const [first, ...more] = findings;
  if (first === undefined) return own;
  return {
    ...judgeTogether([first, ...more], MASKED),
    blocked: [...new Set(findings.flatMap(({ blocked }) => blocked))],
  };
}

/** Each thing's lifeline and what it used, before something is taken from all. */
export async function preflightUnit(attempt: Attempt): Promise<Pick<Preflight, 'permission' | 'said'>> {
  const own = await preflight(attempt);
  if (!own.permission.yes) return own;
  const said = new Set([own.said]);
  for (const other of ledBy(attempt)) {
    const found = await preflight(other);
    said.add(found.said);
    if (found.permission.yes) continue;
    const why = `${other.scope.key.name}, which moves with it: ${found.permission.why}`;
    return { permission: { yes: false, why }, said: why.slice(0, 500) };
  }
  for (const each of [attempt, ...ledBy(attempt)]) await keepSubscriptions(each);
  return { permission: { yes: true }, said: [...said].join('; ').slice(0, 500) };
}

/** How soon one that follows looks again although nothing woke it. */
const LOOK_AGAIN_MS = 60_000;
const SOON_MS = 1_000;

/**
 * What a Device does that another one leads: it writes down that it is in the rollout, and repeats what the first says. Only what it
 * used itself, and a Detach of its own that may still be on its way, are its own.
 */
export async function follow(
  scope: Scope<Device>,
  rollouts: Rollouts,
  directive: Following = afterwards(scope.object),
): Promise<number> {
  const [lead = ''] = directive.unit ?? [];
  const first = scope.deps.cache.get({ ...scope.key, name: lead }) as Device | undefined;
  const theirs = first?.status?.rollout;
  const before = scope.object.status?.rollout;
  const leads = theirs?.name === directive.rollout && theirs.unit?.includes(scope.key.name) === true;
  const record = leads ? repeated(scope, rollouts, { theirs, lead }) : noted(scope, rollouts, directive);
  if (record === undefined || sameJson(record, before)) return LOOK_AGAIN_MS;
  const { pendingChange } = scope.object.status ?? {};
  const done = record.state === 'Succeeded' && pendingChange?.digest === record.change?.digest;
  const contact = rollouts.signals.contact(assetIdentity(scope.object, scope.session.key));
  const at = { contact, now: scope.deps.clock.now() };
  const moved = before?.name !== record.name || before.state !== record.state;
  await scope.save({
    rollout: record,
    ...(moved ? { conditions: [...assetConditions(scope.object, record, at)] } : {}),
    ...(done && pendingChange !== undefined ? ({ pendingChange: undefined } as object) : {}),
  });
  rollouts.teller.asset(scope.object, before, record);
  // What its spec still asks for is looked at once more when a change of it was done, or taken back.
  return moved && record.change !== undefined ? SOON_MS : LOOK_AGAIN_MS;
}

type Following = Pick<Directive, 'rollout' | 'direction' | 'unit' | 'change' | 'ownWave'>;

/** The first has nothing left to do, and neither have the others but to say how it ended. */
function afterwards({ status }: Device): Following {
  const { name = '', unit } = status?.rollout ?? {};
  return { rollout: name, unit, direction: 'back' };
}

/** It is in the rollout now, and nothing was done yet. */
function noted(scope: Scope<Device>, rollouts: Rollouts, directive: Following): DeviceStatusRollout | undefined {
  const before = scope.object.status?.rollout;
  const { unit = [], change, ownWave } = directive;
  if (directive.direction !== 'forward') return undefined;
  const [lead = ''] = unit;
  if (before?.name === directive.rollout && before.state !== 'RolledBack') {
    return sameJson(before.unit, unit) ? undefined : { ...before, unit: [...unit] };
  }
  const now = exactTime(scope.deps.clock.now());
  return {
    ...pick(before),
    name: directive.rollout,
    state: 'Preflight',
    why: `moves with ${lead}, with which it shares a certificate`,
    since: now,
    startedAt: now,
    ...(ownWave === undefined ? {} : { wave: ownWave }),
    unit: [...unit],
    ...(change === undefined ? {} : { change }),
    ...usedBy(scope, rollouts),
  };
}

function repeated(
  scope: Scope<Device>,
  rollouts: Rollouts,
  { theirs, lead }: { readonly theirs: DeviceStatusRollout; readonly lead: string },
): DeviceStatusRollout {
  const before = scope.object.status?.rollout;
  const again = before?.state === 'RolledBack' && assetState(scope.object, theirs.name) !== theirs.state;
  const same = before?.name === theirs.name && !again;
  const { used: _used, openDetach: _open, why = '', ...shared } = theirs;
  const used = same ? { used: before.used } : usedBy(scope, rollouts);
  const open = before?.openDetach;
  const late = open !== undefined && scope.deps.clock.now() < Date.parse(open.sentAt) + DETACH_DEADLINE_MS;
  return {
    ...shared,
    // A certificate that joined it was given what the others have, and has to settle as well.
    ...later('attachedAt', before, theirs),
    ...later('detachedAt', before, theirs),
    ...later('switchedAt', before, theirs),
    ...stillOlder(theirs, same ? before : undefined),
    why: `with ${lead}: ${why}`.slice(0, 500),
    ...(used.used === undefined ? {} : { used: used.used }),
    ...(late ? { openDetach: open } : {}),
  };
}

/** Each sees for itself that a session of before has ended, and the first may say so only a moment later. */
function stillOlder(
  { state, sessions }: DeviceStatusRollout,
  before: DeviceStatusRollout | undefined,
): Pick<DeviceStatusRollout, 'sessions'> {
  const known = before?.sessions;
  if (state !== 'Succeeded' || before?.state !== state || sessions === undefined || known?.since !== sessions.since)
    return {};
  return { sessions: { ...sessions, older: (sessions.older ?? []).filter((id) => known?.older?.includes(id)) } };
}

type Time = 'attachedAt' | 'detachedAt' | 'switchedAt';

function later(time: Time, ...records: readonly (DeviceStatusRollout | undefined)[]): Partial<DeviceStatusRollout> {
  const [last] = records
    .flatMap((record) => record?.[time] ?? [])
    .sort()
    .reverse();
  return last === undefined ? {} : { [time]: last };
}
