import type { Clock } from '../../../runtime/clock.ts';
import type { DeviceEvent } from '../../../sandbox/devices/device.ts';
import { startFleet } from '../../../sandbox/devices/fleet.ts';
import { mqttLinks } from '../../../sandbox/devices/mqtt-link.ts';
import { type Broker, createBroker } from '../../../sandbox/mqtt/broker.ts';
import type { Sandbox } from '../../../sandbox/sandbox.ts';
import { V2_LOGS } from '../../../sandbox/signals/v2-logs.ts';
import { REGISTRY } from '../../../sandbox/state/registry.ts';
import { CommandError } from '../../exit.ts';
import { behaviours } from './behaviours.ts';

/** The devices of the demo: unmodified MQTT clients over mutual TLS. */
export interface DemoDevices {
  readonly size: number;
  readonly mqttEndpoint: string;
  readonly connected: ReadonlySet<string>;
  /** Messages that devices have sent since the start. */
  readonly sent: number;
  /** Requests of devices that were refused since the start, as the log tells. */
  readonly refused: number;
}

/** A broker that applies changes of policies as late as AWS does, and nobody connected to it. */
export function openBroker(sandbox: Sandbox): Broker {
  const MINUTE = 60_000;
  return createBroker(sandbox, { propagation: { mode: 'random', delay: [6 * MINUTE, 8 * MINUTE] } });
}

export async function connectDevices(
  sandbox: Sandbox,
  { broker, clock, ends }: { readonly broker: Broker; readonly clock: Clock; readonly ends: AsyncDisposableStack },
): Promise<DemoDevices> {
  const { host, port } = await broker.listen();
  const mqttEndpoint = `${host}:${port}`;
  const scope = sandbox.scope();
  const identityOf = async (thing: string) => {
    const identity = broker.port.standIn(scope, thing);
    if (!identity) throw new CommandError(`${thing} has no active certificate`);
    return { ...identity, mqttEndpoint, authorityPem: sandbox.world.authority.certificatePem };
  };
  const connected = new Set<string>();
  let sent = 0;
  const tell = ({ kind, clientId }: DeviceEvent): void => {
    if (kind === 'connected') connected.add(clientId);
    if (kind === 'closed' || kind === 'offline') connected.delete(clientId);
    if (kind === 'published') sent += 1;
  };
  const things = [...scope.slice(REGISTRY).things.values()];
  const fleet = startFleet(behaviours, things, { clock, open: mqttLinks(identityOf), tell });
  ends.defer(() => fleet.stop());
  return {
    size: fleet.size,
    mqttEndpoint,
    connected,
    get sent() {
      return sent;
    },
    get refused() {
      return scope
        .slice(V2_LOGS)
        .from(0)
        .filter(({ fields }) => fields.status === 'Failure').length;
    },
  };
}
