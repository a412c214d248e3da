import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../operator/rollout/checks.ts';
import {
  ACCOUNT_KEY,
  annotate,
  grants,
  hear,
  NARROW,
  type RolloutFleet,
  refuse,
  rolloutFleet,
  STRATEGY,
} from './support.ts';

const PROTECT = { ...STRATEGY, usedActions: 'Protect' };
const record = async (fleet: RolloutFleet, name: string) =>
  (
    (await fleet.get('Device', name)) as {
      status?: { rollout?: { state?: string; why?: string; verdict?: string; preflight?: string; blocked?: string[] } };
    }
  ).status?.rollout ?? {};
const state =
  (fleet: RolloutFleet, name: string, ...states: readonly string[]) =>
  async () =>
    states.includes((await record(fleet, name)).state ?? '-');
const failed = (fleet: RolloutFleet, clientId: string, more: object = {}) =>
  fleet.signals.record(ACCOUNT_KEY, {
    kind: 'connectFailed',
    at: fleet.clock.now(),
    clientId,
    reason: 'AUTHORIZATION_FAILED',
    ...more,
  });

describe('R12: the lifeline cannot be overridden', () => {
  test('neither promote-full nor approve, retry, promote, resume or a new try of the same moves anybody', async () => {
    await using fleet = await rolloutFleet(1);
    const { Statement } = grants('telemetry/*') as { Statement: readonly unknown[] };
    await fleet.change({ Version: '2012-10-17', Statement: Statement.slice(1) });
    await fleet.live(3);
    const { metadata, spec } = await fleet.rollout();
    for (const verb of ['promote-full', 'approve', 'retry', 'promote', 'resume']) {
      await annotate(fleet, 'PolicyRollout', metadata.name, {
        [`rollout.fleetward.dev/${verb}`]: `t-${verb}@${spec.revision} by kim`,
      });
      await fleet.live(15);
      expect((await fleet.rollout()).status, verb).toMatchObject({ phase: 'Pending', reason: 'LifelineViolation' });
      expect(await fleet.attached('press-1'), verb).toEqual(['base']);
    }
  }, 60_000);

  test('the statement that AWS recommends for connecting meets it', async () => {
    await using fleet = await rolloutFleet(1);
    const document = NARROW as { Statement: readonly object[] };
    const [connect, ...rest] = document.Statement;
    const Condition = { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } };
    await fleet.change({ ...document, Statement: [{ ...connect, Condition }, ...rest] });
    await fleet.live(3);
    expect((await fleet.rollout()).status?.reason).not.toBe('LifelineViolation');
  }, 60_000);
});

describe('R13: the look before something is taken', () => {
  test('an asset that would lose what it lately did keeps it, says why, and holds nobody else up', async () => {
    await using fleet = await rolloutFleet(2);
    hear(fleet, 'press-1', 'debug/press-1');
    await fleet.change(NARROW, { ...PROTECT, waves: [{ count: 2, bake: '1m' }] });
    await fleet.live(60, { until: state(fleet, 'press-2', 'Succeeded') });
    expect(await fleet.records()).toEqual({ 'press-1': 'Deferred', 'press-2': 'Succeeded' });
    expect((await record(fleet, 'press-1')).why).toMatch(
      /it would lose what it did in the last 14 days: iot:Publish on .*debug\/press-1/,
    );
    expect(await fleet.attached('press-1')).toContain('base');
  }, 60_000);

  const allow = '{"authDecision":"ALLOWED"}';
  const deny = '{"authDecision":"EXPLICIT_DENY"}';
  const answered = (...results: readonly string[]) =>
    ({
      kind: 'content-type',
      type: 'application/json',
      status: 200,
      body: `{"authResults":[${results.join()}]}`,
    }) as const;

  test('only a contradiction by AWS on what it could decide stops', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    // The control call is answered truly; what is asked about the candidate is denied.
    fleet.sandbox.faults.add({ operation: 'TestAuthorization', effect: answered(deny, deny, deny), skip: 1, count: 1 });
    await fleet.live(20, { until: state(fleet, 'press-1', 'Deferred', 'Contracting') });
    expect(await record(fleet, 'press-1')).toMatchObject({
      state: 'Deferred',
      why: expect.stringMatching(/^AWS denies iot:\w+ on .* which our own evaluation permits/),
    });
    expect(await fleet.attached('press-1')).toContain('base');
    // However often it is looked at within the minute, AWS is not asked again.
    for (let i = 0; i < 3; i += 1) {
      hear(fleet, 'press-1');
      await fleet.advance(2_000);
    }
    expect(fleet.sandbox.ledger.count({ operation: 'TestAuthorization' })).toBe(2);
    // Once both agree it goes on by itself.
    await fleet.live(60, { until: state(fleet, 'press-1', 'Succeeded') });
    expect((await record(fleet, 'press-1')).preflight).toMatch(/^AWS agrees/);
  }, 60_000);

  test('where AWS denies what the device was seen to do it is not believed, and the evidence says so', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    fleet.sandbox.faults.add({ operation: 'TestAuthorization', effect: answered(allow, deny) });
    await fleet.live(60, { until: state(fleet, 'press-1', 'Succeeded') });
    expect(await record(fleet, 'press-1')).toMatchObject({
      state: 'Succeeded',
      preflight: expect.stringMatching(/^AWS cannot tell: it denies iot:Publish .* seen to be allowed$/),
    });
  }, 60_000);

  test('not being allowed to ask is no contradiction either', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    fleet.sandbox.faults.add({
      operation: 'TestAuthorization',
      effect: { kind: 'error', name: 'UnauthorizedException', status: 401 },
    });
    await fleet.live(60, { until: state(fleet, 'press-1', 'Succeeded') });
    expect((await record(fleet, 'press-1')).preflight).toMatch(/^AWS cannot tell: .*iot:TestAuthorization/);
  }, 60_000);

  test('it costs two calls for an asset, however often it is looked at', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(60, { until: state(fleet, 'press-1', 'Succeeded') });
    expect(fleet.sandbox.ledger.count({ operation: 'TestAuthorization' })).toBe(2);
  }, 60_000);
});

describe('R10: under which client ids', () => {
  test('a certificate seen with an undeclared one is not contracted, and the reason names it', async () => {
    await using fleet = await rolloutFleet(1);
    const { status } = (await fleet.get('Device', 'press-1')) as {
      status?: { certificates?: { certificateId?: string }[] };
    };
    const principal = status?.certificates?.[0]?.certificateId;
    fleet.signals.record(ACCOUNT_KEY, { kind: 'connected', at: fleet.clock.now(), clientId: 'laptop', principal });
    await fleet.change(NARROW);
    await fleet.live(20);
    expect(await record(fleet, 'press-1')).toMatchObject({
      state: 'Deferred',
      why: expect.stringMatching(/used under the client id laptop, which is not declared/),
    });
    expect(await fleet.attached('press-1')).toContain('base');
  }, 60_000);
});

describe('what an asset is compared with', () => {
  test('an outage of the site fails nobody: the untouched are refused as well', async () => {
    await using fleet = await rolloutFleet(5);
    await fleet.change(NARROW);
    await fleet.live(40, { until: state(fleet, 'press-1', 'Observing') });
    await fleet.live(9);
    for (const name of fleet.names) failed(fleet, name);
    await fleet.live(3);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Observing' });
    // The same of the asset alone is a failure.
    await using alone = await rolloutFleet(5);
    await alone.change(NARROW);
    await alone.live(40, { until: state(alone, 'press-1', 'Observing') });
    await alone.live(9);
    failed(alone, 'press-1');
    await alone.live(1);
    expect(await alone.records()).toMatchObject({ 'press-1': 'RollingBack' });
    expect((await record(alone, 'press-1')).verdict).toBe('ConnectFailures');
  }, 120_000);

  test('with too few around it, its own history is the control', async () => {
    await using fleet = await rolloutFleet(1);
    failed(fleet, 'press-1');
    await fleet.live(1);
    await fleet.change(NARROW);
    await fleet.live(40, { until: state(fleet, 'press-1', 'Observing') });
    await fleet.live(9);
    failed(fleet, 'press-1');
    await fleet.live(2);
    expect(await fleet.records()).toEqual({ 'press-1': 'Observing' });
  }, 60_000);
});

describe('R17: one device cannot revert the fleet', () => {
  test('a connect storm of many moved devices brings all back; one device that reconnects like mad does not', async () => {
    await using fleet = await rolloutFleet(8);
    const strategy = { ...STRATEGY, waves: [{ count: 4, bake: '1h' }], maxInFlight: 4, failureThreshold: 1 };
    await fleet.change(NARROW, strategy);
    const storming = async (names: readonly string[]) => {
      for (let i = 0; i < 60; i += 1) {
        await fleet.clock.advance(3_000);
        for (const clientId of names)
          fleet.signals.record(ACCOUNT_KEY, { kind: 'connected', at: fleet.clock.now(), clientId });
      }
      await fleet.live(2);
    };
    const moved = fleet.names.slice(0, 4);
    await fleet.live(60, { until: state(fleet, 'press-4', 'Succeeded') });
    await storming(['press-1']);
    expect((await fleet.rollout()).status?.phase).toBe('Baking');
    const brakes = fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' });
    await storming(moved);
    const { status } = await fleet.rollout();
    expect(status?.phase).toMatch(/^Abort/);
    expect(fleet.events.map(({ message }) => message).join('\n')).toMatch(
      /devices reconnect in a storm: one call per policy/,
    );
    expect(fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' })).toBe(brakes + 1);
  }, 120_000);

  test('a tightening at work is told at the device, once', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(24);
    for (let i = 0; i < 3; i += 1) {
      refuse(fleet, 'press-1', 'debug/press-1');
      await fleet.live(1);
    }
    await fleet.live(30, { until: state(fleet, 'press-1', 'Succeeded') });
    expect((await record(fleet, 'press-1')).blocked).toEqual([
      'iot:publish arn:aws:iot:us-east-1:123456789012:topic/debug/press-1',
    ]);
    expect(fleet.events.filter(({ reason }) => reason === 'TighteningBlocked')).toHaveLength(1);
  }, 60_000);
});

describe('users’ checks', () => {
  const http = { name: 'heartbeat', http: { url: 'http://checks.example/{{thing}}?token=secret' }, interval: '1m' };
  const withCheck = (more: object = {}) => ({ ...STRATEGY, checks: [{ ...http, ...more }] });
  const fleetWith = (measured: () => Measurement) => rolloutFleet(1, { measure: () => Promise.resolve(measured()) });

  test('a bad answer after the change brings the asset back, and no message holds the address', async () => {
    await using fleet = await fleetWith(() => ({ outcome: 'bad', why: 'status 404, not 200' }));
    await fleet.change(NARROW, withCheck());
    await fleet.live(60, { until: state(fleet, 'press-1', 'RollingBack', 'RolledBack') });
    expect((await record(fleet, 'press-1')).verdict).toBe('CheckFailed');
    expect(fleet.events.map(({ message }) => message).join('\n')).toMatch(/the check heartbeat failed: status 404/);
    const said = JSON.stringify([
      fleet.events,
      await fleet.get('Device', 'press-1'),
      (await fleet.rollout()).status,
      fleet.logs,
    ]);
    expect(said).not.toContain('secret');
  }, 60_000);

  test('RO-09: a server out of reach fails nobody and passes nobody; the asset goes on when it answers', async () => {
    let up = false;
    await using fleet = await fleetWith(() =>
      up ? { outcome: 'good' } : { outcome: 'error', why: 'checks.example cannot be asked: ECONNREFUSED' },
    );
    await fleet.change(NARROW, withCheck());
    await fleet.live(50);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Observing' });
    up = true;
    await fleet.live(5, { until: state(fleet, 'press-1', 'Succeeded') });
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Succeeded' });
  }, 60_000);

  test('RO-10: a dry run changes nothing', async () => {
    await using fleet = await fleetWith(() => ({ outcome: 'bad', why: 'status 404, not 200' }));
    await fleet.change(NARROW, withCheck({ dryRun: true }));
    await fleet.live(60, { until: state(fleet, 'press-1', 'Succeeded') });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
  }, 60_000);

  test.each([
    [
      'both kinds',
      { prometheus: { url: 'http://p:9090', query: 'up', atLeast: 1 } },
      /exactly one of prometheus and http/,
    ],
    ['credentials in the address', { http: { url: 'http://user:pass@host/' } }, /url/],
    ['an interval that would be a load', { interval: '1s' }, /interval must be at least 5s/],
    [
      'a query without bounds',
      { http: undefined, prometheus: { url: 'http://p:9090', query: 'up' } },
      /atLeast, atMost or both/,
    ],
  ])(
    '%s is refused',
    async (_reason, more, message) => {
      await using fleet = await rolloutFleet(1);
      await expect(fleet.change(NARROW, withCheck(more))).rejects.toThrow(message);
    },
    60_000,
  );
});
