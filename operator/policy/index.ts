/**
 * Exact analysis of AWS IoT policies: read, evaluate, compare. A library of its own, without I/O or dependencies.
 * How it works and where its limits are: docs/policy-engine.md.
 */
export {
  type ActionInfo,
  actionTable,
  actionTableVersion,
  arnTypePrefix,
  findAction,
  type ResourceType,
} from './actions.ts';
export { canonicalText, type PolicyValue, policyValue, type StatementValue } from './canonical.ts';
export { type CompareOptions, compare, compareSets } from './compare.ts';
export { type CompiledStatement, compilePolicies, type PolicySet } from './compile.ts';
export { compareDelivered, compareDelivery, type DeliveryPolicies, deliveringFilter, filtersFor } from './delivery.ts';
export type {
  ConditionEntry,
  Effect,
  Located,
  PolicyDocument,
  Position,
  Statement,
  StatementRef,
} from './document.ts';
export { compareDocuments, type DocumentComparison } from './documents.ts';
export { contextLookup, type Decision, type Evaluation, evaluate } from './evaluate.ts';
export { type Explanation, explain, type NearMiss, type NearMissReason } from './explain.ts';
export { type Glob, globOf, matches, showGlob } from './glob.ts';
export { type Budget, findUncovered, type InclusionProblem, type InclusionResult } from './inclusion.ts';
export {
  arnPrefix,
  defaultOptions,
  defaultSwitches,
  type GivenOptions,
  type PolicyOptions,
  type Switches,
  withDefaults,
} from './options.ts';
export { parsePolicy, parsePolicyValue } from './parse.ts';
export {
  maxPolicySize,
  type ParseFinding,
  type ParseResult,
  type ParseValueOptions,
  policySize,
} from './parse-result.ts';
export {
  attachedToItsThing,
  comparePrincipals,
  type PrincipalPolicies,
  principalDocuments,
  throughGroup,
} from './principal.ts';
export { type Context, keys, normaliseKey, type Request } from './request.ts';
export { type LostRight, type Residual, residual, type TakesEffect } from './residual.ts';
export { compareFor, type Permission, permits, type Requirement, type Subject } from './subject.ts';
export { valuesTriedReason } from './undecided.ts';
export { isValid, type Validity, validityOf } from './valid.ts';
export {
  type Comparison,
  type IncompleteAction,
  type Level,
  type Verdict,
  verdictOf,
  type Witness,
  worstCase,
} from './verdict.ts';
