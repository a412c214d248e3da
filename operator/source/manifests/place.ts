import type { KubeObject } from '../../api/meta.ts';
import { type Path, pathText } from '../../api/validation/path.ts';
import type { Item, TreeContext } from './check-tree.ts';
import { cutDocuments } from './documents.ts';
import { readDocument } from './read-document.ts';
import type { ManifestProblem } from './types.ts';

/** A problem between objects: its object is known, its place in the file not yet. */
export interface Finding extends Pick<ManifestProblem, 'severity' | 'code' | 'message' | 'nearest'> {
  readonly item: Item;
  readonly path: Path;
}

/**
 * Adds findings to the problems with their line and column. Syntax trees are not kept while a tree is loaded, so the
 * files of the findings, and only those, are read once more.
 */
export async function placeFindings(findings: readonly Finding[], context: TreeContext): Promise<void> {
  const byFile = new Map<string, Finding[]>();
  for (const [index, finding] of findings.entries()) {
    const isWorthReading = finding.path.length > 0 && index < context.limits.problems;
    if (!isWorthReading) add(finding, finding.item.loaded, context);
    else {
      const inFile = byFile.get(finding.item.loaded.file) ?? [];
      byFile.set(finding.item.loaded.file, inFile);
      inFile.push(finding);
    }
  }
  for (const file of context.files) {
    const wanted = byFile.get(file.name);
    if (wanted) await placeInFile(wanted, file, context);
  }
}

async function placeInFile(
  findings: readonly Finding[],
  file: TreeContext['files'][number],
  context: TreeContext,
): Promise<void> {
  const open = new Set(findings);
  for await (const cut of cutDocuments(file, context.limits)) {
    if (cut.kind === 'problem') continue;
    const lastLine = cut.line + cut.text.split('\n').length - 1;
    for (const finding of open) {
      const { line } = finding.item.loaded;
      if (line < cut.line || line > lastLine) continue;
      open.delete(finding);
      add(finding, spotIn(cut, finding, file.name, context), context);
    }
    if (open.size === 0) break;
    if (context.pauser.isDue()) await context.pauser.pause();
  }
  // The file changed while it was read: the object's own place is still a help.
  for (const finding of open) add(finding, finding.item.loaded, context);
}

function spotIn(
  cut: { readonly text: string; readonly line: number },
  finding: Finding,
  file: string,
  context: TreeContext,
): { readonly line: number; readonly column: number } {
  const { loaded } = finding.item;
  const document = readDocument(cut.text, /\.json$/i.test(file), context.limits);
  if (document.kind !== 'value') return loaded;
  const prefix = prefixOf(document.value, loaded.object);
  const spot = document.locate([...prefix, ...finding.path], 'value');
  return { line: cut.line + spot.line - 1, column: spot.column };
}

/** Where in its document the object stands: at the root, or among the items of a list. */
function prefixOf(value: unknown, object: KubeObject): Path {
  const items = (value as { items?: unknown }).items;
  if (!Array.isArray(items)) return [];
  const index = items.findIndex(
    (item: KubeObject) => item?.kind === object.kind && item?.metadata?.name === object.metadata.name,
  );
  return index < 0 ? [] : ['items', index];
}

function add(finding: Finding, at: { readonly line: number; readonly column: number }, context: TreeContext): void {
  const { item, path, severity, code, message, nearest } = finding;
  context.problems.add({
    file: item.loaded.file,
    line: at.line,
    column: at.column,
    severity,
    code,
    message,
    ...(path.length === 0 ? {} : { field: pathText(path) }),
    object: `${item.object.kind}/${item.object.metadata.name}`,
    ...(nearest === undefined ? {} : { nearest }),
  });
}
