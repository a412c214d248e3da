/** A place in a source text. Both numbers start at 1; the column counts UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A string of the document with the place it was read from (undefined when the source gave no positions). */
export interface Located {
  readonly text: string;
  readonly at: Position | undefined;
}

/** One `operator: { key: values }` of a Condition block. All entries of a statement must hold; values are alternatives. */
export interface ConditionEntry {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly Located[];
  readonly at: Position | undefined;
}

export type Effect = 'Allow' | 'Deny';

export interface Statement {
  /** Index in the document, from 0. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: Effect;
  readonly actionMode: 'Action' | 'NotAction';
  readonly actions: readonly Located[];
  readonly resourceMode: 'Resource' | 'NotResource';
  readonly resources: readonly Located[];
  readonly conditions: readonly ConditionEntry[];
  readonly at: Position | undefined;
}

/** The language version that substitutes `${…}`; every other value leaves variables as plain text (`hasVariables`). */
export const variablesVersion = '2012-10-17';

export interface PolicyDocument {
  /** A label for messages: file name, policy name, or `policy`. */
  readonly name: string;
  /** As written; AWS takes a missing Version for 2008-10-17. */
  readonly version: string;
  readonly statements: readonly Statement[];
  readonly at: Position | undefined;
  /** Characters that count against AWS's limit of 2,048: all but white space. */
  readonly size: number;
}

/** A statement of a set: index of the document in the set, index of the statement in the document. */
export interface StatementRef {
  readonly document: number;
  readonly statement: number;
}

/** Whether variables are filled in. */
export const hasVariables = ({ version }: PolicyDocument): boolean => version === variablesVersion;
