import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { nearest } from '../../api/validation/nearest.ts';
import { durationFrom } from '../args/parse.ts';
import { UsageError } from '../exit.ts';
import { configFields, expected, type Field } from './fields.ts';

/** The configuration file; what is absent keeps its default. Read once at start: a change needs a restart. */
export interface ConfigFile {
  readonly installation?: string;
  /** Empty or absent: all namespaces. */
  readonly watchNamespaces?: readonly string[];
  /** Roles that AWSAccounts of a namespace (`*`: of all) may name; a trailing `*` is a wildcard. */
  readonly allowedRoleArns?: Readonly<Record<string, readonly string[]>>;
  /** Endpoints that an AWSAccount may name. */
  readonly allowedEndpoints?: readonly string[];
  /** Hosts that checks of rollouts may ask. Default in a cluster: none. */
  readonly allowedCheckHosts?: readonly string[];
  /** file:// sources read the operator's own disk. Default false in a cluster. */
  readonly allowFileSources?: boolean;
  /** The cluster has an admission policy that pins the name in a verb to who writes it; the chart installs one. */
  readonly usersPinned?: boolean;
  /** Folder for the evidence logs of rollouts; they go to standard output in any case. */
  readonly evidence?: string;
  readonly endpoint?: string;
  readonly concurrency?: number;
  readonly creationsPerSecond?: number;
  readonly listen?: string;
  readonly log?: { readonly level?: 'debug' | 'info' | 'warn' | 'error'; readonly format?: 'json' | 'pretty' };
  readonly leaderElection?: {
    readonly name?: string;
    readonly leaseDuration?: string;
    readonly renewDeadline?: string;
    readonly retryPeriod?: string;
  };
}

/** Reads and checks a configuration file; throws `UsageError` with every mistake, its line and column. */
export function readConfigFile(file: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`The configuration file ${file} cannot be read: ${(error as Error).message}`);
  }
  return parseConfig(text, file);
}

export function parseConfig(text: string, file: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const mistakes: string[] = [];
  const at = (node: Node | undefined | null, offset?: number) => {
    const { line, col } = lines.linePos(offset ?? node?.range?.[0] ?? 0);
    return `${file}:${line}:${col}`;
  };
  for (const error of document.errors) mistakes.push(`${at(undefined, error.pos[0])}: ${error.message}`);
  if (mistakes.length === 0 && document.contents !== null) {
    const root: Field = { kind: 'section', fields: configFields };
    walk(document.contents, root, '', (node, message) => mistakes.push(`${at(node)}: ${message}`));
  }
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  const config = (document.toJS() ?? {}) as ConfigFile;
  checkLease(config, file);
  return config;
}

type Complain = (node: Node, message: string) => void;

function walk(node: Node, field: Field, path: string, complain: Complain): void {
  const value: unknown = isScalar(node) ? node.value : isSeq(node) ? [] : isMap(node) ? {} : undefined;
  const wanted = expected(field, value);
  if (wanted !== undefined) {
    complain(node, `${path === '' ? 'the configuration' : path} must be ${wanted}`);
    return;
  }
  if (field.kind === 'list' && isSeq(node)) {
    for (const [i, item] of node.items.entries()) walk(item as Node, field.of, `${path}[${i}]`, complain);
  }
  if ((field.kind === 'map' || field.kind === 'section') && isMap(node)) {
    for (const pair of node.items) walkPair(pair.key as Node, pair.value as Node | null, { field, path, complain });
  }
}

function walkPair(
  key: Node,
  value: Node | null,
  { field, path, complain }: { field: Extract<Field, { kind: 'map' | 'section' }>; path: string; complain: Complain },
): void {
  const name = String(isScalar(key) ? key.value : key);
  const full = path === '' ? name : `${path}.${name}`;
  const known = field.kind === 'map' ? field.of : field.fields[name];
  if (!known) {
    const guess = field.kind === 'section' ? nearest(name, Object.keys(field.fields)) : undefined;
    complain(key, `there is no setting ${full}${guess === undefined ? '' : `; did you mean ${guess}?`}`);
  } else if (value === null || value === undefined) complain(key, `${full} has no value`);
  else walk(value, known, full, complain);
}

/** The order that makes a lease safe; a wrong one lets two leaders write. */
function checkLease({ leaderElection: lease }: ConfigFile, file: string): void {
  const ms = (text: string | undefined, fallback: number) =>
    text === undefined ? fallback : durationFrom('leaderElection', text);
  const duration = ms(lease?.leaseDuration, 15_000);
  const deadline = ms(lease?.renewDeadline, 10_000);
  const retry = ms(lease?.retryPeriod, 2_000);
  if (duration > deadline && deadline > retry * 1.2) return;
  throw new UsageError(
    `${file}: leaderElection must have leaseDuration > renewDeadline > 1.2 × retryPeriod, not ${duration} ms, ${deadline} ms, ${retry} ms`,
  );
}
