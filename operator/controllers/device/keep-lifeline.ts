import type { Device } from '../../api/device.gen.ts';
import { compilePolicies, type PolicyDocument } from '../../policy/index.ts';
import { lifelineViolations } from '../../rollout/lifeline.ts';
import { terminal } from '../../runtime/errors.ts';
import type { Scope } from '../external/types.ts';
import { lifelineOf, placeOf } from '../policyrollout/asset/lifeline.ts';
import { createReader } from '../policyrollout/policies/documents.ts';
import { thingName } from './desired.ts';

/**
 * A policy that others attached is taken off at once, outside of all waves. It may be the only one by which the device
 * still connects: somebody repaired it by hand, or its own policies are gone. Then a person decides.
 */
export async function keepLifeline(scope: Scope<Device>, certificateId: string, policy: string): Promise<void> {
  const { object, session, deps } = scope;
  const { snapshot } = session;
  if (snapshot.certificates.get(certificateId)?.status !== 'ACTIVE') return;
  const memory = { documents: new Map() };
  const reader = createReader({ cache: deps.cache, session, options: scope.options, memory, now: deps.clock.now() });
  const inherited = reader.inherited(snapshot.members.at(thingName(object)));
  const rest = [...new Set([...snapshot.targets.at(certificateId), ...inherited])].filter((name) => name !== policy);
  const read = async (names: readonly string[]): Promise<readonly PolicyDocument[]> => {
    const documents = await Promise.all(names.map((name) => reader.document(name)));
    return documents.flatMap((document) => document ?? []);
  };
  const place = placeOf(session);
  const after = await read(rest);
  const [sets, others] = [compilePolicies([...after, ...(await read([policy]))], place), compilePolicies(after, place)];
  const rollout = { spec: { policies: object.spec.policyRefs ?? [] } };
  const needs = lifelineOf({ cache: deps.cache, session, rollout }, withoutAssumed(object), certificateId);
  const lost = lifelineViolations(needs, sets, others).find(({ allowedBefore }) => allowedBefore);
  if (lost === undefined) return;
  const { purpose, request } = lost.need;
  throw terminal(
    'LifelineNeedsIt',
    `Policy ${policy} is on a certificate of thing ${thingName(object)} and no reference asks for it, but without it the device would lose what it must never lose (${purpose}: ${request.action} on ${request.resource}). It is left there. Reference it, or allow the same in a policy that is referenced.`,
  );
}

/**
 * What is assumed after a loss of our state protects what the asset has from us. What only the attachment of somebody else gives
 * was never proven: after a loss every such attachment would stay.
 */
function withoutAssumed(device: Device): Device {
  if (device.status?.lifeline?.assumed !== true) return device;
  const { lifeline: _assumed, ...status } = device.status;
  return { ...device, status };
}
