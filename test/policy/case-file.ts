/** The two formats of case files, read strictly: a field that is not known is an error, so that no expectation goes unchecked. */

export interface CaseRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

export interface PairCase {
  readonly name: string;
  readonly before: readonly unknown[];
  readonly after: readonly unknown[];
  readonly verdict: string;
  readonly witness: CaseRequest | undefined;
  readonly lost: CaseRequest | undefined;
  readonly levels: Readonly<Record<string, string>>;
  readonly assume: Readonly<Record<string, unknown>>;
}

export interface ExpectedFinding {
  readonly code: string;
  /** Index of the statement; null: the whole document. */
  readonly statement: number | null;
  readonly witness: CaseRequest | undefined;
}

export interface LintCase {
  readonly name: string;
  readonly policy: unknown;
  readonly deviceDefender: Readonly<Record<string, unknown>>;
  readonly expect: readonly ExpectedFinding[];
  readonly absent: readonly string[];
  readonly assume: Readonly<Record<string, unknown>>;
}

export interface CaseFile {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly pairs: readonly PairCase[];
  readonly lints: readonly LintCase[];
}

const pairFields = [
  'name',
  'before',
  'after',
  'verdict',
  'witness',
  'lost',
  'levels',
  'assume',
  'probe',
  'source',
  'why',
  'tags',
];
const lintFields = ['name', 'policy', 'deviceDefender', 'expect', 'absent', 'assume', 'probe', 'source', 'why', 'tags'];
const requestFields = ['action', 'resource', 'context'];
const verdicts = ['tightens', 'widens', 'equivalent', 'incomparable'];

class CaseError extends Error {}

/** Reads the text of a case file. Throws an Error that names the place when it does not have the format. */
export function readCaseFile(text: string): CaseFile {
  const root = object(JSON.parse(text), 'the file');
  only(root, ['about', 'cases'], 'the file');
  const about = object(root.about ?? {}, 'about');
  const cases = list(root.cases, 'cases').map((item, index) => object(item, `case ${index}`));
  const isPair = (item: Readonly<Record<string, unknown>>): boolean => 'before' in item;
  return {
    defaults: object(about.defaults ?? {}, 'about.defaults'),
    pairs: cases.filter(isPair).map(readPair),
    lints: cases.filter((item) => !isPair(item)).map(readLint),
  };
}

function readPair(item: Readonly<Record<string, unknown>>): PairCase {
  const name = string(item.name, 'name');
  only(item, pairFields, name);
  const levels = object(item.levels ?? {}, `${name}.levels`);
  return {
    name,
    before: documents(item.before, `${name}.before`),
    after: documents(item.after, `${name}.after`),
    verdict: verdict(item.verdict, name),
    witness: request(item.witness, `${name}.witness`),
    lost: request(item.lost, `${name}.lost`),
    levels: Object.fromEntries(
      Object.entries(levels).map(([level, value]) => [level, verdict(value, `${name}.levels`)]),
    ),
    assume: object(item.assume ?? {}, `${name}.assume`),
  };
}

function readLint(item: Readonly<Record<string, unknown>>): LintCase {
  const name = string(item.name, 'name');
  only(item, lintFields, name);
  return {
    name,
    policy: item.policy,
    deviceDefender: object(item.deviceDefender ?? {}, `${name}.deviceDefender`),
    expect: list(item.expect ?? [], `${name}.expect`).map((one) => expected(one, name)),
    absent: list(item.absent ?? [], `${name}.absent`).map((one) => string(one, `${name}.absent`)),
    assume: object(item.assume ?? {}, `${name}.assume`),
  };
}

function expected(value: unknown, name: string): ExpectedFinding {
  const finding = object(value, `${name}.expect`);
  only(finding, ['code', 'statement', 'witness'], `${name}.expect`);
  const statement = finding.statement ?? null;
  if (statement !== null && typeof statement !== 'number')
    throw new CaseError(`${name}: statement must be a number or null`);
  return {
    code: string(finding.code, `${name}.expect.code`),
    statement,
    witness: request(finding.witness, `${name}.expect.witness`),
  };
}

function documents(value: unknown, place: string): readonly unknown[] {
  if (value === undefined) throw new CaseError(`${place} is missing`);
  return Array.isArray(value) ? value : [value];
}

function verdict(value: unknown, place: string): string {
  const text = string(value, place);
  if (!verdicts.includes(text)) throw new CaseError(`${place}: no such verdict: ${text}`);
  return text;
}

function request(value: unknown, place: string): CaseRequest | undefined {
  if (value === null || value === undefined) return undefined;
  const fields = object(value, place);
  only(fields, requestFields, place);
  const context: Record<string, string | readonly string[]> = {};
  for (const [key, one] of Object.entries(object(fields.context ?? {}, `${place}.context`)))
    context[key] = Array.isArray(one) ? one.map((text) => string(text, place)) : string(one, place);
  return { action: string(fields.action, place), resource: string(fields.resource, place), context };
}

function object(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CaseError(`${place} must be an object`);
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new CaseError(`${place} must be a list`);
  return value;
}

function string(value: unknown, place: string): string {
  if (typeof value !== 'string') throw new CaseError(`${place} must be a string`);
  return value;
}

function only(fields: Readonly<Record<string, unknown>>, known: readonly string[], place: string): void {
  for (const key of Object.keys(fields))
    if (!known.includes(key)) throw new CaseError(`${place}: unknown field ${key}`);
}
