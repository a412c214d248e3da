import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../operator/api/meta.ts';
import type { PolicyRollout } from '../../operator/api/policyrollout.gen.ts';
import { VERB_RIGHTS } from '../../operator/rollout/verb-rights.ts';
import { cluster, execute, missing, must, until, why } from './support/cluster.ts';
import { account, documents, issued, policy } from './support/objects.ts';
import { untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';

const CHART = join(import.meta.dirname, '../../charts/fleetward');
const OF_THE_CHART = ['templates/admission.yaml', 'templates/rbac.yaml'];

/** Alice administers the namespace, Bob edits in it, Carol may contain devices and do nothing else. */
describe.skipIf(missing)(`who may use which verb${why}`, () => {
  let story: Story;
  let rollout: string;

  beforeAll(async () => {
    story = await openStory('verbs');
    const shown = OF_THE_CHART.flatMap((file) => ['--show-only', file]);
    const helm = ['template', 'verbs', CHART, '-n', story.namespace, ...shown];
    const chart = join(story.folder, 'chart.yaml');
    await writeFile(chart, await must(execute(cluster().parts.helm, helm, { env: { HOME: story.folder } })));
    await must(story.kubectl('apply', '-f', chart));
    await must(story.kubectl('create', 'rolebinding', 'alice', '--clusterrole=admin', '--user=alice'));
    await must(story.kubectl('create', 'rolebinding', 'bob', '--clusterrole=edit', '--user=bob'));
    const role = ['create', 'role', 'containment', '--resource=devices.fleetward.dev'];
    await must(story.kubectl(...role, '--verb=get,list,patch,contain'));
    await must(story.kubectl('create', 'rolebinding', 'carol', '--role=containment', '--user=carol'));
    await untilReady(await story.operator({ config: { usersPinned: true } }));
    await story.apply(documents(account(), policy('base'), issued('press-1', { policyRefs: [{ name: 'base' }] })));
    await must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=120s'));
    await story.apply(policy('base', 'iot:*'));
    rollout = await until(
      async () => (await must(story.kubectl('get', 'policyrollouts', '-o', 'name'))).trim() || undefined,
      'a rollout of the changed policy',
    );
    await until(
      async () =>
        (await tried('bob', 'device/press-1', as('hold', 'bob'))).stderr.includes('the verb hold') || undefined,
      'the admission policy in force',
    );
    // What the chart adds to the roles of the cluster gets there by a controller.
    const right = ['auth', 'can-i', 'approve', 'policyrollouts.fleetward.dev', '--as', 'alice'];
    await until(async () => (await story.kubectl(...right)).status === 0 || undefined, 'the roles in force');
  });
  afterAll(() => story?.[Symbol.asyncDispose]());

  const annotate = (user: string, object: string, ...words: readonly string[]) =>
    story.kubectl('annotate', object, ...words, '--overwrite', '--as', user);
  const tried = (user: string, object: string, ...words: readonly string[]) =>
    annotate(user, object, ...words, '--dry-run=server');
  const as = (verb: string, user: string, subject = '') => `rollout.fleetward.dev/${verb}=t1${subject} by ${user}`;
  const rights = Object.entries(VERB_RIGHTS).flatMap(([resource, verbs]) => verbs.map((verb) => ({ verb, resource })));

  test('every verb is for administrators, and not for editors', async () => {
    const held = async (user: string) => {
      const table = await must(story.kubectl('auth', 'can-i', '--list', '--as', user));
      const rows = [...table.matchAll(/^(\S+)\.fleetward\.dev\s+\[\]\s+\[\]\s+\[(.*)\]$/gm)];
      return new Set(rows.flatMap(([, resource, verbs = '']) => verbs.split(' ').map((verb) => `${verb} ${resource}`)));
    };
    const [alice, bob] = [await held('alice'), await held('bob')];
    expect(rights.length).toBeGreaterThan(15);
    expect(rights.filter(({ verb, resource }) => !alice.has(`${verb} ${resource}`))).toEqual([]);
    expect(rights.filter(({ verb, resource }) => bob.has(`${verb} ${resource}`))).toEqual([]);
    expect(bob.has('patch devices'), 'an editor edits').toBe(true);
  });

  test.each([
    ['an editor does not hold a device', 'bob', 'device', as('hold', 'bob'), 'may not use the verb hold'],
    ['nobody signs for another', 'alice', 'rollout', as('pause', 'bob'), 'must name who uses it'],
    ['a verb needs a name', 'alice', 'rollout', 'rollout.fleetward.dev/pause=t1', 'must name who uses it'],
    ['a verb that does not exist is nobody’s', 'alice', 'rollout', as('explode', 'alice'), 'the verb explode'],
    ['an editor gives nothing back', 'bob', 'device', 'fleetward.dev/restore=1a2b3c4d', 'the verb restore'],
    ['an editor changes no rollout', 'bob', 'rollout', as('pause', 'bob'), 'forbidden'],
    ['who may contain may not hold', 'carol', 'device', as('hold', 'carol'), 'may not use the verb hold'],
  ])('%s', async (_, user, object, words, refusal) => {
    const { status, stderr } = await tried(user, object === 'rollout' ? rollout : 'device/press-1', words);
    expect(stderr).toContain(refusal);
    expect(status).toBe(1);
  });

  test.each([
    ['an annotation that is no verb is an editor’s', 'bob', 'note=mine'],
    ['so is asking for a look', 'bob', 'reconcile.fleetward.dev/requestedAt=now'],
    ['who may contain does', 'carol', as('contain', 'carol', '@incident')],
    ['an administrator gives back what was taken', 'alice', 'fleetward.dev/restore=1a2b3c4d'],
  ])('%s', async (_, user, words) => {
    expect((await tried(user, 'device/press-1', words)).stderr).toBe('');
  });

  test('an editor can neither take away the hold of somebody else nor replace it', async () => {
    await must(annotate('alice', 'device/press-1', as('hold', 'alice')));
    expect((await annotate('bob', 'device/press-1', 'rollout.fleetward.dev/hold-')).stderr).toContain('the verb hold');
    const file = join(story.folder, 'replaced.json');
    const replaced = async () => {
      const { metadata, ...device } = await story.json<KubeObject>('get', 'device', 'press-1');
      const { annotations: _, ...bare } = metadata;
      await writeFile(file, JSON.stringify({ ...device, metadata: bare }));
      return story.kubectl('replace', '-f', file, '--as', 'bob');
    };
    // A status that the operator writes in between is a conflict, which the server looks for first.
    const refused = await until(async () => {
      const { stderr } = await replaced();
      return stderr.includes('Conflict') ? undefined : stderr;
    }, 'an answer to a replacement');
    expect(refused).toContain('the verb hold');
    expect((await annotate('bob', 'device/press-1', 'note=mine')).stderr, 'beside a hold of another').toBe('');
    await must(annotate('alice', 'device/press-1', 'rollout.fleetward.dev/hold-'));
  });

  test('an approval in a policy is Git’s or an approver’s', async () => {
    const approve = (user: string) =>
      story.kubectl(
        ...['patch', 'iotpolicy', 'base', '--type=merge', '--dry-run=server', '--as', user],
        ...['-p', '{"spec":{"approvedRevision":"0123456789abcdef"}}'],
      );
    expect((await approve('bob')).stderr).toContain('may not use the verb approve');
    expect((await approve('alice')).stderr).toBe('');
  });

  test('so is the approval of a shorter lifeline in a device', async () => {
    const approve = (user: string) =>
      story.kubectl(
        ...['patch', 'device', 'press-1', '--type=merge', '--dry-run=server', '--as', user],
        ...['-p', '{"spec":{"approvedLifelineRemoval":"0123abcd"}}'],
      );
    expect((await approve('bob')).stderr).toContain('may not use the verb shrink-lifeline');
    expect((await approve('alice')).stderr).toBe('');
  });

  test('kubectl get policyrollouts tells the story, and who approves stands in it', async () => {
    const get = () => story.json<PolicyRollout>('get', rollout);
    const waiting = await until(async () => {
      const { status } = await get();
      return status?.phase === 'AwaitingApproval' ? status : undefined;
    }, 'a rollout that waits for approval');
    expect(waiting.class).toBe('widens');
    const table = await must(story.kubectl('get', 'policyrollouts', '-o', 'wide'));
    expect(table.split('\n')[0]).toMatch(/NAME .*PHASE .*READY +STATUS +AGE .*CLASS/);
    expect(table).toMatch(/AwaitingApproval .* False .* widens /);
    const { revision } = (await get()).spec;
    await must(annotate('alice', rollout, as('approve', 'alice', '@00000000')));
    await until(async () => ((await get()).status?.refused?.length ?? 0) > 0 || undefined, 'a refusal');
    expect((await get()).status?.refused?.[0]).toMatchObject({ reason: 'StaleRevision' });
    await must(annotate('alice', rollout, `rollout.fleetward.dev/approve=t2@${revision} by alice`));
    const approved = await until(async () => {
      const { status } = await get();
      return status?.verbs?.approvedBy === undefined ? undefined : status;
    }, 'the approval');
    expect(approved.verbs?.approvedBy).toBe('alice');
    expect(await must(story.kubectl('describe', rollout))).toContain('alice');
  });
});
