import type { KubeObject } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { restoreId } from '../../drift/decide.ts';
import type { DriftStatus } from '../../drift/status.ts';

/** A security act that an object shows, with what acknowledges this very act. */
export interface HeldAct {
  readonly id: string;
  readonly what: string;
}

/** On a Device or an IoTPolicy: the acts among its differences; on a rollout: what was done to its candidates. */
export function actsOn(object: KubeObject): readonly HeldAct[] {
  if (object.kind === 'PolicyRollout') {
    const own = `PolicyRollout/${object.metadata.name}`;
    return ((object as PolicyRollout).status?.acts ?? []).filter((act) => act.object === own);
  }
  const { drift } = (object.status ?? {}) as { readonly drift?: DriftStatus };
  return (drift?.fields ?? [])
    .filter((field) => field.class === 'mitigation')
    .map((field) => ({
      id: restoreId(field, drift?.since ?? ''),
      what: `${field.field}${field.got === undefined ? '' : ` (${field.got})`}`,
    }));
}
