import type { ForeignField } from '../../store.ts';

/** One writer's fields, as the API server keeps them. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
interface ManagedFields {
  readonly manager?: string;
  readonly subresource?: string;
  readonly fieldsV1?: unknown;
}

export interface Foreign {
  readonly fields: readonly ForeignField[];
  /** The spec without them; the server fills in defaults again. */
  readonly spec: unknown;
}

/** What others than the owner put into a spec, field by field; what both hold, and defaults, are nobody else's. */
export function foreignFields(answer: unknown, owner: string): Foreign {
  const { metadata, spec } = answer as { metadata?: { managedFields?: readonly ManagedFields[] }; spec?: unknown };
  const entries = (metadata?.managedFields ?? []).filter(({ subresource }) => !subresource);
  const mine = entries
    .filter(({ manager }) => manager === owner)
    .map(({ fieldsV1 }) => below(fieldsV1, 'f:spec') ?? {})
    .reduce<Tree>(merge, {});
  const fields: ForeignField[] = [];
  let left = spec;
  for (const { manager = 'somebody', fieldsV1 } of entries) {
    const theirs = below(fieldsV1, 'f:spec');
    if (manager === owner || theirs === undefined) continue;
    left = without(left, { theirs, mine, path: 'spec' }, (path) => fields.push({ path, owner: manager }));
  }
  return { fields, spec: left };
}

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function below(tree: unknown, key: string): Tree | undefined {
  const found = isTree(tree) ? tree[key] : undefined;
  return isTree(found) ? found : undefined;
}

function merge(left: Tree, right: Tree): Tree {
  const merged: Record<string, unknown> = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const before = merged[key];
    merged[key] = isTree(before) && isTree(value) ? merge(before, value) : value;
  }
  return merged;
}

interface Side {
  readonly theirs: Tree;
  readonly mine: Tree;
  readonly path: string;
}

/** Lists of a spec are atomic, so a path of owned fields never leads through one. */
function without(value: unknown, { theirs, mine, path }: Side, found: (path: string) => void): unknown {
  if (!isTree(value)) return value;
  const left: Record<string, unknown> = { ...value };
  for (const [key, theirsBelow] of Object.entries(theirs)) {
    const name = key.slice(2);
    if (!key.startsWith('f:') || left[name] === undefined) continue;
    const at = `${path}.${name}`;
    const mineBelow = mine[key];
    if (mineBelow === undefined) {
      delete left[name];
      found(at);
    } else if (isTree(theirsBelow) && isTree(mineBelow) && Object.keys(mineBelow).length > 0) {
      left[name] = without(left[name], { theirs: theirsBelow, mine: mineBelow, path: at }, found);
    }
  }
  return left;
}
