import type { Device } from '../../api/device.gen.ts';
import type { PolicyRolloutStatus } from '../../api/policyrollout.gen.ts';
import type { Permission } from '../../rollout/asset.ts';
import type { Classification } from '../../rollout/classify.ts';
import { budgetInUse } from '../../rollout/progress.ts';
import { type AssetSummary, membersOf, type RolloutDecision, type RolloutPhase } from '../../rollout/rollout.ts';
import { type CandidateDefault, type Classified, type Direction, type Spread, underWay } from '../../rollout/types.ts';
import { keyText, objectKey, parseKey } from '../../runtime/controller/keys.ts';
import { waiting } from '../../runtime/errors.ts';
import { createPauser } from '../../runtime/pauser.ts';
import { Priority } from '../../runtime/reconciler.ts';
import { inFlightElsewhere } from './asset/elsewhere.ts';
import { changeIn, familiesOfAll } from './asset/families.ts';
import { lifelineOf } from './asset/lifeline.ts';
import { assetState, exactTime, timeOf } from './asset/record.ts';
import { requirementOf } from './asset/requirement.ts';
import { forget } from './asset/started.ts';
import { controlsIn } from './gates/controls.ts';
import { type AssetIdentity, requestKey } from './gates/signals.ts';
import { type HandedOver, handOver } from './groups/handover.ts';
import { withRecords } from './groups/targets.ts';
import type { Pass } from './pass.ts';
import { brakeOf, discardStale, ensureCandidate } from './policies/candidates.ts';
import { type Mirrored, mirrorVerdict } from './policies/mirror.ts';
import { familiesBack } from './policies/way-back.ts';
import { expectedDocuments, policiesIn } from './revision.ts';
import type { Directive } from './service.ts';
import { saveRollout } from './status.ts';

const SOON_MS = 1_000;

export interface Done {
  /** What was decided, in the words of what came of it. */
  readonly decision: RolloutDecision;
  /** When a default version of a candidate was last moved. */
  readonly flippedAt: string | undefined;
  readonly groups: PolicyRolloutStatus['groups'];
}

/** Does what was decided. */
export async function carryOut(pass: Pass, decision: RolloutDecision): Promise<Done> {
  const { deps, key, rollout } = pass;
  let flippedAt = rollout.status?.flippedAt;
  let { defaults } = pass;
  if (decision.kind === 'finish') await mirror(pass, decision);
  if (decision.kind === 'start') {
    defaults = await prepare(pass);
    const crowded = crowding(pass);
    if (crowded !== undefined) return { decision: crowded, flippedAt, groups: rollout.status?.groups };
    for (const id of decision.assets) {
      deps.rollouts.started(key).add(id);
      if (decision.arming === true) deps.rollouts.arming(key).add(id);
    }
  }
  if (decision.kind === 'brake') {
    flippedAt = exactTime(pass.now);
    await brake(pass, flippedAt);
    defaults = new Map([...defaults].map(([name, value]) => [name, value === 'absent' ? value : 'brake']));
  }
  const back = new Set(
    decision.kind === 'sendBack' ? decision.assets : decision.kind === 'brake' ? switched(pass) : [],
  );
  withdraw(pass, back);
  const controls = controlsIn(pass);
  const handed = await moveGroups(pass, decision, defaults);
  const groups = handed?.groups ?? rollout.status?.groups;
  await announce(pass, { defaults, back, flippedAt: timeOf(flippedAt), decision, controls, groups });
  if (decision.kind !== 'finish') await mirror(pass, decision).catch((thrown: unknown) => unmirrored(pass, thrown));
  const waits = decision.kind === 'wait' && decision.reason === 'GroupHandover' && handed?.why !== undefined;
  return {
    decision: waits ? { ...decision, why: handed.why } : decision,
    flippedAt,
    groups,
  };
}

/** Told to try again and not begun: it is back already, and no record of its own will say so once more. */
function withdraw({ deps, key, rollout, devices }: Pass, back: ReadonlySet<string>): void {
  if (back.size === 0) return;
  const isBack = (device: Device) => assetState(device, rollout.metadata.name) === 'RolledBack';
  const there = devices.filter((device) => back.has(device.metadata.name) && isBack(device));
  const told = { started: deps.rollouts.started(key), arming: deps.rollouts.arming(key) };
  forget(
    told,
    there.map(({ metadata }) => metadata.name),
  );
}

/** Another rollout has started assets since this one was planned: they share one budget, and the next pass plans with them. */
function crowding({ deps, rollout, input, now }: Pass): RolloutDecision | undefined {
  const moving = inFlightElsewhere(deps, rollout);
  if (moving.size <= input.inFlightElsewhere.size) return undefined;
  return budgetInUse(moving, now + SOON_MS);
}

/** Forward when the planner says so, and back with everything else. */
async function moveGroups(
  pass: Pass,
  { kind, reason, phase }: RolloutDecision,
  candidateDefaults: ReadonlyMap<string, CandidateDefault>,
): Promise<HandedOver | undefined> {
  const { groups, families, strategy, input } = pass;
  const forward = reason === 'GroupHandover';
  // With the brake everybody has been given back what it had; groups follow in the next pass.
  // One that ends has moved none: what an earlier one has left there the next one takes along.
  const superseded = input.superseded && reason === 'Superseded' && kind !== 'finish';
  const back = (phase === 'Aborting' && kind !== 'brake') || superseded;
  if (groups.targets.length === 0 || !(forward || back)) return undefined;
  const direction = forward ? 'forward' : 'back';
  const { settleMs } = strategy;
  const flippedAt = timeOf(pass.rollout.status?.flippedAt);
  return handOver({ start: pass, families, groups, direction, candidateDefaults, flippedAt, settleMs });
}

/** What has to be known of a member of a thing group before it waits for its group. */
export function parkAfter({ class: found, addsDeny, uncertain }: Classified): Spread['parkAfter'] {
  if (addsDeny || uncertain) return 'verdict';
  return found === 'tightens' || found === 'equivalent' ? 'attach' : 'settle';
}

/** Once in a process: what the tags say already is not written again. */
async function mirror(pass: Pass, decision: RolloutDecision): Promise<void> {
  const verdict = pass.reverted ? undefined : toMirror(pass, decision);
  const memory = pass.deps.rollouts.memory(pass.key);
  if (verdict === undefined || memory.mirrored === verdict) return;
  await mirrorVerdict({ start: pass, ...pass }, verdict);
  memory.mirrored = verdict;
}

/** Nobody waits for tags to get his rights back. They are tried again in each pass, and the end waits for them. */
function unmirrored({ context, rollout }: Pass, err: unknown): void {
  context.log.warn('Failing to write into the tags of AWS that a change went back', {
    rollout: rollout.metadata.name,
    err,
  });
}

/**
 * Rejected is what begins to go back: a process that ends on the way would otherwise leave nothing that says so. Proven is what
 * somebody was proven on: by a success of nobody, whoever is found on the candidate later would be believed unseen.
 */
function toMirror({ assets, input }: Pass, { kind, phase }: RolloutDecision): Mirrored | undefined {
  if (phase === 'Aborting' || phase === 'Aborted') return 'rejected';
  if (kind !== 'finish' || phase !== 'Succeeded') return undefined;
  return input.provenBefore === true || assets.some(({ state, idle }) => state === 'Succeeded' && idle !== true)
    ? 'proven'
    : undefined;
}

/** With the brake pulled nobody goes on: whoever may carry a candidate turns round in the same breath. */
function switched({ assets }: Pass): readonly string[] {
  const unmoved: ReadonlySet<string> = new Set(['Queued', 'Preflight', 'RolledBack', 'Excluded', 'Stable']);
  return assets.filter(({ state, held }) => !held && !unmoved.has(state)).map(({ id }) => id);
}

/** Candidates exist, serve the new document, and stand for the policy before the first asset gets one. */
async function prepare(pass: Pass): Promise<ReadonlyMap<string, CandidateDefault>> {
  const { deps, rollout, candidates } = pass;
  const policies = policiesIn(deps.cache, rollout);
  const defaults = new Map<string, CandidateDefault>();
  for (const policy of rollout.spec.policies) {
    const known = policies.find(({ metadata }) => metadata.name === policy.name)?.status?.awsNames ?? [];
    if (!known.includes(policy.candidateName)) {
      const message = `${policy.candidateName} does not stand for IoTPolicy ${policy.name} yet; the rollout starts as soon as it does.`;
      throw waiting('CandidateUnknown', message, 1_000);
    }
    if (pass.defaults.get(policy.candidateName) === 'absent') {
      deps.rollouts.teller.call(rollout.metadata, 'CreatePolicy', {
        policy: policy.candidateName,
        digest: policy.digest,
      });
    }
    if (rollout.status?.startedAt === undefined) await discardStale(candidates, policy);
    defaults.set(policy.candidateName, await ensureCandidate(candidates, policy));
  }
  return defaults;
}

/** Written down first: assets wait for the flip to settle even when the answer is lost. */
async function brake(pass: Pass, flippedAt: string): Promise<void> {
  const { deps, rollout, candidates } = pass;
  await saveRollout(deps, rollout, { ...rollout.status, flippedAt, brakedAt: flippedAt });
  for (const policy of rollout.spec.policies) {
    const { operation, send } = await brakeOf(withPriority(candidates), policy);
    deps.rollouts.teller.call(rollout.metadata, operation, { policy: policy.candidateName });
    await send();
  }
}

function withPriority(candidates: Pass['candidates']): Pass['candidates'] {
  return { ...candidates, options: { ...candidates.options, priority: Priority.security } };
}

interface Orders {
  readonly defaults: ReadonlyMap<string, CandidateDefault>;
  readonly back: ReadonlySet<string>;
  readonly flippedAt: number | undefined;
  readonly decision: RolloutDecision;
  readonly groups: PolicyRolloutStatus['groups'];
  /** Untouched assets like this one. */
  readonly controls: (device: Device) => readonly AssetIdentity[];
}

/** Tells each asset concerned what to do, and wakes those for whom it is news. */
async function announce(pass: Pass, orders: Orders): Promise<void> {
  const { deps, key, assets, devices } = pass;
  const pauser = createPauser(deps.clock, pass.context.signal);
  const started = deps.rollouts.started(key);
  const byName = new Map<string, Device>();
  for (const device of devices) {
    if (pauser.isDue()) await pauser.pause();
    byName.set(device.metadata.name, device);
  }
  const directives = new Map<string, Directive>();
  for (const asset of assets) {
    if (pauser.isDue()) await pauser.pause();
    const direction = directionOf(asset.state, orders.back.has(asset.id), started.has(asset.id));
    if (direction === undefined) continue;
    const members = membersOf(asset).flatMap((name) => byName.get(name) ?? []);
    for (const device of members)
      directives.set(keyText(objectKey(device)), directive(pass, orders, { device, members, direction, asset }));
  }
  await pauser.pause();
  const moving = assets
    .filter(({ state }) => underWay(state))
    .flatMap(membersOf)
    .map((name) => byName.get(name));
  const guarded = moving.flatMap((device) =>
    device === undefined ? [] : [...(directives.get(keyText(objectKey(device)))?.lifeline ?? [])],
  );
  deps.rollouts.signals.guard(pass.session.key, keyText(key), new Set(guarded));
  await pauser.pause();
  for (const changed of await deps.rollouts.publish(key, directives, pauser)) {
    const back = directives.get(changed)?.direction === 'back';
    deps.enqueue(parseKey(changed), { priority: back ? Priority.security : Priority.change });
  }
}

function directionOf(state: Pass['assets'][number]['state'], back: boolean, started: boolean): Direction | undefined {
  if (back || state === 'RollingBack' || state === 'Unrecovered') return 'back';
  if (started || state === 'Succeeded' || state === 'Held') return 'forward';
  return underWay(state) ? 'forward' : undefined;
}

function directive(
  pass: Pass,
  orders: Orders,
  {
    device,
    members,
    direction,
    asset,
  }: {
    readonly device: Device;
    readonly members: readonly Device[];
    readonly direction: Direction;
    readonly asset: AssetSummary;
  },
): Directive {
  const { rollout, strategy, analysis } = pass;
  const found = comparedOr(analysis);
  const change = changeIn(rollout, device);
  // Asked for only by assets that have something left to do: most of a large fleet has not.
  const where = { cache: pass.deps.cache, session: pass.session };
  const families = lazily(() =>
    direction === 'back'
      ? familiesBack(where, device, { rollout, members, families: pass.families })
      : familiesOfAll(where, members, { rollout, families: pass.families }),
  );
  const requirement = lazily(() =>
    requirementOf({ ...analysis, classification: found }, device, {
      retires: change?.retire !== undefined,
      sessions: strategy.sessions,
    }),
  );
  const controls = lazily(() => orders.controls(device));
  const lifeline = lazily(() => lifelineKeys(pass, device));
  const expected = lazily(() => expectedDocuments(pass.deps.cache, rollout));
  return {
    rollout: rollout.metadata.name,
    direction,
    ownWave: asset.ownWave,
    ...(asset.armed === true ? { armed: true } : {}),
    unit: asset.unit?.members,
    change,
    equal: analysis.equal,
    candidateDefaults: orders.defaults,
    flippedAt: orders.flippedAt,
    permission: permission(pass, orders.decision),
    // What cannot be decided may deny as well.
    addsDeny: found.addsDeny || found.uncertain,
    groups: groupOrders(pass, orders),
    strategy,
    policies: analysis.policies.get(device.metadata.name) ?? [],
    wave: pass.tally.wave,
    cause: orders.decision.why,
    get families() {
      return families();
    },
    get requirement() {
      return requirement();
    },
    get controls() {
      return controls();
    },
    get expected() {
      return expected();
    },
    get lifeline() {
      return lifeline();
    },
  };
}

/** What is refused while assets are under way was not compared to its end: for them it may do anything (R4). */
function comparedOr({ classification, failure }: Pass['analysis']): Classification {
  if (failure === undefined) return classification;
  return { ...classification, class: 'mixed', addsDeny: true, uncertain: true, masked: false };
}

function groupOrders({ groups, analysis }: Pass, orders: Orders): Directive['groups'] {
  if (groups.targets.length === 0) return undefined;
  const targets = new Map(withRecords(groups.targets, orders.groups).map(({ name, record }) => [name, record]));
  return { targets, handedOver: groups.handedOver, parkAfter: parkAfter(comparedOr(analysis)) };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/**
 * Pauses take nothing away; assets that have begun are brought to a verdict all the same. On the way back nobody goes on, and
 * whoever is released then is told so a moment later.
 */
const TAKES_NOTHING: ReadonlySet<RolloutPhase> = new Set([
  'Paused',
  'AwaitingApproval',
  'Pending',
  'Aborting',
  'Aborted',
]);

function permission({ input }: Pass, decision: RolloutDecision): Permission {
  if (TAKES_NOTHING.has(decision.phase)) return { yes: false, why: decision.why };
  return input.analysis.kind === 'passed' ? { yes: true } : { yes: false, why: input.analysis.why };
}

function lifelineKeys({ deps, session, rollout }: Pass, device: Device): ReadonlySet<string> {
  const needs = lifelineOf({ cache: deps.cache, session, rollout }, device);
  return new Set(needs.map(({ request }) => requestKey(request.action, request.resource)));
}
