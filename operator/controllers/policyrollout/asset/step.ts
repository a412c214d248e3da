import type { Device, DeviceStatusRollout } from '../../../api/device.gen.ts';
import { type AssetInput, planAsset } from '../../../rollout/asset.ts';
import { hasTaken, isTouched } from '../../../rollout/asset-edges.ts';
import { changesOf } from '../../../rollout/family.ts';
import { STORM_WINDOW_MS } from '../../../rollout/storm.ts';
import { type AssetDecision, type AssetRecord, type AssetState, inFlight } from '../../../rollout/types.ts';
import { takeOver, unitRecord } from '../../../rollout/unit.ts';
import { NOTHING_DONE } from '../../../rollout/verdict.ts';
import { keyText } from '../../../runtime/controller/keys.ts';
import { thingName } from '../../device/desired.ts';
import type { Scope } from '../../external/types.ts';
import { DETACH_DEADLINE_MS, type Directive, type Rollouts } from '../service.ts';
import { type AssetView, type Attempt, type How, save } from './attempt.ts';
import { sendCall, sendSwitch } from './call.ts';
import { inHandsOfAnother } from './elsewhere.ts';
import { look, mayRecall, nextReadIn } from './look.ts';
import { assetIdentity, assetRecord, assetState, exactTime, timeOf } from './record.ts';
import { refusedLately, whenRefused } from './refused.ts';
import { goneBeside, goneThroughGroups, isRobbed } from './robbed.ts';
import { endSessions, seeRenewal, sessionsNow, sessionsToEnd } from './sessions.ts';
import { follow, heldAmong, judgeUnit, ledBy, others, preflightUnit, waitsForNotes } from './unit.ts';
import { certificateIds, isLed } from './units.ts';
import type { Judged } from './verdict.ts';

/** Where nobody gains or loses a right there is nothing to see. */
const EQUAL: Omit<Judged, 'permission'> = {
  expandedHealth: 'healthy',
  verdict: 'succeeded',
  lifelineDenied: false,
  reason: 'Equivalent',
  blocked: [],
  why: 'the asset may do the same as before',
};
/** More calls than an asset of eight certificates and ten policies can need. */
const MAX_STEPS = 400;
/** States in which what is waited for may have happened without anybody being told. */
const ARRIVES: ReadonlySet<AssetState> = new Set(['Observing', 'RollingBack']);
/** How often it is looked for then, by what is known here. */
const LOOK_AGAIN_MS = 60_000;
/** After a call whose effect cannot be read yet. */
const SOON_MS = 1_000;

/** The turn of the rollout in the device's own reconcile. Whoever has come to its end in peace is able to move. */
export async function stepAsset(
  scope: Scope<Device>,
  rollouts: Rollouts,
  view: AssetView,
): Promise<number | undefined> {
  // Before it is asked what it was told to do: whoever takes that back does not do so in between.
  rollouts.unable.enter(scope.key);
  const again = await stepNow(scope, rollouts, view);
  rollouts.unable.leave(scope.key);
  return again;
}

/**
 * Moves one asset as far as it goes now. Runs in the device's own reconcile, so that one writer alone acts on its
 * certificates. Whatever is decided but to wait on rests on attachments read a moment before. Answers when to look again.
 */
async function stepNow(scope: Scope<Device>, rollouts: Rollouts, view: AssetView): Promise<number | undefined> {
  const directive = rollouts.directiveFor(scope.key);
  await seeRenewal(scope, rollouts);
  // Told by two rollouts in the same moment, it is the one's that its record names.
  const here = { cache: scope.deps.cache, session: scope.session };
  if (directive !== undefined && inHandsOfAnother(here, scope.object, directive.rollout)) return LOOK_AGAIN_MS;
  const unit = directive === undefined ? scope.object.status?.rollout?.unit : directive.unit;
  if (isLed(scope.object, unit)) {
    const again = await follow(scope, rollouts, directive);
    return directive === undefined ? undefined : again;
  }
  if (directive === undefined) return undefined;
  const devices = [scope.object, ...others(scope, directive)];
  using turn = rollouts.turn([...new Set(devices.flatMap(certificateIds))]);
  return turn === undefined ? SOON_MS : moveAsset(scope, rollouts, { view, directive });
}

async function moveAsset(
  scope: Scope<Device>,
  rollouts: Rollouts,
  { view, directive }: { readonly view: AssetView; readonly directive: Directive },
): Promise<number | undefined> {
  // What is done for several is not waited for on the word of one.
  const alone = others(scope, directive).length === 0;
  let due = false;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const state = assetState(scope.object, directive.rollout);
    const how: How = alone && !due && mayRecall(scope, view, state) ? 'recall' : 'read';
    const carried = await look(scope, { directive, view, how });
    if (carried.certificates.length === 0) return undefined;
    const bare: Attempt = { scope, rollouts, directive, held: view.held, desired: view.desired, ...carried };
    if (quietlyDone(bare)) return undefined;
    const attempt: Attempt = { ...bare, sessions: sessionsNow(bare) };
    const judged =
      directive.equal && !isRobbed(attempt) ? { ...EQUAL, permission: directive.permission } : await judgeUnit(attempt);
    const planned =
      takenOver(attempt) ??
      heldDecision(attempt, judged) ??
      untold(attempt) ??
      refusedLately(attempt) ??
      contactAfter(attempt, planAsset(inputFor(attempt, judged)));
    due = how === 'recall' && !waitsOn(attempt, planned);
    if (due) continue;
    const decision = await lookBefore(attempt, planned);
    const again = await carryOut(attempt, decision, { judged, view });
    if (again !== 'next') return soonest(again, nextReadIn(scope, view, decision.state));
    // A Detach has been read back; after an attach nothing is known until it is read again.
    due = decision.kind !== 'call';
  }
  return SOON_MS;
}

/** Its record repeats what another one did, who led before. */
function takenOver({ scope, directive }: Attempt): AssetDecision | undefined {
  return isLed(scope.object, scope.object.status?.rollout?.unit) ? takeOver(directive.direction) : undefined;
}

/** Something was done in them, or in those before. */
const BEGUN: ReadonlySet<AssetState> = new Set(['Expanding', 'Verifying', 'Contracting', 'Observing']);

/** What has begun is not kept waiting: then its records were lost. */
function untold(attempt: Attempt): AssetDecision | undefined {
  const { scope, certificates, directive } = attempt;
  if (BEGUN.has(assetState(scope.object, directive.rollout))) return undefined;
  const touched = certificates.some(({ attached }) =>
    directive.families.some(({ candidate }) => attached.has(candidate)),
  );
  return touched ? undefined : waitsForNotes(attempt);
}

/** Nothing has become due: the asset goes on waiting, in flight or as its record says it does. */
function waitsOn({ scope, directive }: Attempt, decision: AssetDecision): boolean {
  const record = scope.object.status?.rollout;
  if (decision.kind !== 'wait' || record?.name !== directive.rollout || record.openDetach !== undefined) return false;
  const alike = record.state === decision.state || [record.state as AssetState, decision.state].every(inFlight);
  return alike && record.waitsForGroup === decision.parked;
}

function soonest(again: number | undefined, read: number | undefined): number | undefined {
  return again === undefined || read === undefined ? again : Math.min(again, Math.max(SOON_MS, read));
}

/** A proven asset that carries what it should needs no record anew; only a certificate that joined it is news. */
function quietlyDone({ scope, directive, certificates, beside, through }: Attempt): boolean {
  const { direction, families } = directive;
  const state = assetState(scope.object, directive.rollout);
  // Whoever was proven is not led through its groups once more because somebody put the old policy on one of them.
  if (through?.spread !== undefined) return state === 'Succeeded';
  const at = (name: string) =>
    through?.gathered.has(name) === true
      ? certificates.every(({ attached }) => !attached.has(name))
      : certificates.every(({ attached }) => attached.has(name) || through?.given.has(name) === true);
  const free = (names: readonly string[], but?: string) =>
    certificates.every(({ attached }) => names.every((name) => name === but || !attached.has(name)));
  const forward = direction === 'forward';
  const goal = forward ? 'candidate' : 'declared';
  const there = families.every((family) => at(family[goal]) && free(family.names, family[goal]));
  const { attach, detach, switches } = beside?.edges ?? { attach: [], detach: [], switches: [] };
  const [on, off] = forward ? [attach, detach] : [detach, attach];
  const edged = on.every(at) && free(off) && switches.every(({ made }) => made === forward);
  if (!there || !edged || scope.object.status?.rollout?.openDetach !== undefined) return false;
  return state === (direction === 'back' ? 'RolledBack' : 'Succeeded');
}

/**
 * The last look before something is taken from an asset. Half of a contraction is no place to stop in: what has begun is
 * brought to its end, and judged.
 */
async function lookBefore(attempt: Attempt, decision: AssetDecision): Promise<AssetDecision> {
  const { directive, certificates } = attempt;
  if (directive.direction !== 'forward' || (decision.kind !== 'call' && decision.kind !== 'switch')) return decision;
  const attaches = decision.kind === 'call' && decision.call.kind === 'attach';
  if (attaches) for (const each of [attempt, ...ledBy(attempt)]) keepCalm(each);
  const takes = !attaches || directive.addsDeny;
  const half = certificates.some(({ attached }) =>
    directive.families.some(({ declared, candidate }) => attached.has(candidate) && !attached.has(declared)),
  );
  if (!takes || (half && hasTaken(recordOf(attempt)))) return decision;
  const gone = [attempt, ...ledBy(attempt)].flatMap(goneBeside)[0] ?? (await goneThroughAny(attempt, decision));
  if (gone !== undefined) return { kind: 'wait', state: 'Deferred', until: undefined, why: gone };
  if (directive.equal) return decision;
  const { permission, said } = await preflightUnit(attempt);
  if (!permission.yes) return { kind: 'wait', state: 'Deferred', until: undefined, why: permission.why };
  attempt.said = said;
  return decision;
}

async function goneThroughAny(attempt: Attempt, decision: AssetDecision): Promise<string | undefined> {
  // Nothing is detached before every group is joined that it is to join.
  const joined = decision.kind === 'call' && decision.call.kind === 'detach';
  for (const each of [attempt, ...ledBy(attempt)]) {
    const gone = await goneThroughGroups(each, joined);
    if (gone !== undefined) return gone;
  }
  return undefined;
}

/** How often it connects while nothing was done to it: what a storm is told by. */
function keepCalm({ scope, rollouts }: Attempt): void {
  const asset = keyText(scope.key);
  if (rollouts.preflights.calm(asset) !== undefined) return;
  const since = scope.deps.clock.now() - STORM_WINDOW_MS;
  rollouts.preflights.keepCalm(
    asset,
    rollouts.signals.attempts(assetIdentity(scope.object, scope.session.key), since).now,
  );
}

/** Restored is who was heard of since; who stays silent needs a person. */
function contactAfter({ scope, directive, rollouts }: Attempt, decision: AssetDecision): AssetDecision {
  if (decision.kind !== 'done' || directive.direction !== 'back') return decision;
  const record = scope.object.status?.rollout;
  const restoredAt = timeOf(record?.restoredAt);
  const silent = [scope.object, ...others(scope, directive)].find((device) => {
    const contact = rollouts.signals.contact(assetIdentity(device, scope.session.key));
    return !contact.connected && (contact.lastAt ?? 0) < (restoredAt ?? 0);
  });
  if (restoredAt === undefined || silent === undefined) return decision;
  // Who comes once a week is waited for as long as it was when it was armed.
  const patience = record?.armed === true ? directive.strategy.armedMs : directive.strategy.recoveryMs;
  const deadline = restoredAt + directive.strategy.settleMs + patience;
  const who = silent === scope.object ? 'it' : silent.metadata.name;
  if (scope.deps.clock.now() < deadline) {
    const why = `restored; waiting to hear from ${who}`;
    return { kind: 'wait', state: 'RollingBack', until: deadline, why };
  }
  const why = `restored, and ${who === 'it' ? '' : `${who} `}not heard of since: go and look`;
  return { kind: 'wait', state: 'Unrecovered', until: undefined, why };
}

/** In them nothing of the change was done, or nothing but what takes nothing away. */
const WAITING: ReadonlySet<AssetState> = new Set(['Queued', 'Preflight', 'Deferred', 'RolledBack']);

/** A held asset only ever gets back what it had. One that was told to start and has not begun gives its place to others. */
function heldDecision(attempt: Attempt, judged: Judged): AssetDecision | undefined {
  const { held, directive, scope } = attempt;
  const among = heldAmong(attempt);
  if ((!held && among === undefined) || directive.direction === 'back') return undefined;
  const detail = (held ? scope.object.status?.held?.detail : among) ?? 'a person holds it';
  const wait = { kind: 'wait', until: undefined, why: `held: ${detail}` } as const;
  const state = assetState(scope.object, directive.rollout);
  const waits = directive.direction === 'forward' && WAITING.has(state);
  if (!waits || (state !== 'Deferred' && isTouched(inputFor(attempt, judged)))) return { ...wait, state: 'Held' };
  const parked = scope.object.status?.rollout?.waitsForGroup;
  return { ...wait, state: 'Deferred', ...(state === 'Deferred' && parked !== undefined ? { parked } : {}) };
}

/** The times that outlive an earlier rollout are known from when this one began. */
function recordOf({ scope, directive }: Attempt): AssetRecord {
  const stored = scope.object.status?.rollout;
  const record = unitRecord(
    assetRecord(stored, DETACH_DEADLINE_MS),
    others(scope, directive).map(({ status }) => assetRecord(status?.rollout, DETACH_DEADLINE_MS)),
  );
  const startedAt = stored?.name === directive.rollout ? timeOf(stored.startedAt) : scope.deps.clock.now();
  return startedAt === undefined ? record : { ...record, startedAt };
}

function inputFor(attempt: Attempt, judged: Judged): AssetInput {
  const { scope, rollouts, directive, certificates, beside, through } = attempt;
  const ends = sessionsToEnd(attempt);
  const now = scope.deps.clock.now();
  const { direction, families } = directive;
  const attached = new Set(certificates.flatMap((certificate) => [...certificate.attached]));
  // Its group may have another name than the declared one: what an earlier rollout has proven, or left there.
  const has = direction === 'forward' ? attached.union(through?.given ?? new Set<string>()) : attached;
  return {
    direction,
    certificates,
    changes: changesOf(direction, families, has),
    ...(beside === undefined ? {} : { edges: beside.edges }),
    through,
    candidateDefaults: directive.candidateDefaults,
    flippedAt: directive.flippedAt,
    record: recordOf(attempt),
    mayContract: judged.permission,
    noDetachBefore: rollouts.noDetachBefore(now),
    expandedHealth: judged.expandedHealth,
    verdict: judged.verdict,
    addsDeny: directive.addsDeny,
    ...(ends === undefined ? {} : { sessions: ends }),
    ...(directive.armed === true ? { armedMs: directive.strategy.armedMs } : {}),
    settleMs: directive.strategy.settleMs,
    silenceMs: directive.strategy.silenceMs,
    now,
  };
}

async function carryOut(
  attempt: Attempt,
  decision: AssetDecision,
  { judged, view }: { readonly judged: Judged; readonly view: AssetView },
): Promise<number | undefined | 'next'> {
  const { scope, rollouts } = attempt;
  const now = scope.deps.clock.now();
  switch (decision.kind) {
    case 'call':
    case 'switch': {
      const before = scope.object.status?.rollout;
      const sent = decision.kind === 'call' ? await sendCall(attempt, decision) : await sendSwitch(attempt, decision);
      if (sent === 'waits') return LOOK_AGAIN_MS;
      if (sent !== 'made') return whenRefused(attempt, decision, { refusal: sent, before, view });
      rollouts.unable.accept(scope.key);
      return 'next';
    }
    case 'endSessions':
      await endSessions(attempt, decision);
      return SOON_MS;
    case 'stamp':
      await save(attempt, decision, { attachedAt: exactTime(now), detachedAt: exactTime(now) });
      return 'next';
    case 'read':
      // This pass has read already: what it needs is a read after some time has passed.
      await save(attempt, decision, {});
      return SOON_MS;
    case 'wait':
      await save(attempt, decision, tellBlocked(attempt, judged));
      if (decision.state !== 'Armed' ? ARRIVES.has(decision.state) : inTouch(attempt, now))
        return Math.min(LOOK_AGAIN_MS, untilNext(decision.until, now));
      return decision.until === undefined ? LOOK_AGAIN_MS : untilNext(decision.until, now);
    case 'done':
      return finish(attempt, decision, judged);
    default:
      return decision satisfies never;
  }
}

/** In contact, or so lately that what was said of it may still be on its way. Else the next signal wakes it. */
function inTouch({ scope, rollouts, directive }: Attempt, now: number): boolean {
  const { connected, lastAt = 0 } = rollouts.signals.contact(assetIdentity(scope.object, scope.session.key));
  return connected || now - lastAt < directive.strategy.observeMs;
}

const MOST_BLOCKED = 5;

/** Denied requests that are no fault are what the change is for: they are shown, and said once. */
function tellBlocked({ scope, directive }: Attempt, { blocked }: Judged): Partial<DeviceStatusRollout> {
  if (blocked.length === 0 || directive.direction !== 'forward') return {};
  const record = scope.object.status?.rollout;
  const known = record?.name === directive.rollout ? (record.blocked ?? []) : [];
  const all = [...new Set([...known, ...blocked.map((request) => request.slice(0, 512))])].slice(0, MOST_BLOCKED);
  if (all.length === known.length) return {};
  const message = `Device ${thingName(scope.object)} is denied what it did not use before: ${all.join(', ')}`;
  if (known.length === 0) {
    scope.deps.events.record(scope.object, { type: 'Normal', reason: 'TighteningBlocked', message, action: 'Rollout' });
  }
  return { blocked: all };
}

function untilNext(until: number | undefined, now: number): number {
  return Math.max(SOON_MS, (until ?? now + LOOK_AGAIN_MS) - now);
}

async function finish(
  attempt: Attempt,
  decision: Extract<AssetDecision, { kind: 'done' }>,
  judged: Judged,
): Promise<number | undefined | 'next'> {
  const { directive } = attempt;
  if (directive.direction === 'home') {
    await save(attempt, decision, {});
    return undefined;
  }
  if (directive.direction === 'back') {
    await save(attempt, decision, {});
    return afterwards(attempt);
  }
  if (decision.state === 'RollingBack') {
    const failure = judged.lifelineDenied ? 'lifeline' : 'failed';
    const why = judged.verdict === 'failed' ? `${judged.reason}: ${judged.why}` : decision.why;
    await save(attempt, { ...decision, why }, { failure, verdict: judged.reason });
    return undefined;
  }
  if (decision.idle === true) await save(attempt, decision, { verdict: NOTHING_DONE });
  else
    await save(attempt, { ...decision, why: judged.why }, { verdict: judged.reason, ...tellBlocked(attempt, judged) });
  return afterwards(attempt);
}

/** The spec is compared once more when a change of it was done, or taken back. */
function afterwards({ beside }: Attempt): number | undefined {
  return beside === undefined ? undefined : SOON_MS;
}
