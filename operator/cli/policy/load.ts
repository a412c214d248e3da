import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, resolve } from 'node:path';
import { type Document, isMap, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { type ParseFinding, type ParseResult, parsePolicy, parsePolicyValue } from '../../policy/index.ts';
import type { UnreadablePolicy } from '../../report/policy/lint.ts';
import type { PolicySource } from '../../report/policy/source.ts';
import { CommandError, Exit } from '../exit.ts';
import { problemOfText } from './text.ts';
import { positionsOf } from './yaml-positions.ts';

/** A manifest that is no policy but says who uses which: a Device, a ThingGroup, a fleet description. */
export interface OtherManifest {
  readonly path: string;
  readonly kind: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface Loaded {
  readonly policies: readonly PolicySource[];
  readonly unreadable: readonly UnreadablePolicy[];
  readonly others: readonly OtherManifest[];
}

const extensions = new Set(['.json', '.yaml', '.yml']);

/** Reads policies from files and folders: JSON policy documents, YAML ones, and IoTPolicy manifests (several to a file). */
export async function loadPolicies(paths: readonly string[], cwd: string): Promise<Loaded> {
  const parts: Loaded[] = [];
  for (const path of paths) {
    const full = resolve(cwd, path);
    const info = await stat(full).catch((cause: unknown) => {
      throw new CommandError(`${path} cannot be read: ${reason(cause)}`, Exit.failed, cause);
    });
    const files = info.isDirectory() ? await filesIn(full) : [full];
    for (const file of files) parts.push(await loadFile(file, shown(file, cwd), !info.isDirectory()));
  }
  return {
    policies: parts.flatMap((part) => part.policies),
    unreadable: parts.flatMap((part) => part.unreadable),
    others: parts.flatMap((part) => part.others),
  };
}

/** Paths as the user would write them: relative inside the working folder, absolute outside it. */
function shown(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short.startsWith('..') ? file : short;
}

function reason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === 'ENOENT' ? 'no such file or folder' : cause instanceof Error ? cause.message : String(cause);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry): Promise<string[]> => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return filesIn(path);
        return entry.isFile() && extensions.has(extname(entry.name)) ? [path] : [];
      }),
  );
  return nested.flat();
}

const nothing: Loaded = { policies: [], unreadable: [], others: [] };

/** `named`: given on the command line itself, so a file that is no policy is an error rather than passed over. */
async function loadFile(file: string, path: string, named: boolean): Promise<Loaded> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new CommandError(`${path} cannot be read: ${reason(cause)}`, Exit.failed, cause);
  });
  const text = bytes.toString('utf8');
  const problem = problemOfText(text, bytes);
  if (problem !== undefined && (named || text.includes('Statement')))
    return { ...nothing, unreadable: [{ path, name: path, problems: [problem] }] };
  const json = extname(file) === '.json';
  if (json && (!/"kind"\s*:/.test(text) || !/"apiVersion"\s*:/.test(text))) {
    if (!named && !text.includes('"Statement"')) return nothing;
    return fromResult(path, path, parsePolicy(text, { name: path }));
  }
  return loadYaml(text, path, named);
}

function fromResult(path: string, name: string, result: ParseResult): Loaded {
  const { document, findings } = result;
  if (document !== undefined) return { ...nothing, policies: [{ path, name, document }] };
  return { ...nothing, unreadable: [{ path, name, problems: findings }] };
}

function loadYaml(text: string, path: string, named: boolean): Loaded {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const parts: Loaded[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const broken = document.errors[0];
    if (broken === undefined) parts.push(loadDocument(document, lines, path, named));
    else {
      const { line, col } = lines.linePos(broken.pos[0]);
      const problem: ParseFinding = {
        severity: 'error',
        code: 'syntax',
        message: /call stack/.test(broken.message) ? 'nested too deeply to be read' : broken.message,
        at: { line, column: col },
      };
      parts.push({ ...nothing, unreadable: [{ path, name: path, problems: [problem] }] });
    }
  }
  return {
    policies: parts.flatMap((part) => part.policies),
    unreadable: parts.flatMap((part) => part.unreadable),
    others: parts.flatMap((part) => part.others),
  };
}

function plainValue(document: Document.Parsed): unknown {
  try {
    // The limit keeps a small file of nested aliases from growing into gigabytes.
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

function loadDocument(document: Document.Parsed, lines: LineCounter, path: string, named: boolean): Loaded {
  const value = plainValue(document);
  const root = document.contents;
  if (typeof value !== 'object' || value === null || !isMap(root)) return named ? notAPolicy(path) : nothing;
  const manifest = value as Record<string, unknown>;
  if (manifest.Statement !== undefined) {
    return fromResult(path, path, parsePolicyValue(value, { name: path, positions: positionsOf(root, lines) }));
  }
  const kind = typeof manifest.kind === 'string' ? manifest.kind : '';
  if (kind !== 'IoTPolicy')
    return kind === '' && named && manifest.devices === undefined
      ? notAPolicy(path)
      : { ...nothing, others: [{ path, kind, value: manifest }] };
  const spec = record(manifest.spec);
  const name = policyName(manifest);
  const node = root.getIn(['spec', 'document'], true) as Node | undefined;
  const positions = positionsOf(node, lines);
  const loaded = fromResult(path, name, parsePolicyValue(spec.document, { name: `${path} (${name})`, positions }));
  const reference = record(manifest.metadata).name;
  return typeof reference === 'string'
    ? { ...loaded, policies: loaded.policies.map((source) => ({ ...source, reference })) }
    : loaded;
}

function notAPolicy(path: string): Loaded {
  const message = 'neither an AWS IoT policy document (it has no Statement) nor a manifest of kind IoTPolicy';
  return {
    ...nothing,
    unreadable: [{ path, name: path, problems: [{ severity: 'error', code: 'shape', message, at: undefined }] }],
  };
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function policyName(manifest: Readonly<Record<string, unknown>>): string {
  const name = record(manifest.spec).policyName ?? record(manifest.metadata).name;
  return typeof name === 'string' ? name : 'unnamed';
}
