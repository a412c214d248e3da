import { type ActionInfo, actionTable } from './actions.ts';
import { type Condition, compileCondition } from './conditions.ts';
import { hasVariables, type PolicyDocument, type Statement, type StatementRef } from './document.ts';
import { globOf, matches } from './glob.ts';
import { arnPrefix, type PolicyOptions } from './options.ts';
import { normaliseKey } from './request.ts';
import { parseTemplate, type Template } from './template.ts';

export interface CompiledStatement {
  readonly ref: StatementRef;
  readonly source: Statement;
  readonly effect: 'Allow' | 'Deny';
  /** True for NotResource. */
  readonly negated: boolean;
  readonly resources: readonly Template[];
  readonly conditions: readonly Condition[];
  /** Equal for conditions that mean the same. */
  readonly conditionTexts: readonly string[];
  /** Whether `${…}` is a variable in it; plain text in Version 2008-10-17. */
  readonly variables: boolean;
  /** Keys that the statement reads: variables of resources and of condition values, and condition keys. */
  readonly keys: readonly string[];
  /** Equal for statements that mean the same for an action they both apply to. */
  readonly identity: string;
}

/** The policies of one principal, compiled. */
export interface PolicySet {
  readonly documents: readonly PolicyDocument[];
  readonly options: PolicyOptions;
  /** `arn:…:<account>:` of this deployment. */
  readonly arnPrefix: string;
  readonly statements: readonly CompiledStatement[];
  /** Statements that apply to an action of the table, by its exact name. */
  readonly byAction: ReadonlyMap<string, readonly CompiledStatement[]>;
  /** `normaliseKey`, with the few keys that requests carry remembered. */
  readonly normalise: (key: string) => string;
}

/** Requests carry the same few keys over and over; the bound keeps hostile ones from filling the memory. */
const maxRememberedKeys = 256;

function rememberingNormaliser(): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const normalised = normaliseKey(key);
    if (known.size < maxRememberedKeys) known.set(key, normalised);
    return normalised;
  };
}

const clientActions = new Set(['iot:SendDirectMessage', 'iot:DeleteConnection']);

/** Compiles the documents that are attached together. The result is immutable and may be shared. */
export function compilePolicies(documents: readonly PolicyDocument[], options: PolicyOptions): PolicySet {
  const statements = documents.flatMap((document, index) =>
    !hasVariables(document) && options.switches.oldVersion === 'refused'
      ? []
      : document.statements
          .filter((statement) => statement.actionMode === 'Action' || options.switches.notAction === 'accepted')
          .map((statement) => compileStatement(statement, index, hasVariables(document), options)),
  );
  const byAction = new Map<string, CompiledStatement[]>();
  for (const action of actionTable)
    byAction.set(
      action.name,
      statements.filter((statement) => appliesTo(statement.source, action, options)),
    );
  return {
    documents,
    options,
    arnPrefix: arnPrefix(options),
    statements,
    byAction,
    normalise: rememberingNormaliser(),
  };
}

function compileStatement(
  source: Statement,
  document: number,
  variables: boolean,
  { switches }: PolicyOptions,
): CompiledStatement {
  const resources = source.resources.map((resource) => parseTemplate(resource.text, { variables, wildcards: true }));
  const conditions = source.conditions.map((entry) => compileCondition(entry, variables, switches.negationOfList));
  const conditionTexts = source.conditions.map((entry) =>
    JSON.stringify([entry.operator, entry.key, entry.values.map((value) => value.text).sort()]),
  );
  return {
    ref: { document, statement: source.index },
    source,
    effect: source.effect,
    negated: source.resourceMode === 'NotResource',
    resources,
    conditions,
    conditionTexts,
    variables,
    keys: keysRead(resources, conditions),
    identity: identityOf(source, conditionTexts, variables),
  };
}

function keysRead(resources: readonly Template[], conditions: readonly Condition[]): string[] {
  const keys = new Set<string>();
  for (const template of [...resources, ...conditions.flatMap((condition) => condition.values)])
    for (const variable of template.variables) keys.add(variable.key);
  for (const condition of conditions) keys.add(condition.key);
  return [...keys];
}

function identityOf(source: Statement, conditionTexts: readonly string[], variables: boolean): string {
  const resources = [...new Set(source.resources.map((resource) => resource.text))].sort();
  return JSON.stringify([source.effect, source.resourceMode, resources, [...conditionTexts].sort(), variables]);
}

/**
 * The statement taken apart so that each part reads as few variables as possible: together the parts say what the statement says, and the
 * values of variables that never stand in one resource need not be combined. NotResource cannot be taken apart.
 */
export function partsOf(statement: CompiledStatement): readonly CompiledStatement[] {
  if (statement.negated || statement.resources.length < 2) return [statement];
  const groups = new Map<string, Template[]>();
  for (const template of statement.resources) {
    const names = [...new Set(template.variables.map((variable) => variable.key))].sort().join(' ');
    groups.set(names, [...(groups.get(names) ?? []), template]);
  }
  const plain = groups.get('') ?? [];
  groups.delete('');
  if (groups.size < 2) return [statement];
  return [...groups.values()].map((own, index) => {
    const resources = index === 0 ? [...own, ...plain] : own;
    return { ...statement, resources, keys: keysRead(resources, statement.conditions) };
  });
}

/**
 * Whether the one statement matches wherever the other does, plain to see: the same resources or more, the same conditions or fewer.
 * False says nothing.
 */
export function takesInAll(wide: CompiledStatement, narrow: CompiledStatement): boolean {
  if (wide.negated !== narrow.negated || wide.variables !== narrow.variables) return false;
  const [more, fewer] = wide.negated ? [narrow, wide] : [wide, narrow];
  const texts = new Set(more.resources.map((template) => template.text));
  return (
    fewer.resources.every((template) => texts.has(template.text)) &&
    wide.conditionTexts.every((condition) => narrow.conditionTexts.includes(condition))
  );
}

/** Whether the Action element of the statement takes in the action. */
export function appliesTo(statement: Statement, action: ActionInfo, options: PolicyOptions): boolean {
  const listed = statement.actions.some((pattern) => namesAction(pattern.text, action, options));
  return statement.actionMode === 'Action' ? listed : !listed;
}

function namesAction(pattern: string, action: ActionInfo, options: PolicyOptions): boolean {
  const insensitive = options.switches.actionCase === 'insensitive';
  const text = insensitive ? pattern.toLowerCase() : pattern;
  const name = insensitive ? action.name.toLowerCase() : action.name;
  if (!text.includes('*') && !text.includes('?')) return text === name;
  if (clientActions.has(action.name) && !options.switches.starIncludesClientActions) return false;
  return matches(globOf(text), name);
}

/** Patterns of the documents that name no action of the table: unknown to it, or not a device's to use. They grant nothing here. */
export function unknownActions(documents: readonly PolicyDocument[], options: PolicyOptions): string[] {
  const out = new Set<string>();
  for (const document of documents)
    for (const statement of document.statements)
      for (const pattern of statement.actions)
        if (!actionTable.some((action) => namesAction(pattern.text, action, options))) out.add(pattern.text);
  return [...out];
}
