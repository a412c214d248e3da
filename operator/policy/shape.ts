import type { ConditionEntry, Effect, Located, PolicyDocument, Position, Statement } from './document.ts';
import { escapePointer } from './json.ts';
import {
  maxPolicySize,
  type ParseFinding,
  type ParseResult,
  type ParseValueOptions,
  sizeOfValue,
} from './parse-result.ts';

type Members = ReadonlyMap<string, unknown>;

function members(value: unknown): Members | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const documentElements = new Set(['Version', 'Id', 'Statement']);
const statementElements = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);
const principalElements = new Set(['Principal', 'NotPrincipal']);

/** Checks the shape of a parsed value, element by element, and builds the typed document. */
export class Shape {
  readonly #findings: ParseFinding[] = [];
  readonly #options: ParseValueOptions;

  constructor(options: ParseValueOptions) {
    this.#options = options;
  }

  document(value: unknown): ParseResult {
    const root = members(value);
    if (root === undefined) {
      this.#error('shape', `a policy is an object with Version and Statement, not ${kindOf(value)}`, '');
      return { document: undefined, findings: this.#findings };
    }
    for (const key of root.keys())
      if (!documentElements.has(key))
        this.#error(
          'unknown-element',
          `AWS IoT knows no element ${JSON.stringify(key)} in a policy`,
          `/${escapePointer(key)}`,
        );
    const document: PolicyDocument = {
      name: this.#options.name ?? 'policy',
      version: this.#version(root),
      statements: this.#statements(root),
      at: this.#at(''),
      size: this.#options.size ?? sizeOfValue(value),
    };
    if (document.size > maxPolicySize)
      this.#warn('size', `${document.size} characters without white space; AWS accepts ${maxPolicySize}`, '');
    const failed = this.#findings.some((finding) => finding.severity === 'error');
    return { document: failed ? undefined : document, findings: this.#findings };
  }

  #version(root: Members): string {
    const version = root.get('Version');
    if (version === undefined) {
      this.#warn('version', 'no Version: AWS takes 2008-10-17, in which policy variables are plain text', '');
      return '2008-10-17';
    }
    if (version !== '2012-10-17' && version !== '2008-10-17') {
      this.#error('version', 'Version must be "2012-10-17" (or the older "2008-10-17")', '/Version');
      return '2012-10-17';
    }
    return version;
  }

  #statements(root: Members): Statement[] {
    const raw = root.get('Statement');
    if (raw === undefined) {
      this.#error('shape', 'a policy needs a Statement', '');
      return [];
    }
    const single = !Array.isArray(raw);
    const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
    return list.flatMap(
      (item, index) => this.#statement(item, index, single ? '/Statement' : `/Statement/${index}`) ?? [],
    );
  }

  #statement(value: unknown, index: number, pointer: string): Statement | undefined {
    const parts = members(value);
    if (parts === undefined) {
      this.#error('shape', `a statement is an object, not ${kindOf(value)}`, pointer);
      return undefined;
    }
    for (const key of parts.keys()) this.#element(key, pointer);
    const action = this.#either(parts, pointer, 'Action', 'NotAction');
    const resource = this.#either(parts, pointer, 'Resource', 'NotResource');
    const sid = parts.get('Sid');
    if (sid !== undefined && typeof sid !== 'string') this.#error('shape', 'Sid must be a string', `${pointer}/Sid`);
    if (action.mode === 'NotAction')
      this.#warn(
        'not-action',
        'no AWS IoT example uses NotAction and AWS may refuse it; list the actions',
        `${pointer}/NotAction`,
      );
    return {
      index,
      sid: typeof sid === 'string' ? sid : undefined,
      effect: this.#effect(parts, pointer),
      actionMode: action.mode,
      actions: action.values,
      resourceMode: resource.mode,
      resources: resource.values,
      conditions: this.#conditions(parts, pointer),
      at: this.#at(pointer),
    };
  }

  #element(key: string, pointer: string): void {
    if (statementElements.has(key)) return;
    const place = `${pointer}/${escapePointer(key)}`;
    if (principalElements.has(key))
      this.#error(
        'unknown-element',
        `${key} has no place in an AWS IoT policy: the policy's target is the principal`,
        place,
      );
    else this.#error('unknown-element', `AWS IoT knows no element ${JSON.stringify(key)} in a statement`, place);
  }

  #effect(parts: Members, pointer: string): Effect {
    const effect = parts.get('Effect');
    if (effect === 'Allow' || effect === 'Deny') return effect;
    this.#error('shape', 'Effect must be "Allow" or "Deny"', `${pointer}/Effect`);
    return 'Deny';
  }

  #either<A extends string, B extends string>(
    parts: Members,
    pointer: string,
    plain: A,
    negated: B,
  ): { mode: A | B; values: Located[] } {
    if (parts.has(plain) && parts.has(negated))
      this.#error('shape', `a statement has ${plain} or ${negated}, not both`, `${pointer}/${negated}`);
    const mode = !parts.has(plain) && parts.has(negated) ? negated : plain;
    if (!parts.has(mode)) {
      this.#error('shape', `a statement needs ${plain}`, pointer);
      return { mode, values: [] };
    }
    const values = this.#strings(parts.get(mode), `${pointer}/${mode}`);
    if (values.length === 0) this.#error('shape', `${mode} must not be empty`, `${pointer}/${mode}`);
    return { mode, values };
  }

  #strings(value: unknown, pointer: string): Located[] {
    const single = !Array.isArray(value);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.flatMap((item, index) => {
      const place = single ? pointer : `${pointer}/${index}`;
      if (typeof item !== 'string') {
        this.#error('shape', `expected a string, found ${kindOf(item)}`, place);
        return [];
      }
      return [this.#located(item, place)];
    });
  }

  #located(text: string, pointer: string): Located {
    if (!text.isWellFormed())
      this.#error('text', 'the text holds half of a surrogate pair, which is not valid Unicode', pointer);
    if (text.includes('\0')) this.#error('text', 'the text holds U+0000, which MQTT and AWS refuse', pointer);
    return { text, at: this.#at(pointer) };
  }

  #conditions(parts: Members, pointer: string): ConditionEntry[] {
    if (!parts.has('Condition')) return [];
    const place = `${pointer}/Condition`;
    const operators = members(parts.get('Condition'));
    if (operators === undefined) {
      this.#error('shape', `Condition is an object of operators, not ${kindOf(parts.get('Condition'))}`, place);
      return [];
    }
    return [...operators].flatMap(([operator, block]) =>
      this.#operator(operator, block, `${place}/${escapePointer(operator)}`),
    );
  }

  #operator(operator: string, block: unknown, pointer: string): ConditionEntry[] {
    const entries = members(block);
    if (entries === undefined) {
      this.#error('shape', `the operator ${operator} takes an object of keys, not ${kindOf(block)}`, pointer);
      return [];
    }
    return [...entries].map(([key, raw]) => {
      const place = `${pointer}/${escapePointer(key)}`;
      const texts = (Array.isArray(raw) ? raw : [raw]).map(scalarText);
      return {
        operator,
        key,
        values: this.#strings(Array.isArray(raw) ? texts : texts[0], place),
        at: this.#at(place),
      };
    });
  }

  #at(pointer: string): Position | undefined {
    return this.#options.positions?.get(pointer);
  }

  #error(code: string, message: string, pointer: string): void {
    this.#findings.push({ severity: 'error', code, message, at: this.#nearest(pointer) });
  }

  #warn(code: string, message: string, pointer: string): void {
    this.#findings.push({ severity: 'warning', code, message, at: this.#nearest(pointer) });
  }

  /** The place of the pointer or of the closest container that has one. */
  #nearest(pointer: string): Position | undefined {
    for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const found = this.#at(at);
      if (found !== undefined || at === '') return found;
    }
  }
}

/** IAM reads true, false and numbers in a Condition as the strings that they are written as. */
function scalarText(value: unknown): unknown {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;
}
