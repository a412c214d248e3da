import { AwsError } from '../errors.ts';
import type { ServiceName } from './services.ts';
import type { Shape, StructureShape } from './shapes.ts';
import { type Rule, type ServiceTable, table } from './table.ts';

/**
 * Checks an input against the service model's constraints and throws the service's validation error with AWS's wording:
 * `1 validation error detected: Value '…' at 'thingName' failed to satisfy constraint: …`.
 */
export class Validator {
  readonly #service: ServiceName;
  readonly #table: ServiceTable;
  readonly #patterns = new Map<string, RegExp>();

  constructor(service: ServiceName) {
    this.#service = service;
    this.#table = table(service);
  }

  check(operation: string, shape: StructureShape, input: Readonly<Record<string, unknown>>): void {
    const failures: string[] = [];
    this.#structure(shape, input, '', failures);
    if (failures.length === 0) return;
    const plural = failures.length === 1 ? 'error' : 'errors';
    const message = `${failures.length} validation ${plural} detected: ${failures.slice(0, 10).join('; ')}`;
    throw new AwsError(this.#errorName(operation), message, {}, 400);
  }

  /** IoT's older operations declare InvalidRequestException, newer ones ValidationException; each gets the one it declares. */
  #errorName(operation: string): string {
    const declared = this.#table.operations[operation]?.errors ?? [];
    const known = ['InvalidRequestException', 'ValidationException', 'InvalidParameterException'];
    const name = known.find((n) => declared.includes(n));
    if (name) return name;
    return this.#service === 'sts'
      ? 'ValidationError'
      : this.#service === 'sqs'
        ? 'InvalidParameterValue'
        : 'ValidationException';
  }

  #structure(shape: StructureShape, value: Readonly<Record<string, unknown>>, path: string, failures: string[]): void {
    const entry = this.#table.structures[shape.name];
    if (!entry) return;
    for (const name of entry.required ?? []) {
      if (value[name] === undefined) fail(failures, null, join(path, name), 'Member must not be null');
    }
    for (const member of shape.members.values()) {
      const given = value[member.name];
      if (given === undefined) continue;
      const rule = entry.members?.[member.name];
      this.#value(member.shape, given, rule, join(path, member.name), failures);
    }
  }

  #value(shape: Shape, value: unknown, index: number | undefined, path: string, failures: string[]): void {
    const rule = index === undefined ? undefined : this.#table.rules[index];
    switch (shape.kind) {
      case 'string':
        if (rule) this.#text(rule, value as string, path, failures);
        return;
      case 'number':
        if (rule) range(rule, value as number, '', path, failures);
        return;
      case 'list': {
        const list = value as readonly unknown[];
        if (rule) range(rule, list.length, 'length ', path, failures);
        list.forEach((v, i) => {
          this.#value(shape.member, v, rule?.item, `${path}.${i + 1}.member`, failures);
        });
        return;
      }
      case 'map':
        this.#map(shape.value, value as object, rule, path, failures);
        return;
      case 'structure':
        this.#structure(shape, value as Readonly<Record<string, unknown>>, path, failures);
        return;
      default:
        return;
    }
  }

  #map(valueShape: Shape, value: object, rule: Rule | undefined, path: string, failures: string[]): void {
    const entries = Object.entries(value);
    if (rule) range(rule, entries.length, 'length ', path, failures);
    const keyRule = rule?.key === undefined ? undefined : this.#table.rules[rule.key];
    for (const [key, v] of entries) {
      if (keyRule) this.#text(keyRule, key, path, failures);
      this.#value(valueShape, v, rule?.value, `${path}.${key}.member`, failures);
    }
  }

  #text(rule: Rule, value: string, path: string, failures: string[]): void {
    if (rule.enum && !rule.enum.includes(value)) {
      fail(failures, value, path, `Member must satisfy enum value set: [${rule.enum.join(', ')}]`);
      return;
    }
    const before = failures.length;
    range(rule, value.length, 'length ', path, failures, value);
    if (failures.length > before || !rule.pattern) return;
    if (!this.#pattern(rule.pattern).test(value)) {
      fail(failures, value, path, `Member must satisfy regular expression pattern: ${rule.pattern}`);
    }
  }

  #pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (!pattern) {
      pattern = compilePattern(source);
      this.#patterns.set(source, pattern);
    }
    return pattern;
  }
}

/** The models' patterns are Java's and match the whole value; these are the spellings that JavaScript lacks. */
export function compilePattern(source: string): RegExp {
  const translated = source
    .replaceAll('\\p{Graph}', '\\x21-\\x7E')
    .replaceAll('\\p{Upper}', 'A-Z')
    .replaceAll('\\p{Digit}', '0-9')
    .replaceAll('\\p{Cntrl}', '\\x00-\\x1F\\x7F')
    .replaceAll('\\u10000-\\u10FFFF', '\\u{10000}-\\u{10FFFF}');
  try {
    return new RegExp(`^(?:${translated})$`, 'u');
  } catch {
    return new RegExp(`^(?:${translated})$`);
  }
}

function range(rule: Rule, size: number, what: string, path: string, failures: string[], value?: string): void {
  if (rule.min !== undefined && size < rule.min) {
    fail(failures, value ?? size, path, `Member must have ${what}${bound(what, 'greater', rule.min)}`);
  }
  if (rule.max !== undefined && size > rule.max) {
    fail(failures, value ?? size, path, `Member must have ${what}${bound(what, 'less', rule.max)}`);
  }
}

const bound = (what: string, side: string, limit: number) => `${what ? '' : 'value '}${side} than or equal to ${limit}`;

function fail(failures: string[], value: unknown, path: string, constraint: string): void {
  const shown = value === null ? 'null' : `'${String(value).slice(0, 256)}'`;
  failures.push(`Value ${shown} at '${path}' failed to satisfy constraint: ${constraint}`);
}

const join = (path: string, name: string) => (path ? `${path}.${name}` : name);
