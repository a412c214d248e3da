import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import type { ThingGroup } from '../../../api/thinggroup.gen.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { declaredName } from '../../iotpolicy/names.ts';

/** A thing group that carries the policy and gets other policies at this moment: its members have it on loan until that is done. */
export function lendingGroup(cache: Cache, policy: IoTPolicy): ThingGroup | undefined {
  const name = declaredName(policy);
  const groups = [...(cache.list('ThingGroup', policy.metadata.namespace) as Iterable<ThingGroup>)];
  return groups.find(({ spec, status }) => {
    const { pendingChange } = status ?? {};
    if (pendingChange === undefined) return false;
    const referred = (spec.policyRefs ?? []).some((reference) => reference.name === policy.metadata.name);
    return referred || [...(pendingChange.attach ?? []), ...(pendingChange.detach ?? [])].includes(name);
  });
}
