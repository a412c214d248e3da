import { type RuleCode, rules, type Severity } from '../../policy/lint/index.ts';
import type { LintResult, UnreadablePolicy } from './lint.ts';
import { plainRequest, shortArn, whoAsks } from './source.ts';

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

/** What code scanning services sort by: 0 to 10, as for CVSS. */
const securitySeverity: Readonly<Record<Severity, string>> = {
  error: '7.0',
  critical: '9.5',
  high: '8.0',
  medium: '5.0',
  low: '2.0',
  info: '0.0',
};

export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly unknown[];
}

/** Where a path is relative, code scanning resolves it against the root of the repository. */
export function location(path: string, at: { readonly line: number; readonly column: number } | undefined) {
  const uri = path.split('/').map(encodeURIComponent).join('/');
  return {
    physicalLocation: {
      artifactLocation: { uri },
      region: { startLine: at?.line ?? 1, startColumn: at?.column ?? 1 },
    },
  };
}

/** Findings as SARIF 2.1.0 (OASIS), which GitHub, GitLab and Azure DevOps show beside the changed lines. */
export function lintSarif(
  results: readonly LintResult[],
  unreadable: readonly UnreadablePolicy[],
  version: string,
): SarifLog {
  const codes = Object.keys(rules) as RuleCode[];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'fleetward policy lint',
            semanticVersion: version,
            rules: [...codes.map(ruleOf), unreadableRule],
          },
        },
        columnKind: 'utf16CodeUnits',
        results: [...results.flatMap((result) => findingsOf(result, codes)), ...unreadable.flatMap(problemsOf)],
      },
    ],
  };
}

const unreadableRule = {
  id: 'unreadable',
  shortDescription: { text: 'The document is no policy that AWS would accept' },
  defaultConfiguration: { level: 'error' },
};

function ruleOf(code: RuleCode) {
  const rule = rules[code];
  return {
    id: code,
    shortDescription: { text: rule.title },
    help: { text: rule.advice },
    defaultConfiguration: { level: levels[rule.severity] },
    properties: { tags: ['security', 'aws-iot'], 'security-severity': securitySeverity[rule.severity] },
  };
}

function findingsOf({ report, sources }: LintResult, codes: readonly RuleCode[]) {
  return report.findings.map((finding) => {
    const { witness } = finding;
    const example =
      witness === undefined
        ? ''
        : ` Example: ${witness.action} on ${shortArn(witness.resource)} is allowed for ${whoAsks(witness)}.`;
    return {
      ruleId: finding.code,
      ruleIndex: codes.indexOf(finding.code),
      level: levels[finding.severity],
      message: { text: `${finding.message}.${example}` },
      locations: [location(sources[finding.document]?.path ?? finding.name, finding.at)],
      properties: { statement: finding.statement, ...(witness !== undefined && { witness: plainRequest(witness) }) },
    };
  });
}

function problemsOf({ path, problems }: UnreadablePolicy) {
  return problems.map(({ message, at }) => ({
    ruleId: 'unreadable',
    level: 'error',
    message: { text: message },
    locations: [location(path, at)],
  }));
}
