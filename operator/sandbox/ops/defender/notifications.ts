import type { World } from '../../context.ts';
import { QUEUES } from '../../signals/queues.ts';
import { uuid } from '../../state/ids.ts';
import type { Scope, Slice } from '../../state/scope.ts';

/** What AWS would have sent to an SNS topic. */
export interface Notification {
  readonly id: string;
  readonly topicArn: string;
  readonly at: number;
  readonly message: Readonly<Record<string, unknown>>;
}

const MAX_KEPT = 1000;

/** The last notifications of one account and region, oldest first. */
export const NOTIFICATIONS: Slice<Notification[]> = {
  name: 'notifications',
  create: () => [],
  save: (notifications) => notifications,
  load: (notifications, saved) => void notifications.push(...(saved as Notification[])),
};

/** Notes the notification, and hands it to the queues as one that is subscribed to the topic would get it. */
export function notify(world: World, scope: Scope, topicArn: string, message: Notification['message']): void {
  const at = world.clock.now();
  const id = uuid(world.random);
  const notifications = scope.slice(NOTIFICATIONS);
  notifications.push({ id, topicArn, at, message });
  notifications.splice(0, Math.max(0, notifications.length - MAX_KEPT));
  const envelope = {
    Type: 'Notification',
    MessageId: id,
    TopicArn: topicArn,
    Message: JSON.stringify(message),
    Timestamp: new Date(at).toISOString(),
  };
  scope.slice(QUEUES).deliver(envelope, at, world.random);
}
