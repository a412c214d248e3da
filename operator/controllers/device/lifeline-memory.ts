import { createHash } from 'node:crypto';
import type { Device, DeviceStatusLifeline } from '../../api/device.gen.ts';
import { rememberLifeline } from '../../rollout/lifeline-memory.ts';
import { parseVerbValue, VERB_PREFIX } from '../../rollout/verbs.ts';
import type { Scope } from '../external/types.ts';
import { lifelineNow } from '../policyrollout/asset/lifeline.ts';

/** `<token>@<digest> [(<why>)] by <user>`; see `status.lifeline.digest`. */
const SHRINK_ANNOTATION = `${VERB_PREFIX}shrink-lifeline`;

export function removalDigest(removed: readonly string[]): string {
  return createHash('sha256')
    .update([...removed].sort().join('\n'))
    .digest('hex')
    .slice(0, 8);
}

/** What is remembered of the lifeline from now on. */
export function lifelineMemory({ object, deps }: Scope<Device>): DeviceStatusLifeline | undefined {
  const previous = object.status?.lifeline;
  const said = parseVerbValue(object.metadata.annotations?.[SHRINK_ANNOTATION] ?? '');
  const vouched = said?.subject !== undefined && deps.rollouts?.usersPinned === true;
  const approved = vouched ? { digest: said.subject ?? '', by: said.user, token: said.token } : undefined;
  const at = new Date(deps.clock.now()).toISOString();
  return rememberLifeline({
    previous,
    now: lifelineNow({ cache: deps.cache }, object),
    approved,
    at,
    digestOf: removalDigest,
  });
}
