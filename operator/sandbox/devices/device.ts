import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Behaviour, Publication } from './behaviour.ts';
import type { Link, OpenLink } from './link.ts';

export interface SimulatedThing {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a device did, for whoever watches. */
export type DeviceEvent =
  | { readonly kind: 'connected' | 'closed' | 'offline'; readonly clientId: string }
  | { readonly kind: 'published' | 'received'; readonly clientId: string; readonly topic: string };

const RECONNECT_MS = 5_000;
const MAX_RECONNECT_MS = 300_000;

/** Lives one behaviour for one thing, on the clock it is given. */
export class SimulatedDevice {
  readonly #behaviour: Behaviour;
  readonly #thing: SimulatedThing;
  readonly #clientId: string;
  readonly #clock: Clock;
  readonly #open: OpenLink;
  readonly #tell: (event: DeviceEvent) => void;
  readonly #timers = new Set<Timer>();
  #link: Link | undefined;
  #connected = false;
  #offline = false;
  #stopped = false;
  #failures = 0;
  #count = 0;

  constructor(
    behaviour: Behaviour,
    thing: SimulatedThing,
    world: { readonly clock: Clock; readonly open: OpenLink; readonly tell: (event: DeviceEvent) => void },
  ) {
    this.#behaviour = behaviour;
    this.#thing = thing;
    this.#clock = world.clock;
    this.#open = world.open;
    this.#tell = world.tell;
    this.#clientId = this.#fill(behaviour.clientId);
  }

  /** `later` milliseconds after the behaviour's own start. */
  start(later: number): void {
    this.#after(this.#behaviour.connectAt + later, () => this.#connect());
    for (const { at, for: duration } of this.#behaviour.offline) {
      this.#after(at, () => this.#goOffline(duration));
    }
    for (const publication of this.#behaviour.publish) {
      this.#after(this.#behaviour.connectAt + later + publication.at, () => this.#publish(publication));
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#link?.close(true);
  }

  #connect(): void {
    if (this.#stopped || this.#offline || this.#link) return;
    const { cleanSession, keepAliveSeconds, will } = this.#behaviour;
    this.#link = this.#open(
      {
        thing: this.#thing.name,
        clientId: this.#clientId,
        cleanSession,
        keepAliveSeconds,
        will: will && { topic: this.#fill(will.topic), payload: this.#fill(will.payload) },
      },
      {
        connected: () => this.#greet(),
        message: (topic, payload) => this.#hear(topic, payload),
        closed: () => this.#lost(),
      },
    );
  }

  #greet(): void {
    this.#connected = true;
    this.#failures = 0;
    this.#tell({ kind: 'connected', clientId: this.#clientId });
    const filters = this.#behaviour.subscribe.map((filter) => this.#fill(filter));
    if (this.#behaviour.shadow === 'report') filters.push(`${this.#own('shadow')}/update/delta`);
    if (this.#behaviour.jobs !== 'ignore') filters.push(`${this.#own('jobs')}/notify-next`);
    for (let at = 0; at < filters.length; at += 8) this.#link?.subscribe(filters.slice(at, at + 8));
    // A job may have been queued while nobody was there to be told.
    if (this.#behaviour.jobs !== 'ignore') this.#send(`${this.#own('jobs')}/$next/get`, '{}');
  }

  #hear(topic: string, payload: Buffer): void {
    this.#tell({ kind: 'received', clientId: this.#clientId, topic });
    if (topic === `${this.#own('shadow')}/update/delta`) this.#report(payload);
    const jobs = this.#own('jobs');
    if (topic === `${jobs}/notify-next` || topic === `${jobs}/$next/get/accepted`) this.#work(payload);
  }

  #report(payload: Buffer): void {
    const state = field(payload, 'state');
    if (state === undefined) return;
    this.#send(`${this.#own('shadow')}/update`, JSON.stringify({ state: { reported: state } }));
  }

  #work(payload: Buffer): void {
    const execution = field(payload, 'execution');
    const jobId =
      typeof execution === 'object' && execution !== null ? (execution as { jobId?: unknown }).jobId : undefined;
    if (typeof jobId !== 'string') return;
    const status = { succeed: 'SUCCEEDED', fail: 'FAILED', reject: 'REJECTED', ignore: 'IN_PROGRESS' }[
      this.#behaviour.jobs
    ];
    this.#send(`${this.#own('jobs')}/${jobId}/update`, JSON.stringify({ status }));
  }

  #lost(): void {
    if (this.#connected) this.#tell({ kind: 'closed', clientId: this.#clientId });
    this.#link = undefined;
    this.#connected = false;
    if (this.#stopped || this.#offline) return;
    const wait = Math.min(RECONNECT_MS * 2 ** Math.min(this.#failures++, 10), MAX_RECONNECT_MS);
    this.#after(wait, () => this.#connect());
  }

  #goOffline(duration: number): void {
    this.#offline = true;
    this.#tell({ kind: 'offline', clientId: this.#clientId });
    this.#link?.close(false);
    this.#after(duration, () => {
      this.#offline = false;
      this.#connect();
    });
  }

  #publish(publication: Publication): void {
    const { topic, payload, every } = publication;
    if (every !== undefined) this.#after(every, () => this.#publish(publication));
    this.#count++;
    this.#send(this.#fill(topic), this.#fill(payload), publication);
  }

  #send(topic: string, payload: string, how: { qos: 0 | 1; retain: boolean } = { qos: 1, retain: false }): void {
    if (!this.#link || !this.#connected) return;
    this.#link.publish(topic, payload, { qos: how.qos, retain: how.retain });
    this.#tell({ kind: 'published', clientId: this.#clientId, topic });
  }

  #own(service: 'shadow' | 'jobs'): string {
    return `$aws/things/${this.#thing.name}/${service}`;
  }

  /** `{thing}`, `{attr.<name>}`, `{n}` (messages so far) and `{now}` (ISO time); anything else stays as it is. */
  #fill(text: string): string {
    return text.replace(/\{(thing|n|now|attr\.([A-Za-z0-9_.:-]+))\}/g, (whole, name: string, attribute?: string) => {
      if (name === 'thing') return this.#thing.name;
      if (name === 'n') return String(this.#count);
      if (name === 'now') return new Date(this.#clock.now()).toISOString();
      return attribute !== undefined && Object.hasOwn(this.#thing.attributes, attribute)
        ? (this.#thing.attributes[attribute] ?? whole)
        : whole;
    });
  }

  #after(ms: number, run: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      if (!this.#stopped) run();
    });
    this.#timers.add(timer);
  }
}

function field(payload: Buffer, name: string): unknown {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
