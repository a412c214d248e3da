import type { Position } from '../document.ts';
import type { Request } from '../request.ts';
import type { RuleCode, Severity } from './rules.ts';

/** A change of text that is certain to grant nothing that is not granted now. A guess at what was meant is no fix; the message says it. */
export interface Fix {
  readonly title: string;
  /** JSON pointer into the document, with a statement, action or resource that stands alone read as a list of one. */
  readonly pointer: string;
  readonly from: string;
  /** `undefined`: remove the value. */
  readonly to: string | undefined;
}

export interface LintFinding {
  readonly code: RuleCode;
  readonly severity: Severity;
  /** Index in the list of documents that was linted. */
  readonly document: number;
  /** Label of that document. */
  readonly name: string;
  /** Index of the statement; `null`: the document as a whole. */
  readonly statement: number | null;
  readonly at: Position | undefined;
  readonly message: string;
  readonly advice: string;
  /** A request that the policy allows, re-evaluated before it was put here. */
  readonly witness: Request | undefined;
  readonly fix: Fix | undefined;
}

export type PermissiveVerdict = 'compliant' | 'noncompliant' | 'undocumented';

/** What AWS Device Defender's two policy checks would say, where its documentation settles it. */
export interface DefenderVerdicts {
  readonly IOT_POLICY_OVERLY_PERMISSIVE_CHECK: PermissiveVerdict;
  /** Reason codes; `undocumented` alone where the documentation does not settle it; empty: compliant. */
  readonly IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: readonly string[];
}

export interface LintReport {
  /** Worst first, then in the order of the text. */
  readonly findings: readonly LintFinding[];
  readonly deviceDefender: DefenderVerdicts;
  /** What could not be decided within the budget, in words. Nothing is claimed about it. */
  readonly undecided: readonly string[];
}
