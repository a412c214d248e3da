import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, person } from './person.ts';
import { hear, NARROW, refuse, rolloutFleet } from './support.ts';

describe('the evidence log of a rollout', () => {
  test('says who, what, with which witness and by which calls, and verifies', async () => {
    await using fleet = await rolloutFleet(2, { evidence: true });
    await using kim = person(fleet);
    hear(fleet, 'press-1', 'debug/press-1');
    await fleet.change(NARROW);
    await fleet.live(24);
    await kim.fleetward('rollout', 'pause', '--remark', 'lunch');
    await kim.fleetward('rollout', 'resume');
    refuse(fleet, 'press-1', 'debug/press-1');
    await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
    await kim.fleetward('rollout', 'abort');
    await fleet.live(30, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    await fleet.live(2);
    const { status, stdout } = await commandLine('rollout', 'evidence', 'base', '--state', fleet.folder);
    expect(stdout).toContain('The chain is complete');
    expect(status).toBe(0);
    for (const told of [
      /made +revision [0-9a-f]{8}, try 1, 2 assets/,
      /analysed +passed: tightens; lost iot:Publish on arn:aws:iot:us-east-1:123456789012:topic\/debug/,
      /call +CreatePolicy policy=base@/,
      /call +AttachPolicy device=press-1 policy=base@[0-9a-f]{8} target=arn/,
      /call +DetachPolicy device=press-1 policy=base /,
      /verb +pause by \S+: lunch/,
      /asset +press-1: \w+ to RollingBack: AuthorizationFailures/,
      /decision +finish \(Aborted, AbortRequested\)/,
    ]) {
      expect(stdout).toMatch(told);
    }
    const archive = await commandLine('rollout', 'export', 'base', '--state', fleet.folder);
    expect(JSON.parse(archive.stdout)).toMatchObject({
      rollout: { status: { phase: 'Aborted' } },
      assets: [{ device: 'press-1', state: 'RolledBack' }],
      verification: { result: 'complete' },
    });
    expect(archive.stdout).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE/);
  }, 60_000);

  test('goes on behind what was written before a crash; a lost tail shows, a changed entry breaks it', async () => {
    await using fleet = await rolloutFleet(1, { evidence: true });
    await fleet.change(NARROW);
    await fleet.live(15);
    await fleet.kill();
    const [namespace = ''] = readdirSync(join(fleet.folder, 'evidence'));
    const [name = ''] = readdirSync(join(fleet.folder, 'evidence', namespace));
    const file = join(fleet.folder, 'evidence', namespace, name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // The process died in the middle of a line.
    appendFileSync(file, '{"evidence":"fleetward.dev/v1","rollout":"fact');
    await fleet.start();
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    await fleet.live(2);
    const verify = () => commandLine('rollout', 'evidence', 'base', '--state', fleet.folder);
    expect(await verify()).toMatchObject({ status: 0, stdout: expect.stringContaining('The chain is complete') });
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, whole.split('\n').slice(0, -3).join('\n'));
    expect(await verify()).toMatchObject({ status: 1, stdout: expect.stringContaining('end of the chain is missing') });
    writeFileSync(file, whole.replace('"operation":"AttachPolicy"', '"operation":"DetachPolicy"'));
    expect(await verify()).toMatchObject({ status: 1, stdout: expect.stringContaining('was changed') });
  }, 60_000);

  test('a disk that takes no more stops no rollout, and the hole is found', async () => {
    await using fleet = await rolloutFleet(1, { evidence: true });
    writeFileSync(join(fleet.folder, 'evidence'), 'a file where the folder should be');
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
    const { stdout } = await commandLine('rollout', 'evidence', 'base', '--state', fleet.folder);
    expect(stdout).toMatch(/the last \d+ of \d+ entries are missing/);
  }, 60_000);
});
