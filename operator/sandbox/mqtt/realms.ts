import type { Duplex } from 'node:stream';
import { systemClock } from '../../runtime/clock.ts';
import { currentView, PolicySets } from '../authorization.ts';
import type { StandIn } from '../broker-port.ts';
import { BROKER_CACHE, BrokerCache, type PropagationOptions } from '../propagation.ts';
import type { Sandbox } from '../sandbox.ts';
import { deliverEvent } from '../signals/index.ts';
import type { Change } from '../state/changes.ts';
import { IDENTITY } from '../state/identity.ts';
import { REGISTRY } from '../state/registry.ts';
import { RETAINED } from '../state/retained.ts';
import type { Scope } from '../state/scope.ts';
import { Authorizer } from './authorizer.ts';
import type { BrokerOptions } from './broker.ts';
import type { Connection, Peer } from './connection.ts';
import { answerDevice, type DeviceAnswer, type DeviceRequest } from './device-http.ts';
import { takeIn } from './just-in-time.ts';
import { PRESENCE } from './presence.ts';
import { Realm } from './realm.ts';
import { encodeCbor } from './reserved/cbor.ts';
import { serveReserved } from './reserved/index.ts';
import type { Format } from './reserved/payload.ts';
import type { Rest } from './rest.ts';
import { issueStandIn } from './stand-in.ts';
import { Telemetry } from './telemetry.ts';

const HOUR_MS = 3_600_000;

interface Entry {
  readonly realm: Realm;
  readonly cache: BrokerCache;
  readonly telemetry: Telemetry;
  readonly authorizer: Authorizer;
}

/** The brokers of all accounts and regions, made when they are first asked for. */
export class Realms {
  readonly #sandbox: Sandbox;
  readonly #options: BrokerOptions;
  readonly #rest: Rest;
  readonly #entries = new Map<Scope, Entry>();
  /** SHA-256 of a stand-in's DER → the certificate it stands in for. */
  readonly #standIns = new Map<string, string>();
  readonly #stop: () => void;

  constructor(sandbox: Sandbox, options: BrokerOptions, rest: Rest) {
    this.#sandbox = sandbox;
    this.#options = options;
    this.#rest = rest;
    this.#stop = sandbox.onChange((change, scope) => this.#observe(change, scope));
  }

  of(scope: Scope): Entry {
    let entry = this.#entries.get(scope);
    if (!entry) {
      entry = this.#create(scope);
      this.#entries.set(scope, entry);
    }
    return entry;
  }

  /** Issues a stand-in for the first active certificate of a thing. It counts until the sandbox ends. */
  standIn(scope: Scope, thingName: string): StandIn | undefined {
    const identity = scope.slice(IDENTITY);
    const principals = scope.slice(REGISTRY).things.get(thingName)?.principals ?? [];
    const ids = principals.map(({ principal }) => principal.slice(principal.lastIndexOf('/') + 1));
    const certificateId = ids.find((id) => identity.certificates.get(id)?.status === 'ACTIVE');
    if (certificateId === undefined) return undefined;
    const issued = issueStandIn(this.#sandbox.world.authority, certificateId);
    this.#standIns.set(issued.fingerprint, certificateId);
    return { certificateId, certificatePem: issued.certificatePem, keyPem: issued.keyPem };
  }

  /** Whether a certificate is registered and active; tells the log when it is not. */
  recognise(from: Peer, given?: Scope): { readonly peer: Peer; readonly scope: Scope } | undefined {
    const peer = { ...from, certificateId: this.#standIns.get(from.certificateId) ?? from.certificateId };
    const scope = given ?? this.#scopeOf(peer.certificateId) ?? this.#introduce(peer);
    const status = scope?.slice(IDENTITY).statusAtDoor(peer.certificateId);
    const reason = status === 'ACTIVE' ? this.#sniProblem(scope, peer) : refusalReason(status);
    if (scope && reason === undefined) return { peer, scope };
    this.of(scope ?? this.#sandbox.scope()).telemetry.handshakeRefused(peer, reason ?? 'NOT_AUTHENTICATED');
    return undefined;
  }

  /** Lets a transport in when its certificate is registered and active; else closes it before anything is read. */
  admit(stream: Duplex, from: Peer, given?: Scope): void {
    const known = this.recognise(from, given);
    if (known) this.of(known.scope).realm.accept(stream, known.peer);
    else stream.destroy();
  }

  /** An HTTPS request of a device. */
  async answer(from: Peer | undefined, request: DeviceRequest): Promise<DeviceAnswer> {
    const known = from && this.recognise(from);
    if (!known) return { status: 403, body: Buffer.from('{"message":"Forbidden"}') };
    const { authorizer, telemetry } = this.of(known.scope);
    return answerDevice({ world: this.#sandbox.world, authorizer, telemetry, ...known }, request);
  }

  async close(): Promise<void> {
    this.#stop();
    await Promise.all([...this.#entries.values()].map(({ realm }) => realm.close()));
    this.#entries.clear();
  }

  #scopeOf(certificateId: string): Scope | undefined {
    for (const scope of this.#sandbox.scopes()) {
      if (scope.slice(IDENTITY).statusAtDoor(certificateId) !== undefined) return scope;
    }
    return undefined;
  }

  /** A certificate that nobody registered may be taken in by its CA; this first connection is refused all the same. */
  #introduce(peer: Peer): Scope | undefined {
    const taken = takeIn(this.#sandbox, peer);
    if (!taken) return undefined;
    const { scope, event, provisioned } = taken;
    this.#announce(scope, event.topic, event.payload);
    if (provisioned !== undefined) this.of(scope).telemetry.provisioned(peer, provisioned);
    return undefined;
  }

  /** One that was registered without a CA is known by the server name that the device asks for (SNI_ONLY). */
  #sniProblem(scope: Scope | undefined, peer: Peer): string | undefined {
    const certificate = scope?.slice(IDENTITY).certificates.get(peer.certificateId);
    const isAsked = peer.transport === 'memory' || peer.serverName !== undefined;
    return certificate?.mode === 'SNI_ONLY' && this.#options.requireSni && !isAsked ? 'SNI_MISUSED' : undefined;
  }

  #create(scope: Scope): Entry {
    const { clock, world } = this.#sandbox;
    const { random, switches } = world;
    const cache = new BrokerCache(scope, clock, this.#propagation(), scope.slice(BROKER_CACHE));
    const authorizer = new Authorizer(scope, cache, new PolicySets(scope), switches);
    const current = currentView(scope);
    const telemetry = new Telemetry(
      scope,
      world,
      (topic, payload) => this.#announce(scope, topic, payload),
      (thing) => current.groupsOf(thing),
    );
    const realm = new Realm({
      switches,
      clock,
      scope,
      authorizer,
      telemetry,
      random,
      retained: scope.slice(RETAINED),
      presence: scope.slice(PRESENCE),
      sessionExpiryMs: this.#options.sessionExpiryMs ?? HOUR_MS,
      unauthorizedSubscribe: this.#options.unauthorizedSubscribe ?? 'close',
      now: () => clock.now(),
      realTime: this.#options.realTime ?? systemClock,
      thingsOf: (principal) => cache.thingsOf(principal),
      touch: () => this.#rest.touch(),
      mayConnect: (clientId) => {
        const { accountId, region } = scope;
        return this.#sandbox.quotas.take({
          accountId,
          region,
          service: 'mqtt',
          operation: 'Connect',
          input: { clientId },
        });
      },
      cache,
      reserved: (connection, topic, payload) => this.#reserved(scope, connection, topic, payload),
    });
    return { realm, cache, telemetry, authorizer };
  }

  #propagation(): PropagationOptions {
    const { world } = this.#sandbox;
    const delay = this.#options.propagation?.delay ?? world.delays.policyCache;
    return {
      mode: delay[1] === 0 ? 'instant' : 'random',
      delay,
      newConnectionsSeeAtOnce: false,
      random: world.random,
      ...this.#options.propagation,
    };
  }

  #reserved(scope: Scope, connection: Connection, topic: string, payload: Buffer): void {
    const { world, clock } = this.#sandbox;
    const { realm, telemetry } = this.of(scope);
    const encode = (body: unknown, format?: Format) =>
      format === 'cbor' ? encodeCbor(body) : Buffer.from(JSON.stringify(body));
    serveReserved({
      world,
      scope,
      connection,
      topic,
      payload,
      now: () => clock.now(),
      say: (to, body, format) => realm.publish({ topic: to, payload: encode(body, format), qos: 1, retain: false }),
      reply: (to, body, format) =>
        realm.sendDirect(connection.clientId, { topic: to, payload: encode(body, format), qos: 1, retain: false }),
      changed: (resource) => scope.announce({ kind: 'other', resource }),
      work: (task) => this.#rest.during(task),
      log: (eventType, ok, fields) => telemetry.requested(connection, eventType, ok, fields),
    });
  }

  #announce(scope: Scope, topic: string, payload: Readonly<Record<string, unknown>>): void {
    const bytes = Buffer.from(JSON.stringify(payload));
    deliverEvent(this.#sandbox, scope, topic, payload);
    this.of(scope).realm.publish({ topic, payload: bytes, qos: 1, retain: false });
  }

  #observe(change: Change, scope: Scope): void {
    const entry = this.#entries.get(scope);
    if (change.kind === 'restored') {
      if (entry) entry.realm.resume();
      else if (scope.has(PRESENCE.name)) this.of(scope);
    }
    if (!entry) return;
    entry.cache.observe(change);
    if (change.kind === 'certificate' && change.status !== 'ACTIVE')
      this.#dropLater(entry, scope, change.certificateId);
  }

  /** API_UpdateCertificate: connected devices are dropped within a few minutes. */
  #dropLater({ realm }: Entry, scope: Scope, certificateId: string): void {
    const { clock, world } = this.#sandbox;
    clock.after(this.#options.certificateDelayMs ?? world.delays.policyCache[0], () => {
      if (scope.slice(IDENTITY).statusAtDoor(certificateId) === 'ACTIVE') return;
      for (const connection of realm.connections()) {
        if (connection.certificateId !== certificateId) continue;
        realm.disconnect(connection.clientId, { cleanSession: false, preventWill: false, reason: 'AUTH_ERROR' });
      }
    });
  }
}

function refusalReason(status: string | undefined): string {
  if (status === undefined) return 'DEVICE_CERTIFICATE_NOT_REGISTERED';
  return status === 'REVOKED' ? 'DEVICE_CERTIFICATE_REVOKED' : 'DEVICE_CERTIFICATE_INACTIVE';
}
