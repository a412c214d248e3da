import { describe, expect, test } from 'vitest';
import type { DeviceLifeline, DeviceStatusLifeline } from '../../../operator/api/device.gen.ts';
import { removalDigest } from '../../../operator/controllers/device/lifeline-memory.ts';
import {
  assumedLifeline,
  lifelineItems,
  rememberedFor,
  rememberLifeline,
} from '../../../operator/rollout/lifeline-memory.ts';

const AT = '2026-01-02T00:00:00.000Z';
const jobs: DeviceLifeline = { jobs: true };
const more: DeviceLifeline = { jobs: true, willTopics: ['bye/a'] };

const remember = (
  previous: DeviceStatusLifeline | undefined,
  now: DeviceLifeline,
  options: { readonly approved?: string } = {},
) =>
  rememberLifeline({
    previous,
    now,
    approvals: options.approved === undefined ? [] : [{ digest: options.approved, by: 'kim', token: 't1' }],
    at: AT,
    digestOf: removalDigest,
  });

const items = (memory: DeviceStatusLifeline | undefined) =>
  memory === undefined ? [] : lifelineItems(JSON.parse(memory.kept) as DeviceLifeline);

describe('R12: what is remembered of a lifeline', () => {
  test('nothing is kept where nothing was ever asked for', () => {
    expect(remember(undefined, {})).toBeUndefined();
  });

  test('what is added counts at once', () => {
    expect(items(remember(remember(undefined, jobs), more))).toEqual(['jobs', 'willTopics bye/a']);
  });

  test('what is removed goes on counting, and is shown with what an approval would name', () => {
    const known = remember(undefined, more);
    const shorter = remember(known, jobs);
    expect(items(shorter)).toEqual(['jobs', 'willTopics bye/a']);
    expect(shorter).toMatchObject({ removed: ['willTopics bye/a'], digest: removalDigest(['willTopics bye/a']) });
    // Looked at again: the same, and no write.
    expect(remember(shorter, jobs)).toEqual(shorter);
  });

  test('what is declared stands there once, however often it is looked at while a removal waits for approval', () => {
    const declared = () => ({ allow: [{ actions: ['iot:Publish'], resources: ['topic/a'] }] });
    const first = remember(remember(undefined, { ...declared(), jobs: true }), declared());
    expect(first?.removed).toEqual(['jobs']);
    expect(remember(first, declared())).toEqual(first);
  });

  test('an approval of exactly that lets it go, for revisions that come later', () => {
    const shorter = remember(remember(undefined, more), jobs);
    const approved = remember(shorter, jobs, { approved: shorter?.digest ?? '' });
    expect(items(approved)).toEqual(['jobs']);
    expect(approved).toMatchObject({ approvedBy: 'kim', since: AT });
    const forRollout = (madeAt: string) => rememberedFor(approved, madeAt).flatMap(lifelineItems);
    expect(forRollout('2026-01-01T23:59:00Z')).toContain('willTopics bye/a');
    expect(forRollout('2026-01-02T00:01:00Z')).toEqual(['jobs']);
  });

  test('an approval of something else lets nothing go', () => {
    const known = remember(undefined, more);
    const other = remember(known, {}, { approved: removalDigest(['willTopics bye/a']) });
    expect(items(other)).toEqual(['jobs', 'willTopics bye/a']);
  });

  test('an approval from before is none for what is removed afterwards', () => {
    const shorter = remember(remember(undefined, more), jobs);
    const digest = shorter?.digest ?? '';
    const approved = remember(shorter, jobs, { approved: digest });
    expect(items(remember(approved, {}, { approved: digest }))).toEqual(['jobs']);
  });

  test('what comes back and is removed once more needs an approval of its own', () => {
    const shorter = remember(remember(undefined, more), jobs);
    const approved = remember(shorter, jobs, { approved: shorter?.digest ?? '' });
    const again = remember(remember(approved, more), jobs, { approved: shorter?.digest ?? '' });
    expect(items(again)).toEqual(['jobs', 'willTopics bye/a']);
  });

  test('of an asset in use without a record all that a lifeline can ask for counts', () => {
    const lost = remember(assumedLifeline(), jobs);
    expect(lost?.assumed).toBe(true);
    expect(items(lost)).toEqual(expect.arrayContaining(['jobs', 'classicShadow', 'tunnels', 'namedShadows *']));
    const approved = remember(lost, jobs, { approved: lost?.digest ?? '' });
    expect([approved?.assumed, items(approved)]).toEqual([undefined, ['jobs']]);
  });

  test('a record that cannot be read protects more, not less', () => {
    expect(rememberedFor({ kept: '{"jobs":' }, undefined).flatMap(lifelineItems)).toContain('classicShadow');
  });
});
