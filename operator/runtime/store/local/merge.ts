import type { KubeObject, ObjectMeta } from '../../../api/meta.ts';
import type { ApplyOptions } from '../../store.ts';
import { StoreError } from '../../store.ts';
import type { Admission } from '../admission.ts';
import { frozenCopy, jsonEqual } from '../json.ts';
import { checkMetadata } from '../metadata-rules.ts';
import { OwnerEdit } from './owner-edit.ts';
import type { MergeContext, Owners, Row } from './state.ts';
import { contentOf, describeKey, keyParts } from './state.ts';

/** The write that is being computed: what is stored, what is wanted, and by whom. */
export interface ApplyInput {
  readonly row: Row | undefined;
  readonly document: KubeObject;
  readonly options: ApplyOptions;
  readonly admission: Admission;
}

/**
 * Server-side apply as this store promises it. Returns the next row, or undefined when nothing changes. Status and
 * finalizers in the document are ignored: they have writes of their own.
 */
export function mergeApply(input: ApplyInput, context: MergeContext): Row | undefined {
  const { row, document, options, admission } = input;
  checkPreconditions(row?.object, document);
  const owners = new OwnerEdit(row?.owners ?? {}, options);
  const labels = mergeEntries(owners, 'labels', row?.object.metadata.labels, document.metadata.labels);
  const annotations = mergeEntries(
    owners,
    'annotations',
    row?.object.metadata.annotations,
    document.metadata.annotations,
  );
  const references = owners.merge(
    'ownerReferences',
    row?.object.metadata.ownerReferences,
    document.metadata.ownerReferences,
  );
  const content = mergeContent(owners, input);
  const metadata: ObjectMeta = {
    ...(row?.object.metadata ?? newIdentity(document, context)),
    labels,
    annotations,
    ownerReferences: references,
  } as ObjectMeta;
  const candidate = assemble(document, metadata, content, row?.object.status);
  const object = admitted(admission, candidate, row?.object);
  const contentChanged = row === undefined || !jsonEqual(contentOf(object), contentOf(row.object));
  owners.settle('spec', Object.keys(contentOf(document)).length > 0, contentChanged);
  owners.refuseConflicts(document);
  if (row && !contentChanged && jsonEqual(object.metadata, row.object.metadata) && jsonEqual(owners.now, row.owners)) {
    return undefined;
  }
  const generation = (row?.object.metadata.generation ?? 0) + (contentChanged ? 1 : 0);
  return finish({ row, object, owners: owners.now, generation, sameContent: !contentChanged });
}

/** Status alone; the rest of the object stays as it is, whatever admission would make of it today. */
export function mergeStatus(row: Row, status: unknown, options: ApplyOptions, admission: Admission): Row | undefined {
  const owners = new OwnerEdit(row.owners, options);
  const next = admitted(admission, { ...row.object, status } as KubeObject, row.object).status;
  const changed = !jsonEqual(next, row.object.status);
  owners.settle('status', status !== undefined, changed);
  owners.refuseConflicts(row.object);
  if (!changed && jsonEqual(owners.now, row.owners)) return undefined;
  const object = changed ? { ...row.object, status: frozenCopy(next) } : row.object;
  return { object, owners: owners.now };
}

/** The next row, `'gone'` when that was the last thing keeping a deleted object, undefined when nothing changes. */
export function mergeFinalizer(row: Row, finalizer: string, present: boolean): Row | 'gone' | undefined {
  const current = row.object.metadata.finalizers ?? [];
  if (current.includes(finalizer) === present) return undefined;
  if (present && row.object.metadata.deletionTimestamp !== undefined) {
    throw new StoreError(
      'invalid',
      `${describeKey(keyParts(row.object))} is being deleted: no finalizer can be added any more`,
      { causes: [{ field: 'metadata.finalizers', message: 'no new finalizers while the object is being deleted' }] },
    );
  }
  const finalizers = present ? [...current, finalizer] : current.filter((f) => f !== finalizer);
  if (finalizers.length === 0 && row.object.metadata.deletionTimestamp !== undefined) return 'gone';
  const metadata = { ...row.object.metadata, finalizers };
  return { object: { ...row.object, metadata: trimmed(metadata) }, owners: row.owners };
}

/** Marks for deletion; `'gone'` when nothing holds the object. The generation rises, as on the API server. */
export function mergeDeletion(row: Row, now: string): Row | 'gone' | undefined {
  const { metadata } = row.object;
  if ((metadata.finalizers ?? []).length === 0) return 'gone';
  if (metadata.deletionTimestamp !== undefined) return undefined;
  const marked = { ...metadata, deletionTimestamp: now, generation: (metadata.generation ?? 0) + 1 };
  return { object: { ...row.object, metadata: trimmed(marked) }, owners: row.owners };
}

/** `row` as it is written: with the version of this change. */
export function stamped(row: Row, resourceVersion: string): Row {
  const metadata = Object.freeze({ ...row.object.metadata, resourceVersion });
  return Object.freeze({ object: Object.freeze({ ...row.object, metadata }), owners: row.owners });
}

function checkPreconditions(stored: KubeObject | undefined, document: KubeObject): void {
  const { uid, resourceVersion } = document.metadata;
  const name = describeKey(keyParts(document));
  if (uid !== undefined && stored?.metadata.uid !== uid) {
    const found = stored ? `it has uid ${stored.metadata.uid} now` : 'it does not exist any more';
    throw new StoreError('conflict', `${name} was to be changed as uid ${uid}, but ${found}`);
  }
  if (resourceVersion !== undefined && stored?.metadata.resourceVersion !== resourceVersion) {
    throw new StoreError('conflict', `${name} changed since version ${resourceVersion}: read it again`);
  }
}

type Entries = Readonly<Record<string, string>>;

function mergeEntries(
  owners: OwnerEdit,
  area: 'labels' | 'annotations',
  stored: Entries = {},
  wanted: Entries = {},
): Entries {
  const merged: Record<string, string> = {};
  for (const key of new Set([...Object.keys(stored), ...Object.keys(wanted)])) {
    const value = owners.merge(`${area}/${key}`, stored[key], wanted[key]);
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

function mergeContent(owners: OwnerEdit, { row, document }: ApplyInput): Readonly<Record<string, unknown>> {
  const wanted = contentOf(document);
  if (Object.keys(wanted).length > 0 || !row) return wanted;
  return owners.keeps('spec') ? contentOf(row.object) : {};
}

function newIdentity(document: KubeObject, context: MergeContext): ObjectMeta {
  return {
    name: document.metadata.name,
    namespace: document.metadata.namespace ?? '',
    uid: context.newUid(),
    creationTimestamp: context.now,
  };
}

function assemble(
  document: KubeObject,
  metadata: ObjectMeta,
  content: Readonly<Record<string, unknown>>,
  status: unknown,
): KubeObject {
  const { apiVersion, kind } = document;
  const object = { apiVersion, kind, metadata: trimmed(metadata), ...content };
  return status === undefined ? object : { ...object, status };
}

/** Empty lists and maps are left out, as the API server does. */
function trimmed(metadata: ObjectMeta): ObjectMeta {
  const kept = Object.entries(metadata).filter(([, value]) => {
    if (value === undefined) return false;
    return typeof value !== 'object' || Object.keys(value).length > 0;
  });
  return frozenCopy(Object.fromEntries(kept)) as unknown as ObjectMeta;
}

function admitted(admission: Admission, candidate: KubeObject, old: KubeObject | undefined): KubeObject {
  const { object, errors } = admission.admit(candidate, old);
  const judged = new Set(errors.map((error) => error.field));
  // Kinds without a schema have nobody else to look at their metadata; the others need not be told twice.
  const causes = [...errors, ...checkMetadata(candidate).filter((error) => !judged.has(error.field))];
  if (causes.length === 0) return object;
  const first = causes[0]!;
  const more = causes.length > 1 ? ` (and ${causes.length - 1} more)` : '';
  throw new StoreError(
    'invalid',
    `${describeKey(keyParts(candidate))} was refused: ${first.field} ${first.message}${more}`,
    { causes },
  );
}

interface Finished {
  readonly row: Row | undefined;
  readonly object: KubeObject;
  readonly owners: Owners;
  readonly generation: number;
  readonly sameContent: boolean;
}

/** Keeps the stored spec and status where they did not change, so that caches compare them by reference. */
function finish({ row, object, owners, generation, sameContent }: Finished): Row {
  const metadata = trimmed({ ...object.metadata, generation });
  const content = row && sameContent ? contentOf(row.object) : frozenCopy(contentOf(object));
  const next = { apiVersion: object.apiVersion, kind: object.kind, metadata, ...content };
  const status = row?.object.status;
  return { object: status === undefined ? next : { ...next, status }, owners };
}
