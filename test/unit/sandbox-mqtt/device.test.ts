import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { parseBehaviours } from '../../../operator/sandbox/devices/behaviour.ts';
import type { SimulatedThing } from '../../../operator/sandbox/devices/device.ts';
import { startFleet } from '../../../operator/sandbox/devices/fleet.ts';
import type { LinkEvents, LinkRequest, OpenLink } from '../../../operator/sandbox/devices/link.ts';

const DAY = 86_400_000;
let clock: VirtualClock;
let log: string[];
let events: LinkEvents | undefined;
let requests: LinkRequest[];

/** A broker that lets everybody in. */
const open: OpenLink = (request, given) => {
  requests.push(request);
  events = given;
  queueMicrotask(() => given.connected());
  return {
    subscribe: (filters) => log.push(`subscribe ${filters.join(' ')}`),
    publish: (topic, payload) => log.push(`publish ${topic} ${payload}`),
    close(politely) {
      log.push(politely ? 'goodbye' : 'cut');
      queueMicrotask(() => given.closed());
    },
  };
};

function start(yaml: string, things: readonly SimulatedThing[] = [{ name: 'lamp', attributes: { site: 'north' } }]) {
  return startFleet(parseBehaviours(yaml), things, { clock, open });
}

beforeEach(() => {
  clock = new VirtualClock(Date.UTC(2026, 0, 1));
  log = [];
  requests = [];
});

describe('a simulated device', () => {
  test('fills names in, publishes on time and says goodbye', async () => {
    const fleet = start(`devices:
  - things: "*"
    connectAt: 1s
    publish: [{ topic: "dt/{attr.site}/{thing}/{attr.none}", payload: "{n}", at: 1s, every: 10s }]`);
    await clock.advance(1999);
    expect(log).toEqual([]);
    await clock.advance(10_001);
    fleet.stop();
    expect(log).toEqual(['publish dt/north/lamp/{attr.none} 1', 'publish dt/north/lamp/{attr.none} 2', 'goodbye']);
  });

  test('is away for a week and comes back by itself', async () => {
    start('devices: [{ things: lamp, cleanSession: false, offline: [{ at: 1h, for: 7d }] }]');
    await clock.advance(DAY);
    expect([requests.length, log]).toEqual([1, ['cut']]);
    await clock.advance(6 * DAY);
    expect(requests).toHaveLength(1);
    await clock.advance(DAY);
    expect(requests.map((r) => r.cleanSession)).toEqual([false, false]);
  });

  test('waits longer after each connection that fails', async () => {
    const refusing: OpenLink = (request, given) => {
      requests.push(request);
      queueMicrotask(() => given.closed());
      return { subscribe() {}, publish() {}, close() {} };
    };
    startFleet(parseBehaviours('devices: [{ things: lamp }]'), [{ name: 'lamp', attributes: {} }], {
      clock,
      open: refusing,
    });
    await clock.advance(5_000 + 10_000 + 20_000 + 1);
    expect(requests).toHaveLength(4);
  });

  test('reports what its shadow desires and ends the job it is told of', async () => {
    start('devices: [{ things: lamp, shadow: report, jobs: fail }]');
    await clock.advance(1);
    expect(log).toEqual([
      'subscribe $aws/things/lamp/shadow/update/delta $aws/things/lamp/jobs/notify-next',
      'publish $aws/things/lamp/jobs/$next/get {}',
    ]);
    log = [];
    events?.message('$aws/things/lamp/shadow/update/delta', Buffer.from('{"state":{"on":true}}'));
    events?.message('$aws/things/lamp/shadow/update/delta', Buffer.from('no json'));
    events?.message('$aws/things/lamp/jobs/notify-next', Buffer.from('{"execution":{"jobId":"j1"}}'));
    events?.message('$aws/things/lamp/jobs/$next/get/accepted', Buffer.from('{"execution":{"jobId":"j2"}}'));
    events?.message('$aws/things/lamp/jobs/$next/get/accepted', Buffer.from('{"timestamp":1}'));
    expect(log).toEqual([
      'publish $aws/things/lamp/shadow/update {"state":{"reported":{"on":true}}}',
      'publish $aws/things/lamp/jobs/j1/update {"status":"FAILED"}',
      'publish $aws/things/lamp/jobs/j2/update {"status":"FAILED"}',
    ]);
  });

  test('only things whose name fits live, one after the other', async () => {
    const things = ['a-1', 'a-2', 'b-1'].map((name) => ({ name, attributes: {} }));
    expect(start('devices: [{ things: "a-*", stagger: 1m }]', things).size).toBe(2);
    await clock.advance(59_999);
    expect(requests.map((r) => r.clientId)).toEqual(['a-1']);
    await clock.advance(1);
    expect(requests.map((r) => r.clientId)).toEqual(['a-1', 'a-2']);
  });
});
