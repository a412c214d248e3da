import mqtt from 'mqtt';
import type { MqttServed } from '../../../operator/sandbox/mqtt/tls.ts';
import type { Bed } from './bed.ts';

interface Emitter {
  once(event: string, listener: (...values: unknown[]) => void): unknown;
}

/** The values of the next event; unlike node's `once`, an 'error' before it is left to whoever listens for errors. */
export const next = (emitter: unknown, event: string): Promise<unknown[]> =>
  new Promise((resolve) => (emitter as Emitter).once(event, (...values) => resolve(values)));

export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export function client(
  bed: Bed,
  served: MqttServed,
  identity: Identity,
  clientId: string,
  options: mqtt.IClientOptions = {},
) {
  return mqtt.connect({
    protocol: 'mqtts',
    host: 'localhost',
    port: served.port,
    ca: bed.sandbox.world.authority.certificatePem,
    cert: identity.cert,
    key: identity.key,
    clientId,
    reconnectPeriod: 0,
    connectTimeout: 5000,
    ...options,
  });
}

export async function connackOf(
  bed: Bed,
  served: MqttServed,
  identity: Identity,
  clientId: string,
): Promise<'connack' | 'closed'> {
  const device = client(bed, served, identity, clientId);
  device.on('error', () => {});
  const outcome = await Promise.race([
    next(device, 'connect').then(() => 'connack' as const),
    next(device, 'close').then(() => 'closed' as const),
  ]);
  await device.endAsync(true);
  return outcome;
}
