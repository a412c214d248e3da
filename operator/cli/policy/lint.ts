import { lint, type RuleCode, rules, type Severity, severities } from '../../policy/lint/index.ts';
import { type LintResult, lintJson, lintText, type UnreadablePolicy } from '../../report/policy/lint.ts';
import { lintSarif } from '../../report/policy/sarif.ts';
import type { PolicySource } from '../../report/policy/source.ts';
import type { Parsed } from '../args/parse.ts';
import { Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { version } from '../version.ts';
import { deploymentFlags, optionsFrom, outputFlagOf } from './flags.ts';
import { loadPolicies } from './load.ts';
import type { PolicySubcommand } from './subcommand.ts';

export const lintCommand: PolicySubcommand = {
  name: 'lint',
  summary: 'find flaws, each with a request that shows it',
  usage: 'FILE|FOLDER... [FLAGS]',
  description:
    'Looks for flaws in policies. Each file is one policy; with --together all of them are attached to one certificate.\nEvery finding about access carries a request that the policy really allows. Rules: docs/lint-rules.md.',
  flags: [
    { name: 'together', summary: 'Judge all documents as attached to one certificate.' },
    {
      name: 'fail-on',
      value: 'SEVERITY',
      complete: [...severities, 'never'],
      summary: 'Exit 1 when a finding is at least this severe. Default low, so that info alone passes.',
    },
    {
      name: 'ignore',
      value: 'CODE',
      many: true,
      complete: Object.keys(rules),
      summary: 'Leave findings with this code out.',
    },
    outputFlagOf(['text', 'json', 'sarif']),
    ...deploymentFlags,
  ],
  examples: [
    'fleetward policy lint policies/',
    'fleetward policy lint --output sarif policies/ > lint.sarif',
    'fleetward policy lint --together base.json telemetry.json',
  ],
  exits: [
    [0, 'no finding at or above --fail-on'],
    [1, 'findings, or a document that AWS would refuse'],
    [2, 'the command line was not understood'],
    [3, 'a file could not be read, or there was no policy'],
  ],
  run,
};

async function run(parsed: Parsed, io: CliIo): Promise<number> {
  if (parsed.positionals.length === 0) throw new UsageError('fleetward policy lint needs a file or folder');
  const { policies, unreadable } = await loadPolicies(parsed.positionals, io.cwd);
  if (policies.length === 0 && unreadable.length === 0) {
    io.stderr(`no policy found in ${parsed.positionals.join(', ')}\n`);
    return Exit.failed;
  }
  const groups = parsed.has('together') ? [policies] : policies.map((policy) => [policy]);
  const ignored = new Set(parsed.all('ignore'));
  const results = groups.filter((group) => group.length > 0).map((group) => lintGroup(group, parsed, ignored));
  io.stdout(rendered(parsed.text('output') ?? 'text', results, unreadable));
  return unreadable.length > 0 || fails(results, parsed.text('fail-on') ?? 'low') ? Exit.bad : Exit.ok;
}

function lintGroup(sources: readonly PolicySource[], parsed: Parsed, ignored: ReadonlySet<string>): LintResult {
  const documents = sources.map((source) => source.document);
  const report = lint(documents, optionsFrom(parsed, documents));
  const findings = report.findings.filter((finding) => !ignored.has(finding.code satisfies RuleCode));
  return { sources, report: { ...report, findings } };
}

function fails(results: readonly LintResult[], least: string): boolean {
  const bound = severities.indexOf(least as Severity);
  return results.some(({ report }) => report.findings.some((finding) => severities.indexOf(finding.severity) <= bound));
}

function rendered(format: string, results: readonly LintResult[], unreadable: readonly UnreadablePolicy[]): string {
  if (format === 'json') return `${JSON.stringify(lintJson(results, unreadable), null, 2)}\n`;
  if (format === 'sarif') return `${JSON.stringify(lintSarif(results, unreadable, version()), null, 2)}\n`;
  return lintText(results, unreadable);
}
