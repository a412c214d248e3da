import mqtt from 'mqtt';
import type { OpenLink } from './link.ts';

/** How to reach the broker as one thing. */
export interface ThingIdentity {
  readonly mqttEndpoint: string;
  readonly authorityPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Links that are unmodified MQTT clients over mutual TLS. A thing without an identity fails like one that cannot connect. */
export function mqttLinks(identityOf: (thing: string) => Promise<ThingIdentity>): OpenLink {
  return (request, events) => {
    let client: mqtt.MqttClient | undefined;
    let closed = false;
    const end = () => {
      if (closed) return;
      closed = true;
      events.closed();
    };
    identityOf(request.thing)
      .then((identity) => {
        if (closed) return;
        const [host = '127.0.0.1', port = ''] = identity.mqttEndpoint.split(':');
        client = mqtt.connect({
          protocol: 'mqtts',
          host,
          port: Number(port),
          ca: identity.authorityPem,
          cert: identity.certificatePem,
          key: identity.keyPem,
          clientId: request.clientId,
          clean: request.cleanSession,
          keepalive: request.keepAliveSeconds,
          // The device decides when it comes back, on the sandbox's clock.
          reconnectPeriod: 0,
          ...(request.will && {
            will: {
              topic: request.will.topic,
              payload: Buffer.from(request.will.payload),
              qos: 1 as const,
              retain: false,
            },
          }),
        });
        client.on('connect', () => events.connected());
        client.on('message', (topic, payload) => events.message(topic, payload));
        client.on('error', () => client?.end(true));
        client.on('close', () => {
          client?.end(true);
          end();
        });
      })
      .catch(end);
    return {
      subscribe: (filters) => void client?.subscribe([...filters], { qos: 1 }, () => {}),
      publish: (topic, payload, options) => void client?.publish(topic, payload, options, () => {}),
      close(politely) {
        if (!client) queueMicrotask(end);
        else if (politely) client.end();
        else client.stream.destroy();
      },
    };
  };
}
