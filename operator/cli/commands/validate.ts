import { resolve } from 'node:path';
import { counted } from '../../report/count.ts';
import { loadTree, type ManifestProblem, type ManifestTree } from '../../source/manifests/index.ts';
import { commandHelp } from '../args/help.ts';
import { parseArguments } from '../args/parse.ts';
import { Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { validateSpec } from './validate-spec.ts';

/** `fleetward validate`: the same checks as a FleetSource makes, on files. Ends with 0, 1 (invalid) or 2 (usage). */
export async function validateCommand(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await validate(argv, io);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr(`${error.message}\nRun "fleetward validate --help" for what it takes.\n`);
    return Exit.usage;
  }
}

async function validate(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(validateSpec, argv);
  if (args.has('help')) {
    io.stdout(commandHelp(validateSpec));
    return Exit.ok;
  }
  if (args.positionals.length === 0) throw new UsageError('Name at least one file or folder to validate.');
  const base = resolve(io.cwd);
  const tree = await loadTree(
    args.positionals.map((path) => resolve(base, path)),
    { base, danglingReferences: args.has('partial') ? 'warning' : 'error' },
  );
  if (args.text('output') === 'json') io.stdout(`${JSON.stringify(jsonReport(tree), undefined, 2)}\n`);
  else printText(tree, io);
  const isInvalid = tree.errorCount > 0 || (args.has('strict') && tree.warningCount > 0);
  return isInvalid ? Exit.bad : Exit.ok;
}

function jsonReport(tree: ManifestTree) {
  const { errors, warnings, errorCount, warningCount, skippedForeign, files, objects } = tree;
  return {
    valid: errorCount === 0,
    files,
    objects: countKinds(tree),
    total: objects.length,
    errorCount,
    warningCount,
    errors,
    warnings,
    skippedForeign,
  };
}

function printText(tree: ManifestTree, io: CliIo): void {
  for (const problem of tree.warnings) io.stderr(`${line(problem)}\n`);
  for (const problem of tree.errors) io.stderr(`${line(problem)}\n`);
  const hidden = tree.errorCount - tree.errors.length;
  if (hidden > 0) io.stderr(`… and ${hidden} more errors\n`);
  const foreign = Object.entries(tree.skippedForeign);
  if (foreign.length > 0) {
    io.stderr(
      `Skipped, because Fleetward does not apply them: ${foreign.map(([name, count]) => `${count} ${name}`).join(', ')}\n`,
    );
  }
  io.stdout(`${summary(tree)}\n`);
}

function line({ file, line, column, severity, field, object, message }: ManifestProblem): string {
  const subject = [object, field].filter((part) => part !== undefined).join(' ');
  return `${file}:${line}:${column}: ${severity}: ${subject === '' ? '' : `${subject}: `}${message}`;
}

function summary(tree: ManifestTree): string {
  const kinds = Object.entries(countKinds(tree)).map(([kind, count]) => `${count} ${kind}`);
  const content = kinds.length === 0 ? 'no objects of fleetward.dev' : kinds.join(', ');
  const verdict = tree.errorCount === 0 ? 'valid' : counted(tree.errorCount, 'error');
  const warnings = tree.warningCount === 0 ? '' : `, ${counted(tree.warningCount, 'warning')}`;
  return `${counted(tree.files, 'file')}: ${verdict}${warnings} (${content})`;
}

function countKinds(tree: ManifestTree): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { object } of tree.objects) counts[object.kind] = (counts[object.kind] ?? 0) + 1;
  return counts;
}
