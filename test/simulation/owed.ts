import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import type { AwsView } from './aws-view.ts';
import { type Answers, documentOf, LIFELINE, type Right } from './rights.ts';
import type { SimConfig, SimPolicy } from './types.ts';

export interface OwedWorld {
  readonly config: Pick<SimConfig, 'strategy'>;
  readonly view: AwsView;
  readonly answers: Answers;
  /** Policies that the objects declare for a device, its groups included. */
  readonly declared: (device: string) => readonly string[];
  /** The documents that Git asks for now, those of groups included. */
  readonly grants: () => readonly SimPolicy[];
  /** The one policy of each device, where it is one. */
  readonly only: string | undefined;
}

type Moved = PolicyRollout['spec']['policies'][number];

/** A device's name and one of the certificates that it connects with. */
export type Holder = readonly [device: string, target: string];

/** What no asset may be without at any moment: what it had and keeps, less what others took. */
export class Owed {
  readonly #world: OwedWorld;
  /** By holder: what it was allowed when the world was last at rest, less what others took since. */
  readonly #had = new Map<string, Set<Right>>();
  /** By rollout and holder: what was allowed when the rollout began and still is at its end. */
  readonly #floors = new Map<string, Map<string, ReadonlySet<Right>>>();
  /** What Git asked for since the world was last at rest. */
  #git: (readonly SimPolicy[])[] = [];

  constructor(world: OwedWorld) {
    this.#world = world;
  }

  had(holder: Holder): ReadonlySet<Right> {
    return this.#had.get(keyOf(holder)) ?? new Set();
  }

  /** What it has now is what it must not lose from now on. */
  take(holder: Holder): void {
    const [device, target] = holder;
    this.#had.set(keyOf(holder), new Set(this.#world.view.certain(target, device)));
  }

  atRest(): void {
    this.#git = [this.#world.grants()];
    this.#floors.clear();
  }

  gitChanged(): void {
    this.#git.push(this.#world.grants());
  }

  /** What objects declare has changed: nothing more is owed than what they leave, by the documents in Git. */
  redeclared(holders: readonly Holder[]): void {
    for (const holder of holders) {
      const declared = new Set(this.#world.declared(holder[0]));
      const left = this.#grant(
        this.#world.grants().filter(({ name }) => declared.has(name)),
        holder[0],
      );
      this.#noMoreThan(keyOf(holder), left);
    }
  }

  /** What others took is not ours to answer for: of what the asset had, and of what it was to have at the end of a rollout. */
  othersTook(holder: Holder): void {
    const [device, target] = holder;
    let left: ReadonlySet<Right> = this.#world.view.certain(target, device);
    for (const [name, floors] of this.#floors) {
      const [floor, rollout] = [floors.get(keyOf(holder)), this.#rollouts.get(name)];
      if (floor === undefined || rollout === undefined) continue;
      // Whatever the candidate still gives, the brake leaves no more than the baselines beside what the person left (R16).
      left = only(
        left,
        this.#atEnd(rollout, holder, ({ baseline }) => baseline),
      );
      if (rollout.spec.changes !== undefined) left = only(left, this.#onTheWayBack(name, holder));
      floors.set(keyOf(holder), only(only(floor, this.#floorOf(rollout, holder)), left));
    }
    this.#had.set(keyOf(holder), only(this.had(holder), left));
  }

  /** A change of references that goes back takes what it has attached with it: what it found there is left, if a person has left it. */
  #onTheWayBack(rollout: string, [device, target]: Holder): ReadonlySet<Right> {
    const { view, answers } = this.#world;
    const found = this.#found.get(rollout)?.get(keyOf([device, target])) ?? new Set();
    const names = [...view.policiesOf(target).filter((name) => found.has(name)), ...view.inherited(device)];
    return answers.together(
      names.flatMap((name) => view.document(name) ?? []),
      device,
    );
  }

  readonly #rollouts = new Map<string, PolicyRollout>();
  /** By rollout and holder: what was attached when the rollout began. */
  readonly #found = new Map<string, Map<string, ReadonlySet<string>>>();

  begins(rollout: PolicyRollout, holders: readonly Holder[]): void {
    this.#rollouts.set(rollout.metadata.name, rollout);
    const floors = new Map(holders.map((holder) => [keyOf(holder), this.#floorOf(rollout, holder)] as const));
    this.#floors.set(rollout.metadata.name, floors);
    const found = holders.map((holder) => [keyOf(holder), new Set(this.#world.view.policiesOf(holder[1]))] as const);
    this.#found.set(rollout.metadata.name, new Map(found));
  }

  /**
   * The rollout moves the asset: whatever others of the same time would have left it, it keeps no more than this one leaves.
   * Which of them was written down last says nothing about who moves first.
   */
  movedBy(rollout: string, holder: Holder): void {
    const floor = this.#floors.get(rollout)?.get(keyOf(holder));
    if (floor !== undefined) this.#noMoreThan(keyOf(holder), floor);
  }

  required(holder: Holder): ReadonlySet<Right> {
    const [device] = holder;
    const had = this.had(holder);
    const keeps = new Set<Right>(LIFELINE.filter((right) => had.has(right)));
    const single = this.#world.only !== undefined;
    if (single) {
      const wanted = this.#git.map((grants) =>
        this.#grant(
          grants.map((each) => this.#ofTheOne(each)),
          device,
        ),
      );
      for (const right of had) if (wanted.every((set) => set.has(right))) keeps.add(right);
    }
    const latest = [...this.#floors.values()].at(-1)?.get(keyOf(holder));
    for (const right of latest ?? []) if (had.has(right) || !single) keeps.add(right);
    return keeps;
  }

  /** What a group gives may be taken with the group; what it denies is denied. */
  #ofTheOne({ name, grant }: SimPolicy): SimPolicy {
    return { name, grant: name === this.#world.only ? grant : { allow: [], deny: grant.deny } };
  }

  #noMoreThan(key: string, left: ReadonlySet<Right>): void {
    for (const floors of this.#floors.values()) {
      const floor = floors.get(key);
      if (floor !== undefined) floors.set(key, only(floor, left));
    }
  }

  /** A ∩ Z: allowed now, and allowed under the documents of the rollout beside what else the asset carries. */
  #floorOf(rollout: PolicyRollout, holder: Holder): ReadonlySet<Right> {
    const [device, target] = holder;
    const { view, answers, declared } = this.#world;
    const now = view.certain(target, device);
    // References, groups and certificates change: what the objects declare is what is left.
    if (rollout.spec.policies.length === 0) {
      const documents = declared(device).flatMap((name) => view.document(this.#standingFor(name, target)) ?? []);
      return only(now, answers.together(documents, device));
    }
    return only(
      now,
      this.#atEnd(rollout, holder, ({ document }) => document),
    );
  }

  /** Where an abort leaves proven ones on a candidate, that is what the policy is for them, whatever its declared name holds. */
  #standingFor(name: string, target: string): string {
    const carried = this.#world.view.policiesOf(target);
    if (this.#world.config.strategy.abortScope !== 'InFlight' || carried.includes(name)) return name;
    return carried.find((each) => each.startsWith(`${name}@`)) ?? name;
  }

  /** Allowed when every policy of the rollout has one of its documents, beside what else the asset carries then. */
  #atEnd(rollout: PolicyRollout, [device, target]: Holder, pick: (policy: Moved) => string): ReadonlySet<Right> {
    const { view, answers, declared } = this.#world;
    const family = (name: string) =>
      rollout.spec.policies.find((p) => name === p.policyName || name.startsWith(`${p.policyName}@`));
    const names = new Set(declared(device));
    // Where references change with it, what the asset no longer refers to goes in the same rollout.
    const stays = (name: string) => rollout.spec.changes === undefined || names.has(name.split('@')[0] ?? '');
    const own = view.policiesOf(target).filter(stays);
    const asked = new Map(this.#world.grants().map(({ name, grant }) => [name, JSON.stringify(documentOf(grant))]));
    // What a group still gives although Git no longer says so, another rollout is about to take.
    const inherited = view.inherited(device).filter((name) => family(name) !== undefined || names.has(name));
    const carried = [...own, ...inherited];
    const moved = rollout.spec.policies.filter((p) => carried.some((name) => family(name) === p));
    const others = carried.filter((name) => family(name) === undefined);
    const beside = (documents: readonly string[]) => answers.together([...documents, ...moved.map(pick)], device);
    const stored = beside(others.flatMap((name) => view.document(name) ?? []));
    const wanted = beside(
      others.flatMap((name) => (inherited.includes(name) ? asked.get(name) : undefined) ?? view.document(name) ?? []),
    );
    return only(stored, wanted);
  }

  #grant(grants: readonly SimPolicy[], device: string): ReadonlySet<Right> {
    const documents = grants.map(({ grant }) => JSON.stringify(documentOf(grant)));
    return this.#world.answers.together(documents, device);
  }
}

/** A certificate gives to each of its things what it gives under the name of that thing. */
const keyOf = ([device, target]: Holder): string => `${device} ${target}`;

const only = (rights: ReadonlySet<Right>, left: ReadonlySet<Right>): Set<Right> =>
  new Set([...rights].filter((right) => left.has(right)));
