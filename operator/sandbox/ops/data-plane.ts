import type { BrokerPort } from '../broker-port.ts';
import type { CallContext } from '../context.ts';
import { AwsError, invalid, notFound } from '../errors.ts';
import { family, type Handlers } from '../operations.ts';
import { logged } from '../signals/call-log.ts';
import { pageOf, pageOfList } from '../state/paging.ts';
import { RETAINED } from '../state/retained.ts';
import { SHADOWS, type ShadowUpdate, shadowDocument } from '../state/shadows.ts';
import { compact } from './support.ts';

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');

function parsePayload(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    throw invalid('The payload is not valid JSON');
  }
}

/** Topic prefix of a shadow's messages. */
export function shadowTopic(thing: string, name: string): string {
  return name === '' ? `$aws/things/${thing}/shadow` : `$aws/things/${thing}/shadow/name/${name}`;
}

function say(context: CallContext, topic: string, body: unknown): void {
  context.world.ports.broker?.publish(context.scope, { topic, payload: encode(body), qos: 1, retain: false });
}

/** Updates over HTTP are heard by MQTT subscribers like any other. */
function announce(context: CallContext, prefix: string, update: ShadowUpdate): void {
  say(context, `${prefix}/update/accepted`, update.accepted);
  say(context, `${prefix}/update/documents`, update.documents);
  if (update.delta) say(context, `${prefix}/update/delta`, update.delta);
}

function broker(context: CallContext, clientId: string): BrokerPort {
  const port = context.world.ports.broker;
  if (!port?.connection(context.scope, clientId)) throw notFound(`No connection or session of client ${clientId}`);
  return port;
}

const handlers: Handlers<'iotdata'> = {
  GetThingShadow(context, input) {
    const name = input.shadowName ?? '';
    const shadow = context.slice(SHADOWS).get(input.thingName, name);
    if (!shadow) throw notFound(`No shadow exists with name: '${name || input.thingName}'`);
    return { payload: encode(shadowDocument(shadow, context.now())) as never };
  },

  UpdateThingShadow(context, input) {
    const name = input.shadowName ?? '';
    const document = parsePayload(input.payload as Uint8Array);
    const update = context.slice(SHADOWS).update(input.thingName, name, document, context.now());
    context.changed({ kind: 'other', resource: `thing/${input.thingName}` });
    announce(context, shadowTopic(input.thingName, name), update);
    return { payload: encode(update.accepted) as never };
  },

  DeleteThingShadow(context, input) {
    const name = input.shadowName ?? '';
    const answer = context.slice(SHADOWS).delete(input.thingName, name, context.now());
    context.changed({ kind: 'other', resource: `thing/${input.thingName}` });
    say(context, `${shadowTopic(input.thingName, name)}/delete/accepted`, answer);
    return { payload: encode(answer) as never };
  },

  ListNamedShadowsForThing(context, input) {
    const names = context.slice(SHADOWS).names(input.thingName);
    const request = { token: input.nextToken, limit: input.pageSize ?? 25 };
    const page = pageOfList(names, request, context.world.paging);
    return compact({ results: page.items, nextToken: page.next, timestamp: Math.floor(context.now() / 1000) });
  },

  Publish(context, input) {
    if (input.topic.length > 256) throw invalid('The topic exceeds 256 bytes');
    const payload = (input.payload ?? new Uint8Array()) as Uint8Array;
    if (payload.length > 131_072) {
      throw new AwsError('RequestEntityTooLargeException', 'The payload exceeds 128 KB', {}, 413);
    }
    const qos = input.qos === 1 ? 1 : 0;
    const retained = context.slice(RETAINED);
    if (input.retain) {
      if (input.topic.startsWith('$')) throw invalid('Messages on reserved topics cannot be retained');
      if (payload.length === 0) retained.delete(input.topic);
      else retained.set(input.topic, { topic: input.topic, payload, qos, at: context.now() });
    }
    context.world.ports.broker?.publish(context.scope, {
      topic: input.topic,
      payload,
      qos,
      retain: input.retain ?? false,
    });
    return {};
  },

  GetRetainedMessage(context, input) {
    const message = context.slice(RETAINED).get(input.topic);
    if (!message) throw notFound(`No retained message on topic ${input.topic}`);
    const { topic, payload, qos, at } = message;
    return { topic, payload, qos, lastModifiedTime: at };
  },

  ListRetainedMessages(context, input) {
    const page = pageOf(
      context.slice(RETAINED),
      { token: input.nextToken, limit: input.maxResults ?? 200 },
      context.world.paging,
      ({ topic, payload, qos, at }) => ({ topic, payloadSize: payload.length, qos, lastModifiedTime: at }),
    );
    return compact({ retainedTopics: page.items, nextToken: page.next });
  },

  DeleteConnection(context, input) {
    const options = { cleanSession: input.cleanSession ?? false, preventWill: input.preventWillMessage ?? false };
    broker(context, input.clientId).disconnect(context.scope, input.clientId, options);
    return {};
  },

  GetConnection(context, input) {
    const info = broker(context, input.clientId).connection(context.scope, input.clientId);
    if (!info) throw notFound(`No connection of client ${input.clientId}`);
    return compact({
      connected: info.connected,
      thingName: info.thingName,
      cleanSession: info.cleanSession,
      ...(input.includeSocketInformation && { sourceIp: info.sourceIp, sourcePort: info.sourcePort }),
      keepAliveDuration: info.keepAliveSeconds,
      connectedSince: info.connectedAt,
      disconnectedSince: info.disconnectedAt,
      disconnectReason: info.disconnectReason as never,
      sessionExpiry: info.sessionExpirySeconds,
      clientId: info.clientId,
    });
  },

  ListSubscriptions(context, input) {
    const all = broker(context, input.clientId).subscriptions(context.scope, input.clientId);
    const request = { token: input.nextToken, limit: input.maxResults ?? 200 };
    const page = pageOfList(all, request, context.world.paging);
    return compact({ subscriptions: page.items, nextToken: page.next });
  },

  SendDirectMessage(context, input) {
    const payload = (input.payload ?? new Uint8Array()) as Uint8Array;
    const message = { topic: input.topic, payload, qos: 1, retain: false } as const;
    if (!broker(context, input.clientId).sendDirect(context.scope, input.clientId, message)) {
      throw notFound(`Client ${input.clientId} is not connected`);
    }
    return { message: 'OK', traceId: context.requestId };
  },
};

export const dataPlane = family('iotdata', logged(handlers));
