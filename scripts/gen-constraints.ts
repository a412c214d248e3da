/**
 * Writes operator/sandbox/wire/constraints.gen.json from botocore's service models (Apache-2.0).
 *
 *   node scripts/gen-constraints.ts PATH_TO_BOTOCORE [--check]
 *
 * PATH is an unpacked botocore (the folder that holds `data/`): `pip download botocore --no-deps`, then unzip the wheel.
 * The SDK's own schemas carry no lengths, patterns, ranges or enums; this table adds them, with each operation's list of
 * declared errors and, for services whose npm client is too old to carry schemas, the shapes themselves.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface BotoShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, BotoMember>>;
  readonly member?: BotoMember;
  readonly key?: BotoMember;
  readonly value?: BotoMember;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly error?: { readonly httpStatusCode?: number };
}
interface BotoMember {
  readonly shape: string;
}
interface BotoOperation {
  readonly input?: BotoMember;
  readonly output?: BotoMember;
  readonly errors?: readonly BotoMember[];
}
interface BotoModel {
  readonly metadata: { readonly apiVersion: string };
  readonly operations: Readonly<Record<string, BotoOperation>>;
  readonly shapes: Readonly<Record<string, BotoShape>>;
}

type Rule = Record<string, unknown>;

/** Folder in botocore's data, the key used by the sandbox, and which operations are kept (all when absent). */
const SERVICES: readonly { folder: string; key: string; only?: readonly string[]; shapes?: boolean }[] = [
  { folder: 'iot', key: 'iot' },
  { folder: 'iot-data', key: 'iotdata' },
  { folder: 'iot-jobs-data', key: 'iot-jobs-data' },
  { folder: 'iotsecuretunneling', key: 'IoTSecuredTunneling', shapes: true },
  { folder: 'sts', key: 'sts', only: ['AssumeRole', 'GetCallerIdentity', 'GetSessionToken'] },
  {
    folder: 'sqs',
    key: 'sqs',
    only: [
      'CreateQueue',
      'DeleteMessage',
      'DeleteMessageBatch',
      'DeleteQueue',
      'ChangeMessageVisibility',
      'GetQueueAttributes',
      'GetQueueUrl',
      'ListQueues',
      'PurgeQueue',
      'ReceiveMessage',
      'SendMessage',
      'SendMessageBatch',
    ],
  },
  {
    folder: 'logs',
    key: 'logs',
    only: [
      'DescribeLogGroups',
      'DescribeLogStreams',
      'FilterLogEvents',
      'GetLogEvents',
      'StartQuery',
      'StopQuery',
      'GetQueryResults',
      'DescribeQueries',
      'CreateLogGroup',
      'CreateLogStream',
      'PutLogEvents',
    ],
  },
];

const target = new URL('../operator/sandbox/wire/constraints.gen.json', import.meta.url);

function readModel(root: string, folder: string): BotoModel {
  const base = join(root, 'data', folder);
  const version = readdirSync(base).sort().at(-1);
  if (!version) throw new Error(`no model version under ${base}`);
  const plain = join(base, version, 'service-2.json');
  const text = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`));
  return JSON.parse(text.toString('utf8')) as BotoModel;
}

/** Equal rules are stored once and named by index: most members share a handful of patterns. */
class ServiceTable {
  readonly rules: Rule[] = [];
  readonly structures: Record<string, { required?: readonly string[]; members?: Record<string, number> }> = {};
  readonly #index = new Map<string, number>();
  readonly #model: BotoModel;

  constructor(model: BotoModel) {
    this.#model = model;
  }

  /** Adds the structure and everything it reaches. */
  addStructure(name: string): void {
    const shape = this.#model.shapes[name];
    if (shape?.type !== 'structure' || this.structures[name]) return;
    const entry: { required?: readonly string[]; members?: Record<string, number> } = {};
    this.structures[name] = entry;
    const members: Record<string, number> = {};
    for (const [member, reference] of Object.entries(shape.members ?? {})) {
      const rule = this.#rule(reference.shape);
      if (rule !== undefined) members[member] = rule;
    }
    if (shape.required?.length) entry.required = shape.required;
    if (Object.keys(members).length > 0) entry.members = members;
  }

  #rule(name: string, depth = 0): number | undefined {
    const shape = this.#model.shapes[name];
    if (!shape || depth > 8) return undefined;
    this.addStructure(name);
    const rule: Rule = {};
    if (shape.enum) rule.enum = shape.enum;
    if (shape.pattern && shape.pattern !== '[\\s\\S]*' && shape.pattern !== '.*') rule.pattern = shape.pattern;
    if (shape.min !== undefined) rule.min = shape.min;
    if (shape.max !== undefined) rule.max = shape.max;
    for (const [field, reference] of [
      ['item', shape.member],
      ['key', shape.key],
      ['value', shape.value],
    ] as const) {
      const inner = reference && this.#rule(reference.shape, depth + 1);
      if (inner !== undefined) rule[field] = inner;
    }
    if (Object.keys(rule).length === 0) return undefined;
    return this.#intern(rule);
  }

  #intern(rule: Rule): number {
    const key = JSON.stringify(rule);
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    this.#index.set(key, this.rules.length);
    return this.rules.push(rule) - 1;
  }
}

/** The type of a member in the table's own notation: one letter, `[type]`, `{type}` or a structure's name. */
function typeOf(model: BotoModel, name: string): string {
  const shape = model.shapes[name];
  switch (shape?.type) {
    case 'structure':
      return name;
    case 'list':
      return `[${typeOf(model, shape.member?.shape ?? '')}]`;
    case 'map':
      return `{${typeOf(model, shape.value?.shape ?? '')}}`;
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return '#number';
    case 'boolean':
      return '#boolean';
    case 'timestamp':
      return '#timestamp';
    case 'blob':
      return '#blob';
    default:
      return '#string';
  }
}

function shapesOf(model: BotoModel): Record<string, Record<string, string>> {
  const shapes: Record<string, Record<string, string>> = {};
  for (const [name, shape] of Object.entries(model.shapes)) {
    if (shape.type !== 'structure') continue;
    shapes[name] = Object.fromEntries(
      Object.entries(shape.members ?? {}).map(([member, reference]) => [member, typeOf(model, reference.shape)]),
    );
  }
  return shapes;
}

function serviceTable(root: string, service: (typeof SERVICES)[number]): unknown {
  const model = readModel(root, service.folder);
  const table = new ServiceTable(model);
  const operations: Record<string, unknown> = {};
  for (const [name, operation] of Object.entries(model.operations)) {
    if (service.only && !service.only.includes(name)) continue;
    if (operation.input) table.addStructure(operation.input.shape);
    operations[name] = {
      input: operation.input?.shape,
      ...(service.shapes && { output: operation.output?.shape }),
      errors: (operation.errors ?? []).map((e) => e.shape),
    };
  }
  const statuses = Object.entries(model.shapes).flatMap(([name, shape]) =>
    shape.error?.httpStatusCode ? [[name, shape.error.httpStatusCode] as const] : [],
  );
  return {
    apiVersion: model.metadata.apiVersion,
    operations,
    structures: table.structures,
    rules: table.rules,
    errors: Object.fromEntries(statuses),
    ...(service.shapes && { shapes: shapesOf(model) }),
  };
}

/** One line per entry keeps the file small and its diffs readable. */
function format(services: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(services).map(([key, table]) => {
    const sections = Object.entries(table as Readonly<Record<string, unknown>>).map(([section, value]) => {
      if (typeof value !== 'object' || value === null) return `${JSON.stringify(section)}: ${JSON.stringify(value)}`;
      const isList = Array.isArray(value);
      const lines = isList
        ? value.map((v) => JSON.stringify(v))
        : Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`);
      return `${JSON.stringify(section)}: ${isList ? '[' : '{'}\n${lines.join(',\n')}\n${isList ? ']' : '}'}`;
    });
    return `${JSON.stringify(key)}: {\n${sections.join(',\n')}\n}`;
  });
  return `{\n${parts.join(',\n')}\n}\n`;
}

const [root, flag] = process.argv.slice(2);
if (!root) throw new Error('usage: node scripts/gen-constraints.ts PATH_TO_BOTOCORE [--check]');
const text = format(Object.fromEntries(SERVICES.map((s) => [s.key, serviceTable(root, s)])));
if (flag === '--check') {
  if (readFileSync(target, 'utf8') !== text) {
    process.stderr.write('constraints.gen.json differs from this botocore; run without --check to rewrite it\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
  process.stdout.write(`wrote ${Math.round(text.length / 1024)} KiB\n`);
}
