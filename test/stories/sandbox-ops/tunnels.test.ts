import { afterEach, describe, expect, it } from 'vitest';
import { type Bed, documentOf, MINUTE, startBed } from '../sandbox-mqtt/bed.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

/** The npm client of this service carries no schemas; a call is what it would send. */
async function tunneling(operation: string, input: object) {
  const { status, body } = await bed.sandbox.handle({
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `IoTSecuredTunneling.${operation}` },
    body: Buffer.from(JSON.stringify(input)),
    remoteAddress: '127.0.0.1',
  });
  return { status, ...JSON.parse(String(body)) };
}

const TOPIC = '$aws/things/lamp/tunnels/notify';

async function start() {
  bed = startBed();
  const policy = documentOf(
    { Action: 'Connect', Resource: 'client/lamp' },
    { Action: 'Subscribe', Resource: `topicfilter/${TOPIC}` },
    { Action: 'Receive', Resource: `topic/${TOPIC}` },
  );
  const { certificateId } = await bed.device('lamp', policy);
  const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
  lamp.subscribe(TOPIC);
  await bed.broker.settle();
  return { told: () => lamp.received.splice(0).map(({ payload }) => JSON.parse(payload.toString())) };
}

describe('tunnels', () => {
  it('give their destination token to the device by MQTT, and a new one when it is rotated', async () => {
    const { told } = await start();
    const opened = await tunneling('OpenTunnel', { destinationConfig: { thingName: 'lamp', services: ['SSH'] } });
    await bed.broker.settle();
    expect(told()).toEqual([
      {
        clientAccessToken: opened.destinationAccessToken,
        clientMode: 'destination',
        region: 'us-east-1',
        services: ['SSH'],
      },
    ]);
    const { tunnelId } = opened;
    const source = await tunneling('RotateTunnelAccessToken', { tunnelId, clientMode: 'SOURCE' });
    expect(Object.keys(source).sort()).toEqual(['sourceAccessToken', 'status', 'tunnelArn']);
    const all = await tunneling('RotateTunnelAccessToken', { tunnelId, clientMode: 'ALL' });
    await bed.broker.settle();
    expect(told()).toMatchObject([{ clientAccessToken: all.destinationAccessToken }]);
    expect(all.destinationAccessToken).not.toBe(opened.destinationAccessToken);
  });

  it('end with their lifetime, never open again, and are forgotten three hours later', async () => {
    await start();
    const config = { timeoutConfig: { maxLifetimeTimeoutMinutes: 60 }, tags: [{ key: 'a', value: '1' }] };
    const { tunnelId, tunnelArn } = await tunneling('OpenTunnel', config);
    await tunneling('TagResource', { resourceArn: tunnelArn, tags: [{ key: 'b', value: '2' }] });
    await tunneling('UntagResource', { resourceArn: tunnelArn, tagKeys: ['a'] });
    expect(await tunneling('ListTagsForResource', { resourceArn: tunnelArn })).toMatchObject({
      tags: [{ key: 'b', value: '2' }],
    });
    await bed.pass(60 * MINUTE - 1);
    expect((await tunneling('DescribeTunnel', { tunnelId })).tunnel.status).toBe('OPEN');
    await bed.pass(1);
    expect((await tunneling('DescribeTunnel', { tunnelId })).tunnel.status).toBe('CLOSED');
    expect(await tunneling('RotateTunnelAccessToken', { tunnelId, clientMode: 'ALL' })).toMatchObject({ status: 400 });
    await bed.pass(180 * MINUTE);
    expect(await tunneling('DescribeTunnel', { tunnelId })).toMatchObject({ __type: 'ResourceNotFoundException' });
  });

  it('are listed by thing, closed, and deleted when that is asked for', async () => {
    await start();
    const { tunnelId } = await tunneling('OpenTunnel', { destinationConfig: { thingName: 'lamp', services: ['SSH'] } });
    await tunneling('OpenTunnel', {});
    const listed = async (input = {}) => (await tunneling('ListTunnels', input)).tunnelSummaries;
    expect(await listed()).toHaveLength(2);
    expect(await listed({ thingName: 'lamp' })).toMatchObject([{ tunnelId, status: 'OPEN' }]);
    await tunneling('CloseTunnel', { tunnelId });
    expect(await listed({ thingName: 'lamp' })).toMatchObject([{ tunnelId, status: 'CLOSED' }]);
    await tunneling('CloseTunnel', { tunnelId, delete: true });
    expect(await listed({ thingName: 'lamp' })).toEqual([]);
  });

  it.each([
    { input: { timeoutConfig: { maxLifetimeTimeoutMinutes: 721 } }, at: 'maxLifetimeTimeoutMinutes' },
    { input: { destinationConfig: { services: [] } }, at: 'services' },
    { input: { destinationConfig: { thingName: 'a b', services: ['SSH'] } }, at: 'thingName' },
  ])('are refused with $at as the model forbids it', async ({ input, at }) => {
    await start();
    const answer = await tunneling('OpenTunnel', input);
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining(at) });
  });
});
