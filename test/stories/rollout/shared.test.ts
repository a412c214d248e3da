import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { ObjectKey } from '../../../operator/api/meta.ts';
import { csr, device, group, policy } from '../../support/fleet.ts';
import type { FleetOptions } from '../../support/operator.ts';
import { person } from './person.ts';
import {
  ACCOUNT_KEY,
  annotate,
  grants,
  hear,
  killAt,
  loseRecord,
  MINUTE,
  NARROW,
  type RolloutFleet,
  recordOf,
  refuse,
  rolloutFleet,
  STRATEGY,
  say,
} from './support.ts';

const TWO = { ...STRATEGY, maxInFlight: 2 };

/** press-1 and twin have one certificate together, and twin another of its own; press-2 shares with nobody. */
async function sharedFleet(options: FleetOptions = {}, strategy: object = TWO): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(2, options);
  await fleet.change(grants('telemetry/*', 'debug/*'), strategy);
  const certificateId = (await certificatesOf(fleet, 'press-1'))[0]?.certificateId ?? '';
  const certificates = [
    { name: 'a', certificateId },
    { name: 'b', csr: csr('twin') },
  ];
  await fleet.apply(device('twin', { thingTypeRef: { name: 'press' }, certificates }));
  await fleet.settleUntilReady();
  fleet.names.push('twin');
  return fleet;
}

async function certificatesOf(fleet: RolloutFleet, name: string) {
  const { status } = (await fleet.get('Device', name)) as Device;
  return status?.certificates ?? [];
}

/** What each certificate of the unit carries: the shared one, and twin's own. */
async function carried(fleet: RolloutFleet): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { arn: target = '' } of await certificatesOf(fleet, 'twin')) {
    const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target });
    found.push(
      policies
        .map(({ policyName = '' }) => policyName.replace(/@.*/, '@new'))
        .sort()
        .join('+'),
    );
  }
  return found;
}

const calls = (fleet: RolloutFleet, operation: string) => fleet.sandbox.ledger.count({ operation, outcome: 'ok' });
const ended = (fleet: RolloutFleet) => async () => (await fleet.rollout()).status?.phase === 'Succeeded';
const isIn = (fleet: RolloutFleet, name: string, state: string) => async () => (await fleet.records())[name] === state;

describe('R8: things that share certificates', () => {
  test('move as one, each on its own evidence, and every certificate once', async () => {
    const written: string[] = [];
    const onStatus = ({ kind, name }: ObjectKey) => void (kind === 'Device' && written.push(name));
    await using fleet = await sharedFleet({ onStatus });
    await using kim = person(fleet);
    const before = { attached: calls(fleet, 'AttachPolicy'), detached: calls(fleet, 'DetachPolicy') };
    const together = new Set<string>();
    await fleet.change(NARROW, TWO);
    await fleet.live(160, {
      until: async () => {
        const all = await fleet.records();
        const moving = Object.keys(all).filter((name) => !['-', 'Succeeded'].includes(all[name] ?? ''));
        if (moving.length > 0) together.add(moving.join('+'));
        return ended(fleet)();
      },
    });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded', 'press-2': 'Succeeded', twin: 'Succeeded' });
    // One thing alone is the smaller first step; the two that share are never there one by one.
    expect([...together]).toEqual(['press-2', 'press-1+twin']);
    expect(await recordOf(fleet, 'twin')).toMatchObject({
      unit: ['press-1', 'twin'],
      why: expect.stringMatching(/^with press-1: /),
    });
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Succeeded',
      switched: '3/3',
      counters: { total: 3, succeeded: 3, failed: 0 },
    });
    const { stdout } = await kim.fleetward('rollout', 'describe', (await fleet.rollout()).metadata.name);
    expect(stdout).toContain('Move as one, because they share certificates: press-1 + twin');
    await fleet.live(40, { until: async () => (await fleet.rollout()).status?.homedAt !== undefined });
    expect(await carried(fleet)).toEqual(['base', 'base']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    // Three certificates, there and home.
    expect(calls(fleet, 'AttachPolicy') - before.attached).toBe(6);
    expect(calls(fleet, 'DetachPolicy') - before.detached).toBe(6);
    await fleet.live(5);
    written.length = 0;
    await fleet.live(10);
    expect(written, 'who leads and who follows write nothing when nothing happens').toEqual([]);
  }, 90_000);

  test('what one writes and the others see only later changes nothing in the order of things', async () => {
    await using fleet = await sharedFleet({ cacheLagMs: 4_000 });
    const before = calls(fleet, 'DetachPolicy');
    await fleet.change(NARROW, { ...TWO, homing: 'Stay' });
    const seen = new Set<string>();
    const look = async () => {
      for (const each of await carried(fleet)) seen.add(each);
      return ended(fleet)();
    };
    await fleet.live(160, { until: look });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
    expect([...seen]).toEqual(['base', 'base+base@new', 'base@new']);
    expect(calls(fleet, 'DetachPolicy') - before).toBe(3);
  }, 90_000);

  test('one of them that fails brings all of them back', async () => {
    await using fleet = await sharedFleet();
    hear(fleet, 'twin', 'debug/twin');
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Observing') });
    expect(await carried(fleet)).toEqual(['base@new', 'base@new']);
    refuse(fleet, 'twin', 'debug/twin');
    await fleet.live(40, { until: isIn(fleet, 'twin', 'RolledBack') });
    await fleet.live(3);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'RolledBack', twin: 'RolledBack' });
    expect(await recordOf(fleet, 'twin')).toMatchObject({ failure: 'failed', why: expect.stringContaining('press-1') });
    expect(await carried(fleet)).toEqual(['base', 'base']);
    const { metadata, spec, status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Paused', reason: 'AssetFailed' });
    // Tried again, all of them go once more.
    const by = `t1@${spec.revision} by kim@example.com`;
    await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/retry': by });
    await fleet.live(120, { until: ended(fleet) });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
  }, 120_000);

  test('larger than maxInFlight they are refused, with their names and what to do', async () => {
    await using fleet = await sharedFleet({}, STRATEGY);
    await fleet.change(NARROW);
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Pending',
      reason: 'SharedCertificate',
      message: expect.stringMatching(/press-1, twin share .*maxInFlight allows 1; raise it to 2, or give each/),
    });
    expect(await carried(fleet)).toEqual(['base', 'base']);
  }, 60_000);

  test('one that is offline defers all of them, and nothing is taken from any', async () => {
    await using fleet = await sharedFleet();
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { silent: ['twin'], until: isIn(fleet, 'press-1', 'Deferred') });
    await fleet.live(10, { silent: ['twin'] });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Deferred', twin: 'Deferred' });
    expect(await recordOf(fleet, 'press-1')).toMatchObject({
      why: expect.stringMatching(/^twin, which moves with it: .*not connected/),
    });
    expect(await carried(fleet)).toEqual(['base+base@new', 'base+base@new']);
    await fleet.live(90, { until: ended(fleet) });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
  }, 90_000);

  test('nothing is changed before each of them has taken note', async () => {
    await using fleet = await sharedFleet();
    const { spec } = (await fleet.get('Device', 'twin')) as Device;
    await fleet.change(NARROW, TWO);
    await fleet.live(60, { until: isIn(fleet, 'press-2', 'Succeeded') });
    // Its own reconcile waits for a group that is not there.
    await fleet.apply(device('twin', { ...spec, groupRefs: [{ name: 'presses' }, { name: 'to-come' }] }));
    await fleet.live(10);
    expect(await recordOf(fleet, 'press-1')).toMatchObject({
      state: 'Preflight',
      why: 'it shares a certificate with twin, and they have not taken note of the rollout yet',
    });
    await fleet.live(10, { until: isIn(fleet, 'press-1', 'Deferred') });
    const why = expect.stringMatching(/^twin gets no further: .*to-come/);
    expect(await recordOf(fleet, 'press-1'), 'others have their places').toMatchObject({ state: 'Deferred', why });
    expect(await carried(fleet)).toEqual(['base', 'base']);
    await fleet.live(20);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Deferred' });
    await fleet.apply(group('to-come'));
    await fleet.live(120, { until: ended(fleet) });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
  }, 90_000);

  test('without the evidence of one of them none has succeeded', async () => {
    await using fleet = await sharedFleet();
    await fleet.change(NARROW, { ...TWO, silenceDeadline: '30m' });
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Observing') });
    await fleet.live(25, { silent: ['twin'] });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Observing', twin: 'Observing' });
    await fleet.live(40, { silent: ['twin'], until: isIn(fleet, 'press-1', 'RollingBack') });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'RollingBack' });
    await fleet.live(30, { until: isIn(fleet, 'twin', 'RolledBack') });
    expect(await carried(fleet)).toEqual(['base', 'base']);
  }, 90_000);

  test.each([
    ['while both policies settle', 'Expanding'],
    ['in the middle of the contraction', 'Contracting'],
    ['under observation', 'Observing'],
  ])(
    'a crash %s is gone on from, and every certificate is taken off once',
    async (_when, state) => {
      await using fleet = await sharedFleet();
      const before = calls(fleet, 'DetachPolicy');
      await fleet.change(NARROW, TWO);
      await fleet.live(90, { until: isIn(fleet, 'press-1', state) });
      await fleet.kill();
      await fleet.clock.advance(20_000);
      await fleet.start();
      await fleet.live(160, { until: ended(fleet) });
      expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
      expect(calls(fleet, 'DetachPolicy') - before).toBe(3);
    },
    90_000,
  );

  test('the loss of what the first has written down costs time, and nobody anything else', async () => {
    await using fleet = await sharedFleet();
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Observing') });
    await loseRecord(fleet, 'press-1');
    await fleet.live(200, { until: ended(fleet) });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
    await fleet.live(40);
    expect(await carried(fleet)).toEqual(['base', 'base']);
  }, 90_000);

  test('of proven ones that an abort left where they are, one may lose its record: that of another tells for both', async () => {
    const strategy = { ...TWO, waves: [{ count: 3, bake: '2h' }], abortScope: 'InFlight' };
    await using fleet = await sharedFleet({}, strategy);
    await fleet.change(NARROW, strategy);
    await fleet.live(160, { until: isIn(fleet, 'twin', 'Succeeded') });
    await say(fleet, 'abort');
    await fleet.live(30);
    expect((await fleet.rollout()).status?.phase).toBe('Aborted');
    await loseRecord(fleet, 'twin');
    await fleet.live(40);
    expect(await carried(fleet)).toEqual(['base@new', 'base@new']);
    await loseRecord(fleet, 'press-1');
    await fleet.live(40);
    expect(await carried(fleet), 'nothing tells any more that they are proven').toEqual(['base', 'base']);
  }, 90_000);

  test('a security act on one of them holds all, and only its acknowledgement goes on', async () => {
    await using fleet = await sharedFleet();
    await using kim = person(fleet);
    const denial = { Effect: 'Deny', Action: ['iot:Publish'], Resource: ['*'] };
    const document = { Version: '2012-10-17', Statement: [denial] };
    await fleet.apply(policy('silence', { containment: true, document }));
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Expanding') });
    await fleet.apply(group('jail', { quarantine: true }));
    await fleet.iot.addThingToThingGroup({ thingName: 'twin', thingGroupName: 'jail' });
    await annotate(fleet, 'Device', 'twin', { 'reconcile.fleetward.dev/requestedAt': '1' });
    await fleet.live(25);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Held', twin: 'Held' });
    expect(await carried(fleet)).toEqual(['base+base@new', 'base+base@new']);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Paused',
      reason: 'DefenderMitigation',
      acts: [{ object: 'Device/twin' }],
    });
    await fleet.iot.removeThingFromThingGroup({ thingName: 'twin', thingGroupName: 'jail' });
    await kim.fleetward('rollout', 'acknowledge', 'device/twin');
    await annotate(fleet, 'Device', 'twin', { 'reconcile.fleetward.dev/requestedAt': '2' });
    await fleet.live(120, { until: ended(fleet) });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
  }, 120_000);

  test('they are restored when each was heard of; who stays silent is named', async () => {
    await using fleet = await sharedFleet();
    hear(fleet, 'press-1', 'debug/press-1');
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Observing') });
    refuse(fleet, 'press-1', 'debug/press-1');
    const gone = { kind: 'disconnected', reason: 'CONNECTION_LOST', clientId: 'twin' } as const;
    fleet.signals.record(ACCOUNT_KEY, { ...gone, at: fleet.clock.now() });
    await fleet.live(90, { silent: ['twin'], until: isIn(fleet, 'press-1', 'Unrecovered') });
    expect(await carried(fleet)).toEqual(['base', 'base']);
    expect(await recordOf(fleet, 'press-1')).toMatchObject({
      state: 'Unrecovered',
      why: 'restored, and twin not heard of since: go and look',
    });
    await fleet.live(5, { until: isIn(fleet, 'twin', 'RolledBack') });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'RolledBack', twin: 'RolledBack' });
  }, 90_000);

  test('an abort brings all of them back, whoever was under way', async () => {
    await using fleet = await sharedFleet();
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Observing') });
    const { metadata, spec } = await fleet.rollout();
    const by = `t1@${spec.revision} by kim@example.com`;
    await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/abort': by });
    await fleet.live(90, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Aborted' });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'RolledBack', twin: 'RolledBack' });
    expect(await carried(fleet)).toEqual(['base', 'base']);
  }, 90_000);

  test('a newer revision takes all of them over', async () => {
    await using fleet = await sharedFleet();
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Expanding') });
    await fleet.change(grants('telemetry/press*', 'telemetry/twin*'), TWO);
    await fleet.live(200, {
      until: async () =>
        (await ended(fleet)()) && (await fleet.rollout()).spec.policies[0]?.document.includes('twin') === true,
    });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
    await fleet.live(40);
    expect(await carried(fleet)).toEqual(['base', 'base']);
    expect(fleet.clock.now()).toBeGreaterThan(MINUTE);
  }, 120_000);

  test('policies that come and go on all of them go as one; on one of them they are refused', async () => {
    await using fleet = await sharedFleet();
    await fleet.apply(policy('tight', { document: NARROW, strategy: TWO }));
    await fleet.settleUntilReady();
    const specs = new Map<string, Device['spec']>();
    for (const name of ['press-1', 'twin']) specs.set(name, ((await fleet.get('Device', name)) as Device).spec);
    const refer = (name: string) => device(name, { ...specs.get(name), policyRefs: [{ name: 'tight' }] });
    await fleet.apply(refer('twin'));
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'SharedCertificate' });
    expect(await carried(fleet)).toEqual(['base', 'base']);
    await fleet.apply(refer('press-1'));
    await fleet.live(120, { until: ended(fleet) });
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', switched: '2/2' });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
    expect(await carried(fleet)).toEqual(['tight', 'tight']);
    await fleet.live(3);
    const ready = async (name: string) => ((await fleet.get('Device', name)) as Device).status;
    for (const name of ['press-1', 'twin']) expect((await ready(name))?.pendingChange).toBeUndefined();
    // The change of the one that follows is done with that of the first: nothing is left to make another rollout of.
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
  }, 90_000);

  test('one that follows moves along although its record was lost when its spec asked for nothing more', async () => {
    await using fleet = await sharedFleet();
    await fleet.apply(policy('tight', { document: NARROW, strategy: TWO }));
    await fleet.settleUntilReady();
    for (const name of ['press-1', 'twin']) {
      const { spec } = (await fleet.get('Device', name)) as Device;
      await fleet.apply(device(name, { ...spec, policyRefs: [{ name: 'tight' }] }));
    }
    await fleet.live(60, { until: async () => (await carried(fleet)).join() === 'tight,tight' });
    await fleet.live(2);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Contracting', twin: 'Contracting' });
    await loseRecord(fleet, 'twin');
    const states = new Set<string>();
    await fleet.live(3, { until: async () => states.add((await fleet.records())['press-1'] ?? '') === undefined });
    expect([...states], 'nobody waits to be told what has begun').toEqual(['Contracting']);
    expect(await recordOf(fleet, 'twin')).toMatchObject({ state: 'Contracting', unit: ['press-1', 'twin'] });
    // Its silence counts as that of the others does.
    await fleet.live(30, { silent: ['twin'] });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Observing', twin: 'Observing' });
    await fleet.live(60, { until: ended(fleet) });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
    expect(await carried(fleet)).toEqual(['tight', 'tight']);
  }, 90_000);

  describe('a certificate that leaves the specs of all of them', () => {
    const statusOf = async (fleet: RolloutFleet, certificateId: string) =>
      (await fleet.aws.send('DescribeCertificate', { certificateId })).certificateDescription?.status;

    /** press-1 has a second certificate too; answers the id of the one that both have. */
    async function twoEach(fleet: RolloutFleet): Promise<string> {
      const { spec } = (await fleet.get('Device', 'press-1')) as Device;
      const next = { name: 'next', csr: csr('press-1-next') };
      await fleet.apply(device('press-1', { ...spec, certificates: [...(spec.certificates ?? []), next] }));
      await fleet.settleUntilReady();
      await fleet.live(2);
      return (await certificatesOf(fleet, 'twin'))[0]?.certificateId ?? '';
    }

    async function drop(fleet: RolloutFleet, name: string): Promise<void> {
      const { spec } = (await fleet.get('Device', name)) as Device;
      const left = (spec.certificates ?? []).filter((each) => each.name !== 'a');
      await fleet.apply(device(name, { ...spec, certificates: left }));
    }

    test('is made inactive once, and goes when each has connected without it', async () => {
      await using fleet = await sharedFleet();
      const id = await twoEach(fleet);
      const before = calls(fleet, 'UpdateCertificate');
      for (const name of ['press-1', 'twin']) await drop(fleet, name);
      await fleet.live(40, { until: isIn(fleet, 'press-1', 'Observing') });
      expect(await statusOf(fleet, id)).toBe('INACTIVE');
      expect((await fleet.records()).twin).toBe('Observing');
      // Each of the two asks who has it before the other has left it.
      const asked = Promise.withResolvers<void>();
      let asking = 0;
      fleet.intercept = async (send, _number, { path }) => {
        const answer = await send();
        if (path !== '/principals/things' || asking >= 2) return answer;
        asking += 1;
        if (asking === 2) asked.resolve();
        await asked.promise;
        return answer;
      };
      await fleet.live(60, { until: ended(fleet) });
      expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', twin: 'Succeeded' });
      await fleet.live(5);
      expect(calls(fleet, 'UpdateCertificate') - before).toBe(1);
      const { things = [] } = await fleet.aws.send('ListPrincipalThings', {
        principal: `arn:aws:iot:us-east-1:123456789012:cert/${id}`,
      });
      expect(things).toEqual([]);
      const { policies } = await fleet.aws.send('ListAttachedPolicies', {
        target: `arn:aws:iot:us-east-1:123456789012:cert/${id}`,
      });
      expect(policies, 'whichever of them was the last').toEqual([]);
      for (const name of ['press-1', 'twin']) {
        const { status } = (await fleet.get('Device', name)) as Device;
        expect(status?.certificates?.map((each) => each.name)).toEqual([name === 'twin' ? 'b' : 'next']);
        expect(status?.pendingChange).toBeUndefined();
      }
      // Nothing is left to make another rollout of.
      expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
    }, 120_000);

    test('goes back into use when one of them does not connect without it', async () => {
      await using fleet = await sharedFleet();
      const id = await twoEach(fleet);
      for (const name of ['press-1', 'twin']) await drop(fleet, name);
      await fleet.live(40, { until: isIn(fleet, 'press-1', 'Observing') });
      const gone = { kind: 'disconnected', reason: 'CONNECTION_LOST', clientId: 'twin' } as const;
      fleet.signals.record(ACCOUNT_KEY, { ...gone, at: fleet.clock.now() });
      const back = async () => (await statusOf(fleet, id)) === 'ACTIVE';
      await fleet.live(120, { silent: ['twin'], until: back });
      expect(await statusOf(fleet, id)).toBe('ACTIVE');
      await fleet.live(30, { until: isIn(fleet, 'twin', 'RolledBack') });
      expect(await fleet.records()).toMatchObject({ 'press-1': 'RolledBack', twin: 'RolledBack' });
      const { things = [] } = await fleet.aws.send('ListPrincipalThings', {
        principal: `arn:aws:iot:us-east-1:123456789012:cert/${id}`,
      });
      expect([...things].sort()).toEqual(['press-1', 'twin']);
    }, 120_000);

    test('stays in use as long as one of them asks for it, and the message says what to do', async () => {
      await using fleet = await sharedFleet();
      const id = await twoEach(fleet);
      await drop(fleet, 'press-1');
      await fleet.live(30);
      expect(await statusOf(fleet, id)).toBe('ACTIVE');
      expect((await fleet.rollout()).status).toMatchObject({
        phase: 'Pending',
        reason: 'SharedCertificate',
        message: expect.stringMatching(/press-1 and Device twin, .*change all of them together/),
      });
    }, 60_000);
  });

  test('when the first goes in the middle, nothing more is taken until it is gone, and then the next goes on', async () => {
    await using fleet = await sharedFleet();
    await fleet.change(NARROW, TWO);
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Expanding') });
    await fleet.live(2);
    const before = fleet.clock.now();
    await fleet.store.delete({ kind: 'Device', namespace: 'factory', name: 'press-1' });
    fleet.names.splice(fleet.names.indexOf('press-1'), 1);
    // Its thing would still be in the field, with nobody to look after it.
    const [{ arn: principal = '' } = {}] = await certificatesOf(fleet, 'twin');
    await fleet.aws.send('DetachThingPrincipal', { thingName: 'press-1', principal });
    await fleet.live(160, { until: ended(fleet) });
    expect(await fleet.records()).toEqual({ 'press-2': 'Succeeded', twin: 'Succeeded' });
    expect((await recordOf(fleet, 'twin'))?.unit).toBeUndefined();
    // What it had repeated is nothing to build on: everything settles anew.
    const detached = Date.parse((await recordOf(fleet, 'twin'))?.detachedAt ?? '');
    expect(detached - before).toBeGreaterThanOrEqual(10 * MINUTE);
  }, 90_000);

  test('a thing that no Device is has the certificate too: nothing is taken from it', async () => {
    await using fleet = await rolloutFleet(1);
    const [{ arn: principal = '' } = {}] = await certificatesOf(fleet, 'press-1');
    await fleet.aws.send('CreateThing', { thingName: 'stranger' });
    await fleet.aws.send('AttachThingPrincipal', { thingName: 'stranger', principal });
    await fleet.change(NARROW);
    await fleet.live(40);
    expect(await recordOf(fleet, 'press-1')).toMatchObject({
      state: 'Deferred',
      why: expect.stringMatching(/certificate .* is on thing stranger as well/),
    });
    expect(await fleet.attached('press-1')).toContain('base');
    await fleet.aws.send('DetachThingPrincipal', { thingName: 'stranger', principal });
    await fleet.live(90, { until: isIn(fleet, 'press-1', 'Succeeded') });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
  }, 60_000);
});

describe.each(['before', 'after'] as const)(
  'killed %s the effect of a call that moves things with one certificate',
  (when) => {
    test('the rollout goes on from what AWS shows, and no certificate is ever without', async () => {
      let n = 1;
      for (let reached = true; reached; n += 1) {
        await using fleet = await sharedFleet();
        const crash = killAt(fleet, n, when);
        const seen: string[] = [];
        const look = async () => {
          seen.push(...(await carried(fleet)));
          return false;
        };
        await fleet.change(NARROW, TWO);
        const home = async () => (await fleet.rollout().catch(() => undefined))?.status?.homedAt !== undefined;
        await fleet.live(200, { until: async () => (await look()) || crash.reached || (await home()) });
        reached = crash.reached;
        if (!reached) break;
        await fleet.kill();
        fleet.intercept = undefined;
        await fleet.start();
        await fleet.live(200, { until: async () => (await look()) || (await home()) });
        for (const each of seen) expect([n, each]).toEqual([n, expect.stringContaining('base')]);
        expect([n, await carried(fleet)]).toEqual([n, ['base', 'base']]);
        expect((await fleet.rollout()).status).toMatchObject({
          phase: 'Succeeded',
          counters: { succeeded: 3, failed: 0 },
        });
      }
      // Three certificates: on and off, there and on the way home.
      expect(n).toBe(13);
    }, 500_000);
  },
);
