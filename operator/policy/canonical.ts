import type { PolicyDocument, Statement } from './document.ts';

/** A statement as AWS takes it: JSON, lists throughout. */
export interface StatementValue {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface PolicyValue {
  readonly Version: string;
  readonly Statement: readonly StatementValue[];
}

/** The document as a plain value, in the order in which it was written. */
export function policyValue(document: PolicyDocument): PolicyValue {
  return {
    Version: document.version,
    Statement: document.statements.map((statement) => statementValue(statement, (list) => list)),
  };
}

/**
 * One text for all spellings of a document that differ only where order and repetition have no meaning: values sorted, single values as
 * lists, statements sorted, Sid and Id left out. Equal texts mean equal policies; the reverse is what `compareDocuments` decides.
 */
export function canonicalText(document: PolicyDocument): string {
  const sorted = (list: readonly string[]): readonly string[] => [...new Set(list)].sort();
  const statements = document.statements.map((statement) => {
    const { Sid: _sid, ...value } = statementValue(statement, sorted);
    return JSON.stringify(value);
  });
  return `{"Version":${JSON.stringify(document.version)},"Statement":[${sorted(statements).join(',')}]}`;
}

type Order = (list: readonly string[]) => readonly string[];

function statementValue(statement: Statement, order: Order): StatementValue {
  const texts = (list: readonly { readonly text: string }[]): readonly string[] => order(list.map((one) => one.text));
  const conditions = conditionValue(statement, order);
  return {
    ...(statement.sid === undefined ? {} : { Sid: statement.sid }),
    Effect: statement.effect,
    [statement.actionMode]: texts(statement.actions),
    [statement.resourceMode]: texts(statement.resources),
    ...(conditions === undefined ? {} : { Condition: conditions }),
  };
}

function conditionValue(statement: Statement, order: Order): StatementValue['Condition'] {
  if (statement.conditions.length === 0) return undefined;
  const operators = new Map<string, Map<string, readonly string[]>>();
  for (const { operator, key, values } of statement.conditions) {
    const keys = operators.get(operator) ?? new Map<string, readonly string[]>();
    keys.set(key, order(values.map((value) => value.text)));
    operators.set(operator, keys);
  }
  // fromEntries defines own properties, so a key named __proto__ stays a key.
  return Object.fromEntries(
    order([...operators.keys()]).map((operator) => {
      const keys = operators.get(operator) ?? new Map<string, readonly string[]>();
      return [operator, Object.fromEntries(order([...keys.keys()]).map((key) => [key, keys.get(key) ?? []]))];
    }),
  );
}
