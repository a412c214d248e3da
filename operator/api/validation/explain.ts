import type { ErrorObject } from 'ajv';
import type { StructuralSchema } from '../schema-types.ts';
import type { FieldError } from './field-error.ts';
import { nearest } from './nearest.ts';
import { type Path, pathText } from './path.ts';
import { mayHoldSecret, show, typeName } from './values.ts';

type Explanation = Pick<FieldError, 'message' | 'nearest' | 'needsQuotes'>;

/** Turns an error of the schema checker into words: what is there, what was expected, and what is close to it. */
export function explain(error: ErrorObject, path: Path, schema: StructuralSchema | undefined): FieldError {
  const base = { field: pathText(path), path, keyword: error.keyword };
  if (error.keyword === 'enum') return { ...base, ...explainEnum(error) };
  if (error.keyword === 'type') return { ...base, ...explainType(error, path, schema) };
  return { ...base, message: words(error, schema) };
}

function words(error: ErrorObject, schema: StructuralSchema | undefined): string {
  const limit = Number((error.params as { limit?: number }).limit);
  switch (error.keyword) {
    case 'required':
      return `is required. ${meaning(schema)}`.trim();
    case 'pattern':
      return `${show(error.data)} is not allowed here. ${meaning(schema) || `It must match ${schema?.pattern ?? 'the pattern'}.`}`;
    case 'maxLength':
      return `has ${[...String(error.data)].length} characters, and at most ${limit} are allowed`;
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `needs at least ${limit} characters`;
    case 'maxItems':
      return `has ${(error.data as readonly unknown[]).length} entries, and at most ${limit} are allowed. ${meaning(schema)}`.trim();
    case 'minItems':
      return `needs at least ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
    case 'maxProperties':
      return `has ${Object.keys(error.data as object).length} entries, and at most ${limit} are allowed`;
    case 'minimum':
      return `is ${show(error.data)}, and must be at least ${limit}`;
    case 'maximum':
      return `is ${show(error.data)}, and must be at most ${limit}`;
    case 'format':
      return `${show(error.data)} is not a time such as 2026-01-31T12:00:00Z`;
    default:
      return error.message ?? `fails ${error.keyword}`;
  }
}

function explainEnum(error: ErrorObject): Explanation {
  const allowed = (error.params as { allowedValues: readonly unknown[] }).allowedValues.map(String);
  const close = typeof error.data === 'string' ? nearest(error.data, allowed) : undefined;
  const choice = allowed.length === 1 ? `must be ${allowed[0]}` : `must be one of ${allowed.join(', ')}`;
  const hint = close === undefined ? '' : `; did you mean ${close}?`;
  return {
    message: `${choice}, but is ${show(error.data)}${hint}`,
    ...(close === undefined ? {} : { nearest: close }),
  };
}

function wanted(type: string | undefined): string {
  switch (type) {
    case 'array':
      return 'a list';
    case 'object':
      return 'a mapping';
    case 'integer':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'a string';
  }
}

/** The commonest causes have an obvious remedy, and the message shows it. */
function explainType(error: ErrorObject, path: Path, schema: StructuralSchema | undefined): Explanation {
  const { data } = error;
  const what = `must be ${wanted(schema?.type)}, but is ${typeName(data)}`;
  const isScalar = typeof data === 'string' || typeof data === 'number' || typeof data === 'boolean';
  if (schema?.type === 'string' && isScalar) {
    return { message: `${what} (${String(data)}): put it in quotes`, needsQuotes: true };
  }
  if (schema?.type === 'array' && isScalar && schema.items?.type === 'string' && !mayHoldSecret(data)) {
    return { message: `${what}: write ${String(path.at(-1))}: [${JSON.stringify(String(data))}]` };
  }
  if (schema?.type === 'array' && typeof data === 'object' && data !== null) {
    return { message: `${what}: put "- " before its first field` };
  }
  return { message: what };
}

/** The part of a field's description that says what it takes. */
function meaning(schema: StructuralSchema | undefined): string {
  return schema?.description?.match(/^.*?[.](?=\s+[A-Z]|$)/s)?.[0] ?? '';
}
