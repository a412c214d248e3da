import { conditionTime, type Progress } from '../../api/conditions.ts';
import type { ThingGroup, ThingGroupStatus } from '../../api/thinggroup.gen.ts';
import { GROUP_SLOTS } from '../../rollout/group.ts';
import { defined } from '../external/equal.ts';
import { isSettled } from '../external/progress.ts';
import type { StatusView } from '../external/types.ts';
import { type DesiredGroup, type SplitAttachments, splitAttachments } from './diff.ts';
import { groupName, type ObservedGroup } from './observe.ts';

type View = StatusView<ThingGroup, DesiredGroup, ObservedGroup | undefined>;

export function groupStatus(view: View): Partial<ThingGroupStatus> {
  const { observed } = view;
  if (observed === undefined) return {};
  const { arn, id, version, memberCount, queryStatus, policies } = observed;
  const status = { arn, thingGroupId: id, version, members: memberCount, queryStatus, policies: policies.slice(0, 20) };
  const pendingChange = pendingOf(view, splitOf(view, observed).later);
  // An explicit undefined takes the field out of the status again.
  return { ...defined(status), pendingChange } as Partial<ThingGroupStatus>;
}

function splitOf({ object, desired }: View, observed: ObservedGroup): SplitAttachments {
  return splitAttachments({ object, desired, observed, settled: isSettled(object), mark: '' }, observed);
}

/**
 * While it is pending its members keep both sides: what the group has got already stays on their certificates too. What the
 * spec has ceased to name before the group got it comes to nobody.
 */
function pendingOf({ object, desired, observed, now }: View, later: SplitAttachments['later']) {
  if (later === undefined || observed === undefined) return undefined;
  const previous = object.status?.pendingChange;
  const named = new Set([...desired.policies.flatMap(({ satisfiedBy }) => satisfiedBy), ...observed.policies]);
  const begun = (previous?.attach ?? []).filter((policy) => named.has(policy));
  const attach = [...new Set([...later.attach, ...begun])].sort();
  const detach = [...later.detach].sort();
  return defined({
    attach,
    detach,
    since: previous?.since ?? conditionTime(now),
    waitsFor: 'thing' in observed.members ? observed.members.thing : undefined,
    attachedAt: previous?.attachedAt,
  });
}

export function groupProgress(view: View): Progress | undefined {
  const { object, observed, desired } = view;
  if (observed === undefined) return undefined;
  const { later, waiting } = splitOf(view, observed);
  const name = groupName(object);
  if (waiting > 0) {
    const message = `Policies of thing group ${name} change when PolicyRollout ${desired.moving ?? ''}, which moves its members, has ended.`;
    return { kind: 'reconciling', reason: 'RolloutInProgress', message };
  }
  if (later === undefined) return undefined;
  const changes = [
    ...later.attach.map((policy) => `attach ${policy}`),
    ...later.detach.map((policy) => `detach ${policy}`),
  ];
  const what = changes.join(', ');
  if (observed.members.kind === 'foreign') {
    const { thing } = observed.members;
    const message = `Policies of thing group ${name} change (${what}), and ${thing}, which no Device of this account is, would lose or gain rights with it. Make a Device for it, or take it out of the group.`;
    return { kind: 'stalled', reason: 'ForeignMembers', message };
  }
  if (observed.policies.length + later.attach.length > GROUP_SLOTS) {
    const message = `Thing group ${name} carries ${observed.policies.length} of ${GROUP_SLOTS} policies and needs ${later.attach.length} more for a while (${what}). Take one off first, or reference the policies from the Devices.`;
    return { kind: 'stalled', reason: 'NoPolicySlot', message };
  }
  const waits =
    observed.members.kind === 'uncovered'
      ? `its members get them on their certificates first, one at a time; ${observed.members.thing} has not yet`
      : 'what was attached to it has to settle first';
  return {
    kind: 'reconciling',
    reason: 'RolloutInProgress',
    message: `Policies of thing group ${name} change (${what}): ${waits}`,
  };
}
