import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { type GatesOptions, gatesWorld, type Habit, telemetry } from './gates-world.ts';
import { grants, MINUTE, NARROW } from './support.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012';

/** Everybody may connect under its own name, and under one more as long as the document says so. */
function connecting(...more: readonly string[]): object {
  const { Version, Statement } = grants('telemetry/*') as { Version: string; Statement: readonly object[] };
  if (more.length === 0) return { Version, Statement };
  const Resource = more.map((id) => `${ARN}:client/${id}`);
  return { Version, Statement: [...Statement, { Effect: 'Allow', Action: ['iot:Connect'], Resource }] };
}

function listening(...filters: readonly string[]): { Version: string; Statement: readonly object[] } {
  const { Version, Statement } = grants('telemetry/*') as { Version: string; Statement: readonly object[] };
  const resources = (kind: string) => filters.map((filter) => `${ARN}:${kind}/${filter}`);
  return {
    Version,
    Statement: [
      ...Statement,
      { Effect: 'Allow', Action: ['iot:Subscribe'], Resource: resources('topicfilter') },
      { Effect: 'Allow', Action: ['iot:Receive'], Resource: [`${ARN}:topic/commands/*`] },
    ],
  };
}

/** Publishes to these, and listens to commands. */
function talking(...topics: readonly string[]): object {
  const [, ...rest] = (grants(...topics) as { Statement: readonly object[] }).Statement;
  const { Version, Statement } = listening('commands/*');
  return { Version, Statement: [...Statement.filter((one) => !/Publish/.test(JSON.stringify(one))), ...rest] };
}

const world = (more: GatesOptions) => gatesWorld({ devices: 1, ...more });
const conditionOf = (object: unknown, type: string) =>
  (object as Device).status?.conditions?.find((condition) => condition.type === type);

describe('R14: sessions of before', () => {
  test('Reconnect closes the connection once everything has settled, without the will and with the session kept', async () => {
    const document = talking('telemetry/*', 'commands/*', 'debug/*');
    await using it = await world({ devices: 2, strategy: { sessions: 'Reconnect' }, document });
    // A stored session with a subscription, and a will that its neighbour would hear.
    it.live.get('press-1')?.disconnect();
    const neighbour = it.live.get('press-2');
    neighbour?.subscribe('commands/+');
    const will = { topic: 'commands/gone', payload: 'gone' };
    const first = await it.connect('press-1', { clean: false, will });
    first.subscribe('commands/press-1');
    it.live.set('press-1', first);
    await it.pass(2);
    it.does('press-1', (one, name) => {
      telemetry(one, name);
      it.broker.port.publish(it.sandbox.scope(), {
        topic: `commands/${name}`,
        payload: Buffer.from('x'),
        qos: 1,
        retain: false,
      });
    });
    await it.change(talking('telemetry/*', 'commands/*'));
    await it.pass(40, it.is('press-1', 'Contracting'));
    expect(it.calls('DeleteConnection')).toBe(0);
    await it.pass(20, async () => it.calls('DeleteConnection') > 0);
    const kept = it.broker.port.subscriptions(it.sandbox.scope(), 'press-1');
    expect(kept.map(({ topicFilter }) => topicFilter)).toEqual(['commands/press-1']);
    const heard = neighbour?.received.map(({ topic }) => topic);
    expect(heard).toContain('commands/press-1');
    expect(heard, 'an alarm about a device that is well').not.toContain('commands/gone');
    // From now on it comes back to its stored session.
    it.live.set('press-1', await it.connect('press-1', { clean: false }));
    await it.pass(40, it.is('press-1', 'Succeeded', 'RolledBack'));
    expect(await it.record('press-1')).toMatchObject({ state: 'Succeeded', sessions: { older: [] } });
    const calls = it.sandbox.ledger.entries().filter(({ operation }) => operation === 'DeleteConnection');
    expect(calls).toHaveLength(1);
    const record = await it.record('press-1');
    // In this order: detached, settled, ended, connected anew.
    const detached = Date.parse(record.detachedAt ?? '');
    expect(Date.parse(record.sessions?.sentAt ?? '')).toBeGreaterThanOrEqual(detached + 8 * MINUTE);
    expect(it.broker.connections().map(({ clientId }) => clientId)).toContain('press-1');
  }, 240_000);

  test('a device that does not come back after its connection was closed gets its baseline back', async () => {
    await using it = await world({ strategy: { sessions: 'Reconnect', silenceDeadline: '20m' } });
    await it.change(NARROW);
    await it.pass(40, async () => it.calls('DeleteConnection') > 0);
    // Its firmware does not try again.
    it.does('press-1', undefined);
    await it.pass(22, it.is('press-1', 'RollingBack'));
    expect(await it.record('press-1')).toMatchObject({ state: 'RollingBack', failure: 'failed' });
    await it.pass(3);
    expect(it.calls('DeleteConnection')).toBe(1);
  }, 240_000);

  test('a crash after the call, before its answer was written down: once more at most, and it goes on', async () => {
    let crash = true;
    await using it = await world({
      strategy: { sessions: 'Reconnect' },
      intercept: async (send, operation) => {
        const answer = await send();
        if (operation === 'DeleteConnection' && crash) {
          crash = false;
          throw new Error('the answer is lost');
        }
        return answer;
      },
    });
    await it.change(NARROW);
    await it.pass(40, async () => it.calls('DeleteConnection') > 0);
    await it.fleet.kill();
    await it.fleet.start();
    await it.pass(60, it.is('press-1', 'Succeeded'));
    expect((await it.record('press-1')).state).toBe('Succeeded');
    expect(it.calls('DeleteConnection')).toBeLessThanOrEqual(2);
  }, 240_000);

  test('Purge drops the stored session and says what is lost', async () => {
    const signals = { subscriptions: true };
    await using it = await world({
      strategy: { sessions: 'Purge' },
      document: listening('commands/*', 'debug/*'),
      signals,
    });
    const habit: Habit = (one, name) => {
      if (!asked.has(one)) one.subscribe(`commands/${name}`);
      asked.add(one);
      telemetry(one, name);
      it.broker.port.publish(it.sandbox.scope(), {
        topic: `commands/${name}`,
        payload: Buffer.from('x'),
        qos: 1,
        retain: false,
      });
    };
    const asked = new WeakSet<object>();
    it.live.get('press-1')?.disconnect();
    it.does('press-1', habit);
    await it.pass(3);
    await it.change(listening('commands/*'));
    await it.pass(60, it.is('press-1', 'Succeeded', 'RolledBack'));
    expect(await it.record('press-1')).toMatchObject({
      state: 'Succeeded',
      sessions: { older: [], lost: expect.stringMatching(/1 subscriptions \(commands\/press-1\).*queued/) },
    });
    const said = it.fleet.events.filter(({ reason }) => reason === 'SessionPurged');
    expect(said).toHaveLength(1);
    expect(said[0]?.message).toMatch(/Dropped the session of press-1/);
  }, 240_000);

  test('Wait: a policy that is applied is not yet one that is in force for every session', async () => {
    await using it = await world({ document: grants('telemetry/*', 'debug/*'), strategy: { rollbackWindow: '5m' } });
    await it.change(NARROW);
    await it.pass(40, it.is('press-1', 'Succeeded'));
    expect(it.calls('DeleteConnection')).toBe(0);
    const [rollout, one] = [await it.rollout(), await it.fleet.get('Device', 'press-1')];
    expect(conditionOf(one, 'PolicyApplied')).toMatchObject({ status: 'True' });
    expect(conditionOf(one, 'SessionsRenewed')).toMatchObject({
      status: 'False',
      reason: 'OlderSessions',
      message: expect.stringMatching(/^press-1 has a session from before/),
    });
    expect(rollout.status?.counters).toMatchObject({ applied: 1, olderSessions: 1 });
    expect(conditionOf(rollout, 'SessionsRenewed')).toMatchObject({ status: 'False' });
    // It connects anew by itself one day, when nothing else is left of the rollout.
    await it.pass(60, async () => (await it.rollout()).status?.cleanedAt !== undefined);
    expect(conditionOf(await it.rollout(), 'SessionsRenewed')).toMatchObject({ status: 'False' });
    it.live.get('press-1')?.disconnect();
    await it.pass(3);
    expect(conditionOf(await it.fleet.get('Device', 'press-1'), 'SessionsRenewed')).toMatchObject({ status: 'True' });
    await it.pass(12);
    expect(conditionOf(await it.rollout(), 'SessionsRenewed')).toMatchObject({ status: 'True' });
    expect((await it.rollout()).status?.counters?.olderSessions).toBe(0);
  }, 240_000);

  test('Wait: a plan that cannot end before its deadline is refused before anything moves', async () => {
    await using it = await world({ document: connecting('spare-*'), strategy: { silenceDeadline: '30m' } });
    // It has been connected for an hour and more, and only a new connect shows that it may still connect.
    await it.change(connecting());
    await it.pass(3);
    expect((await it.rollout()).status).toMatchObject({
      phase: 'Pending',
      reason: 'SessionsOutlast',
      message: expect.stringMatching(/press-1: its sessions last \d+ min.*silenceDeadline of 30 min.*Reconnect/),
    });
    expect((await it.record('press-1')).state).toBeUndefined();
  }, 240_000);
});
