import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { PolicyPlace } from '../../drift/document.ts';
import { partitionOf } from '../external/arn.ts';
import type { Scope } from '../external/types.ts';
import { lendingGroup } from '../policyrollout/policies/lent.ts';
import { candidatesOf, lastRollout, type Stance, stanceOf, wasTried } from '../policyrollout/policies/stance.ts';
import { isNeededBack } from '../policyrollout/policies/way-back.ts';
import { declaredName } from './names.ts';

export interface DesiredPolicy {
  /**
   * What the declared name is to hold, as JSON; white space does not count against AWS's 2,048 characters. While a rollout
   * moves the assets this is not what the spec says but what was last proven.
   */
  readonly document: string;
  readonly place: PolicyPlace;
  readonly stance: Stance;
  /** The last rollout of the policy, and what the declared name holds by its doing. */
  readonly last: ReturnType<typeof lastRollout>;
  /** Whether an asset is losing the policy to another one, and may have to get it back as it was. Looked for only when asked. */
  isNeededBack(): boolean;
  /** A thing group that changes its policies and carries this one: the document waits until that is over. Looked for only when asked. */
  lentBy(): string | undefined;
  /** Whether a PolicyRollout of this very document is known; without one the tags in AWS tell what became of it. */
  readonly tried: boolean;
  /** Names in AWS that stand for the policy, the declared one first. */
  readonly names: readonly string[];
}

export function resolvePolicy({ object, session, deps }: Scope<IoTPolicy>): DesiredPolicy {
  const stance = deps.rollouts === undefined ? ({ kind: 'free' } as const) : stanceOf(deps.cache, object);
  const { namespace = '' } = object.metadata;
  return {
    document: keptBack(stance) ?? JSON.stringify(object.spec.document),
    place: { account: session.accountId, region: session.region, partition: partitionOf(session.region) },
    stance,
    last: deps.rollouts === undefined ? undefined : lastRollout(deps.cache, object),
    isNeededBack: () =>
      deps.rollouts !== undefined && isNeededBack(deps.cache, { namespace, policy: declaredName(object) }),
    lentBy: () => (deps.rollouts === undefined ? undefined : lendingGroup(deps.cache, object)?.metadata.name),
    tried: deps.rollouts === undefined || wasTried(deps.cache, object),
    names: [...new Set([declaredName(object), ...candidatesOf(deps.cache, object)])],
  };
}

/** What the declared name is to hold instead of what the spec says. */
function keptBack(stance: Stance): string | undefined {
  if (stance.kind === 'moving') return stance.policy.baseline;
  return stance.kind === 'rejected' ? stance.keeps : undefined;
}
