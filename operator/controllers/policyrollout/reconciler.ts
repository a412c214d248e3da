import type { Device } from '../../api/device.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { readStrategy } from '../../rollout/from-spec.ts';
import { planRollout } from '../../rollout/planner.ts';
import type { RolloutDecision } from '../../rollout/rollout.ts';
import { inOneGo, inTwoParts, type Strategy, withoutBakes } from '../../rollout/strategy.ts';
import { count } from '../../rollout/tally.ts';
import type { CandidateDefault } from '../../rollout/types.ts';
import { objectKey } from '../../runtime/controller/keys.ts';
import { createPauser } from '../../runtime/pauser.ts';
import type { Reconciler, Result } from '../../runtime/reconciler.ts';
import { durationMs } from '../external/duration.ts';
import { type Analysis, analyse } from './analysis.ts';
import { assetsInTurn, concernedAmong, isKeptStill, isSkipped, summarise } from './asset/assets.ts';
import { inHandsOfOthers } from './asset/elsewhere.ts';
import { carries, carriesOther, changeIn, inheritedNames } from './asset/families.ts';
import { readiness } from './asset/ready.ts';
import { isMasked, requirementOf } from './asset/requirement.ts';
import { outlastingAll } from './asset/sessions.ts';
import { forgetShown } from './asset/started.ts';
import { UNABLE_AFTER_MS, whyRefused, whyUnable } from './asset/unable.ts';
import { unitsOf } from './asset/units.ts';
import { carryOut, parkAfter } from './carry-out.ts';
import { stormIn } from './gates/controls.ts';
import { isReferredByGroups, readTargets } from './groups/targets.ts';
import { hasEnded } from './names.ts';
import type { Pass } from './pass.ts';
import { afterAcknowledgement, openActs, securityActs } from './people/acts.ts';
import { approvedBy } from './people/approval.ts';
import { readVerbs, type VerbReading } from './people/verb-state.ts';
import { planInput } from './plan-input.ts';
import { aftermath, isTakenBackLate, leftBehind } from './policies/aftermath.ts';
import { type Candidates, readServed } from './policies/candidates.ts';
import { type Mirror, type Mirrored, mirroredVerdict } from './policies/mirror.ts';
import { quarantineAmong } from './policies/quarantine.ts';
import { REVERTED } from './policies/stance.ts';
import { proven } from './proof.ts';
import { placeOf, revisionChange } from './revision.ts';
import { candidatesFor, familiesOf, type RolloutDeps, type Start } from './start.ts';
import { saveRollout, statusAfter } from './status.ts';

/** Waits are looked at again at least this often: a lost event costs a minute. */
const LOOK_AGAIN_MS = 60_000;

export function createRolloutReconciler(deps: RolloutDeps): Reconciler {
  return {
    async reconcile(key, context) {
      const rollout = deps.cache.get(key) as PolicyRollout | undefined;
      if (rollout === undefined || rollout.metadata.deletionTimestamp !== undefined) {
        await deps.rollouts.publish(key, new Map(), createPauser(deps.clock, context.signal));
        deps.rollouts.forget(key);
        return undefined;
      }
      const session = await deps.accounts.session(key.namespace, rollout.spec.accountRef.name, context);
      if (!session.snapshot.loaded) return { requeueAfterMs: 1_000 };
      const start = { deps, key, rollout, session, context };
      if (!hasEnded(rollout)) return advance(await look(start));
      return (await takeAlong(start)) ?? aftermath(start);
    },
  };
}

/** Stragglers of a proven rollout open it again when one of them can move, or when Git takes it back; for the others it stays what it is. */
async function takeAlong(start: Start): Promise<Result | undefined> {
  if (await isTakenBackLate(start)) return advance(await look(start));
  if (!(await leftBehind(start))) return undefined;
  const pass = await look(start);
  return planRollout(pass.input, pass.tally).kind === 'start' ? advance(pass) : undefined;
}

async function look(start: Start): Promise<Pass> {
  const { deps, key, rollout, session, context } = start;
  const now = deps.clock.now();
  const candidates = candidatesFor(start);
  const families = familiesOf(start);
  const { strategy: asked, problems } = readStrategy(rollout.spec.strategy, durationMs);
  const given = rollout.spec.fastTrack === true ? withoutBakes(asked) : asked;
  const where = { cache: deps.cache, session };
  const groups = await readTargets(start, families, given.settleMs);
  const pauser = createPauser(deps.clock, context.signal);
  await pauser.pause();
  const all = await assetsInTurn(deps.cache, rollout, pauser);
  await pauser.pause();
  const throughGroups = isReferredByGroups(deps.cache, rollout);
  const devices = concernedAmong(where, rollout, { all, families, throughGroups });
  const started = deps.rollouts.started(key);
  const moment = {
    rollouts: deps.rollouts,
    rollout: rollout.metadata.name,
    account: session.key,
    strategy: given,
    now,
  };
  const units = await unitsOf(deps.cache, devices, { rollout: rollout.metadata.name, pauser });
  const membersWith = (device: Device) => units.get(device.metadata.name)?.members ?? [device];
  const ready = (device: Device) => readiness(moment, membersWith(device));
  const skipped = (device: Device) => membersWith(device).some((each) => isSkipped(each, rollout));
  const kept = (device: Device) => {
    const members = membersWith(device);
    return members.some((each) => isKeptStill(each, members.length));
  };
  const arming = deps.rollouts.arming(key);
  const { handedOver } = groups;
  const verbs = readVerbs(rollout, now, deps.usersPinned === true);
  const { retriedAt } = verbs;
  const unable = (members: readonly Device[], forMs: number) => whyUnable(deps.rollouts, members, { now, forMs });
  const elsewhere = await inHandsOfOthers(where, devices, { rollout: rollout.metadata.name, units, pauser });
  const told = {
    rollout: rollout.metadata.name,
    ready,
    handedOver,
    retriedAt,
    skipped,
    elsewhere: ({ metadata }: Device) => elsewhere.has(metadata.name),
    kept,
    unable: (device: Device) => unable(membersWith(device), UNABLE_AFTER_MS) !== undefined,
    isIn: (device: Device) => deps.rollouts.unable.isIn(objectKey(device)),
    withdraw: (device: Device) => deps.rollouts.withdraw(key, objectKey(device)),
  };
  forgetShown({ started, arming }, devices, told);
  const analysis = await analyse({
    cache: deps.cache,
    session,
    options: candidates.options,
    rollout,
    families,
    devices,
    units,
    groups,
    memory: deps.rollouts.memory(key),
    clock: deps.clock,
    now,
  });
  const once = analysis.equal ? inOneGo(given) : given;
  const names = new Set(families.flatMap((family) => family.names));
  const isMember = (device: Device) => inheritedNames(where, device).some((name) => names.has(name));
  const calm = () => parkAfter(analysis.classification) === 'attach' && devices.every(isMember);
  const twice = groups.targets.length === 0 ? undefined : inTwoParts(once, calm());
  const strategy = twice?.strategy ?? once;
  const aside = new Map([...elsewhere, ...analysis.aside]);
  const assets = await summarise({
    rollout,
    devices,
    units,
    strategy: once,
    started,
    arming,
    ready,
    retriedAt,
    unproven: (device) =>
      carriesOther(session, device, families) || isUnrecorded({ session, rollout, families }, device),
    masked: (device) => isMasked(analysis, device),
    aside,
    unable,
    refused: (device) => whyRefused(deps.rollouts, device, rollout.metadata.name),
    pauser,
    groups: twice === undefined ? undefined : { handedOver: groups.handedOver, first: twice.first, isMember },
  });
  const { defaults, unsettled } = await readDefaults(candidates, rollout, { settleMs: strategy.settleMs, now });
  const acts = await securityActs({ cache: deps.cache, rollout, candidates, defaults, assets });
  const change = revisionChange(deps.cache, rollout, placeOf(session));
  const said = { ...verbs, state: approvedBy(deps.cache, rollout, verbs.state) };
  await pauser.pause();
  const storm = stormIn({ assets, devices, rollout, session, deps, strategy, now });
  await pauser.pause();
  const mirrored = await mirrorOf({ start, candidates, devices }, now);
  const unbraked = (await quarantineAmong({ start, assets, families, now })) ?? unsettled;
  const outlasts = sessionsOutlast(start, { devices, strategy, analysis, now });
  const found = {
    strategy,
    given,
    problems,
    assets,
    analysis,
    groups,
    outlasts,
    once,
    mirrored,
    families,
    devices,
    defaults,
    acts,
    change,
    storm,
    unbraked,
    now,
  };
  const facts = { start, ...found };
  await pauser.pause();
  const input = planInput({ ...facts, verbs: afterAcknowledgement(acts, said.state) });
  await pauser.pause();
  const tally = count(input);
  return {
    deps,
    key,
    rollout,
    session,
    context,
    candidates,
    families,
    devices,
    strategy,
    assets,
    analysis,
    aside,
    groups,
    defaults,
    verbs: said,
    acts: openActs(acts, said.state),
    input,
    tally,
    reverted: isByCommit(rollout, change, said.state),
    now,
  };
}

/**
 * Whether it is the commit alone that takes the change back, which may be tried once more: what a person or the operator had
 * begun to abort before stays aborted, and what the commit began goes on as its doing.
 */
function isByCommit(
  { status }: PolicyRollout,
  change: ReturnType<typeof revisionChange>,
  { abortedBy, deniedBy }: VerbReading['state'],
): boolean {
  if (abortedBy !== undefined || deniedBy !== undefined) return false;
  return status?.phase === 'Aborting' ? status.reason === REVERTED : change === 'reverted';
}

/** On this very candidate, and nothing tells how it came there: not proven. */
function isUnrecorded(
  { session, rollout, families }: Pick<Pass, 'session' | 'rollout' | 'families'>,
  device: Device,
): boolean {
  if (device.status?.rollout?.name === rollout.metadata.name) return false;
  return families.some(({ candidate }) => carries(session, device, candidate));
}

interface Defaults {
  readonly defaults: ReadonlyMap<string, CandidateDefault>;
  /** Why the brake is no one act: AWS may still apply, here and there, a default that somebody else has replaced. */
  readonly unsettled: string | undefined;
}

async function readDefaults(
  candidates: Candidates,
  { spec: { policies } }: PolicyRollout,
  { settleMs, now }: { readonly settleMs: number; readonly now: number },
): Promise<Defaults> {
  const defaults = new Map<string, CandidateDefault>();
  const fresh: string[] = [];
  for (const policy of policies) {
    const { state, touchedAt } = await readServed(candidates, policy);
    defaults.set(policy.candidateName, state === 'unfinished' ? 'absent' : state);
    if (touchedAt !== undefined && now < touchedAt + settleMs) fresh.push(policy.candidateName);
  }
  // Of one alone each of its defaults is no less than what it served until then.
  const [first] = policies.length > 1 ? fresh : [];
  const unsettled =
    first &&
    `somebody changed the default version of ${first} a moment ago: until AWS applies it, the flips of the others could take what it does not give yet`;
  return { defaults, unsettled };
}

/** For how long what the tags say is good: it is read by whoever waits for approval, too. */
const MIRROR_FRESH_MS = 10 * 60_000;

/** Asked only before anything has begun: afterwards our own status says more. */
async function mirrorOf(mirror: Mirror, now: number): Promise<Mirrored | undefined> {
  const { rollout, deps, key } = mirror.start;
  if (rollout.status?.startedAt !== undefined || hasEnded(rollout)) return undefined;
  const memory = deps.rollouts.memory(key);
  if (memory.mirror !== undefined && now - memory.mirror.at < MIRROR_FRESH_MS) return memory.mirror.verdict;
  const verdict = await mirroredVerdict(mirror);
  memory.mirror = { at: now, verdict };
  return verdict;
}

/** A plan under which every asset is known to go back at its deadline is refused before anything moves. */
function sessionsOutlast(
  { deps, rollout, session }: Start,
  {
    devices,
    strategy,
    analysis,
    now,
  }: {
    readonly devices: readonly Device[];
    readonly strategy: Strategy;
    readonly analysis: Analysis;
    readonly now: number;
  },
): Analysis['failure'] {
  if (rollout.status?.startedAt !== undefined || analysis.failure !== undefined || analysis.equal) return undefined;
  const requirement = (device: Device) =>
    requirementOf(analysis, device, {
      retires: changeIn(rollout, device)?.retire !== undefined,
      sessions: strategy.sessions,
    });
  const plan = { signals: deps.rollouts.signals, account: session.key, strategy, now, requirementOf: requirement };
  const why = outlastingAll(plan, devices);
  return why === undefined ? undefined : { reason: 'SessionsOutlast', why };
}

async function advance(pass: Pass): Promise<Result> {
  const pauser = createPauser(pass.deps.clock, pass.context.signal);
  await pauser.pause();
  const planned = await proven(pass, planRollout(pass.input, pass.tally));
  await pauser.pause();
  pass.deps.rollouts.teller.pass(pass, planned);
  const done = await carryOut(pass, planned);
  const { decision } = done;
  await pauser.pause();
  const status = await statusAfter(pass, decision, { ...done, pauser });
  await saveRollout(pass.deps, pass.rollout, status);
  if (decision.kind === 'finish') return { requeueAfterMs: 1_000 };
  return { requeueAfterMs: waitFor(decision, pass.now) };
}

function waitFor(decision: RolloutDecision, now: number): number {
  if (decision.kind !== 'wait') return 1_000;
  return Math.min(LOOK_AGAIN_MS, Math.max(1_000, (decision.until ?? Number.POSITIVE_INFINITY) - now));
}
