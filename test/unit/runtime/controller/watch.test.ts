import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../operator/api/meta.ts';
import { keyText, objectKey, parseKey } from '../../../../operator/runtime/controller/keys.ts';
import {
  anyOf,
  desiredChanged,
  specChanged,
  statusChanged,
} from '../../../../operator/runtime/controller/predicates.ts';
import { Priority } from '../../../../operator/runtime/reconciler.ts';
import { changeSource, controllerAround, device, object } from './harness.ts';

const change = (old: KubeObject | undefined, now: KubeObject | undefined, initial = false) => ({
  old,
  new: now,
  initial,
});

function watched(options: Parameters<ReturnType<typeof controllerAround>['controller']['watch']>[2] = {}) {
  const source = changeSource();
  const h = controllerAround(async () => undefined);
  h.controller.watch(source.cache, 'Device', options);
  return { ...h, emit: source.emit };
}

describe('watching a kind', () => {
  it('enqueues first lists below everything else and changes as changes', async () => {
    const h = watched();
    h.emit(change(undefined, object('listed'), true));
    h.emit(change(object('edited'), object('edited', { generation: 2 })));
    h.emit(change(object('gone'), undefined));
    await h.settle();
    expect(h.started.map(({ name, priority }) => ({ name, priority }))).toEqual([
      { name: 'listed', priority: Priority.resync },
      { name: 'edited', priority: Priority.change },
      { name: 'gone', priority: Priority.change },
    ]);
    h.kill.abort();
  });

  it('is not woken by its own status writes', async () => {
    const h = watched();
    h.emit(change({ ...object('a'), status: 1 }, { ...object('a'), status: 2 }));
    await h.settle();
    expect(h.started).toEqual([]);
    h.kill.abort();
  });

  it('maps a change of one object to the keys that it concerns', async () => {
    const h = watched({ keys: () => [device('press-1'), device('press-2')], priority: () => Priority.security });
    h.emit(change(undefined, object('policy')));
    await h.settle();
    expect(h.started.map((s) => [s.name, s.priority])).toEqual([
      ['press-1', 100],
      ['press-2', 100],
    ]);
    h.kill.abort();
  });

  it('survives a mapping that throws, says so, and hears the next change', async () => {
    let calls = 0;
    const h = watched({
      keys: () => {
        calls += 1;
        if (calls === 1) throw new Error('bad index');
        return [device('press-1')];
      },
    });
    h.emit(change(undefined, object('a')));
    h.emit(change(undefined, object('b')));
    await h.settle();
    expect(h.started.map((s) => s.name)).toEqual(['press-1']);
    expect(h.lines.some((line) => line.level === 'error' && line.msg.includes('Losing a change'))).toBe(true);
    h.kill.abort();
  });
});

describe('predicates', () => {
  const base: KubeObject = { ...object('a', { labels: { site: 'north' } }), status: { seen: 1 } };
  const meta = (extra: Partial<KubeObject['metadata']>): KubeObject => ({
    ...base,
    metadata: { ...base.metadata, ...extra },
  });
  const rows = [
    {
      reason: 'a status write of our own',
      now: { ...base, status: { seen: 2 } },
      desired: false,
      spec: false,
      status: true,
    },
    {
      reason: 'a bump of resourceVersion alone',
      now: meta({ resourceVersion: '9' }),
      desired: false,
      spec: false,
      status: false,
    },
    { reason: 'a new spec', now: meta({ generation: 2 }), desired: true, spec: true, status: false },
    { reason: 'another object of that name', now: meta({ uid: 'other' }), desired: true, spec: true, status: true },
    {
      reason: 'a request to delete',
      now: meta({ deletionTimestamp: '2026-01-01T00:00:00Z' }),
      desired: true,
      spec: true,
      status: false,
    },
    {
      reason: 'a verb in an annotation',
      now: meta({ annotations: { verb: 'now' } }),
      desired: true,
      spec: false,
      status: false,
    },
    { reason: 'a changed label', now: meta({ labels: { site: 'south' } }), desired: true, spec: false, status: false },
    { reason: 'a removed label', now: meta({ labels: {} }), desired: true, spec: false, status: false },
    {
      reason: 'equal labels in a new object',
      now: meta({ labels: { site: 'north' } }),
      desired: false,
      spec: false,
      status: false,
    },
    {
      reason: 'our own finalizer',
      now: meta({ finalizers: ['fleetward.dev/x'] }),
      desired: false,
      spec: false,
      status: false,
    },
  ];
  it.each(rows)('$reason', ({ now, desired, spec, status }) => {
    const one = change(base, now);
    expect([desiredChanged(one), specChanged(one), statusChanged(one)]).toEqual([desired, spec, status]);
    expect(anyOf(specChanged, statusChanged)(one)).toBe(spec || status);
  });
});

it('keys go to text and back', () => {
  for (const key of [device('press-1'), { kind: 'AWSAccount', namespace: '', name: 'default' }]) {
    expect(parseKey(keyText(key))).toEqual(key);
  }
  expect(objectKey(object('press-1'))).toEqual(device('press-1'));
});
