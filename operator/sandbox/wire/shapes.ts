/**
 * The wire shapes of an AWS service, read from the schemas that its SDK client carries at run time. A schema is a nested
 * tuple; this module turns each one into the plain structures that the parsers and serialisers walk.
 */

export type Shape =
  | { readonly kind: 'string' | 'number' | 'boolean' | 'blob' | 'document' | 'unit' }
  | { readonly kind: 'timestamp'; readonly format: TimestampFormat }
  | { readonly kind: 'list'; readonly member: Shape }
  | { readonly kind: 'map'; readonly value: Shape }
  | StructureShape;

export type TimestampFormat = 'default' | 'date-time' | 'http-date' | 'epoch-seconds';

export interface StructureShape {
  readonly kind: 'structure';
  readonly name: string;
  readonly members: ReadonlyMap<string, Member>;
}

export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly location: 'body' | 'label' | 'query' | 'header' | 'payload' | 'status';
  /** Name of the query parameter or header; the member's own name elsewhere. */
  readonly wireName: string;
}

export interface OperationShape {
  readonly name: string;
  /** Absent for the RPC protocols, where the operation is named in a header or the body. */
  readonly http?: { readonly method: string; readonly path: string; readonly status: number };
  readonly input: StructureShape;
  readonly output: StructureShape;
}

export interface ErrorShape {
  readonly name: string;
  readonly status: number;
  /** Code and status of the query protocol where they differ from the name. */
  readonly queryCode?: string;
}

const EMPTY: StructureShape = { kind: 'structure', name: 'Unit', members: new Map() };

/** Reads every operation and error among a client package's exports. Unknown exports are ignored. */
export function readSchemas(exports: Readonly<Record<string, unknown>>): {
  readonly operations: readonly OperationShape[];
  readonly errors: ReadonlyMap<string, ErrorShape>;
} {
  const reader = new SchemaReader();
  const operations: OperationShape[] = [];
  const errors = new Map<string, ErrorShape>();
  for (const [key, value] of Object.entries(exports)) {
    if (!key.endsWith('$') || !Array.isArray(value)) continue;
    if (value[0] === 9) operations.push(reader.operation(value));
    else if (value[0] === -3) errors.set(String(value[2]), readError(value));
  }
  return { operations, errors };
}

function readError(tuple: readonly unknown[]): ErrorShape {
  const traits = asTraits(tuple[3]);
  const fallback = traits.error === 'server' ? 500 : 400;
  const query = Array.isArray(traits.awsQueryError) ? traits.awsQueryError : undefined;
  const status = typeof traits.httpError === 'number' ? traits.httpError : query ? Number(query[1]) : fallback;
  return { name: String(tuple[2]), status, ...(query && { queryCode: String(query[0]) }) };
}

function asTraits(indicator: unknown): Readonly<Record<string, unknown>> {
  if (typeof indicator === 'object' && indicator !== null) return indicator as Readonly<Record<string, unknown>>;
  const bits = Number(indicator) | 0;
  return { httpLabel: bits & 1, httpPayload: bits & 16, httpResponseCode: bits & 32 };
}

function deref(schema: unknown): unknown {
  return typeof schema === 'function' ? deref((schema as () => unknown)()) : schema;
}

/** Members are filled on first use: the models are recursive and most operations are never called. */
class LazyStructure implements StructureShape {
  readonly kind = 'structure';
  readonly name: string;
  #fill: (() => ReadonlyMap<string, Member>) | undefined;
  #members: ReadonlyMap<string, Member> = new Map();

  constructor(name: string, fill: () => ReadonlyMap<string, Member>) {
    this.name = name;
    this.#fill = fill;
  }

  get members(): ReadonlyMap<string, Member> {
    if (this.#fill) {
      this.#members = this.#fill();
      this.#fill = undefined;
    }
    return this.#members;
  }
}

class SchemaReader {
  readonly #seen = new Map<readonly unknown[], Shape>();

  operation(tuple: readonly unknown[]): OperationShape {
    const structure = (schema: unknown) => this.#structure(schema);
    const http = asTraits(tuple[3]).http;
    const [method, path, status] = Array.isArray(http) ? http.map(String) : [];
    return {
      ...(method && path && { http: { method, path, status: Number(status ?? 200) } }),
      name: String(tuple[2]),
      get input() {
        return structure(tuple[4]);
      },
      get output() {
        return structure(tuple[5]);
      },
    };
  }

  #structure(schema: unknown): StructureShape {
    const shape = this.#shape(schema);
    return shape.kind === 'structure' ? shape : EMPTY;
  }

  #shape(reference: unknown): Shape {
    const schema = deref(reference);
    if (schema === 'unit') return { kind: 'unit' };
    if (typeof schema === 'number') return simple(schema);
    if (!Array.isArray(schema)) throw new Error(`unreadable schema: ${typeof schema}`);
    const known = this.#seen.get(schema);
    if (known) return known;
    const shape = this.#compound(schema);
    this.#seen.set(schema, shape);
    return shape;
  }

  #compound(schema: readonly unknown[]): Shape {
    switch (schema[0]) {
      case 0:
        return this.#shape(schema[4]);
      case 1:
        return this.#lazyList(schema);
      case 2:
        return this.#lazyMap(schema);
      case 3:
      case 4:
      case -3:
        return new LazyStructure(String(schema[2]), () => this.#members(schema));
      default:
        throw new Error(`unknown schema kind ${String(schema[0])}`);
    }
  }

  #lazyList(schema: readonly unknown[]): Shape {
    const element = () => this.#shape(stripMember(schema[4]));
    return {
      kind: 'list',
      get member() {
        return element();
      },
    };
  }

  #lazyMap(schema: readonly unknown[]): Shape {
    const element = () => this.#shape(stripMember(schema[5]));
    return {
      kind: 'map',
      get value() {
        return element();
      },
    };
  }

  #members(schema: readonly unknown[]): ReadonlyMap<string, Member> {
    const names = schema[4] as readonly string[];
    const types = schema[5] as readonly unknown[];
    const members = new Map<string, Member>();
    names.forEach((name, index) => {
      const { target, traits } = splitMember(types[index]);
      members.set(name, { name, shape: this.#shape(target), ...locate(name, traits) });
    });
    return members;
  }
}

/** A member is `[target, traits]`; a bare target has no traits. Tuples of compound schemas have a namespace second. */
function splitMember(type: unknown): { target: unknown; traits: Readonly<Record<string, unknown>> } {
  if (Array.isArray(type) && type.length === 2) return { target: type[0], traits: asTraits(type[1]) };
  return { target: type, traits: {} };
}

function stripMember(type: unknown): unknown {
  return splitMember(type).target;
}

function locate(name: string, traits: Readonly<Record<string, unknown>>): Pick<Member, 'location' | 'wireName'> {
  if (traits.httpLabel) return { location: 'label', wireName: name };
  if (typeof traits.httpQuery === 'string') return { location: 'query', wireName: traits.httpQuery };
  if (typeof traits.httpHeader === 'string') return { location: 'header', wireName: traits.httpHeader.toLowerCase() };
  if (traits.httpPayload) return { location: 'payload', wireName: name };
  if (traits.httpResponseCode) return { location: 'status', wireName: name };
  return { location: 'body', wireName: typeof traits.jsonName === 'string' ? traits.jsonName : name };
}

function simple(code: number): Shape {
  if (code >= 128) return { kind: 'map', value: simple(code & 63) };
  if (code >= 64) return { kind: 'list', member: simple(code & 63) };
  switch (code) {
    case 0:
      return { kind: 'string' };
    case 1:
    case 17:
    case 19:
      return { kind: 'number' };
    case 2:
      return { kind: 'boolean' };
    case 4:
      return { kind: 'timestamp', format: 'default' };
    case 5:
      return { kind: 'timestamp', format: 'date-time' };
    case 6:
      return { kind: 'timestamp', format: 'http-date' };
    case 7:
      return { kind: 'timestamp', format: 'epoch-seconds' };
    case 15:
      return { kind: 'document' };
    case 21:
    case 42:
      return { kind: 'blob' };
    default:
      throw new Error(`unknown simple schema ${code}`);
  }
}
