import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { KubeObject, ObjectKey } from '../../../../operator/api/meta.ts';
import { API_VERSION } from '../../../../operator/api/meta.ts';
import type { Store, WatchEvent } from '../../../../operator/runtime/store.ts';
import { StoreError } from '../../../../operator/runtime/store.ts';

/** A store under test, with our CRDs in force and `namespace` there to write to. */
export interface OpenStore extends AsyncDisposable {
  readonly store: Store;
  readonly namespace: string;
}

export interface ConformanceTarget {
  readonly name: string;
  readonly open: () => Promise<OpenStore>;
}

/** What one group of tests needs; `fresh` names an object nobody else uses. */
export interface Subject {
  readonly store: Store;
  readonly namespace: string;
  readonly fresh: (prefix?: string) => string;
}

export type SubjectOf = () => Subject;

/** The kind the suite plays with: it has defaults, an immutable field, a rule over fields and a status. */
export const KIND = 'ThingGroup';
export const OWNER = { owner: 'conformance' };
export const OTHER = { owner: 'somebody-else' };

interface Parts {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
}

export function group(subject: Subject, name: string, parts: Parts = {}): KubeObject {
  const { spec, ...metadata } = parts;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace: subject.namespace, ...metadata },
    ...(spec === undefined ? {} : { spec }),
  };
}

export function keyOf(object: KubeObject): ObjectKey & { readonly uid: string } {
  const { name, namespace = '', uid = '' } = object.metadata;
  return { kind: object.kind, namespace, name, uid };
}

/** Creates a group and returns it as stored. */
export function create(subject: Subject, name = subject.fresh(), parts: Parts = {}): Promise<KubeObject> {
  return subject.store.apply(group(subject, name, { spec: { description: 'made by a test' }, ...parts }), OWNER);
}

export async function refusalOf(promise: Promise<unknown>): Promise<StoreError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown, 'the store should have refused').toBeInstanceOf(StoreError);
  return thrown as StoreError;
}

/** Everything a watch from `resourceVersion` says until `until` holds. */
export async function watchUntil(
  subject: Subject,
  query: { readonly resourceVersion: string; readonly labels?: Readonly<Record<string, string>> },
  until: (events: readonly WatchEvent[]) => boolean,
): Promise<WatchEvent[]> {
  const stop = new AbortController();
  const events: WatchEvent[] = [];
  const watch = subject.store.watch({ kind: KIND, namespace: subject.namespace, ...query, signal: stop.signal });
  for await (const event of watch) {
    if (event.type === 'BOOKMARK') continue;
    events.push(event);
    if (until(events)) break;
  }
  stop.abort();
  return events;
}

export const namesOf = (events: readonly WatchEvent[]): string[] =>
  events.map((event) => (event.type === 'BOOKMARK' ? event.type : `${event.type} ${event.object.metadata.name}`));

/** Names that no other test or earlier run has used. */
export function freshNames(): (prefix?: string) => string {
  const run = randomUUID().slice(0, 8);
  let count = 0;
  return (prefix = 'group') => `${prefix}-${run}-${++count}`;
}
