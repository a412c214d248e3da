import { createHash } from 'node:crypto';
import type { Device, DeviceStatusLifeline } from '../../api/device.gen.ts';
import { type MemoryInput, rememberLifeline } from '../../rollout/lifeline-memory.ts';
import { parseVerbValue, VERB_PREFIX } from '../../rollout/verbs.ts';
import type { Scope } from '../external/types.ts';
import { SOURCE_LABEL } from '../fleetsource/verbs.ts';
import { lifelineNow } from '../policyrollout/asset/lifeline.ts';

/** `<token>@<digest> [(<why>)] by <user>`; see `status.lifeline.digest`. */
const SHRINK_ANNOTATION = `${VERB_PREFIX}shrink-lifeline`;

export function removalDigest(removed: readonly string[]): string {
  return createHash('sha256')
    .update([...removed].sort().join('\n'))
    .digest('hex')
    .slice(0, 8);
}

/** Of a Device that a FleetSource keeps, what its spec says was said by who may write to that branch. */
function inGit({ metadata, spec }: Device): MemoryInput['approvals'] {
  const said = spec.approvedLifelineRemoval;
  if (said === undefined || metadata.labels?.[SOURCE_LABEL] === undefined) return [];
  return [{ digest: said.slice(0, 8), by: 'Git', token: `git:${said}` }];
}

/** What is remembered of the lifeline from now on. */
export function lifelineMemory({ object, deps }: Scope<Device>): DeviceStatusLifeline | undefined {
  const previous = object.status?.lifeline;
  const said = parseVerbValue(object.metadata.annotations?.[SHRINK_ANNOTATION] ?? '');
  const vouched = said?.subject !== undefined && deps.rollouts?.usersPinned === true;
  const byVerb = vouched ? [{ digest: said.subject ?? '', by: said.user, token: said.token }] : [];
  const at = new Date(deps.clock.now()).toISOString();
  return rememberLifeline({
    previous,
    now: lifelineNow({ cache: deps.cache }, object),
    approvals: [...byVerb, ...inGit(object)],
    at,
    digestOf: removalDigest,
  });
}
