import type { Change } from '../../operator/sandbox/state/changes.ts';
import type { AwsView } from './aws-view.ts';
import type { Holder } from './owed.ts';

export interface Asset {
  readonly name: string;
  targets: readonly string[];
  lastHeardAt: number;
  /** When the operator last changed something that it carries. */
  lastCallAt: number;
  /** When it last lost a right that it had. */
  losing: number;
}

/** A device and one of the certificates that it connects with. */
export type Place = readonly [asset: Asset, target: string];

export type Attachment = Extract<Change, { kind: 'policy-attachment' }>;

/** All that the oracle watches, by name. */
export class Assets extends Map<string, Asset> {
  /** Itself and all that share certificates with it, directly or through others. */
  unitOf(name: string): ReadonlySet<string> {
    const unit = new Set([name]);
    const targets = new Set(this.get(name)?.targets);
    for (let before = 0; before < unit.size; ) {
      before = unit.size;
      for (const other of this.values()) {
        if (!other.targets.some((target) => targets.has(target))) continue;
        unit.add(other.name);
        for (const target of other.targets) targets.add(target);
      }
    }
    return unit;
  }

  get holders(): readonly Holder[] {
    return this.#places.map(([{ name }, target]) => [name, target]);
  }

  /** Whose rights a change may change. */
  touchedBy(change: Change, view: AwsView): readonly Place[] {
    switch (change.kind) {
      case 'policy-attachment':
        return this.#at([change.target]);
      case 'policy':
        return this.#at(view.targetsOf(change.policyName));
      case 'membership':
        return this.#places.filter(([{ name }]) => name === change.thingName);
      default:
        return [];
    }
  }

  get #places(): readonly Place[] {
    return [...this.values()].flatMap((asset) => asset.targets.map((target): Place => [asset, target]));
  }

  /** All devices are in each group. */
  #at(targets: readonly string[]): readonly Place[] {
    if (targets.some((target) => target.includes(':thinggroup/'))) return this.#places;
    return this.#places.filter(([, target]) => targets.includes(target));
  }
}
