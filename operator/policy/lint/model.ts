import { type ActionInfo, actionTable, findAction } from '../actions.ts';
import { compilePolicies, type PolicySet } from '../compile.ts';
import {
  type Effect,
  hasVariables,
  type Located,
  type PolicyDocument,
  type Position,
  type Statement,
  type StatementRef,
} from '../document.ts';
import { evaluate } from '../evaluate.ts';
import type { PolicyOptions } from '../options.ts';
import { BudgetExhausted, type SearchBudget, spend } from '../reach/alphabet.ts';
import { matchedTopics } from '../reach/delivery.ts';
import { groundStatements } from '../reach/ground.ts';
import { type ActionLanguage, type ContextLanguages, contextLanguages } from '../reach/languages.ts';
import { accepts, combine, type Machine } from '../reach/machine.ts';
import { readableWord } from '../reach/readable.ts';
import { type Context, keys, normaliseKey, type Request } from '../request.ts';
import { parseTemplate, type Template } from '../template.ts';
import type { Fix, LintFinding } from './finding.ts';
import { type RuleCode, rules } from './rules.ts';
import { clientIdKey, freshNames, type Names, patternTexts, satisfy } from './scenario.ts';
import { baseContexts, connectsSomehow } from './sessions.ts';

export interface StatementView {
  readonly ref: StatementRef;
  readonly statement: Statement;
  readonly document: PolicyDocument;
}

/** Where to look for a word, and what it must be like. */
export interface Search {
  readonly context: Context;
  readonly action: ActionInfo;
  /** Only words that this statement, or one resource of it, names. */
  readonly within?: { readonly ref: StatementRef; readonly resource?: number };
  readonly inside?: readonly Machine[];
  readonly outside?: readonly Machine[];
  /** Words that would read well, tried first. */
  readonly preferred?: readonly string[];
}

export interface Report {
  readonly view?: StatementView;
  /** Document of a finding that belongs to no statement; default: the first. */
  readonly document?: number;
  /** Place of the finding; default: the statement, or the document. */
  readonly at?: Position | undefined;
  readonly message: string;
  readonly witness?: Request;
  readonly fix?: Fix;
}

/** Everything the checks share: the statements, the languages per context, exact searches, and the list of findings. */
export interface Model {
  readonly documents: readonly PolicyDocument[];
  readonly options: PolicyOptions;
  readonly names: Names;
  readonly texts: readonly string[];
  readonly statements: readonly StatementView[];
  /** Devices as they can connect; without any Connect in the documents, as another policy might let them. */
  readonly sessions: readonly Context[];
  /** Whether the documents allow Connect to some device. */
  readonly connects: boolean;
  with(effect: Effect): readonly StatementView[];
  /** Contexts in which the conditions of the statement hold, as far as they could be met. */
  contexts(view: StatementView, action: ActionInfo): readonly Context[];
  languages(context: Context): ContextLanguages;
  language(context: Context, action: ActionInfo): ActionLanguage;
  /** Topics that some allowed filter of the context matches. */
  matched(context: Context): Machine;
  find(search: Search): Request | undefined;
  allows(request: Request): boolean;
  report(code: RuleCode, report: Report): void;
  undecided(what: string): void;
  /**
   * Runs a part of the analysis within its share of the steps. Where that is used up, the part ends there: what it reported stands,
   * and `undecided` says that it was not done to the end. Returns undefined in that case.
   */
  attempt<T>(part: string, run: () => T): T | undefined;
  /** The budget of the part that runs; for work that no machine counts. */
  readonly budget: SearchBudget;
  readonly findings: readonly LintFinding[];
  readonly open: readonly string[];
}

export function actionNamed(name: string): ActionInfo {
  const action = findAction(name);
  if (action === undefined) throw new Error(`the action table has no ${name}`);
  return action;
}

const contextKeys = new WeakMap<Context, string>();

function contextKey(context: Context): string {
  const key = contextKeys.get(context) ?? JSON.stringify(Object.entries(context).sort());
  contextKeys.set(context, key);
  return key;
}

/** Builds the model. Languages are made when a check first asks for them. */
export function lintModel(documents: readonly PolicyDocument[], options: PolicyOptions): Model {
  const set = compilePolicies(documents, options);
  const texts = patternTexts(documents);
  const names = freshNames(texts);
  const statements = documents.flatMap((document, at) =>
    document.statements.map(
      (statement): StatementView => ({
        ref: { document: at, statement: statement.index },
        statement,
        document,
      }),
    ),
  );
  const allows = (request: Request): boolean => evaluate(set, request).decision === 'allowed';
  const base = baseContexts({ statements, texts, names, options });
  const connectable = base.filter((context) => connectsSomehow(context, options, allows));
  const known = new Map<string, ContextLanguages>();
  const matchedBy = new Map<string, Machine>();
  const findings: LintFinding[] = [];
  const open: string[] = [];
  const budget: SearchBudget = { left: 0 };
  const contexts = new Map<string, readonly Context[]>();
  const model: Model = {
    documents,
    options,
    names,
    texts,
    statements,
    sessions: connectable.length > 0 ? connectable : base,
    connects: connectable.length > 0,
    with: (effect) => statements.filter((view) => view.statement.effect === effect),
    contexts: (view, action) =>
      remember(contexts, `${view.ref.document}.${view.ref.statement} ${action.plane}`, () =>
        contextsOf(model, base, view, action),
      ),
    languages: (context) => remember(known, contextKey(context), () => languagesOf(set, model, context, budget)),
    language: (context, action) => model.languages(context).language(action),
    matched: (context) =>
      remember(matchedBy, contextKey(context), () => {
        const { alphabet } = model.languages(context);
        const filters = model.language(context, actionNamed('iot:Subscribe')).allowed;
        return matchedTopics(filters, alphabet, options.switches.wildcardSkipsDollar);
      }),
    find: (search) => findRequest(model, search),
    allows,
    report: (code, report) => {
      if (!runsAcross(model, report)) findings.push(finding(code, report, documents));
    },
    undecided: (what) => open.push(what),
    findings,
    open,
    budget,
    attempt: (part, run) => {
      budget.left = Math.max(0, budget.left) + partBudget;
      try {
        return run();
      } catch (error) {
        if (!(error instanceof BudgetExhausted)) throw error;
        open.push(`the patterns are too intricate to search through: ${part} could not be checked to the end`);
        return undefined;
      }
    },
  };
  return model;
}

function remember<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Every letter of the patterns that the checks bring in themselves; a letter outside the alphabet would match nothing. */
const reservedWords =
  '$aws/things/rules/shadow/name/jobs/start-next/defender/metrics/json/cbor/streams/tunnels/notify/update/delete/get/cert-';

/** Client IDs are searched for among the letters of the conditions on them too, in either case. */
function comparedWithClientId(model: Model): string[] {
  return model.statements
    .flatMap(({ statement }) => statement.conditions.filter((entry) => normaliseKey(entry.key) === clientIdKey))
    .flatMap((entry) => entry.values.flatMap(({ text }) => [text, text.toLowerCase(), text.toUpperCase()]));
}

function languagesOf(set: PolicySet, model: Model, context: Context, budget: SearchBudget): ContextLanguages {
  return contextLanguages({
    options: model.options,
    actions: actionTable,
    ground: (action) => groundStatements(set, action, context),
    budget,
    letters: [reservedWords, ...Object.values(model.names), ...comparedWithClientId(model)],
  });
}

function contextsOf(
  model: Model,
  base: readonly Context[],
  view: StatementView,
  action: ActionInfo,
): readonly Context[] {
  const from = action.plane === 'mqtt' ? model.sessions : base;
  const unique = new Map<string, Context>();
  spend(model.budget, from.length);
  for (const context of from) {
    const met = satisfy(view.statement, context);
    unique.set(contextKey(met), met);
  }
  return [...unique.values()];
}

const searchBudget = 60_000;
/** Steps, about a fifth of a second, that each part of a run may take beside what the parts before it have left. */
const partBudget = 200_000;

function findRequest(model: Model, search: Search): Request | undefined {
  const { alphabet } = model.languages(search.context);
  const language = model.language(search.context, search.action);
  const part = search.within === undefined ? [] : [language.part(search.within.ref, search.within.resource)];
  const wanted = combine(alphabet, 'and', [language.allowed, ...part, ...(search.inside ?? [])]);
  const machine = combine(alphabet, 'minus', [wanted, ...(search.outside ?? [])]);
  const nice = search.preferred?.find((word) => accepts(machine, alphabet, word));
  const found =
    nice === undefined ? readableWord(machine, alphabet, searchBudget) : ({ kind: 'word', word: nice } as const);
  if (found.kind === 'undecided') model.undecided(`${search.action.name}: the search for an example was given up`);
  if (found.kind !== 'word') return undefined;
  const request = requestFor(search.action, language.prefix + found.word, found.word, search.context);
  const renamed = request.context !== search.context && found.word !== search.context[keys.clientId];
  // Without exclusive attachment a thing connects under its own name or not as that thing.
  if (renamed && !model.options.exclusiveThings && search.context[keys.thingName] !== undefined) return undefined;
  if (model.allows(request)) return request;
  // Another client ID than the one the languages were made for: conditions on it may turn, which is no disagreement.
  if (renamed) return undefined;
  model.undecided(
    `${search.action.name} on ${request.resource}: the search and the evaluator disagree; nothing is claimed`,
  );
  return undefined;
}

/** A connect request names the client ID twice, and a direct message carries its topic. */
function requestFor(action: ActionInfo, resource: string, word: string, context: Context): Request {
  if (action.name === 'iot:Connect')
    return { action: action.name, resource, context: { ...context, [keys.clientId]: word } };
  return { action: action.name, resource, context };
}

/**
 * A star in the region or account may run on into the topic (`:topic/a/:topic/b`). That is one flaw with a code of its own; what
 * follows from it is not reported again under other names.
 */
function runsAcross(model: Model, { view, witness }: Report): boolean {
  if (view === undefined || witness === undefined) return false;
  const crossed = /^[^/]*\/.*:(topic|topicfilter|client|thing|rolealias)\//.test(witness.resource);
  return (
    crossed &&
    model.findings.some(
      ({ code, document, statement }) =>
        code === 'region-or-account-wildcard' && document === view.ref.document && statement === view.statement.index,
    )
  );
}

function finding(code: RuleCode, report: Report, documents: readonly PolicyDocument[]): LintFinding {
  const document = report.view?.ref.document ?? report.document ?? 0;
  const rule = rules[code];
  return {
    code,
    severity: rule.severity,
    document,
    name: documents[document]?.name ?? 'policy',
    statement: report.view?.statement.index ?? null,
    at: report.at ?? report.view?.statement.at ?? documents[document]?.at,
    message: report.message,
    advice: rule.advice,
    witness: report.witness,
    fix: report.fix,
  };
}

/** A text of the statement, read as its language version has it. */
export function templateOf(view: StatementView, text: string): Template {
  return parseTemplate(text, { variables: hasVariables(view.document), wildcards: true });
}

/** The resource strings of a statement with their index. */
export function resourcesOf(view: StatementView): readonly (Located & { readonly index: number })[] {
  return view.statement.resources.map((resource, index) => ({ ...resource, index }));
}
