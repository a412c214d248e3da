import { toReconcileError } from '../../../runtime/errors.ts';
import { thingName } from '../../device/desired.ts';
import type { Attempt } from './attempt.ts';
import { assetIdentity } from './record.ts';

/**
 * Asks AWS whether the device is connected when nobody has heard of it, as after a restart: a device that stays connected
 * says nothing by itself. Once a minute at most; contact, and no proof of anything.
 */
export async function askForContact({ scope, rollouts, directive }: Attempt): Promise<void> {
  const { session, deps, object, key } = scope;
  if (session.spec.signals?.connectivity !== true || directive.direction !== 'forward') return;
  const now = deps.clock.now();
  if (rollouts.signals.contact(assetIdentity(object, session.key)).connected) return;
  const place = `${key.namespace}/${key.name} contact`;
  if (!rollouts.preflights.askNow(place, now)) return;
  const thing = thingName(object);
  try {
    const options = { ...scope.options, slot: place };
    const { connected, timestamp } = await session.port.call('GetThingConnectivityData', { thingName: thing }, options);
    if (connected === undefined) return;
    const at = connected ? now : (timestamp?.getTime() ?? now);
    rollouts.signals.record(session.key, { at, clientId: thing, kind: 'status', connected });
  } catch (thrown) {
    // Without fleet indexing AWS does not tell: then it stays unknown, and the device is waited for.
    if (toReconcileError(thrown).kind === 'throttled') throw thrown;
  }
}
