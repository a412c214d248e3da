import type { KubeObject } from './meta.ts';
import type { KindDefinition } from './schema-types.ts';
import { kindDefinitions } from './schemas.gen.ts';
import type { FieldError } from './validation/field-error.ts';
import { checkMetadata } from './validation/metadata.ts';
import { compileNode, type SchemaNode } from './validation/node.ts';
import type { Path } from './validation/path.ts';
import { withoutUnchanged } from './validation/ratchet.ts';
import { checkRules } from './validation/rules.ts';
import { shape } from './validation/shape.ts';
import { structuralCheck } from './validation/structural.ts';
import { isObject } from './validation/values.ts';

export type { FieldError } from './validation/field-error.ts';

/** What admission makes of an object. `object` may only be stored when `errors` is empty. */
export interface Admitted {
  /** Defaults filled in, unknown fields dropped. Shares unchanged parts with the input, which is never altered. */
  readonly object: KubeObject;
  readonly errors: readonly FieldError[];
  /** Fields that no schema knows and that were dropped. The API server drops them in silence; a manifest must not have any. */
  readonly unknown: readonly Path[];
}

/** The kinds we know and what an API server with our CRDs would do with an object of them. */
export interface SchemaRegistry {
  readonly kinds: readonly KindDefinition[];
  definition(kind: string): KindDefinition | undefined;
  /**
   * Defaulting, pruning, schema, CEL rules: the same verdict and the same stored object as the API server's.
   * With `old`, the stored object of an update, transition rules run too, and values that did not change are not
   * judged again. An object of an unknown kind is an error.
   */
  admit(object: KubeObject, old?: KubeObject): Admitted;
}

interface CompiledKind {
  readonly definition: KindDefinition;
  readonly node: SchemaNode;
  readonly check: (value: unknown, path: Path) => readonly FieldError[];
}

/** Compiles each kind when it is first met; an instance is cheap to make and worth keeping. */
export function createSchemaRegistry(kinds: readonly KindDefinition[] = kindDefinitions): SchemaRegistry {
  const definitions = new Map(kinds.map((definition) => [definition.kind, definition]));
  const compiled = new Map<string, CompiledKind>();
  const lookUp = (kind: string): CompiledKind | undefined => {
    const known = compiled.get(kind);
    if (known) return known;
    const definition = definitions.get(kind);
    if (!definition) return undefined;
    const made = compileKind(definition);
    compiled.set(kind, made);
    return made;
  };
  return {
    kinds,
    definition: (kind) => definitions.get(kind),
    admit: (object, old) => {
      const kind = lookUp(object.kind);
      return kind ? admitOne(kind, object, old) : unknownKind(object);
    },
  };
}

function compileKind(definition: KindDefinition): CompiledKind {
  const { metadata: _, ...properties } = definition.schema.properties ?? {};
  return {
    definition,
    node: compileNode({ ...definition.schema, properties }),
    check: structuralCheck({ ...definition.schema, properties }),
  };
}

function unknownKind(object: KubeObject): Admitted {
  const message = `${JSON.stringify(object.kind)} is not a kind of fleetward.dev/v1alpha1`;
  return { object, errors: [{ field: 'kind', path: ['kind'], message, keyword: 'kind' }], unknown: [] };
}

function admitOne(kind: CompiledKind, object: KubeObject, old: KubeObject | undefined): Admitted {
  const unknown: Path[] = [];
  const { metadata: givenMetadata, ...content } = object;
  const meta = checkMetadata(givenMetadata);
  const shaped = shape(content, kind.node, [], unknown) as Record<string, unknown>;
  const { apiVersion, kind: name, ...rest } = shaped;
  const result = { apiVersion, kind: name, metadata: meta.metadata, ...rest } as unknown as KubeObject;
  const structural = withoutUnchanged(kind.check(shaped, []), result, old);
  const self = { ...shaped, metadata: ruleMetadata(meta.metadata) };
  const oldSelf = old && { ...old, metadata: ruleMetadata(old.metadata) };
  const rules = checkRules(self, oldSelf, kind.node, { path: [], blocked: [...meta.errors, ...structural] });
  return {
    object: result,
    errors: [...meta.errors, ...structural, ...rules],
    unknown: [...meta.unknown, ...unknown],
  };
}

/** CEL rules see name and generateName of the metadata and nothing else, as on the API server. */
function ruleMetadata(metadata: unknown): unknown {
  if (!isObject(metadata)) return {};
  const { name, generateName } = metadata;
  return { ...(name === undefined ? {} : { name }), ...(generateName === undefined ? {} : { generateName }) };
}
