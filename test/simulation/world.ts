import type { Device } from '../../operator/api/device.gen.ts';
import type { KubeObject, ObjectKey } from '../../operator/api/meta.ts';
import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import { signalsOfLog } from '../../operator/controllers/policyrollout/gates/feeds.ts';
import type { Signal } from '../../operator/controllers/policyrollout/gates/signals.ts';
import { createBroker } from '../../operator/sandbox/mqtt/broker.ts';
import { V2_LOGS } from '../../operator/sandbox/signals/v2-logs.ts';
import type { Change } from '../../operator/sandbox/state/changes.ts';
import { seeded } from '../../operator/sandbox/state/ids.ts';
import { SETTINGS } from '../../operator/sandbox/state/settings.ts';
import { repeatableAuthority } from '../support/certificates.ts';
import { account, csr, device, group, policy, thingType } from '../support/fleet.ts';
import { createFleet, type TestFleet } from '../support/operator.ts';
import { AwsView, LONGEST_DELAY_MS, QUARANTINE } from './aws-view.ts';
import { SimDevice } from './devices.ts';
import { Oracle } from './oracle.ts';
import { ACCOUNT_ID, Answers, documentOf, type Right, requestOf, rightOf } from './rights.ts';
import type { Life, Outcome, Share, SimConfig, SimGroup, SimPolicy } from './types.ts';

const MINUTE = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE;
const REGION = 'us-east-1';
const ACCOUNT_KEY = `${ACCOUNT_ID}/${REGION}`;
const PLACE = { partition: 'aws', region: REGION, accountId: ACCOUNT_ID };
/** Somebody who looks on. */
export interface Watcher {
  status?(key: ObjectKey, status: unknown): void;
  change?(change: Change, actor: Oracle['actor']): void;
  signal?(signal: Signal): void;
  note?(text: string): void;
}

/** A fleet, AWS, the operator and people in one process, under one virtual clock and under watch. */
export class World implements AsyncDisposable {
  readonly config: SimConfig;
  readonly fleet: TestFleet;
  readonly random: () => number;
  readonly broker;
  readonly view: AwsView;
  readonly oracle: Oracle;
  readonly devices = new Map<string, SimDevice>();
  readonly story: string[] = [];
  readonly watchers = new Set<Watcher>();
  readonly start: number;
  git: readonly SimPolicy[];
  groups: readonly SimGroup[];
  nextLog = 0;
  deafUntil = 0;
  token = 0;
  deviceEvents = 0;
  clockAdvances = 0;
  idleAdvances = 0;
  leader = 1;
  callsAtStart = 0;
  dead = false;
  late: { readonly at: number; readonly send: () => Promise<unknown> }[] = [];
  agenda: { readonly at: number; readonly run: () => Promise<void> }[] = [];

  static async create(config: SimConfig): Promise<World> {
    let made: World | undefined;
    const fleet = await createFleet({
      sandbox: {
        seed: config.seed,
        ledgerLimit: 2_000,
        authority: repeatableAuthority(config.seed, Date.UTC(2026, 0, 1)),
      },
      keyOf: (incarnation) => `AKIDTEST${incarnation}`,
      onStatus: (key, status) => {
        made?.oracle.onStatus(key, status);
        for (const watcher of made?.watchers ?? []) watcher.status?.(key, status);
      },
    });
    const world = new World(config, fleet);
    made = world;
    await world.setUp();
    return world;
  }

  private constructor(config: SimConfig, fleet: TestFleet) {
    this.config = config;
    this.fleet = fleet;
    this.start = fleet.clock.now();
    this.random = seeded(config.seed * 31 + 5);
    this.git = config.policies;
    this.groups = config.groups ?? [];
    const { sandbox, clock } = fleet;
    const scope = sandbox.scope();
    this.broker = createBroker(sandbox, {
      propagation: { mode: config.propagation, delay: [0, LONGEST_DELAY_MS], random: seeded(config.seed * 17 + 3) },
    });
    const { port } = this.broker;
    sandbox.world.ports.broker = {
      ...port,
      disconnect: (where, clientId, how) => {
        this.oracle.sessionEnded(clientId, how.cleanSession);
        return port.disconnect(where, clientId, how);
      },
    };
    const answers = new Answers(scope);
    this.view = new AwsView(scope, clock, answers);
    this.oracle = new Oracle({
      clock,
      config,
      view: this.view,
      answers,
      connected: (name) => this.devices.get(name)?.connected === true,
      leftUnheard: (name) => this.#leftUnheard.has(name),
      declared: (name) => [
        ...this.referred(name),
        ...this.groups.flatMap(({ policies }) => policies.map((each) => each.name)),
      ],
      grants: () => this.asked(),
      tell: (text) => this.tell(text),
    });
    sandbox.onChange((change, where) => {
      if (where !== scope) return;
      this.oracle.onChange(change);
      for (const watcher of this.watchers) watcher.change?.(change, this.oracle.actor);
    });
    sandbox.ledger.subscribe((entry) => {
      this.oracle.onCall(entry);
      if (entry.mutating && this.callsAtStart > 0)
        this.tell(`${entry.accessKeyId}: ${entry.operation} ${entry.resource}: ${entry.outcome}`);
    });
    scope.slice(SETTINGS).logging = {
      roleArn: undefined,
      defaultLogLevel: 'INFO',
      disableAllLogs: false,
      eventConfigurations: undefined,
    };
  }

  async setUp(): Promise<void> {
    const { fleet, config } = this;
    const lifeline = {
      allow: [{ actions: ['iot:Publish'], resources: ['topic/telemetry/${iot:Connection.Thing.ThingName}'] }],
    };
    await fleet.aws.send('CreatePolicy', {
      policyName: 'foreign-lines',
      policyDocument: JSON.stringify(documentOf({ allow: ['debug'], deny: [] })),
    });
    await fleet.apply(
      account({ lifeline }),
      thingType('press'),
      group('presses'),
      group(QUARANTINE, { quarantine: true }),
    );
    await fleet.apply(...this.policies(config.policies));
    await this.declareGroups(this.groups);
    await fleet.start();
    for (const [index, life] of config.lives.entries()) {
      const share = config.shared?.find(({ device }) => device === index);
      if (share !== undefined) await fleet.settleUntilReady(30 * MINUTE);
      await this.addDevice(life, config.certificates[index] ?? 1, share);
    }
    await fleet.settleUntilReady(30 * MINUTE);
    await this.born();
    // Nothing of the beginning is still on its way.
    await this.passTo(fleet.clock.now() + 2 * LONGEST_DELAY_MS);
    this.oracle.atRest();
    this.callsAtStart = fleet.sandbox.ledger.total;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const simulated of this.devices.values()) simulated.stop();
    await this.broker.settle();
    await this.broker.close();
    await this.fleet.kill();
    await this.fleet[Symbol.asyncDispose]();
  }

  policies(grants: readonly SimPolicy[]): readonly KubeObject[] {
    const { strategy } = this.config;
    return grants.map(({ name, grant }) => policy(name, { document: documentOf(grant), strategy }));
  }

  /** Groups with other policies than before. */
  async declareGroups(groups: readonly SimGroup[]): Promise<void> {
    this.groups = groups;
    this.oracle.gitChanged();
    this.oracle.redeclared();
    for (const { name, policies } of groups) {
      const policyRefs = policies.map((each) => ({ name: each.name }));
      await this.fleet.apply(...this.policies(policies), group(name, { policyRefs }));
    }
  }

  /** A request is signed anew each time, and what a certificate's name stands for must not change. */
  csr(subject: string): string {
    const known = this.#requests.get(subject) ?? csr(subject.split(' ')[0] ?? '', subject);
    this.#requests.set(subject, known);
    return known;
  }

  readonly #requests = new Map<string, string>();

  /** The documents that Git asks for now, those of groups included. */
  asked(): readonly SimPolicy[] {
    return [...this.git, ...this.groups.flatMap(({ policies }) => policies)];
  }

  /** The policies that a device refers to itself. */
  referred(name: string): readonly string[] {
    return this.#references.get(name) ?? this.config.policies.map((each) => each.name);
  }

  readonly #references = new Map<string, readonly string[]>();

  async refer(name: string, policies: readonly string[]): Promise<void> {
    const { spec } = (await this.fleet.get('Device', name)) as Device;
    this.#references.set(name, policies);
    this.oracle.redeclared();
    const certificates = (spec.certificates ?? []).map((each) => each.name);
    await this.fleet.apply(this.declaration(name, certificates));
  }

  /** `device certificate` → the id of what the device has from another one, under the name that it has there. */
  readonly #borrowed = new Map<string, string>();

  /** What a person declares of it. */
  declaration(name: string, certificates: readonly string[]): KubeObject {
    return device(name, {
      thingTypeRef: { name: 'press' },
      policyRefs: this.referred(name).map((each) => ({ name: each })),
      groupRefs: ['presses', ...this.groups.map((each) => each.name)].map((each) => ({ name: each })),
      certificates: certificates.map((each) => {
        const certificateId = this.#borrowed.get(`${name} ${each}`);
        return {
          name: each,
          ...(certificateId === undefined ? { csr: this.csr(`${name} ${each}`) } : { certificateId }),
        };
      }),
    });
  }

  async addDevice(life: Life, certificates: number, share?: Share): Promise<void> {
    const name = `press-${this.devices.size + 1}`;
    // Where certificates are shared, each has one name wherever it is.
    const letters = [...'abc'].slice(0, certificates);
    const names = this.config.shared === undefined ? letters : letters.map((letter) => `${letter}-${name}`);
    const own = share?.how === 'only' ? [] : names;
    const borrowed = share === undefined ? [] : [await this.#borrow(name, `press-${share.with + 1}`)];
    const all = share?.how === 'first' ? [...borrowed, ...own] : [...own, ...borrowed];
    await this.fleet.apply(this.declaration(name, all));
    const simulated = new SimDevice(name, life, () => this.certificates.get(name)?.[0], {
      clock: this.fleet.clock,
      broker: this.broker,
      scope: this.fleet.sandbox.scope(),
      random: this.random,
      periodMs: this.config.periodMs,
      reconnectPercent: this.config.reconnectPercent ?? 2,
      visitEveryMs: this.config.visitEveryMs ?? WEEK_MS,
      uses: this.config.uses,
      did: () => {
        this.deviceEvents += 1;
      },
    });
    this.devices.set(name, simulated);
  }

  /** Answers under which name the device has the first certificate of the other one. */
  async #borrow(name: string, other: string): Promise<string> {
    const { status } = (await this.fleet.get('Device', other)) as Device;
    const [first] = status?.certificates ?? [];
    if (first?.certificateId === undefined) throw new Error(`${other} has no certificate yet`);
    this.#borrowed.set(`${name} ${first.name}`, first.certificateId);
    return first.name;
  }

  /** A certificate that several have leaves all their specs, and they connect with what they have beside it. */
  async retire(name: string): Promise<void> {
    const holders = (id: string) => [...this.certificates].filter(([, ids]) => ids.includes(id));
    const id = this.certificates.get(name)?.find((each) => {
      const all = holders(each);
      return all.length > 1 && all.every(([, ids]) => ids.length > 1);
    });
    if (id === undefined) return;
    this.retired.add(id);
    for (const [holder, ids] of holders(id)) {
      const { spec, status } = (await this.fleet.get('Device', holder)) as Device;
      const gone = status?.certificates?.find(({ certificateId }) => certificateId === id)?.name;
      const left = (spec.certificates ?? []).map((each) => each.name).filter((each) => each !== gone);
      this.certificates.set(
        holder,
        ids.filter((each) => each !== id),
      );
      const targets = this.oracle.assets.get(holder)?.targets ?? [];
      this.oracle.register(
        holder,
        targets.filter((each) => !each.endsWith(id)),
      );
      await this.fleet.apply(this.declaration(holder, left));
      const simulated = this.devices.get(holder);
      if (simulated?.connected === true) simulated.reconnect();
    }
  }

  /** Left the specs; whether they are deleted is up to who made them. */
  readonly retired = new Set<string>();

  /** Somebody took a policy from these; it is not given back by itself. */
  readonly robbed = new Set<string>();
  readonly certificates = new Map<string, readonly string[]>();

  /** New devices become known to the world once their certificates are active. */
  async born(): Promise<void> {
    for (const name of this.devices.keys()) {
      if (this.oracle.assets.has(name)) continue;
      const found = (await this.fleet.get('Device', name)) as Device;
      const certificates = found.status?.certificates ?? [];
      const ready =
        certificates.length > 0 && certificates.every((one) => one.activated === true && one.arn !== undefined);
      if (!ready) continue;
      this.certificates.set(
        name,
        certificates.map(({ certificateId = '' }) => certificateId),
      );
      this.oracle.register(
        name,
        certificates.map(({ arn = '' }) => arn),
      );
    }
  }

  async passTo(target: number): Promise<void> {
    const { clock } = this.fleet;
    for (;;) {
      if (this.oracle.violations.length > 0) return;
      await this.due();
      const next = Math.min(clock.next() ?? target, this.agendaNext(), target);
      if (next >= target) break;
      await this.advance(next - clock.now());
    }
    await this.advance(target - clock.now());
    await this.due();
  }

  agendaNext(): number {
    return [...this.agenda, ...this.late].reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  }

  async due(): Promise<void> {
    const now = this.fleet.clock.now();
    const late = this.late.filter(({ at }) => at <= now);
    this.late = this.late.filter(({ at }) => at > now);
    for (const { send } of late) {
      this.note('a call of the process before arrives only now');
      this.oracle.actor = 'late';
      await send().catch(() => undefined);
      this.oracle.actor = 'operator';
    }
    const due = this.agenda.filter(({ at }) => at <= now);
    this.agenda = this.agenda.filter(({ at }) => at > now);
    for (const { run } of due) await run();
    if (late.length + due.length > 0) await this.quiesce();
  }

  async advance(ms: number): Promise<void> {
    const before = this.did();
    await this.fleet.clock.advance(Math.max(0, ms));
    await this.quiesce();
    this.clockAdvances += 1;
    if (this.did() === before) this.idleAdvances += 1;
  }

  /** Everything that can happen without time passing has happened. */
  async quiesce(): Promise<void> {
    await this.broker.settle();
    await this.fleet.drain();
    if (this.hear()) await this.fleet.drain();
    if (this.dead) await this.revive();
    for (const { metadata, ...rest } of (await this.fleet.store.list({ kind: 'PolicyRollout' })).items) {
      this.oracle.onRollout({ metadata, ...rest } as PolicyRollout);
    }
  }

  /** What the broker logged reaches the operator, unless nobody listens. */
  hear(): boolean {
    const { fleet } = this;
    const deaf = fleet.clock.now() < this.deafUntil;
    let news = false;
    for (const { sequence, fields } of fleet.sandbox.scope().slice(V2_LOGS).from(this.nextLog)) {
      this.nextLog = sequence + 1;
      for (const signal of signalsOfLog(fields, PLACE)) {
        for (const watcher of this.watchers) watcher.signal?.(signal);
        if (signal.kind === 'request') {
          this.oracle.heard(signal.clientId, rightOf(signal.action, signal.resource, signal.clientId), signal.allowed);
        } else if (signal.kind === 'connected') this.oracle.heard(signal.clientId, 'connect', true);
        else if (signal.kind === 'connectFailed') this.oracle.heard(signal.clientId, 'connect', false);
        this.#notice(signal, deaf);
        if (deaf) continue;
        fleet.signals.record(ACCOUNT_KEY, signal);
        news = true;
      }
    }
    return news;
  }

  /** The operator has no source here that would say how far behind it is: what is lost while it is deaf is lost. */
  #notice({ kind, clientId }: Signal, deaf: boolean): void {
    if (kind !== 'connected' && kind !== 'disconnected') return;
    if (kind === 'disconnected' && deaf) this.#leftUnheard.add(clientId);
    else if (!deaf || kind === 'connected') this.#leftUnheard.delete(clientId);
  }

  readonly #leftUnheard = new Set<string>();

  /** The operator is told of a request that AWS refused, although the sandbox would not. */
  mishear({ clientId, right }: { readonly clientId: string; readonly right: Right }): void {
    const [action, resource] = requestOf(right, clientId);
    const at = this.fleet.clock.now();
    const signal: Signal = { kind: 'request', at, clientId, action, resource, allowed: false };
    for (const watcher of this.watchers) watcher.signal?.(signal);
    this.fleet.signals.record(ACCOUNT_KEY, signal);
  }

  /** The device gets the key of another of its certificates, and connects with it. */
  async switchTo(name: string, certificate: string): Promise<void> {
    const { status } = (await this.fleet.get('Device', name)) as Device;
    const found = status?.certificates?.find((each) => each.name === certificate);
    if (found?.certificateId === undefined) throw new Error(`${name} has no certificate ${certificate} yet`);
    this.certificates.set(name, [found.certificateId]);
    this.oracle.register(name, [found.arn ?? '']);
    this.devices.get(name)?.reconnect();
  }

  async revive(): Promise<void> {
    this.dead = false;
    this.fleet.intercept = undefined;
    await this.fleet.kill();
    await this.lead();
    await this.quiesce();
  }

  /** The Lease is lost: for a while nobody may write, and the process that held it does not know. */
  loseLease(gapMs: number, endMs: number): void {
    const end = this.fleet.depose();
    const left = this.leader;
    this.oracle.leader = -1;
    const { clock } = this.fleet;
    const takeOver = async () => {
      if (this.leader === left) await this.lead();
    };
    this.agenda.push(
      { at: clock.now() + gapMs, run: takeOver },
      { at: clock.now() + Math.max(gapMs, endMs), run: end },
    );
  }

  async lead(): Promise<void> {
    this.leader += 1;
    this.oracle.leader = this.leader;
    this.note(`process ${this.leader} takes over`);
    await this.fleet.start();
  }

  did(): number {
    return this.fleet.sandbox.ledger.total + this.fleet.writes.length + this.deviceEvents;
  }

  outcome(): Outcome {
    const { fleet } = this;
    const calls = fleet.sandbox.ledger.total - this.callsAtStart;
    const plannerActions = fleet.writes.length;
    const rollouts: Record<string, number> = {};
    for (const line of this.story) {
      const phase = /rollout \S+: (Succeeded|Aborted|Superseded),/.exec(line)?.[1];
      if (phase !== undefined) rollouts[phase] = (rollouts[phase] ?? 0) + 1;
    }
    return {
      seed: this.config.seed,
      steps: calls + plannerActions + this.deviceEvents + this.clockAdvances,
      calls,
      deviceEvents: this.deviceEvents,
      plannerActions,
      clockAdvances: this.clockAdvances,
      idleAdvances: this.idleAdvances,
      rollouts,
      happened: this.happened,
      violations: this.oracle.violations,
      story: this.story,
    };
  }

  /** Counts what happened, by its kind. */
  count(what: string): void {
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }

  readonly happened: Record<string, number> = {};

  note(text: string): void {
    this.tell(text);
    for (const watcher of this.watchers) watcher.note?.(text);
  }

  tell(text: string): void {
    const minutes = (this.fleet.clock.now() - this.start) / MINUTE;
    this.story.push(`${minutes.toFixed(2).padStart(8)} min  ${text}`);
  }
}
