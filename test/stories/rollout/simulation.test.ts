import { expect, test } from 'vitest';
import { failureText, search } from '../../simulation/search.ts';

/**
 * Steps: planner actions, AWS calls, device events and advances of the clock, idle ones too. `npm run fuzz -- rollout` makes
 * many more, and counts none that is idle.
 */
/** From here on few seeds have all kinds of what can happen. */
const FIRST_SEED = 291;
const STEPS = Number(process.env.SIM_STEPS ?? 100_000);

/** What has to have happened in the worlds of the first seeds, not only to have been planned. */
const KINDS = [
  ...['document new', 'document revert', 'groupDocument', 'groupPolicies', 'references', 'join'],
  ...['verb pause', 'verb resume', 'verb approve', 'verb deny', 'verb abort', 'verb brake', 'verb retry', 'verb arm'],
  ...['verb promote', 'verb promote-full', 'verb acknowledge', 'device hold', 'device skip', 'device release'],
  ...['died before', 'died after', 'died late', 'depose', 'loseRecord', 'loseState'],
  ...['fault throttle', 'fault error', 'fault reset', 'deaf', 'offline'],
  ...['quarantine', 'blank declared', 'blank candidate', 'inactive', 'foreignDetach'],
];

test('no order of crashes, faults, people, security acts and documents violates an invariant', async () => {
  const result = await search({ firstSeed: FIRST_SEED, steps: STEPS, idle: true });
  expect(result.failure && failureText(result.failure)).toBeUndefined();
  expect(result.steps).toBeGreaterThanOrEqual(STEPS);
  // Nor does one in which something never happens.
  const { happened, devices, worlds } = result.coverage;
  for (const kind of KINDS) expect(Object.keys(happened).join(', ')).toContain(kind);
  for (const life of ['steady', 'flaky', 'persistent', 'weekly', 'brief'])
    expect(worlds).toHaveProperty(`device ${life}`);
  expect(Math.max(...Object.keys(devices).map(Number))).toBeGreaterThan(4);
  // A search in which nothing moves finds nothing.
  const ended = Object.values(result.rollouts).reduce((sum, count) => sum + count, 0);
  expect(ended).toBeGreaterThan(4);
}, 900_000);

/** From here on devices share certificates in one world after the other, with policies on groups and without. */
const FIRST_SHARING = 1_001_471;

test('nor does one in worlds whose devices share certificates', async () => {
  const result = await search({ firstSeed: FIRST_SHARING, steps: STEPS / 4, idle: true });
  expect(result.failure && failureText(result.failure)).toBeUndefined();
  const { happened, worlds } = result.coverage;
  expect(Object.keys(worlds).join(', ')).toMatch(/policies on a group.*shared certificate/);
  expect(happened).toHaveProperty('retire');
}, 900_000);

/** From here on there is the window of the default and one of three hours, one world after the other. */
const FIRST_WINDOWED = 2_000_154;

test('nor does one in worlds that keep what was replaced for longer than ten minutes', async () => {
  const result = await search({ firstSeed: FIRST_WINDOWED, steps: STEPS / 4, idle: true });
  expect(result.failure && failureText(result.failure)).toBeUndefined();
  for (const window of ['3h', 'not given']) expect(result.coverage.worlds).toHaveProperty(`rollbackWindow ${window}`);
}, 900_000);

/** From here on people abort what is in flight while some are proven. */
const FIRST_SCOPED = 3_000_021;

test('nor does one in worlds in which an abort leaves the proven ones where they are', async () => {
  const result = await search({ firstSeed: FIRST_SCOPED, steps: STEPS / 8, idle: true });
  expect(result.failure && failureText(result.failure)).toBeUndefined();
  expect(result.coverage.worlds).toHaveProperty('abortScope InFlight');
  expect(Object.keys(result.coverage.happened)).toEqual(expect.arrayContaining(['aborted midway', 'left in flight']));
}, 900_000);
