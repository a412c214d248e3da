import type { Device, DeviceStatusRollout } from '../../../api/device.gen.ts';
import { fillClientIds } from '../../../rollout/client-ids.ts';
import type { AssetRecord, AssetState } from '../../../rollout/types.ts';
import { thingName } from '../../device/desired.ts';
import type { AssetIdentity } from '../gates/signals.ts';

/** With milliseconds: what was sent when has to be told apart within a second. */
export function exactTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

/**
 * The record that the planner works with. The times stay when the asset goes over to another rollout: what has not
 * settled has not, whoever asked for it.
 */
export function assetRecord(stored: DeviceStatusRollout | undefined, unreadForMs: number): AssetRecord {
  const [attachedAt, detachedAt] = [timeOf(stored?.attachedAt), timeOf(stored?.detachedAt)];
  const open = stored?.openDetach;
  const switchedAt = timeOf(stored?.switchedAt);
  const sessionsEndedAt = timeOf(stored?.sessions?.endedAt);
  return {
    ...(sessionsEndedAt === undefined ? {} : { sessionsEndedAt }),
    ...(switchedAt === undefined ? {} : { switchedAt }),
    ...(attachedAt === undefined ? {} : { attachedAt }),
    ...(detachedAt === undefined ? {} : { detachedAt }),
    ...(open === undefined
      ? {}
      : {
          openDetach: {
            certificateArn: open.certificateArn,
            policy: open.policy,
            // An unanswered call may land until its deadline: only a read after that shows its outcome.
            sentAt: Date.parse(open.sentAt) + unreadForMs,
          },
        }),
  };
}

/** Where the asset stands in this rollout; Queued when its record speaks of another one. */
export function assetState(device: Device, rollout: string): AssetState {
  const record = device.status?.rollout;
  return record?.name === rollout ? (record.state as AssetState) : 'Queued';
}

/** Under which client ids the asset connects; patterns stay patterns. */
export function clientIds(device: Device): readonly string[] {
  const thingTypeName = device.spec.thingTypeRef?.name;
  return fillClientIds(device.spec.clientIds, { thingName: thingName(device), thingTypeName });
}

/** Under what AWS knows the asset: whose signals are its own. */
export function assetIdentity(device: Device, account: string): AssetIdentity {
  const certificates = (device.status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []);
  return { account, clientIds: clientIds(device), certificates, thingName: thingName(device) };
}
