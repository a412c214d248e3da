import { keys } from '../../policy/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BrokerCache } from '../propagation.ts';
import { IDENTITY } from '../state/identity.ts';
import { uuid } from '../state/ids.ts';
import type { Scope } from '../state/scope.ts';
import type { Authorizer, Subject } from './authorizer.ts';
import type { Connection, Peer } from './connection.ts';
import { isClientId, isTopic } from './topics.ts';

/** What of a CONNECT packet decides. */
export interface ConnectRequest {
  readonly clientId: string;
  readonly clean?: boolean | undefined;
  readonly keepalive?: number | undefined;
  readonly will?: Will | undefined;
}

interface Will {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly qos?: number | undefined;
  readonly retain?: boolean | undefined;
}

/**
 * - `malformed`: closed without a trace, as the packet is not one that the broker takes.
 * - `denied`: the policies do not allow it.
 * - `certificate`: the certificate is not active any more.
 */
export type Refusal = 'malformed' | 'denied' | 'certificate';

const MAX_PAYLOAD_BYTES = 131_072;
const DEFAULT_KEEP_ALIVE_SECONDS = 1200;
const MIN_KEEP_ALIVE_SECONDS = 30;

/** AWS's quota page: 0 and anything above 1,200 s become 1,200 s, less than 30 s becomes 30 s. */
export function keepAliveOf(requested: number): number {
  if (requested === 0 || requested > DEFAULT_KEEP_ALIVE_SECONDS) return DEFAULT_KEEP_ALIVE_SECONDS;
  return Math.max(requested, MIN_KEEP_ALIVE_SECONDS);
}

export interface DoorContext {
  readonly scope: Scope;
  readonly authorizer: Authorizer;
  readonly thingsOf: (principal: string) => ReadonlyMap<string, boolean>;
  readonly random: () => number;
  readonly now: () => number;
  readonly realTime: Clock;
}

/** Judges a CONNECT: the certificate, the client id, iot:Connect, and that the will may be published. */
export function judgeConnect(
  context: DoorContext,
  peer: Peer,
  request: ConnectRequest,
  view?: BrokerCache,
): Connection | Refusal {
  const { scope, authorizer } = context;
  const { clientId, will } = request;
  if (!isClientId(clientId) || (will && !acceptableWill(will))) return 'malformed';
  if (scope.slice(IDENTITY).statusAtDoor(peer.certificateId) !== 'ACTIVE') return 'certificate';
  const principal = scope.arn(`cert/${peer.certificateId}`);
  const subject: Subject = {
    principal,
    clientId,
    sourceIp: peer.sourceIp,
    things: new Map(context.thingsOf(principal)),
    view,
  };
  if (!allowed(context, subject, peer, request)) return 'denied';
  const thingName = authorizer.thingOf(subject);
  return {
    ...subject,
    view,
    clientId,
    certificateId: peer.certificateId,
    thingName,
    exclusive: thingName !== undefined && subject.things.get(thingName) === true,
    cleanSession: request.clean ?? true,
    sourcePort: peer.sourcePort,
    keepAliveSeconds: keepAliveOf(request.keepalive ?? 0),
    connectedAt: context.now(),
    sessionIdentifier: uuid(context.random),
    transport: peer.transport,
    seenAt: context.now(),
    seenReally: context.realTime.monotonic(),
    reason: undefined,
    filters: new Map(),
  };
}

function acceptableWill(will: NonNullable<ConnectRequest['will']>): boolean {
  return isTopic(will.topic) && (will.qos ?? 0) < 2 && Buffer.byteLength(will.payload) <= MAX_PAYLOAD_BYTES;
}

/** The will is judged here and only here: when it is published later, nobody asks again. */
function allowed({ scope, authorizer }: DoorContext, subject: Subject, peer: Peer, request: ConnectRequest): boolean {
  const { clientId, clean, will } = request;
  const attributes = [...(clean === false ? ['PersistentConnect'] : []), ...(will ? ['LastWill'] : [])];
  const context = {
    [keys.connectAttributes]: attributes,
    ...(will && { [keys.lastWillTopic]: scope.arn(`topic/${will.topic}`) }),
    ...(peer.serverName !== undefined && { 'iot:DomainName': peer.serverName }),
  };
  if (!authorizer.allows(subject, 'iot:Connect', `client/${clientId}`, context)) return false;
  if (!will) return true;
  if (!authorizer.allows(subject, 'iot:Publish', `topic/${will.topic}`)) return false;
  return !will.retain || authorizer.allows(subject, 'iot:RetainPublish', `topic/${will.topic}`);
}
