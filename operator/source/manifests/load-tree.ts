import type { KubeObject } from '../../api/meta.ts';
import { createSchemaRegistry, type SchemaRegistry } from '../../api/validate.ts';
import { type Path, pathText } from '../../api/validation/path.ts';
import { deepFreeze, isObject } from '../../api/validation/values.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createPauser, type Pauser } from '../../runtime/pauser.ts';
import { checkObject, type ObjectProblem } from './check-object.ts';
import { checkTree, type Declared, type TreeOptions } from './check-tree.ts';
import { type Cut, cutDocuments } from './documents.ts';
import { type FoundFile, findManifests } from './files.ts';
import type { Spot } from './full-yaml.ts';
import { explainKustomization, identify } from './identify.ts';
import { createProblemList, type ProblemList } from './problems.ts';
import { firstContent, type Locate, readDocument } from './read-document.ts';
import {
  defaultLoadLimits,
  type LoadedObject,
  type LoadLimits,
  type ManifestProblem,
  type ManifestTree,
} from './types.ts';

export interface LoadOptions extends TreeOptions {
  /** Kinds and their schemas. Default: those of this version. */
  readonly registry?: SchemaRegistry;
  /** Names files relative to this folder. Default: as the paths were given. */
  readonly base?: string;
  /** Symbolic links may lead anywhere below this folder, for example a whole checkout. Default: the path itself. */
  readonly linkRoot?: string;
  readonly limits?: Partial<LoadLimits>;
  readonly signal?: AbortSignal;
}

interface Loading {
  readonly registry: SchemaRegistry;
  readonly limits: LoadLimits;
  readonly problems: ProblemList;
  readonly objects: LoadedObject[];
  readonly foreign: Map<string, number>;
  readonly pauser: Pauser;
  /** Every object of ours that the tree names, valid or not: a reference to a wrong one is not dangling. */
  readonly declared: Declared[];
}

interface Place {
  readonly file: string;
  /** Line of the file on which the document begins. */
  readonly line: number;
  readonly locate: Locate;
  /** Path of the object within its document: `items[3]` in a list. */
  readonly prefix: Path;
  readonly text: string;
}

/**
 * Reads every manifest of files and folders, checks each object and how the objects fit together, and reports all
 * problems at once. Never throws for what is in the files: a tree that cannot be used says so in `errors`, and must
 * then not be applied at all. Gives the event loop a turn every few milliseconds; memory grows with the objects only.
 */
export async function loadTree(paths: string | readonly string[], options: LoadOptions = {}): Promise<ManifestTree> {
  const limits = { ...defaultLoadLimits, ...options.limits };
  const loading: Loading = {
    registry: options.registry ?? createSchemaRegistry(),
    limits,
    problems: createProblemList(limits.problems),
    objects: [],
    foreign: new Map(),
    pauser: createPauser(systemClock, options.signal),
    declared: [],
  };
  const roots = typeof paths === 'string' ? [paths] : paths;
  const found = await findManifests(roots, { base: options.base, linkRoot: options.linkRoot, maxFiles: limits.files });
  for (const problem of found.problems) loading.problems.add(problem);
  for (const file of found.files) await loadFile(file, loading);
  await checkTree(loading.objects, {
    ...options,
    files: found.files,
    limits,
    problems: loading.problems,
    pauser: loading.pauser,
    declared: loading.declared,
  });
  const order = new Map(found.files.map((file, index) => [file.name, index]));
  return {
    objects: loading.objects,
    ...loading.problems.result(order),
    skippedForeign: Object.fromEntries(loading.foreign),
    files: found.files.length,
  };
}

async function loadFile(file: FoundFile, loading: Loading): Promise<void> {
  try {
    for await (const cut of cutDocuments(file, loading.limits)) {
      loadCut(cut, file, loading);
      if (loading.pauser.isDue()) await loading.pauser.pause();
    }
  } catch (error) {
    if (loading.pauser.isAborted()) throw error;
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    loading.problems.add({ file: file.name, line: 1, column: 1, severity: 'error', code: 'BadFile', message });
  }
}

function loadCut(cut: Cut, file: FoundFile, loading: Loading): void {
  if (cut.kind === 'problem') {
    const { line, code, message } = cut;
    loading.problems.add({ file: file.name, line, column: 1, severity: 'error', code, message });
    return;
  }
  const document = readDocument(cut.text, /\.json$/i.test(file.name), loading.limits);
  switch (document.kind) {
    case 'empty':
      return;
    case 'broken':
      for (const { line, column, message } of document.problems) {
        const { code } = document;
        loading.problems.add({ file: file.name, line: cut.line + line - 1, column, severity: 'error', code, message });
      }
      return;
    case 'value':
      loadValue(
        document.value,
        { file: file.name, line: cut.line, locate: document.locate, prefix: [], text: cut.text },
        loading,
      );
  }
}

function loadValue(value: unknown, place: Place, loading: Loading): void {
  const identity = identify(value, place.file, loading.registry);
  switch (identity.kind) {
    case 'foreign':
      loading.foreign.set(identity.name, (loading.foreign.get(identity.name) ?? 0) + 1);
      return;
    case 'list':
      for (const [index, item] of identity.items.entries()) {
        loadValue(item, { ...place, prefix: [...place.prefix, 'items', index] }, loading);
      }
      return;
    case 'kustomization':
      report(explainKustomization(identity.value), undefined, place, loading);
      return;
    case 'problem':
      report(identity.problem, undefined, place, loading);
      return;
    case 'ours':
      loadObject(value as KubeObject, place, loading);
  }
}

function loadObject(value: KubeObject, place: Place, loading: Loading): void {
  const name = nameIn(value);
  if (name !== undefined) loading.declared.push({ kind: value.kind, namespace: value.metadata.namespace, name });
  const problems = checkObject(value, loading.registry);
  for (const problem of problems) report(problem, value, place, loading);
  if (problems.some((problem) => problem.severity === 'error')) return;
  const spot = place.prefix.length === 0 ? firstContent(place.text) : place.locate(place.prefix, 'value');
  const position = { file: place.file, line: place.line + spot.line - 1, column: spot.column };
  loading.objects.push({ ...position, object: compact(value) });
}

function report(problem: ObjectProblem, object: KubeObject | undefined, place: Place, loading: Loading): void {
  const path = [...place.prefix, ...problem.path];
  const isKept = loading.problems.hasRoom(problem.severity);
  const spot: Spot = !isKept || path.length === 0 ? firstContent(place.text) : place.locate(path, problem.at);
  loading.problems.add({
    file: place.file,
    line: place.line + spot.line - 1,
    column: spot.column,
    severity: problem.severity,
    code: problem.code,
    message: withCorrection(problem, spot),
    ...(problem.path.length === 0 ? {} : { field: pathText(problem.path) }),
    ...(object === undefined ? {} : { object: nameOf(object) }),
    ...(problem.nearest === undefined ? {} : { nearest: problem.nearest }),
  } satisfies ManifestProblem);
}

/** Shows the line as it should be, from the text as it was written: `no`, not the boolean it was read as. */
function withCorrection(problem: ObjectProblem, spot: Spot): string {
  if (!problem.needsQuotes || spot.source === undefined) return problem.message;
  const key = problem.path.at(-1);
  const corrected = `"${spot.source}"`;
  return `must be a string, and YAML reads ${spot.source} as something else: write ${typeof key === 'number' ? '-' : `${key}:`} ${corrected}`;
}

function nameIn(object: KubeObject): string | undefined {
  const metadata: unknown = object.metadata;
  const name = isObject(metadata) ? metadata.name : undefined;
  return typeof name === 'string' ? name : undefined;
}

function nameOf(object: KubeObject): string {
  return `${object.kind}/${nameIn(object)?.slice(0, 253) ?? '(no name)'}`;
}

/**
 * A copy that shares no memory with the text it came from (substrings keep their whole document alive), without what
 * the server fills in.
 */
function compact(object: KubeObject): KubeObject {
  const { name, namespace, labels, annotations, finalizers } = object.metadata;
  const { apiVersion, kind, spec } = object;
  const kept = { apiVersion, kind, metadata: { name, namespace, labels, annotations, finalizers }, spec };
  return deepFreeze(JSON.parse(JSON.stringify(kept, withoutNull)) as KubeObject);
}

/** In every field of ours null means absent; said in one way only, equal objects look equal. */
function withoutNull(_key: string, value: unknown): unknown {
  return value ?? undefined;
}
