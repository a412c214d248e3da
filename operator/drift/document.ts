import { compareDocuments, parsePolicy } from '../policy/index.ts';

/**
 * Policy documents compared by what they say, never by text: AWS hands back what somebody sent, in any order, with
 * single values or lists, and rewriting an equal document would cost one of five version slots each time.
 */
export interface CanonicalDocument {
  readonly Version: string;
  readonly Statement: readonly CanonicalStatement[];
}

export interface CanonicalStatement {
  readonly Effect: string;
  readonly [element: string]: unknown;
}

/** Elements that hold one value or a list of values, in which order and repetition mean nothing. */
const LISTS = new Set(['Action', 'NotAction', 'Resource', 'NotResource']);

/** Undefined when the text is no policy document; such a document equals nothing. */
function canonicalDocument(document: unknown): CanonicalDocument | undefined {
  const value = typeof document === 'string' ? parse(document) : document;
  if (!isRecord(value)) return undefined;
  const statements = Array.isArray(value.Statement) ? value.Statement : [value.Statement];
  const canonical = statements.filter(isRecord).map(statement);
  const byText = canonical.map((s) => [JSON.stringify(s), s] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    Version: typeof value.Version === 'string' ? value.Version : '2008-10-17',
    Statement: byText.filter(([text], i) => text !== byText[i - 1]?.[0]).map(([, s]) => s),
  };
}

/** The text form that is hashed and compared. */
export function canonicalText(document: unknown): string | undefined {
  const canonical = canonicalDocument(document);
  return canonical === undefined ? undefined : JSON.stringify(canonical);
}

export function sameDocument(a: unknown, b: unknown): boolean {
  const text = canonicalText(a);
  return text !== undefined && text === canonicalText(b);
}

/** Whether something in it is an explicit Deny; a document that cannot be read is taken for one. */
export function deniesSomething(document: unknown): boolean {
  return canonicalDocument(document)?.Statement.some((s) => s.Effect !== 'Allow') ?? true;
}

/** True when nothing is allowed: what Device Defender's blank policy and similar acts leave behind. */
export function allowsNothing(document: unknown): boolean {
  const canonical = canonicalDocument(document);
  return canonical?.Statement.every((s) => s.Effect !== 'Allow') ?? false;
}

/** True when nothing is said at all. AWS takes no such document from people; Device Defender puts one there. */
export function isBlank(document: unknown): boolean {
  return canonicalDocument(document)?.Statement.length === 0;
}

function statement(raw: Readonly<Record<string, unknown>>): CanonicalStatement {
  const out: Record<string, unknown> = {};
  for (const element of Object.keys(raw).sort()) {
    const value = raw[element];
    // A Sid names a statement for people; it permits nothing.
    if (element === 'Sid' || value === undefined) continue;
    if (element === 'Condition') out[element] = condition(value);
    else if (element === 'Action' || element === 'NotAction') out[element] = set(value, (v) => v.toLowerCase());
    else if (LISTS.has(element)) out[element] = set(value, (v) => v);
    else out[element] = value;
  }
  return { Effect: String(raw.Effect), ...out };
}

function condition(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const out: Record<string, unknown> = {};
  for (const operator of Object.keys(value).sort()) {
    const keys = value[operator];
    if (!isRecord(keys)) continue;
    const inner: Record<string, unknown> = {};
    for (const key of Object.keys(keys).sort()) inner[key] = set(keys[key], (v) => v);
    out[operator] = inner;
  }
  return out;
}

function set(value: unknown, each: (text: string) => string): readonly string[] {
  const values = Array.isArray(value) ? value : [value];
  return [...new Set(values.map((v) => each(String(v))))].sort();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface PolicyPlace {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
}

export type DocumentDrift = 'same' | 'widened' | 'narrowed' | 'mitigation' | 'changed';

/**
 * How a document differs from the wanted one, by what it permits in any company. Another text for the same rights is no
 * difference; where the comparison cannot be certain the answer is never `same`.
 */
export function documentDrift(want: string, got: string, place: PolicyPlace): DocumentDrift {
  if (sameDocument(want, got)) return 'same';
  if (allowsNothing(got) && !allowsNothing(want)) return 'mitigation';
  const [before, after] = [parsePolicy(want).document, parsePolicy(got).document];
  if (before === undefined || after === undefined) return 'changed';
  const { verdict, alone, dropsDeny } = compareDocuments(before, after, place);
  switch (verdict) {
    case 'equivalent':
      return alone.assumptions.length === 0 && !alone.testedValuesOnly ? 'same' : 'changed';
    case 'widens':
      return 'widened';
    case 'tightens':
      return 'narrowed';
    case 'incomparable':
      // Something is won: that counts more than what is lost beside it.
      return alone.gained.length > 0 || dropsDeny ? 'widened' : 'changed';
    case 'undecided':
      return 'changed';
  }
}
