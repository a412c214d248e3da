import type { DeviceStatus } from '../../operator/api/device.gen.ts';
import type { Asset } from './assets.ts';
import type { Right } from './rights.ts';
import type { Watch } from './watch.ts';

/** Verdicts that say so and count as no evidence; whether they are true is asked of AWS. Of what only widens errors alone count. */
const NOTHING_TO_SEE = new Set(['Equivalent', 'Masked', 'NoErrors', 'NothingDone']);

/** Whether those that are said to have passed were heard of under what they got. */
export class Evidence {
  readonly #watch: Watch;
  /** `rollout target` → what the target gave when its asset came into the rollout. */
  readonly #brought = new Map<string, ReadonlySet<Right>>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** A lost record or a lost state does not make a rollout begin anew: what counts is what there was when it first came in. */
  cameIn({ name, targets }: Asset, rollout: string): void {
    for (const target of targets) {
      const key = `${rollout} ${target}`;
      if (!this.#brought.has(key)) this.#brought.set(key, this.#watch.view.stored(target, name));
    }
  }

  passed(asset: Asset, record: NonNullable<DeviceStatus['rollout']>): void {
    const { clock, settleMs, say } = this.#watch;
    if (
      NOTHING_TO_SEE.has(record.verdict ?? '') &&
      asset.targets.every((target) => this.#keepsAll(asset, target, record.name))
    )
      return;
    const settled = asset.lastCallAt + settleMs;
    if (asset.lastHeardAt < settled || clock.now() < settled)
      say(4, `${asset.name} passed without being heard of since its change had settled`);
  }

  #keepsAll({ name }: Asset, target: string, rollout: string): boolean {
    const { view, owed } = this.#watch;
    const now = view.stored(target, name);
    const had = owed.had([name, target]);
    return [...(this.#brought.get(`${rollout} ${target}`) ?? had)].every((right) => now.has(right) || !had.has(right));
  }
}
