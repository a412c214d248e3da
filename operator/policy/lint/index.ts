import type { PolicyDocument } from '../document.ts';
import { type PolicyOptions, withDefaults } from '../options.ts';
import { maxPolicySize } from '../parse-result.ts';
import { checkBreadth } from './checks/breadth.ts';
import { checkConnect } from './checks/connect.ts';
import { checkDenies } from './checks/deny.ts';
import { checkFilters } from './checks/filters.ts';
import { checkFlows } from './checks/flows.ts';
import { checkReserved } from './checks/reserved.ts';
import { checkAddresses, checkSurplus } from './checks/resources.ts';
import { checkText } from './checks/text.ts';
import { deviceDefender } from './defender.ts';
import type { DefenderVerdicts, LintFinding, LintReport } from './finding.ts';
import { lintModel, type Model } from './model.ts';
import type { Severity } from './rules.ts';

export type { DefenderVerdicts, Fix, LintFinding, LintReport, PermissiveVerdict } from './finding.ts';
export { type Rule, type RuleCode, type RuleKind, rules, type Severity } from './rules.ts';

export type LintOptions = Parameters<typeof withDefaults>[0];

const order: readonly Severity[] = ['error', 'critical', 'high', 'medium', 'low', 'info'];

/** A document this many times longer than what AWS accepts is read, but not searched: hostile patterns would take minutes. */
const mostSearched = 8 * maxPolicySize;

/** From the worst down; the place in this list is the rank. */
export const severities: readonly Severity[] = order;

function byWeight(a: LintFinding, b: LintFinding): number {
  return (
    order.indexOf(a.severity) - order.indexOf(b.severity) ||
    a.document - b.document ||
    (a.statement ?? -1) - (b.statement ?? -1) ||
    a.code.localeCompare(b.code)
  );
}

/**
 * Looks for flaws in the policies that one principal has attached together. Every semantic finding carries a request that the
 * evaluator allows; what the exact search could not settle within its budget is listed in `undecided` and not claimed.
 * Default options: those of the engine, but without exclusive thing attachment, which few accounts use.
 */
export function lint(documents: PolicyDocument | readonly PolicyDocument[], options: LintOptions = {}): LintReport {
  const list = 'statements' in documents ? [documents] : documents;
  const settled: PolicyOptions = withDefaults({ exclusiveThings: false, ...options });
  const model = lintModel(list, settled);
  const tooLong = list.find(({ size }) => size > mostSearched);
  if (tooLong !== undefined) return textOnly(model, tooLong);
  checkText(model);
  checkAddresses(model);
  for (const [part, check] of searches) model.attempt(part, () => check(model));
  const complete = model.open.length === 0;
  const verdicts = model.attempt('the verdicts of Device Defender', () => deviceDefender(model));
  return {
    findings: [...model.findings].sort(byWeight),
    deviceDefender: verdicts !== undefined && complete ? verdicts : openVerdicts,
    undecided: [...new Set(model.open)],
  };
}

/** What needs searching, the gravest first, under the name by which a report says that it was not done to the end. */
const searches: readonly (readonly [string, (model: Model) => void])[] = [
  ['who may connect', checkConnect],
  ['reserved topics and device APIs', checkReserved],
  ['how far topics, role aliases and clients reach', checkBreadth],
  ['what the Denies leave open', checkDenies],
  ['wildcards in filters and names', checkFilters],
  ['how Publish, Subscribe and Receive fit together', checkFlows],
  ['whether resources are dead or redundant', checkSurplus],
];

const openVerdicts: DefenderVerdicts = {
  IOT_POLICY_OVERLY_PERMISSIVE_CHECK: 'undocumented',
  IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: ['undocumented'],
};

function textOnly(model: Model, { name, size }: PolicyDocument): LintReport {
  checkText(model);
  const what = `${name} has ${size} characters, ${Math.floor(size / maxPolicySize)} times what AWS accepts; only its text was looked at, not what it allows. Shorten it first`;
  return {
    findings: [...model.findings].sort(byWeight),
    deviceDefender: openVerdicts,
    undecided: [what],
  };
}
