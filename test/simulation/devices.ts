import type { Clock, Timer } from '../../operator/runtime/clock.ts';
import type { Broker } from '../../operator/sandbox/mqtt/broker.ts';
import type { MemoryDevice } from '../../operator/sandbox/mqtt/memory-device.ts';
import type { Scope } from '../../operator/sandbox/state/scope.ts';
import type { Right } from './rights.ts';
import type { Life } from './types.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long a device of rare visits stays when it comes. */
const VISIT_MS = 45 * MINUTE;
/** How often a device of short contacts comes, and for how long: shorter than two settle times. */
const BRIEF_EVERY_MS = 50 * MINUTE;
const BRIEF_MS = 8 * MINUTE;

export interface DeviceWorld {
  readonly clock: Clock;
  readonly broker: Broker;
  readonly scope: Scope;
  readonly random: () => number;
  readonly periodMs: number;
  readonly reconnectPercent: number;
  /** How often a device of rare visits comes. */
  readonly visitEveryMs: number;
  readonly uses: readonly Right[];
  /** Counts what the device does. */
  readonly did: () => void;
}

/** One device in the field: connects, subscribes, publishes, loses its connection, sleeps for a week. */
export class SimDevice {
  readonly name: string;
  readonly life: Life;
  /** What it does beside its lifeline. */
  uses: readonly Right[];
  readonly #certificateId: () => string | undefined;
  readonly #world: DeviceWorld;
  readonly #bornAt: number;
  #link: MemoryDevice | undefined;
  #subscribed = false;
  #awayUntil = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(name: string, life: Life, certificateId: () => string | undefined, world: DeviceWorld) {
    this.name = name;
    this.life = life;
    this.uses = world.uses;
    this.#certificateId = certificateId;
    this.#world = world;
    this.#bornAt = world.clock.now();
    this.#next(world.random() * world.periodMs);
  }

  get connected(): boolean {
    return this.#link?.connected === true;
  }

  /** Nobody hears of it for so long. */
  leave(forMs: number): void {
    this.#awayUntil = Math.max(this.#awayUntil, this.#world.clock.now() + forMs);
    this.#link?.drop();
    this.#world.did();
  }

  /** Nothing at all is to happen for so long: nobody hears of it, and no time is spent on it. */
  sleep(forMs: number): void {
    this.leave(forMs);
    this.#timer?.cancel();
    this.#next(forMs);
  }

  /** It is back, and stays for good whatever its life. */
  settle(): void {
    this.#awayUntil = Number.NEGATIVE_INFINITY;
  }

  /** Its connection breaks, and it connects at once. */
  reconnect(): void {
    this.#link?.drop();
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#link?.drop();
  }

  #next(ms: number): void {
    this.#timer = this.#world.clock.after(ms, () => {
      if (this.#stopped) return;
      this.#live();
      this.#next(this.#world.periodMs * (0.75 + this.#world.random() * 0.5));
    });
  }

  #live(): void {
    const { clock, random, did } = this.#world;
    const here = this.#isHere(clock.now());
    if (!here) {
      if (this.connected) {
        this.#link?.disconnect();
        did();
      }
      return;
    }
    if (!this.connected) return this.#connect();
    if (this.life === 'flaky' && random() < 0.1) return this.leave(random() * 20 * MINUTE);
    // A reconnect by its own wish, as devices do.
    if (random() < this.#world.reconnectPercent / 100) return this.reconnect();
    this.#talk();
  }

  #isHere(now: number): boolean {
    if (this.#awayUntil === Number.NEGATIVE_INFINITY) return true;
    if (now < this.#awayUntil || this.life === 'absent') return false;
    const age = now - this.#bornAt;
    if (this.life === 'brief') return age % BRIEF_EVERY_MS < BRIEF_MS + this.#world.periodMs;
    // It was there for the first hour, so that the operator knows it.
    return this.life !== 'weekly' || age < HOUR || age % this.#world.visitEveryMs < VISIT_MS;
  }

  #connect(): void {
    const { broker, did } = this.#world;
    const certificateId = this.#certificateId();
    if (certificateId === undefined) return;
    const persistent = this.life === 'persistent';
    this.#link = broker.device({ certificateId, clientId: this.name, clean: !persistent });
    this.#subscribed = persistent && this.#subscribed;
    did();
  }

  #talk(): void {
    const { random, broker, scope, did } = this.#world;
    const { uses } = this;
    const say = (kind: string): void => {
      this.#link?.publish(`${kind}/${this.name}`, 'x');
      did();
    };
    say('telemetry');
    if (!this.#subscribed && (uses.includes('subscribe') || uses.includes('receive'))) {
      this.#link?.subscribe(`cmd/${this.name}`);
      this.#subscribed = true;
      did();
    }
    for (const kind of ['status', 'debug', 'extra'] as const) if (uses.includes(kind) && random() < 0.15) say(kind);
    if (uses.includes('receive') && random() < 0.3) {
      broker.port.publish(scope, { topic: `cmd/${this.name}`, payload: Buffer.from('go'), qos: 1, retain: false });
      did();
    }
  }
}
