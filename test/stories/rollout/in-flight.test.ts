/** Whom an abort brings back, when the commit is taken back as well, and what becomes of that commit when it is made again. */
import { describe, expect, test } from 'vitest';
import { policy } from '../../support/fleet.ts';
import {
  annotate,
  grants,
  loseRecord,
  NARROW,
  type RolloutFleet,
  refer,
  refuse,
  rolloutFleet,
  rollouts,
  STRATEGY,
  say,
  WIDE,
} from './support.ts';

const WIDER = grants('telemetry/*', 'debug/*', 'extra/*');
const HOLD = 'rollout.fleetward.dev/hold';
/** The first failure brings all back. */
const IN_FLIGHT = { ...STRATEGY, abortScope: 'InFlight', failureThreshold: 0 };

type Kind = 'document' | 'references';

async function commit(fleet: RolloutFleet, kind: Kind, to: 'new' | 'old', names = fleet.names): Promise<void> {
  if (kind === 'document') await fleet.change(to === 'new' ? NARROW : WIDE, IN_FLIGHT);
  else for (const name of names) await refer(fleet, name, to === 'new' ? 'tight' : 'base');
}

const attached = async (fleet: RolloutFleet) => Promise.all(fleet.names.map((name) => fleet.attached(name)));
const phases = async (fleet: RolloutFleet) => (await rollouts(fleet)).map(({ status }) => status?.phase);

/** Everybody before the last one is proven, and the last one is in the middle of its change. */
async function underWay(size: number, kind: Kind): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(size);
  if (kind === 'references') await fleet.apply(policy('tight', { document: NARROW, strategy: IN_FLIGHT }));
  await fleet.live(1);
  await commit(fleet, kind, 'new');
  const last = `press-${size}`;
  await fleet.live(60 * size, { until: async () => (await fleet.records())[last] === 'Contracting' });
  expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', [last]: 'Contracting' });
  return fleet;
}

async function abort(fleet: RolloutFleet): Promise<void> {
  await say(fleet, 'abort');
  await fleet.live(1);
  expect((await rollouts(fleet))[0]?.status?.phase).toBe('Aborting');
}

describe('a person aborts what is in flight, the commit is taken back, and made again', () => {
  test.each([
    { kind: 'document', at: 'Aborting', minutes: 3 },
    { kind: 'document', at: 'Aborting', minutes: 30 },
    { kind: 'document', at: 'Aborted', minutes: 3 },
    { kind: 'references', at: 'Aborting', minutes: 3 },
    { kind: 'references', at: 'Aborting', minutes: 30 },
    { kind: 'references', at: 'Aborted', minutes: 3 },
    { kind: 'references', at: 'Aborted', minutes: 30 },
  ] as const)(
    'a change of $kind, taken back while $at, $minutes minutes later made again: all are back, and only `retry` tries it anew',
    async ({ kind, at, minutes }) => {
      await using fleet = await underWay(2, kind);
      await abort(fleet);
      await fleet.live(30, { until: async () => (await rollouts(fleet))[0]?.status?.phase === at });
      await commit(fleet, kind, 'old');
      await fleet.live(minutes);
      await commit(fleet, kind, 'new');
      await fleet.live(90);
      expect(await attached(fleet)).toEqual([['base'], ['base']]);
      const [first] = await rollouts(fleet);
      expect(first?.status).toMatchObject({ phase: 'Aborted', reason: 'AbortRequested' });
      expect(new Set(await phases(fleet))).toEqual(new Set(['Aborted']));
      await say(fleet, 'retry', { token: 't2', rollout: first });
      await fleet.live(120, { until: async () => (await phases(fleet)).includes('Succeeded') });
      expect(await phases(fleet)).toContain('Succeeded');
    },
    120_000,
  );

  test('references of one proven device are taken back: it goes back, and the other proven one keeps what it got', async () => {
    await using fleet = await underWay(3, 'references');
    await abort(fleet);
    await fleet.live(30, { until: async () => (await rollouts(fleet))[0]?.status?.phase === 'Aborted' });
    expect(await attached(fleet)).toEqual([['tight'], ['tight'], ['base']]);
    await commit(fleet, 'references', 'old', ['press-1']);
    await fleet.live(60);
    expect(await attached(fleet)).toEqual([['base'], ['tight'], ['base']]);
  }, 120_000);
});

test('whose record is lost has no verdict: an abort of what is in flight brings it back with the others', async () => {
  await using fleet = await underWay(2, 'document');
  await loseRecord(fleet, 'press-2');
  await say(fleet, 'abort');
  await fleet.live(60);
  expect(await phases(fleet)).toEqual(['Aborted']);
  const [first] = (await rollouts(fleet))[0]?.spec.policies ?? [];
  expect(await attached(fleet)).toEqual([[first?.candidateName], ['base']]);
}, 120_000);

test('a later change that is aborted goes from AWS, although an earlier one has left a proven device where it is', async () => {
  await using fleet = await underWay(2, 'document');
  await abort(fleet);
  await fleet.live(30, { until: async () => (await phases(fleet))[0] === 'Aborted' });
  const before = await attached(fleet);
  expect(before).toEqual([[expect.stringMatching(/^base@/)], ['base']]);
  await fleet.change(WIDER, { ...IN_FLIGHT, rollbackWindow: '10m' });
  await fleet.live(3);
  const [, later] = await rollouts(fleet);
  await say(fleet, 'abort', { token: 't2', rollout: later });
  await fleet.live(30);
  expect((await rollouts(fleet))[1]?.status).toMatchObject({ phase: 'Aborted', cleanedAt: expect.any(String) });
  expect(await attached(fleet)).toEqual(before);
}, 120_000);

test('a commit that was taken back and is made again before all are back is tried anew when they are', async () => {
  await using fleet = await underWay(2, 'document');
  await commit(fleet, 'document', 'old');
  await fleet.live(3);
  expect(await phases(fleet)).toEqual(['Aborting']);
  await commit(fleet, 'document', 'new');
  await fleet.live(200, { until: async () => (await phases(fleet)).includes('Succeeded') });
  expect(await phases(fleet)).toEqual(['Aborted', 'Succeeded']);
  expect((await rollouts(fleet))[0]?.status?.reason).toBe('Reverted');
}, 120_000);

test('abortScope InFlight is for what a person says: one that is held when the operator aborts goes back when it is released', async () => {
  await using fleet = await underWay(2, 'references');
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: 'kim looks at it' });
  await fleet.live(60, {
    until: async () => {
      refuse(fleet, 'press-2', 'telemetry/press-2');
      return (await phases(fleet))[0] === 'Aborted';
    },
  });
  expect((await rollouts(fleet))[0]?.status).toMatchObject({ phase: 'Aborted', reason: 'FailureThreshold' });
  expect(await attached(fleet)).toEqual([['tight'], ['base']]);
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: undefined });
  await fleet.live(60);
  expect(await attached(fleet)).toEqual([['base'], ['base']]);
}, 120_000);

test('a device that is released while the others go back goes back, and nothing is taken from it on the way', async () => {
  await using fleet = await rolloutFleet(2);
  const strategy = { ...STRATEGY, waves: [{ count: 2, bake: '1m' }], maxInFlight: 2 };
  await fleet.change(WIDE, strategy);
  await fleet.apply(policy('tight', { document: NARROW, strategy }));
  await fleet.live(1);
  await commit(fleet, 'references', 'new');
  await fleet.live(10, { until: async () => (await fleet.records())['press-2'] === 'Expanding' });
  await fleet.live(4);
  expect(await attached(fleet)).toEqual([
    ['base', 'tight'],
    ['base', 'tight'],
  ]);
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: 'kim looks at it' });
  await abort(fleet);
  // By now it could lose what it had, as far as the settle time goes.
  await fleet.live(8);
  expect(await fleet.records()).toMatchObject({ 'press-2': 'RollingBack' });
  const taken: string[] = [];
  fleet.intercept = async (send, _operation, { method, path }) => {
    if (method === 'POST' && path.startsWith('/target-policies/')) taken.push(path.slice('/target-policies/'.length));
    return send();
  };
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: undefined });
  await fleet.live(60);
  expect(await attached(fleet)).toEqual([['base'], ['base']]);
  expect(taken).toEqual(['tight']);
}, 120_000);
