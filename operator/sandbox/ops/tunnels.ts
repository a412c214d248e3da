import { randomBytes } from 'node:crypto';
import type { CallContext } from '../context.ts';
import { awsError, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOf } from '../state/paging.ts';
import type { Slice } from '../state/scope.ts';
import { SequencedMap } from '../state/sequenced.ts';
import { compact } from './support.ts';

const HOUR = 3_600_000;
const MAX_MINUTES = 720;
/** A closed tunnel is shown for at least three hours (tunnel-lifecycle). */
const SHOWN_AFTER_CLOSE = 3 * HOUR;
const MAX_TAGS = 50;

interface Destination {
  readonly thingName?: string;
  readonly services: readonly string[];
}

type Tag = { readonly key: string; readonly value: string };

interface Tunnel {
  readonly id: string;
  readonly description: string | undefined;
  readonly destination: Destination | undefined;
  readonly minutes: number;
  readonly createdAt: number;
  tags: readonly Tag[];
  closedAt: number | undefined;
  updatedAt: number;
}

const TUNNELS: Slice<SequencedMap<Tunnel>> = {
  name: 'tunnels',
  create: () => new SequencedMap<Tunnel>(),
  save: (tunnels) => [...tunnels.values()],
  load(tunnels, saved) {
    for (const tunnel of saved as Tunnel[]) tunnels.set(tunnel.id, { ...tunnel });
  },
};

const arnOf = (context: CallContext, id: string) => context.arn(`tunnel/${id}`);
const endOf = ({ createdAt, minutes }: Tunnel) => createdAt + minutes * 60_000;

/** Every tunnel as it is by now: over at the end of its lifetime, and forgotten some hours later. */
function tunnelsOf(context: CallContext): SequencedMap<Tunnel> {
  const tunnels = context.slice(TUNNELS);
  for (const tunnel of tunnels.values()) {
    if (tunnel.closedAt === undefined && context.now() >= endOf(tunnel)) close(tunnel, endOf(tunnel));
    if (tunnel.closedAt !== undefined && context.now() >= tunnel.closedAt + SHOWN_AFTER_CLOSE)
      tunnels.delete(tunnel.id);
  }
  return tunnels;
}

function close(tunnel: Tunnel, at: number): void {
  tunnel.closedAt = at;
  tunnel.updatedAt = at;
}

function tunnelWithId(context: CallContext, id: string): Tunnel {
  const tunnel = tunnelsOf(context).get(id);
  if (!tunnel) throw notFound(`Tunnel ${id} not found`);
  return tunnel;
}

const tunnelWithArn = (context: CallContext, arn: string) =>
  tunnelWithId(context, context.scope.resourceOf(arn)?.replace(/^tunnel\//, '') ?? arn.slice(0, 200));

const summary = (context: CallContext, tunnel: Tunnel) =>
  compact({
    tunnelId: tunnel.id,
    tunnelArn: arnOf(context, tunnel.id),
    status: tunnel.closedAt === undefined ? 'OPEN' : 'CLOSED',
    description: tunnel.description,
    createdAt: new Date(tunnel.createdAt),
    lastUpdatedAt: new Date(tunnel.updatedAt),
  });

/** The model knows no empty list of tags. */
const shown = (tags: readonly Tag[]) => (tags.length === 0 ? undefined : [...tags]);

/** Tokens leave in the answer and on the thing's topic, and are kept nowhere: nobody can connect to a tunnel here. */
const newToken = () => randomBytes(48).toString('base64');

/** The destination's token reaches the thing by MQTT (secure-tunneling). */
function notify(context: CallContext, destination: Destination | undefined, token: string): void {
  if (destination?.thingName === undefined) return;
  const { region } = context.scope;
  const body = { clientAccessToken: token, clientMode: 'destination', region, services: destination.services };
  context.world.ports.broker?.publish(context.scope, {
    topic: `$aws/things/${destination.thingName}/tunnels/notify`,
    payload: Buffer.from(JSON.stringify(body)),
    qos: 1,
    retain: false,
  });
}

function changed(context: CallContext, tunnel: Tunnel): void {
  context.changed({ kind: 'other', resource: arnOf(context, tunnel.id) });
}

export interface OpenTunnelInput {
  readonly description?: string;
  readonly tags?: readonly Tag[];
  readonly destinationConfig?: Destination;
  readonly timeoutConfig?: { readonly maxLifetimeTimeoutMinutes?: number };
}

/** Secure tunnels without the tunnel: life cycle, tokens and the notice to the device; no proxy accepts the tokens. */
export const tunnels = family(
  'IoTSecuredTunneling',
  {
    OpenTunnel(context, given) {
      const input = given as OpenTunnelInput;
      if ((input.tags ?? []).length > MAX_TAGS) {
        throw awsError('LimitExceededException', `A tunnel can have at most ${MAX_TAGS} tags`);
      }
      const now = context.now();
      const tunnel: Tunnel = {
        id: randomBytes(16).toString('hex'),
        description: input.description,
        destination: input.destinationConfig,
        minutes: input.timeoutConfig?.maxLifetimeTimeoutMinutes ?? MAX_MINUTES,
        createdAt: now,
        updatedAt: now,
        tags: input.tags ?? [],
        closedAt: undefined,
      };
      tunnelsOf(context).set(tunnel.id, tunnel);
      const [sourceAccessToken, destinationAccessToken] = [newToken(), newToken()];
      notify(context, tunnel.destination, destinationAccessToken);
      changed(context, tunnel);
      return { tunnelId: tunnel.id, tunnelArn: arnOf(context, tunnel.id), sourceAccessToken, destinationAccessToken };
    },

    CloseTunnel(context, given) {
      const input = given as { readonly tunnelId: string; readonly delete?: boolean };
      const tunnel = tunnelWithId(context, input.tunnelId);
      if (tunnel.closedAt === undefined) close(tunnel, context.now());
      if (input.delete) tunnelsOf(context).delete(tunnel.id);
      changed(context, tunnel);
      return {};
    },

    DescribeTunnel(context, given) {
      const tunnel = tunnelWithId(context, (given as { readonly tunnelId: string }).tunnelId);
      const nobody = { status: 'DISCONNECTED', lastUpdatedAt: new Date(tunnel.updatedAt) };
      return {
        tunnel: compact({
          ...summary(context, tunnel),
          sourceConnectionState: nobody,
          destinationConnectionState: nobody,
          destinationConfig: tunnel.destination,
          timeoutConfig: { maxLifetimeTimeoutMinutes: tunnel.minutes },
          tags: shown(tunnel.tags),
        }),
      };
    },

    ListTunnels(context, given) {
      const input = given as { readonly thingName?: string; readonly maxResults?: number; readonly nextToken?: string };
      const request = { token: input.nextToken, limit: input.maxResults ?? 100 };
      const page = pageOf(tunnelsOf(context), request, context.world.paging, (tunnel) =>
        input.thingName === undefined || input.thingName === tunnel.destination?.thingName
          ? summary(context, tunnel)
          : undefined,
      );
      return compact({ tunnelSummaries: page.items, nextToken: page.next });
    },

    RotateTunnelAccessToken(context, given) {
      const input = given as { readonly tunnelId: string; readonly clientMode: string };
      const tunnel = tunnelWithId(context, input.tunnelId);
      if (tunnel.closedAt !== undefined) throw notFound(`Tunnel ${tunnel.id} is closed`);
      const sides = { source: input.clientMode !== 'DESTINATION', destination: input.clientMode !== 'SOURCE' };
      const destinationAccessToken = sides.destination ? newToken() : undefined;
      if (destinationAccessToken !== undefined) notify(context, tunnel.destination, destinationAccessToken);
      tunnel.updatedAt = context.now();
      changed(context, tunnel);
      const sourceAccessToken = sides.source ? newToken() : undefined;
      return compact({ tunnelArn: arnOf(context, tunnel.id), sourceAccessToken, destinationAccessToken });
    },

    TagResource(context, given) {
      const input = given as { readonly resourceArn: string; readonly tags: readonly Tag[] };
      const tunnel = tunnelWithArn(context, input.resourceArn);
      const kept = tunnel.tags.filter(({ key }) => !input.tags.some((tag) => tag.key === key));
      tunnel.tags = [...kept, ...input.tags];
      changed(context, tunnel);
      return {};
    },

    UntagResource(context, given) {
      const input = given as { readonly resourceArn: string; readonly tagKeys: readonly string[] };
      const tunnel = tunnelWithArn(context, input.resourceArn);
      tunnel.tags = tunnel.tags.filter(({ key }) => !input.tagKeys.includes(key));
      changed(context, tunnel);
      return {};
    },

    ListTagsForResource(context, given) {
      return compact({
        tags: shown(tunnelWithArn(context, (given as { readonly resourceArn: string }).resourceArn).tags),
      });
    },
  },
  [TUNNELS],
);
