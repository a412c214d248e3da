import { compileRule } from '../../operator/api/validation/cel.ts';
import type { Crd, CrdFile, JsonSchema } from './crds.ts';

/** One change that an upgrade would not survive, and where. */
export interface Breakage {
  /** `Device v1alpha1 spec.certificates[].csr` */
  readonly where: string;
  readonly what: string;
}

/**
 * What stands between a cluster with the released CRDs and these: fields removed or retyped, stored values that would
 * no longer be valid, lists merged in another way, defaults that would change what stored objects mean.
 * Adding optional fields, kinds and versions, and loosening rules, is free.
 */
export function findBreakages(released: readonly CrdFile[], current: readonly CrdFile[]): readonly Breakage[] {
  const now = new Map(current.map(({ crd }) => [crd.metadata.name, crd]));
  return released.flatMap(({ crd: before }) => {
    const after = now.get(before.metadata.name);
    if (!after) return [{ where: before.spec.names.kind, what: 'the kind was removed' }];
    return compareCrds(before, after);
  });
}

function compareCrds(before: Crd, after: Crd): readonly Breakage[] {
  const { kind } = before.spec.names;
  const found: Breakage[] = [];
  if (before.spec.scope !== after.spec.scope) found.push({ where: kind, what: `scope was ${before.spec.scope}` });
  if (kind !== after.spec.names.kind) found.push({ where: kind, what: `kind is now ${after.spec.names.kind}` });
  for (const version of before.spec.versions) {
    const where = `${kind} ${version.name}`;
    const same = after.spec.versions.find((candidate) => candidate.name === version.name);
    if (!same || (version.served && !same.served)) found.push({ where, what: 'the version is no longer served' });
    else compare(version.schema.openAPIV3Schema, same.schema.openAPIV3Schema, `${where} `, found);
  }
  return found;
}

function compare(before: JsonSchema, after: JsonSchema, where: string, found: Breakage[]): void {
  const report = (what: string) => found.push({ where: where.trim(), what });
  if (before.type !== after.type) report(`type was ${before.type ?? 'any'} and is ${after.type ?? 'any'}`);
  if (before.format !== after.format && after.format !== undefined) report(`format is now ${after.format}`);
  if (before.nullable && !after.nullable) report('null is no longer permitted');
  if (json(before.default) !== json(after.default)) {
    report(`the default was ${json(before.default)} and is ${json(after.default)}`);
  }
  for (const what of [...tighterBounds(before, after), ...tighterValues(before, after), ...listChanges(before, after)])
    report(what);
  compareChildren(before, after, where, found);
}

function compareChildren(before: JsonSchema, after: JsonSchema, where: string, found: Breakage[]): void {
  const join = (name: string) => `${where}${where.endsWith(' ') ? '' : '.'}${name}`;
  for (const [name, child] of Object.entries(before.properties ?? {})) {
    const same = after.properties?.[name];
    if (same) compare(child, same, join(name), found);
    else found.push({ where: join(name).trim(), what: 'the field was removed: its values would be dropped' });
  }
  for (const key of ['items', 'additionalProperties'] as const) {
    const [one, other] = [before[key], after[key]];
    const at = `${where}${key === 'items' ? '[]' : '{}'}`;
    if (one && other) compare(one, other, at, found);
    else if (one && !other)
      found.push({ where: at.trim(), what: 'is no longer described: its content would be dropped' });
  }
}

const LOWER = ['minLength', 'minimum', 'minItems', 'minProperties'] as const;
const UPPER = ['maxLength', 'maximum', 'maxItems', 'maxProperties'] as const;

function tighterBounds(before: JsonSchema, after: JsonSchema): readonly string[] {
  const lower = LOWER.filter(
    (key) => (after[key] ?? Number.NEGATIVE_INFINITY) > (before[key] ?? Number.NEGATIVE_INFINITY),
  );
  const upper = UPPER.filter(
    (key) => (after[key] ?? Number.POSITIVE_INFINITY) < (before[key] ?? Number.POSITIVE_INFINITY),
  );
  return [...lower, ...upper].map((key) => `${key} was ${before[key] ?? 'open'} and is ${after[key]}`);
}

function tighterValues(before: JsonSchema, after: JsonSchema): readonly string[] {
  const found: string[] = [];
  if (after.pattern !== undefined && after.pattern !== before.pattern) found.push('the pattern is new or changed');
  const required = (after.required ?? []).filter((name) => !before.required?.includes(name));
  if (required.length > 0) found.push(`now requires ${required.join(', ')}`);
  if (after.enum) {
    const refused = before.enum ? before.enum.filter((value) => !after.enum?.includes(value)) : ['all other values'];
    if (refused.length > 0) found.push(`no longer takes ${refused.join(', ')}`);
  }
  const known = new Set(before['x-kubernetes-validations']?.map(({ rule }) => rule));
  for (const { rule } of after['x-kubernetes-validations'] ?? [])
    if (!known.has(rule) && !asksOnlyWhereNew(rule, before) && !asksNoMore(rule, before))
      found.push(`a rule is new: ${rule}`);
  return found;
}

/** Passes wherever a field is absent that no stored object can have. */
function asksOnlyWhereNew(rule: string, before: JsonSchema): boolean {
  // Without a conditional, what stands before the first || decides alone.
  const field = rule.includes('?') ? undefined : /^!has\(self\.(\w+)\) \|\|/.exec(rule)?.[1];
  return field !== undefined && before.properties !== undefined && !Object.hasOwn(before.properties, field);
}

/** Only which fields are there, counted and compared. */
const ABOUT_PRESENCE = /^(?:has\(self\.\w+\)|[\s()?:+!=<>&|]|\d)+$/;
/** So many fields of a rule are tried in every combination. */
const MOST_FIELDS = 10;

/** Passes wherever the released rules about the same presence pass, tried over every combination of the fields that were. */
function asksNoMore(rule: string, before: JsonSchema): boolean {
  const released = (before['x-kubernetes-validations'] ?? []).filter((old) => ABOUT_PRESENCE.test(old.rule));
  if (!ABOUT_PRESENCE.test(rule)) return false;
  const named = [rule, ...released.map((old) => old.rule)].flatMap((text) => [...text.matchAll(/self\.(\w+)/g)]);
  const fields = [...new Set(named.map(([, field = '']) => field))].filter((field) =>
    Object.hasOwn(before.properties ?? {}, field),
  );
  if (fields.length > MOST_FIELDS) return false;
  const rules = released.map((old) => compileRule(old));
  const now = compileRule({ rule });
  for (let combination = 0; combination < 2 ** fields.length; combination += 1) {
    const self = Object.fromEntries(fields.filter((_, bit) => (combination >> bit) & 1).map((field) => [field, '']));
    const valid = rules.every((old) => old.check(self, self) === undefined);
    if (valid && now.check(self, self) !== undefined) return false;
  }
  return true;
}

function listChanges(before: JsonSchema, after: JsonSchema): readonly string[] {
  const found: string[] = [];
  for (const key of ['x-kubernetes-list-type', 'x-kubernetes-list-map-keys'] as const) {
    if (json(before[key]) !== json(after[key]))
      found.push(`${key} was ${json(before[key])} and is ${json(after[key])}`);
  }
  return found;
}

const json = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));
