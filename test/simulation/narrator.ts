import type { Device, DeviceStatus } from '../../operator/api/device.gen.ts';
import type { ObjectKey } from '../../operator/api/meta.ts';
import type { PolicyRolloutStatus } from '../../operator/api/policyrollout.gen.ts';
import type { Signal } from '../../operator/controllers/policyrollout/gates/signals.ts';
import type { Change } from '../../operator/sandbox/state/changes.ts';
import { IDENTITY } from '../../operator/sandbox/state/identity.ts';
import { Answers, RIGHTS, rightOf } from './rights.ts';
import type { Watcher, World } from './world.ts';

const SECOND = 1_000;
const DAY_SECONDS = 86_400;

/** Tells what happens in a world as a person would who sees everything: people, AWS, devices, and what the operator says. */
export class Narrator implements Watcher {
  readonly #world: World;
  readonly #begin: number;
  readonly #answers: Answers;
  readonly #lines: string[] = [];
  readonly #said = new Map<string, string>();

  readonly #certificates = new Map<string, NonNullable<DeviceStatus['certificates']>>();

  static async watch(world: World): Promise<Narrator> {
    const narrator = new Narrator(world);
    for (const { metadata, status } of (await world.fleet.store.list({ kind: 'Device' })).items as readonly Device[]) {
      narrator.#certificates.set(metadata.name, status?.certificates ?? []);
    }
    for (const name of world.fleet.sandbox.scope().slice(IDENTITY).policies.keys()) narrator.#policyText('KNOWN', name);
    world.watchers.add(narrator);
    return narrator;
  }

  private constructor(world: World) {
    this.#world = world;
    this.#begin = world.fleet.clock.now();
    this.#answers = new Answers(world.fleet.sandbox.scope());
  }

  get text(): string {
    return this.#lines.join('\n');
  }

  tell(who: string, text: string): void {
    const line = `${this.#time()}  ${who.padEnd(9)}  ${text}`;
    if (this.#lines.at(-1) !== line) this.#lines.push(line);
  }

  note(text: string): void {
    this.tell('operator', text);
  }

  status(key: ObjectKey, status: unknown): void {
    if (key.kind === 'Device') this.#device(key.name, status as DeviceStatus);
    if (key.kind === 'PolicyRollout') this.#rollout(key.name, status as PolicyRolloutStatus);
  }

  change(change: Change, actor: 'operator' | 'person' | 'late'): void {
    const text = this.#changeText(change);
    if (text === undefined) return;
    const who = { operator: '', person: 'somebody else: ', late: 'a call of the dead process: ' }[actor];
    this.tell('AWS', `${who}${text}`);
  }

  signal(signal: Signal): void {
    const { clientId } = signal;
    if (signal.kind === 'connectFailed') this.#once(clientId, `${clientId} tries to connect and is refused`);
    if (signal.kind !== 'request' || signal.allowed) return;
    const right = rightOf(signal.action, signal.resource, clientId) ?? `${signal.action} on ${signal.resource}`;
    this.#once(clientId, `${clientId} is refused ${right}`);
  }

  /** What is left at the end: of each device what AWS says it carries, and how it came out of the rollout. */
  async ending(): Promise<string> {
    const rows: string[] = [];
    for (const [name, { targets }] of this.#world.oracle.assets) {
      const { status } = (await this.#world.fleet.get('Device', name)) as { status?: DeviceStatus };
      const carried = [...new Set(targets.flatMap((target) => this.#world.view.policiesOf(target)))].sort();
      rows.push(`| ${name} | ${carried.join(', ') || 'nothing'} | ${status?.rollout?.state ?? '–'} |`);
    }
    return ['| device | carries in AWS | its state |', '| --- | --- | --- |', ...rows].join('\n');
  }

  #once(subject: string, text: string): void {
    if (this.#said.get(`${subject} refused`) === text) return;
    this.#said.set(`${subject} refused`, text);
    this.tell(subject, text);
  }

  #device(name: string, { rollout, held, certificates = [] }: DeviceStatus): void {
    this.#certificates.set(name, certificates);
    if (rollout !== undefined) {
      const state = `${rollout.name} ${rollout.state}`;
      if (this.#said.get(name) !== state) {
        this.#said.set(name, state);
        this.#said.delete(`${name} refused`);
        this.tell(name, `${rollout.state}: ${rollout.why ?? ''}`);
      }
    }
    const hold = held === undefined ? '' : JSON.stringify(held);
    if ((this.#said.get(`${name} held`) ?? '') === hold) return;
    this.#said.set(`${name} held`, hold);
    this.tell(
      name,
      hold === ''
        ? 'is held no more'
        : `is held: ${held?.reason}${held?.detail === undefined ? '' : ` on ${held.detail}`}`,
    );
  }

  #rollout(name: string, { phase, reason, message, class: kind, lost = [], gained = [] }: PolicyRolloutStatus): void {
    const state = `${phase} ${reason}`;
    if (this.#said.get(name) === state) return;
    if (!this.#said.has(name)) {
      const losses = lost.length === 0 ? '' : `; lost: ${lost.map(shortly).join(', ')}`;
      const gains = gained.length === 0 ? '' : `; gained: ${gained.map(shortly).join(', ')}`;
      this.tell('rollout', `${name} is made; the change ${kind ?? 'is not classed yet'}${losses}${gains}`);
    }
    this.#said.set(name, state);
    this.tell('rollout', `${phase}, ${reason}: ${message}`);
  }

  #changeText(change: Change): string | undefined {
    switch (change.kind) {
      case 'policy':
        return this.#policyText(change.operation, change.policyName);
      case 'policy-attachment': {
        const target = this.#targetName(change.target);
        return change.attached
          ? `${change.policyName} is attached to ${target}`
          : `${change.policyName} is detached from ${target}`;
      }
      case 'membership':
        return change.added
          ? `${change.thingName} is put into group ${change.groupName}`
          : `${change.thingName} is taken out of group ${change.groupName}`;
      case 'certificate': {
        const name = this.#certificateName(change.certificateId);
        if (change.operation === 'DELETED') return `${name} is deleted`;
        return `${name} is ${change.operation === 'CREATED' ? 'made, ' : ''}${change.status}`;
      }
      default:
        return undefined;
    }
  }

  #policyText(operation: string, name: string): string | undefined {
    const text = this.#world.view.document(name);
    if (operation === 'DELETED' || text === undefined) {
      this.#said.delete(`permits ${name}`);
      return `policy ${name} is deleted`;
    }
    const permits = this.#permits(text);
    const before = this.#said.get(`permits ${name}`);
    this.#said.set(`permits ${name}`, permits);
    if (operation === 'CREATED') return `policy ${name} is made; it permits ${permits}`;
    return before === permits ? undefined : `policy ${name} now permits ${permits}`;
  }

  #permits(text: string): string {
    const answers = this.#answers.of(text, 'press-1');
    const all = (wanted: string) => RIGHTS.filter((_, index) => answers[index] === wanted);
    const denied = all('denies');
    const allowed = all('allows').join(', ') || 'nothing';
    return denied.length === 0 ? allowed : `${allowed}, and denies ${denied.join(', ')}`;
  }

  #targetName(target: string): string {
    const group = /:thinggroup\/(?<name>.+)$/.exec(target)?.groups?.name;
    if (group !== undefined) return `group ${group}`;
    return this.#certificateName(target.slice(target.lastIndexOf('/') + 1));
  }

  /** The device where it has one certificate, else which of them. */
  #certificateName(id: string): string {
    for (const [name, certificates] of this.#certificates) {
      const found = certificates.find(({ certificateId }) => certificateId === id);
      if (found !== undefined) return certificates.length === 1 ? name : `certificate ${found.name} of ${name}`;
    }
    return 'a new certificate';
  }

  #time(): string {
    const seconds = Math.floor((this.#world.fleet.clock.now() - this.#begin) / SECOND);
    const days = Math.floor(seconds / DAY_SECONDS);
    const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
    const rest = seconds % DAY_SECONDS;
    const time = `${Math.floor(rest / 3_600)}:${two((rest % 3_600) / 60)}:${two(rest % 60)}`;
    return `${days === 0 ? '' : `${days} d `}${time}`.padStart(8);
  }
}

/** `iot:Publish on arn:aws:iot:us-east-1:123456789012:topic/debug/x` without the part that is always the same. */
function shortly(witness: string): string {
  return witness.replace(/arn:aws:iot:[^:]*:\d*:/g, '');
}
