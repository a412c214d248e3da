import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Behavior } from '@aws-sdk/client-iot';
import { afterEach, describe, expect, test } from 'vitest';
import { decodeCbor, encodeCbor } from '../../../operator/sandbox/mqtt/reserved/cbor.ts';
import { loadSnapshot, saveSnapshot } from '../../../operator/sandbox/snapshot.ts';
import { arn, type Bed, documentOf, listener, MINUTE, startBed } from './bed.ts';

let bed: Bed;

afterEach(async () => {
  await bed.broker.close();
  await bed.sandbox.close();
});

const WINDOW = 5 * MINUTE;
const ALERTS = 'arn:aws:sns:us-east-1:123456789012:alerts';

/** A profile of these behaviors on a group that the named devices are in. */
async function watch(behaviors: Behavior[], devices: readonly string[], more = {}): Promise<void> {
  await bed.iot.createThingGroup({ thingGroupName: 'line' });
  for (const thingName of devices) await bed.iot.addThingToThingGroup({ thingName, thingGroupName: 'line' });
  await bed.iot.createSecurityProfile({ securityProfileName: 'calm', behaviors, ...more });
  await bed.iot.attachSecurityProfile({
    securityProfileName: 'calm',
    securityProfileTargetArn: arn('thinggroup/line'),
  });
}

async function connect(name: string, document?: string) {
  const { certificateId } = await bed.device(name, document);
  const device = bed.broker.device({ certificateId, clientId: name });
  await bed.broker.settle();
  return device;
}

const active = async () =>
  ((await bed.iot.listActiveViolations({})).activeViolations ?? []).map((v) => ({
    thing: v.thingName,
    behavior: v.behavior?.name,
    value: v.lastViolationValue,
  }));

const events = async () => {
  const all = await bed.iot.listViolationEvents({ startTime: new Date(0), endTime: new Date(bed.clock.now()) });
  return (all.violationEvents ?? []).map((e) => e.violationEventType);
};

const least = (name: string, metric: string, count: number, more = {}): Behavior => ({
  name,
  metric,
  criteria: { comparisonOperator: 'less-than-equals', value: { count: count as never }, ...more },
});

describe('Detect watches what the broker sees', () => {
  test('messages of a window above the limit raise a violation when the window ends, and a quiet window clears it', async () => {
    bed = startBed();
    const press = await connect('press');
    await watch([least('few', 'aws:num-messages-sent', 2, { durationSeconds: 300 })], ['press'], {
      alertTargets: { SNS: { alertTargetArn: ALERTS, roleArn: 'arn:aws:iam::123456789012:role/r' } },
    });
    for (let i = 0; i < 3; i++) press.publish('t', 'x');
    await bed.pass(WINDOW - 1);
    expect(await active()).toEqual([]);
    await bed.pass(1);
    expect(await active()).toEqual([{ thing: 'press', behavior: 'few', value: { count: 3 } }]);
    await bed.pass(WINDOW);
    expect(await active()).toEqual([]);
    expect(await events()).toEqual(['in-alarm', 'alarm-cleared']);
    const values = await bed.iot.listMetricValues({
      thingName: 'press',
      metricName: 'aws:num-messages-sent',
      startTime: new Date(0),
      endTime: new Date(bed.clock.now()),
    });
    expect(values.metricDatumList?.map((d) => d.value?.count)).toEqual([3, 0]);
  });

  test('counts over the duration of the behavior, and alarms and clears after so many datapoints', async () => {
    bed = startBed();
    const press = await connect('press');
    const counts = { durationSeconds: 600, consecutiveDatapointsToAlarm: 2, consecutiveDatapointsToClear: 2 };
    await watch([least('few', 'aws:num-messages-sent', 3, counts)], ['press']);
    const send = async () => {
      press.publish('t', 'x');
      press.publish('t', 'x');
      await bed.pass(WINDOW);
    };
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) {
      await send();
      seen.push((await active()).length);
    }
    // Two messages in each five minutes are four in ten: the second time in a row it is an alarm.
    expect(seen).toEqual([0, 0, 0, 1]);
    for (let i = 0; i < 4; i++) {
      await bed.pass(WINDOW);
      seen.push((await active()).length);
    }
    expect(seen.slice(4)).toEqual([1, 1, 1, 0]);
  });

  test('sizes, refusals, attempts, ends of connections and addresses', async () => {
    bed = startBed();
    const narrow = documentOf(
      { Action: 'Connect', Resource: 'client/${iot:ClientId}' },
      { Action: 'Publish', Resource: 'topic/ok' },
    );
    await bed.device('press', narrow);
    await watch(
      [
        { ...least('size', 'aws:message-byte-size', 10) },
        least('refused', 'aws:num-authorization-failures', 0, { durationSeconds: 300 }),
        least('attempts', 'aws:num-connection-attempts', 1, { durationSeconds: 300 }),
        least('ends', 'aws:num-disconnects', 0, { durationSeconds: 300 }),
        {
          name: 'office',
          metric: 'aws:source-ip-address',
          criteria: { comparisonOperator: 'in-cidr-set', value: { cidrs: ['10.0.0.0/8'] } },
        },
      ],
      ['press'],
    );
    const { certificateId } = await certificateOf('press');
    const first = bed.broker.device({ certificateId, clientId: 'press', sourceIp: '192.0.2.7' });
    await bed.broker.settle();
    first.publish('ok', 'more than ten bytes');
    first.publish('not-ok', 'x');
    await bed.pass(2000);
    expect(first.connected).toBe(false);
    bed.broker.device({ certificateId, clientId: 'press', sourceIp: '10.1.2.3' });
    await bed.pass(WINDOW);
    expect((await active()).sort((a, b) => (a.behavior ?? '').localeCompare(b.behavior ?? ''))).toEqual([
      { thing: 'press', behavior: 'attempts', value: { count: 2 } },
      { thing: 'press', behavior: 'ends', value: { count: 1 } },
      { thing: 'press', behavior: 'office', value: { cidrs: ['192.0.2.7', '10.1.2.3'] } },
      { thing: 'press', behavior: 'refused', value: { count: 1 } },
      { thing: 'press', behavior: 'size', value: { count: 19 } },
    ]);
  });

  test('a dimension narrows a metric to its topics, with the client id filled in', async () => {
    bed = startBed();
    const press = await connect('press');
    const stringValues = ['plant/${iot:ClientId}/+'];
    await bed.iot.createDimension({ name: 'own', type: 'TOPIC_FILTER', stringValues, clientRequestToken: 't' });
    const metricDimension = (operator: 'IN' | 'NOT_IN') => ({ metricDimension: { dimensionName: 'own', operator } });
    await watch(
      [
        { ...least('own', 'aws:num-messages-sent', 0, { durationSeconds: 300 }), ...metricDimension('IN') },
        { ...least('foreign', 'aws:num-messages-sent', 1, { durationSeconds: 300 }), ...metricDimension('NOT_IN') },
      ],
      ['press'],
    );
    for (const machine of ['press', 'press', 'other']) press.publish(`plant/${machine}/heat`, 'x');
    await bed.pass(WINDOW);
    expect(await active()).toEqual([{ thing: 'press', behavior: 'own', value: { count: 2 } }]);
  });

  test('a device that stays away is told by the minutes since it was connected', async () => {
    bed = startBed();
    const press = await connect('press');
    await watch([least('away', 'aws:disconnect-duration', 9)], ['press']);
    await bed.pass(WINDOW);
    press.disconnect();
    await bed.pass(WINDOW);
    expect(await active()).toEqual([]);
    await bed.pass(WINDOW);
    expect(await active()).toEqual([{ thing: 'press', behavior: 'away', value: { count: 10 } }]);
  });

  test('a statistical threshold is a percentile of all devices of the profile', async () => {
    bed = startBed();
    const names = ['a', 'b', 'c', 'd'];
    const devices = [];
    for (const name of names) devices.push(await connect(name));
    await watch(
      [
        {
          name: 'usual',
          metric: 'aws:num-messages-sent',
          criteria: {
            comparisonOperator: 'less-than-equals',
            statisticalThreshold: { statistic: 'p50' },
            durationSeconds: 300,
          },
        },
      ],
      names,
    );
    for (const [i, device] of devices.entries()) for (let n = 0; n <= i; n++) device.publish('t', 'x');
    await bed.pass(WINDOW);
    expect((await active()).map((v) => v.thing)).toEqual(['c', 'd']);
  });

  test('an alarm is invalidated when the device is silent for an hour, or is not watched any more', async () => {
    bed = startBed();
    const [press, mill] = [await connect('press'), await connect('mill')];
    await watch([least('few', 'aws:num-messages-sent', 0, { durationSeconds: 300 })], ['press', 'mill']);
    press.publish('t', 'x');
    mill.publish('t', 'x');
    press.disconnect();
    await bed.pass(WINDOW);
    expect(await active()).toHaveLength(2);
    await bed.iot.removeThingFromThingGroup({ thingName: 'mill', thingGroupName: 'line' });
    await bed.pass(WINDOW);
    expect((await active()).map((v) => v.thing)).toEqual(['press']);
    for (let i = 0; i < 12; i++) await bed.pass(WINDOW);
    expect(await active()).toEqual([]);
    expect((await events()).sort()).toEqual(['alarm-invalidated', 'alarm-invalidated', 'in-alarm', 'in-alarm']);
  });

  test('suppressed behaviors are listed, and nobody is told; a device without a thing is watched under its client id', async () => {
    bed = startBed();
    const behavior = { ...least('few', 'aws:num-messages-sent', 0, { durationSeconds: 300 }) };
    await bed.iot.createSecurityProfile({
      securityProfileName: 's',
      behaviors: [
        { ...behavior, name: 'quiet', suppressAlerts: true },
        { ...behavior, name: 'loud' },
      ],
      alertTargets: { SNS: { alertTargetArn: ALERTS, roleArn: 'arn:aws:iam::123456789012:role/r' } },
    });
    const target = arn('all/unregistered-things');
    await bed.iot.attachSecurityProfile({ securityProfileName: 's', securityProfileTargetArn: target });
    const { QueueUrl = '' } = await bed.sqs.createQueue({ QueueName: 'q' });
    const { certificateId } = await bed.device('press');
    const stranger = bed.broker.device({ certificateId, clientId: 'stranger' });
    const own = bed.broker.device({ certificateId, clientId: 'press' });
    await bed.broker.settle();
    stranger.publish('t', 'x');
    own.publish('t', 'x');
    await bed.pass(WINDOW);
    expect((await active()).map((v) => `${v.thing} ${v.behavior}`)).toEqual(['stranger quiet', 'stranger loud']);
    const { Messages = [] } = await bed.sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    const alerts = Messages.map((m) => JSON.parse(m.Body ?? '{}')).filter((m) => m.TopicArn === ALERTS);
    expect(alerts.map((m) => JSON.parse(m.Message))).toMatchObject([
      {
        violationEventType: 'in-alarm',
        thingName: 'stranger',
        securityProfileName: 's',
        behavior: { name: 'loud' },
        metricValue: { count: 1 },
      },
    ]);
  });

  test('what was collected, and an alarm that is open, survive a snapshot', async () => {
    bed = startBed();
    const press = await connect('press');
    await watch([least('few', 'aws:num-messages-sent', 0, { durationSeconds: 300 })], ['press']);
    press.publish('t', 'x');
    await bed.pass(WINDOW);
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    const file = join(folder, 'state');
    await saveSnapshot(bed.sandbox, file);
    const before = await active();
    await bed.broker.close();
    await bed.sandbox.close();
    bed = startBed();
    await loadSnapshot(bed.sandbox, file);
    await rm(folder, { recursive: true });
    expect(await active()).toEqual(before);
    const { certificateId } = await certificateOf('press');
    bed.broker.device({ certificateId, clientId: 'press' });
    await bed.pass(WINDOW);
    await bed.pass(WINDOW);
    expect(await active()).toEqual([]);
    expect(await events()).toEqual(['in-alarm', 'alarm-cleared']);
  });
});

async function certificateOf(thingName: string) {
  const { principals = [] } = await bed.iot.listThingPrincipals({ thingName });
  return { certificateId: principals[0]?.split('/').at(-1) ?? '' };
}

const REPORT = {
  header: { report_id: 7, version: '1.0' },
  metrics: {
    listening_tcp_ports: { ports: [{ interface: 'eth0', port: 22 }, { port: 8883 }], total: 2 },
    network_stats: { bytes_in: 100, bytes_out: 5000, packets_in: 3, packets_out: 9 },
    tcp_connections: {
      established_connections: { connections: [{ remote_addr: '203.0.113.9:8883' }], total: 1 },
    },
  },
  custom_metrics: { heat: [{ number: 91 }], modes: [{ string_list: ['run', 'service'] }] },
};
/** The same with short names. */
const SHORT = {
  hed: { rid: 7, v: '1.0' },
  met: {
    tp: { pts: [{ if: 'eth0', pt: 22 }, { pt: 8883 }], t: 2 },
    ns: { bi: 100, bo: 5000, pi: 3, po: 9 },
    tc: { ec: { cs: [{ rad: '203.0.113.9:8883' }], t: 1 } },
  },
  cmet: REPORT.custom_metrics,
};

describe('Detect watches what devices report', () => {
  const NOT_NORMAL: Behavior[] = [
    least('bytes', 'aws:all-bytes-out', 4096, { durationSeconds: 300 }),
    {
      name: 'ports',
      metric: 'aws:listening-tcp-ports',
      criteria: { comparisonOperator: 'in-port-set', value: { ports: [22] } },
    },
    {
      name: 'peers',
      metric: 'aws:destination-ip-addresses',
      criteria: { comparisonOperator: 'in-cidr-set', value: { cidrs: ['198.51.100.0/24'] } },
    },
    { name: 'heat', metric: 'heat', criteria: { comparisonOperator: 'less-than', value: { number: 90 } } },
    { name: 'modes', metric: 'modes', criteria: { comparisonOperator: 'in-set', value: { strings: ['run'] } } },
    least('normal', 'aws:num-established-tcp-connections', 1),
  ];

  async function start() {
    bed = startBed();
    const press = await connect('press');
    const number = { metricType: 'number' as const, clientRequestToken: 't' };
    await bed.iot.createCustomMetric({ metricName: 'heat', ...number });
    const list = { metricType: 'string-list' as const, clientRequestToken: 't' };
    await bed.iot.createCustomMetric({ metricName: 'modes', ...list });
    await watch(NOT_NORMAL, ['press']);
    const base = '$aws/things/press/defender/metrics/';
    press.subscribe([`${base}+/accepted`, `${base}+/rejected`]);
    await bed.broker.settle();
    const send = async (format: string, payload: string | Buffer) => {
      press.publish(base + format, payload);
      await bed.broker.settle();
      const [answer] = press.received.splice(0);
      const body = format === 'cbor' ? decodeCbor(answer?.payload as Buffer) : JSON.parse(String(answer?.payload));
      return { topic: answer?.topic.slice(base.length), body };
    };
    return { press, send };
  }

  test.each([
    { format: 'json', payload: JSON.stringify(REPORT), reason: 'long names' },
    { format: 'json', payload: JSON.stringify(SHORT), reason: 'short names' },
    { format: 'cbor', payload: encodeCbor(REPORT), reason: 'CBOR' },
  ])(
    'a report in $format ($reason) is accepted, and its metrics are judged when the window ends',
    async ({ format, payload }) => {
      const { send } = await start();
      const answer = await send(format, payload);
      expect(answer).toMatchObject({
        topic: `${format}/accepted`,
        body: { thingName: 'press', reportId: 7, status: 'ACCEPTED' },
      });
      await bed.pass(WINDOW);
      expect(await active()).toEqual([
        { thing: 'press', behavior: 'bytes', value: { count: 5000 } },
        { thing: 'press', behavior: 'ports', value: { ports: [22, 8883] } },
        { thing: 'press', behavior: 'peers', value: { cidrs: ['203.0.113.9'] } },
        { thing: 'press', behavior: 'heat', value: { number: 91 } },
        { thing: 'press', behavior: 'modes', value: { strings: ['run', 'service'] } },
      ]);
      const thirty = { startTime: new Date(0), endTime: new Date(bed.clock.now()) };
      const heat = await bed.iot.listMetricValues({ thingName: 'press', metricName: 'heat', ...thirty });
      expect(heat.metricDatumList?.map((d) => d.value)).toEqual([{ number: 91 }]);
    },
  );

  test.each([
    { format: 'json', payload: '{', code: 'InvalidPayload', reason: 'no JSON' },
    { format: 'cbor', payload: 'x', code: 'InvalidPayload', reason: 'no CBOR' },
    {
      format: 'json',
      payload: JSON.stringify({ ...REPORT, header: {} }),
      code: 'InvalidPayload',
      reason: 'no report id',
    },
    {
      format: 'json',
      payload: JSON.stringify({ ...REPORT, metrics: { network_stats: { bytes_in: -1 } } }),
      code: 'InvalidPayload',
      reason: 'a negative count',
    },
    {
      format: 'json',
      payload: JSON.stringify({ ...REPORT, custom_metrics: { heat: 91 } }),
      code: 'InvalidPayload',
      reason: 'a custom metric that is no list',
    },
  ])('a report with $reason is rejected as $code', async ({ format, payload, code }) => {
    const { send } = await start();
    expect(await send(format, payload)).toMatchObject({
      topic: `${format}/rejected`,
      body: { status: 'REJECTED', statusDetails: { ErrorCode: code } },
    });
  });

  test('a device reports every five minutes at most', async () => {
    const { send } = await start();
    await send('json', JSON.stringify(REPORT));
    await bed.pass(WINDOW - 1);
    expect((await send('json', JSON.stringify(REPORT))).body.statusDetails.ErrorCode).toBe('Throttled');
    await bed.pass(1);
    expect((await send('json', JSON.stringify(REPORT))).topic).toBe('json/accepted');
  });
});

test('exported metrics are published on the topic of their profile', async () => {
  bed = startBed();
  const ear = await listener(bed, ['metrics/out']);
  const press = await connect('press');
  const metricsExportConfig = { mqttTopic: 'metrics/out', roleArn: 'arn:aws:iam::123456789012:role/r' };
  await watch(
    [
      { ...least('few', 'aws:num-messages-sent', 9, { durationSeconds: 300 }), exportMetric: true },
      least('own', 'aws:num-disconnects', 9, { durationSeconds: 300 }),
    ],
    ['press'],
    { metricsExportConfig },
  );
  press.publish('t', 'x');
  await bed.pass(WINDOW);
  expect(ear.heard()).toEqual([
    {
      topic: 'metrics/out',
      body: {
        version: '1.0',
        metrics: [
          {
            name: 'aws:num-messages-sent',
            thing: 'press',
            value: { count: 1 },
            version: 1,
            timestamp: bed.clock.now(),
          },
        ],
      },
    },
  ]);
});

test('datapoints are kept for fourteen days', async () => {
  bed = startBed();
  const press = await connect('press');
  await watch([least('few', 'aws:num-messages-sent', 2, { durationSeconds: 300 })], ['press']);
  press.publish('t', 'x');
  await bed.pass(WINDOW);
  const first = bed.clock.now();
  const values = async () => {
    const window = { startTime: new Date(0), endTime: new Date(first) };
    const metric = { thingName: 'press', metricName: 'aws:num-messages-sent' };
    return (await bed.iot.listMetricValues({ ...metric, ...window })).metricDatumList?.map((d) => d.value?.count);
  };
  await bed.pass(14 * 24 * 60 * MINUTE);
  expect(await values()).toEqual([1]);
  await bed.pass(1);
  expect(await values()).toEqual([]);
});

test('ML Detect stays in training: no alarm, and the share of the datapoints that a model needs', async () => {
  bed = startBed();
  const press = await connect('press');
  const criteria = { mlDetectionConfig: { confidenceLevel: 'HIGH' as const } };
  await watch([{ name: 'learned', metric: 'aws:num-messages-sent', criteria }], ['press']);
  press.publish('t', 'x');
  await bed.pass(WINDOW);
  expect(await active()).toEqual([]);
  const { summaries } = await bed.iot.getBehaviorModelTrainingSummaries({});
  expect(summaries).toMatchObject([
    { securityProfileName: 'calm', behaviorName: 'learned', modelStatus: 'PENDING_BUILD' },
  ]);
  expect(summaries?.[0]?.datapointsCollectionPercentage).toBeCloseTo(100 / 25_000);
});
