import type { Clock } from '../../runtime/clock.ts';
import type { World } from '../context.ts';
import type { Actor, DeviceEvent } from '../ops/defender/detect/port.ts';
import { EVIDENCE, type Evidence } from '../ops/defender/evidence.ts';
import { type LogLevel, writeLog } from '../signals/v2-logs.ts';
import { uuid } from '../state/ids.ts';
import type { Scope } from '../state/scope.ts';
import type { Connection, DisconnectReason, Peer } from './connection.ts';

/** Publishes an event on a reserved topic and to the signal queues. */
export type Announce = (topic: string, payload: Readonly<Record<string, unknown>>) => void;

interface Published {
  readonly topic: string;
  readonly retain: boolean;
  readonly bytes: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Authorization failures look like this in the field (the format page has no example). */
export const DENIED = { reason: 'AUTHORIZATION_FAILURE', details: 'Authorization Failure' };

/** AWS emits no lifecycle events for these client ids (life-cycle-events). */
const emitsEvents = (clientId: string) => !/[+#]/.test(clientId);

/** Tells what happens at the broker: lifecycle events and V2 log entries. */
export class Telemetry {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #announce: Announce;
  readonly #place: Parameters<typeof writeLog>[0];
  readonly #versions = new Map<string, number>();
  readonly #evidence: Evidence;
  readonly #tell: (who: Actor, event: DeviceEvent) => void;

  constructor(
    scope: Scope,
    world: Pick<World, 'clock' | 'random' | 'ports'>,
    announce: Announce,
    groups: (thing: string) => readonly string[],
  ) {
    this.#clock = world.clock;
    this.#random = world.random;
    this.#announce = announce;
    this.#place = { scope, world, groups };
    this.#evidence = scope.slice(EVIDENCE);
    this.#tell = (who, event) => world.ports.detect?.note(scope, who, event);
  }

  connected(connection: Connection): void {
    this.#tell(connection, { kind: 'attempt' });
    this.#evidence.connected(connection, this.#clock.now());
    this.#log('INFO', 'Connect', connection, {
      keepAliveDuration: connection.keepAliveSeconds,
      cleanSession: connection.cleanSession,
    });
    this.#lifecycle('presence/connected', connection, { ipAddress: connection.sourceIp, eventType: 'connected' });
  }

  connectRefused(peer: Peer, clientId: string): void {
    const who = { clientId, certificateId: peer.certificateId, sourceIp: peer.sourceIp, sourcePort: peer.sourcePort };
    this.#tell({ clientId, sourceIp: peer.sourceIp }, { kind: 'attempt' });
    this.#tell({ clientId, sourceIp: peer.sourceIp }, { kind: 'refused' });
    this.#log('ERROR', 'Connect', who, DENIED);
    if (!emitsEvents(clientId)) return;
    this.#announce(`$aws/events/presence/connect_failed/${clientId}`, {
      clientId,
      timestamp: this.#clock.now(),
      eventType: 'connect_failed',
      connectFailureReason: 'AUTHORIZATION_FAILED',
      principalIdentifier: peer.certificateId,
      sessionIdentifier: uuid(this.#random),
      ipAddress: peer.sourceIp,
    });
  }

  /** One CONNECT a second for a client id; AWS documents no fields for the entry. */
  connectThrottled(peer: Peer, clientId: string): void {
    const who = { clientId, certificateId: peer.certificateId, sourceIp: peer.sourceIp, sourcePort: peer.sourcePort };
    this.#log('ERROR', 'Connect', who, { reason: 'THROTTLED', details: 'Connect rate exceeded' });
  }

  /** The certificate was refused before any packet (log type Connection.AuthNError, off unless set by its event type). */
  handshakeRefused(peer: Omit<Peer, 'certificateId'> & { readonly certificateId?: string }, reason: string): void {
    this.#log('ERROR', 'Connection.AuthNError', peer, {
      authenticationType: 'X509',
      reason,
      ...(peer.serverName !== undefined && { serverNameIndication: peer.serverName }),
    });
  }

  /** Just-in-time provisioning of a certificate that came for the first time. */
  provisioned(peer: Peer, { ok, details }: { readonly ok: boolean; readonly details: string }): void {
    this.#log(ok ? 'INFO' : 'ERROR', 'ProvisionDevice', peer, ok ? {} : { details });
  }

  disconnected(connection: Connection, reason: DisconnectReason): void {
    this.#tell(connection, { kind: 'disconnected' });
    this.#evidence.disconnected(connection, reason, this.#clock.now());
    const byClient = reason === 'CLIENT_INITIATED_DISCONNECT';
    this.#log(byClient ? 'INFO' : 'ERROR', 'Disconnect', connection, {
      disconnectReason: reason,
      ...(byClient ? {} : { reason, details: `The connection was closed: ${reason}` }),
    });
    this.#lifecycle('presence/disconnected', connection, {
      clientInitiatedDisconnect: byClient,
      disconnectReason: reason,
      eventType: 'disconnected',
    });
  }

  published(connection: Connection, { topic, retain, bytes }: Published, allowed: boolean): void {
    this.#tell(connection, allowed ? { kind: 'sent', topic, bytes } : { kind: 'refused', topic });
    const fields = { topicName: topic, ...(retain && { retain: 'True' }) };
    this.#log(allowed ? 'INFO' : 'ERROR', 'Publish-In', connection, allowed ? fields : { ...fields, ...DENIED });
  }

  delivered(connection: Connection, topic: string, allowed: boolean): void {
    if (allowed) this.#tell(connection, { kind: 'received', topic });
    const fields = { topicName: topic };
    this.#log(allowed ? 'INFO' : 'ERROR', 'Publish-Out', connection, allowed ? fields : { ...fields, ...DENIED });
  }

  subscribed(connection: Connection, filters: readonly string[], allowed: boolean): void {
    if (!allowed) for (const topic of filters) this.#tell(connection, { kind: 'refused', topic });
    const fields = { topicName: filters.join(',') };
    this.#log(allowed ? 'INFO' : 'ERROR', 'Subscribe', connection, allowed ? fields : { ...fields, ...DENIED });
    if (allowed) this.#lifecycle('subscriptions/subscribed', connection, { eventType: 'subscribed', topics: filters });
  }

  unsubscribed(connection: Connection, filters: readonly string[]): void {
    this.#log('INFO', 'Unsubscribe', connection, {});
    this.#lifecycle('subscriptions/unsubscribed', connection, { eventType: 'unsubscribed', topics: filters });
  }

  /** A message waits for a device that is away. */
  queued(clientId: string, topic: string, qos: number): void {
    this.#log('INFO', 'Queued', { clientId }, { topicName: topic, qos: String(qos) });
  }

  /** A device's HTTPS request; `problem` undefined when it was done. */
  requestedByHttp(peer: Peer, eventType: string, fields: Fields, problem: Fields | undefined): void {
    const { certificateId: principalId, sourceIp, sourcePort } = peer;
    const who = { principalId, sourceIp, sourcePort };
    const ok = problem === undefined;
    const level = ok ? 'INFO' : 'ERROR';
    writeLog(this.#place, { level, eventType, ok, protocol: 'HTTP', who, fields: { ...fields, ...problem } });
  }

  /** A request on a reserved topic, such as GetThingShadow. */
  requested(connection: Connection, eventType: string, ok: boolean, fields: Fields): void {
    this.#log(ok ? 'INFO' : 'ERROR', eventType, connection, fields);
  }

  pinged(connection: Connection): void {
    this.#log('DEBUG', 'Ping', connection, {});
  }

  #lifecycle(kind: string, connection: Connection, fields: Fields): void {
    if (!emitsEvents(connection.clientId)) return;
    const version = (this.#versions.get(connection.clientId) ?? -1) + (kind.startsWith('presence') ? 1 : 0);
    this.#versions.set(connection.clientId, Math.max(version, 0));
    this.#announce(`$aws/events/${kind}/${connection.clientId}`, {
      clientId: connection.clientId,
      ...(connection.exclusive && { thingName: connection.thingName }),
      timestamp: this.#clock.now(),
      ...fields,
      sessionIdentifier: connection.sessionIdentifier,
      principalIdentifier: connection.certificateId,
      ...(kind.startsWith('presence') && { versionNumber: Math.max(version, 0) }),
    });
  }

  #log(level: LogLevel, eventType: string, who: Partial<Connection>, fields: Fields): void {
    const { clientId, certificateId: principalId, sourceIp, sourcePort, thingName } = who;
    const ok = level !== 'ERROR' || ENDINGS.has(eventType);
    writeLog(this.#place, {
      level,
      eventType,
      ok,
      protocol: 'MQTT',
      who: { clientId, principalId, thingName, sourceIp, sourcePort },
      fields,
    });
  }
}

/** A disconnect is no failed operation, whatever its reason. */
const ENDINGS: ReadonlySet<string> = new Set(['Disconnect']);
