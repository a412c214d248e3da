import { setImmediate } from 'node:timers/promises';
import type { KubeObject } from '../../api/meta.ts';
import { keyOf } from '../../api/meta.ts';
import { jsonEqual } from '../../runtime/store/json.ts';
import { SOURCE_LABEL } from './verbs.ts';

/** What a revision asks of the store. */
export interface Plan {
  /** Applied in this order; creations carry no uid, changes carry the uid of what they change. */
  readonly apply: readonly KubeObject[];
  /** Left the revision. */
  readonly remove: readonly KubeObject[];
  /** Stored objects that are as the revision wants them. */
  readonly kept: readonly KubeObject[];
  /** Cannot be applied at all, whatever the server says. */
  readonly refused: readonly Refusal[];
}

export interface Refusal {
  readonly object: string;
  readonly message: string;
}

export interface PlanInput {
  /** uid of the FleetSource. */
  readonly source: string;
  /** As their authors wrote them, in the source's namespace: applying defaults would make Git own them. */
  readonly desired: readonly KubeObject[];
  /** Fills in the defaults, as the store does. */
  readonly complete: (object: KubeObject) => KubeObject;
  readonly find: (object: KubeObject) => KubeObject | undefined;
  /** All objects that carry this source's label. */
  readonly inventory: Iterable<KubeObject>;
  /** True while a FleetSource with that uid exists. */
  readonly isSource: (uid: string) => boolean;
  /** Whether labels and annotations beyond the desired ones were looked at since they last changed. */
  readonly settled?: (object: KubeObject) => boolean;
  /** Whether the stored spec differs from this document only by fields of others that are to be kept. */
  readonly tolerated?: (document: KubeObject, stored: KubeObject) => boolean;
}

/**
 * Creation order does not matter to the controllers, but what others refer to comes first: fewer objects wait, and a
 * person watching sees the fleet grow from its roots.
 */
const ORDER = ['AWSAccount', 'ThingType', 'IoTPolicy', 'ThingGroup', 'SecurityProfile', 'Device'];

/** Objects compared between two turns of the event loop: a large fleet must not hold up a lease renewal. */
const SLICE = 500;

/** Compares a revision with what is stored, without touching either: an unchanged revision gives an empty plan. */
export async function planRevision(input: PlanInput): Promise<Plan> {
  const creations: KubeObject[] = [];
  const changes: KubeObject[] = [];
  const refused: Refusal[] = [];
  const wanted = new Set<string>();
  const kept: KubeObject[] = [];
  for (const object of input.desired) {
    if (wanted.size % SLICE === SLICE - 1) await setImmediate();
    const document = labelled(object, input.source);
    wanted.add(keyOf(document));
    const stored = input.find(document);
    const holder = stored?.metadata.labels?.[SOURCE_LABEL];
    if (!stored) creations.push(document);
    else if (holder !== undefined && holder !== input.source && input.isSource(holder)) {
      refused.push({ object: keyOf(document), message: `belongs to another FleetSource (uid ${holder})` });
    } else if (matches(document, stored, input)) kept.push(stored);
    else changes.push(withUid(document, stored.metadata.uid));
  }
  const remove = [...input.inventory].filter(
    (object) => !wanted.has(keyOf(object)) && object.metadata.deletionTimestamp === undefined,
  );
  // Creations may be paced; a change of policy must not wait behind a thousand new devices.
  const apply = [...inOrder(changes), ...inOrder(creations)];
  return { apply, remove: inOrder(remove).reverse(), kept, refused };
}

/** More than both bounds at once is what a mistake looks like (a moved folder, a bad merge). */
export function guardLimit(
  guard: { readonly maxCount: number; readonly maxPercent: number },
  inventory: number,
): number {
  return Math.max(guard.maxCount, Math.floor((inventory * guard.maxPercent) / 100));
}

function matches(
  document: KubeObject,
  stored: KubeObject,
  { complete, settled, tolerated }: Pick<PlanInput, 'complete' | 'settled' | 'tolerated'>,
): boolean {
  // An object on its way out cannot be changed any more; it is created again when it is gone.
  if (stored.metadata.deletionTimestamp !== undefined) return true;
  const same = jsonEqual(complete(document).spec, stored.spec) || tolerated?.(document, stored);
  if (!same) return false;
  const { labels, annotations } = document.metadata;
  const own = covers(labels, stored.metadata.labels) && covers(annotations, stored.metadata.annotations);
  if (!own) return false;
  const extra =
    sizeOf(stored.metadata.labels) > sizeOf(labels) || sizeOf(stored.metadata.annotations) > sizeOf(annotations);
  // What is too much may be ours from an earlier commit, or somebody else's: one apply tells.
  return !extra || (settled?.(stored) ?? false);
}

type StringMap = Readonly<Record<string, string>> | undefined;

function covers(wanted: StringMap, stored: StringMap): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => stored?.[key] === value);
}

function sizeOf(map: StringMap): number {
  return Object.keys(map ?? {}).length;
}

function labelled(object: KubeObject, source: string): KubeObject {
  const { name, namespace, labels, annotations } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [SOURCE_LABEL]: source },
      ...(annotations === undefined ? {} : { annotations }),
    },
    ...(object.spec === undefined ? {} : { spec: object.spec }),
  };
}

/** With its uid a forced apply cannot bring back an object that somebody deleted in between. */
function withUid(document: KubeObject, uid: string | undefined): KubeObject {
  return uid === undefined ? document : { ...document, metadata: { ...document.metadata, uid } };
}

function inOrder(objects: readonly KubeObject[]): KubeObject[] {
  // A pass for each kind instead of a sort: linear, and stable within a kind.
  const ofKind = ORDER.map((kind) => objects.filter((object) => object.kind === kind));
  return [...ofKind.flat(), ...objects.filter(({ kind }) => !ORDER.includes(kind))];
}
