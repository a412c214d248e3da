import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTree, type ManifestProblem, type ManifestTree } from '../../source/manifests/index.ts';
import type { CliIo } from '../io.ts';

export const validateHelp = `Usage: fleetward validate PATH… [--output text|json] [--partial] [--strict]

Checks manifests without a cluster and without AWS: syntax, every field against its schema and rules, duplicates,
references between objects, and what AWS would refuse. Folders are read with all their sub-folders (.yaml, .yml and
.json; names that begin with a dot are left out). All problems are shown at once, as FILE:LINE:COLUMN.

Options:
  -o, --output text|json  How to print. Default text.
      --partial           The paths are only a part of the fleet: references to objects that are not there are
                          warnings instead of errors.
      --strict            Warnings count as errors.
  -h, --help              This text.

Exit codes: 0 everything is valid, 1 something is not, 2 the command was not understood.

Examples:
  fleetward validate fleet/
  fleetward validate --partial fleet/devices/press-1.yaml
  fleetward validate fleet/ --output json | jq '.errors[].message'
`;

const EXIT = { ok: 0, invalid: 1, usage: 2 } as const;

interface Options {
  readonly paths: readonly string[];
  readonly output: 'text' | 'json';
  readonly partial: boolean;
  readonly strict: boolean;
}

/** `fleetward validate`: the same checks as a FleetSource makes, on files. */
export async function validateCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const options = parseOptions(argv);
  if (options === 'help') {
    io.stdout(validateHelp);
    return EXIT.ok;
  }
  if (typeof options === 'string') {
    io.stderr(`${options}\nRun "fleetward validate --help" for the options.\n`);
    return EXIT.usage;
  }
  const base = resolve(io.cwd);
  const tree = await loadTree(
    options.paths.map((path) => resolve(base, path)),
    { base, danglingReferences: options.partial ? 'warning' : 'error' },
  );
  if (options.output === 'json') io.stdout(`${JSON.stringify(jsonReport(tree), undefined, 2)}\n`);
  else printText(tree, io);
  const isInvalid = tree.errorCount > 0 || (options.strict && tree.warningCount > 0);
  return isInvalid ? EXIT.invalid : EXIT.ok;
}

function parseOptions(argv: readonly string[]): Options | 'help' | string {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  if (values.output !== 'text' && values.output !== 'json')
    return `--output takes text or json, not "${values.output}".`;
  if (positionals.length === 0) return 'Name at least one file or folder to validate.';
  return { paths: positionals, output: values.output, partial: values.partial, strict: values.strict };
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o', default: 'text' },
      partial: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
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
  const verdict = tree.errorCount === 0 ? 'valid' : plural(tree.errorCount, 'error');
  const warnings = tree.warningCount === 0 ? '' : `, ${plural(tree.warningCount, 'warning')}`;
  return `${plural(tree.files, 'file')}: ${verdict}${warnings} (${content})`;
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;

function countKinds(tree: ManifestTree): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { object } of tree.objects) counts[object.kind] = (counts[object.kind] ?? 0) + 1;
  return counts;
}
