import { toReconcileError } from '../../../runtime/errors.ts';
import { thingName } from '../../device/desired.ts';
import { certificateArn } from '../../external/arn.ts';
import type { Attempt } from './attempt.ts';
import { recordedUnit } from './units.ts';

/**
 * Why nothing may be taken from this certificate: AWS shows it on a thing that does not move with this one, so nobody would look after
 * that. Devices say which certificates they have; what else has one, only AWS knows. Asked before something is taken, not each time.
 */
export async function strangerOn({ scope, rollouts }: Attempt, certificateId: string): Promise<string | undefined> {
  const known = new Set(recordedUnit(scope.deps.cache, scope.object).map(thingName));
  const stranger = (await thingsOn({ scope, rollouts }, certificateId)).find((thing) => !known.has(thing));
  if (stranger === undefined) return undefined;
  return `its certificate ${certificateId.slice(0, 12)}… is on thing ${stranger} as well, which does not move with it: name the certificate in a Device for that thing, or take it off there`;
}

async function thingsOn(
  { scope, rollouts }: Pick<Attempt, 'scope' | 'rollouts'>,
  id: string,
): Promise<readonly string[]> {
  const place = `${scope.session.key} ${id}`;
  const now = scope.deps.clock.now();
  const said = rollouts.preflights.things.known(place, now);
  if (said !== undefined) return said;
  try {
    const input = { principal: certificateArn(scope.session, id), maxResults: 250 };
    const options = { ...scope.options, slot: `${scope.key.namespace}/${scope.key.name} things` };
    const { things = [] } = await scope.session.port.call('ListPrincipalThings', input, options);
    rollouts.preflights.things.keep(place, now, things);
    return things;
  } catch (thrown) {
    const { kind } = toReconcileError(thrown);
    if (kind === 'throttled' || kind === 'transient') throw thrown;
    // Not permitted, or not offered: then it is not known of any certificate, and the Devices have to be believed.
    return [];
  }
}
