import type { DeviceStatus } from '../../operator/api/device.gen.ts';
import type { ObjectKey } from '../../operator/api/meta.ts';
import type { PolicyRollout, PolicyRolloutStatus } from '../../operator/api/policyrollout.gen.ts';
import { durationMs } from '../../operator/controllers/external/duration.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import type { LedgerEntry } from '../../operator/sandbox/ledger.ts';
import type { Change } from '../../operator/sandbox/state/changes.ts';
import { type AwsView, QUARANTINE } from './aws-view.ts';
import { type Holder, Owed } from './owed.ts';
import { Quarrel } from './quarrel.ts';
import { type Answers, documentOf, type Right } from './rights.ts';
import type { SimConfig, SimPolicy, Violation } from './types.ts';

const MINUTE = 60_000;
/** For so long what a rollout replaced is kept when nothing is said. */
const DEFAULT_WINDOW = '24h';
/** Devices of the field may be contracted this long after they were last heard of. */
const CONTACT_MS = 15 * MINUTE;
/** The operator hears of a membership or a certificate by its scan; until then it cannot know. */
const NOTICE_MS = 20 * MINUTE;
/** Verdicts that say so and count as no evidence; whether they are true is asked of AWS. */
const NOTHING_TO_SEE = new Set(['Equivalent', 'Masked']);
const MOVING = new Set(['Expanding', 'Verifying', 'Contracting', 'Observing', 'RollingBack']);

export interface OracleWorld {
  readonly clock: Clock;
  readonly config: SimConfig;
  readonly view: AwsView;
  readonly answers: Answers;
  /** Known to the broker as connected right now. */
  readonly connected: (device: string) => boolean;
  /** Its last word to the operator was that it connected: that it left was told to nobody. */
  readonly leftUnheard: (device: string) => boolean;
  /** Policies that the objects declare for a device, its groups included. */
  readonly declared: (device: string) => readonly string[];
  /** The documents that Git asks for now, those of groups included. */
  readonly grants: () => readonly SimPolicy[];
  readonly tell: (text: string) => void;
}

interface Asset {
  readonly name: string;
  targets: readonly string[];
  lastHeardAt: number;
  lastCallAt: number;
  losing: number;
}

interface SecurityAct {
  readonly kind: 'quarantine' | 'blank' | 'inactive';
  readonly on: string;
  readonly at: number;
}

/**
 * Watches from AWS's side: every change of state, every call, every status that is written. What it asserts are the
 * invariants of docs/architecture.md; what it knows of the operator is only what a person could read.
 */
export class Oracle {
  readonly violations: Violation[] = [];
  readonly assets = new Map<string, Asset>();
  readonly acts: SecurityAct[] = [];
  /** Who makes the calls of this moment. */
  actor: 'operator' | 'person' | 'late' = 'operator';
  /** Number of the process that may write. */
  leader = 1;
  readonly #world: OracleWorld;
  readonly #states = new Map<string, NonNullable<DeviceStatus['rollout']>>();
  readonly #rollouts = new Map<string, PolicyRollout>();
  readonly #ended = new Map<string, string>();
  readonly #owed: Owed;
  /** Every text that Git ever asked for, by the name of the policy. */
  readonly #asked = new Map<string, Set<string>>();
  #restless = false;

  constructor(world: OracleWorld) {
    this.#world = world;
    const { policies } = world.config;
    this.#owed = new Owed({ ...world, only: policies.length === 1 ? policies[0]?.name : undefined });
    this.#ask(policies);
  }

  register(name: string, targets: readonly string[]): void {
    const { clock } = this.#world;
    const known = this.assets.get(name);
    if (known !== undefined) {
      known.targets = targets;
      return;
    }
    const asset = { name, targets, lastHeardAt: clock.now(), lastCallAt: 0, losing: 0 };
    this.assets.set(name, asset);
    if (!this.#restless) this.#take(asset);
  }

  /** Itself and all that share certificates with it, directly or through others. */
  unitOf(name: string): ReadonlySet<string> {
    const unit = new Set([name]);
    const targets = new Set(this.assets.get(name)?.targets);
    for (let before = 0; before < unit.size; ) {
      before = unit.size;
      for (const other of this.assets.values()) {
        if (!other.targets.some((target) => targets.has(target))) continue;
        unit.add(other.name);
        for (const target of other.targets) targets.add(target);
      }
    }
    return unit;
  }

  /** What the record of the asset says, or that of the one that leads it: the others repeat it a moment later. */
  #recordOf(name: string): NonNullable<DeviceStatus['rollout']> | undefined {
    const own = this.#states.get(name);
    const first = this.#states.get(own?.unit?.[0] ?? name);
    return first?.name === own?.name ? first : own;
  }

  /** Nothing moves and nothing is on its way: what each asset has now is what it must not lose from now on. */
  atRest(): void {
    this.#restless = false;
    this.#owed.atRest();
    this.#rollouts.clear();
    for (const asset of this.assets.values()) this.#take(asset);
  }

  /** What objects declare has changed: from now on nothing more is owed than what they leave, by the documents in Git. */
  redeclared(): void {
    this.#restless = true;
    this.#owed.redeclared(this.#holders());
  }

  gitChanged(): void {
    this.#restless = true;
    this.#owed.gitChanged();
    this.#ask(this.#world.grants());
  }

  #ask(grants: readonly SimPolicy[]): void {
    for (const { name, grant } of grants)
      this.#asked.set(name, (this.#asked.get(name) ?? new Set()).add(JSON.stringify(documentOf(grant))));
  }

  #holders(): readonly Holder[] {
    return [...this.assets.values()].flatMap(({ name, targets }) => targets.map((target): Holder => [name, target]));
  }

  heard(device: string, right: Right | undefined, allowed: boolean): void {
    const asset = this.assets.get(device);
    if (asset === undefined) return;
    if (allowed) asset.lastHeardAt = this.#world.clock.now();
    else if (right !== undefined && !this.#isHeld(asset, 0)) {
      const [target = ''] = asset.targets;
      if (this.#owed.required([device, target]).has(right))
        this.#say(1, `the broker refused ${device} ${right}, which it had and keeps`);
    }
  }

  onChange(change: Change): void {
    const { view } = this.#world;
    const before = this.#before(change);
    view.observe(change);
    if (this.actor === 'person') this.#othersTook(change);
    else this.#ours(change, before);
    for (const [asset, target] of this.#touchedBy(change)) this.#checkFloor(asset, target);
  }

  onCall(entry: LedgerEntry): void {
    if (!entry.mutating || entry.accessKeyId === 'AKIDPERSON') return;
    const process = Number(/^AKIDTEST(\d+)$/.exec(entry.accessKeyId)?.[1] ?? 0);
    if (process !== this.leader && this.actor !== 'late')
      this.#say(10, `process ${process} called ${entry.operation} after process ${this.leader} had taken over`);
    if (entry.operation === 'SetDefaultPolicyVersion' && entry.outcome === 'ok') this.#brakePulled(entry.resource);
    if (entry.resource.startsWith('foreign'))
      this.#say(6, `${entry.operation} on ${entry.resource}, which is not ours`);
  }

  /** One call gives everybody on the candidate what was there before: its document is the baseline's again. */
  #brakePulled(candidate: string): void {
    const { view, answers } = this.#world;
    const last = [...this.#rollouts.values()].findLast((rollout) =>
      rollout.spec.policies.some(({ candidateName }) => candidateName === candidate),
    );
    const baseline = last?.spec.policies.find(({ candidateName }) => candidateName === candidate)?.baseline;
    const now = view.document(candidate);
    if (baseline === undefined || now === undefined) return;
    if (answers.of(now, 'press-1').join() !== answers.of(baseline, 'press-1').join())
      this.#say(3, `the brake of ${candidate} does not bring back what was before`);
  }

  onStatus(key: ObjectKey, status: unknown): void {
    if (key.kind === 'Device') this.#deviceStatus(key.name, (status as DeviceStatus).rollout);
    if (key.kind === 'PolicyRollout') this.#rolloutStatus(key.name, status as PolicyRolloutStatus);
  }

  onRollout(rollout: PolicyRollout): void {
    const { name } = rollout.metadata;
    if (this.#rollouts.has(name)) return;
    this.#restless = true;
    this.#notByItself(rollout);
    this.#owed.begins(rollout, this.#holders());
    this.#rollouts.set(name, rollout);
  }

  /** A person asks for a change once more that was taken back. */
  retried(revision: string): void {
    this.#takenBack.delete(revision);
  }

  /** What was aborted is not tried again until somebody says so. */
  #notByItself({ metadata, spec }: PolicyRollout): void {
    const { name } = metadata;
    if (!this.#revisions.has(name) && this.#takenBack.has(spec.revision))
      this.#say(3, `${name} tries ${spec.revision} again, which was aborted, and nobody asked for that`);
    this.#revisions.set(name, spec.revision);
  }

  /** Of each rollout that there ever was. */
  readonly #revisions = new Map<string, string>();
  /** Revisions that came back other than by a commit. */
  readonly #takenBack = new Set<string>();

  forgetStates(device?: string): void {
    if (device === undefined) this.#states.clear();
    else this.#states.delete(device);
  }

  checkAll(): void {
    for (const asset of this.assets.values()) for (const target of asset.targets) this.#checkFloor(asset, target);
  }

  fail(invariant: number, text: string): void {
    this.#say(invariant, text);
  }

  #take(asset: Asset): void {
    for (const target of asset.targets) this.#owed.take([asset.name, target]);
  }

  #before(change: Change): ReadonlyMap<string, ReadonlySet<Right>> {
    const known = new Map<string, ReadonlySet<Right>>();
    if (change.kind !== 'policy-attachment') return known;
    for (const [asset, target] of this.#touchedBy(change)) known.set(target, this.#storedBefore(change, asset, target));
    return known;
  }

  /** The change is told after it happened: what was stored before is put together from what is stored now. */
  #storedBefore(
    change: Extract<Change, { kind: 'policy-attachment' }>,
    asset: Asset,
    target: string,
  ): ReadonlySet<Right> {
    const { view, answers } = this.#world;
    const undone = (names: readonly string[]) =>
      change.attached ? names.filter((name) => name !== change.policyName) : [...names, change.policyName];
    const [own, inherited] = [view.policiesOf(target), view.inherited(asset.name)];
    const names = change.target === target ? [...undone(own), ...inherited] : [...own, ...undone(inherited)];
    return answers.together(
      names.flatMap((name) => view.document(name) ?? []),
      asset.name,
    );
  }

  #touchedBy(change: Change): readonly (readonly [Asset, string])[] {
    const all = [...this.assets.values()];
    const at = (targets: readonly string[]) =>
      all.flatMap((asset) => asset.targets.filter((t) => targets.includes(t)).map((t) => [asset, t] as const));
    switch (change.kind) {
      case 'policy-attachment':
        if (change.target.includes(':thinggroup/')) return all.flatMap((a) => a.targets.map((t) => [a, t] as const));
        return at([change.target]);
      case 'policy': {
        const targets = this.#world.view.targetsOf(change.policyName);
        if (targets.some((t) => t.includes(':thinggroup/')))
          return all.flatMap((a) => a.targets.map((t) => [a, t] as const));
        return at(targets);
      }
      case 'membership':
        return all
          .filter(({ name }) => name === change.thingName)
          .flatMap((a) => a.targets.map((t) => [a, t] as const));
      default:
        return [];
    }
  }

  /** What others took is not ours to answer for: from now on the asset had no more than what is left. */
  #othersTook(change: Change): void {
    for (const [{ name }, target] of this.#touchedBy(change)) this.#owed.othersTook([name, target]);
  }

  #ours(change: Change, before: ReadonlyMap<string, ReadonlySet<Right>>): void {
    const now = this.#world.clock.now();
    if (change.kind === 'policy-attachment') {
      if (this.#quarrel.isOne(change, now))
        this.#say(7, `${change.policyName} is attached to ${change.target} and detached from it, over and over`);
      for (const [asset, target] of this.#touchedBy(change)) {
        const had = before.get(target) ?? new Set();
        if (change.target === target || differ(had, this.#world.view.stored(target, asset.name)))
          asset.lastCallAt = now;
        this.#moved(change, asset, { target, before: had });
      }
      this.#atOnce(change, before);
    }
    if (change.kind === 'policy') {
      const { view } = this.#world;
      for (const [asset, target] of this.#touchedBy(change)) {
        // What is tidied up behind an asset is no call to it.
        const carried = [...view.policiesOf(target), ...view.inherited(asset.name)];
        if (carried.includes(change.policyName)) asset.lastCallAt = now;
      }
      const blank = this.acts.find((act) => act.kind === 'blank' && act.on === change.policyName);
      if (blank !== undefined) this.#say(5, `the default of ${change.policyName}, blanked by somebody, was touched`);
      this.#ownDocument(change.policyName);
    }
    if (change.kind === 'membership' && change.groupName.startsWith(QUARANTINE))
      this.#say(5, `membership of ${change.thingName} in ${change.groupName} was changed`);
    if (change.kind === 'certificate' && change.status === 'ACTIVE') {
      if (this.acts.some((act) => act.kind === 'inactive' && act.on === change.certificateId))
        this.#say(5, `certificate ${change.certificateId.slice(0, 8)} was made active again`);
    }
  }

  readonly #quarrel = new Quarrel();

  /** When a group changes all its members do: on the way forward nobody may notice. */
  #atOnce(
    change: Extract<Change, { kind: 'policy-attachment' }>,
    before: ReadonlyMap<string, ReadonlySet<Right>>,
  ): void {
    const back = !change.attached && change.policyName.includes('@');
    if (back || !change.target.includes(':thinggroup/')) return;
    const losing = this.#touchedBy(change).filter(([asset, target]) => {
      const now = this.#world.view.stored(target, asset.name);
      const had = this.#owed.had([asset.name, target]);
      return [...(before.get(target) ?? [])].some((right) => had.has(right) && !now.has(right));
    });
    const names = [...new Set(losing.map(([{ name }]) => name))];
    if (names.length > Number(this.#world.config.strategy.maxInFlight ?? 1))
      this.#say(2, `one call on a group took something from ${names.join(', ')}`);
  }

  /** Whatever the operator writes is a document that Git asked for at some time. */
  #ownDocument(policy: string): void {
    const { view, answers } = this.#world;
    const text = view.document(policy);
    const asked = this.#asked.get(policy.split('@')[0] ?? '');
    if (text === undefined || asked === undefined) return;
    const said = answers.of(text, 'press-1').join();
    if (![...asked].some((one) => answers.of(one, 'press-1').join() === said))
      this.#say(11, `${policy} got a document that Git never asked for: ${text}`);
  }

  #moved(
    change: Extract<Change, { kind: 'policy-attachment' }>,
    asset: Asset,
    { target, before }: { readonly target: string; readonly before: ReadonlySet<Right> },
  ): void {
    const { view, clock, config } = this.#world;
    const now = clock.now();
    const after = view.stored(target, asset.name);
    const had = this.#owed.had([asset.name, target]);
    const lost = [...before].filter((right) => !after.has(right) && had.has(right));
    const heldSince = this.acts.find((act) => act.kind !== 'blank' && this.#concerns(act, asset))?.at;
    if (heldSince !== undefined && now - heldSince > NOTICE_MS && !change.attached && lost.length > 0)
      this.#say(5, `${lost.join(', ')} was taken from ${asset.name}, which a security act holds`);
    const state = this.#recordOf(asset.name);
    if (lost.length > 0 && asset.losing < now - 10 * MINUTE) {
      const heard = Math.max(asset.lastHeardAt, this.#world.connected(asset.name) ? now : 0);
      if (now - heard > CONTACT_MS && state?.state !== 'RollingBack' && !this.#world.leftUnheard(asset.name))
        this.#say(
          4,
          `${lost.join(', ')} was taken from ${asset.name}, silent for ${Math.round((now - heard) / MINUTE)} min`,
        );
    }
    if (lost.length > 0) asset.losing = now;
    const candidate = this.#movesBy(change.policyName, state?.name);
    if (state?.state !== 'RollingBack' && (candidate ? change.attached : lost.length > 0)) {
      const most = Number(config.strategy.maxInFlight ?? 1);
      const others = this.#movingBeside(asset);
      if (state !== undefined && MOVING.has(state.state) && others.length + 1 > most) {
        const who = others.map((name) => `${name} ${this.#recordOf(name)?.state}`).join(', ');
        if (!this.#started.has(`${asset.name} ${state.startedAt}`) || state.startedAt === undefined)
          this.#say(2, `${asset.name} moves as well, beyond ${most} in flight: ${who}`);
      }
      this.#started.add(`${asset.name} ${state?.startedAt}`);
    }
  }

  /** A candidate of another rollout is proven: a group gives it, and whoever leaves the group or sees it change gets it on loan. */
  #movesBy(policy: string, rollout: string | undefined): boolean {
    const moved = this.#rollouts.get(rollout ?? '')?.spec.policies;
    return policy.includes('@') && (moved === undefined || moved.some(({ candidateName }) => candidateName === policy));
  }

  /** What shares certificates with one that moves counts with it, whatever its own record says by now. */
  #movingBeside({ name }: Asset): readonly string[] {
    const moving = [...this.#states].flatMap(([each, { state }]) => (MOVING.has(state) ? [each] : []));
    const all = new Set([name, ...moving].flatMap((each) => [...this.unitOf(each)]));
    all.delete(name);
    return [...all];
  }

  /** Assets whose move was within bounds when it began. */
  readonly #started = new Set<string>();

  /** Whoever turns round between the word that an asset begins and its first call does not ask whether there is room. */
  #beganWithin(asset: Asset, startedAt: string | undefined): void {
    const most = Number(this.#world.config.strategy.maxInFlight ?? 1);
    if (startedAt !== undefined && this.#movingBeside(asset).length < most)
      this.#started.add(`${asset.name} ${startedAt}`);
  }

  #checkFloor(asset: Asset, target: string): void {
    const sure = this.#world.view.certain(target, asset.name);
    const missing = [...this.#owed.required([asset.name, target])].filter((right) => !sure.has(right));
    if (missing.length === 0) return;
    this.#say(
      1,
      `${asset.name} may be without ${missing.join(', ')}; attached: ${this.#world.view.policiesOf(target).join(', ') || 'nothing'}`,
    );
  }

  #deviceStatus(name: string, record: DeviceStatus['rollout']): void {
    const before = this.#states.get(name);
    if (record === undefined) return void this.#states.delete(name);
    this.#states.set(name, record);
    if (before?.state === record.state && before.name === record.name) return;
    this.#world.tell(`${name}: ${record.state} (${record.why ?? ''})`);
    const asset = this.assets.get(name);
    if (asset !== undefined) this.#cameIn(asset, record.name);
    if (asset !== undefined && MOVING.has(record.state)) {
      this.#beganWithin(asset, record.startedAt);
      for (const target of asset.targets) this.#owed.movedBy(record.name, [name, target]);
    }
    if (record.state === 'Armed') this.#armed(name, record.name);
    if (record.state === 'RolledBack' && asset !== undefined) this.#isBack(asset, record.name);
    if (record.state !== 'Succeeded' || this.#ended.has(record.name)) return;
    const [first = name] = record.unit ?? [];
    const theirs = this.#states.get(first);
    // The first speaks for all that share its certificates. The others repeat it a moment later, and by then the brake may be on.
    if (first !== name && theirs?.name === record.name && theirs.state === 'Succeeded') return;
    for (const each of record.unit ?? [name]) this.#passed(each, record);
  }

  #passed(name: string, record: NonNullable<DeviceStatus['rollout']>): void {
    const asset = this.assets.get(name);
    if (asset === undefined) return;
    if (
      NOTHING_TO_SEE.has(record.verdict ?? '') &&
      asset.targets.every((target) => this.#keepsAll(asset, target, record.name))
    )
      return;
    const settled = asset.lastCallAt + this.#settleMs;
    if (asset.lastHeardAt < settled || this.#world.clock.now() < settled)
      this.#say(4, `${name} passed without being heard of since its change had settled`);
  }

  /** A lost record or a lost state does not make a rollout begin anew: what counts is what there was when it first came in. */
  #cameIn(asset: Asset, rollout: string): void {
    for (const target of asset.targets) {
      const key = `${rollout} ${target}`;
      if (!this.#brought.has(key)) this.#brought.set(key, this.#world.view.stored(target, asset.name));
    }
  }

  #isBack({ name, targets }: Asset, rollout: string): void {
    const candidates = new Set(this.#rollouts.get(rollout)?.spec.policies.map(({ candidateName }) => candidateName));
    const left = targets.flatMap((target) => this.#world.view.policiesOf(target)).filter((one) => candidates.has(one));
    if (left.length > 0) this.#say(3, `${name} is said to be back, and carries ${left.join(', ')}`);
  }

  /** Who is armed is in a budget of its own, and somebody has said so. */
  #armed(name: string, rollout: string): void {
    if (!this.#mayArm.has(rollout)) this.#say(2, `${name} is armed in ${rollout}, and nobody said arm`);
    const most = Number(this.#world.config.strategy.maxArmed ?? 0);
    const armed = [...this.#states].filter(([, { state }]) => state === 'Armed').map(([each]) => each);
    if (armed.length > most) this.#say(2, `${armed.join(', ')} are armed at once, and at most ${most} may be`);
  }

  /** Rollouts of which somebody has said it. */
  readonly #mayArm = new Set<string>();

  mayArm(rollout: string): void {
    this.#mayArm.add(rollout);
  }

  /** Sessions are the devices' own: the strategy says whether any is ended, and then once the change is in force. */
  sessionEnded(clientId: string, stored: boolean): void {
    const { config, clock } = this.#world;
    const mode = String(config.strategy.sessions ?? 'Wait');
    const asset = this.assets.get(clientId);
    if (mode === 'Wait' || asset === undefined)
      return this.#say(6, `the session of ${clientId} was ended, which nobody asked for`);
    if (stored && mode !== 'Purge') this.#say(6, `the stored session of ${clientId} was dropped under ${mode}`);
    // A call counts from when it was written down, a moment before AWS has it.
    if (clock.now() < asset.lastCallAt + this.#settleMs - 1_000)
      this.#say(6, `the session of ${clientId} was ended before its change had settled`);
  }

  get #settleMs(): number {
    return Number.parseInt(String(this.#world.config.strategy.settleTime ?? '10m'), 10) * MINUTE;
  }

  #keepsAll(asset: Asset, target: string, rollout: string): boolean {
    const now = this.#world.view.stored(target, asset.name);
    const had = this.#owed.had([asset.name, target]);
    return [...(this.#brought.get(`${rollout} ${target}`) ?? had)].every((right) => now.has(right) || !had.has(right));
  }

  /** `rollout target` → what the target gave when its asset came into the rollout. */
  readonly #brought = new Map<string, ReadonlySet<Right>>();

  #rolloutStatus(name: string, status: PolicyRolloutStatus): void {
    const { phase = '', reason = '', message = '' } = status;
    this.#notTooEarly(name, status);
    const text = `${phase}/${reason}`;
    if (this.#ended.get(name) === text || this.#told.get(name) === text) return;
    this.#told.set(name, text);
    this.#world.tell(`rollout ${name}: ${phase}, ${reason} (${message})`);
    if (['Succeeded', 'Aborted', 'Superseded'].includes(phase)) this.#ended.set(name, text);
    const revision = this.#revisions.get(name);
    if (phase === 'Aborted' && reason !== 'Reverted' && revision !== undefined) this.#takenBack.add(revision);
  }

  /** What was replaced is kept for the time that the strategy gives people to go back quickly. */
  #notTooEarly(name: string, { homedAt, cleanedAt }: PolicyRolloutStatus): void {
    if (cleanedAt === undefined) return;
    const keptMs = Date.parse(cleanedAt) - Date.parse(homedAt ?? cleanedAt);
    if (keptMs < durationMs(String(this.#world.config.strategy.rollbackWindow ?? DEFAULT_WINDOW)))
      this.#say(3, `${name} kept what it had replaced for ${Math.round(keptMs / MINUTE)} min only`);
  }

  readonly #told = new Map<string, string>();

  #isHeld(asset: Asset, since: number): boolean {
    return this.acts.some((act) => this.#concerns(act, asset) && act.at >= since);
  }

  #concerns(act: SecurityAct, asset: Asset): boolean {
    if (act.kind === 'quarantine') return act.on === asset.name;
    if (act.kind === 'inactive') return asset.targets.some((target) => target.endsWith(act.on));
    return true;
  }

  #say(invariant: number, text: string): void {
    const last = this.violations.at(-1);
    if (last?.text === text) return;
    this.violations.push({ invariant, at: this.#world.clock.now(), text });
    this.#world.tell(`VIOLATED ${invariant}: ${text}`);
  }
}

function differ(a: ReadonlySet<Right>, b: ReadonlySet<Right>): boolean {
  return a.size !== b.size || [...a].some((right) => !b.has(right));
}
