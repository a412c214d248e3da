import { expect, test } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { parseBehaviours } from '../../../operator/sandbox/devices/behaviour.ts';
import { startFleet } from '../../../operator/sandbox/devices/fleet.ts';
import { mqttLinks } from '../../../operator/sandbox/devices/mqtt-link.ts';
import { arn, documentOf, startBed } from './bed.ts';

test('simulated devices connect with stand-in keys as the certificates that are registered, and answer shadows and jobs', async () => {
  const bed = startBed();
  const served = await bed.broker.listen();
  const lamp = await bed.device('lamp');
  await bed.device('pump', documentOf({ Action: 'Connect', Resource: 'client/other' }));
  const standIn = async (thing: string) => {
    const issued = bed.broker.port.standIn(bed.sandbox.scope(), thing);
    if (!issued) throw new Error(`no certificate for ${thing}`);
    const { certificatePem, keyPem } = issued;
    const authorityPem = bed.sandbox.world.authority.certificatePem;
    return { certificatePem, keyPem, authorityPem, mqttEndpoint: `${served.host}:${served.port}` };
  };
  const ready = Promise.withResolvers<void>();
  const reported = Promise.withResolvers<void>();
  const refused: string[] = [];
  const clock = new VirtualClock();
  const things = ['lamp', 'pump', 'missing'].map((name) => ({ name, attributes: {} }));
  const fleet = startFleet(parseBehaviours('devices: [{ things: "*", shadow: report, jobs: succeed }]'), things, {
    clock,
    open: (request, events) =>
      mqttLinks(standIn)(request, {
        ...events,
        closed() {
          refused.push(request.thing);
          events.closed();
        },
      }),
    tell: (event) => {
      if (event.kind === 'connected') ready.resolve();
      if (event.kind === 'published' && event.topic.endsWith('shadow/update')) reported.resolve();
    },
  });
  await clock.advance(1);
  await ready.promise;
  expect(bed.broker.connections()).toMatchObject([{ clientId: 'lamp', certificateId: lamp.certificateId }]);
  // The device subscribes right after its CONNACK; until then nobody would hear the delta.
  while (bed.broker.port.subscriptions(bed.sandbox.scope(), 'lamp').length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await bed.data.updateThingShadow({ thingName: 'lamp', payload: Buffer.from('{"state":{"desired":{"on":true}}}') });
  await reported.promise;
  const shadow = async () =>
    JSON.parse(Buffer.from((await bed.data.getThingShadow({ thingName: 'lamp' })).payload ?? []).toString());
  while (!('reported' in (await shadow()).state)) await new Promise((resolve) => setImmediate(resolve));
  expect((await shadow()).state).toEqual({ desired: { on: true }, reported: { on: true } });
  const targets = [arn('thing/lamp')];
  await bed.iot.createJob({ jobId: 'patch', targets, document: '{}' });
  while ((await bed.iot.describeJob({ jobId: 'patch' })).job?.status !== 'COMPLETED') {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(refused.toSorted()).toEqual(['missing', 'pump']);
  fleet.stop();
  await bed.broker.close();
});
