import type { DeviceStatus } from '../../operator/api/device.gen.ts';
import type { ObjectKey } from '../../operator/api/meta.ts';
import type { PolicyRollout, PolicyRolloutStatus } from '../../operator/api/policyrollout.gen.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import type { LedgerEntry } from '../../operator/sandbox/ledger.ts';
import type { Change } from '../../operator/sandbox/state/changes.ts';
import { type AwsView, QUARANTINE } from './aws-view.ts';
import { type Answers, documentOf, LIFELINE, type Right } from './rights.ts';
import type { SimConfig, SimPolicy, Violation } from './types.ts';

const MINUTE = 60_000;
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
  /** Policies that the objects declare for a device, its groups included. */
  readonly declared: (device: string) => readonly string[];
  readonly tell: (text: string) => void;
}

interface Asset {
  readonly name: string;
  targets: readonly string[];
  /** What it was allowed when the world was last at rest, less what others took since. */
  had: Map<string, Set<Right>>;
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
  readonly #rollouts = new Map<string, { rollout: PolicyRollout; floors: Map<string, ReadonlySet<Right>> }>();
  readonly #ended = new Map<string, string>();
  /** Documents that Git asked for since the world was last at rest, by policy. */
  #git: (readonly SimPolicy[])[] = [];
  #restless = false;

  constructor(world: OracleWorld) {
    this.#world = world;
  }

  register(name: string, targets: readonly string[]): void {
    const { clock } = this.#world;
    const known = this.assets.get(name);
    if (known !== undefined) {
      known.targets = targets;
      for (const target of targets) known.had.set(target, known.had.get(target) ?? new Set());
      return;
    }
    const asset = { name, targets, had: new Map(), lastHeardAt: clock.now(), lastCallAt: 0, losing: 0 };
    this.assets.set(name, asset);
    if (!this.#restless) this.#take(asset);
  }

  /** Nothing moves and nothing is on its way: what each asset has now is what it must not lose from now on. */
  atRest(grants: readonly SimPolicy[]): void {
    this.#restless = false;
    this.#git = [grants];
    this.#rollouts.clear();
    for (const asset of this.assets.values()) this.#take(asset);
  }

  /** What objects declare has changed: from now on nothing more is owed than what they leave, by the documents in Git. */
  redeclared(grants: readonly SimPolicy[]): void {
    this.#restless = true;
    for (const { name, targets } of this.assets.values()) {
      const declared = new Set(this.#world.declared(name));
      const left = this.#together(
        grants.filter((policy) => declared.has(policy.name)),
        name,
      );
      for (const { floors } of this.#rollouts.values()) {
        for (const target of targets) {
          const floor = floors.get(target);
          if (floor !== undefined) floors.set(target, new Set([...floor].filter((right) => left.has(right))));
        }
      }
    }
  }

  gitChanged(grants: readonly SimPolicy[]): void {
    this.#restless = true;
    this.#git.push(grants);
  }

  heard(device: string, right: Right | undefined, allowed: boolean): void {
    const asset = this.assets.get(device);
    if (asset === undefined) return;
    if (allowed) asset.lastHeardAt = this.#world.clock.now();
    else if (right !== undefined && !this.#isHeld(asset, 0)) {
      const [target = ''] = asset.targets;
      if (this.required(asset, target).has(right))
        this.#say(1, `the broker refused ${device} ${right}, which it had and keeps`);
    }
  }

  /** What must be allowed in every view, less what others took. */
  required(asset: Asset, target: string): ReadonlySet<Right> {
    const had = asset.had.get(target) ?? new Set<Right>();
    const keeps = new Set<Right>(LIFELINE.filter((right) => had.has(right)));
    const single = this.#world.config.policies.length === 1;
    if (single) {
      const wanted = this.#git.map((grants) => this.#together(grants, asset.name));
      for (const right of had) if (wanted.every((set) => set.has(right))) keeps.add(right);
    }
    const floors = [...this.#rollouts.values()].map(({ floors: known }) => known.get(target));
    for (const right of floors.at(-1) ?? []) if (had.has(right) || !single) keeps.add(right);
    return keeps;
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
    const last = [...this.#rollouts.values()].findLast(({ rollout }) =>
      rollout.spec.policies.some(({ candidateName }) => candidateName === candidate),
    );
    const baseline = last?.rollout.spec.policies.find(({ candidateName }) => candidateName === candidate)?.baseline;
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
    const floors = new Map<string, ReadonlySet<Right>>();
    for (const asset of this.assets.values()) {
      for (const target of asset.targets) floors.set(target, this.#floorOf(rollout, asset, target));
    }
    this.#rollouts.set(name, { rollout, floors });
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

  /** A ∩ Z: allowed now, and allowed under the documents of the rollout beside what else the asset carries. */
  #floorOf(rollout: PolicyRollout, asset: Asset, target: string): ReadonlySet<Right> {
    const { view, answers, declared } = this.#world;
    const now = view.certain(target, asset.name);
    // References, groups and certificates change: what the objects declare is what is left.
    if (rollout.spec.policies.length === 0) {
      const documents = declared(asset.name).flatMap((name) => view.document(name) ?? []);
      const left = answers.together(documents, asset.name);
      return new Set([...now].filter((right) => left.has(right)));
    }
    const family = (name: string) =>
      rollout.spec.policies.find((p) => name === p.policyName || name.startsWith(`${p.policyName}@`));
    const carried = view.policiesOf(target);
    const others = carried.filter((name) => family(name) === undefined).flatMap((name) => view.document(name) ?? []);
    const moved = rollout.spec.policies.filter((p) => carried.some((name) => family(name) === p));
    const end = answers.together([...others, ...moved.map(({ document }) => document)], asset.name);
    return new Set([...now].filter((right) => end.has(right)));
  }

  #together(grants: readonly SimPolicy[], device: string): ReadonlySet<Right> {
    return this.#world.answers.together(
      grants.map(({ grant }) => JSON.stringify(documentOf(grant))),
      device,
    );
  }

  #take(asset: Asset): void {
    for (const target of asset.targets) asset.had.set(target, new Set(this.#world.view.certain(target, asset.name)));
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
    const now = view.policiesOf(target);
    const names = change.attached ? now.filter((name) => name !== change.policyName) : [...now, change.policyName];
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
    for (const [asset, target] of this.#touchedBy(change)) {
      const left = this.#world.view.certain(target, asset.name);
      const had = asset.had.get(target) ?? new Set();
      asset.had.set(target, new Set([...had].filter((right) => left.has(right))));
      for (const { floors } of this.#rollouts.values()) {
        const floor = floors.get(target);
        if (floor !== undefined) floors.set(target, new Set([...floor].filter((right) => left.has(right))));
      }
    }
  }

  #ours(change: Change, before: ReadonlyMap<string, ReadonlySet<Right>>): void {
    const now = this.#world.clock.now();
    if (change.kind === 'policy-attachment') {
      for (const [asset, target] of this.#touchedBy(change)) {
        asset.lastCallAt = now;
        this.#moved(change, asset, { target, before: before.get(target) ?? new Set() });
      }
    }
    if (change.kind === 'policy') {
      for (const [asset] of this.#touchedBy(change)) asset.lastCallAt = now;
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

  /** Whatever the operator writes is a document that Git asked for at some time. */
  #ownDocument(policy: string): void {
    const { view, answers, config } = this.#world;
    const text = view.document(policy);
    const base = policy.split('@')[0];
    const index = config.policies.findIndex(({ name }) => name === base);
    if (text === undefined || index < 0) return;
    const wanted = [config.policies, ...this.#git].map((grants) => JSON.stringify(documentOf(grants[index]!.grant)));
    const said = answers.of(text, 'press-1').join();
    if (!wanted.some((one) => answers.of(one, 'press-1').join() === said))
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
    const had = asset.had.get(target) ?? new Set();
    const lost = [...before].filter((right) => !after.has(right) && had.has(right));
    const heldSince = this.acts.find((act) => act.kind !== 'blank' && this.#concerns(act, asset))?.at;
    if (heldSince !== undefined && now - heldSince > NOTICE_MS && !change.attached && lost.length > 0)
      this.#say(5, `${lost.join(', ')} was taken from ${asset.name}, which a security act holds`);
    const state = this.#states.get(asset.name);
    if (lost.length > 0 && asset.losing < now - 10 * MINUTE) {
      const heard = Math.max(asset.lastHeardAt, this.#world.connected(asset.name) ? now : 0);
      if (now - heard > CONTACT_MS && state?.state !== 'RollingBack')
        this.#say(
          4,
          `${lost.join(', ')} was taken from ${asset.name}, silent for ${Math.round((now - heard) / MINUTE)} min`,
        );
    }
    if (lost.length > 0) asset.losing = now;
    const candidate = change.policyName.includes('@');
    if (candidate ? change.attached && state?.state !== 'RollingBack' : lost.length > 0) {
      const most = Number(config.strategy.maxInFlight ?? 1);
      const others = [...this.#states].filter(([name, { state: at }]) => name !== asset.name && MOVING.has(at));
      if (state !== undefined && MOVING.has(state.state) && others.length + 1 > most) {
        const who = others.map(([name, { state: at }]) => `${name} ${at}`).join(', ');
        if (!this.#started.has(`${asset.name} ${state.startedAt}`) || state.startedAt === undefined)
          this.#say(2, `${asset.name} moves as well, beyond ${most} in flight: ${who}`);
      }
      this.#started.add(`${asset.name} ${state?.startedAt}`);
    }
  }

  /** Assets whose move was within bounds when it began. */
  readonly #started = new Set<string>();

  #checkFloor(asset: Asset, target: string): void {
    const sure = this.#world.view.certain(target, asset.name);
    const missing = [...this.required(asset, target)].filter((right) => !sure.has(right));
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
    if (record.state !== 'Succeeded' || asset === undefined || this.#ended.has(record.name)) return;
    if (
      NOTHING_TO_SEE.has(record.verdict ?? '') &&
      asset.targets.every((target) => this.#keepsAll(asset, target, record.name))
    )
      return;
    const settleMs = Number.parseInt(String(this.#world.config.strategy.settleTime ?? '10m'), 10) * MINUTE;
    const settled = asset.lastCallAt + settleMs;
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

  #keepsAll(asset: Asset, target: string, rollout: string): boolean {
    const now = this.#world.view.stored(target, asset.name);
    const had = asset.had.get(target) ?? new Set();
    return [...(this.#brought.get(`${rollout} ${target}`) ?? had)].every((right) => now.has(right) || !had.has(right));
  }

  /** `rollout target` → what the target gave when its asset came into the rollout. */
  readonly #brought = new Map<string, ReadonlySet<Right>>();

  #rolloutStatus(name: string, status: PolicyRolloutStatus): void {
    const { phase = '', reason = '', message = '' } = status;
    const text = `${phase}/${reason}`;
    if (this.#ended.get(name) === text || this.#told.get(name) === text) return;
    this.#told.set(name, text);
    this.#world.tell(`rollout ${name}: ${phase}, ${reason} (${message})`);
    if (['Succeeded', 'Aborted', 'Superseded'].includes(phase)) this.#ended.set(name, text);
    const revision = this.#revisions.get(name);
    if (phase === 'Aborted' && reason !== 'Reverted' && revision !== undefined) this.#takenBack.add(revision);
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
