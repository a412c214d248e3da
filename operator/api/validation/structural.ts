import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { StructuralSchema } from '../schema-types.ts';
import { explain } from './explain.ts';
import type { FieldError } from './field-error.ts';
import type { Path } from './path.ts';
import { isObject } from './values.ts';

/** Bounds the report on one object; a list of a million wrong entries must not become a million messages. */
const MAX_ERRORS = 50;

/** Types, lengths, patterns, required fields: all that JSON schema says. Compiled on first use. */
export function structuralCheck(schema: StructuralSchema): (value: unknown, path: Path) => readonly FieldError[] {
  let validate: ValidateFunction | undefined;
  return (value, path) => {
    validate ??= compile(schema);
    if (validate(value)) return [];
    return firstOfEach(validate.errors ?? []).map((error) => fieldError(error, value, path, schema));
  };
}

/** A value of the wrong type also fails its choice and its pattern; once said is enough. */
function firstOfEach(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const seen = new Set<string>();
  const kept: ErrorObject[] = [];
  for (const error of errors) {
    const key =
      error.keyword === 'required' ? error.schemaPath + error.instancePath + error.message : error.instancePath;
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(error);
    if (kept.length === MAX_ERRORS) break;
  }
  return kept;
}

function compile(schema: StructuralSchema): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    verbose: true,
    addUsedSchema: false,
    logger: false,
    // The API server checks the schemas themselves; without these three a kind compiles four times as fast,
    // and every command that reads a manifest waits for that.
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
  // ajv-formats is CommonJS: under Node's interop the function is the default export's default.
  const addFormats = formats as unknown as typeof formats.default;
  addFormats(ajv, ['date-time']);
  return ajv.compile(plainSchema(schema) as object);
}

/** Only what ajv shall judge: defaults, unknown fields and Kubernetes' own keywords are handled elsewhere. */
function plainSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema;
  if (!isObject(schema)) return schema;
  const plain = Object.entries(schema).filter(
    ([key]) => !key.startsWith('x-') && key !== 'description' && key !== 'default',
  );
  return Object.fromEntries(
    plain
      .filter(([key, value]) => key !== 'format' || value === 'date-time')
      .map(([key, value]) => [
        key,
        key === 'properties' ? mapValues(value) : isNested(key) ? plainSchema(value) : value,
      ]),
  );
}

const isNested = (key: string) => key === 'items' || key === 'additionalProperties';
const mapValues = (value: unknown) =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plainSchema(child)])) : value;

function fieldError(error: ErrorObject, root: unknown, prefix: Path, schema: StructuralSchema): FieldError {
  const path: (string | number)[] = [];
  let at: unknown = root;
  for (const raw of error.instancePath.split('/').slice(1)) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(at) ? Number(step) : step);
    at = (at as Record<string, unknown> | undefined)?.[step];
  }
  if (error.keyword === 'required') path.push(String((error.params as { missingProperty: string }).missingProperty));
  return explain(error, [...prefix, ...path], schemaAt(schema, path));
}

function schemaAt(schema: StructuralSchema, path: Path): StructuralSchema | undefined {
  let at: StructuralSchema | undefined = schema;
  for (const step of path) {
    if (!at) return undefined;
    if (typeof step === 'number') at = at.items;
    else at = at.properties && Object.hasOwn(at.properties, step) ? at.properties[step] : at.additionalProperties;
  }
  return at;
}
