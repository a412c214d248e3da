import type { FleetDevice } from '../../../../operator/policy/reach/index.ts';

export const site = '${iot:Connection.Thing.Attributes[site]}';
export const hub = '${iot:Connection.Thing.Attributes[hub]}';

/** A device that connects under the name of its thing. */
export function device(
  name: string,
  policies: readonly number[],
  attributes: Readonly<Record<string, string>> = {},
): FleetDevice {
  return { name, thing: name, clientIds: [name], thingType: undefined, attributes, groups: [], policies };
}
