import type { ParseFinding } from '../../policy/index.ts';
import type { LintFinding, LintReport, Severity } from '../../policy/lint/index.ts';
import { type PlainRequest, type PolicySource, paragraph, place, plainRequest, shortArn, whoAsks } from './source.ts';

/** One principal's policies and what lint says of them together, or the reasons why a file could not be read. */
export interface LintResult {
  readonly sources: readonly PolicySource[];
  readonly report: LintReport;
}

export interface UnreadablePolicy {
  readonly path: string;
  readonly name: string;
  readonly problems: readonly ParseFinding[];
}

/** Findings as one would fix them: worst first, each with its place, its meaning, a request that shows it, and what to do. */
export function lintText(results: readonly LintResult[], unreadable: readonly UnreadablePolicy[]): string {
  const lines = [...unreadable.flatMap(unreadableLines), ...results.flatMap(resultLines)];
  return `${[...lines, summary(results, unreadable)].join('\n')}\n`;
}

function unreadableLines({ path, problems }: UnreadablePolicy): string[] {
  return problems.flatMap(({ at, message, severity }) => {
    const where = at === undefined ? path : `${path}:${at.line}:${at.column}`;
    return [`${where}  ${severity}`, paragraph(message, '    '), ''];
  });
}

function resultLines({ sources, report }: LintResult): string[] {
  const lines = report.findings.flatMap((finding) => findingLines(finding, sources));
  const undecided = report.undecided.map((what) => `${sources[0]?.path ?? 'policy'}  not decided: ${what}`);
  return [...lines, ...undecided];
}

function findingLines(finding: LintFinding, sources: readonly PolicySource[]): string[] {
  const where = place(sources[finding.document], finding.at);
  const which = finding.statement === null ? '' : `  statement ${finding.statement}`;
  const lines = [`${where}  ${finding.severity}  ${finding.code}${which}`, paragraph(finding.message, '    ')];
  if (finding.witness !== undefined) {
    const { action, resource } = finding.witness;
    lines.push(
      paragraph(`example: ${action} on ${shortArn(resource)} is allowed for ${whoAsks(finding.witness)}`, '    '),
    );
  }
  lines.push(paragraph(`do: ${finding.fix === undefined ? finding.advice : fixText(finding.fix)}`, '    '), '');
  return lines;
}

function fixText(fix: NonNullable<LintFinding['fix']>): string {
  return fix.to === undefined
    ? `${fix.title}: ${shortArn(fix.from)}`
    : `${fix.title}: ${shortArn(fix.from)} becomes ${shortArn(fix.to)}`;
}

function summary(results: readonly LintResult[], unreadable: readonly UnreadablePolicy[]): string {
  const counts = new Map<Severity, number>();
  for (const { report } of results)
    for (const { severity } of report.findings) counts.set(severity, (counts.get(severity) ?? 0) + 1);
  const documents = results.reduce((sum, result) => sum + result.sources.length, 0);
  const parts = [...counts].map(([severity, count]) => `${count} ${severity}`);
  const broken = unreadable.length === 0 ? '' : `, ${unreadable.length} not readable`;
  const findings = parts.length === 0 ? 'no findings' : `findings: ${parts.join(', ')}`;
  return `${documents} ${documents === 1 ? 'policy' : 'policies'}${broken}; ${findings}`;
}

export const lintFormat = 'fleetward.dev/policy-lint/v1';

interface FindingJson {
  readonly code: string;
  readonly severity: Severity;
  readonly path: string;
  readonly policy: string;
  readonly statement: number | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  readonly advice: string;
  readonly witness: PlainRequest | null;
  readonly fix: {
    readonly title: string;
    readonly pointer: string;
    readonly from: string;
    readonly to: string | null;
  } | null;
}

/** The published form; schema: docs/schemas/policy-lint.v1.schema.json. */
export interface LintJson {
  readonly format: typeof lintFormat;
  readonly findings: readonly FindingJson[];
  readonly deviceDefender: readonly {
    readonly policies: readonly string[];
    readonly IOT_POLICY_OVERLY_PERMISSIVE_CHECK: string;
    readonly IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: readonly string[];
  }[];
  readonly undecided: readonly string[];
  readonly unreadable: readonly {
    readonly path: string;
    readonly message: string;
    readonly line: number | null;
    readonly column: number | null;
  }[];
}

export function lintJson(results: readonly LintResult[], unreadable: readonly UnreadablePolicy[]): LintJson {
  return {
    format: lintFormat,
    findings: results.flatMap(({ report, sources }) => report.findings.map((finding) => findingJson(finding, sources))),
    deviceDefender: results.map(({ report, sources }) => ({
      policies: sources.map((source) => source.path),
      ...report.deviceDefender,
    })),
    undecided: results.flatMap(({ report }) => report.undecided),
    unreadable: unreadable.flatMap(({ path, problems }) =>
      problems.map(({ message, at }) => ({ path, message, line: at?.line ?? null, column: at?.column ?? null })),
    ),
  };
}

function findingJson(finding: LintFinding, sources: readonly PolicySource[]): FindingJson {
  const { code, severity, statement, at, message, advice, witness, fix } = finding;
  return {
    code,
    severity,
    path: sources[finding.document]?.path ?? finding.name,
    policy: sources[finding.document]?.name ?? finding.name,
    statement,
    line: at?.line ?? null,
    column: at?.column ?? null,
    message,
    advice,
    witness: witness === undefined ? null : plainRequest(witness),
    fix: fix === undefined ? null : { ...fix, to: fix.to ?? null },
  };
}
