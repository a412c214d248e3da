import { compareSets } from '../../compare.ts';
import { compilePolicies } from '../../compile.ts';
import { hasVariables, type Located, type PolicyDocument, type Statement } from '../../document.ts';
import { spend } from '../../reach/alphabet.ts';
import { templateItems } from '../../template.ts';
import { coversText } from '../covers.ts';
import type { Model, StatementView } from '../model.ts';

/** What a comparison takes before it searches, and what one node of its search takes, in the steps of lint's own searches. */
const comparisonCost = 300;
const nodeCost = 2;

/**
 * Whether the Allow grants nothing at all through this resource, whatever the context, because of the Denies beside it. The imagined
 * devices of lint cannot show that: a condition on the Deny may be false for a device that nobody imagined.
 */
export function isDeadEverywhere(model: Model, view: StatementView, index: number): boolean {
  const only = narrowed(view.statement, [index]);
  if (model.with('Deny').some((deny) => plainlyTakesIn(deny, { ...view, statement: only }))) return true;
  const denies = model.documents.map((document) => ({
    ...document,
    statements: document.statements.filter((one) => one.effect === 'Deny'),
  }));
  const own: PolicyDocument = { ...view.document, statements: [only] };
  return sameMeaning(model, denies, [...denies, own]);
}

/** Whether the other resources of the statement cover this one in every context. */
export function isCoveredEverywhere(
  model: Model,
  view: StatementView,
  index: number,
  others: readonly number[],
): boolean {
  const text = view.statement.resources[index]!.text;
  if (others.some((other) => covers(view, view.statement.resources[other]!.text, view, text))) return true;
  const of = (kept: readonly number[]): PolicyDocument[] => [
    { ...view.document, statements: [{ ...narrowed(view.statement, kept), effect: 'Allow' }] },
  ];
  return sameMeaning(model, of(others), of([...others, index]));
}

/** Whether what one resource of an Allow grants, the kept resources of another Allow grant as well, in every context. */
export function isGrantedBy(
  model: Model,
  one: { readonly view: StatementView; readonly index: number },
  other: { readonly view: StatementView; readonly kept: readonly number[] },
): boolean {
  const by = narrowed(other.view.statement, other.kept);
  const only = narrowed(one.view.statement, [one.index]);
  if (plainlyTakesIn({ ...other.view, statement: by }, { ...one.view, statement: only })) return true;
  const of = (statements: readonly Statement[]): PolicyDocument[] => [{ ...one.view.document, statements }];
  return sameMeaning(model, of([by]), of([by, only]));
}

/** Whether the texts alone show that a statement without conditions has a say wherever the other one has. */
function plainlyTakesIn(wide: StatementView, narrow: StatementView): boolean {
  const [by, of] = [wide.statement, narrow.statement];
  if (by.conditions.length > 0 || by.actionMode !== 'Action' || of.actionMode !== 'Action') return false;
  if (by.resourceMode !== 'Resource') return false;
  const covered = (texts: readonly Located[], all: readonly Located[]): boolean =>
    all.every(({ text }) => texts.some((one) => covers(wide, one.text, narrow, text)));
  return covered(by.actions, of.actions) && covered(by.resources, of.resources);
}

function narrowed(statement: Statement, kept: readonly number[]): Statement {
  return { ...statement, resources: statement.resources.filter((_resource, at) => kept.includes(at)) };
}

function covers(wideView: StatementView, wide: string, narrowView: StatementView, narrow: string): boolean {
  const items = (view: StatementView, text: string) =>
    templateItems(text, { variables: hasVariables(view.document), wildcards: true });
  return coversText(items(wideView, wide), items(narrowView, narrow));
}

/**
 * Whether the exact comparison proves it; where it cannot within the budget that is left, or where what it says rests on the values it
 * tried or on an assumption, nothing is claimed.
 */
export function sameMeaning(
  model: Model,
  before: readonly PolicyDocument[],
  after: readonly PolicyDocument[],
): boolean {
  const given = model.budget.left / nodeCost;
  const budget = { left: given };
  const [old, next] = [before, after].map((documents) => compilePolicies(documents, model.options));
  const { verdict, assumptions, testedValuesOnly } = compareSets(old!, next!, 'raw', budget);
  spend(model.budget, comparisonCost + (given - budget.left) * nodeCost);
  return verdict === 'equivalent' && assumptions.length === 0 && !testedValuesOnly;
}
