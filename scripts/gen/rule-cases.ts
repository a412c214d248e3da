import type { StructuralSchema } from '../../operator/api/schema-types.ts';
import { kindDefinitions } from '../../operator/api/schemas.gen.ts';
import { createSchemaRegistry, type SchemaRegistry } from '../../operator/api/validate.ts';
import { type CelCase, celCases } from '../../test/unit/api/cel-cases.ts';

/** A rule of the CRDs, named by kind and message. */
export interface NamedRule {
  readonly kind: string;
  readonly rule: string;
  readonly isTransition: boolean;
}

/** Runs every case, and says which rules lack one. Empty when all is well. */
export function checkRuleCases(
  cases: readonly CelCase[] = celCases,
  registry: SchemaRegistry = createSchemaRegistry(),
): readonly string[] {
  return [...cases.flatMap((one) => failureOf(one, registry)), ...missingCases(cases)];
}

function failureOf(one: CelCase, registry: SchemaRegistry): readonly string[] {
  const name = `${one.kind}: ${one.rule} (${one.reason})`;
  const old = one.old && registry.admit(one.old);
  if (old && old.errors.length > 0)
    return [`${name}: the object before the update is not valid: ${old.errors[0]?.message}`];
  const { errors } = registry.admit(one.object, old?.object);
  if (one.expect === 'accepted') return errors.map(({ field, message }) => `${name}: refused at ${field}: ${message}`);
  const hit = errors.some(({ message, keyword }) => keyword === 'rule' && message === one.rule);
  return hit ? [] : [`${name}: the rule did not refuse it`];
}

function missingCases(cases: readonly CelCase[]): readonly string[] {
  return allRules().flatMap(({ kind, rule, isTransition }) => {
    const own = cases.filter((one) => one.kind === kind && one.rule === rule && (!isTransition || one.old));
    const missing = (['accepted', 'refused'] as const).filter((expect) => !own.some((one) => one.expect === expect));
    const update = isTransition ? ' update' : '';
    return missing.map((expect) => `${kind}: ${rule}: has no ${expect}${update} case in test/unit/api/cel-cases.ts`);
  });
}

/** Every rule of every kind. */
export function allRules(): readonly NamedRule[] {
  return kindDefinitions.flatMap(({ kind, schema }) => rulesOf(schema).map((rule) => ({ kind, ...rule })));
}

function rulesOf(schema: StructuralSchema): readonly Omit<NamedRule, 'kind'>[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) => ({
    rule: message ?? rule,
    isTransition: /\boldSelf\b/.test(rule),
  }));
  const { items, additionalProperties } = schema;
  const children = [
    ...Object.values(schema.properties ?? {}),
    ...(items ? [items] : []),
    ...(additionalProperties ? [additionalProperties] : []),
  ];
  return [...own, ...children.flatMap(rulesOf)];
}
