import { readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../operator/api/device.gen.ts';
import { cluster, execute, missing, must, type Output, until, why } from './support/cluster.ts';
import { manifest } from './support/objects.ts';
import { base, NAMES, NARROW, openRolloutBed, RATE, type RolloutBed, WIDE } from './support/rollout-bed.ts';
import type { Story } from './support/story.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHART = join(ROOT, 'charts/fleetward');
const SILENCE = manifest('IoTPolicy', 'silence', {
  containment: true,
  document: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: ['iot:Publish', 'iot:Subscribe', 'iot:Receive'], Resource: ['*'] }],
  },
});

type Person = 'lead' | 'on-call' | 'viewer' | 'stranger';

/**
 * People with a kubeconfig and no more than a role gives them: the lead administers the namespace, the one on call has the
 * role that docs/install.md shows, the viewer views.
 */
describe.skipIf(missing)(`fleetward as a command of people with a kubeconfig${why}`, () => {
  let bed: RolloutBed;
  let story: Story;
  let path: string;
  const files = new Map<Person, string>();

  beforeAll(async () => {
    bed = await openRolloutBed('cli', { more: [SILENCE], devices: { deletionPolicy: 'Delete' } });
    story = bed.story;
    const shown = ['templates/admission.yaml', 'templates/rbac.yaml'].flatMap((file) => ['--show-only', file]);
    const helm = ['template', 'cli', CHART, '-n', story.namespace, ...shown];
    const chart = join(story.folder, 'chart.yaml');
    await writeFile(chart, await must(execute(cluster().parts.helm, helm, { env: { HOME: story.folder } })));
    await must(story.kubectl('apply', '-f', chart));
    const page = await readFile(join(ROOT, 'docs/install.md'), 'utf8');
    const [role = ''] = /^apiVersion: rbac[^`]*name: fleet-on-call[^`]*/m.exec(page) ?? [];
    await story.apply(role);
    for (const person of ['lead', 'on-call', 'viewer', 'stranger'] as const) await admit(person);
    await bind('lead', 'admin');
    await bind('on-call', 'fleet-on-call');
    await bind('viewer', 'view');
    // As `npm install --global` puts it there.
    const bin = join(story.folder, 'bin');
    path = `${bin}:${dirname(process.execPath)}:${process.env.PATH}`;
    await must(execute('mkdir', ['-p', bin]));
    await symlink(cluster().bundle, join(bin, 'kubectl-fleetward'));
    for (const [person, right] of [
      ['lead', 'approve'],
      ['on-call', 'pause'],
      ['viewer', 'list'],
    ] as const) {
      const may = ['auth', 'can-i', right, 'policyrollouts.fleetward.dev', '--as', user(person)];
      await until(
        async () => (await story.kubectl(...may)).status === 0 || undefined,
        `the role of ${person} in force`,
      );
    }
    await until(async () => {
      const unsigned = ['annotate', 'device', 'press-1', 'rollout.fleetward.dev/hold=x', '--dry-run=server'];
      return (await story.kubectl(...unsigned)).stderr.includes('must name who uses it') || undefined;
    }, 'the admission policy in force');
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());

  async function admit(person: Person): Promise<void> {
    await must(story.kubectl('create', 'serviceaccount', person));
    const token = (await must(story.kubectl('create', 'token', person, '--duration=1h'))).trim();
    const { server, caFile } = cluster();
    const file = join(story.folder, `${person}.kubeconfig`);
    const context = { cluster: 'plant', user: person, namespace: story.namespace };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'plant', cluster: { server, 'certificate-authority': caFile } }],
      users: [{ name: person, user: { token } }],
      contexts: [{ name: 'plant', context }],
      'current-context': 'plant',
    };
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    files.set(person, file);
  }
  const bind = (person: Person, role: string) => {
    const account = `--serviceaccount=${story.namespace}:${person}`;
    return must(story.kubectl('create', 'rolebinding', person, `--clusterrole=${role}`, account));
  };
  const user = (person: Person) => `system:serviceaccount:${story.namespace}:${person}`;

  const environment = (person: Person) => ({ KUBECONFIG: files.get(person) ?? '', HOME: story.folder, PATH: path });
  const fleetward = (person: Person, ...args: readonly string[]): Promise<Output> =>
    execute(process.execPath, [cluster().bundle, ...args], { env: environment(person), cwd: story.folder });
  const plugin = (person: Person, ...args: readonly string[]): Promise<Output> =>
    execute(cluster().parts.kubectl, ['fleetward', ...args], { env: environment(person), cwd: story.folder });
  const verb = (person: Person, name: string, ...args: readonly string[]) =>
    fleetward(person, 'rollout', name, ...args);

  test('without a rollout it says so, to whoever may look', async () => {
    expect(await verb('viewer', 'get')).toMatchObject({ status: 0, stderr: 'There is no rollout in context plant.\n' });
    expect(await verb('lead', 'status')).toMatchObject({
      status: 1,
      stderr: 'No rollout is under way in context plant\n',
    });
    const nothing = await verb('stranger', 'get');
    expect(nothing.status).toBe(3);
    expect(nothing.stderr).toMatch(/Listing PolicyRollout.*forbidden.*cannot list resource "policyrollouts"/);
    expect(nothing.stderr).toContain('Check the RBAC rules of this user');
  });

  test('a rollout is paused by who may pause it, and resumed by who may resume it', async () => {
    await story.apply(base(NARROW));
    const made = await bed.becomes('a rollout', ({ status }) => status?.phase !== undefined);
    const { name } = made.metadata;

    const seen = await verb('viewer', 'get');
    expect(seen.status).toBe(0);
    expect(seen.stdout).toMatch(new RegExp(`^NAME .*PHASE[^]*${name} `));
    expect(await must(verb('viewer', 'describe', 'base'))).toContain(name);
    expect(await must(verb('on-call', 'describe', 'base')), 'with the role of the page').toContain(name);
    expect(await verb('viewer', 'status', name)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`${name}: `),
    });
    expect(await verb('viewer', 'get', 'bose')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('There is no PolicyRollout "bose"'),
    });

    const viewer = await verb('viewer', 'pause', 'base');
    expect(viewer.status).toBe(3);
    expect(viewer.stderr).toMatch(/^Asking for pause on PolicyRollout \S+: .* cannot patch resource "policyrollouts"/);
    const paused = await verb('on-call', 'pause', 'base', '--remark', 'odd readings in hall 2');
    expect(paused).toMatchObject({ status: 0, stdout: expect.stringMatching(/pause is taken/) });
    const { status } = await bed.becomes('the pause', ({ status: now }) => now?.verbs?.pausedBy !== undefined);
    expect(status?.verbs?.pausedBy).toBe(user('on-call'));
    const kept = await verb('on-call', 'resume', name);
    expect(kept.status).toBe(3);
    expect(kept.stderr).toContain(
      `${user('on-call')} may not use the verb resume on policyrollouts in namespace ${story.namespace}: ask for a role with that verb`,
    );
    expect(await verb('lead', 'resume', name)).toMatchObject({ status: 0 });
  });

  test('as a plugin of kubectl it follows the rollout to its end', async () => {
    const late = await plugin('viewer', 'rollout', 'status', 'base', '--watch', '--timeout', '1s');
    expect(late).toMatchObject({ status: 2, stderr: expect.stringContaining('has not ended after 1s') });
    bed.clock.rate = RATE;
    const watched = await plugin('viewer', 'rollout', 'status', 'base', '--watch', '--timeout', '150s');
    expect(watched.status, watched.stdout + watched.stderr).toBe(0);
    expect(watched.stdout.trim().split('\n').at(-1)).toMatch(/Succeeded/);
    await bed.becomes('its end, at home', ({ status }) => status?.homedAt !== undefined);
    bed.clock.rate = 1;
    const list = await plugin('viewer', 'rollout', 'get', '-n', story.namespace);
    expect(list.stdout).toContain('Succeeded');
    // A state folder in the working directory is not what a plugin of kubectl means.
    await writeFile(join(story.folder, 'objects.db'), '');
    expect(await plugin('viewer', 'rollout', 'get', '-o', 'name')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^policyrollout\.fleetward\.dev\/base-\w+\n$/),
    });
    expect((await plugin('stranger', 'rollout', 'get')).status).toBe(3);
  });

  test('a widening is approved by who may, for the revision that was looked at; aborted by who is on call', async () => {
    await story.apply(base(WIDE));
    const waiting = await bed.becomes('a wait for approval', ({ status }) => status?.phase === 'AwaitingApproval');
    const { name } = waiting.metadata;
    expect(await must(verb('viewer', 'describe', 'base'))).toMatch(/approve/);
    for (const decision of ['approve', 'deny', 'promote', 'promote-full', 'retry']) {
      const refused = await verb('on-call', decision, name);
      expect(refused.status, decision).toBe(3);
      expect(refused.stderr).toContain(`may not use the verb ${decision} on policyrollouts`);
    }
    expect(await verb('lead', 'approve', name, '--revision', '0123456789abcdef')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nothing was asked'),
    });
    expect(await verb('lead', 'promote', name)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('was refused'),
    });
    const approved = await verb('lead', 'approve', name, '--revision', waiting.spec.revision);
    expect(approved).toMatchObject({ status: 0, stdout: expect.stringContaining('approve is taken') });
    await bed.becomes('a device on its way', ({ status }) => (status?.counters?.inFlight ?? 0) > 0);
    expect(await verb('on-call', 'abort', name)).toMatchObject({ status: 0 });
    bed.clock.rate = RATE;
    const watched = await plugin('lead', 'rollout', 'status', name, '--watch', '--timeout', '150s');
    expect(watched.status, watched.stdout + watched.stderr).toBe(1);
    expect(watched.stdout).toContain('Aborted');
    const home = async (device: string) => (await bed.attached(device)).join() === 'base';
    await until(async () => (await Promise.all(NAMES.map(home))).every(Boolean) || undefined, 'the way back');
    bed.clock.rate = 1;
    const { status } = await bed.becomes('its end', ({ status: now }) => now?.phase === 'Aborted');
    expect(status?.verbs).toMatchObject({ approvedBy: user('lead'), abortedBy: user('on-call') });

    expect(await verb('lead', 'retry', name)).toMatchObject({ status: 0 });
    const again = await bed.becomes('another attempt', ({ spec, status: now }) => {
      return spec.attempt === 2 && now?.phase === 'AwaitingApproval';
    });
    expect(await verb('lead', 'deny', again.metadata.name)).toMatchObject({ status: 0 });
    await bed.becomes('its end', ({ status: now }) => now?.phase === 'Aborted');
  });

  test('a device is held by who is on call, and released by who may', async () => {
    expect(await verb('viewer', 'hold', 'press-1')).toMatchObject({ status: 3 });
    const held = await verb('on-call', 'hold', 'press-1', '--remark', 'in repair');
    expect(held).toMatchObject({ status: 0, stdout: 'press-1: held\n' });
    const lifted = await verb('viewer', 'release', 'press-1');
    expect(lifted).toMatchObject({ status: 3, stderr: expect.stringContaining('cannot patch resource "devices"') });
    expect(await verb('on-call', 'release', 'press-1')).toMatchObject({ status: 0, stdout: 'press-1: released\n' });
    expect(await verb('on-call', 'hold', 'presz-1')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/There is no Device "presz-1".*did you mean press-1/),
    });
  });

  test('who is on call contains a device at once; what contains it is lifted by another word', async () => {
    const device = () => story.json<Device>('get', 'device', 'press-2');
    expect(await fleetward('viewer', 'contain', 'press-2')).toMatchObject({ status: 3 });
    expect(await bed.attached('press-2')).not.toContain('silence');
    const contained = await plugin('on-call', 'contain', 'press-2', '--remark', 'case 4711');
    expect(contained, contained.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining('with silence') });
    expect(await bed.attached('press-2')).toContain('silence');
    expect((await device()).status).toMatchObject({
      held: { reason: 'Contained' },
      contained: { remark: 'case 4711' },
    });
    const kept = await fleetward('on-call', 'contain', '--lift', 'press-2');
    expect(kept.status).toBe(3);
    expect(kept.stderr).toContain('may not use the verb acknowledge on devices');
    expect(await bed.attached('press-2')).toContain('silence');
    expect(await fleetward('lead', 'contain', '--lift', 'press-2')).toMatchObject({ status: 0 });
    await until(async () => !(await bed.attached('press-2')).includes('silence') || undefined, 'the denial taken off');
  });

  test('without an operator, release is for who may change the objects, and says what it may not see', async () => {
    await bed.stopOperator();
    const release = (person: Person, ...args: readonly string[]) =>
      plugin(person, 'release', '-n', story.namespace, ...args);
    const lease = ['--operator-namespace', story.namespace];
    const unseen = await release('on-call', '--all', ...lease);
    expect(unseen.status).toBe(3);
    expect(unseen.stderr).toMatch(/Whether an operator runs cannot be seen: the Lease \S+ may not be read.*--force/);
    const viewer = await release('viewer', 'device', 'press-1', '--force');
    expect(viewer.status).toBe(3);
    expect(viewer.stderr).toContain('cannot patch resource "devices"');
    expect(viewer.stdout).toBe('');
    const finalizers = async () => (await story.json<Device>('get', 'device', 'press-1')).metadata.finalizers ?? [];
    expect(await finalizers()).not.toEqual([]);
    expect((await verb('lead', 'pause', 'base', '--timeout', '1s')).status, 'nobody answers').toBe(4);
    expect(await release('lead', 'device', 'press-1', '--force')).toMatchObject({
      status: 0,
      stdout: 'device.fleetward.dev/press-1 released\n',
    });
    expect(await finalizers()).toEqual([]);
  });

  test('a kubeconfig that does not work is said to be the reason', async () => {
    const token = await readFile(files.get('viewer') ?? '', 'utf8');
    const broken = join(story.folder, 'broken.kubeconfig');
    await writeFile(broken, token.replace(/"token":"[^"]+"/, '"token":"no-longer-valid"'), { mode: 0o600 });
    const refused = await verb('viewer', 'get', '--kubeconfig', broken);
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain('401');
    expect(await verb('viewer', 'get', '--context', 'nowhere')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('names no cluster for context nowhere'),
    });
    expect(await verb('viewer', 'get', '--kubeconfig', join(story.folder, 'absent'))).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('There is no cluster to ask'),
    });
  });
});
