import type { FleetObject } from '../../api/kinds.gen.ts';
import { nearest } from '../../api/validation/nearest.ts';
import type { Pauser } from '../../runtime/pauser.ts';
import { checkDevice, checkGroup } from './check-groups.ts';
import { checkDescription } from './check-text.ts';
import type { FoundFile } from './files.ts';
import { type Finding, placeFindings } from './place.ts';
import type { ProblemList } from './problems.ts';
import { accountOf, awsNameOf, type Reference, referencesOf } from './references.ts';
import type { LoadedObject, LoadLimits } from './types.ts';

export interface TreeOptions {
  /**
   * How to report a reference to an object that is not in the tree. `warning` (the default): it may come from
   * elsewhere, and objects resolve in any order. `error`: the tree is meant to be complete.
   */
  readonly danglingReferences?: 'error' | 'warning';
  /** Namespace of objects that name none. Default: they are compared with each other only. */
  readonly namespace?: string;
}

export interface TreeContext extends TreeOptions {
  readonly files: readonly FoundFile[];
  readonly limits: LoadLimits;
  readonly problems: ProblemList;
  readonly pauser: Pauser;
  readonly declared: readonly Declared[];
}

/** An object that the tree names, valid or not. */
export interface Declared {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface Item {
  readonly loaded: LoadedObject;
  readonly object: FleetObject;
  readonly namespace: string;
}

/** The objects of a tree by kind, namespace and name. */
export type TreeIndex = (kind: string, namespace: string) => ReadonlyMap<string, Item>;

/** How the objects of a tree fit together: duplicates, references, hierarchies, what AWS would refuse. */
export async function checkTree(objects: readonly LoadedObject[], context: TreeContext): Promise<void> {
  const findings: Finding[] = [];
  const fleet = createFleet();
  const items: Item[] = [];
  for (const loaded of objects) {
    const object = loaded.object as FleetObject;
    const item = { loaded, object, namespace: object.metadata.namespace ?? context.namespace ?? '' };
    items.push(item);
    findings.push(...fleet.add(item));
    if (context.pauser.isDue()) await context.pauser.pause();
  }
  const known = namesOf(context.declared, context.namespace);
  for (const item of items) {
    checkReferences(item, known, context, findings);
    checkDescription(item, findings);
    if (item.object.kind === 'Device') checkDevice(item, item.object, fleet.index, findings);
    if (item.object.kind === 'ThingGroup') checkGroup(item, item.object, fleet.index, findings);
    if (context.pauser.isDue()) await context.pauser.pause();
  }
  await placeFindings(findings, context);
}

interface Fleet {
  readonly index: TreeIndex;
  /** Takes an object in, and says whether its name or its AWS name is taken already. */
  add(item: Item): readonly Finding[];
}

function createFleet(): Fleet {
  const byKind = new Map<string, Map<string, Item>>();
  const claims = new Map<string, Item>();
  const none: ReadonlyMap<string, Item> = new Map();
  return {
    index: (kind, namespace) => byKind.get(`${kind}/${namespace}`) ?? none,
    add: (item) => {
      const { kind, metadata } = item.object;
      const byName = entry(byKind, `${kind}/${item.namespace}`, () => new Map<string, Item>());
      const first = entry(byName, metadata.name, () => item);
      if (first !== item) {
        return [duplicate(item, `${kind} ${metadata.name} is there twice: it stands in ${placeOf(first)} as well`)];
      }
      return awsNameTaken(item, claims);
    },
  };
}

/** Two objects for one AWS object would take it from each other; only one of them could ever become Ready. */
function awsNameTaken(item: Item, claims: Map<string, Item>): readonly Finding[] {
  const name = awsNameOf(item.object);
  if (name === undefined) return [];
  const claim = `${item.object.kind}\0${item.namespace}\0${accountOf(item.object)}\0${name}`;
  const holder = entry(claims, claim, () => item);
  if (holder === item) return [];
  const message = `stands for ${name} in AWS, and so does ${holder.object.metadata.name} in ${placeOf(holder)}: give one of them another name in spec`;
  return [duplicate(item, message)];
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}

const placeOf = ({ loaded }: Item) => `${loaded.file}:${loaded.line}`;

function duplicate(item: Item, message: string): Finding {
  return { item, severity: 'error', code: 'Duplicate', path: [], message };
}

type Names = (kind: string, namespace: string) => ReadonlySet<string>;

function namesOf(declared: readonly Declared[], fallback: string | undefined): Names {
  const all = new Map<string, Set<string>>();
  for (const { kind, namespace, name } of declared) {
    const group = `${kind}/${namespace ?? fallback ?? ''}`;
    entry(all, group, () => new Set<string>()).add(name);
  }
  const none: ReadonlySet<string> = new Set();
  return (kind, namespace) => all.get(`${kind}/${namespace}`) ?? none;
}

function checkReferences(item: Item, names: Names, context: TreeContext, findings: Finding[]): void {
  for (const reference of referencesOf(item.object)) {
    const known = names(reference.kind, item.namespace);
    if (known.has(reference.name) || isElsewhere(reference, known)) continue;
    const close = findings.length > MAX_SUGGESTIONS ? undefined : nearest(reference.name, known);
    const hint =
      close === undefined
        ? 'it may come from elsewhere, else the object never becomes Ready'
        : `did you mean ${close}?`;
    findings.push({
      item,
      severity: context.danglingReferences ?? 'warning',
      code: 'DanglingReference',
      path: reference.path,
      message: `there is no ${reference.kind} ${reference.name} in this tree; ${hint}`,
      ...(close === undefined ? {} : { nearest: close }),
    });
  }
}

/** Searching the nearest of many names for each of many mistakes would take quadratic time. */
const MAX_SUGGESTIONS = 200;

/** A tree without any AWSAccount leaves accounts to the cluster, or to the command line in standalone mode. */
function isElsewhere(reference: Reference, known: ReadonlySet<string>): boolean {
  return reference.kind === 'AWSAccount' && known.size === 0;
}
