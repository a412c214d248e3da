import type { ErrorObject } from 'ajv';
import type { StructuralSchema } from '../schema-types.ts';
import type { FieldError } from './field-error.ts';
import { nearest } from './nearest.ts';
import { type Path, pathText } from './path.ts';
import { show, typeName } from './values.ts';

/** Turns an error of the schema checker into words: what is there, what was expected, and what is close to it. */
export function explain(error: ErrorObject, path: Path, schema: StructuralSchema | undefined): FieldError {
  const base = { field: pathText(path), path, keyword: error.keyword };
  if (error.keyword === 'enum') return { ...base, ...explainEnum(error) };
  return { ...base, message: words(error, schema) };
}

function words(error: ErrorObject, schema: StructuralSchema | undefined): string {
  const limit = Number((error.params as { limit?: number }).limit);
  switch (error.keyword) {
    case 'required':
      return `is required. ${meaning(schema)}`.trim();
    case 'type':
      return `must be ${wanted(schema?.type)}, but is ${typeName(error.data)}${quoted(error.data, schema)}`;
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

function explainEnum(error: ErrorObject): { message: string; nearest?: string } {
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

/** The commonest cause of a wrong type: a scalar that YAML takes for something else because it has no quotes. */
function quoted(value: unknown, schema: StructuralSchema | undefined): string {
  if (schema?.type !== 'string') return '';
  if (typeof value !== 'boolean' && typeof value !== 'number') return '';
  return ` (${String(value)}): put it in quotes`;
}

/** The part of a field's description that says what it takes. */
function meaning(schema: StructuralSchema | undefined): string {
  return schema?.description?.match(/^.*?[.](?=\s|$)/s)?.[0] ?? '';
}
