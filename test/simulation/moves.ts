import type { DeviceStatus } from '../../operator/api/device.gen.ts';
import type { Asset, Attachment, Place } from './assets.ts';
import { Evidence } from './evidence.ts';
import type { Intent } from './intent.ts';
import type { Right } from './rights.ts';
import { concerns, type Watch } from './watch.ts';

const MINUTE = 60_000;
/** Devices of the field may be contracted this long after they were last heard of. */
const CONTACT_MS = 15 * MINUTE;
/** The operator hears of a membership or a certificate by its scan; until then it cannot know. */
const NOTICE_MS = 20 * MINUTE;
/** From the word that an asset begins to its first call. */
const WORD_MS = 10_000;
const MOVING = new Set(['Expanding', 'Verifying', 'Contracting', 'Observing', 'RollingBack']);

type Record = NonNullable<DeviceStatus['rollout']>;

/** Who is armed has a place in a budget of its own and in no other. */
const counts = ({ state, armed }: Record): boolean => MOVING.has(state) && armed !== true;

/** By certificate: what its device was allowed before a change. */
export type Before = ReadonlyMap<string, ReadonlySet<Right>>;

/** Who is on the way, by what is written of each, and whether as many go at once, and such, as may. */
export class Moves {
  readonly #watch: Watch;
  readonly #intent: Intent;
  readonly #evidence: Evidence;
  readonly #records = new Map<string, Record>();
  /** Assets whose move was within bounds when it began. */
  readonly #started = new Set<string>();
  /** `asset rollout`: it had its verdict there. */
  readonly #passedIn = new Set<string>();
  /** Rollouts of which somebody has said it. */
  readonly #mayArm = new Set<string>();

  constructor(watch: Watch, intent: Intent) {
    this.#watch = watch;
    this.#intent = intent;
    this.#evidence = new Evidence(watch);
  }

  mayArm(rollout: string): void {
    this.#mayArm.add(rollout);
  }

  hasPassed(device: string, rollout: string): boolean {
    return this.#passedIn.has(`${device} ${rollout}`);
  }

  forget(device?: string): void {
    if (device === undefined) this.#records.clear();
    else this.#records.delete(device);
  }

  onStatus(name: string, record: Record | undefined): void {
    const { assets, owed, tell } = this.#watch;
    const before = this.#records.get(name);
    if (record === undefined) return void this.#records.delete(name);
    this.#records.set(name, record);
    if (before?.state === record.state && before.name === record.name) return;
    tell(`${name}: ${record.state} (${record.why ?? ''})`);
    const asset = assets.get(name);
    if (asset !== undefined) this.#evidence.cameIn(asset, record.name);
    if (asset !== undefined && MOVING.has(record.state)) {
      this.#beganWithin(asset, record.startedAt);
      for (const target of asset.targets) owed.movedBy(record.name, [name, target]);
    }
    if (record.state === 'Succeeded') this.#passedIn.add(`${name} ${record.name}`);
    if (record.armed === true) this.#armed(name, record.name);
    if (record.state === 'RolledBack' && asset !== undefined) this.#isBack(asset, record.name);
    if (record.state === 'Succeeded' && !this.#intent.hasEnded(record.name)) this.#passed(name, record);
  }

  #passed(name: string, record: Record): void {
    const [first = name] = record.unit ?? [];
    const theirs = this.#records.get(first);
    // The first speaks for all that share its certificates. The others repeat it a moment later, and by then the brake may be on.
    if (first !== name && theirs?.name === record.name && theirs.state === 'Succeeded') return;
    for (const each of record.unit ?? [name]) {
      const asset = this.#watch.assets.get(each);
      if (asset !== undefined) this.#evidence.passed(asset, record);
    }
  }

  /** The operator attached or detached something, and this asset had so much before. */
  moved(change: Attachment, [asset, target]: Place, before: ReadonlySet<Right>): void {
    const { view, clock, owed } = this.#watch;
    const after = view.stored(target, asset.name);
    const had = owed.had([asset.name, target]);
    const lost = [...before].filter((right) => !after.has(right) && had.has(right));
    const record = this.#recordOf(asset.name);
    if (!change.attached) this.#takenFromHeld(asset, lost);
    this.#takenFromSilent(asset, lost, record);
    if (lost.length > 0) asset.losing = clock.now();
    const candidate = this.#movesBy(change.policyName, record?.name);
    if (record?.state !== 'RollingBack' && (candidate ? change.attached : lost.length > 0)) this.#beyond(asset, record);
  }

  /** When a group changes all its members do: on the way forward nobody may notice. */
  atOnce(change: Attachment, places: readonly Place[], before: Before): void {
    const { view, owed, config, say } = this.#watch;
    const back = !change.attached && change.policyName.includes('@');
    if (back || !change.target.includes(':thinggroup/')) return;
    const losing = places.filter(([asset, target]) => {
      const now = view.stored(target, asset.name);
      const had = owed.had([asset.name, target]);
      return [...(before.get(target) ?? [])].some((right) => had.has(right) && !now.has(right));
    });
    const names = [...new Set(losing.map(([{ name }]) => name))];
    if (names.length > Number(config.strategy.maxInFlight ?? 1))
      say(2, `one call on a group took something from ${names.join(', ')}`);
  }

  #takenFromHeld(asset: Asset, lost: readonly Right[]): void {
    const { acts, clock, say } = this.#watch;
    const heldSince = acts.find((act) => act.kind !== 'blank' && concerns(act, asset))?.at;
    if (heldSince !== undefined && clock.now() - heldSince > NOTICE_MS && lost.length > 0)
      say(5, `${lost.join(', ')} was taken from ${asset.name}, which a security act holds`);
  }

  #takenFromSilent(asset: Asset, lost: readonly Right[], record: Record | undefined): void {
    const { clock, connected, leftUnheard, say } = this.#watch;
    const now = clock.now();
    if (lost.length === 0 || asset.losing >= now - 10 * MINUTE) return;
    const heard = Math.max(asset.lastHeardAt, connected(asset.name) ? now : 0);
    if (now - heard > CONTACT_MS && record?.state !== 'RollingBack' && !leftUnheard(asset.name))
      say(4, `${lost.join(', ')} was taken from ${asset.name}, silent for ${Math.round((now - heard) / MINUTE)} min`);
  }

  #beyond(asset: Asset, record: Record | undefined): void {
    const most = Number(this.#watch.config.strategy.maxInFlight ?? 1);
    const others = this.#movingBeside(asset).filter((name) => !this.#hasJustTurned(name));
    if (record !== undefined && counts(record) && others.length + 1 > most) {
      const who = others.map((name) => `${name} ${this.#recordOf(name)?.state}`).join(', ');
      if (!this.#started.has(`${asset.name} ${record.startedAt}`) || record.startedAt === undefined)
        this.#watch.say(2, `${asset.name} moves as well, beyond ${most} in flight: ${who}`);
    }
    this.#started.add(`${asset.name} ${record?.startedAt}`);
  }

  /** After the word that the other asset begins, of which no record need tell, and before its first call. */
  #hasJustTurned(name: string): boolean {
    const { state, since } = this.#records.get(name) ?? {};
    return state === 'RollingBack' && this.#watch.clock.now() - Date.parse(since ?? '') < WORD_MS;
  }

  /** What the record of the asset says, or that of the one that leads it: the others repeat it a moment later. */
  #recordOf(name: string): Record | undefined {
    const own = this.#records.get(name);
    const first = this.#records.get(own?.unit?.[0] ?? name);
    return first?.name === own?.name ? first : own;
  }

  /** A candidate of another rollout is proven: a group gives it, and whoever leaves the group or sees it change gets it on loan. */
  #movesBy(policy: string, rollout: string | undefined): boolean {
    const candidates = this.#intent.candidatesOf(rollout);
    return policy.includes('@') && (candidates === undefined || candidates.includes(policy));
  }

  /** What shares certificates with one that moves counts with it, whatever its own record says by now: its first one has the word. */
  #movingBeside({ name }: Asset): readonly string[] {
    const moving = [...this.#records].flatMap(([each, own]) => (counts(this.#recordOf(each) ?? own) ? [each] : []));
    const all = new Set([name, ...moving].flatMap((each) => [...this.#watch.assets.unitOf(each)]));
    all.delete(name);
    return [...all];
  }

  /** Whoever turns round between the word that an asset begins and its first call does not ask whether there is room. */
  #beganWithin(asset: Asset, startedAt: string | undefined): void {
    const most = Number(this.#watch.config.strategy.maxInFlight ?? 1);
    if (startedAt !== undefined && this.#movingBeside(asset).length < most)
      this.#started.add(`${asset.name} ${startedAt}`);
  }

  #isBack({ name, targets }: Asset, rollout: string): void {
    const { view, say } = this.#watch;
    const candidates = this.#intent.candidatesOf(rollout) ?? [];
    const left = targets.flatMap((target) => view.policiesOf(target)).filter((one) => candidates.includes(one));
    if (left.length > 0) say(3, `${name} is said to be back, and carries ${left.join(', ')}`);
  }

  /** Who is armed is in a budget of its own, and somebody has said so. */
  #armed(name: string, rollout: string): void {
    const { config, say } = this.#watch;
    if (!this.#mayArm.has(rollout)) say(2, `${name} is armed in ${rollout}, and nobody said arm`);
    const most = Number(config.strategy.maxArmed ?? 0);
    const armed = [...this.#records].filter(([, record]) => record.armed === true).map(([each]) => each);
    if (armed.length > most) say(2, `${armed.join(', ')} are armed at once, and at most ${most} may be`);
  }
}
