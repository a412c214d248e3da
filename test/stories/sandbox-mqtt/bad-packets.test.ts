import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as codec from '../../../operator/sandbox/mqtt/codec.ts';
import { startBed } from './bed.ts';

const packets = [
  codec.publishPacket({ topic: 'a/b', payload: 'x', qos: 1, retain: false, id: 1 }),
  codec.publishPacket({ topic: '$aws/things/lamp/shadow/update', payload: '{', qos: 0, retain: false, id: 2 }),
  codec.publishPacket({ topic: '$aws/things/lamp/jobs/get', payload: '[]', qos: 1, retain: true, id: 3 }),
  codec.subscribePacket(4, ['a/#', '$share/g/a'], 1),
  codec.unsubscribePacket(5, ['a/#']),
  codec.pubackPacket(9),
  codec.pingPacket(),
  codec.disconnectPacket(),
];
const hello = codec.connectPacket({ clientId: 'lamp', clean: true, keepAliveSeconds: 60 });

/** Packets as they should be, with bytes changed, cut out and put in; and any bytes at all. */
const stream = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({
      list: fc.array(fc.constantFrom(hello, ...packets), { minLength: 1, maxLength: 6 }),
      edits: fc.array(fc.record({ at: fc.nat(), cut: fc.nat(2), by: fc.uint8Array({ maxLength: 2 }) }), {
        maxLength: 4,
      }),
    })
    .map(({ list, edits }) =>
      edits.reduce((bytes, { at, cut, by }) => {
        const place = at % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, place), by, bytes.subarray(place + cut)]);
      }, Buffer.concat(list)),
    ),
);

test('whatever bytes a device sends, before its CONNECT and after it, the others are served', {
  timeout: 60_000,
}, async () => {
  const bed = startBed();
  const [lamp, good] = [await bed.device('lamp'), await bed.device('good')];
  const steady = bed.broker.device({ certificateId: good.certificateId, clientId: 'good' });
  steady.subscribe('still/here');
  await bed.broker.settle();
  let connected = 0;
  await fc.assert(
    fc.asyncProperty(stream, fc.boolean(), fc.nat(20), async (bytes, isConnected, chunk) => {
      const pipe = bed.broker.connect({ certificateId: lamp.certificateId });
      pipe.resume();
      if (isConnected) pipe.write(hello);
      for (let at = 0; at < bytes.length; at += chunk + 1) pipe.write(bytes.subarray(at, at + chunk + 1));
      await bed.broker.settle();
      connected += bed.broker.connections().length - 1;
      const before = steady.received.length;
      steady.publish('still/here', 'yes');
      await bed.broker.settle();
      expect(steady.connected).toBe(true);
      expect(steady.received.length).toBe(before + 1);
      pipe.destroy();
      await bed.broker.settle();
      expect(bed.broker.connections().map((c) => c.clientId)).toEqual(['good']);
    }),
    { numRuns: 400 },
  );
  // Some of it was so nearly right that the connection went on.
  expect(connected).toBeGreaterThan(20);
  await bed.broker.close();
});

test('a device that sends its HTTPS request drop by drop, or none after its first one, is let go', {
  timeout: 20_000,
}, async () => {
  const bed = startBed();
  const served = await bed.broker.listen({ patience: { requestMs: 400 } });
  const lamp = await bed.device('lamp');
  const request = 'POST /topics/a?qos=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx';
  for (const [first, drop] of [
    ['POST /topics/a?qos=1 HTTP/1.1\r\nx', 'a'],
    ['POST /topics/a?qos=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n', 'a'],
    [request, ''],
  ] as const) {
    const ca = bed.sandbox.world.authority.certificatePem;
    const socket = tlsConnect({ port: served.port, host: 'localhost', ca, cert: lamp.cert, key: lamp.key });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.write(first);
    const drip = setInterval(() => drop && socket.write(drop), 50);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    clearInterval(drip);
    expect(answer.startsWith('HTTP/1.1 200')).toBe(first === request);
  }
  await bed.broker.close();
});
