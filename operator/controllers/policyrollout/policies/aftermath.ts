import { setCondition } from '../../../api/conditions.ts';
import type { Device } from '../../../api/device.gen.ts';
import type { PolicyRollout, PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import type { Family } from '../../../rollout/family.ts';
import { readStrategy } from '../../../rollout/from-spec.ts';
import type { Direction } from '../../../rollout/types.ts';
import { keyText, objectKey, parseKey } from '../../../runtime/controller/keys.ts';
import { createPauser, type Pauser } from '../../../runtime/pauser.ts';
import { Priority, type Result } from '../../../runtime/reconciler.ts';
import { namesFannedOut } from '../../device/desired.ts';
import { durationMs } from '../../external/duration.ts';
import { defined } from '../../external/equal.ts';
import { documentHash } from '../../iotpolicy/hash.ts';
import { assetsInTurn, isKeptStill, isSkipped } from '../asset/assets.ts';
import { inHandsOfAnother, isGivenUp, keptBy } from '../asset/elsewhere.ts';
import { borrowedFamilies, carriedNames, carries, changeIn, familiesOfAll } from '../asset/families.ts';
import { timeOf } from '../asset/record.ts';
import { unitsOf } from '../asset/units.ts';
import { sessionsRenewed } from '../conditions.ts';
import { handOver } from '../groups/handover.ts';
import { type GroupsView, readTargets, withRecords } from '../groups/targets.ts';
import { hasEnded } from '../names.ts';
import { readVerbs, verbStatus } from '../people/verb-state.ts';
import { expectedDocuments, isDocumentTakenBack, placeOf, policiesIn, revisionChange } from '../revision.ts';
import type { Directive } from '../service.ts';
import { familiesOf, type Start } from '../start.ts';
import { saveRollout } from '../status.ts';
import { assetsWithLeftOver } from './left-over.ts';
import { candidatesAmong, keptElsewhere, othersOf, provenElsewhere } from './others.ts';
import { lastRollout, stanceOf } from './stance.ts';
import { tidyUp } from './tidy-up.ts';
import { familiesBack } from './way-back.ts';

const LOOK_AGAIN_MS = 60_000;
/** A session of before may last for weeks; nothing else is left to be done by then. */
const SESSIONS_MS = 10 * 60_000;

/**
 * After the end: the assets return to the declared name, which holds the same document by then, and the candidates go
 * when nothing carries them and the window for a quick way back is over.
 */
export async function aftermath(start: Start): Promise<Result | undefined> {
  const { deps, key, rollout } = start;
  const pauser = createPauser(deps.clock, start.context.signal);
  const verbs = readVerbs(rollout, deps.clock.now(), deps.usersPinned === true);
  const status = defined({
    ...rollout.status,
    ...(await sessionsLeft(start, pauser)),
    verbs: verbStatus(verbs),
    answers: verbs.answers,
    evidence: deps.rollouts.teller.head(rollout),
    refused: verbs.refused.length === 0 ? undefined : verbs.refused,
  }) as PolicyRolloutStatus;
  await saveRollout(deps, rollout, status);
  if (status.cleanedAt !== undefined) {
    await deps.rollouts.publish(key, new Map(), pauser);
    deps.rollouts.forget(key);
    return (status.counters?.olderSessions ?? 0) === 0 ? undefined : { requeueAfterMs: SESSIONS_MS };
  }
  const { strategy } = readStrategy(rollout.spec.strategy, durationMs);
  const direction = wayOut(start, strategy.homing);
  const groups = await groupsAfter(start, direction, strategy.settleMs);
  // Who is on a proven candidate that its spec has given up stays there: the rights are those that were proven.
  const found = await assetsInTurn(deps.cache, rollout, pauser);
  const assets =
    direction === 'back' ? await assetsWithLeftOver(start, found, { candidates: namesToLeave(start), pauser }) : found;
  const all = await carriers(start, assets, { groups, pauser });
  const kept = groups.targets.length > 0 ? () => false : keptBy({ cache: deps.cache, session: start.session }, rollout);
  const carrying = all.filter((device) => !kept(device));
  if (carrying.length === 0 && all.length > 0) {
    await deps.rollouts.publish(key, new Map(), pauser);
    return { requeueAfterMs: LOOK_AGAIN_MS };
  }
  const stays = status.phase === 'Succeeded' && strategy.homing === 'Stay';
  if (carrying.length > 0) {
    if (direction !== undefined) await lead(start, carrying, { direction, assets, groups, pauser });
    // Who has turned round finishes that, whatever comes next: it counts as in flight until it has.
    else
      await lead(
        start,
        carrying.filter((device) => isReturning(rollout, device) || isSkippedHalfway(start, device)),
        { direction: 'back', assets, groups, pauser },
      );
    return { requeueAfterMs: LOOK_AGAIN_MS };
  }
  await deps.rollouts.publish(key, new Map(), pauser);
  if ((direction === undefined ? groups.moved : groups.away) && !stays) return { requeueAfterMs: LOOK_AGAIN_MS };
  return tidyUp(start, status);
}

/** Sessions of before end long after a rollout has, and after its candidates are gone. */
async function sessionsLeft({ deps, rollout }: Start, pauser: Pauser): Promise<Partial<PolicyRolloutStatus>> {
  const { phase, counters, conditions } = rollout.status ?? {};
  if (phase !== 'Succeeded' || (counters?.olderSessions ?? 0) === 0) return {};
  const assets = await assetsInTurn(deps.cache, rollout, pauser);
  const older = assets.filter(
    ({ status }) =>
      status?.rollout?.name === rollout.metadata.name && (status.rollout.sessions?.older ?? []).length > 0,
  ).length;
  if (older === counters?.olderSessions) return {};
  const at = { generation: rollout.metadata.generation, now: deps.clock.now() };
  const renewed = sessionsRenewed({ applied: counters?.applied ?? 0, olderSessions: older });
  return {
    counters: { ...counters, olderSessions: older },
    conditions: [...setCondition(conditions ?? [], renewed, at)],
  };
}

/**
 * A proven rollout that has left assets behind: while the declared name cannot take the new document for their sake, whoever
 * can be watched again, or is not skipped any more, follows the others.
 */
export async function leftBehind(start: Start): Promise<boolean> {
  const { deps, rollout, session, context } = start;
  const { phase, reason, cleanedAt } = rollout.status ?? {};
  if (phase !== 'Succeeded' || reason !== 'CompletedWithStragglers' || cleanedAt !== undefined) return false;
  if (declaredReady(start)) return false;
  const current = policiesIn(deps.cache, rollout).every((policy) => {
    const stance = stanceOf(deps.cache, policy);
    return stance.kind === 'moved' && stance.rollout.metadata.name === rollout.metadata.name;
  });
  const declared = rollout.spec.policies.map(({ policyName }) => policyName);
  const carries = (device: Device) => {
    const carried = carriedNames(session, device);
    return declared.some((name) => carried.has(name));
  };
  if (!current) return false;
  const assets = await assetsInTurn(deps.cache, rollout, createPauser(deps.clock, context.signal));
  return assets.some((device) => !isSkipped(device, rollout) && carries(device));
}

/**
 * Git takes back what a proven rollout brought while the declared name, for the sake of those that it left behind, still holds
 * what was before: there nothing differs from the spec, so no other rollout would bring anybody back.
 */
export async function isTakenBackLate(start: Start): Promise<boolean> {
  const { deps, rollout, session, context } = start;
  const { status = {}, spec, metadata } = rollout;
  const leftSome = status.phase === 'Succeeded' && status.reason === 'CompletedWithStragglers';
  if (!leftSome || status.cleanedAt !== undefined) return false;
  // References that come back are a change of their Devices, and get a rollout of their own.
  if (!isDocumentTakenBack(deps.cache, rollout, placeOf(session))) return false;
  const policies = new Map(policiesIn(deps.cache, rollout).map((policy) => [policy.metadata.name, policy]));
  const asBefore = spec.policies.every(({ name, baseline }) => {
    const policy = policies.get(name);
    // What another rollout, or a change in place, did since is not this one's to take back.
    if (policy === undefined || lastRollout(deps.cache, policy)?.name !== metadata.name) return false;
    return stanceOf(deps.cache, policy).kind !== 'rejected' && policy.status?.documentHash === documentHash(baseline);
  });
  if (!asBefore) return false;
  const assets = await assetsInTurn(deps.cache, rollout, createPauser(deps.clock, context.signal));
  return assets.some((device) => spec.policies.some(({ candidateName }) => carries(session, device, candidateName)));
}

/** Left out after the candidate was attached: it keeps the policy of before, alone. */
function isSkippedHalfway({ rollout }: Start, device: Device): boolean {
  const record = device.status?.rollout;
  return record?.name === rollout.metadata.name && record.state === 'Deferred' && isSkipped(device, rollout);
}

function isReturning(rollout: PolicyRollout, { status }: Device): boolean {
  return status?.rollout?.name === rollout.metadata.name && status.rollout.state === 'RollingBack';
}

/** Where they are proven the groups take the declared policy too, and where they were given up they go back to it. */
async function groupsAfter(start: Start, direction: Direction | undefined, settleMs: number): Promise<GroupsView> {
  const { rollout } = start;
  const families = ownFamilies(start);
  const groups = await readTargets(start, families, settleMs);
  if (direction === undefined || groups.targets.length === 0) return groups;
  const flippedAt = timeOf(rollout.status?.flippedAt);
  const way = { direction: 'back', candidateDefaults: new Map(), flippedAt, settleMs } as const;
  const done = await handOver({ start, families, groups, ...way });
  return { ...groups, targets: withRecords(groups.targets, done.groups) };
}

/**
 * Without the candidates of other rollouts: each brings its own back from the groups. A group that a later one hands over is
 * none of this one's, and what a later one has proven stays.
 */
function ownFamilies(start: Start): readonly Family[] {
  const own = new Set(start.rollout.spec.policies.map(({ candidateName }) => candidateName));
  const others = candidatesAmong(othersOf(start).filter(({ status }) => status?.cleanedAt === undefined));
  const isOwn = (name: string) => own.has(name) || !others.has(name);
  return familiesOf(start).map((family) => ({ ...family, names: family.names.filter(isOwn) }));
}

/**
 * Devices of which some certificate carries a candidate of this rollout or what was lent to it, or that are still on their
 * way back.
 */
async function carriers(
  start: Start,
  assets: readonly Device[],
  { groups: { targets }, pauser }: { readonly groups: GroupsView; readonly pauser: Pauser },
): Promise<readonly Device[]> {
  const { deps, rollout, session } = start;
  const families = familiesOf(start);
  const candidates = namesToLeave(start);
  const where = { cache: deps.cache, session };
  const lent = (device: Device) => {
    if (targets.length === 0) return false;
    const carried = carriedNames(session, device);
    // A thing group that changes lends it anew: that is no loan of this rollout, and goes when the group is done.
    const anew = namesFannedOut(deps.cache, device);
    const own = (name: string) => carried.has(name) && !anew.has(name);
    return borrowedFamilies(where, device, families).some(({ names }) => names.some(own));
  };
  const found: Device[] = [];
  for (const device of assets) {
    if (pauser.isDue()) await pauser.pause();
    const on = () =>
      (device.status?.certificates ?? []).some(({ certificateId = '' }) =>
        session.snapshot.targets.at(certificateId).some((name) => candidates.has(name)),
      );
    if (lent(device) || isGoing(rollout, device) || on()) found.push(device);
  }
  return found;
}

/** Given up, nothing but the declared name is proven: whoever has lost its record on an earlier try goes back as well. */
function namesToLeave(start: Start): ReadonlySet<string> {
  const { rollout } = start;
  const { phase } = rollout.status ?? {};
  if (phase !== 'Aborted') {
    // Overtaken, it leaves to the one that has proven the same candidate who stays there, and for how long.
    const kept = phase === 'Superseded' ? keptElsewhere(start) : new Set<string>();
    return new Set(rollout.spec.policies.flatMap(({ candidateName: name }) => (kept.has(name) ? [] : [name])));
  }
  const proven = provenElsewhere(start);
  const others = familiesOf(start).flatMap(({ declared, names }) => names.filter((name) => name !== declared));
  return new Set(others.filter((name) => !proven.has(name)));
}

function isGoing(rollout: PolicyRollout, device: Device): boolean {
  return isReturning(rollout, device) || isGivenUp(rollout, device);
}

/**
 * Where assets that still carry a candidate go: home when it was proven, back when it was given up. After a superseded
 * rollout the next one takes them along; only when none comes they go back.
 */
function wayOut(start: Start, homing: 'Back' | 'Stay'): Direction | undefined {
  const { rollout } = start;
  switch (rollout.status?.phase) {
    case 'Succeeded':
      return homing === 'Back' && declaredReady(start) ? 'home' : undefined;
    case 'Superseded':
      return anotherTakesThem(start) ? undefined : 'back';
    default:
      return 'back';
  }
}

/** The specs alone tell whether another rollout comes: its own traces appear a moment later. One that was given up does not. */
function anotherTakesThem({ deps, rollout, session }: Start): boolean {
  if (revisionChange(deps.cache, rollout, placeOf(session)) === 'reverted') return false;
  return policiesIn(deps.cache, rollout).some((policy) => stanceOf(deps.cache, policy).kind !== 'rejected');
}

/** Held assets stay where they are until the hold is lifted, and follow then; whom a person holds on its way back gets there. */
async function lead(
  start: Start,
  carrying: readonly Device[],
  {
    direction,
    assets,
    groups,
    pauser,
  }: {
    readonly direction: Direction;
    readonly assets: readonly Device[];
    readonly groups: GroupsView;
    readonly pauser: Pauser;
  },
): Promise<void> {
  const { deps, key, rollout } = start;
  const targets = new Map(groups.targets.map(({ name, record }) => [name, record]));
  const { strategy } = readStrategy(rollout.spec.strategy, durationMs);
  const families = familiesOf(start);
  const directives = new Map<string, Directive>();
  const units = await unitsOf(deps.cache, assets, { rollout: rollout.metadata.name, pauser });
  const where = { cache: deps.cache, session: start.session };
  const leaving = direction === 'back' ? namesToLeave(start) : new Set<string>();
  // What its spec has ceased to ask for meanwhile is another change: first it gets back what it had.
  const isLeft = (device: Device, { names }: Family) => {
    const taken = changeIn(rollout, device)?.detach ?? [];
    return names.some((name) => leaving.has(name) && !taken.includes(name) && carries(start.session, device, name));
  };
  const going = new Set(carrying.flatMap((device) => units.get(device.metadata.name)?.members ?? [device]));
  const expected = expectedDocuments(deps.cache, rollout);
  for (const device of going) {
    if (pauser.isDue()) await pauser.pause();
    const members = units.get(device.metadata.name)?.members ?? [device];
    // Who shares a certificate goes with all of them, or not at all.
    const isStill = (each: Device) => isKeptStill(each, members.length, isReturning(rollout, each));
    if (members.some((each) => isStill(each) || isElsewhere(start, each))) continue;
    const left = families.filter((family) => members.some((each) => isLeft(each, family)));
    directives.set(keyText(objectKey(device)), {
      rollout: rollout.metadata.name,
      direction,
      unit: members.length === 1 ? undefined : members.map(({ metadata }) => metadata.name),
      families:
        direction === 'back'
          ? familiesBack(where, device, { rollout, members, families, left })
          : familiesOfAll(where, members, { rollout, families }),
      change: changeIn(rollout, device),
      equal: false,
      candidateDefaults: new Map(),
      flippedAt: undefined,
      permission: { yes: true },
      addsDeny: false,
      ...(targets.size === 0 ? {} : { groups: { targets, handedOver: true, parkAfter: 'attach' } }),
      expected,
      strategy,
      requirement: { newConnect: false, freshSubscribe: false, delivery: false },
      controls: [],
      policies: [],
      wave: 0,
      lifeline: new Set(),
      cause: direction === 'home' ? 'the declared policy holds the new document' : 'the rollout was given up',
    });
  }
  for (const changed of await deps.rollouts.publish(key, directives, pauser)) {
    deps.enqueue(parseKey(changed), { priority: Priority.drift });
  }
}

/**
 * Another rollout has the asset. Where that one is over and left it nothing of its own, or where there is no record, what AWS
 * shows counts: the asset carries a candidate of this rollout and goes where the others go.
 */
function isElsewhere({ deps, key, rollout, session }: Start, device: Device): boolean {
  const name = device.status?.rollout?.name;
  if (name === undefined || name === rollout.metadata.name) return false;
  const other = deps.cache.get({ ...key, name }) as PolicyRollout | undefined;
  if (other === undefined) return false;
  if (!hasEnded(other) || inHandsOfAnother({ cache: deps.cache, session }, device, rollout.metadata.name) !== undefined)
    return true;
  const carried = carriedNames(session, device);
  return other.spec.policies.some(({ candidateName }) => carried.has(candidateName));
}

/** The declared policies hold the new documents, as read back by their own controller. */
function declaredReady({ deps, rollout }: Start): boolean {
  const policies = policiesIn(deps.cache, rollout);
  return rollout.spec.policies.every(({ name, document }) => {
    const policy = policies.find(({ metadata }) => metadata.name === name);
    return policy?.status?.documentHash === documentHash(document);
  });
}
