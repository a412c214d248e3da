import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SOURCE_LABEL } from '../../../operator/controllers/fleetsource/verbs.ts';
import { StoreError } from '../../../operator/runtime/store.ts';
import { openFleet, thingType } from '../../support/git-fleet.ts';

/** ThingTypes in one file each. */
const types = (...names: string[]) => Object.fromEntries(names.map((name) => [`${name}.yaml`, thingType(name)]));
const many = (n: number) => Array.from({ length: n }, (_, i) => `t${i}`);

test('what enters Git is created, what changes is changed alone, what leaves is pruned, and an unchanged commit writes nothing', async () => {
  await using fleet = await openFleet();
  const first = await fleet.remote.commit(types('a', 'b', 'c'));
  await fleet.pass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b', 'c']);
  expect(fleet.source().status).toMatchObject({
    revision: `main@sha1:${first}`,
    lastAttemptedRevision: `main@sha1:${first}`,
    inventory: { count: 3 },
    errorCount: 0,
  });
  expect(fleet.ready()).toMatchObject({ status: 'True', reason: 'Applied' });

  fleet.store.writes.length = 0;
  await fleet.nextPass();
  fleet.restart();
  await fleet.nextPass();
  expect(fleet.store.writes, 'neither a second pass nor a restart writes').toEqual([]);

  await fleet.remote.commit({ 'b.yaml': thingType('b', 'A robot'), 'c.yaml': null, 'd.yaml': thingType('d') });
  await fleet.nextPass();
  expect(fleet.store.writes.filter((write) => !write.startsWith('status'))).toEqual([
    'apply ThingType/b',
    'apply ThingType/d',
    'delete ThingType/c',
  ]);
  expect(fleet.names('ThingType')).toEqual(['a', 'b', 'd']);
  expect(fleet.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual(['Normal Applied', 'Normal Applied']);
});

test('every object carries the uid of its source, and the status only their number', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a'));
  await fleet.pass();
  const [object] = [...fleet.cache.list('ThingType')];
  expect(object?.metadata.labels?.[SOURCE_LABEL]).toBe(fleet.source().metadata.uid);
  expect(JSON.stringify(fleet.source().status)).not.toContain('ThingType/a');
});

test('what somebody changed or deleted in the store comes back at the next interval', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a', 'b'));
  await fleet.pass();
  const [a] = [...fleet.cache.list('ThingType')];
  await fleet.store.apply({ ...a!, spec: { description: 'edited' } }, { owner: 'kubectl' });
  await fleet.store.delete({ kind: 'ThingType', namespace: 'factory', name: 'b' });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b']);
  expect([...fleet.cache.list('ThingType')].map(({ spec }) => spec)).toEqual([
    expect.objectContaining({ description: 'A press' }),
    expect.objectContaining({ description: 'A press' }),
  ]);
});

test('labels and annotations that leave Git leave the object; those of others stay and cost no write', async () => {
  await using fleet = await openFleet();
  const withMeta = (meta: string) => thingType('a').replace('name: a\n', `name: a\n${meta}`);
  await fleet.remote.commit({ 'a.yaml': withMeta('  labels: {site: north}\n  annotations: {owner: team}\n') });
  await fleet.pass();
  const [a] = [...fleet.cache.list('ThingType')];
  await fleet.store.apply(
    { ...a!, metadata: { name: 'a', namespace: 'factory', labels: { 'example.com/by': 'hand' } } },
    { owner: 'kubectl' },
  );
  await fleet.remote.commit({ 'a.yaml': thingType('a') });
  await fleet.nextPass();
  const [after] = [...fleet.cache.list('ThingType')];
  expect(after?.metadata.labels).toEqual({
    [SOURCE_LABEL]: fleet.source().metadata.uid,
    'example.com/by': 'hand',
  });
  expect(after?.metadata.annotations ?? {}).toEqual({});
  fleet.store.writes.length = 0;
  await fleet.remote.commit(types('z'));
  await fleet.nextPass();
  expect(fleet.store.writes).not.toContain('apply ThingType/a');
});

test('an invalid tree applies nothing, shows its mistakes and keeps the last good revision; a fix is applied', async () => {
  await using fleet = await openFleet();
  const good = await fleet.remote.commit(types('a'));
  await fleet.pass();
  const bad = await fleet.remote.commit({
    'b.yaml': thingType('b'),
    'broken.yaml': 'apiVersion: fleetward.dev/v1alpha1\nkind: [\n',
  });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a']);
  expect(fleet.source().status).toMatchObject({
    revision: `main@sha1:${good}`,
    lastAttemptedRevision: `main@sha1:${bad}`,
    errorCount: expect.any(Number),
    errors: [expect.stringContaining('broken.yaml:')],
  });
  expect(fleet.ready()).toMatchObject({ status: 'False', reason: 'InvalidManifests' });
  expect(fleet.ready()?.message).toMatch(new RegExp(`${good} stays applied`));
  expect(fleet.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'InvalidManifests' });

  await fleet.remote.commit({ 'broken.yaml': null });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b']);
  expect(fleet.ready()).toMatchObject({ status: 'True' });
  expect(fleet.source().status).toMatchObject({ errors: [], errorCount: 0 });
});

test('an object that names another namespace invalidates the tree', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit({ 'a.yaml': thingType('a').replace('name: a\n', 'name: a\n  namespace: other\n') });
  await fleet.pass();
  expect(fleet.names('ThingType')).toEqual([]);
  expect(fleet.ready()?.message).toMatch(/writes only to its own, factory/);
});

test('an empty tree, and one of foreign kinds only, remove nothing', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a'));
  await fleet.pass();
  await fleet.remote.commit({ 'a.yaml': null, 'README.md': 'moved' });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a']);
  expect(fleet.ready()).toMatchObject({ status: 'False', reason: 'EmptySource' });
  await fleet.remote.commit({ 'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n' });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a']);
  expect(fleet.source().status).toMatchObject({ skipped: 1 });
});

test('a commit that would remove more than the guard allows applies nothing until its revision is named', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types(...many(8)));
  await fleet.pass();
  const gone = Object.fromEntries(many(6).map((name) => [`${name}.yaml`, null]));
  const commit = await fleet.remote.commit({ ...gone, 'new.yaml': thingType('new') });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(many(8));
  expect(fleet.ready()).toMatchObject({ reason: 'PruneGuard', message: expect.stringContaining('6 objects') });
  expect(fleet.ready()?.message).toContain(`fleetward.dev/allow-prune=main@sha1:${commit}`);

  await fleet.put({}, { 'fleetward.dev/allow-prune': 'main@sha1:another' });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toHaveLength(8);

  await fleet.put({}, { 'fleetward.dev/allow-prune': `main@sha1:${commit}` });
  await fleet.pass();
  expect(fleet.names('ThingType')).toEqual(['new', 't6', 't7']);
  expect(fleet.ready()).toMatchObject({ status: 'True' });
});

test('prune: false leaves what left Git where it is', async () => {
  await using fleet = await openFleet({ spec: { prune: false } });
  await fleet.remote.commit(types('a', 'b'));
  await fleet.pass();
  await fleet.remote.commit({ 'b.yaml': null });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b']);
  expect(fleet.source().status).toMatchObject({ inventory: { count: 1 } });
});

test('when the server refuses single objects the rest is applied and nothing is pruned that round', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a', 'b'));
  await fleet.pass();
  fleet.store.fail = (what) =>
    what === 'apply ThingType/bad'
      ? new StoreError('invalid', 'no', { causes: [{ field: 'spec.x', message: 'must not be' }] })
      : undefined;
  await fleet.remote.commit({ 'b.yaml': null, 'bad.yaml': thingType('bad'), 'good.yaml': thingType('good') });
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b', 'good']);
  expect(fleet.ready()).toMatchObject({ status: 'False', reason: 'ObjectsRefused' });
  expect(fleet.source().status?.errors).toEqual(['ThingType/factory/bad: spec.x: must not be']);
  fleet.store.fail = undefined;
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a', 'bad', 'good']);
});

test('a store that has no room stops the pass, and what is left is applied when it has', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a', 'b', 'c'));
  let room = 1;
  fleet.store.fail = (what) =>
    what.startsWith('apply') && room-- <= 0 ? new StoreError('full', 'The disk is full') : undefined;
  await expect(fleet.pass()).rejects.toMatchObject({ message: expect.stringContaining('The disk is full') });
  fleet.store.fail = undefined;
  await fleet.pass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b', 'c']);
});

test('while the remote is down the last good revision is kept up, after a restart too', async () => {
  await using fleet = await openFleet();
  const commit = await fleet.remote.commit(types('a'));
  await fleet.pass();
  await rename(join(fleet.remote.folder, '.git'), join(fleet.remote.folder, 'away'));
  await fleet.store.delete({ kind: 'ThingType', namespace: 'factory', name: 'a' });
  fleet.restart();
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a']);
  expect(fleet.ready()).toMatchObject({ status: 'False' });
  expect(fleet.ready()?.message).toContain(`main@sha1:${commit} stays applied`);
  await rename(join(fleet.remote.folder, 'away'), join(fleet.remote.folder, '.git'));
  await fleet.nextPass();
  expect(fleet.ready()).toMatchObject({ status: 'True' });
});

test('a force-push to other content is followed like any commit', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a', 'b'));
  await fleet.pass();
  await fleet.remote.git('checkout', '--quiet', '--orphan', 'other');
  await fleet.remote.commit({ 'b.yaml': null, 'c.yaml': thingType('c') });
  await fleet.remote.git('branch', '--force', 'main', 'other');
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a', 'c']);
});

test('suspend stops everything and keeps what is applied; the request annotation is answered when it was acted on', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a'));
  await fleet.pass();
  await fleet.put({ suspend: true }, { 'reconcile.fleetward.dev/requestedAt': 'one' });
  await fleet.remote.commit(types('b'));
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a']);
  expect(fleet.source().status?.lastHandledReconcileAt).toBeUndefined();

  await fleet.put({ suspend: false }, { 'reconcile.fleetward.dev/requestedAt': 'one' });
  await fleet.pass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b']);
  expect(fleet.source().status?.lastHandledReconcileAt).toBe('one');

  await fleet.remote.commit(types('c'));
  await fleet.pass();
  expect(fleet.names('ThingType'), 'not due and not asked for').toEqual(['a', 'b']);
  await fleet.put({ suspend: false }, { 'reconcile.fleetward.dev/requestedAt': 'two' });
  await fleet.pass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b', 'c']);
});

test('deleting a FleetSource leaves its objects', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a'));
  await fleet.pass();
  await fleet.store.delete({ kind: 'FleetSource', namespace: 'factory', name: 'fleet' });
  await fleet.pass();
  expect(fleet.names('ThingType')).toEqual(['a']);
});

test('an object that another living FleetSource applied is refused, and taken over when that source is gone', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a', 'b'));
  const other = await fleet.store.apply(
    {
      apiVersion: 'fleetward.dev/v1alpha1',
      kind: 'FleetSource',
      metadata: { name: 'other', namespace: 'factory' },
      spec: { url: 'https://example.com/other' },
    },
    { owner: 'test' },
  );
  await fleet.store.apply(
    {
      apiVersion: 'fleetward.dev/v1alpha1',
      kind: 'ThingType',
      metadata: { name: 'a', namespace: 'factory', labels: { [SOURCE_LABEL]: other.metadata.uid ?? '' } },
      spec: { description: 'theirs' },
    },
    { owner: 'test' },
  );
  await fleet.pass();
  expect(fleet.ready()).toMatchObject({
    reason: 'ObjectsRefused',
    message: expect.stringContaining('another FleetSource'),
  });
  expect([...fleet.cache.list('ThingType')][0]?.spec).toMatchObject({ description: 'theirs' });
  await fleet.store.delete({ kind: 'FleetSource', namespace: 'factory', name: 'other' });
  await fleet.nextPass();
  expect([...fleet.cache.list('ThingType')][0]?.spec).toMatchObject({ description: 'A press' });
  expect(fleet.ready()).toMatchObject({ status: 'True' });
});

const bomb = () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\n`;
};

test('whatever a commit brings, the last good revision stays, the reason is shown, and the next good commit is applied', async () => {
  await using fleet = await openFleet();
  await fleet.remote.commit(types('a'));
  await fleet.pass();
  const revision = fleet.source().status?.revision;
  const commits: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['an alias bomb', () => fleet.remote.commit({ 'x.yaml': bomb() })],
    ['50 MB of YAML in one document', () => fleet.remote.commit({ 'x.yaml': `a: "${'x'.repeat(50_000_000)}"\n` })],
    ['binary', () => fleet.remote.commit({ 'x.yaml': Buffer.from([0, 1, 2, 0xff, 0xfe]) })],
    ['a link out of the tree', () => fleet.remote.commitLink('x.yaml', '/etc/hostname')],
    [
      'an unknown kind of ours',
      () => fleet.remote.commit({ 'x.yaml': thingType('x').replace('ThingType', 'ThingTyp') }),
    ],
    ['the same object twice', () => fleet.remote.commit({ 'x.yaml': thingType('a') })],
    [
      'a verb in Git',
      () =>
        fleet.remote.commit({
          'x.yaml': thingType('x').replace(
            'name: x\n',
            'name: x\n  annotations: {reconcile.fleetward.dev/requestedAt: now}\n',
          ),
        }),
    ],
  ];
  for (const [what, commit] of commits) {
    await commit();
    await fleet.nextPass();
    expect(fleet.ready(), what).toMatchObject({ status: 'False' });
    expect(fleet.ready()?.message, what).toMatch(/x\.yaml/);
    expect(fleet.ready()?.message, what).toContain(`${revision} stays applied`);
    expect(fleet.names('ThingType'), what).toEqual(['a']);
    await fleet.remote.commit({ 'x.yaml': null });
  }
  await fleet.remote.commit(types('b'));
  await fleet.nextPass();
  expect(fleet.names('ThingType')).toEqual(['a', 'b']);
});
