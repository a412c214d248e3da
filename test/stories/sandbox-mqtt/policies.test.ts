import { afterEach, describe, expect, test } from 'vitest';
import { type Bed, documentOf, listener, MINUTE, startBed } from './bed.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

const CONNECT = { Action: 'Connect', Resource: 'client/*' };

describe('policies of a connected device', () => {
  test('a tightened policy stops a publish exactly when the cache turns over, and not a moment before', async () => {
    bed = startBed({ delays: 'realistic' }, { propagation: { mode: 'fixed', delay: [6 * MINUTE, 8 * MINUTE] } });
    await bed.logEverything();
    const { certificateId } = await bed.device('lamp', documentOf(CONNECT, { Action: 'Publish', Resource: 'topic/t' }));
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
    lamp.publish('t', 'before');
    await bed.broker.settle();
    expect(lamp.connected).toBe(true);

    await bed.edit('lamp', documentOf(CONNECT, { Action: 'Publish', Resource: 'topic/other' }));
    await bed.pass(8 * MINUTE - 1);
    const last = lamp.publish('t', 'still allowed');
    await bed.broker.settle();
    expect(lamp.acknowledged.has(last)).toBe(true);

    await bed.pass(1);
    const late = lamp.publish('t', 'too late');
    await bed.broker.settle();
    expect(lamp.acknowledged.has(late)).toBe(false);
    expect(lamp.closed).toBe(true);
    expect(bed.logged('Publish-In').map((e) => [e.status, e.topicName, e.reason])).toEqual([
      ['Success', 't', undefined],
      ['Success', 't', undefined],
      ['Failure', 't', 'AUTHORIZATION_FAILURE'],
    ]);
    expect(bed.logged('Disconnect').map((e) => e.disconnectReason)).toEqual(['AUTH_ERROR']);
  });

  test('a denied CONNECT gets no CONNACK and a connect_failed event', async () => {
    bed = startBed();
    await bed.logEverything();
    const ear = await listener(bed, ['$aws/events/#']);
    const { certificateId } = await bed.device('lamp', documentOf({ Action: 'Connect', Resource: 'client/lamp' }));
    const lamp = bed.broker.device({ certificateId, clientId: 'other' });
    await bed.broker.settle();
    expect([lamp.connack, lamp.closed]).toEqual([undefined, true]);
    expect(ear.heard().filter((e) => e.topic.includes('connect_failed'))).toMatchObject([
      {
        topic: '$aws/events/presence/connect_failed/other',
        body: { clientId: 'other', connectFailureReason: 'AUTHORIZATION_FAILED', principalIdentifier: certificateId },
      },
    ]);
  });
});
