import { compareSets } from './compare.ts';
import { compilePolicies } from './compile.ts';
import { compareDelivered } from './delivery.ts';
import type { PolicyDocument } from './document.ts';
import type { GivenOptions } from './options.ts';
import { withDefaults } from './options.ts';
import type { Witness } from './verdict.ts';

/**
 * atOnce: checked on each use, so it stops as soon as AWS's policy cache has turned over (minutes).
 * atReconnect: checked only when the client connects or subscribes; a live session keeps it.
 */
export type TakesEffect = 'atOnce' | 'atReconnect';

export interface LostRight {
  readonly witness: Witness;
  readonly takesEffect: TakesEffect;
}

export interface Residual {
  readonly lost: readonly LostRight[];
  /**
   * Topics that go on arriving in sessions that subscribed before the change, until they reconnect, and in persistent sessions until
   * these expire: Receive still allows them and nothing asks for Subscribe again.
   */
  readonly stillDelivered: readonly Witness[];
  /** Some part could not be settled within the budget: expect more to linger than is listed. */
  readonly undecided: boolean;
}

const checkedOnce: ReadonlySet<string> = new Set(['iot:Connect', 'iot:Subscribe']);

/**
 * What outlives a change of policies in sessions that exist already. Source: AWS IoT checks Connect on CONNECT, Subscribe on SUBSCRIBE,
 * Publish and Receive on each message (developer guide, "AWS IoT Core policy actions").
 */
export function residual(
  before: readonly PolicyDocument[],
  after: readonly PolicyDocument[],
  given: GivenOptions = {},
): Residual {
  const options = withDefaults(given);
  const old = compilePolicies(before, options);
  const next = compilePolicies(after, options);
  const change = compareSets(old, next, 'raw');
  const lingering = compareDelivered(
    { subscribe: next, receive: next },
    { subscribe: old, receive: next },
    { left: options.budget },
  );
  return {
    lost: change.lost.map((witness) => ({
      witness,
      takesEffect: checkedOnce.has(witness.action) ? 'atReconnect' : 'atOnce',
    })),
    stillDelivered: lingering.gained,
    undecided: change.verdict === 'undecided' || lingering.undecided.length > 0,
  };
}
