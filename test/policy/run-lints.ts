import { compilePolicies, evaluate, parsePolicyValue, withDefaults } from '../../operator/policy/index.ts';
import { type LintReport, lint, rules } from '../../operator/policy/lint/index.ts';
import type { CaseRequest, ExpectedFinding, LintCase } from './case-file.ts';
import { type Failure, optionsOf } from './run-pairs.ts';

/** Checks the findings that a lint case demands and forbids, both audit checks, and every witness, stated or found. */
export function runLint(item: LintCase, defaults: Readonly<Record<string, unknown>>): Failure[] {
  const failures: Failure[] = [];
  const fail = (what: string, expected: string, got: string): void => {
    failures.push({ name: item.name, what, expected, got });
  };
  try {
    const options = optionsOf(defaults, item.assume);
    const unknown = [...item.absent, ...item.expect.map((one) => one.code)].find((code) => !(code in rules));
    if (unknown !== undefined) fail('code', 'a code that lint knows', unknown);
    const documents = (Array.isArray(item.policy) ? item.policy : [item.policy]).map((value: unknown) => {
      const { document, findings } = parsePolicyValue(value, { name: item.name });
      if (document === undefined) throw new Error(`cannot be read: ${findings.map((one) => one.message).join('; ')}`);
      return document;
    });
    const report = lint(documents, options);
    const set = compilePolicies(documents, withDefaults({ exclusiveThings: false, ...options }));
    const refused = (request: CaseRequest | undefined): boolean =>
      request !== undefined && evaluate(set, request).decision !== 'allowed';
    for (const wanted of item.expect) {
      if (!report.findings.some((one) => one.code === wanted.code && one.statement === wanted.statement))
        fail('finding', nameOf(wanted), codes(report));
      if (refused(wanted.witness))
        fail('witness', `${nameOf(wanted)} with an allowed request`, describe(wanted.witness));
    }
    for (const code of item.absent)
      if (report.findings.some((one) => one.code === code)) fail('finding', `no ${code}`, codes(report));
    for (const one of report.findings)
      if (refused(one.witness)) fail('own witness', `${one.code} with an allowed request`, describe(one.witness));
    const verdicts: Readonly<Record<string, unknown>> = { ...report.deviceDefender };
    for (const [check, wanted] of Object.entries(item.deviceDefender))
      if (canonical(verdicts[check]) !== canonical(wanted)) fail(check, canonical(wanted), canonical(verdicts[check]));
  } catch (error) {
    fail('run', 'a result', error instanceof Error ? error.message : String(error));
  }
  return failures;
}

function nameOf(finding: ExpectedFinding): string {
  return finding.statement === null ? finding.code : `${finding.code} on statement ${finding.statement}`;
}

function codes(report: LintReport): string {
  return report.findings.map((one) => `${one.code}@${one.statement}`).join(', ') || 'no findings';
}

function describe(request: CaseRequest | undefined): string {
  return request === undefined
    ? 'none'
    : `refused: ${request.action} ${request.resource} ${JSON.stringify(request.context)}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? [...value].map(String).sort() : value) ?? 'nothing';
}
