import type { Device } from '../../operator/api/device.gen.ts';
import type { KubeObject } from '../../operator/api/meta.ts';
import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import { signalsOfLog } from '../../operator/controllers/policyrollout/feeds.ts';
import { createBroker } from '../../operator/sandbox/mqtt/broker.ts';
import { V2_LOGS } from '../../operator/sandbox/signals/v2-logs.ts';
import { IDENTITY } from '../../operator/sandbox/state/identity.ts';
import { seeded } from '../../operator/sandbox/state/ids.ts';
import { SETTINGS } from '../../operator/sandbox/state/settings.ts';
import { account, csr, device, group, policy, thingType } from '../support/fleet.ts';
import { Crash, createFleet, type TestFleet } from '../support/operator.ts';
import { AwsView, LONGEST_DELAY_MS, QUARANTINE } from './aws-view.ts';
import { SimDevice } from './devices.ts';
import { Oracle } from './oracle.ts';
import { ACCOUNT_ID, Answers, documentOf, grantText, rightOf } from './rights.ts';
import type { Act, Life, Outcome, Planned, SimConfig, SimPolicy } from './types.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const REGION = 'us-east-1';
const ACCOUNT_KEY = `${ACCOUNT_ID}/${REGION}`;
const PLACE = { partition: 'aws', region: REGION, accountId: ACCOUNT_ID };
/** AWS refuses to delete a policy that allows nothing; Defender replaces by this. */
const BLANK = JSON.stringify({ Version: '2012-10-17', Statement: [] });
/** Longest time of virtual time that a run may take to come to rest at its end. */
const END_MS = 40 * HOUR;

/** Runs one world from its first device to its last, and says what came of it. */
export async function simulate(config: SimConfig, schedule: readonly Planned[]): Promise<Outcome> {
  await using run = await Run.create(config);
  return await run.go(schedule);
}

class Run implements AsyncDisposable {
  readonly config: SimConfig;
  readonly fleet: TestFleet;
  readonly #random: () => number;
  readonly #broker;
  readonly #view: AwsView;
  readonly #oracle: Oracle;
  readonly #devices = new Map<string, SimDevice>();
  readonly #story: string[] = [];
  readonly #start: number;
  #git: readonly SimPolicy[];
  #nextLog = 0;
  #deafUntil = 0;
  #token = 0;
  #deviceEvents = 0;
  #clockAdvances = 0;
  #leader = 1;
  #callsAtStart = 0;
  #dead = false;
  #late: { readonly at: number; readonly send: () => Promise<unknown> }[] = [];
  #agenda: { readonly at: number; readonly run: () => Promise<void> }[] = [];

  static async create(config: SimConfig): Promise<Run> {
    let oracle: Oracle | undefined;
    const fleet = await createFleet({
      sandbox: { seed: config.seed, ledgerLimit: 2_000 },
      keyOf: (incarnation) => `AKIDTEST${incarnation}`,
      onStatus: (key, status) => oracle?.onStatus(key, status),
    });
    const run = new Run(config, fleet);
    oracle = run.#oracle;
    await run.#setUp();
    return run;
  }

  private constructor(config: SimConfig, fleet: TestFleet) {
    this.config = config;
    this.fleet = fleet;
    this.#start = fleet.clock.now();
    this.#random = seeded(config.seed * 31 + 5);
    this.#git = config.policies;
    const { sandbox, clock } = fleet;
    const scope = sandbox.scope();
    this.#broker = createBroker(sandbox, {
      propagation: { mode: config.propagation, delay: [0, LONGEST_DELAY_MS], random: seeded(config.seed * 17 + 3) },
    });
    const answers = new Answers(scope);
    this.#view = new AwsView(scope, clock, answers);
    this.#oracle = new Oracle({
      clock,
      config,
      view: this.#view,
      answers,
      connected: (name) => this.#devices.get(name)?.connected === true,
      tell: (text) => this.#tell(text),
    });
    sandbox.onChange((change, where) => where === scope && this.#oracle.onChange(change));
    sandbox.ledger.subscribe((entry) => {
      this.#oracle.onCall(entry);
      if (entry.mutating && this.#callsAtStart > 0)
        this.#tell(`${entry.accessKeyId}: ${entry.operation} ${entry.resource}: ${entry.outcome}`);
    });
    scope.slice(SETTINGS).logging = {
      roleArn: undefined,
      defaultLogLevel: 'INFO',
      disableAllLogs: false,
      eventConfigurations: undefined,
    };
  }

  async #setUp(): Promise<void> {
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
    await fleet.apply(...this.#policies(config.policies));
    await fleet.start();
    for (const [index, life] of config.lives.entries()) await this.#addDevice(life, config.certificates[index] ?? 1);
    await fleet.settleUntilReady(30 * MINUTE);
    await this.#born();
    // Nothing of the beginning is still on its way.
    await this.#passTo(fleet.clock.now() + 2 * LONGEST_DELAY_MS);
    this.#oracle.atRest(this.#git);
    this.#callsAtStart = fleet.sandbox.ledger.total;
  }

  async go(schedule: readonly Planned[]): Promise<Outcome> {
    const begin = this.fleet.clock.now();
    for (const { at, act } of schedule) {
      await this.#passTo(begin + at);
      if (this.#oracle.violations.length > 0) return this.#outcome();
      await this.#do(act);
      await this.#quiesce();
      if (this.#oracle.violations.length > 0) return this.#outcome();
    }
    await this.#end();
    return this.#outcome();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const simulated of this.#devices.values()) simulated.stop();
    await this.#broker.settle();
    await this.#broker.close();
    await this.fleet.kill();
    await this.fleet[Symbol.asyncDispose]();
  }

  #policies(grants: readonly SimPolicy[]): readonly KubeObject[] {
    const { strategy } = this.config;
    return grants.map(({ name, grant }) => policy(name, { document: documentOf(grant), strategy }));
  }

  async #addDevice(life: Life, certificates: number): Promise<void> {
    const name = `press-${this.#devices.size + 1}`;
    const spec = {
      thingTypeRef: { name: 'press' },
      policyRefs: this.config.policies.map((each) => ({ name: each.name })),
      certificates: Array.from({ length: certificates }, (_, i) => ({ name: 'abc'[i] ?? 'z', csr: csr(name) })),
    };
    await this.fleet.apply(device(name, spec));
    const simulated = new SimDevice(name, life, () => this.#certificates.get(name)?.[0], {
      clock: this.fleet.clock,
      broker: this.#broker,
      scope: this.fleet.sandbox.scope(),
      random: this.#random,
      periodMs: this.config.periodMs,
      did: () => {
        this.#deviceEvents += 1;
      },
    });
    this.#devices.set(name, simulated);
  }

  /** Somebody took a policy from these; it is not given back by itself. */
  readonly #robbed = new Set<string>();
  readonly #certificates = new Map<string, readonly string[]>();

  /** New devices become known to the world once their certificates are active. */
  async #born(): Promise<void> {
    for (const name of this.#devices.keys()) {
      if (this.#oracle.assets.has(name)) continue;
      const found = (await this.fleet.get('Device', name)) as Device;
      const certificates = found.status?.certificates ?? [];
      const ready =
        certificates.length > 0 && certificates.every((one) => one.activated === true && one.arn !== undefined);
      if (!ready) continue;
      this.#certificates.set(
        name,
        certificates.map(({ certificateId = '' }) => certificateId),
      );
      this.#oracle.register(
        name,
        certificates.map(({ arn = '' }) => arn),
      );
    }
  }

  async #passTo(target: number): Promise<void> {
    const { clock } = this.fleet;
    for (;;) {
      if (this.#oracle.violations.length > 0) return;
      await this.#due();
      const next = Math.min(clock.next() ?? target, this.#agendaNext(), target);
      if (next >= target) break;
      await this.#advance(next - clock.now());
    }
    await this.#advance(target - clock.now());
    await this.#due();
  }

  #agendaNext(): number {
    return [...this.#agenda, ...this.#late].reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  }

  async #due(): Promise<void> {
    const now = this.fleet.clock.now();
    const late = this.#late.filter(({ at }) => at <= now);
    this.#late = this.#late.filter(({ at }) => at > now);
    for (const { send } of late) {
      this.#tell('a call of the process before arrives only now');
      this.#oracle.actor = 'late';
      await send().catch(() => undefined);
      this.#oracle.actor = 'operator';
    }
    const due = this.#agenda.filter(({ at }) => at <= now);
    this.#agenda = this.#agenda.filter(({ at }) => at > now);
    for (const { run } of due) await run();
    if (late.length + due.length > 0) await this.#quiesce();
  }

  async #advance(ms: number): Promise<void> {
    await this.fleet.clock.advance(Math.max(0, ms));
    this.#clockAdvances += 1;
    await this.#quiesce();
  }

  /** Everything that can happen without time passing has happened. */
  async #quiesce(): Promise<void> {
    await this.#broker.settle();
    await this.fleet.drain();
    if (this.#hear()) await this.fleet.drain();
    if (this.#dead) await this.#revive();
    for (const { metadata, ...rest } of (await this.fleet.store.list({ kind: 'PolicyRollout' })).items) {
      this.#oracle.onRollout({ metadata, ...rest } as PolicyRollout);
    }
  }

  /** What the broker logged reaches the operator, unless nobody listens. */
  #hear(): boolean {
    const { fleet } = this;
    const deaf = fleet.clock.now() < this.#deafUntil;
    let news = false;
    for (const { sequence, fields } of fleet.sandbox.scope().slice(V2_LOGS).from(this.#nextLog)) {
      this.#nextLog = sequence + 1;
      for (const signal of signalsOfLog(fields, PLACE)) {
        if (signal.kind === 'request') {
          this.#oracle.heard(signal.clientId, rightOf(signal.action, signal.resource, signal.clientId), signal.allowed);
        } else if (signal.kind === 'connected') this.#oracle.heard(signal.clientId, 'connect', true);
        else if (signal.kind === 'connectFailed') this.#oracle.heard(signal.clientId, 'connect', false);
        if (deaf) continue;
        fleet.signals.record(ACCOUNT_KEY, signal);
        news = true;
      }
    }
    return news;
  }

  async #revive(): Promise<void> {
    this.#dead = false;
    this.fleet.intercept = undefined;
    await this.fleet.kill();
    await this.#lead();
    await this.#quiesce();
  }

  async #lead(): Promise<void> {
    this.#leader += 1;
    this.#oracle.leader = this.#leader;
    this.#tell(`process ${this.#leader} takes over`);
    await this.fleet.start();
  }

  async #do(act: Act): Promise<void> {
    const { fleet } = this;
    const now = fleet.clock.now();
    const name = 'device' in act ? `press-${(act.device % this.#devices.size) + 1}` : '';
    this.#tell(`act: ${describeAct(act, name)}`);
    switch (act.kind) {
      case 'document':
        return this.#document(act);
      case 'verb':
        return this.#verb(act.verb, act.value);
      case 'deviceVerb': {
        const keep = act.verb === 'release' ? {} : { [`rollout.fleetward.dev/${act.verb}`]: 'sim' };
        return this.#annotate('Device', name, keep);
      }
      case 'offline':
        return this.#devices.get(name)?.leave(act.forMs);
      case 'crash':
        return this.#armCrash(act);
      case 'depose': {
        const end = fleet.depose();
        await this.#lead();
        this.#agenda.push({ at: now + act.forMs, run: end });
        return;
      }
      case 'loseRecord':
        return this.#loseRecord(name);
      case 'loseState':
        return this.#loseState();
      case 'fault':
        fleet.sandbox.faults.clear();
        fleet.sandbox.faults.add(act.rule);
        return;
      case 'deaf':
        this.#deafUntil = now + act.forMs;
        return;
      case 'quarantine':
        return this.#quarantine(name, act.forMs);
      case 'blank':
        return this.#blank(act.of, act.forMs);
      case 'inactive':
        return this.#inactive(name, act.forMs);
      case 'foreignDetach': {
        const [target] = this.#oracle.assets.get(name)?.targets ?? [];
        const [first] = target === undefined ? [] : this.#view.policiesOf(target);
        if (target !== undefined && first !== undefined)
          await this.#byPerson(() => fleet.aws.send('DetachPolicy', { policyName: first, target }));
        this.#robbed.add(name);
        return;
      }
      case 'join':
        await this.#addDevice(act.life, 1);
        this.#agenda.push({ at: now + 3 * MINUTE, run: () => this.#born() });
        return;
      default:
        act satisfies never;
    }
  }

  async #document({ how, grants }: Extract<Act, { kind: 'document' }>): Promise<void> {
    if (how === 'garbage') {
      const text = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: 7 }] };
      const [first] = this.config.policies;
      await this.fleet
        .apply(policy(first?.name ?? '', { document: text, strategy: this.config.strategy }))
        .catch(() => undefined);
      return;
    }
    this.#git = grants;
    this.#oracle.gitChanged(grants);
    await this.fleet.apply(...this.#policies(grants));
  }

  async #verb(verb: string, value: 'right' | 'stale' | 'bare'): Promise<void> {
    const { items } = await this.fleet.store.list({ kind: 'PolicyRollout' });
    const open = (items as readonly PolicyRollout[]).filter(({ status }) => status?.cleanedAt === undefined).at(-1);
    if (open === undefined) return;
    this.#token += 1;
    const revision = value === 'stale' ? '00000000' : open.spec.revision;
    const text = value === 'bare' ? 'yes' : `t${this.#token}@${revision} by sim`;
    await this.#annotate('PolicyRollout', open.metadata.name, { [`rollout.fleetward.dev/${verb}`]: text });
  }

  async #annotate(kind: string, name: string, annotations: Record<string, string>): Promise<void> {
    const found = await this.fleet.store.get({ kind, namespace: 'factory', name });
    if (found === undefined) return;
    const { apiVersion } = found;
    // A person of their own for each verb: applying the next one takes none of the others back.
    const owner = kind === 'Device' ? 'person-device' : `person-${Object.keys(annotations)[0]?.split('/')[1]}`;
    await this.fleet.store
      .apply({ apiVersion, kind, metadata: { name, namespace: 'factory', annotations } }, { owner })
      .catch((thrown: unknown) => this.#tell(`refused: ${String(thrown)}`));
    await this.fleet.drain();
  }

  #armCrash({ afterCalls, effect }: Extract<Act, { kind: 'crash' }>): void {
    const { fleet } = this;
    let left = afterCalls;
    fleet.intercept = async (send, _operation, { method, path }) => {
      // Only writes arrive late; reads harm nobody.
      const writes = method !== 'GET' && !path.startsWith('/attached-policies') && !path.startsWith('/policy-targets');
      if (effect === 'late' && !writes) return send();
      left -= 1;
      if (left !== 0) return send();
      this.#tell(
        `the process dies ${effect === 'late' ? 'with' : effect} ${method} ${path}${effect === 'late' ? ' on its way' : ''}`,
      );
      if (effect === 'after') await send();
      if (effect === 'late') this.#late.push({ at: fleet.clock.now() + this.#random() * 29_000, send });
      this.#dead = true;
      void fleet.kill();
      throw new Crash('killed');
    };
  }

  async #loseRecord(name: string): Promise<void> {
    const found = (await this.fleet.get('Device', name)) as Device;
    if (found.status?.rollout === undefined) return;
    await this.fleet.kill();
    const { rollout: _lost, ...rest } = found.status;
    const { uid = '' } = found.metadata;
    await this.fleet.store.applyStatus({ kind: 'Device', namespace: 'factory', name, uid }, rest, {
      owner: 'fleetward',
    });
    this.#oracle.forgetStates(name);
    await this.#lead();
  }

  /** The state is gone; Git and AWS are what is left. */
  async #loseState(): Promise<void> {
    await this.fleet.kill();
    const { items } = await this.fleet.store.list({ kind: 'PolicyRollout' });
    for (const { metadata } of items)
      await this.fleet.store.delete({ kind: 'PolicyRollout', namespace: 'factory', name: metadata.name });
    for (const kind of ['Device', 'IoTPolicy']) {
      for (const { metadata } of (await this.fleet.store.list({ kind })).items) {
        const { name, uid = '' } = metadata;
        await this.fleet.store.applyStatus({ kind, namespace: 'factory', name, uid }, {}, { owner: 'fleetward' });
      }
    }
    this.#oracle.forgetStates();
    await this.#lead();
  }

  async #byPerson(act: () => Promise<unknown>): Promise<void> {
    this.#oracle.actor = 'person';
    await act().catch((thrown: unknown) => this.#tell(`AWS refused: ${String(thrown)}`));
    this.#oracle.actor = 'operator';
  }

  async #act(act: Oracle['acts'][number], forMs: number, undo: () => Promise<unknown>): Promise<void> {
    this.#oracle.acts.push(act);
    const lift = async () => {
      const index = this.#oracle.acts.indexOf(act);
      if (index < 0) return;
      this.#tell(`lifted: ${act.kind} on ${act.on}`);
      await this.#byPerson(undo);
      this.#oracle.acts.splice(index, 1);
    };
    this.#agenda.push({ at: this.fleet.clock.now() + forMs, run: lift });
  }

  async #quarantine(name: string, forMs: number): Promise<void> {
    if (this.#oracle.acts.some(({ on }) => on === name)) return;
    const { aws, clock } = this.fleet;
    const membership = { thingName: name, thingGroupName: QUARANTINE };
    await this.#byPerson(() => aws.send('AddThingToThingGroup', membership));
    await this.#act({ kind: 'quarantine', on: name, at: clock.now() }, forMs, () =>
      aws.send('RemoveThingFromThingGroup', membership),
    );
  }

  async #inactive(name: string, forMs: number): Promise<void> {
    const [certificateId] = this.#certificates.get(name) ?? [];
    if (certificateId === undefined || this.#oracle.acts.some(({ on }) => on === certificateId)) return;
    const { aws, clock } = this.fleet;
    const set = (newStatus: 'ACTIVE' | 'INACTIVE') => aws.send('UpdateCertificate', { certificateId, newStatus });
    await this.#byPerson(() => set('INACTIVE'));
    await this.#act({ kind: 'inactive', on: certificateId, at: clock.now() }, forMs, () => set('ACTIVE'));
  }

  async #blank(of: 'declared' | 'candidate', forMs: number): Promise<void> {
    const { aws, clock, sandbox } = this.fleet;
    const { policies } = sandbox.scope().slice(IDENTITY);
    const names = [...policies.keys()].filter(
      (name) => name.includes('@') === (of === 'candidate') && !name.startsWith('foreign'),
    );
    const policyName = names[Math.floor(this.#random() * names.length)];
    const found = policyName === undefined ? undefined : policies.get(policyName);
    if (policyName === undefined || found === undefined || found.versions.length >= 5) return;
    if (this.#oracle.acts.some(({ on }) => on === policyName)) return;
    const before = found.defaultVersionId;
    await this.#byPerson(() =>
      aws.send('CreatePolicyVersion', { policyName, policyDocument: BLANK, setAsDefault: true }),
    );
    const blank = policies.get(policyName)?.defaultVersionId ?? '';
    await this.#act({ kind: 'blank', on: policyName, at: clock.now() }, forMs, async () => {
      await aws.send('SetDefaultPolicyVersion', { policyName, policyVersionId: before });
      await aws.send('DeletePolicyVersion', { policyName, policyVersionId: blank });
    });
  }

  /** Everybody is back, nobody interferes, people answer what they are asked, and time passes until nothing moves. */
  async #end(): Promise<void> {
    const { fleet } = this;
    this.#tell('act: everybody is back, and people bring it to an end');
    fleet.sandbox.faults.clear();
    fleet.intercept = undefined;
    this.#deafUntil = 0;
    for (const { run } of this.#agenda.splice(0)) await run();
    for (const simulated of this.#devices.values()) {
      simulated.settle();
      await this.#annotate('Device', simulated.name, {});
    }
    await this.#born();
    const deadline = fleet.clock.now() + END_MS;
    for (let round = 0; fleet.clock.now() < deadline; round += 1) {
      await this.#passTo(fleet.clock.now() + 10 * MINUTE);
      if (this.#oracle.violations.length > 0) return;
      if (await this.#atRest()) return this.#checkRest();
      if (round % 3 === 2) for (const verb of ['resume', 'approve', 'promote-full']) await this.#verb(verb, 'right');
      if (round === 60) await this.#verb('abort', 'right');
    }
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    const left = (items as readonly PolicyRollout[]).filter(({ status }) => status?.cleanedAt === undefined);
    const open = left.map(
      ({ metadata, status }) => `${metadata.name} ${status?.phase} ${status?.reason}: ${status?.message}`,
    );
    this.#oracle.fail(3, `after ${END_MS / HOUR} h with everybody there it is not over: ${open.join('; ')}`);
  }

  async #atRest(): Promise<boolean> {
    const { items } = await this.fleet.store.list({ kind: 'PolicyRollout' });
    const over = (items as readonly PolicyRollout[]).every(({ status }) => status?.cleanedAt !== undefined);
    if (!over) return false;
    for (const { name } of this.config.policies) {
      const found = (await this.fleet.get('IoTPolicy', name)) as { status?: { pendingChange?: unknown } };
      if (found.status?.pendingChange !== undefined) return false;
    }
    return true;
  }

  async #checkRest(): Promise<void> {
    const { fleet } = this;
    await this.#passTo(fleet.clock.now() + 2 * LONGEST_DELAY_MS);
    const declared = this.config.policies.map(({ name }) => name).sort();
    for (const { name, targets } of this.#oracle.assets.values()) {
      if (this.#robbed.has(name)) continue;
      for (const target of targets) {
        const carried = [...this.#view.policiesOf(target)].sort();
        const stay = this.config.strategy.homing === 'Stay' ? carried.map((one) => one.split('@')[0]) : carried;
        if (stay.join() !== declared.join())
          this.#oracle.fail(3, `${name} ends on ${carried.join(', ') || 'nothing'} instead of ${declared.join(', ')}`);
      }
    }
    const { certificates } = fleet.sandbox.scope().slice(IDENTITY);
    const wanted = [...this.#certificates.values()].reduce((sum, ids) => sum + ids.length, 0);
    if ([...certificates.keys()].length !== wanted)
      this.#oracle.fail(9, `${[...certificates.keys()].length} certificates for ${wanted} declared ones`);
    await this.#checkNoOp();
    const secret = [...fleet.logs, ...fleet.events.map(({ message }) => message)].find((line) =>
      /PRIVATE KEY|"secret/.test(line),
    );
    if (secret !== undefined) this.#oracle.fail(8, 'a private key in a log line or an event');
  }

  async #checkNoOp(): Promise<void> {
    const { fleet } = this;
    const writes = fleet.writes.length;
    const calls = () => fleet.sandbox.ledger.entries({ mutating: true }).length;
    const before = calls();
    await this.#passTo(fleet.clock.now() + 30 * MINUTE);
    // When the account was last compared is told after each comparison.
    const more = fleet.writes.slice(writes).filter((write) => write !== 'status AWSAccount/default');
    if (calls() > before) this.#oracle.fail(7, 'with nothing to do AWS was written to');
    if (more.length > 0)
      this.#oracle.fail(7, `with nothing to do the store was written to: ${more.slice(0, 3).join(', ')}`);
  }

  #outcome(): Outcome {
    const { fleet } = this;
    const calls = fleet.sandbox.ledger.total - this.#callsAtStart;
    const plannerActions = fleet.writes.length;
    const rollouts: Record<string, number> = {};
    for (const line of this.#story) {
      const phase = /rollout \S+: (Succeeded|Aborted|Superseded),/.exec(line)?.[1];
      if (phase !== undefined) rollouts[phase] = (rollouts[phase] ?? 0) + 1;
    }
    return {
      seed: this.config.seed,
      steps: calls + plannerActions + this.#deviceEvents + this.#clockAdvances,
      calls,
      deviceEvents: this.#deviceEvents,
      plannerActions,
      clockAdvances: this.#clockAdvances,
      rollouts,
      violations: this.#oracle.violations,
      story: this.#story,
    };
  }

  #tell(text: string): void {
    const minutes = (this.fleet.clock.now() - this.#start) / MINUTE;
    this.#story.push(`${minutes.toFixed(2).padStart(8)} min  ${text}`);
  }
}

function describeAct(act: Act, device: string): string {
  switch (act.kind) {
    case 'document':
      return `Git: ${act.how} ${act.grants.map(({ name, grant }) => `${name} ${grantText(grant)}`).join('; ')}`;
    case 'verb':
      return `${act.verb} (${act.value})`;
    case 'deviceVerb':
      return `${act.verb} ${device}`;
    case 'offline':
      return `${device} is away for ${Math.round(act.forMs / MINUTE)} min`;
    case 'crash':
      return `a crash ${act.effect} a call is near`;
    case 'fault':
      return `fault ${JSON.stringify(act.rule)}`;
    default:
      return `${act.kind} ${device}`;
  }
}
