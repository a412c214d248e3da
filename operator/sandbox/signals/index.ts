import type { Sandbox } from '../sandbox.ts';
import type { Scope } from '../state/scope.ts';
import { isAudited, trailEvent } from './audit-trail.ts';
import { QUEUES } from './queues.ts';
import { registryEvent } from './registry-events.ts';

/**
 * Sends what AWS tells on its own: registry events to MQTT and to the queues, CloudTrail records of mutating calls to the
 * queues. Returns how to stop. A queue stands for the topic rule and the EventBridge rule that would feed it on AWS:
 * MQTT events come as `SELECT *, topic() AS topic`, records in EventBridge's envelope.
 */
export function startSignals(sandbox: Sandbox): () => void {
  const { clock, world } = sandbox;
  const stop = sandbox.onChange((change, scope) => {
    const event = registryEvent(scope, change, { now: clock.now(), random: world.random });
    if (!event) return;
    const payload = Buffer.from(JSON.stringify(event.payload));
    world.ports.broker?.publish(scope, { topic: event.topic, payload, qos: 1, retain: false });
    deliverEvent(sandbox, scope, event.topic, event.payload);
  });
  world.ports.audit = (call) => {
    const { accountId, region } = call.entry;
    const queues = world.scope(accountId, region).slice(QUEUES);
    if (queues.all.size > 0 && isAudited(call))
      queues.deliver(trailEvent(call, world.random), clock.now(), world.random);
  };
  return () => {
    stop();
    world.ports.audit = undefined;
  };
}

/** An event on an MQTT topic, as a topic rule hands it to a queue. */
export function deliverEvent(
  { clock, world }: Pick<Sandbox, 'clock' | 'world'>,
  scope: Scope,
  topic: string,
  payload: Readonly<Record<string, unknown>>,
): void {
  scope.slice(QUEUES).deliver({ ...payload, topic }, clock.now(), world.random);
}
