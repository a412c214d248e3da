import { connect as tlsConnect } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import * as codec from '../../../operator/sandbox/mqtt/codec.ts';
import type { MqttServed } from '../../../operator/sandbox/mqtt/tls.ts';
import { type Bed, documentOf, type Registered, startBed } from './bed.ts';
import { client, connackOf, next } from './mqtt-client.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

async function start(name = 'lamp', document?: string): Promise<{ served: MqttServed; lamp: Registered }> {
  bed = startBed();
  const served = await bed.broker.listen();
  return { served, lamp: await bed.device(name, document) };
}

describe('mutual TLS with an unmodified MQTT client', () => {
  test('a device connects, subscribes and hears its own message', async () => {
    const { served, lamp } = await start();
    const device = client(bed, served, lamp, 'lamp');
    await next(device, 'connect');
    await device.subscribeAsync('echo/lamp', { qos: 1 });
    const heard = next(device, 'message');
    await device.publishAsync('echo/lamp', 'hello', { qos: 1 });
    const [topic, payload] = await heard;
    expect([topic, String(payload)]).toEqual(['echo/lamp', 'hello']);
    expect(bed.broker.connections()).toMatchObject([
      { clientId: 'lamp', certificateId: lamp.certificateId, thingName: 'lamp' },
    ]);
    await device.endAsync();
  });

  test('a certificate that AWS would sign off elsewhere counts by its registration alone', async () => {
    const { served, lamp } = await start();
    const other = startBed();
    const stranger = await other.device('lamp');
    await other.broker.close();
    expect(await connackOf(bed, served, lamp, 'lamp')).toBe('connack');
    expect(await connackOf(bed, served, stranger, 'lamp')).toBe('closed');
    await bed.iot.registerCertificateWithoutCA({ certificatePem: stranger.cert, status: 'ACTIVE' });
    await bed.iot.attachPolicy({
      policyName: 'lamp',
      target: `arn:aws:iot:us-east-1:123456789012:cert/${stranger.certificateId}`,
    });
    expect(await connackOf(bed, served, stranger, 'lamp')).toBe('connack');
  });

  test('an inactive or unknown certificate, or none, is refused before any CONNACK and leaves an AuthNError', async () => {
    const { served, lamp } = await start();
    await bed.logEverything();
    await bed.iot.updateCertificate({ certificateId: lamp.certificateId, newStatus: 'INACTIVE' });
    expect(await connackOf(bed, served, lamp, 'lamp')).toBe('closed');
    await bed.iot.updateCertificate({ certificateId: lamp.certificateId, newStatus: 'ACTIVE' });
    expect(await connackOf(bed, served, lamp, 'lamp')).toBe('connack');
    const bare = tlsConnect({ port: served.port, host: 'localhost', ca: bed.sandbox.world.authority.certificatePem });
    bare.on('error', () => {});
    await next(bare, 'close');
    expect(bed.logged('Connection.AuthNError')).toMatchObject([
      { reason: 'DEVICE_CERTIFICATE_INACTIVE', principalId: lamp.certificateId },
    ]);
  });

  test('a client behind a socket keeps its connection when the clock jumps, and loses it when it is really silent', async () => {
    const realTime = new VirtualClock();
    bed = startBed({}, { realTime });
    const served = await bed.broker.listen();
    const device = client(bed, served, await bed.device('lamp'), 'lamp', { keepalive: 30 });
    await next(device, 'connect');
    await bed.pass(7 * 86_400_000);
    expect(bed.broker.connections()).toHaveLength(1);
    const closed = next(device, 'close');
    await realTime.advance(45_000);
    await bed.pass(45_000);
    await closed;
    expect(bed.broker.connections()).toEqual([]);
  });

  test('a certificate set inactive ends its connections', async () => {
    const { served, lamp } = await start();
    const device = client(bed, served, lamp, 'lamp');
    await next(device, 'connect');
    const closed = next(device, 'close');
    await bed.iot.updateCertificate({ certificateId: lamp.certificateId, newStatus: 'INACTIVE' });
    await bed.pass(0);
    await closed;
    expect(bed.broker.connections()).toEqual([]);
  });

  test('QoS 2 gets no answer', async () => {
    const { served, lamp } = await start();
    const device = client(bed, served, lamp, 'lamp');
    await next(device, 'connect');
    device.on('error', () => {});
    const closed = next(device, 'close');
    const acknowledged = device.publishAsync('t', 'x', { qos: 2 }).then(
      () => 'acknowledged',
      () => 'refused',
    );
    await closed;
    await device.endAsync(true);
    expect(await acknowledged).toBe('refused');
  });

  test('an unauthorised SUBSCRIBE closes the connection without a SUBACK', async () => {
    const { served, lamp } = await start('lamp', documentOf({ Action: 'Connect', Resource: '*' }));
    const device = client(bed, served, lamp, 'lamp');
    await next(device, 'connect');
    device.on('error', () => {});
    const closed = next(device, 'close');
    device.subscribe('t');
    await closed;
    await device.endAsync(true);
  });
});

describe('bad input', () => {
  test('malformed packets close the connection and hurt nobody else', async () => {
    const { served, lamp } = await start();
    const good = client(bed, served, lamp, 'lamp');
    await next(good, 'connect');
    const bytes = [
      'ffffffffffffffff',
      '00',
      '1000',
      '10ffffff7f',
      '300000',
      '82020001',
      '10100004ffff0402003c0004616263',
      '101000044d51545404ff003c0004616263640000',
      'e0',
      `30ffff7f${'61'.repeat(100)}`,
    ].map((hex) => Buffer.from(hex, 'hex'));
    for (const packet of bytes) {
      const socket = tlsConnect({
        port: served.port,
        host: 'localhost',
        ca: bed.sandbox.world.authority.certificatePem,
        cert: lamp.cert,
        key: lamp.key,
      });
      socket.on('error', () => {});
      await next(socket, 'secureConnect');
      socket.end(packet);
      socket.resume();
      await next(socket, 'close');
    }
    const heard = next(good, 'message');
    await good.subscribeAsync('still/here');
    await good.publishAsync('still/here', 'yes');
    await heard;
    await good.endAsync();
  });

  test('a client that never reads is let go before it fills the memory, and the others hear everything', async () => {
    bed = startBed();
    const [slow, fast] = [await bed.device('slow'), await bed.device('fast')];
    const stuck = bed.broker.connect({ certificateId: slow.certificateId });
    stuck.write(codec.connectPacket({ clientId: 'slow', clean: true, keepAliveSeconds: 1200 }));
    stuck.write(codec.subscribePacket(1, ['flood'], 0));
    const other = bed.broker.device({ certificateId: fast.certificateId, clientId: 'fast' });
    other.subscribe('flood', 0);
    await bed.broker.settle();
    expect(bed.broker.connections()).toHaveLength(2);
    for (let i = 0; i < 200; i++) {
      bed.broker.port.publish(bed.sandbox.scope(), {
        topic: 'flood',
        payload: Buffer.alloc(100_000),
        qos: 0,
        retain: false,
      });
      await bed.broker.settle();
    }
    expect(bed.broker.connections().map((c) => c.clientId)).toEqual(['fast']);
    expect(other.received).toHaveLength(200);
  });

  test('a packet beyond 128 KB is not read to its end', async () => {
    const { served, lamp } = await start();
    await bed.logEverything();
    const device = client(bed, served, lamp, 'lamp');
    await next(device, 'connect');
    device.on('error', () => {});
    const closed = next(device, 'close');
    device.publish('big', Buffer.alloc(2_000_000));
    await closed;
    await device.endAsync(true);
    expect(bed.logged('Disconnect')).toMatchObject([{ disconnectReason: 'CLIENT_ERROR' }]);
  });
});
