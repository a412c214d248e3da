import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { putRequest } from '../../../operator/runtime/store/local/requests.ts';
import { policy } from '../../support/fleet.ts';
import { commandLine, person } from './person.ts';
import { annotate, grants, NARROW, refuse, rolloutFleet, WIDE } from './support.ts';

const WIDER = grants('telemetry/*', 'debug/*', 'extra/*');

describe('a person steers a rollout beside a standalone operator', () => {
  test('approve, pause, resume, promote-full, abort: each is answered in the status, with who and why', async () => {
    await using fleet = await rolloutFleet(2);
    await using kim = person(fleet);
    await fleet.change(WIDER);
    await fleet.live(1);
    expect((await kim.fleetward('rollout', 'get')).stdout).toMatch(/AwaitingApproval +1\/2 +0\/2/);
    const approved = await kim.fleetward('rollout', 'approve', '--remark', 'asked for by site 4');
    expect(approved).toMatchObject({ status: 0, stdout: expect.stringContaining('approve is taken') });
    await fleet.live(1);
    const { status } = await fleet.rollout();
    expect(status?.phase).toBe('Progressing');
    expect(status?.answers).toMatchObject([{ verb: 'approve', remark: 'asked for by site 4' }]);
    const drawn = (await kim.fleetward('rollout', 'describe', 'base')).stdout;
    for (const told of [
      /^State: +Progressing/m,
      /^Gained, e\.g\.: +iot:Publish on \S+topic\/extra/m,
      /^Approved: +by \S+$/m,
      /^ {2}1 {2}▓{20} {2}0\/1 {2}one asset +under way, bakes 1 min$/m,
      /^ {2}2 {2}░{20} {2}0\/1 {2}the rest +to come$/m,
      /^ {2}press-1 +1 +Expanding /m,
      /^ {2}.* approve +by \S+ +asked for by site 4$/m,
      /^ {2}fleetward rollout abort base-/m,
    ]) {
      expect(drawn).toMatch(told);
    }
    expect((await kim.fleetward('rollout', 'pause', 'base')).stdout).toContain('Paused (UserRequested)');
    expect((await kim.fleetward('rollout', 'resume', 'base')).stdout).toContain('Progressing');
    expect((await kim.fleetward('rollout', 'promote-full', 'base')).status).toBe(0);
    const aborted = await kim.fleetward('rollout', 'abort', 'base');
    expect(aborted.stdout).toContain('Aborting (AbortRequested)');
    const again = await kim.fleetward('rollout', 'abort', 'base');
    expect(again.status, 'a second abort changes nothing').toBe(0);
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    const late = await kim.fleetward('rollout', 'resume', 'base');
    expect(late).toMatchObject({ status: 1, stderr: expect.stringContaining('has ended (Aborted)') });
    expect((await kim.fleetward('rollout', 'status', 'base', '--watch')).status).toBe(1);
  }, 60_000);

  test('the same token again is the same request', async () => {
    await using fleet = await rolloutFleet(1);
    await using kim = person(fleet);
    await fleet.change(NARROW);
    await fleet.live(1);
    await kim.fleetward('rollout', 'pause', '--token', 't1');
    await kim.fleetward('rollout', 'resume', '--token', 't2');
    expect((await kim.fleetward('rollout', 'pause', '--token', 't1')).status).toBe(0);
    expect((await fleet.rollout()).status?.phase).toBe('Progressing');
  }, 60_000);

  test('abort while it waits for approval ends it', async () => {
    await using fleet = await rolloutFleet(1);
    await using kim = person(fleet);
    await fleet.change(WIDER);
    await fleet.live(1);
    await kim.fleetward('rollout', 'abort');
    await fleet.live(2);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Aborted', reason: 'AbortRequested' });
    expect((await kim.fleetward('rollout', 'approve', 'base')).status).toBe(1);
  }, 60_000);

  test('who refuses it while it is paused is heard, and has the last word when the pause is lifted', async () => {
    await using fleet = await rolloutFleet(1);
    await using kim = person(fleet);
    await fleet.change(WIDER);
    await fleet.live(1);
    expect((await kim.fleetward('rollout', 'pause', 'base')).status).toBe(0);
    await fleet.live(1);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Paused', reason: 'UserRequested' });
    const approved = await kim.fleetward('rollout', 'approve', 'base');
    expect(approved.status).not.toBe(0);
    expect(`${approved.stdout}${approved.stderr}`).toContain('resume it, and approve what it asks for then');
    const denied = await kim.fleetward('rollout', 'deny', 'base');
    expect(denied).toMatchObject({ status: 0, stdout: expect.stringContaining('deny is taken') });
    await fleet.live(1);
    expect((await fleet.rollout()).status, 'a pause wins over a denial').toMatchObject({ phase: 'Paused' });
    expect((await kim.fleetward('rollout', 'resume', 'base')).status).toBe(0);
    await fleet.live(1);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Aborted', reason: 'Denied' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 60_000);

  test('a pause lets an asset that is being contracted come to its verdict, and starts no other', async () => {
    await using fleet = await rolloutFleet(2);
    await using kim = person(fleet);
    await fleet.change(NARROW);
    await fleet.live(30, { until: async () => (await fleet.attached('press-1')).length === 1 });
    await kim.fleetward('rollout', 'pause');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    await fleet.live(5);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', 'press-2': '-' });
  }, 60_000);

  test('after a failed asset promote goes on, and the next failure pauses again', async () => {
    await using fleet = await rolloutFleet(3, {});
    await using kim = person(fleet);
    await fleet.change(NARROW);
    await fail(fleet, 'press-1');
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Paused', reason: 'AssetFailed' });
    expect((await kim.fleetward('rollout', 'promote-full', 'base')).status).toBe(0);
    await fail(fleet, 'press-2');
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Paused', reason: 'AssetFailed' });
  }, 60_000);

  test('a held device stands aside until it is released; a skipped one is left out of this rollout alone', async () => {
    await using fleet = await rolloutFleet(3);
    await using kim = person(fleet);
    expect((await kim.fleetward('rollout', 'hold', 'press-1', '--remark', 'in repair')).status).toBe(0);
    await fleet.change(NARROW);
    await fleet.live(1);
    await kim.fleetward('rollout', 'skip', 'press-3');
    const { annotations } = (await fleet.get('Device', 'press-3')).metadata;
    expect(annotations?.['rollout.fleetward.dev/skip']).toContain(`@${(await fleet.rollout()).spec.revision} by `);
    await fleet.live(60, { until: async () => (await fleet.records())['press-2'] === 'Succeeded' });
    expect(await fleet.records()).toEqual({ 'press-1': '-', 'press-2': 'Succeeded', 'press-3': '-' });
    await kim.fleetward('rollout', 'release', 'press-1');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded', 'press-2': 'Succeeded', 'press-3': '-' });
    expect(await fleet.attached('press-3')).toEqual(['base']);
  }, 60_000);
});

/** It used what the change takes away, and is refused it afterwards. */
async function fail(fleet: Awaited<ReturnType<typeof rolloutFleet>>, name: string): Promise<void> {
  await fleet.live(60, { until: async () => (await fleet.records())[name] === 'Observing' });
  refuse(fleet, name, `telemetry/${name}`);
  await fleet.live(40, { until: async () => (await fleet.records())[name] === 'RolledBack' });
  await fleet.live(3);
}

describe('who approved', () => {
  test('where nobody vouches for the name in a verb, a widening is approved by a commit alone', async () => {
    await using fleet = await rolloutFleet(1, { usersPinned: false });
    await fleet.change(WIDER);
    await fleet.live(1);
    const { metadata, spec } = await fleet.rollout();
    const verb = { 'rollout.fleetward.dev/approve': `t1@${spec.revision} by ciso` };
    await annotate(fleet, 'PolicyRollout', metadata.name, verb);
    await fleet.live(1);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'AwaitingApproval',
      refused: [{ reason: 'UserNotPinned', message: expect.stringContaining(`approvedRevision: ${spec.revision}`) }],
    });
    const said = { document: WIDER, strategy: { type: 'Waves', waves: [{ count: 1, bake: '1m' }] } };
    await fleet.apply(policy('base', { ...said, approvedRevision: spec.revision }));
    await fleet.live(1);
    expect((await fleet.rollout()).status?.phase, 'said by somebody, not by Git').toBe('AwaitingApproval');
    const kept = policy('base', { ...said, approvedRevision: spec.revision });
    const labels = { 'fleetward.dev/source': 'a-source' };
    await fleet.apply({ ...kept, metadata: { ...kept.metadata, labels } });
    await fleet.live(1);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Progressing', verbs: { approvedBy: 'Git' } });
  }, 60_000);
});

describe('status --watch', () => {
  test('ends with 0 when it succeeded, 1 when it was aborted or is stalled, 2 when time ran out', async () => {
    await using fleet = await rolloutFleet(1);
    await using kim = person(fleet);
    await fleet.change(NARROW);
    await fleet.live(1);
    expect((await kim.fleetward('rollout', 'status', 'base', '-w', '--timeout', '1s')).status).toBe(2);
    await fleet.live(90, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect((await kim.fleetward('rollout', 'status', 'base', '-w')).status).toBe(0);
    await fleet.live(40);
    const { Statement } = grants('telemetry/*') as { Statement: readonly unknown[] };
    await fleet.change({ Version: '2012-10-17', Statement: Statement.slice(1) });
    await fleet.live(2);
    const stuck = await kim.fleetward('rollout', 'status', 'base', '-w');
    expect(stuck).toMatchObject({ status: 1, stdout: expect.stringContaining('LifelineViolation') });
    expect((await kim.fleetward('rollout', 'status', 'nobody')).status).toBe(1);
  }, 90_000);
});

describe('undo', () => {
  test('prints what to commit; the commit is a change like any other', async () => {
    await using fleet = await rolloutFleet(1);
    await using kim = person(fleet);
    await fleet.change(NARROW);
    await fleet.live(90, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    const { status, stdout } = await kim.fleetward('rollout', 'undo', 'base');
    expect(status).toBe(0);
    const manifest = parse(stdout) as { readonly kind: string; readonly spec: { readonly document: object } };
    expect(manifest).toMatchObject({ kind: 'IoTPolicy', metadata: { name: 'base' }, spec: { document: WIDE } });
    await fleet.live(30);
    await fleet.change(manifest.spec.document);
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'AwaitingApproval', class: 'widens' });
    const again = await kim.fleetward('rollout', 'undo', (await fleet.rollout()).metadata.name);
    expect(parse(again.stdout)).toMatchObject({ spec: { document: NARROW } });
  }, 90_000);
});

describe('the request folder', () => {
  test('without an operator nothing is asked, and --no-wait leaves the request for the next one', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(1);
    await fleet.kill();
    await fleet.store.close();
    const refused = await commandLine('rollout', 'pause', 'base', '--state', fleet.folder);
    expect(refused).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('No operator runs on the state folder'),
    });
    expect(
      existsSync(join(fleet.folder, 'requests')) && readdirSync(join(fleet.folder, 'requests')).length,
    ).toBeFalsy();
    expect(await commandLine('rollout', 'pause', 'base', '--state', fleet.folder, '--no-wait')).toMatchObject({
      status: 0,
    });
    expect(readdirSync(join(fleet.folder, 'requests'))).toHaveLength(1);
  }, 60_000);

  test('a request outlives a crash of the operator and is carried out once', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(1);
    await fleet.kill();
    await commandLine('rollout', 'pause', 'base', '--state', fleet.folder, '--no-wait', '--token', 't9');
    await fleet.start();
    await using _kim = person(fleet);
    await fleet.live(2);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Paused', verbs: { handled: { pause: 't9' } } });
    expect(readdirSync(join(fleet.folder, 'requests'))).toEqual([]);
  }, 60_000);

  test('the user is who owns the file, whatever is written in it', async () => {
    await using fleet = await rolloutFleet(1);
    await using _kim = person(fleet);
    await fleet.change(WIDER);
    await fleet.live(1);
    const { metadata, spec } = await fleet.rollout();
    const { namespace = '', name, uid = '' } = metadata;
    const asked = { kind: 'PolicyRollout', namespace, name, uid, verb: 'approve', subject: spec.revision };
    putRequest(fleet.folder, 'forged', { ...asked, user: 'ciso', remark: 'fine by ciso' });
    await fleet.live(1);
    const { status } = await fleet.rollout();
    expect(status?.verbs?.approvedBy).toBe(userInfo().username);
    expect(readdirSync(join(fleet.folder, 'requests'))).toEqual([]);
  }, 60_000);

  test('what is no request is refused and hurts nobody', async () => {
    await using fleet = await rolloutFleet(1);
    await using _kim = person(fleet);
    await fleet.live(1);
    const inbox = join(fleet.folder, 'requests');
    expect(statSync(inbox).mode & 0o777).toBe(0o700);
    writeFileSync(join(inbox, 'half.json'), '{"kind":"Policy');
    writeFileSync(join(inbox, 'large.json'), `"${'x'.repeat(20_000)}"`);
    writeFileSync(join(inbox, 'other.json'), '{"kind":"Secret","namespace":"","name":"x","uid":"y","verb":"pause"}');
    symlinkSync('/etc/passwd', join(inbox, 'link.json'));
    chmodSync(join(inbox, 'other.json'), 0o600);
    await fleet.live(1);
    expect(readdirSync(inbox).sort()).toEqual(['half.refused', 'large.refused', 'link.refused', 'other.refused']);
  }, 60_000);

  test('an annotation by other means needs the revision, and is answered as well', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(1);
    const { metadata } = await fleet.rollout();
    await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/abort': 't1@00000000 by kim' });
    await fleet.live(1);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Progressing',
      refused: [{ reason: 'StaleRevision', token: 't1' }],
    });
  }, 60_000);
});
