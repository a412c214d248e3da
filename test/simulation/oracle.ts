import type { DeviceStatus } from '../../operator/api/device.gen.ts';
import type { ObjectKey } from '../../operator/api/meta.ts';
import type { PolicyRollout, PolicyRolloutStatus } from '../../operator/api/policyrollout.gen.ts';
import type { LedgerEntry } from '../../operator/sandbox/ledger.ts';
import type { Change } from '../../operator/sandbox/state/changes.ts';
import { type Asset, Assets, type Attachment, type Place } from './assets.ts';
import { QUARANTINE } from './aws-view.ts';
import { Intent } from './intent.ts';
import { type Before, Moves } from './moves.ts';
import { Owed } from './owed.ts';
import { Quarrel } from './quarrel.ts';
import type { Right } from './rights.ts';
import type { Violation } from './types.ts';
import { concerns, type OracleWorld, type SecurityAct, type Watch } from './watch.ts';

const MINUTE = 60_000;

/**
 * Watches from AWS's side: every change of state, every call, every status that is written. What it asserts are the
 * invariants of docs/architecture.md; what it knows of the operator is only what a person could read.
 */
export class Oracle {
  readonly violations: Violation[] = [];
  readonly assets = new Assets();
  readonly acts: SecurityAct[] = [];
  /** Who makes the calls of this moment. */
  actor: 'operator' | 'person' | 'late' = 'operator';
  /** Number of the process that may write. */
  leader = 1;
  readonly #watch: Watch;
  readonly #owed: Owed;
  readonly #intent: Intent;
  readonly #moves: Moves;
  readonly #quarrel = new Quarrel();
  #restless = false;

  constructor(world: OracleWorld) {
    const { policies, strategy } = world.config;
    this.#owed = new Owed({ ...world, only: policies.length === 1 ? policies[0]?.name : undefined });
    this.#watch = {
      ...world,
      assets: this.assets,
      acts: this.acts,
      owed: this.#owed,
      settleMs: Number.parseInt(String(strategy.settleTime ?? '10m'), 10) * MINUTE,
      say: (invariant, text) => this.fail(invariant, text),
    };
    this.#intent = new Intent(this.#watch);
    this.#moves = new Moves(this.#watch, this.#intent);
    this.#intent.asksFor(policies);
  }

  register(name: string, targets: readonly string[]): void {
    const known = this.assets.get(name);
    if (known !== undefined) {
      known.targets = targets;
      return;
    }
    const asset = { name, targets, lastHeardAt: this.#watch.clock.now(), lastCallAt: 0, losing: 0 };
    this.assets.set(name, asset);
    if (!this.#restless) this.#take(asset);
  }

  /** Nothing moves and nothing is on its way: what each asset has now is what it must not lose from now on. */
  atRest(): void {
    this.#restless = false;
    this.#owed.atRest();
    this.#intent.atRest();
    for (const asset of this.assets.values()) this.#take(asset);
  }

  /** What objects declare has changed: from now on nothing more is owed than what they leave, by the documents in Git. */
  redeclared(): void {
    this.#restless = true;
    this.#owed.redeclared(this.assets.holders);
  }

  gitChanged(): void {
    this.#restless = true;
    this.#owed.gitChanged();
    this.#intent.asksFor(this.#watch.grants());
  }

  heard(device: string, right: Right | undefined, allowed: boolean): void {
    const asset = this.assets.get(device);
    if (asset === undefined) return;
    if (allowed) asset.lastHeardAt = this.#watch.clock.now();
    else if (right !== undefined && !this.acts.some((act) => concerns(act, asset))) {
      const [target = ''] = asset.targets;
      if (this.#owed.required([device, target]).has(right))
        this.fail(1, `the broker refused ${device} ${right}, which it had and keeps`);
    }
  }

  onChange(change: Change): void {
    const { view } = this.#watch;
    const before = this.#before(change);
    view.observe(change);
    if (this.actor === 'person') this.#othersTook(change);
    else this.#ours(change, before);
    for (const place of this.#touchedBy(change)) this.#checkFloor(place);
  }

  onCall(entry: LedgerEntry): void {
    if (!entry.mutating || entry.accessKeyId === 'AKIDPERSON') return;
    const process = Number(/^AKIDTEST(\d+)$/.exec(entry.accessKeyId)?.[1] ?? 0);
    if (process !== this.leader && this.actor !== 'late')
      this.fail(10, `process ${process} called ${entry.operation} after process ${this.leader} had taken over`);
    if (entry.operation === 'SetDefaultPolicyVersion' && entry.outcome === 'ok')
      this.#intent.brakePulled(entry.resource);
    if (entry.resource.startsWith('foreign'))
      this.fail(6, `${entry.operation} on ${entry.resource}, which is not ours`);
  }

  onStatus(key: ObjectKey, status: unknown): void {
    if (key.kind === 'Device') this.#moves.onStatus(key.name, (status as DeviceStatus).rollout);
    if (key.kind === 'PolicyRollout') this.#intent.onStatus(key.name, status as PolicyRolloutStatus);
  }

  onRollout(rollout: PolicyRollout): void {
    if (this.#intent.knows(rollout.metadata.name)) return this.#intent.madeAgain(rollout);
    this.#restless = true;
    this.#intent.begins(rollout);
    this.#owed.begins(rollout, this.assets.holders);
  }

  /** A person asks for a change once more that was taken back. */
  retried(revision: string): void {
    this.#intent.retried(revision);
  }

  mayArm(rollout: string): void {
    this.#moves.mayArm(rollout);
  }

  hasPassed(device: string, rollout: string): boolean {
    return this.#moves.hasPassed(device, rollout);
  }

  forgetStates(device?: string): void {
    this.#moves.forget(device);
  }

  /** Sessions are the devices' own: the strategy says whether any is ended, and then once the change is in force. */
  sessionEnded(clientId: string, stored: boolean): void {
    const { config, clock, settleMs } = this.#watch;
    const mode = String(config.strategy.sessions ?? 'Wait');
    const asset = this.assets.get(clientId);
    if (mode === 'Wait' || asset === undefined)
      return this.fail(6, `the session of ${clientId} was ended, which nobody asked for`);
    if (stored && mode !== 'Purge') this.fail(6, `the stored session of ${clientId} was dropped under ${mode}`);
    // A call counts from when it was written down, a moment before AWS has it.
    if (clock.now() < asset.lastCallAt + settleMs - 1_000)
      this.fail(6, `the session of ${clientId} was ended before its change had settled`);
  }

  fail(invariant: number, text: string): void {
    const last = this.violations.at(-1);
    if (last?.text === text) return;
    this.violations.push({ invariant, at: this.#watch.clock.now(), text });
    this.#watch.tell(`VIOLATED ${invariant}: ${text}`);
  }

  #take({ name, targets }: Asset): void {
    for (const target of targets) this.#owed.take([name, target]);
  }

  #touchedBy(change: Change): readonly Place[] {
    return this.assets.touchedBy(change, this.#watch.view);
  }

  #before(change: Change): Before {
    if (change.kind !== 'policy-attachment') return new Map();
    return new Map(this.#touchedBy(change).map((place) => [place[1], this.#storedBefore(change, place)]));
  }

  /** The change is told after it happened: what was stored before is put together from what is stored now. */
  #storedBefore(change: Attachment, [asset, target]: Place): ReadonlySet<Right> {
    const { view, answers } = this.#watch;
    const undone = (names: readonly string[]) =>
      change.attached ? names.filter((name) => name !== change.policyName) : [...names, change.policyName];
    const [own, inherited] = [view.policiesOf(target), view.inherited(asset.name)];
    const names = change.target === target ? [...undone(own), ...inherited] : [...own, ...undone(inherited)];
    return answers.together(
      names.flatMap((name) => view.document(name) ?? []),
      asset.name,
    );
  }

  /** What others took is not ours to answer for: from now on the asset had no more than what is left. */
  #othersTook(change: Change): void {
    for (const [{ name }, target] of this.#touchedBy(change)) this.#owed.othersTook([name, target]);
  }

  #ours(change: Change, before: Before): void {
    if (change.kind === 'policy-attachment') this.#ourAttachment(change, before);
    if (change.kind === 'policy') this.#ourDocument(change);
    if (change.kind === 'membership' && change.groupName.startsWith(QUARANTINE))
      this.fail(5, `membership of ${change.thingName} in ${change.groupName} was changed`);
    if (change.kind === 'certificate' && change.status === 'ACTIVE') {
      if (this.acts.some((act) => act.kind === 'inactive' && act.on === change.certificateId))
        this.fail(5, `certificate ${change.certificateId.slice(0, 8)} was made active again`);
    }
  }

  #ourAttachment(change: Attachment, before: Before): void {
    const { clock, view } = this.#watch;
    const now = clock.now();
    if (this.#quarrel.isOne(change, now))
      this.fail(7, `${change.policyName} is attached to ${change.target} and detached from it, over and over`);
    const places = this.#touchedBy(change);
    for (const place of places) {
      const [asset, target] = place;
      const had = before.get(target) ?? new Set();
      if (change.target === target || differ(had, view.stored(target, asset.name))) asset.lastCallAt = now;
      this.#moves.moved(change, place, had);
    }
    this.#moves.atOnce(change, places, before);
  }

  #ourDocument(change: Extract<Change, { kind: 'policy' }>): void {
    const { clock, view } = this.#watch;
    for (const [asset, target] of this.#touchedBy(change)) {
      // What is tidied up behind an asset is no call to it.
      const carried = [...view.policiesOf(target), ...view.inherited(asset.name)];
      if (carried.includes(change.policyName)) asset.lastCallAt = clock.now();
    }
    const blank = this.acts.find((act) => act.kind === 'blank' && act.on === change.policyName);
    if (blank !== undefined) this.fail(5, `the default of ${change.policyName}, blanked by somebody, was touched`);
    this.#intent.written(change.policyName);
  }

  #checkFloor([{ name }, target]: Place): void {
    const { view } = this.#watch;
    const sure = view.certain(target, name);
    const missing = [...this.#owed.required([name, target])].filter((right) => !sure.has(right));
    if (missing.length === 0) return;
    this.fail(
      1,
      `${name} may be without ${missing.join(', ')}; attached: ${view.policiesOf(target).join(', ') || 'nothing'}`,
    );
  }
}

function differ(a: ReadonlySet<Right>, b: ReadonlySet<Right>): boolean {
  return a.size !== b.size || [...a].some((right) => !b.has(right));
}
